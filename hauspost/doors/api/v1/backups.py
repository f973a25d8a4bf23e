"""Backups: whether there are good ones, when the next one comes, and whether they can be restored."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Query

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.finding import administrator, auditor
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.keeping import BackupAsked, BackupDone, BackupState, Runs, RunTold
from hauspost.doors.api.telling import person_named
from hauspost.duties.keeping import runs, watching
from hauspost.duties.keeping.models import BackupRun
from hauspost.ground import clock
from hauspost.ground.history.sightings import note_sight
from hauspost.records.people.actor import Actor

routes = Routes("Backups")


@routes.get("/backups", scope="keeping:read", gives=Runs)
def list_backups(request: HttpRequest, asked: Query[Paged]) -> Runs:
    """List backups, drills and restores, the newest first

    Administrators and auditors.
    """
    _seen(auditor(request))
    found = BackupRun.objects.select_related("asked_by").order_by("-id")
    if before := before_of(asked.cursor):
        found = found.filter(id__lt=before)
    rows, moment = list(found[: asked.limit + 1]), clock.now()
    following = str(rows[asked.limit - 1].pk) if len(rows) > asked.limit else None
    return Runs(runs=[_told(row, moment) for row in rows[: asked.limit]], next=following)


@routes.get("/backups/state", scope="keeping:read", gives=BackupState)
def read_backup_state(request: HttpRequest) -> BackupState:
    """Read how the backups stand

    The last good one, the last drill, what is at work, when the next one comes; and an `alarm` where the last one
    failed, none was good for 36 hours, or the drill could not restore it.
    """
    _seen(auditor(request))
    moment = clock.now()
    state = watching.look(moment)
    return BackupState(
        is_on=state.is_on,
        is_new=state.is_new,
        alarm=state.alarm or None,
        words=watching.words(state.alarm),
        fault=state.fault,
        last_good=_told(state.last_good, moment) if state.last_good is not None else None,
        last_drill=_told(state.last_drill, moment) if state.last_drill is not None else None,
        at_work=_told(state.at_work, moment) if state.at_work is not None else None,
        next_at=state.next_at,
    )


@routes.post("/backups", scope="keeping:write", gives=BackupDone)
def ask_for_backup(request: HttpRequest, asked: BackupAsked | None = None) -> BackupDone:
    """Ask for a backup or a drill, now

    A worker begins it within half a minute; the state tells how far it is. Administrators only.
    """
    run = runs.ask(asked.kind if asked is not None else BackupRun.Kind.BACKUP, actor=administrator(request))
    return BackupDone(id=run.pk, href=address_of("backups/state"))


def _seen(actor: Actor) -> None:
    note_sight("settings.seen", "setting:settings-backups", actor=actor)


def _told(run: BackupRun, moment: datetime) -> RunTold:
    return RunTold(
        id=run.pk,
        kind=run.kind,
        state=watching.standing_of(run, moment),
        percent=run.percent,
        asked_by=person_named(run.asked_by) if run.asked_by is not None else None,
        asked_at=run.asked_at,
        finished_at=run.finished_at,
        fault=run.fault,
        file=run.file,
        size_bytes=run.size_bytes,
        has_keys=run.has_keys,
        counts=run.counts,
    )
