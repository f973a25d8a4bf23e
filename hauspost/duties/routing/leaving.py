"""Somebody leaves, or a team is dissolved: what is still in their hands, and who takes it over (P25.5)."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hauspost.duties.routing.refusals import TeamHasWork
from hauspost.records.catalogue.models import Category
from hauspost.records.people.absences import today
from hauspost.records.people.actions import archive_team, deactivate
from hauspost.records.people.actor import RIGHTS, Actor
from hauspost.records.people.models import Absence, Membership, Person, Team
from hauspost.records.tickets.actions.persons import HandedOver, hand_over
from hauspost.records.tickets.models import Ticket

# As many tickets of one team as somebody reads through; the counts are of all.
MOST = 200
_WORKS = [role for role, rights in RIGHTS.items() if "reply" in rights]


@dataclass(frozen=True)
class OpenWork:
    """What is still in somebody's hands. Tickets that the reader may not see are only counted, by team."""

    assigned: list[Ticket] = field(default_factory=list)
    visits: list[Ticket] = field(default_factory=list)
    # How many open tickets and visits there are by team, seen or not.
    by_team: dict[Team, int] = field(default_factory=dict)
    unseen: dict[Team, int] = field(default_factory=dict)
    # Teams without another lead, people who report to them, absences in which they stand in.
    led_alone: list[Team] = field(default_factory=list)
    reports: list[Person] = field(default_factory=list)
    deputy_for: list[Absence] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many open tickets and visits there are."""
        return sum(self.by_team.values())

    @property
    def is_empty(self) -> bool:
        """Is there nothing that somebody else has to take over?"""
        return not (self.by_team or self.led_alone or self.reports or self.deputy_for)


def open_work_of(person: Person, *, reader: Actor) -> OpenWork:
    """What somebody who leaves would leave behind; for an administrator, whose reading ends at confidential teams.

    At most 200 tickets of either kind are listed, the longest waiting first.
    """
    theirs = _tickets_of(person)
    counts = dict(theirs.order_by().values_list("team").annotate(Count("number")))
    teams = {team.id: team for team in Team.objects.filter(id__in=counts)}
    seen = set(counts) if reader.is_system else set(reader.teams_with("read")) & set(counts)
    listed = theirs.filter(team_id__in=seen).select_related("requester", "team", "status").order_by("changed_at")
    return OpenWork(
        assigned=list(listed.filter(assignee=person)[:MOST]),
        visits=list(listed.filter(technician=person)[:MOST]),
        by_team={teams[team]: number for team, number in sorted(counts.items())},
        unseen={teams[team]: number for team, number in sorted(counts.items()) if team not in seen},
        led_alone=_led_alone(person),
        reports=list(Person.objects.active().filter(line_manager=person).by_name()),
        deputy_for=list(
            Absence.objects.filter(deputy=person, ends_on__gte=today(), person__deactivated_at__isnull=True)
            .select_related("person")
            .order_by("starts_on", "id")
        ),
    )


def count_open_work(person: Person) -> int:
    """How many open tickets and visits are in somebody's hands, in all teams."""
    return _tickets_of(person).count()


def _tickets_of(person: Person) -> QuerySet[Ticket]:
    return Ticket.objects.open().filter(Q(assignee=person) | Q(technician=person))


def _led_alone(person: Person) -> list[Team]:
    leads = Membership.objects.filter(role=Membership.Role.LEAD)
    others = leads.exclude(person=person).filter(person__deactivated_at__isnull=True, person__merged_into__isnull=True)
    mine = Team.objects.active().filter(id__in=leads.filter(person=person).values("team"))
    return list(mine.exclude(id__in=others.values("team")))


def colleagues_for(person: Person) -> list[Person]:
    """Who could take the work over: whoever works in a team in which open tickets name the person."""
    teams = _tickets_of(person).order_by().values("team")
    working = Membership.objects.filter(team__in=teams, role__in=_WORKS)
    return list(Person.objects.active().filter(id__in=working.values("person")).exclude(id=person.id).by_name())


def hand_over_work(person: Person, *, to: Person | None, actor: Actor, team: Team | None = None) -> HandedOver:
    """Give the open tickets and planned visits of somebody who leaves to a colleague, or back to their teams.

    A ticket goes to the colleague where that one works in its team, else back to the team. One event a ticket; the
    colleague finds notices in the page and gets no mail for each. `team` hands over the tickets of one team only.
    Raises NotAllowed, Invalid.
    """
    return hand_over(person, to=to, actor=actor, team_id=team.id if team is not None else None)


@transaction.atomic
def let_go(person: Person, *, to: Person | None, actor: Actor) -> HandedOver:
    """Hand over the open work of somebody who leaves, and let them no longer act: both, or neither.

    Raises NotAllowed, Invalid, LastAdministrator.
    """
    handed = hand_over_work(person, to=to, actor=actor)
    deactivate(person, actor=actor)
    return handed


@transaction.atomic
def dissolve(team: Team, *, actor: Actor) -> None:
    """Archive a team that has nothing to do any more; its intake addresses take no mail from then on.

    Records "team.archived". Raises NotAllowed, TeamHasWork (open tickets, or categories that lead to it).
    """
    tickets = Ticket.objects.filter(team=team).open().count()
    categories = Category.objects.filter(default_team=team, archived_at__isnull=True)
    work = []
    if tickets:
        work.append(ngettext("%(number)s open ticket", "%(number)s open tickets", tickets) % {"number": tickets})
    if names := [category.name for category in categories[:5]]:
        work.append(_("new tickets of the categories %(names)s") % {"names": ", ".join(names)})
    if work and actor.is_administrator:
        raise TeamHasWork(name=team.name, work=", ".join(work))
    archive_team(team, actor=actor)
