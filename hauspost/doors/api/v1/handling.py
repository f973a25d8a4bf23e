"""Handling a ticket: who does it, what it is, how it stands."""

from typing import Any

from django.http import HttpRequest
from ninja import Path

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import based, keyed, needed, person_for, ticket_for
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import (
    AssigneeAsked,
    ClassificationAsked,
    ImpactAsked,
    ReopeningAsked,
    RequesterAsked,
    SatisfactionAsked,
    SnoozeAsked,
    SpamAsked,
    StatusAsked,
    SubjectAsked,
    TeamAsked,
    VisitAsked,
)
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.tickets import SpamDone, TicketDone
from hauspost.doors.api.telling import ticket_done
from hauspost.records.catalogue.models import Category
from hauspost.records.people.models import Person, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Status

routes = Routes("Handling")


@routes.put("/tickets/{number}/assignee", scope="tickets:write", gives=TicketDone)
def assign(request: HttpRequest, number: Path[Number], asked: AssigneeAsked) -> TicketDone:
    """Assign it to somebody of the team, to yourself, or to nobody"""
    caller = known_caller(request)
    ticket, _view = ticket_for(number, caller.actor)
    to: Person | None = None
    if asked.assignee is not None:
        to = caller.person if asked.assignee == "me" else person_for(asked.assignee, "assignee", caller)
    return ticket_done(actions.assign(ticket, to, actor=caller.actor, based_on=based(asked.based_on)))


@routes.put("/tickets/{number}/team", scope="tickets:write", gives=TicketDone)
def hand_over(request: HttpRequest, number: Path[Number], asked: TeamAsked) -> TicketDone:
    """Hand it to another team

    Access follows at once: you may not see the ticket afterwards.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    team = needed(Team, asked.team, "team")
    return ticket_done(actions.hand_to(ticket, team, actor=actor, note=asked.note, based_on=based(asked.based_on)))


@routes.put("/tickets/{number}/status", scope="tickets:write", gives=TicketDone)
def set_status(request: HttpRequest, number: Path[Number], asked: StatusAsked) -> TicketDone:
    """Set its status

    By the key of one of the company's statuses. The requester may close what was resolved: that confirms it.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    status = needed(Status, asked.status, "status")
    return ticket_done(
        actions.set_status(ticket, status, actor=actor, until=asked.until, based_on=based(asked.based_on))
    )


@routes.post("/tickets/spam", scope="tickets:write", gives=SpamDone, status=200)
def mark_as_spam(request: HttpRequest, asked: SpamAsked) -> SpamDone:
    """Mark tickets as spam, up to 500 in one step

    They are closed, and nobody is told. With `undo` they are taken back, as they were. All of them, or none.
    """
    actor = known_caller(request).actor
    do = actions.take_from_spam if asked.undo else actions.mark_as_spam
    return SpamDone(numbers=do(asked.numbers, actor=actor))


@routes.post("/tickets/{number}/reopening", scope="tickets:write", gives=TicketDone, status=200)
def reopen(request: HttpRequest, number: Path[Number], asked: ReopeningAsked | None = None) -> TicketDone:
    """Take a done ticket up again"""
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    return ticket_done(actions.reopen(ticket, actor=actor))


@routes.patch("/tickets/{number}/classification", scope="tickets:write", gives=TicketDone)
def catalogue(request: HttpRequest, number: Path[Number], asked: ClassificationAsked) -> TicketDone:
    """Say what it is, how bad, how soon and where

    Only the fields that are sent change; null takes one away. Priority follows from impact and urgency.
    """
    caller = known_caller(request)
    ticket, _view = ticket_for(number, caller.actor)
    sent = asked.model_fields_set - {"based_on"}
    fields: dict[str, Any] = {name: getattr(asked, name) for name in sent}
    for name, model in (("category", Category), ("site", Site), ("location", Location)):
        if name in fields:
            fields[name] = keyed(model, fields[name], name)
    if fields.get("affected") is not None:
        fields["affected"] = person_for(fields["affected"], "affected", caller)
    return ticket_done(actions.catalogue(ticket, actor=caller.actor, based_on=based(asked.based_on), **fields))


@routes.patch("/tickets/{number}/impact", scope="tickets:write", gives=TicketDone)
def set_impact(request: HttpRequest, number: Path[Number], asked: ImpactAsked) -> TicketDone:
    """Say who cannot work, by how much, from when to when

    Only the fields that are sent change; null takes one away.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    fields = {name: getattr(asked, name) for name in asked.model_fields_set - {"based_on"}}
    return ticket_done(actions.set_impact(ticket, actor=actor, based_on=based(asked.based_on), **fields))


@routes.put("/tickets/{number}/snooze", scope="tickets:write", gives=TicketDone)
def snooze(request: HttpRequest, number: Path[Number], asked: SnoozeAsked) -> TicketDone:
    """Let it sleep until a moment

    A human answer wakes it earlier.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    return ticket_done(actions.snooze(ticket, asked.until, actor=actor))


@routes.delete("/tickets/{number}/snooze", scope="tickets:write", gives=TicketDone)
def wake(request: HttpRequest, number: Path[Number]) -> TicketDone:
    """Wake it now"""
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    return ticket_done(actions.wake(ticket, actor=actor))


@routes.patch("/tickets/{number}/visit", scope="tickets:write", gives=TicketDone)
def plan_visit(request: HttpRequest, number: Path[Number], asked: VisitAsked) -> TicketDone:
    """Plan a visit: who comes, and when

    Only the fields that are sent change; `planned_at` null takes the plan back.
    """
    caller = known_caller(request)
    ticket, _view = ticket_for(number, caller.actor)
    fields: dict[str, Any] = {name: getattr(asked, name) for name in asked.model_fields_set - {"based_on"}}
    if fields.get("technician") is not None:
        fields["technician"] = person_for(fields["technician"], "technician", caller)
    return ticket_done(actions.plan(ticket, actor=caller.actor, based_on=based(asked.based_on), **fields))


@routes.put("/tickets/{number}/satisfaction", scope="tickets:write", gives=TicketDone)
def rate(request: HttpRequest, number: Path[Number], asked: SatisfactionAsked) -> TicketDone:
    """Answer how it went

    The requester of a done ticket, where the team asks; can be changed for 14 days.
    """
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    actions.rate(ticket, asked.score, asked.words, actor=actor)
    return ticket_done(ticket)


@routes.put("/tickets/{number}/subject", scope="tickets:write", gives=TicketDone)
def change_subject(request: HttpRequest, number: Path[Number], asked: SubjectAsked) -> TicketDone:
    """Give it a better subject"""
    actor = known_caller(request).actor
    ticket, _view = ticket_for(number, actor)
    return ticket_done(actions.change_subject(ticket, asked.subject, actor=actor, based_on=based(asked.based_on)))


@routes.put("/tickets/{number}/requester", scope="tickets:write", gives=TicketDone)
def change_requester(request: HttpRequest, number: Path[Number], asked: RequesterAsked) -> TicketDone:
    """Say whose ticket it really is"""
    caller = known_caller(request)
    ticket, _view = ticket_for(number, caller.actor)
    to = person_for(asked.requester, "requester", caller)
    return ticket_done(actions.change_requester(ticket, to, actor=caller.actor))
