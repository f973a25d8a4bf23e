"""The named questions that tickets and entries answer; who may see what starts here."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.records.people.actor import Actor

if TYPE_CHECKING:
    from hauspost.records.people.models import Person
    from hauspost.records.tickets.models import Entry, Ticket

DONE = ("resolved", "closed")
WAITING = ("waiting_requester", "waiting_third", "waiting_date")

PAGE = 50


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of a list ended: keyset paging, never an offset (P15.6)."""

    at: datetime
    number: int

    def __str__(self) -> str:
        return f"{int(self.at.timestamp() * 1_000_000)}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """The cursor that an address names; None for anything else."""
        from datetime import UTC

        head, _, tail = text.partition("-")
        if not (head.isascii() and head.isdigit() and tail.isascii() and tail.isdigit() and len(head) < 18):
            return None
        return cls(datetime.fromtimestamp(int(head) / 1_000_000, UTC), min(int(tail), 2**63 - 1))


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Desk questions start from teams, portal questions from the person; the two are never OR-ed."""

    def at_desk_of(self, actor: Actor) -> Self:
        """The tickets of the teams in which the actor may read."""
        return self.filter(team_id__in=actor.teams_with("read"))

    def of_requester(self, person: "Person") -> Self:
        """What a person has asked for."""
        return self.filter(requester=person)

    def shared_with(self, person: "Person") -> Self:
        """What a person follows as a confirmed participant."""
        return self.filter(participants__person=person, participants__is_confirmed=True)

    def shared_with_teams_of(self, actor: Actor) -> Self:
        """What other teams work on and the actor's teams may read, too; but not one's own requests (P11.5)."""
        from hauspost.records.tickets.models import TeamShare

        teams = actor.teams_with("read")
        if not teams or actor.who is None:
            return self.none()
        shared = TeamShare.objects.filter(team_id__in=teams).values("ticket")
        affected = Q(affected=actor.who, affected__isnull=False)
        return (
            self.filter(number__in=shared, team__is_confidential=False)
            .exclude(team_id__in=teams)
            .exclude(requester=actor.who)
            .exclude(affected)
        )

    def helped_by(self, person: "Person") -> Self:
        """What a person was asked to help on (P33.1)."""
        from hauspost.records.tickets.models import Participant

        helping = Participant.objects.filter(person=person, role=Participant.Role.HELPER, is_confirmed=True)
        return self.filter(number__in=helping.values("ticket"))

    def followed_by(self, actor: Actor) -> Self:
        """What somebody reads at the desk beside their own teams' tickets: shared with a team, or to help on."""
        if actor.who is None:
            return self.none()
        shared = self.model.objects.shared_with_teams_of(actor).values("number")
        helped = self.model.objects.helped_by(actor.who).values("number")
        return self.filter(Q(number__in=shared) | Q(number__in=helped))

    def of_department(self, person: "Person") -> Self:
        """What the person's department asked for, with the right to see it; nothing of a confidential team (P49.1)."""
        if not _sees_department(person):
            return self.none()
        return self.filter(department_id=person.department_id, team__is_confidential=False)

    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)

    def done(self) -> Self:
        return self.filter(resolved_at__isnull=False)

    def to_sort(self) -> Self:
        """New ones, the longest waiting first: triage."""
        return self.filter(state="new").order_by("opened_at", "number")

    def waiting(self) -> Self:
        return self.filter(state__in=WAITING)

    def snoozed(self) -> Self:
        return self.filter(wake_at__isnull=False)

    def awake(self) -> Self:
        return self.filter(wake_at__isnull=True)

    def assigned_to(self, person: "Person") -> Self:
        return self.filter(assignee=person)

    def newest_first(self, before: Cursor | None = None) -> Self:
        """By last news; from a cursor on."""
        found = self.order_by("-changed_at", "-number")
        if before is None:
            return found
        return found.filter(
            Q(changed_at__lt=before.at) | Q(changed_at=before.at, number__lt=before.number), changed_at__lte=before.at
        )

    def with_people(self) -> Self:
        """With what nearly every verb and notice asks of a ticket; the rest comes when it is asked for."""
        return self.select_related("requester", "team", "assignee", "status")

    def with_names(self) -> Self:
        """With everything that a ticket's page names, in one query."""
        return self.select_related(
            "requester__department",
            "affected",
            "team",
            "assignee",
            "category",
            "site",
            "location",
            "status",
            "technician",
        )


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_in(self, view: "View") -> Self:
        """The entries that this view of the ticket shows."""
        if view.sees_notes:
            return self
        left = Q(leaves_at__isnull=True) | Q(leaves_at__lte=clock.now())
        return self.filter(left, is_public=True, taken_back_at__isnull=True, seq__gte=view.since_seq)


