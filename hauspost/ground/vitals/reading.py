"""Who is alive, and how often something has happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from hauspost.ground import clock
from hauspost.ground.vitals.models import Life, RunningCount

# So long may no worker show life until every page of the desk says so (P5.7).
SILENT_AFTER = timedelta(minutes=5)
# Who has not shown life for so long is not counted as running.
GONE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Counted:
    """Numbers, and when they were taken."""

    counts: Mapping[str, int]
    taken_at: datetime


def silence_of(kind: str) -> timedelta | None:
    """How long ago any process of a kind last showed life, on whichever machine; None when none ever did."""
    seen_at = signs_of(kind).values_list("seen_at", flat=True).first()
    return None if seen_at is None else max(timedelta(), clock.now() - seen_at)


def signs_of(kind: str) -> QuerySet[Life]:
    """When the processes of a kind showed life, the latest first; for whoever asks it along with something else."""
    return Life.objects.filter(kind=kind).order_by("-seen_at")


def is_long_ago(seen_at: datetime | None) -> bool:
    """Whether a sign of life is so old, or so entirely missing, that the desk has to say so (P5.7)."""
    return seen_at is None or clock.now() - seen_at > SILENT_AFTER


def is_silent(kind: str) -> bool:
    """Whether no process of a kind has shown life for five minutes (P5.7)."""
    return is_long_ago(signs_of(kind).values_list("seen_at", flat=True).first())


def running() -> dict[str, int]:
    """How many processes of each kind run, over all machines."""
    alive = Life.objects.filter(seen_at__gte=clock.now() - GONE_AFTER)
    found = dict(alive.order_by().values_list("kind").annotate(n=Count("id")))
    return {kind: found.get(kind, 0) for kind in Life.Kind.values}


def counted(name: str) -> Counted | None:
    """What was counted so far under a name; None when nothing was yet."""
    row = RunningCount.objects.filter(name=name).values_list("counts", "taken_at").first()
    return None if row is None else Counted(*row)
