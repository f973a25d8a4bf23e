"""The numbers in the rail: capped, so that no page counts more than a thousand of anything (P15.3)."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery

from hauspost.duties.notices.models import Notice
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.mail import outbox
from hauspost.ground.vitals import reading as vitals
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets.models import Participant, Ticket

CAP = 1000
_SECONDS = 15


class CappedCount(Subquery):
    """How many rows a query has, looking at no more than the cap."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"
    output_field = IntegerField()

    def __init__(self, queryset: "QuerySet[Any]", key: str = "number") -> None:
        super().__init__(queryset.order_by().values(key)[:CAP])


@dataclass(frozen=True)
class TeamCount:
    """A team in the rail, with its open tickets."""

    key: str
    words: dict[str, str]
    open: int


@dataclass(frozen=True)
class Counters:
    """What waits for this person."""

    triage: int
    mine: int
    waiting: int
    snoozed: int
    notices: int
    teams: list[TeamCount]
    # Has nothing been delivered or sent for five minutes, as no worker runs (P5.7)? Asked along with the numbers.
    worker_is_silent: bool
    # Can mail leave at all?
    mail_leaves: bool


def counters(actor: Actor) -> Counters:
    """The numbers of this person's views; at most a quarter of a minute old, and fresh after own changes."""
    assert actor.who is not None
    found = cache.get(_key(actor))
    if not isinstance(found, Counters):
        found = _count(actor, actor.who)
        cache.set(_key(actor), found, _SECONDS)
    return found


def _unread(teams: list[int]) -> "QuerySet[Notice]":
    """What was told of tickets of these teams, of those that one helps on, and of the house itself."""
    helping = Participant.objects.filter(
        person=OuterRef("person"), ticket=OuterRef("ticket"), role=Participant.Role.HELPER, is_confirmed=True
    )
    seen = Q(ticket=None) | Q(ticket__team__in=teams) | Exists(helping)
    return Notice.objects.filter(seen, person=OuterRef("pk")).unread()


def forget(actor: Actor) -> None:
    """Count anew: this person has just changed something."""
    cache.delete(_key(actor))


def _key(actor: Actor) -> str:
    assert actor.who is not None
    return f"rail:{actor.who.uid}"


def _count(actor: Actor, person: Person) -> Counters:
    teams = actor.teams_with("read")
    of_team = Ticket.objects.filter(team=OuterRef("pk"))
    rows = (
        Team.objects.active()
        .filter(id__in=teams)
        .annotate(open_count=CappedCount(of_team.open()), new_count=CappedCount(of_team.filter(state="new")))
        .values_list("key", "words", "open_count", "new_count")
    )
    listed = list(rows)
    desk = Ticket.objects.filter(team_id__in=teams)
    own = (
        Person.objects.filter(pk=person.pk)
        .annotate(
            mine=CappedCount(Ticket.objects.filter(assignee=OuterRef("pk")).open().awake()),
            waits=CappedCount(desk.waiting()),
            asleep=CappedCount(desk.snoozed()),
            unread=CappedCount(_unread(teams), "id"),
            worker_seen_at=Subquery(vitals.signs_of("work").values("seen_at")[:1]),
            sends=Exists(MailAccount.objects.active().exclude(smtp_host="")),
        )
        .values_list("mine", "waits", "asleep", "unread", "worker_seen_at", "sends")
        .get()
    )
    return Counters(
        triage=sum(new for _key, _words, _open, new in listed),
        # Who reads in no team asks for an empty set, which Django answers without a number.
        mine=own[0] or 0,
        waiting=own[1] or 0,
        snoozed=own[2] or 0,
        notices=own[3] or 0,
        teams=[TeamCount(key, words, count) for key, words, count, _new in listed],
        worker_is_silent=vitals.is_long_ago(own[4]),
        mail_leaves=own[5] or outbox.has_a_way_of_its_own(),
    )
