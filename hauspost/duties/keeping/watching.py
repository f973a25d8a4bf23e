"""Are there backups, and can they be relied on? What the page, the doctor and the banner say, and who is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.keeping.models import LONGEST_SILENCE, BackupRun
from hauspost.duties.keeping.runs import HELD, last_slot, next_slot, waiting_or_at_work
from hauspost.ground.db import hold
from hauspost.ground.history.models import Event

OVERDUE = timedelta(hours=36)
DRILL_EVERY = timedelta(days=7)
_GRACE = timedelta(days=2)
_PAUSE_AFTER_FAULT = timedelta(hours=1)
_PAUSE_AFTER_FAILED_DRILL = timedelta(days=1)


@dataclass(frozen=True)
class State:
    """How the backups stand. `alarm`: "", "failed", "overdue" or "drill"; `is_new`: nothing can be expected yet."""

    is_on: bool
    is_new: bool
    alarm: str
    last_good: BackupRun | None = None
    last_drill: BackupRun | None = None
    fault: str = ""
    at_work: BackupRun | None = None
    next_at: datetime | None = None


def look(moment: datetime) -> State:
    """The state at a moment."""
    slot, began = last_slot(moment), _began()
    is_new = began is None or moment - began < _GRACE
    backups = BackupRun.objects.of(BackupRun.Kind.BACKUP)
    last_good = backups.good().first()
    last = backups.filter(finished_at__isnull=False).first()
    drill = BackupRun.objects.of(BackupRun.Kind.DRILL).filter(finished_at__isnull=False).first()
    alarm, fault = "", ""
    if last is not None and not last.is_good:
        alarm, fault = "failed", last.fault
    elif drill is not None and not drill.is_good:
        alarm, fault = "drill", drill.fault
    if slot is not None and (moment - last_good.asked_at > OVERDUE if last_good else not is_new):
        alarm = alarm if alarm == "failed" else "overdue"
    return State(
        is_on=slot is not None,
        is_new=is_new,
        alarm=alarm,
        last_good=last_good,
        last_drill=drill,
        fault=fault,
        at_work=waiting_or_at_work(moment),
        next_at=next_slot(moment),
    )


def words(alarm: str) -> str:
    """An alarm in one sentence; "" for none."""
    known = {
        "failed": _("The last backup failed."),
        "overdue": _("For more than 36 hours there has been no good backup."),
        "drill": _("The newest backup could not be restored in the drill."),
    }
    return known.get(alarm, "")


Standing = Literal["good", "failed", "waiting", "silent", "working"]


def standing_of(run: BackupRun, moment: datetime) -> Standing:
    """How a run ended, or how it is: waiting for a worker, at work, or without a sign of life."""
    if run.finished_at is not None:
        return "failed" if run.fault else "good"
    if run.seen_at is None:
        return "waiting"
    return "working" if moment - run.seen_at < LONGEST_SILENCE else "silent"


def claim_due(moment: datetime) -> BackupRun | None:
    """The run that has to begin now, claimed for one worker; None when none has to.

    What an administrator asked for, then the daily backup (once its time has passed, an hour after a fault), then the
    weekly drill.
    """
    if not _something_is_due(moment):
        return None
    with transaction.atomic():
        hold(HELD)
        due = _something_is_due(moment)
        if due is None:
            return None
        if due.pk is None:
            due.asked_at = moment
        due.seen_at = moment
        due.save()
        return due


def _something_is_due(moment: datetime) -> BackupRun | None:
    """A row that waits, or a new one that is not saved yet."""
    unfinished = BackupRun.objects.unfinished()
    if unfinished.at_work(moment).exists():
        return None
    if asked := unfinished.filter(seen_at__isnull=True).order_by("id").first():
        return asked
    slot, began = last_slot(moment), _began()
    if slot is None or began is None:
        return None
    backups = BackupRun.objects.of(BackupRun.Kind.BACKUP)
    if began < slot and not backups.good().filter(asked_at__gte=slot).exists():
        tried = backups.filter(asked_at__gt=moment - _PAUSE_AFTER_FAULT).exists()
        return None if tried else BackupRun(kind=BackupRun.Kind.BACKUP)
    return _drill_due(moment)


def _drill_due(moment: datetime) -> BackupRun | None:
    last = BackupRun.objects.of(BackupRun.Kind.DRILL).first()
    pause = DRILL_EVERY if last is None or last.is_good else _PAUSE_AFTER_FAILED_DRILL
    if last is not None and moment - last.asked_at < pause:
        return None
    return BackupRun(kind=BackupRun.Kind.DRILL) if BackupRun.objects.of("backup").good().exists() else None


def _began() -> datetime | None:
    """Since when this desk is where it is: its first event, or when it was restored here."""
    restored = BackupRun.objects.of(BackupRun.Kind.RESTORE).values_list("finished_at", flat=True).first()
    return restored or Event.objects.order_by("id").values_list("recorded_at", flat=True).first()
