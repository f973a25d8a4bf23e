"""Tickets that are none: many marked as spam in one step, quietly, and taken back (P35.3)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actor import Actor
from hauspost.records.tickets import rebuilding
from hauspost.records.tickets._changing import change, locked
from hauspost.records.tickets.actions.entries import status_fields
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Status, Tag, Ticket

SPAM = "spam"
MOST_AT_ONCE = 500
_MARKED = "ticket.spam"


@transaction.atomic
def mark_as_spam(numbers: Iterable[int], *, actor: Actor) -> list[int]:
    """Close tickets as spam, all or none; nobody is told. Answers those that were not yet. Records "ticket.spam".

    Raises NotFound, NotAllowed, Invalid (more than 500 at once).
    """
    marked = []
    for number in _few(numbers):
        found = locked(number, "status", actor)
        _tag, is_new = Tag.objects.get_or_create(ticket=found, word=SPAM)
        if is_new:
            fields = status_fields(found, status_of(Status.Kind.CLOSED))
            change(found, _MARKED, fields, actor=actor, data={"tag": SPAM}, is_news=False)
            marked.append(number)
    return marked


@transaction.atomic
def take_from_spam(numbers: Iterable[int], *, actor: Actor) -> list[int]:
    """They were no spam: as before, unless somebody has changed their state since. Records "ticket.not_spam".

    Answers those that were marked. Raises NotFound, NotAllowed, Invalid (more than 500 at once).
    """
    taken = []
    for number in _few(numbers):
        found = locked(number, "status", actor)
        if Tag.objects.filter(ticket=found, word=SPAM).delete()[0]:
            change(found, "ticket.not_spam", _as_before(found), actor=actor, data={"tag": SPAM}, is_news=False)
            taken.append(number)
    return taken


def _few(numbers: Iterable[int]) -> Sequence[int]:
    # One order for everybody, so that two at once do not wait for each other.
    few = sorted(set(numbers))
    if len(few) > MOST_AT_ONCE:
        raise Invalid("number", f"at most {MOST_AT_ONCE} at once")
    return few


def _as_before(ticket: Ticket) -> dict[str, Any]:
    """What the marking changed, while the ticket is still as that left it; else it stays as it is."""
    marked = Event.objects.filter(stream__name=ticket.stream, kind=_MARKED).order_by("-id").first()
    if marked is None or ticket.state != Status.Kind.CLOSED:
        return {}
    before = data_of(marked)["before"]
    fields = {name: rebuilding.valued(name, value) for name, value in before.items() if name != "version"}
    return {name: value for name, value in fields.items() if name != "changed_at"}
