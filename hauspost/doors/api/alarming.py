"""Alarms of a monitoring system: the first one opens a ticket, repeats join it, recovery resolves it (P38.2)."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.doors.api.models import AlarmKey
from hauspost.ground import clock
from hauspost.ground.db import hold
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.actions import NewTicket, open_ticket
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Channel, Status, Ticket
from hauspost.records.tickets.reading import View, view_of
from hauspost.records.tickets.writing import Writing

# The same words again within this time are counted, not written: an alarm that comes every minute fills no ticket.
QUIET = timedelta(minutes=10)


@dataclass(frozen=True)
class Outcome:
    """What became of an alarm: opened, attached, counted, reopened, resolved, or nothing."""

    word: str
    ticket: int | None
    times: int


@transaction.atomic
def raise_alarm(dedup_key: str, text: str, new: NewTicket, *, actor: Actor) -> Outcome:
    """Let an alarm have its ticket: the standing one of its key, or a new one. Raises NotAllowed.

    What somebody resolved meanwhile is taken up again, as the alarm says that it is not well; what is closed gets a
    new ticket, linked as its successor.
    """
    person = _integration(actor)
    if not actor.may("open", new.team.id):
        raise NotAllowed
    row = _standing(person, dedup_key)
    ticket = _ticket_of(row)
    if row is None or ticket is None or ticket.state == Status.Kind.CLOSED:
        return _open(row, dedup_key, text, new, before=ticket, actor=actor)
    row.times += 1
    is_done = ticket.state in Status.DONE
    if not is_done and row.text_hash == _hash(text) and row.noted_at > clock.now() - QUIET:
        row.save(update_fields=["times"])
        return Outcome("counted", ticket.number, row.times)
    _write(ticket, text, actor)
    if is_done:
        actions.reopen(ticket, actor=actor)
    row.text_hash, row.noted_at = _hash(text), clock.now()
    row.save(update_fields=["times", "text_hash", "noted_at"])
    return Outcome("reopened" if is_done else "attached", ticket.number, row.times)


@transaction.atomic
def recover(dedup_key: str, text: str, *, actor: Actor) -> Outcome:
    """Resolve the ticket of an alarm that is over; its key is free again. Nothing happens where none stands.

    Where the ticket went to a team in which the caller has no role, the recovery is only written into it.
    """
    person = _integration(actor)
    row = _standing(person, dedup_key)
    ticket = _ticket_of(row)
    if row is None:
        return Outcome("nothing", None, 0)
    row.delete()
    if ticket is None:
        return Outcome("nothing", None, row.times)
    view = _write(ticket, text or _("The alarm is over."), actor)
    if not (view.may("status") or not ticket.is_open):
        return Outcome("attached", ticket.number, row.times)
    if ticket.is_open:
        actions.set_status(ticket, status_of(Status.Kind.RESOLVED), actor=actor)
    return Outcome("resolved", ticket.number, row.times)


def _write(ticket: Ticket, text: str, actor: Actor) -> View:
    """As an internal note; in a ticket that went to a team where the caller has no role, as its requester."""
    view = view_of(ticket, actor)
    if view is None:
        raise NotFound
    writing = Writing(text=text, channel=Channel.API, is_automatic=True)
    if view.may("note"):
        actions.note(ticket, writing, actor=actor)
    else:
        actions.add_answer(ticket, writing, author=actor.who, actor=actor)
    return view


def _open(
    row: AlarmKey | None, dedup_key: str, text: str, new: NewTicket, *, before: Ticket | None, actor: Actor
) -> Outcome:
    if before is not None:
        new = replace(new, links=[("successor", before.number)])
    ticket = open_ticket(new, Writing(text=text, channel=Channel.API, is_automatic=True), actor=actor)
    row = row or AlarmKey(person=_integration(actor), key_hash=_hash(dedup_key))
    row.ticket, row.text_hash, row.noted_at, row.times = ticket.number, _hash(text), clock.now(), 1
    row.save()
    return Outcome("opened", ticket.number, 1)


def _integration(actor: Actor) -> Person:
    if actor.who is None:
        raise NotAllowed
    return actor.who


def _standing(person: Person, dedup_key: str) -> AlarmKey | None:
    """The alarm of that key. Two that come at once are judged one after the other."""
    hold(f"alarm {person.pk} {_hash(dedup_key)}".encode())
    return AlarmKey.objects.filter(person=person, key_hash=_hash(dedup_key)).first()


def _ticket_of(row: AlarmKey | None) -> Ticket | None:
    return Ticket.objects.filter(number=row.ticket).first() if row is not None else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
