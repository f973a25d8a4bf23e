"""Legal holds: what must stay, whatever rule or wish says otherwise (P41.1)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from hauspost.duties.privacy.models import LegalHold
from hauspost.duties.privacy.refusals import HeldAlready, OnHold
from hauspost.ground import clock
from hauspost.ground.db import storable
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets.actions.erasing import not_secret_to, told_to
from hauspost.records.tickets.models import Entry, Ticket

LONGEST_REASON = 2000


@transaction.atomic
def place(on: Ticket | Person, reason: str, *, actor: Actor) -> LegalHold:
    """Keep a ticket, or everything of a person. Records "hold.placed". Raises NotAllowed, Invalid, HeldAlready."""
    if not actor.is_administrator:
        raise NotAllowed
    why = storable(" ".join(reason.split()))[:LONGEST_REASON]
    if not why:
        raise Invalid("reason", _("say why it has to stay"))
    ticket, person = (on, None) if isinstance(on, Ticket) else (None, on)
    if standing().filter(ticket=ticket, person=person).exists():
        raise HeldAlready
    hold = LegalHold.objects.create(ticket=ticket, person=person, reason=why, by=actor.who, since=clock.now())
    about = str(person.uid) if person is not None else ""
    record("hold.placed", on.stream, actor=actor, data={"hold": hold.id}, parts=[Part("reason", why, about)])
    return hold


@transaction.atomic
def lift(hold: LegalHold, *, actor: Actor) -> LegalHold:
    """Let rules and erasures apply again. Records "hold.lifted". Raises NotAllowed."""
    if not actor.is_administrator:
        raise NotAllowed
    kept = LegalHold.objects.select_for_update(of=("self",)).select_related("ticket", "person").get(id=hold.id)
    if kept.lifted_at is None:
        kept.lifted_at, kept.lifted_by = clock.now(), actor.who
        kept.save(update_fields=["lifted_at", "lifted_by"])
        on = kept.ticket or kept.person
        assert on is not None
        record("hold.lifted", on.stream, actor=actor, data={"hold": kept.id})
    return kept


def standing() -> "QuerySet[LegalHold]":
    """The holds that hold today."""
    return LegalHold.objects.filter(lifted_at__isnull=True)


def held_since(numbers: Collection[int]) -> Mapping[int, datetime]:
    """Since when holds stand on these tickets themselves."""
    found = standing().filter(ticket__in=numbers).values_list("ticket", "since")
    return {number: since for number, since in found if number is not None}


def told_numbers(holds: Iterable[LegalHold], reader: Actor) -> set[int]:
    """Which of the held tickets this reader may hear of: not those of confidential teams (P33.3)."""
    numbers = [hold.ticket_id for hold in holds if hold.ticket_id is not None]
    return set(Ticket.objects.filter(not_secret_to(reader), number__in=numbers).values_list("number", flat=True))


def held() -> Q:
    """Which tickets must stay: held themselves, or asked for, concerning or written in by somebody who is held."""
    people = standing().filter(person__isnull=False).values("person")
    # Entries keep the double who wrote them, whoever it was merged into.
    author = Q(author__in=people) | Q(author__merged_into__in=people)
    wrote = Entry.objects.filter(author, ticket=OuterRef("pk"))
    itself = standing().filter(ticket=OuterRef("pk"))
    return Q(requester__in=people) | Q(affected__in=people) | Exists(wrote) | Exists(itself)


def holding(person: Person, reader: Actor) -> list[str]:
    """What keeps a person from being erased: a hold on them, and held tickets with words of theirs."""
    found = [person.name] if standing().filter(person=person).exists() else []
    theirs = Q(ticket__requester=person) | Q(ticket__affected=person) | Q(ticket__entries__author=person)
    held_tickets = Ticket.objects.filter(number__in=standing().filter(theirs).values("ticket"))
    return found + told_to(reader, held_tickets, most=20)


def refuse_held(person: Person, reader: Actor) -> None:
    """Raises OnHold when something of this person has to stay."""
    found = holding(person, reader)
    if found:
        raise OnHold(what=", ".join(found))


def forget_reasons(holds: "QuerySet[LegalHold]") -> None:
    """What was said of lifted holds goes with what they held."""
    holds.filter(lifted_at__isnull=False).update(reason="")
