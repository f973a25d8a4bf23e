"""Who follows a ticket, what it has to do with, and the words on it."""

from typing import Literal

from django.db.models import Q
from django.http import HttpRequest
from ninja import Path, Query

from hauspost.doors.api.addresses import ticket_address
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import desk_ticket_for, person_for, ticket_for
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import ConfirmationAsked, ElsewhereAsked, LinkAsked, ParticipantAsked, TagAsked
from hauspost.doors.api.shapes.common import Number, PersonNamed, ShortLine, Uid
from hauspost.doors.api.shapes.tickets import (
    Elsewhere,
    ElsewhereTold,
    Links,
    LinkTold,
    Participants,
    ParticipantTold,
    Tags,
    TicketDone,
)
from hauspost.doors.api.telling import ticket_done
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.knowing import seen_at_desk
from hauspost.records.tickets.models import Link, NumberElsewhere, Participant, Tag, Ticket

routes = Routes("People, links and tags")
LinkKind = Literal["related", "duplicate", "blocks", "parent", "mentions", "successor"]
_MOST_LINKS = 200


@routes.get("/tickets/{number}/participants", scope="tickets:read", gives=Participants)
def list_participants(request: HttpRequest, number: Path[Number]) -> Participants:
    """List who follows a ticket

    Whoever was only proposed, and watchers and helpers, are told to the desk alone.
    """
    ticket, view = ticket_for(number, known_caller(request).actor)
    found = ticket.participants.order_by("id")
    if not view.sees_notes:
        found = found.filter(is_confirmed=True, role=Participant.Role.PARTICIPANT)
    rows = found.values_list("person__uid", "person__name", "role", "is_confirmed")
    return Participants(
        participants=[
            ParticipantTold(person=PersonNamed(uid=uid, name=name), role=role, is_confirmed=confirmed)
            for uid, name, role, confirmed in rows
        ]
    )


@routes.post("/tickets/{number}/participants", scope="tickets:write", gives=TicketDone, status=200)
def add_participant(request: HttpRequest, number: Path[Number], asked: ParticipantAsked) -> TicketDone:
    """Let somebody follow the ticket

    A participant reads and answers, a watcher is told, a helper works on this one ticket.
    """
    caller = known_caller(request)
    ticket, _view = ticket_for(number, caller.actor)
    person = person_for(asked.person, "person", caller)
    actions.add_participant(ticket, person, actor=caller.actor, role=asked.role, from_now=asked.from_now)
    return ticket_done(ticket)


