"""Handling a ticket: who does it, what it is, how it stands."""

from datetime import datetime
from typing import Any

from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.history.actions import Part
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.search import actions as search
from hauspost.records.catalogue.models import Category
from hauspost.records.people.actor import RIGHTS, Actor
from hauspost.records.people.models import Membership, Person
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets._changing import Based, change, locked
from hauspost.records.tickets.actions.entries import status_fields
from hauspost.records.tickets.company import one_line, priority_of, refuse_unknown_words, status_of
from hauspost.records.tickets.indexing import index_entry, scope_of
from hauspost.records.tickets.models import Entry, Status, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.refusals import NotInTeam, NotPlaced, TicketClosed

KEEP: Any = object()  # "leave this field as it is", where None means "none".


@transaction.atomic
def assign(ticket: Ticket | int, to: Person | None, *, actor: Actor, based_on: Based | None = None) -> Ticket:
    """Make somebody of the team responsible, or nobody. Records "ticket.assigned".

    Raises NotFound, NotAllowed, NotInTeam, TicketClosed, Changed.
    """
    found = locked(ticket, "assign", actor)
    if not found.is_open:
        raise TicketClosed(number=found.number)
    if to is not None and not _works_in(to, found.team_id):
        raise NotInTeam(name=to.name, team=found.team.name)
    fields: dict[str, Any] = {"assignee": to}
    if to is not None and found.state == Status.Kind.NEW:
        fields |= status_fields(found, status_of(Status.Kind.OPEN))
    change(found, "ticket.assigned", fields, actor=actor, based_on=based_on)
    return found


@transaction.atomic
def catalogue(
    ticket: Ticket | int,
    *,
    actor: Actor,
    category: Category | None = KEEP,
    type: str = KEEP,
    impact: int = KEEP,
    urgency: int = KEEP,
    site: Site | None = KEEP,
    location: Location | None = KEEP,
    work_place: str = KEEP,
    affected: Person | None = KEEP,
    based_on: Based | None = None,
) -> Ticket:
    """Say what it is, how bad, how soon and where; priority follows. Records "ticket.catalogued".

    Raises NotFound, NotAllowed, NotPlaced, Changed.
    """
    found = locked(ticket, "catalogue", actor)
    asked: dict[str, Any] = {
        "category": category,
        "type": type,
        "impact": impact,
        "urgency": urgency,
        "site": site,
        "location": location,
        "work_place": work_place,
        "affected": affected,
    }
    fields = {name: value for name, value in asked.items() if value is not KEEP}
    chosen = {name: fields[name] for name in ("impact", "urgency", "type", "work_place") if name in fields}
    refuse_unknown_words(**chosen)
    if fields.get("category") is not None and "type" not in fields and not found.type:
        fields["type"] = fields["category"].default_type
    if "site" in fields and "location" not in fields and fields["site"] != found.site:
        fields["location"] = None
    _refuse_misplaced(fields.get("site", found.site), fields.get("location", found.location))
    if "impact" in fields or "urgency" in fields:
        fields["priority"] = priority_of(fields.get("impact", found.impact), fields.get("urgency", found.urgency))
    change(found, "ticket.catalogued", fields, actor=actor, based_on=based_on)
    return found


def _refuse_misplaced(site: Site | None, location: Location | None) -> None:
    if location is not None and (site is None or location.site_id != site.id):
        raise NotPlaced(location=location.name, site=site.name if site is not None else "–")


@transaction.atomic
def set_status(
    ticket: Ticket | int,
    status: Status,
    *,
    actor: Actor,
    until: datetime | None = None,
    based_on: Based | None = None,
) -> Ticket:
    """Say how it stands; "waiting for date" needs `until`. Records "ticket.status".

    A requester may confirm (close) what was resolved. Raises NotFound, NotAllowed, Invalid, Changed.
    """
    found = locked(ticket, "read", actor)
    _refuse_status(found, status, actor)
    fields = status_fields(found, status)
    if status.kind == Status.Kind.WAITING_DATE:
        if until is None or until <= clock.now():
            raise Invalid("until", "give a moment in the future")
        fields["wake_at"] = until
    change(found, "ticket.status", fields, actor=actor, based_on=based_on)
    return found


def _refuse_status(ticket: Ticket, status: Status, actor: Actor) -> None:
    view = view_of(ticket, actor)
    if actor.is_system or (view is not None and view.may("status")):
        return
    confirms = view is not None and view.may("confirm") and status.kind == Status.Kind.CLOSED
    if not (confirms and ticket.state in (Status.Kind.RESOLVED, Status.Kind.CLOSED)):
        raise NotAllowed


@transaction.atomic
def reopen(ticket: Ticket | int, *, actor: Actor, because: str = "") -> Ticket:
    """Take a done ticket up again, at its last team. Records "ticket.reopened". Raises NotFound, NotAllowed."""
    found = locked(ticket, "read", actor)
    view = view_of(found, actor)
    if not (actor.is_system or (view is not None and (view.may("status") or view.may("reopen")))):
        raise NotAllowed
    # A question that never arrived keeps nobody waiting for its answer (P5.2).
    waits_in_vain = because == "unreached" and found.state == Status.Kind.WAITING_REQUESTER
    if found.is_open and because != "unreached":
        return found
    fields: dict[str, Any] = {"awaits_reply": True}
    if waits_in_vain or not found.is_open:
        fields |= status_fields(found, status_of(Status.Kind.OPEN))
        fields["awaits_reply"] = True
    elif found.awaits_reply:
        return found
    if found.assignee is not None and not found.assignee.is_active:
        fields["assignee"] = None
    change(found, "ticket.reopened", fields, actor=actor, data={"because": because})
    return found


