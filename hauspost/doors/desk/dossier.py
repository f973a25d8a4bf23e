"""The dossier of a ticket: everything about it in one signed file, for its team's lead and the auditor."""

import secrets

from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_POST

from hauspost.doors.desk.frame import at_the_desk
from hauspost.doors.desk.sheet import ticket_for
from hauspost.doors.ui.acting import actor_of
from hauspost.duties.dossiers.actions import make_dossier


@at_the_desk
@require_POST
def make(request: HttpRequest, number: int) -> FileResponse:
    """POST /desk/tickets/42/dossier: the zip, recorded and then handed out."""
    actor = actor_of(request)
    ticket, _ = ticket_for(number, actor)
    spool = settings.HAUSPOST.spool
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = spool / f"dossier-{number}-{secrets.token_hex(8)}.zip"
    try:
        make_dossier(ticket, path, actor=actor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    file = path.open("rb")
    path.unlink()
    answer = FileResponse(file, as_attachment=True, filename=f"ticket-{number}.zip", content_type="application/zip")
    answer["Cache-Control"] = "private, no-store"
    return answer
