"""Backups: whether there are good ones, when the next one comes, and whether they can be restored."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.frame import ALARM
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.formats import number, size
from hauspost.duties.keeping import runs, watching
from hauspost.duties.keeping.models import BackupRun
from hauspost.ground import clock
from hauspost.ground.refusals import Refused

_SHOWN = 30


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/backups."""
    return _page(request)


@for_administrators
@require_POST
def asked(request: HttpRequest) -> HttpResponse:
    """POST …/backups/asked: a backup or a drill, now; a worker begins it."""
    kind = request.POST.get("kind", "")
    if kind not in (BackupRun.Kind.BACKUP, BackupRun.Kind.DRILL):
        raise Http404
    try:
        runs.ask(kind, actor=actor_of(request))
    except Refused as refused:
        return _page(request, refused=str(refused), status=refused.status)
    cache.delete(ALARM)
    messages.success(request, _("It begins within half a minute. Load this page again to see how far it is."))
    return HttpResponseRedirect(reverse("settings-backups"))


def _page(request: HttpRequest, refused: str = "", status: int = 200) -> HttpResponse:
    moment = clock.now()
    state = watching.look(moment)
    actor = actor_of(request)
    return settings_page(
        request,
        "desk/settings/backups.html",
        section="settings-backups",
        status=status,
        state=state,
        alarm=watching.words(state.alarm),
        refused=refused,
        rows=list(BackupRun.objects.select_related("asked_by").order_by("-id")[:_SHOWN]),
        kinds=kinds(),
        outcome=lambda run: outcome(run, moment),
        what=_what,
        where=_where,
        folder=settings.HAUSPOST.backup_folder,
        config=settings.HAUSPOST,
        may_ask=actor.is_administrator and settings.HAUSPOST.backup_folder is not None,
        has_keys=BackupRun.objects.good().filter(has_keys=True).exists(),
    )


def kinds() -> dict[str, str]:
    """What is done, in words."""
    return {"backup": _("Backup"), "drill": _("Drill"), "restore": _("Restore")}


def outcome(run: BackupRun, moment: datetime) -> tuple[str, str]:
    """A colour and a word for how a run ended, or how far it is."""
    known = {
        "good": ("green", _("good")),
        "failed": ("red", _("failed")),
        "waiting": ("blue", _("waits for a worker")),
        "silent": ("red", _("shows no sign of life")),
        "working": ("blue", _("at work, %(percent)s %%") % {"percent": run.percent}),
    }
    return known[watching.standing_of(run, moment)]


def _what(run: BackupRun) -> str:
    """What was inside, in one line."""
    if not run.counts:
        return ""
    parts = [
        _("%(count)s tickets") % {"count": number(run.counts.get("tickets", 0))},
        _("%(count)s files") % {"count": number(run.counts.get("files", 0))},
    ]
    if run.size_bytes:
        parts.append(size(run.size_bytes))
    return " · ".join(parts)


def _where(run: BackupRun) -> str:
    """The file: by its name where it lies in the usual folder, else with its path."""
    path = Path(run.file)
    return path.name if path.parent == settings.HAUSPOST.backup_folder else str(path)
