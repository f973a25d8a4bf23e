"""Writing on a ticket: reply, note, undo; and the composer that changes kind without losing a word (P6)."""

from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hauspost.doors.desk.forms import keyed, small_number, text_of
from hauspost.doors.desk.frame import at_the_desk
from hauspost.doors.desk.sheet import ticket_for
from hauspost.doors.desk.ticket import KINDS, ticket_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.uploads import files_of
from hauspost.ground.refusals import NotFound, Refused
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Attachment, Entry, Status, Ticket
from hauspost.records.tickets.refusals import AnsweredMeanwhile
from hauspost.records.tickets.writing import NewFile, Writing


@at_the_desk
@require_POST
def replies(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/replies: answer in public; it leaves after the time to undo."""
    actor = actor_of(request)
    ticket, _view = ticket_for(number, actor)
    seen = small_number(request.POST.get("seen_seq", ""))
    try:
        entry = actions.reply(
            ticket,
            _writing(request, ticket),
            actor=actor,
            to=request.POST.getlist("to"),
            status=keyed(Status, text_of(request, "status"), "status"),
            seen_seq=seen or None,
        )
    except AnsweredMeanwhile as refused:
        last = ticket.entries.filter(is_public=True).aggregate(last=Max("seq"))["last"]
        return _again(request, number, "reply", refused, last=last)
    except NotFound:
        raise
    except Refused as refused:
        return _again(request, number, "reply", refused)
    return _to_entry(request, number, entry)


@at_the_desk
@require_POST
def notes(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/notes: something that only the desk reads."""
    actor = actor_of(request)
    ticket, _view = ticket_for(number, actor)
    try:
        entry = actions.note(ticket, _writing(request, ticket), actor=actor)
    except NotFound:
        raise
    except Refused as refused:
        return _again(request, number, "note", refused)
    return _to_entry(request, number, entry)


@at_the_desk
@require_POST
def composer(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/composer: the same text as the other kind; nothing is saved, recipients go (P6.5)."""
    kind = request.POST.get("write", "")
    return ticket_page(request, number, composer=_typed(request, kind if kind in KINDS else "note"))


@at_the_desk
@require_POST
def undo(request: HttpRequest, number: int, entry: int) -> HttpResponse:
    """POST …/entries/<id>/undo: take a reply back before it leaves; its text returns to the composer (P6.4)."""
    actor = actor_of(request)
    ticket, _view = ticket_for(number, actor)
    found = ticket.entries.filter(id=entry).first()
    if found is None:
        raise NotFound
    here = reverse("ticket", args=[number])
    try:
        actions.take_back(found, actor=actor)
    except NotFound:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(here)
    messages.success(request, _("The reply was taken back. Nobody has received it."))
    return HttpResponseRedirect(f"{here}?write=reply&again={found.id}#composer")


def _writing(request: HttpRequest, ticket: Ticket) -> Writing:
    return Writing(
        text=request.POST.get("text", "").replace("\r\n", "\n"),
        files=_files(request, ticket),
        files_as_link=bool(request.POST.get("files_as_link")),
    )


def _files(request: HttpRequest, ticket: Ticket) -> list[NewFile]:
    """New files, and those of one's own reply that was taken back."""
    wanted = [small_number(text) for text in request.POST.getlist("kept_file")]
    kept = Attachment.objects.filter(
        id__in=wanted, entry__ticket=ticket, entry__author=actor_of(request).who, entry__taken_back_at__isnull=False
    ).select_related("blob")
    return [NewFile(row.name, row.content_type, row.blob) for row in kept if row.blob] + files_of(request)


def _typed(request: HttpRequest, kind: str, refused: str = "") -> dict[str, Any]:
    sent = request.POST.getlist("to")
    return {
        "kind": kind,
        "text": request.POST.get("text", ""),
        "refused": refused,
        "kept_files": [],
        "unticked": frozenset(request.POST.getlist("offered")) - frozenset(sent) if kind == "reply" else frozenset(),
    }


def _again(request: HttpRequest, number: int, kind: str, refused: Refused, last: int = 0) -> HttpResponse:
    """The page once more, with the text as it was typed."""
    typed = _typed(request, kind, str(refused))
    if request.FILES:
        typed["refused"] += " " + _("Attached files could not be kept: attach them again.")
    if last:
        typed["came"] = last
    return ticket_page(request, number, composer=typed, refused=refused, status=refused.status)


def _to_entry(request: HttpRequest, number: int, entry: Entry) -> HttpResponse:
    tail = request.POST.get("tail", "")
    tail = tail if tail.startswith("?list=") and len(tail) < 200 and "#" not in tail else ""
    joint = "&" if tail else "?"
    return HttpResponseRedirect(f"{reverse('ticket', args=[number])}{tail}{joint}sent={entry.kind}#e{entry.seq}")
