"""What is left of a ticket when its time is over: number, dates, team, category; no person and no word (P41.1)."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.history.erasing import erase_parts_of
from hauspost.ground.history.models import Event
from hauspost.ground.search import actions as search
from hauspost.records.people.actions.anonymous import anonymous_person
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets._changing import change
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import (
    Attachment,
    Entry,
    KnownMessage,
    NumberElsewhere,
    Participant,
    Satisfaction,
    Status,
    Tag,
    TeamShare,
    Ticket,
)

ERASED = "…"
_SUBJECTS = ("subject", "subject before")


def expire(ticket: Ticket, *, with_subject: bool, actor: Actor) -> list[Blob]:
    """Take every person and every word out of a locked, done ticket. Records "ticket.expired".

    The subject stays for reports, unless `with_subject` or it names somebody of the ticket. The event declares the
    parts that are gone. Answers bytes nobody needs any more; in the retention duty's transaction.
    """
    subject_goes = with_subject or _names_somebody(ticket)
    parts = erase_parts_of(ticket.stream, keep=() if subject_goes else _SUBJECTS)
    released = _forget_entries(ticket)
    anonymous = anonymous_person()
    Participant.objects.filter(ticket=ticket).delete()
    TeamShare.objects.filter(ticket=ticket).delete()
    KnownMessage.objects.filter(ticket=ticket).delete()
    Satisfaction.objects.filter(ticket=ticket).update(words="", person=anonymous)
    search.forget(ticket.number)
    if with_subject:
        Tag.objects.filter(ticket=ticket).delete()
    NumberElsewhere.objects.filter(ticket=ticket).delete()
    if subject_goes:
        Ticket.objects.filter(number=ticket.number).update(subject="")
    data = {"what": "delete" if with_subject else "anonymise", "parts": parts}
    change(ticket, "ticket.expired", _nobody(ticket, anonymous), actor=actor, data=data, is_news=False)
    return released


def has_expired(ticket: Ticket) -> bool:
    """Was it emptied? Then its record's uids are shown as nobody's."""
    return Event.objects.filter(stream__name=ticket.stream, kind="ticket.expired").exists()


def _nobody(ticket: Ticket, anonymous: Person) -> dict[str, Any]:
    fields: dict[str, Any] = {"requester": anonymous, "affected": None, "assignee": None, "technician": None}
    if ticket.state != Status.Kind.CLOSED:
        # What comes late opens a new ticket (P13.3), and does not fill an emptied one again.
        status = status_of(Status.Kind.CLOSED)
        fields |= {"status": status, "state": status.kind, "closed_at": ticket.resolved_at}
    return fields


def _forget_entries(ticket: Ticket) -> list[Blob]:
    released: list[Blob] = []
    entries = Entry.objects.filter(ticket=ticket)
    for entry in entries.only("id").order_by("id"):
        released += files.release(entry.owner)
    Attachment.objects.filter(entry__ticket=ticket).update(blob=None, name=ERASED, content_type="", content_id="")
    entries.update(
        text="", html="", quoted_html="", author=None, author_name="", author_address="", subject="", message_id="",
        recipients=[], evidence={},
    )  # fmt: skip
    return released


def _names_somebody(ticket: Ticket) -> bool:
    """Does the subject hold a name, or part of one, or an address, of anybody who had to do with the ticket?"""
    low = ticket.subject.casefold()
    return any(word in low for word in _words_of(_people_of(ticket)))


def _people_of(ticket: Ticket) -> Sequence[Person]:
    taking_part = Participant.objects.filter(ticket=ticket).values("person")
    wrote = Entry.objects.filter(ticket=ticket, author__isnull=False).values("author")
    known = [one for one in (ticket.requester_id, ticket.affected_id, ticket.assignee_id, ticket.technician_id) if one]
    concerned = Q(id__in=known) | Q(id__in=taking_part) | Q(id__in=wrote)
    return list(Person.objects.filter(concerned).prefetch_related("addresses"))


def _words_of(people: Sequence[Person]) -> set[str]:
    words: set[str] = set()
    for person in people:
        names = person.name.casefold().split()
        words |= {name for name in names if len(name) > 2}
        words |= {row.address for row in person.addresses.all()}
    return words