@dataclass(frozen=True)
class View:
    """As what a person sees one ticket.

    "agent" (of its team), "helper", "sharing" (of a team that may read it, too), "requester", "participant",
    "emergency" (break-glass), "auditor" or "department".
    """

    role: str
    since_seq: int = 1
    rights: frozenset[str] = frozenset()

    @property
    def sees_notes(self) -> bool:
        """Does this view show internal notes, held mails and the desk's own fields?"""
        return self.role in ("agent", "helper", "sharing", "emergency", "auditor")

    def may(self, right: str) -> bool:
        """May the person do this with the ticket?"""
        return right in self.rights

    def withholds(self, entry: "Entry") -> bool:
        """Are the words and files of an entry in this view the desk's only, although the entry is shown? (P22.5)"""
        return entry.is_for_desk_only and not self.sees_notes


def withheld_words() -> str:
    """What stands in the place of words that a view withholds."""
    return _("Came encrypted; only the desk reads it here.")


EVERYTHING = View("agent", rights=frozenset({"*"}))
# What anybody of the requester's side may read, who may do nothing.
REQUESTERS = View("requester")
REQUESTER_RIGHTS = frozenset({"read", "answer", "confirm", "reopen", "participants"})
READING = frozenset({"read"})
READING_AND_NOTING = frozenset({"read", "note"})


def view_of(ticket: "Ticket", actor: Actor) -> View | None:
    """The one function that decides whether, and as what, somebody sees a ticket (P11.1); None is "not at all"."""
    from hauspost.records.people.actor import RIGHTS

    if actor.is_system:
        return EVERYTHING
    person = actor.who
    if person is None or not person.is_active:
        return None
    role = actor.roles().get(ticket.team_id)
    if role is not None:
        return View("agent", rights=RIGHTS[role])
    taking_part = next(iter(ticket.participants.filter(person=person, is_confirmed=True)[:1]), None)
    if taking_part is not None and taking_part.role == "helper":
        return View("helper", rights=RIGHTS["agent"] - {"hand", "requester", "release", "participants"})
    if person.id in (ticket.requester_id, ticket.affected_id):
        return View("requester", rights=REQUESTER_RIGHTS)
    sharing = _as_sharing_team(ticket, actor)
    if sharing is not None:
        return sharing
    if taking_part is not None:
        return View("participant", taking_part.since_seq, frozenset({"read", "answer"}))
    return _as_onlooker(ticket, person, actor)


def _as_sharing_team(ticket: "Ticket", actor: Actor) -> View | None:
    """Members of a team that handed it on or got the mail, too: they read it, and who may write there adds notes."""
    teams = actor.teams_with("read")
    if not teams or ticket.team.is_confidential:
        return None
    sharing = list(ticket.shares.filter(team_id__in=teams).values_list("team_id", flat=True))
    if not sharing:
        return None
    may_note = any(actor.may("note", team) for team in sharing)
    return View("sharing", rights=READING_AND_NOTING if may_note else READING)


def _as_onlooker(ticket: "Ticket", person: "Person", actor: Actor) -> View | None:
    """Who has nothing to do with it, but a right to look: break-glass, audit, the department's head. All only read."""
    at_work = not actor.is_employee
    if at_work and person.is_administrator and _has_emergency_access(ticket, person):
        return View("emergency", rights=READING)
    if ticket.team.is_confidential:
        return None
    if at_work and person.is_auditor:
        return View("auditor", rights=READING)
    if _sees_department(person) and ticket.department_id == person.department_id:
        return View("department", rights=READING)
    return None


def _has_emergency_access(ticket: "Ticket", person: "Person") -> bool:
    from hauspost.records.tickets.models import EmergencyAccess

    return EmergencyAccess.objects.filter(ticket=ticket.number, person=person, until__gt=clock.now()).exists()


def _sees_department(person: "Person") -> bool:
    return person.is_active and person.sees_department and person.department_id is not None
