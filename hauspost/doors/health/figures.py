"""The numbers an administrator watches, read when they are asked for; no question looks at a whole table.

What grows without end is counted on by a worker (`doors/worker/census.py`); what waits is counted up to a cap.
"""

import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet

from hauspost import __version__
from hauspost.doors.health.state import oldest_seconds
from hauspost.duties.intake import watching
from hauspost.duties.intake.models import Delivery
from hauspost.duties.keeping.models import BackupRun
from hauspost.ground import clock, db
from hauspost.ground.history.models import Pending, Seal
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.vitals import reading as vitals
from hauspost.records.people.login import WINDOW
from hauspost.records.people.models import SignInAttempt
from hauspost.records.tickets.models import Ticket

CAP = 10_000

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """One number, or the same one for several labels. A counter only grows; everything else goes up and down."""

    name: str
    words: str
    samples: Sequence[tuple[Labels, float]]
    is_counter: bool = False


def figures() -> Iterator[Figure]:
    """All of them."""
    for look in (_program, _mail_in, _mail_out, _reactions, _desk, _clocks, _sizes):
        yield from look()


def _one(name: str, words: str, value: float | None) -> Iterator[Figure]:
    """A single number; none where there is nothing to tell."""
    if value is not None:
        yield Figure(name, words, [({}, value)])


def _program() -> Iterator[Figure]:
    about = {
        "version": __version__,
        "python": platform.python_version(),
        "database": "postgresql" if db.is_postgres() else "sqlite",
    }
    yield Figure("hauspost_info", "What runs here; always 1.", [(about, 1)])
    alive = [({"kind": kind}, float(number)) for kind, number in vitals.running().items()]
    yield Figure("hauspost_processes", "Processes that have shown life within the last minute.", alive)
    silence = vitals.silence_of("work")
    yield from _one("hauspost_worker_silence_seconds", "Since a worker last showed life.", _seconds(silence))


def _mail_in() -> Iterator[Figure]:
    yield _counted("hauspost_mail_in", "Accepted mails by what became of them first.", "mail in", ("disposition",))
    waiting = _capped(Delivery.objects.filter(disposed_at__isnull=True))
    yield from _one("hauspost_mail_in_waiting", "Accepted mails that are not filed yet.", waiting)
    quarantined = _capped(Delivery.objects.filter(disposition=Delivery.Disposition.QUARANTINE))
    yield from _one("hauspost_mail_quarantined", "Mails in quarantine.", quarantined)
    troubled = len(watching.troubles(clock.now()))
    yield from _one("hauspost_mail_servers_in_trouble", "Mail servers of mailboxes that do not work.", troubled)


def _mail_out() -> Iterator[Figure]:
    yield _counted(
        "hauspost_mail_out", "Letters by how they ended first, and their kind.", "mail out", ("state", "kind")
    )
    queue = OutgoingMail.objects.waiting()
    yield from _one("hauspost_mail_out_waiting", "Letters that have not left yet.", _capped(queue))
    delayed = _capped(queue.in_trouble())
    yield from _one("hauspost_mail_out_delayed", "Letters that wait after a try in vain.", delayed)
    failed = _capped(OutgoingMail.objects.in_trouble().filter(next_try_at__isnull=True))
    yield from _one("hauspost_mail_out_given_up", "Letters that did not reach everybody.", failed)


def _reactions() -> Iterator[Figure]:
    # The oldest ones only: with very many waiting, there is one thing to know.
    rows = Pending.objects.order_by("id").values("id", "parked_at")[:CAP]
    found = rows.aggregate(all=Count("id"), parked=Count("parked_at"))
    waiting, parked = found["all"] - found["parked"], found["parked"]
    yield from _one("hauspost_reactions_waiting", "What has to follow from events and has not yet.", waiting)
    yield from _one("hauspost_reactions_parked", "Reactions that failed and wait for an administrator.", parked)
    ages = [({"what": what}, float(age)) for what, age in oldest_seconds().items()]
    yield Figure("hauspost_oldest_seconds", "Age of the oldest that waits, where anything waits.", ages)


def _desk() -> Iterator[Figure]:
    # How much a confidential team has to do is nobody else's business (P33.3).
    rows = Ticket.objects.open().filter(team__is_confidential=False).order_by()
    teams = rows.values_list("team__key").annotate(n=Count("number")).order_by("team__key")
    by_team = [({"team": key}, float(number)) for key, number in teams]
    yield Figure("hauspost_tickets_open", "Open tickets by team, without confidential teams.", by_team)
    failed = _capped(SignInAttempt.objects.filter(at__gt=clock.now() - WINDOW))
    yield from _one("hauspost_sign_ins_failed", "Failed sign-ins of the last 15 minutes.", failed)


def _clocks() -> Iterator[Figure]:
    sealed_at = Seal.objects.order_by("-number").values_list("sealed_at", flat=True).first()
    yield from _one("hauspost_seal_age_seconds", "Since the record was last sealed.", _age(sealed_at))
    backups = BackupRun.objects.of(BackupRun.Kind.BACKUP)
    good_at = backups.good().values_list("finished_at", flat=True).first()
    yield from _one("hauspost_backup_age_seconds", "Since a backup last ended well.", _age(good_at))
    last_fault = backups.filter(finished_at__isnull=False).values_list("fault", flat=True).first()
    failed = None if last_fault is None else float(bool(last_fault))
    yield from _one("hauspost_backup_failed", "1 when the last backup failed.", failed)


def _sizes() -> Iterator[Figure]:
    yield from _one("hauspost_database_bytes", "Size of the database.", db.size_bytes())
    config = settings.HAUSPOST
    folders = {"data": config.data, "backups": config.backup_folder}
    free = [
        ({"folder": name}, float(shutil.disk_usage(path).free))
        for name, path in folders.items()
        if path is not None and path.exists()
    ]
    yield Figure("hauspost_disk_free_bytes", "Room left on the disks of these folders.", free)
    if (census := vitals.counted("census")) is not None:
        words = {
            "stored_files": "Files that are kept beside the database.",
            "stored_bytes": "Their bytes.",
            "search_rows": "Entries that can be found.",
            "tickets": "Tickets, open and done.",
            "events": "Events in the record.",
        }
        for name, said in words.items():
            yield from _one(f"hauspost_{name}", f"{said} Counted hourly.", census.counts.get(name))


def _counted(name: str, words: str, count: str, labels: tuple[str, ...]) -> Figure:
    found = vitals.counted(count)
    rows = sorted(found.counts.items()) if found else []
    samples = [(dict(zip(labels, key.split("/"), strict=True)), float(number)) for key, number in rows]
    return Figure(name, words, samples, is_counter=True)


def _capped(rows: "QuerySet[Any]") -> int:
    return rows.order_by().values("pk")[:CAP].count()


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else _seconds(clock.now() - moment)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(max(0.0, span.total_seconds()), 1)
