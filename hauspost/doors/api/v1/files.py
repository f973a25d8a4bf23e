"""Files of tickets."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Path

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import ticket_for
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.ui.serving import serve_file
from hauspost.ground.files.actions import open_blob
from hauspost.ground.refusals import NotFound
from hauspost.records.tickets.models import Attachment

routes = Routes("Files")


@routes.get("/tickets/{number}/files/{file}", scope="tickets:read", bytes_as="application/octet-stream", also=(500,))
def read_file(request: HttpRequest, number: Path[Number], file: Path[Number]) -> HttpResponseBase:
    """Read a file

    Its bytes, with their SHA-256 in the header `X-Content-SHA256`. The file must belong to an entry of this ticket
    that the caller sees.
    """
    ticket, view = ticket_for(number, known_caller(request).actor)
    entries = ticket.entries.visible_in(view)
    row = Attachment.objects.filter(id=file, entry__in=entries).select_related("blob", "entry").first()
    if row is None or row.blob is None or view.withholds(row.entry):
        raise NotFound
    response = serve_file(open_blob(row.blob.sha256), row.name, row.content_type)
    response["X-Content-SHA256"] = row.blob.sha256
    return response
