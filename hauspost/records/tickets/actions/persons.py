"""One person in the place of another, on many tickets at once: a colleague takes over, a double becomes the person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.search import actions as search
from hauspost.records.people.actor import RIGHTS, Actor
from hauspost.records.people.models import Membership, Person
from hauspost.records.tickets._changing import change, change_many
from hauspost.records.tickets.actions.entries import status_fields
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.indexing import document_of, scope_of
from hauspost.records.tickets.models import Attachment, Entry, Participant, Status, TeamShare, Ticket
from hauspost.records.tickets.rebuilding import PERSONS

BATCH = 200
_STRONGER = ("participant", "watcher", "helper")


@dataclass(frozen=True)
class HandedOver:
    """How many tickets found somebody new, and how many went back to their team."""

    to_person: int = 0
    to_team: int = 0


@transaction.atomic
def hand_over(of: Person, *, to: Person | None, actor: Actor, team_id: int | None = None) -> HandedOver:
    """Free the open tickets and planned visits of somebody who leaves: to a colleague where that one works in the
    ticket's team, else back to the team; a visit keeps its date.

    Administrators may without reading the tickets, agents for the teams in which they assign. `team_id` takes one
    team's tickets only. Records "ticket.assigned" (or "ticket.planned" where only a visit changes hands), because
    "leaving", once a ticket. Raises NotAllowed, Invalid.
    """
    if to is not None and not to.is_active:
        raise Invalid("to", _("%(name)s is no longer active") % {"name": to.name})
    teams = set(_teams_of(of)) if actor.is_administrator else set(actor.teams_with("assign"))
    if team_id is not None:
        teams &= {team_id}
    if not teams and not actor.is_administrator:
        raise NotAllowed
    takes_over = set(_where_works(to)) if to is not None else set()
    to_person = to_team = 0
    theirs = Ticket.objects.open().filter(Q(assignee=of) | Q(technician=of), team_id__in=teams)
    numbers = list(theirs.order_by("number").values_list("number", flat=True))
    for ticket in chain.from_iterable(_locked_by_hundreds(numbers)):
        successor = to if ticket.team_id in takes_over else None
        fields: dict[str, Any] = {}
        if ticket.technician_id == of.id:
            fields["technician"] = successor
        if ticket.assignee_id == of.id:
            fields["assignee"] = successor
            if successor is not None and ticket.state == Status.Kind.NEW:
                fields |= status_fields(ticket, status_of(Status.Kind.OPEN))
        kind = "ticket.assigned" if "assignee" in fields else "ticket.planned"
        change(ticket, kind, fields, actor=actor, data={"because": "leaving"}, is_news=False)
        to_person += successor is not None
        to_team += successor is None
    return HandedOver(to_person, to_team)


def _teams_of(person: Person) -> Iterator[int]:
    """The teams whose open tickets name the person, member or not."""
    rows = Ticket.objects.open().filter(Q(assignee=person) | Q(technician=person))
    return iter(rows.order_by().values_list("team_id", flat=True).distinct())


def _where_works(person: Person) -> Iterator[int]:
    rows = Membership.objects.filter(person=person).values_list("team_id", "role")
    return (team for team, role in rows if "reply" in RIGHTS[role])


@dataclass
class Moved:
    """What stood in the double's name, as the record of a merge keeps it: enough to give it back.

    `fields`: the tickets by the field in which they named the double. `following`: per ticket what it took to follow
    it, each [role, is_confirmed, since_seq] or None: of the double, of the person before, of the person since.
    """

    fields: dict[str, list[int]] = field(default_factory=dict)
    following: dict[str, list[list[Any] | None]] = field(default_factory=dict)

    def tickets(self) -> list[int]:
        """Every ticket that was touched, in order."""
        numbers = {number for numbers in self.fields.values() for number in numbers}
        return sorted(numbers | {int(number) for number in self.following})


def held_by(person: Person) -> Moved:
    """Where a person stands in tickets: as requester, affected, assignee, technician, and whom they follow."""
    held = Moved()
    for name in PERSONS:
        numbers = list(Ticket.objects.filter(**{name: person}).order_by("number").values_list("number", flat=True))
        if numbers:
            held.fields[name] = numbers
    rows = Participant.objects.filter(person=person).order_by("ticket_id")
    held.following = {str(row.ticket_id): [_told(row), None, None] for row in rows}
    return held


def replace_person(double: Person, into: Person, *, actor: Actor) -> Moved:
    """Let tickets name the person where they named the double. Records "ticket.persons_merged", once a ticket.

    In the transaction of `duties.privacy.merging`, which asked who may. Answers what moved.
    """
    moved = held_by(double)
    following = Participant.objects.filter(person__in=[double, into])
    rows = {(row.ticket_id, row.person_id): row for row in following}
    both = {"person": str(into.uid), "double": str(double.uid)}
    for tickets in _locked_by_hundreds(moved.tickets()):
        changes: list[tuple[Ticket, Mapping[str, Any], Mapping[str, Any]]] = []
        for ticket in tickets:
            names = [name for name in PERSONS if getattr(ticket, f"{name}_id") == double.id]
            theirs, own = rows.get((ticket.number, double.id)), rows.get((ticket.number, into.id))
            asks = "requester" in names or ticket.requester_id == into.id
            data: dict[str, Any] = dict(both)
            if theirs is not None or (own is not None and asks):
                followed = _follow(theirs, own, into, asks=asks)
                moved.following[str(ticket.number)] = followed
                data["follow"] = _followers({into: followed[2]})
            changes.append((ticket, dict.fromkeys(names, into), data))
        change_many(changes, "ticket.persons_merged", actor=actor)
    _find_anew(moved.fields.get("requester", []))
    return moved


def give_back(double: Person, into: Person, moved: Moved, *, actor: Actor) -> tuple[int, int]:
    """Let tickets name the double again where nothing has changed since.

    Records "ticket.persons_parted", once a ticket. In the transaction of `duties.privacy.merging`. Answers how many
    tickets went back and how many stay, at least in part.
    """
    asked: Mapping[str, frozenset[int]] = {name: frozenset(numbers) for name, numbers in moved.fields.items()}
    back, stay, requests = 0, 0, []
    both = {"person": str(double.uid), "double": str(into.uid)}
    for tickets in _locked_by_hundreds(moved.tickets()):
        changes: list[tuple[Ticket, Mapping[str, Any], Mapping[str, Any]]] = []
        parting: list[tuple[Ticket, list[list[Any] | None]]] = []
        for ticket in tickets:
            wanted = [name for name, numbers in asked.items() if ticket.number in numbers]
            names = [name for name in wanted if getattr(ticket, f"{name}_id") == into.id]
            followed = moved.following.get(str(ticket.number))
            parts = followed is not None and _is_as_made(ticket, double, into, followed[2])
            if len(names) == len(wanted) and (followed is None or parts):
                back += 1
            else:
                stay += 1
            data: dict[str, Any] = dict(both)
            if followed is not None and parts:
                parting.append((ticket, followed))
                asks = double if "requester" in names else ticket.requester
                before = {double: followed[0], into: followed[1]}
                data["follow"] = _followers({person: told for person, told in before.items() if person != asks})
            if names or parts:
                changes.append((ticket, dict.fromkeys(names, double), data))
            if "requester" in names:
                requests.append(ticket.number)
        change_many(changes, "ticket.persons_parted", actor=actor)
        for ticket, (theirs, own, _made) in parting:
            _part(ticket, {double: theirs, into: own})
    _find_anew(requests)
    return back, stay


def _locked_by_hundreds(numbers: Sequence[int]) -> Iterator[list[Ticket]]:
    """The tickets under their locks, in order, some at a time, with everybody whom an event would name."""
    rest = iter(numbers)
    while chunk := list(islice(rest, BATCH)):
        rows = Ticket.objects.select_for_update(of=("self",)).with_people().select_related("affected", "technician")
        yield list(rows.filter(number__in=chunk).order_by("number"))


def _followers(told: Mapping[Person, list[Any] | None]) -> list[list[Any]]:
    """Who of the two follows from now on, as the event keeps it: [uid, is confirmed]."""
    return [[str(person.uid), row[1]] for person, row in told.items() if row is not None]


def _told(row: Participant | None) -> list[Any] | None:
    return [row.role, row.is_confirmed, row.since_seq] if row is not None else None


def _follow(theirs: Participant | None, own: Participant | None, into: Person, *, asks: bool) -> list[list[Any] | None]:
    """Let the person follow what the double followed, with the stronger part; who asks no longer merely takes part."""
    before = [_told(theirs), _told(own)]
    kept = None
    if asks:
        Participant.objects.filter(id__in=[row.id for row in (theirs, own) if row is not None]).delete()
    elif theirs is not None and own is not None:
        theirs.delete()
        kept = own
        sure = [row for row in (theirs, own) if row.is_confirmed] or [theirs, own]
        kept.since_seq = min(row.since_seq for row in sure)
        kept.is_confirmed = sure[0].is_confirmed
        kept.role = max((row.role for row in sure), key=_STRONGER.index)
        kept.save(update_fields=["role", "since_seq", "is_confirmed"])
    elif theirs is not None:
        kept = theirs
        kept.person = into
        kept.save(update_fields=["person"])
    return [*before, _told(kept)]


def _is_as_made(ticket: Ticket, double: Person, into: Person, made: list[Any] | None) -> bool:
    """Does the person still follow as the merge left it, and the double not?"""
    rows = {row.person_id: row for row in Participant.objects.filter(ticket=ticket, person__in=[double, into])}
    return double.id not in rows and _told(rows.get(into.id)) == made


def _part(ticket: Ticket, before: Mapping[Person, list[Any] | None]) -> None:
    """Both follow again what they followed before; but nobody what they ask for themselves."""
    Participant.objects.filter(ticket=ticket, person__in=before).delete()
    for person, told in before.items():
        if told is not None and ticket.requester_id != person.id:
            role, is_confirmed, since = told
            Participant.objects.create(
                ticket=ticket,
                person=person,
                role=role,
                is_confirmed=is_confirmed,
                since_seq=since,
                created_at=clock.now(),
            )


def _find_anew(numbers: Sequence[int]) -> None:
    """Let the tickets be found by their new requester: their scope, and the name in their first entry."""
    rest = iter(numbers)
    while chunk := list(islice(rest, BATCH)):
        tickets = {row.number: row for row in Ticket.objects.filter(number__in=chunk).select_related("requester")}
        sharing: dict[int, list[int]] = {number: [] for number in tickets}
        shares = TeamShare.objects.filter(ticket_id__in=chunk).order_by("team_id")
        for number, team in shares.values_list("ticket_id", "team_id"):
            sharing[number].append(team)
        for number, ticket in tickets.items():
            search.move(number, scope_of(ticket, sharing[number]))
        first = list(Entry.objects.filter(ticket_id__in=chunk, seq=1).order_by("id"))
        names: dict[int, list[str]] = {}
        files = Attachment.objects.filter(entry__in=first).order_by("position", "id")
        for entry_id, name in files.values_list("entry_id", "name"):
            names.setdefault(entry_id, []).append(name)
        search.index_many(
            document_of(tickets[one.ticket_id], one, names.get(one.id, []), sharing[one.ticket_id])
            for one in first
            if one.text or one.author_name or one.subject
        )
