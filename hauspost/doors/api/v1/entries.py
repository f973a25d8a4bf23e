"""Entries: read them, answer, note, take back, release."""

from dataclasses import replace

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Path, Query

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import desk_ticket_for, needed, ticket_for
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import ReleaseAsked, ReopeningAsked, ReplyAsked, Written
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.tickets import EntryDone, EntryPage, EntryTold, TicketDone
from hauspost.doors.api.telling import entries_told, entry_done, ticket_done
from hauspost.doors.api.written import writing_of
from hauspost.doors.ui.serving import serve_file
from hauspost.duties.intake import forwarding
from hauspost.duties.intake.actions import raw_mail
from hauspost.ground.refusals import NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Entry, Status, Ticket
from hauspost.records.tickets.reading import View

routes = Routes("Entries")


@routes.get("/tickets/{number}/entries", scope="tickets:read", gives=EntryPage)
def list_entries(request: HttpRequest, number: Path[Number], asked: Query[Paged]) -> EntryPage:
    """List a ticket's entries, the oldest first

    Internal notes and held mails only where the caller is at the desk.
    """
    ticket, view = ticket_for(number, known_caller(request).actor)
    found = ticket.entries.visible_in(view).filter(seq__gt=min(before_of(asked.cursor), 2**31 - 1))
    rows = list(found.select_related("author").order_by("seq")[: asked.limit + 1])
    following = str(rows[asked.limit - 1].seq) if len(rows) > asked.limit else None
    return EntryPage(entries=entries_told(ticket, rows[: asked.limit], view), next=following)


@routes.get("/tickets/{number}/entries/{seq}", scope="tickets:read", gives=EntryTold)
def read_entry(request: HttpRequest, number: Path[Number], seq: Path[Number]) -> EntryTold:
    """Read one entry, also as safe HTML"""
    ticket, view = ticket_for(number, known_caller(request).actor)
    entry = _entry(ticket, view, seq)
    return entries_told(ticket, [entry], view, with_html=True)[0]


@routes.get("/tickets/{number}/entries/{seq}/original", scope="tickets:read", bytes_as="message/rfc822")
def read_original(request: HttpRequest, number: Path[Number], seq: Path[Number]) -> HttpResponseBase:
    """Read the original mail of an entry

    Byte for byte as it came, headers included. Desk only.
    """
    ticket, view = desk_ticket_for(number, known_caller(request).actor)
    entry = _entry(ticket, view, seq)
    return serve_file(raw_mail(entry.delivery), f"{number}-{seq}.eml", "message/rfc822")


@routes.post("/tickets/{number}/replies", scope="tickets:write", gives=EntryDone, files=True)
def reply(request: HttpRequest, number: Path[Number], asked: ReplyAsked) -> EntryDone:
    """Reply in public

    To the requester and the confirmed participants. It leaves at `leaves_at` and can be taken back until then. Files
    go along as base64 in the JSON, or as multipart/form-data with the JSON in the part `json`.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    entry = actions.reply(
        ticket,
        replace(writing_of(request, asked), files_as_link=asked.files_as_link),
        actor=actor,
        to=None if asked.to is None else list(asked.to),
        status=needed(Status, asked.status, "status") if asked.status else None,
        seen_seq=asked.seen_seq,
    )
    return entry_done(entry)


@routes.post("/tickets/{number}/notes", scope="tickets:write", gives=EntryDone, files=True)
def note(request: HttpRequest, number: Path[Number], asked: Written) -> EntryDone:
    """Write an internal note

    Only the desk reads it. Files go along like with a reply.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    return entry_done(actions.note(ticket, writing_of(request, asked), actor=actor))


@routes.post("/tickets/{number}/answers", scope="tickets:write", gives=EntryDone, files=True)
def answer(request: HttpRequest, number: Path[Number], asked: Written) -> EntryDone:
    """Answer as the requester's side

    What the requester or a participant writes to the desk; it wakes a ticket that waits, and reopens one that was
    done. At the desk: enter what the requester said.
    """
    actor = known_caller(request).actor
    ticket, view = ticket_for(number, actor)
    author = ticket.requester if view.sees_notes else actor.who
    return entry_done(actions.add_answer(ticket, writing_of(request, asked), author=author, actor=actor))


@routes.post("/tickets/{number}/entries/{seq}/taking-back", scope="tickets:write", gives=EntryDone, status=200)
def take_back(
    request: HttpRequest, number: Path[Number], seq: Path[Number], asked: ReopeningAsked | None = None
) -> EntryDone:
    """Take a reply back before it leaves

    Refused with 409 `too-late` when it has left.
    """
    actor = known_caller(request).actor
    return entry_done(actions.take_back(_entry_at_desk(number, seq, actor), actor=actor))


@routes.post("/tickets/{number}/entries/{seq}/release", scope="tickets:write", gives=EntryDone, status=200)
def release(request: HttpRequest, number: Path[Number], seq: Path[Number], asked: ReleaseAsked) -> EntryDone:
    """Release a held mail

    It joins the public record; on wish its author follows the ticket from then on.
    """
    actor = known_caller(request).actor
    found = _entry_at_desk(number, seq, actor)
    return entry_done(actions.release(found, actor=actor, as_participant=asked.as_participant))


@routes.post("/tickets/{number}/entries/{seq}/sender", scope="tickets:write", gives=TicketDone, status=200)
def give_to_sender(request: HttpRequest, number: Path[Number], seq: Path[Number]) -> TicketDone:
    """Make the ticket that of whoever wrote a mail which was passed on

    Where an agent passed a mail on and it was not certain whose it is, the entry names one address: that one becomes
    the requester.
    """
    actor = known_caller(request).actor
    return ticket_done(forwarding.give_to_sender(_entry_at_desk(number, seq, actor), actor=actor))


def _entry(ticket: Ticket, view: View, seq: int) -> Entry:
    if seq >= 2**31:
        raise NotFound
    found = ticket.entries.visible_in(view).select_related("author").filter(seq=seq).first()
    if found is None:
        raise NotFound
    return found


def _entry_at_desk(number: int, seq: int, actor: Actor) -> Entry:
    ticket, view = desk_ticket_for(number, actor)
    return _entry(ticket, view, seq)