@transaction.atomic
def set_impact(
    ticket: Ticket | int,
    *,
    actor: Actor,
    people: int | None = KEEP,
    percent: int | None = KEEP,
    since: datetime | None = KEEP,
    until: datetime | None = KEEP,
    based_on: Based | None = None,
) -> Ticket:
    """Say who cannot work, by how much (per cent), from when to when. Records "ticket.impact".

    Raises NotFound, NotAllowed, Invalid, Changed.
    """
    found = locked(ticket, "impact", actor)
    asked: dict[str, Any] = {
        "impact_people": people,
        "impact_percent": percent,
        "impact_from": since,
        "impact_to": until,
    }
    fields = {name: value for name, value in asked.items() if value is not KEEP}
    if fields.get("impact_percent") is not None and not 0 <= fields["impact_percent"] <= 100:
        raise Invalid("percent", "0 to 100")
    if fields.get("impact_people") is not None and not 0 <= fields["impact_people"] <= 1_000_000:
        raise Invalid("people", "0 to 1,000,000")
    begins = fields.get("impact_from", found.impact_from)
    ends = fields.get("impact_to", found.impact_to)
    if begins is not None and ends is not None and ends < begins:
        raise Invalid("until", "the end lies before the beginning")
    change(found, "ticket.impact", fields, actor=actor, based_on=based_on)
    return found


@transaction.atomic
def snooze(ticket: Ticket | int, until: datetime, *, actor: Actor) -> Ticket:
    """Let it sleep until a moment; a human answer wakes it earlier. Records "ticket.snoozed".

    Raises NotFound, NotAllowed, Invalid, TicketClosed.
    """
    found = locked(ticket, "status", actor)
    if not found.is_open:
        raise TicketClosed(number=found.number)
    if until <= clock.now():
        raise Invalid("until", "give a moment in the future")
    change(found, "ticket.snoozed", {"wake_at": until}, actor=actor, is_news=False)
    return found


@transaction.atomic
def wake(ticket: Ticket | int, *, actor: Actor) -> Ticket:
    """Its time has come: open again and on top of the list (P47.1). Records "ticket.woken"."""
    found = locked(ticket, "status", actor)
    if found.wake_at is None:
        return found
    fields: dict[str, Any] = {"wake_at": None}
    if found.state == Status.Kind.WAITING_DATE:
        fields |= status_fields(found, status_of(Status.Kind.OPEN))
    change(found, "ticket.woken", fields, actor=actor)
    return found


@transaction.atomic
def plan(
    ticket: Ticket | int,
    *,
    actor: Actor,
    technician: Person | None = KEEP,
    planned_at: datetime | None = KEEP,
    work_place: str = KEEP,
    based_on: Based | None = None,
) -> Ticket:
    """Say who comes, when, and whether at all on site. Records "ticket.planned".

    Raises NotFound, NotAllowed, NotInTeam, TicketClosed, Changed.
    """
    found = locked(ticket, "plan", actor)
    if not found.is_open:
        raise TicketClosed(number=found.number)
    asked: dict[str, Any] = {"technician": technician, "planned_at": planned_at, "work_place": work_place}
    fields = {name: value for name, value in asked.items() if value is not KEEP}
    refuse_unknown_words(work_place=fields.get("work_place", ""))
    if fields.get("technician") is not None and not _works_in(fields["technician"], found.team_id):
        raise NotInTeam(name=fields["technician"].name, team=found.team.name)
    if fields.get("planned_at") is not None:
        fields |= status_fields(found, status_of(Status.Kind.PLANNED))
    elif fields.get("planned_at", KEEP) is None and found.state == Status.Kind.PLANNED:
        fields |= status_fields(found, status_of(Status.Kind.OPEN))
    change(found, "ticket.planned", fields, actor=actor, based_on=based_on)
    return found


@transaction.atomic
def change_requester(ticket: Ticket | int, to: Person, *, actor: Actor) -> Ticket:
    """Say whose ticket it really is (P30.3). Records "ticket.requester_changed". Raises NotFound, NotAllowed."""
    found = locked(ticket, "requester", actor)
    if not to.is_active:
        raise Invalid("requester", f"{to.name} is no longer active")
    if change(found, "ticket.requester_changed", {"requester": to}, actor=actor):
        found.participants.filter(person=to).delete()
        search.move(found.number, scope_of(found))
        _index_first(found)
    return found


@transaction.atomic
def change_subject(ticket: Ticket | int, subject: str, *, actor: Actor, based_on: Based | None = None) -> Ticket:
    """Give the ticket a better subject. Records "ticket.subject_changed". Raises NotFound, NotAllowed, Invalid."""
    found = locked(ticket, "catalogue", actor)
    wanted = one_line(subject)
    if not wanted:
        raise Invalid("subject", "write a few words")
    if wanted != found.subject:
        old = Part("subject before", found.subject, str(found.requester.uid))
        new = Part("subject", wanted, str(actor.who.uid) if actor.who else "")
        change(found, "ticket.subject_changed", {"subject": wanted}, actor=actor, parts=[old, new], based_on=based_on)
        _index_first(found)
    return found


def _index_first(ticket: Ticket) -> None:
    first = Entry.objects.filter(ticket=ticket, seq=1).first()
    if first is not None:
        index_entry(ticket, first, list(first.attachments.values_list("name", flat=True)))


def _works_in(person: Person, team_id: int) -> bool:
    role = Membership.objects.filter(person=person, team_id=team_id).values_list("role", flat=True).first()
    return person.is_active and role is not None and "reply" in RIGHTS[role]
