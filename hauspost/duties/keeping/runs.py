"""One backup or drill at a time, each with its row: asked for, taken in hand, finished or failed."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q

from hauspost.duties.keeping.backup import part_of
from hauspost.duties.keeping.models import LONGEST_SILENCE, SEEN_EVERY, BackupRun
from hauspost.duties.keeping.refusals import AlreadyAtWork, BackupsAreOff
from hauspost.ground import clock
from hauspost.ground.db import hold
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people.actor import Actor

HELD = b"keeping"
INTERRUPTED = "It was interrupted: its process ended before it was done."


@transaction.atomic
def ask(kind: str, *, actor: Actor) -> BackupRun:
    """An administrator wants a backup or a drill now; a worker begins it within half a minute.

    Raises NotAllowed, BackupsAreOff, AlreadyAtWork.
    """
    if not actor.is_administrator:
        raise NotAllowed()
    if settings.HAUSPOST.backup_folder is None:
        raise BackupsAreOff()
    hold(HELD)
    moment = clock.now()
    if waiting_or_at_work(moment):
        raise AlreadyAtWork()
    run: BackupRun = BackupRun.objects.create(kind=BackupRun.Kind(kind), asked_by=actor.who, asked_at=moment)
    return run


def waiting_or_at_work(moment: datetime) -> BackupRun | None:
    """The run that somebody waits for, None when there is none; one that was killed is none."""
    lives = Q(seen_at__isnull=True) | Q(seen_at__gt=moment - LONGEST_SILENCE)
    return BackupRun.objects.unfinished().filter(lives).order_by("-id").first()


@contextmanager
def alone() -> Iterator[None]:
    """Be the only backup, drill, upgrade or move of this data folder. Raises AlreadyAtWork."""
    folder = settings.HAUSPOST.run
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "keeping.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyAtWork() from None
        yield
    finally:
        os.close(handle)


@contextmanager
def running(kind: str, known: int | None = None) -> Iterator[BackupRun]:
    """Do a run that has its row: the one a worker claimed (`known`), or a new one; a fault is written into it.

    Call it under `alone`. What was left unfinished before was killed, and is told so.
    """
    _end_what_was_killed(known)
    moment = clock.now()
    run = BackupRun.objects.filter(pk=known, finished_at__isnull=True).first() if known else None
    if run is None:
        run = BackupRun.objects.create(kind=BackupRun.Kind(kind), asked_at=moment)
    run.seen_at = moment
    run.save(update_fields=["seen_at"])
    try:
        yield run
    except BaseException as fault:
        run.fault = run.fault or _words(fault)
        raise
    finally:
        run.finished_at, run.percent = clock.now(), 100 if not run.fault else run.percent
        run.save()


def shows_life(run: BackupRun) -> Callable[[float], None]:
    """What tells the row how far the run is, now and then."""

    def tell(share: float) -> None:
        moment = clock.now()
        run.percent = int(share * 100)
        if run.seen_at is None or moment - run.seen_at >= SEEN_EVERY:
            run.seen_at = moment
            try:
                run.save(update_fields=["seen_at", "percent"])
            except DatabaseError:
                # A word on how far we are is not worth a failed backup.
                pass

    return tell


def name_for(folder: Path, moment: datetime) -> Path:
    """A file name that is still free: hauspost-2026-11-24T0230.tar.gz, in the company's time zone."""
    there = moment.astimezone(ZoneInfo(settings.HAUSPOST.time_zone))
    stem = f"hauspost-{there:%Y-%m-%dT%H%M}"
    path, number = folder / f"{stem}.tar.gz", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.tar.gz"
    return path


def prune(folder: Path, keep: int) -> list[Path]:
    """Remove old backups of this desk from a folder, but for the `keep` newest good ones; answers what went.

    Only files that a row names as made here, and only when a newer good one lies there.
    """
    made = BackupRun.objects.of(BackupRun.Kind.BACKUP).exclude(file="").filter(finished_at__isnull=False)
    ours = [(run.is_good, Path(run.file)) for run in made if Path(run.file).parent == folder]
    there = [(is_good, path) for is_good, path in ours if path.exists()]
    good = [path for is_good, path in there if is_good]
    if not good:
        return []
    kept = set(good[:keep])
    oldest_kept = min((path.stat().st_mtime for path in kept), default=0.0)
    gone = []
    for _is_good, path in there:
        if path not in kept and path.stat().st_mtime <= oldest_kept:
            path.unlink()
            gone.append(path)
    return gone


def _end_what_was_killed(but: int | None) -> None:
    for run in BackupRun.objects.unfinished().exclude(pk=but or 0).exclude(seen_at__isnull=True):
        if run.file:
            part_of(Path(run.file)).unlink(missing_ok=True)
        run.finished_at, run.fault = clock.now(), INTERRUPTED
        run.save(update_fields=["finished_at", "fault"])


def _words(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.strerror} ({fault.filename})" if fault.filename else fault.strerror
    if isinstance(fault, Refused | OSError):
        return str(fault)
    if isinstance(fault, KeyboardInterrupt | SystemExit):
        return INTERRUPTED
    return f"{type(fault).__name__}: {fault}"[:2000]


def last_slot(moment: datetime) -> datetime | None:
    """When the clock last asked for a backup; None when it never does."""
    return _slot(moment, 0)


def next_slot(moment: datetime) -> datetime | None:
    """When it asks for the next one."""
    return _slot(moment, 1)


def _slot(moment: datetime, days_later: int) -> datetime | None:
    config = settings.HAUSPOST
    if not config.backup_at or config.backup_folder is None or config.demo:
        return None
    hour, minute = (int(part) for part in config.backup_at.split(":"))
    there = moment.astimezone(ZoneInfo(config.time_zone))
    slot = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
    slot += timedelta(days=days_later if slot <= there else days_later - 1)
    return slot.astimezone(moment.tzinfo)
