"""Files and original mails of a ticket, for those who see the ticket."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.sheet import ticket_for
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.serving import serve_file, serve_mail_html, untouched_html
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.reading import open_source, source_of
from hauspost.duties.privacy.gone import what_became_of
from hauspost.ground.files.actions import open_blob
from hauspost.ground.refusals import NotFound
from hauspost.records.tickets.models import Attachment, Entry

_MOST_OF_HEAD = 100_000


@at_the_desk
@require_GET
def file(request: HttpRequest, number: int, file: int) -> HttpResponseBase:
    """GET …/files/<id>: the file must belong to this ticket (S5)."""
    ticket, view = ticket_for(number, actor_of(request))
    entries = ticket.entries.visible_in(view)
    row = Attachment.objects.filter(id=file, entry__in=entries).select_related("blob").first()
    if row is None or row.blob is None:
        raise NotFound
    return serve_file(open_blob(row.blob.sha256), row.name, row.content_type, inline=request.GET.get("inline") == "1")


@at_the_desk
@require_GET
def original(request: HttpRequest, number: int, entry: int) -> HttpResponse:
    """GET …/entries/<id>/original: the mail as it came, in a sandbox, with its headers."""
    found = _entry(request, number, entry)
    row = _delivery(found)
    if gone := what_became_of(row):
        return desk_page(request, "desk/original_gone.html", status=410, ticket=found.ticket, entry=found, gone=gone)
    raw = source_of(row)
    head = raw[:_MOST_OF_HEAD].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    return desk_page(
        request,
        "desk/original.html",
        ticket=found.ticket,
        entry=found,
        headers=head.decode("utf-8", "replace").replace("\r\n", "\n"),
        size_bytes=len(raw),
    )


@at_the_desk
@require_GET
def original_file(request: HttpRequest, number: int, entry: int) -> HttpResponseBase:
    """GET …/entries/<id>/original.eml: its bytes, untouched."""
    found = _entry(request, number, entry)
    return serve_file(open_source(_delivery(found)), f"{number}-{found.seq}.eml", "message/rfc822")


@at_the_desk
@require_GET
def original_body(request: HttpRequest, number: int, entry: int) -> HttpResponse:
    """GET …/entries/<id>/original.html: what stands in the page's frame."""
    found = _entry(request, number, entry)
    row = _delivery(found)
    return serve_mail_html(untouched_html(source_of(row), unread=bool(row.fault)))


def _entry(request: HttpRequest, number: int, entry: int) -> Entry:
    ticket, view = ticket_for(number, actor_of(request))
    found = ticket.entries.visible_in(view).filter(id=entry, delivery__isnull=False).first()
    if found is None:
        raise NotFound
    found.ticket = ticket
    return found


def _delivery(entry: Entry) -> Delivery:
    row = Delivery.objects.filter(id=entry.delivery or 0).first()
    if row is None:
        raise NotFound
    return row
