"""Whom and what somebody may know of, for whatever names others: lists, links, events, hits, notices (P11.1)."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, PersonQuerySet, Team
from hauspost.records.tickets.models import Participant, Ticket
from hauspost.records.tickets.reading import TicketQuerySet, View

# No number in a page is shown above 999+ (P15.3), so that nobody counts further.
MOST_COUNTED = 1000


def persons_known_to(actor: Actor) -> "QuerySet[Person]":
    """The persons that somebody may look up, erased and merged ones aside.

    Administrators and auditors: everybody but strangers of confidential teams alone. Agents: the company's own people
    who are here, and strangers as far as tickets of their teams name them. Others: only themselves.
    """
    there: QuerySet[Person] = Person.objects.filter(erased_at__isnull=True, merged_into__isnull=True)
    who = actor.who
    if actor.is_administrator or (who is not None and who.is_active and who.is_auditor):
        return there & without_secret_strangers(actor)
    if actor.is_agent:
        teams = actor.teams_with("read")
        asked, takes_part = _about_person()
        met = Exists(asked.filter(team__in=teams)) | Exists(takes_part.filter(ticket__team__in=teams))
        return there.filter(Q(is_external=False) | met, deactivated_at__isnull=True)
    return there.filter(pk=who.pk) if who is not None else there.none()


def without_secret_strangers(actor: Actor) -> PersonQuerySet:
    """Everybody but strangers who have to do with confidential teams of others only: that, too, is theirs (P11.1)."""
    hidden = Team.objects.filter(is_confidential=True).exclude(id__in=actor.teams_with("read")).values("id")
    asked, takes_part = _about_person()
    in_secret = Exists(asked.filter(team__in=hidden)) | Exists(takes_part.filter(ticket__team__in=hidden))
    elsewhere = Exists(asked.exclude(team__in=hidden)) | Exists(takes_part.exclude(ticket__team__in=hidden))
    found: PersonQuerySet = Person.objects.filter(Q(is_external=False) | ~in_secret | elsewhere)
    return found


def _about_person() -> "tuple[QuerySet[Ticket], QuerySet[Participant]]":
    """What a person of an outer query asked for, and what they take part in."""
    return Ticket.objects.filter(requester=OuterRef("pk")), Participant.objects.filter(person=OuterRef("pk"))


def teams_counted_for(reader: Actor) -> set[int]:
    """All teams but confidential ones: how many tickets those have is told to their members only (P11.1)."""
    told = Q(is_confidential=False) | Q(id__in=reader.teams_with("read"))
    return set(Team.objects.filter(told).values_list("id", flat=True))


def count_known(tickets: TicketQuerySet, reader: Actor) -> int:
    """How many of these tickets, as far as the reader may know; a thousand stands for more."""
    known = Q(team__is_confidential=False) | Q(team__in=reader.teams_with("read"))
    return tickets.filter(known).order_by().values("number")[:MOST_COUNTED].count()


def seen_at_desk(numbers: Collection[int], actor: Actor) -> dict[int, View]:
    """Those of these tickets that the actor sees at the desk, and as what; of the rest not even the number (P11.1)."""
    if not numbers or actor.who is None:
        return {}
    these = Ticket.objects.filter(number__in=numbers)
    found: dict[int, View] = {}
    for role, tickets in (
        ("helper", these.helped_by(actor.who)),
        ("sharing", these.shared_with_teams_of(actor)),
        ("agent", these.at_desk_of(actor)),
    ):
        found |= dict.fromkeys(tickets.values_list("number", flat=True), View(role))
    return found


def asked_for_by(numbers: Collection[int], actor: Actor) -> dict[int, View]:
    """Those of these tickets that the actor asked for."""
    if not numbers or actor.who is None:
        return {}
    own = Ticket.objects.filter(number__in=numbers).of_requester(actor.who)
    return dict.fromkeys(own.values_list("number", flat=True), View("requester"))
