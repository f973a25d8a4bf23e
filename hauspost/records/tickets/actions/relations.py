"""Who follows a ticket, what it has to do with, and the words on it."""

from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.db import storable
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets._changing import allow, locked
from hauspost.records.tickets.models import Link, Participant, Tag, Ticket
from hauspost.records.tickets.refusals import SameTicket


@transaction.atomic
def add_participant(
    ticket: Ticket | int, person: Person, *, actor: Actor, role: str = "participant", from_now: bool = False
) -> Participant:
    """Let somebody follow the ticket (P49.1); `from_now` hides what was written before. Records "participant.added".

    A "helper" gets an agent's rights on this one ticket (P33.1). Raises NotFound, NotAllowed, Invalid.
    """
    found = locked(ticket, "participants", actor)
    if role not in Participant.Role.values:
        raise Invalid("role", ", ".join(Participant.Role.values))
    if role != "participant":
        allow(actor, "assign", found)
    if not person.is_active or person.id == found.requester_id:
        raise Invalid("person", f"{person.name} cannot be added")
    since = found.entries.count() + 1 if from_now else 1
    row, _new = Participant.objects.update_or_create(
        ticket=found,
        person=person,
        defaults={"role": role, "is_confirmed": True, "since_seq": since, "created_at": clock.now()},
    )
    data = {"person": str(person.uid), "role": role, "since": since}
    record("participant.added", found.stream, actor=actor, data=data)
    return row


@transaction.atomic
def confirm_participant(
    ticket: Ticket | int, person: Person, *, actor: Actor, with_history: bool = False
) -> Participant:
    """Confirm somebody whom a mail's Cc proposed: they see what follows, the history only on wish (S8).

    Records "participant.confirmed". Raises NotFound, NotAllowed.
    """
    found = locked(ticket, "participants", actor)
    row = Participant.objects.filter(ticket=found, person=person).first()
    if row is None:
        raise NotFound
    row.is_confirmed, row.since_seq = True, 1 if with_history else found.entries.count() + 1
    row.save(update_fields=["is_confirmed", "since_seq"])
    data = {"person": str(person.uid), "since": row.since_seq}
    record("participant.confirmed", found.stream, actor=actor, data=data)
    return row


@transaction.atomic
def remove_participant(ticket: Ticket | int, person: Person, *, actor: Actor) -> None:
    """Let somebody no longer follow. Records "participant.removed". Raises NotFound, NotAllowed."""
    found = locked(ticket, "participants", actor)
    if not Participant.objects.filter(ticket=found, person=person).delete()[0]:
        raise NotFound
    record("participant.removed", found.stream, actor=actor, data={"person": str(person.uid)})


def propose_participants(ticket: Ticket, people: list[Person], *, actor: Actor) -> None:
    """Note who stood in an incoming mail's Cc: nobody sees anything until confirmed. Records "participant.proposed"."""
    if people:
        _propose(ticket, people, actor)


@transaction.atomic
def _propose(ticket: Ticket, people: list[Person], actor: Actor) -> None:
    known = set(Participant.objects.filter(ticket=ticket).values_list("person_id", flat=True))
    fresh = [person for person in people if person.id not in known and person.id != ticket.requester_id]
    if fresh:
        moment = clock.now()
        Participant.objects.bulk_create(
            [Participant(ticket=ticket, person=person, created_at=moment) for person in fresh], ignore_conflicts=True
        )
        data = {"people": [str(person.uid) for person in fresh]}
        record("participant.proposed", ticket.stream, actor=actor, data=data)


@transaction.atomic
def link(ticket: Ticket | int, other: Ticket | int, kind: str, *, actor: Actor) -> Link:
    """Note that two tickets have to do with each other; the actor sees both. Records "ticket.linked".

    Raises NotFound, NotAllowed, SameTicket, Invalid.
    """
    found = locked(ticket, "link", actor)
    target = locked(other, "read", actor)
    if found.number == target.number:
        raise SameTicket(number=found.number)
    if kind not in Link.Kind.values:
        raise Invalid("kind", ", ".join(Link.Kind.values))
    row, new = Link.objects.get_or_create(ticket=found, other=target, kind=kind)
    if new:
        record("ticket.linked", found.stream, actor=actor, data={"other": target.number, "kind": kind})
    return row


@transaction.atomic
def unlink(ticket: Ticket | int, other: Ticket | int, kind: str, *, actor: Actor) -> None:
    """Take a link away. Records "ticket.unlinked". Raises NotFound, NotAllowed."""
    found = locked(ticket, "link", actor)
    number = locked(other, "read", actor).number
    if not Link.objects.filter(ticket=found, other_id=number, kind=kind).delete()[0]:
        raise NotFound
    record("ticket.unlinked", found.stream, actor=actor, data={"other": number, "kind": kind})


@transaction.atomic
def tag(ticket: Ticket | int, word: str, *, actor: Actor) -> Tag:
    """Put a word on the ticket; lower-case, one line. Records "ticket.tagged". Raises NotFound, NotAllowed, Invalid."""
    found = locked(ticket, "tag", actor)
    clean = tag_word(word)
    if not clean:
        raise Invalid("tag", "write a word")
    row, new = Tag.objects.get_or_create(ticket=found, word=clean)
    if new:
        record("ticket.tagged", found.stream, actor=actor, data={"tag": clean})
    return row


@transaction.atomic
def untag(ticket: Ticket | int, word: str, *, actor: Actor) -> None:
    """Take a word off the ticket. Records "ticket.untagged". Raises NotFound, NotAllowed."""
    found = locked(ticket, "tag", actor)
    clean = tag_word(word)
    if not Tag.objects.filter(ticket=found, word=clean).delete()[0]:
        raise NotFound
    record("ticket.untagged", found.stream, actor=actor, data={"tag": clean})


def tag_word(word: str) -> str:
    """A tag as it is kept: lower-case, one word, at most 60 characters."""
    return "-".join(storable(word.replace("\0", "")).casefold().split())[:60]
