"""Opening a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hauspost.ground import clock, hot
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import NotAllowed
from hauspost.records.catalogue.models import Category
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Department, Person, Team
from hauspost.records.places.models import Location, Site, Workplace
from hauspost.records.tickets import rebuilding
from hauspost.records.tickets.company import one_line, priority_of, refuse_unknown_words, status_of
from hauspost.records.tickets.models import Entry, Level, Link, Participant, Ticket
from hauspost.records.tickets.refusals import NotPlaced
from hauspost.records.tickets.writing import Writing, entry_parts, write_entry

_SEAT = hot.Question(
    lambda person: (
        Workplace.objects.filter(person=person).select_related("site", "location").only("site__key", "location__key")
    )
)


@dataclass(frozen=True)
class NewTicket:
    """What is known of a matter when it is opened; the rest is the dispatcher's work."""

    subject: str
    requester: Person
    team: Team
    channel: str
    affected: Person | None = None
    category: Category | None = None
    type: str = ""
    impact: int = Level.LOW
    urgency: int = Level.MEDIUM
    site: Site | None = None
    location: Location | None = None
    # None is the requester's own.
    department: Department | None = None
    intake_address: str = ""
    impact_people: int | None = None
    impact_percent: int | None = None
    impact_from: datetime | None = None
    # Cc of the first mail, or colleagues named in the form.
    proposed: Sequence[Person] = ()
    confirmed: Sequence[Person] = ()
    # An older ticket that the text mentions or that this one succeeds: (kind of link, number).
    links: Sequence[tuple[str, int]] = ()
    # P53.1: the first text is the desk's own note; the requester does not see it.
    as_note: bool = False
    # Shall the requester be told that it has arrived?
    acknowledge: bool = True


@transaction.atomic
def open_ticket(new: NewTicket, writing: Writing, *, actor: Actor) -> Ticket:
    """Make a matter a ticket, with its first entry. Records "ticket.opened".

    By mail, by the requester in the portal, or by an agent for somebody (P53). Raises NotAllowed, NothingWritten,
    NotPlaced.
    """
    from_desk = _allowed(new, actor)
    refuse_unknown_words(impact=new.impact, urgency=new.urgency, type=new.type)
    if new.channel != "mail":
        writing.refuse_nothing()
    ticket = _row(new)
    hot.put(ticket)
    entry = write_entry(
        ticket,
        writing,
        seq=1,
        kind=Entry.Kind.NOTE if new.as_note else Entry.Kind.REQUEST,
        author=actor.who if new.as_note else new.requester,
        is_public=not new.as_note,
        is_from_desk=new.as_note,
        proof=actor.proof.value,
    )
    ticket.opened_with = entry
    participants = _take_part(ticket, new)
    links = [
        Link(ticket=ticket, other_id=number, kind=kind)
        for kind, number in new.links
        if Ticket.objects.filter(number=number).exists()
    ]
    hot.put_all(links)
    data = {
        "before": {},
        "after": rebuilding.snapshot(ticket),
        "entry": 1,
        "acknowledge": new.acknowledge and not new.as_note and not writing.is_automatic,
        "automatic": writing.is_automatic,
        "by desk": from_desk,
    }
    if writing.files:
        data["files"] = len(writing.files)
    if participants:
        data["participants"] = [{"person": str(row.person.uid), "confirmed": row.is_confirmed} for row in participants]
    if links:
        data["links"] = [{"kind": row.kind, "other": row.other_id} for row in links]
    subject = Part("subject", ticket.subject, str(new.requester.uid))
    record(
        "ticket.opened",
        ticket.stream,
        actor=actor,
        data=data,
        parts=[subject, *entry_parts(entry, writing.files)],
        new=True,
    )
    return ticket


def _allowed(new: NewTicket, actor: Actor) -> bool:
    """May the actor open this? Answers whether it is the desk that opens it."""
    if actor.is_system:
        return False
    if actor.may("open", new.team.id):
        return True
    # Everybody may ask for something, for oneself or for a colleague (P49.1: the affected person).
    if actor.who is None or not actor.who.is_active or new.as_note or actor.who != new.requester:
        raise NotAllowed
    return False


def _row(new: NewTicket) -> Ticket:
    moment, status = clock.now(), status_of("new")
    site, location = new.site, new.location
    if location is not None:
        site = site or location.site
        if location.site_id != site.id:
            raise NotPlaced(location=location.name, site=site.name)
    elif site is None:
        seat = _SEAT.first(new.affected or new.requester)
        site, location = (seat.site, seat.location) if seat is not None else (None, None)
    return Ticket(
        subject=one_line(new.subject),
        requester=new.requester,
        affected=new.affected,
        team=new.team,
        category=new.category,
        type=new.type or (new.category.default_type if new.category else ""),
        impact=new.impact,
        urgency=new.urgency,
        priority=priority_of(new.impact, new.urgency),
        site=site,
        location=location,
        department=new.department or new.requester.department,
        status=status,
        state=status.kind,
        channel=new.channel,
        intake_address=new.intake_address,
        impact_people=new.impact_people,
        impact_percent=new.impact_percent,
        impact_from=new.impact_from,
        opened_at=moment,
        changed_at=moment,
    )


def _take_part(ticket: Ticket, new: NewTicket) -> list[Participant]:
    confirmed = {person.id for person in new.confirmed}
    people = {person.id: person for person in (*new.confirmed, *new.proposed) if person.id != new.requester.id}
    rows = [
        Participant(ticket=ticket, person=person, is_confirmed=person.id in confirmed, created_at=ticket.opened_at)
        for person in people.values()
    ]
    hot.put_all(rows)
    return rows
