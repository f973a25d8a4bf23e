"""What all verbs share: take the ticket under its lock, check the right, change fields, record before and after."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F

from hauspost.ground import clock, hot
from hauspost.ground.history.actions import NewEvent, Part, record, record_many
from hauspost.ground.history.models import Event
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.tickets import rebuilding
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import View, view_of
from hauspost.records.tickets.refusals import Changed

_LOCKED = hot.Question(
    lambda number: Ticket.objects.select_for_update(of=("self",)).with_people().filter(number=number)
)
# What a page edited: {field: (value when the page was opened, value now)}, values as the record writes them.
Based = Mapping[str, Any]


def locked(ticket: Ticket | int, right: str, actor: Actor) -> Ticket:
    """The ticket as it is now, under its lock. Raises NotFound when the actor may not see it, NotAllowed."""
    number = ticket if isinstance(ticket, int) else ticket.number
    found = _LOCKED.first(number)
    if found is None:
        raise NotFound
    allow(actor, right, found)
    return found


def allow(actor: Actor, right: str, ticket: Ticket) -> View:
    """The gate of every verb on a ticket. Raises NotFound, NotAllowed."""
    view = view_of(ticket, actor)
    if view is None:
        raise NotFound
    if not (actor.is_system or view.may(right)):
        raise NotAllowed
    return view


def change(
    ticket: Ticket,
    kind: str,
    fields: Mapping[str, Any],
    *,
    actor: Actor,
    based_on: Based | None = None,
    data: Mapping[str, Any] | None = None,
    parts: Sequence[Part] = (),
    is_news: bool = True,
) -> Event | None:
    """Set fields of a locked ticket and record it; None when nothing changes.

    `is_news` lets the ticket rise in its lists. Raises Changed when a field meanwhile has a third value (P24.3).
    """
    names = [name for name, value in fields.items() if getattr(ticket, name) != value]
    if based_on:
        _refuse_conflicts(ticket, fields, names, based_on)
    if not names and not parts and not data:
        return None
    touched = [*names, *(["changed_at"] if is_news else []), "version"]
    before = rebuilding.snapshot(ticket, _recorded(touched))
    for name in names:
        setattr(ticket, name, fields[name])
    if is_news:
        ticket.changed_at = clock.now()
    ticket.version += 1
    hot.change(ticket, touched)
    after = rebuilding.snapshot(ticket, _recorded(touched))
    return record(
        kind, ticket.stream, actor=actor, data={"before": before, "after": after, **(data or {})}, parts=parts
    )


def change_many(
    changes: Sequence[tuple[Ticket, Mapping[str, Any], Mapping[str, Any]]], kind: str, *, actor: Actor
) -> None:
    """The same for some hundred locked tickets at once, each with its fields and what else its event keeps.

    Quietly: nobody's list moves.
    """
    events: list[NewEvent] = []
    alike: dict[tuple[str, Any], list[int]] = {}
    for ticket, fields, data in changes:
        names = [*(name for name, value in fields.items() if getattr(ticket, name) != value), "version"]
        before = rebuilding.snapshot(ticket, names)
        for name in names[:-1]:
            setattr(ticket, name, fields[name])
            alike.setdefault((name, fields[name]), []).append(ticket.number)
        ticket.version += 1
        after = rebuilding.snapshot(ticket, names)
        events.append(NewEvent(kind, ticket.stream, {"before": before, "after": after, **data}))
    for (name, value), numbers in alike.items():
        Ticket.objects.filter(number__in=numbers).update(**{name: value})
    Ticket.objects.filter(number__in=[one[0].number for one in changes]).update(version=F("version") + 1)
    record_many(events, actor=actor)


def _recorded(names: Sequence[str]) -> list[str]:
    """The subject is personal: it enters the record as a part, not here."""
    return [name for name in names if name in rebuilding.FIELDS]


def _refuse_conflicts(ticket: Ticket, fields: Mapping[str, Any], names: Sequence[str], based_on: Based) -> None:
    conflicts = {}
    for name in names:
        now = ticket.subject if name == "subject" else rebuilding.value_of(ticket, name)
        if name in based_on and based_on[name] != now:
            conflicts[name] = (getattr(ticket, name), fields[name])
    if conflicts:
        raise Changed(number=ticket.number, conflicts=conflicts)