@routes.post("/tickets/{number}/participants/{uid}/confirmation", scope="tickets:write", gives=TicketDone, status=200)
def confirm_participant(
    request: HttpRequest, number: Path[Number], uid: Path[Uid], asked: ConfirmationAsked
) -> TicketDone:
    """Confirm somebody who stood in copy of a mail

    They read what follows; what was written before only with `with_history`.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    actions.confirm_participant(ticket, _participant(ticket, uid), actor=actor, with_history=asked.with_history)
    return ticket_done(ticket)


@routes.delete("/tickets/{number}/participants/{uid}", scope="tickets:write", gives=TicketDone)
def remove_participant(request: HttpRequest, number: Path[Number], uid: Path[Uid]) -> TicketDone:
    """Let somebody no longer follow"""
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    actions.remove_participant(ticket, _participant(ticket, uid), actor=actor)
    return ticket_done(ticket)


@routes.get("/tickets/{number}/links", scope="tickets:read", gives=Links)
def list_links(request: HttpRequest, number: Path[Number]) -> Links:
    """List the tickets that this one has to do with

    Only those that the caller sees, too. Desk only.
    """
    actor = known_caller(request).actor
    desk_ticket_for(number, actor)
    rows = Link.objects.filter(Q(ticket_id=number) | Q(other_id=number)).order_by("id")[:_MOST_LINKS]
    ends = [
        ("out", other, kind) if here == number else ("in", here, kind)
        for here, other, kind in rows.values_list("ticket_id", "other_id", "kind")
    ]
    seen = seen_at_desk({end for _direction, end, _kind in ends}, actor)
    known = {row.number: row for row in Ticket.objects.filter(number__in=seen).only("number", "subject", "state")}
    return Links(
        links=[
            LinkTold(
                kind=kind,
                direction=direction,
                number=end,
                subject=known[end].subject,
                state=known[end].state,
                href=ticket_address(end),
            )
            for direction, end, kind in ends
            if end in known
        ]
    )


@routes.post("/tickets/{number}/links", scope="tickets:write", gives=TicketDone, status=200)
def link(request: HttpRequest, number: Path[Number], asked: LinkAsked) -> TicketDone:
    """Link it with another ticket

    You have to see both.
    """
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    try:
        other, _other_view = desk_ticket_for(asked.number, actor)
    except NotFound as fault:
        raise Invalid("number", str(fault)) from fault
    actions.link(ticket, other, asked.kind, actor=actor)
    return ticket_done(ticket)


@routes.delete("/tickets/{number}/links/{kind}/{other}", scope="tickets:write", gives=TicketDone)
def unlink(
    request: HttpRequest,
    number: Path[Number],
    kind: Path[LinkKind],
    other: Path[Number],
    direction: Query[Literal["out", "in"]] = "out",
) -> TicketDone:
    """Take a link away

    `direction` as the list of links tells it.
    """
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    there, _other_view = desk_ticket_for(other, actor)
    first, second = (ticket, there) if direction == "out" else (there, ticket)
    actions.unlink(first, second, kind, actor=actor)
    return ticket_done(ticket)


@routes.get("/tickets/{number}/elsewhere", scope="tickets:read", gives=Elsewhere)
def list_elsewhere(request: HttpRequest, number: Path[Number]) -> Elsewhere:
    """List its numbers in other systems

    Desk only.
    """
    desk_ticket_for(number, known_caller(request).actor)
    rows = NumberElsewhere.objects.filter(ticket=number).order_by("id").values_list("number", "domain")
    return Elsewhere(numbers=[ElsewhereTold(number=there, domain=domain) for there, domain in rows])


@routes.post("/tickets/{number}/elsewhere", scope="tickets:write", gives=TicketDone, status=200)
def know_elsewhere(request: HttpRequest, number: Path[Number], asked: ElsewhereAsked) -> TicketDone:
    """Note its number in another system

    Mails with that number in their subject join the ticket from then on; held, until the desk releases them.
    """
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    actions.know_elsewhere(ticket, asked.number, domain=asked.domain, actor=actor)
    return ticket_done(ticket)


@routes.delete("/tickets/{number}/elsewhere/{there}", scope="tickets:write", gives=TicketDone)
def forget_elsewhere(request: HttpRequest, number: Path[Number], there: Path[ShortLine]) -> TicketDone:
    """Take such a number away"""
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    actions.forget_elsewhere(ticket, there, actor=actor)
    return ticket_done(ticket)


@routes.get("/tickets/{number}/tags", scope="tickets:read", gives=Tags)
def list_tags(request: HttpRequest, number: Path[Number]) -> Tags:
    """List the words on a ticket

    Desk only.
    """
    desk_ticket_for(number, known_caller(request).actor)
    return Tags(tags=list(Tag.objects.filter(ticket=number).order_by("word").values_list("word", flat=True)))


@routes.post("/tickets/{number}/tags", scope="tickets:write", gives=TicketDone, status=200)
def tag(request: HttpRequest, number: Path[Number], asked: TagAsked) -> TicketDone:
    """Put a word on it

    Kept in lower case, as one word.
    """
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    actions.tag(ticket, asked.tag, actor=actor)
    return ticket_done(ticket)


@routes.delete("/tickets/{number}/tags/{word}", scope="tickets:write", gives=TicketDone)
def untag(request: HttpRequest, number: Path[Number], word: Path[ShortLine]) -> TicketDone:
    """Take a word off it"""
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    actions.untag(ticket, word, actor=actor)
    return ticket_done(ticket)


def _participant(ticket: Ticket, uid: str) -> Person:
    row = ticket.participants.select_related("person").filter(person__uid=uid).first()
    if row is None:
        raise NotFound
    return row.person
