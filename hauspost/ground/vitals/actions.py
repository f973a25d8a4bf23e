"""Showing life, and counting on: small writes that processes make about themselves."""

import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Max, QuerySet

from hauspost import __version__
from hauspost.ground import clock
from hauspost.ground.db import locked
from hauspost.ground.vitals.models import Life, RunningCount

log = logging.getLogger("hauspost.vitals")

EVERY = timedelta(seconds=10)
FORGOTTEN_AFTER = timedelta(days=1)
MOST_AT_ONCE = 5_000


class Pulse:
    """The life of this process, shown in the database at most every ten seconds."""

    def __init__(self, kind: str) -> None:
        """`kind` is one of `Life.Kind`."""
        self._who = {"kind": kind, "host": socket.gethostname()[:255], "process": os.getpid()}
        self._started_at = clock.now()
        self._next = 0.0

    def beat(self) -> None:
        """Show life, if it is time to. Never raises: a database that is away is another one's news."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY.total_seconds()
        moment = clock.now()
        told = {"seen_at": moment, "started_at": self._started_at, "version": __version__}
        try:
            # One statement in its own transaction; only the first time there are two.
            if not Life.objects.filter(**self._who).update(**told):
                Life.objects.filter(seen_at__lt=moment - FORGOTTEN_AFTER).delete()
                Life.objects.create(**self._who, **told)
        except (DatabaseError, InterfaceError) as fault:
            log.debug("No life could be shown: %s", fault)
            # A broken connection is not mended by itself.
            connection.close()

    def end(self) -> None:
        """This process ends in order: nobody needs to miss it."""
        try:
            Life.objects.filter(**self._who).delete()
        except (DatabaseError, InterfaceError) as fault:
            log.debug("The end of this process could not be told: %s", fault)


@transaction.atomic
def count_on(name: str, rows: "QuerySet[Any]", *, by: Sequence[str], ends: Collection[str]) -> int:
    """Carry a running count on: rows are counted by the values of `by` once the first of them is one of the `ends`.

    A row counts once, by its first end. Rows need ascending ids; what is new now is looked at by the next call, so that
    none is passed by that was still being written. Answers how many were counted or passed: 0 when all is told.
    """
    running = _running_count(name)
    newest = rows.aggregate(newest=Max("id"))["newest"] or 0
    up_to = min(running.seen_to, running.counted_to + MOST_AT_ONCE)
    again, later = running.unfinished[:MOST_AT_ONCE], running.unfinished[MOST_AT_ONCE:]
    looked_at = list(rows.filter(id__in=again).values_list("id", *by)) if again else []
    if up_to > running.counted_to:
        looked_at += rows.filter(id__gt=running.counted_to, id__lte=up_to).values_list("id", *by)
    ended = [values for _id, *values in looked_at if values[0] in ends]
    # Those that were looked at come last, so that with very many each has its turn.
    unfinished = later + [row_id for row_id, *values in looked_at if values[0] not in ends]
    moved = len(ended) + max(0, up_to - running.counted_to)
    if moved or newest > running.seen_to or unfinished != running.unfinished:
        counts = Counter(running.counts)
        counts.update("/".join(map(str, values)) for values in ended)
        running.counted_to, running.seen_to = max(up_to, running.counted_to), max(newest, running.seen_to)
        running.counts, running.unfinished, running.taken_at = dict(counts), unfinished, clock.now()
        running.save()
    return moved


def _running_count(name: str) -> RunningCount:
    RunningCount.objects.get_or_create(name=name, defaults={"taken_at": clock.now()})
    return locked(RunningCount.objects.filter(name=name)).get()


def keep_figures(name: str, figures: Mapping[str, int], moment: datetime) -> None:
    """Keep numbers that were counted as a whole, for everybody who asks until they are counted again."""
    told = {"counts": dict(figures), "taken_at": moment}
    RunningCount.objects.update_or_create(name=name, defaults=told)
