"""The sorting table: one new ticket at a time, what it is, whose it is, where it can be solved; digits choose."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk import choices
from hauspost.doors.desk.away import tell_if_away
from hauspost.doors.desk.counters import CappedCount
from hauspost.doors.desk.entries import entry_rows, shown_entries
from hauspost.doors.desk.forms import chosen, keyed, text_of, uid_of
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.sheet import ticket_for
from hauspost.doors.ui.acting import actor_of
from hauspost.ground.refusals import NotFound, Refused
from hauspost.records.catalogue.models import Category
from hauspost.records.people.absences import on_day, today
from hauspost.records.people.actor import RIGHTS, Actor
from hauspost.records.people.models import Membership, Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket, WorkPlace

# Three likely categories and two likely people leave a digit for every choice on the table.
_BEST, _PEOPLE = 3, 2
# So many of one's own tickets make a habit, which chooses a category in advance; fewer only offer it.
_HABIT = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose, and why it is offered."""

    value: str
    words: str
    why: str = ""
    is_best: bool = False


@at_the_desk
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/triage: the longest waiting one, or the one behind `?after=`."""
    actor = actor_of(request)
    waiting = list(Ticket.objects.at_desk_of(actor).to_sort().values_list("number", flat=True)[:200])
    if not waiting:
        return desk_page(request, "desk/triage_empty.html", current="triage")
    return HttpResponseRedirect(reverse("sorting", args=[waiting[0]]))


@at_the_desk
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """GET /desk/triage/42."""
    return table(request, number)


@at_the_desk
@require_POST
def filing(request: HttpRequest, number: int) -> HttpResponse:
    """POST /desk/triage/42/filing: catalogue, hand over where another team was chosen, assign; then the next one."""
    actor = actor_of(request)
    ticket, _view = ticket_for(number, actor)
    following = _neighbours(actor, number)[1]
    try:
        _file(request, ticket, actor)
    except NotFound:
        raise
    except Refused as refused:
        return table(request, number, refused=str(refused), status=refused.status)
    return HttpResponseRedirect(reverse("sorting", args=[following]) if following else reverse("triage"))


def _file(request: HttpRequest, ticket: Ticket, actor: Actor) -> None:
    with transaction.atomic():
        about: dict[str, Any] = {}
        category = text_of(request, "category")
        if category == "other":
            category = text_of(request, "other_category")
        if category:
            about["category"] = found = keyed(Category, category, "category")
            about["type"] = found.default_type if found is not None and found.default_type else ticket.type
        about["work_place"] = chosen(request, "work_place", ("", *WorkPlace.values))
        actions.catalogue(ticket, actor=actor, **about)
        who = text_of(request, "who")
        if who == "other":
            who = text_of(request, "other_who")
        if who.startswith("team:"):
            team = keyed(Team, who.removeprefix("team:"), "team")
            if team is not None and team.id != ticket.team_id:
                actions.hand_to(ticket, team, actor=actor, note=text_of(request, "note"))
        elif who:
            to = uid_of(who, "assignee")
            actions.assign(ticket, to, actor=actor)
            tell_if_away(request, ticket, to)


def table(request: HttpRequest, number: int, *, refused: str = "", status: int = 200) -> HttpResponse:
    """The table with one letter on it."""
    actor = actor_of(request)
    ticket, view = ticket_for(number, actor)
    # Whoever only helps on this one ticket sorts nothing: the table draws on the whole team's tickets.
    if view.role != "agent" or not view.may("catalogue"):
        return HttpResponseRedirect(reverse("ticket", args=[number]))
    request.shows_mail_html = True  # type: ignore[attr-defined]
    rows = entry_rows(ticket.entries.filter(taken_back_at__isnull=True).order_by("seq")[:3])
    before, after, at, count = _neighbours(actor, number)
    categories = _likely(ticket)
    return desk_page(
        request,
        "desk/triage.html",
        current="triage",
        status=status,
        ticket=ticket,
        entries=shown_entries(rows, f"{reverse('ticket', args=[number])}/files/"),
        position=at,
        count=count,
        previous=before,
        next=after,
        refused=refused,
        categories=categories,
        all_categories=choices.categories(),
        people=_free_ones(ticket, actor),
        agents=choices.agents_of(ticket.team_id),
        other_teams=[pair for pair in choices.teams() if pair[0] != ticket.team.key],
        missing=_missing(ticket),
        picked={
            name: request.POST.get(name, "")
            for name in ("category", "other_category", "who", "other_who", "work_place", "note")
        },
    )


def _neighbours(actor: Actor, number: int) -> tuple[int | None, int | None, int, int]:
    """The ones before and after on the table, the position, and how many there are (200 at most)."""
    numbers = list(Ticket.objects.at_desk_of(actor).to_sort().values_list("number", flat=True)[:200])
    if number not in numbers:
        return None, (numbers[0] if numbers else None), 0, len(numbers)
    at = numbers.index(number)
    before = numbers[at - 1] if at else None
    after = numbers[at + 1] if at + 1 < len(numbers) else None
    return before, after, at + 1, len(numbers)


def _likely(ticket: Ticket) -> list[Choice]:
    """The categories this requester and this team need most: the likely ones first.

    None is chosen in advance but what the ticket has already, and what the requester's own tickets nearly always were:
    Enter files what is chosen.
    """
    recent = (
        Ticket.objects.filter(team=ticket.team_id, category__isnull=False)
        .order_by("-number")
        .values_list("category_id", "requester_id", "number")[:200]
    )
    scores: dict[int, int] = {}
    examples: dict[int, int] = {}
    own: dict[int, int] = {}
    for category, requester, number in recent:
        scores[category] = scores.get(category, 0) + (10 if requester == ticket.requester_id else 1)
        if requester == ticket.requester_id:
            own[category] = own.get(category, 0) + 1
        examples.setdefault(category, number)
    best = sorted(scores, key=lambda id_: -scores[id_])[:_BEST]
    if ticket.category_id and ticket.category_id not in best:
        best = [ticket.category_id, *best[: _BEST - 1]]
    if not best:
        best = list(
            Category.objects.active()
            .filter(Q(default_team=ticket.team_id) | Q(default_team__isnull=True), children__isnull=True)
            .values_list("id", flat=True)[:_BEST]
        )
    rows = {row.id: row for row in Category.objects.filter(id__in=best, archived_at__isnull=True)}
    chosen_already = ticket.category_id or _habit(own)
    found = []
    for row in (rows[id_] for id_ in best if id_ in rows):
        why = _("like #%(number)s") % {"number": examples[row.id]} if row.id in examples else ""
        found.append(Choice(row.key, row.path, why, row.id == chosen_already))
    return found


def _habit(own: dict[int, int]) -> int | None:
    """The category of at least three, and of three in four, of somebody's tickets."""
    most = max(own, key=lambda id_: own[id_], default=None)
    return most if most is not None and own[most] >= max(_HABIT, 0.75 * sum(own.values())) else None


def _free_ones(ticket: Ticket, actor: Actor) -> list[Choice]:
    """Who of the team could take it: oneself first, then those with the fewest open tickets; last who is away."""
    roles = [role for role, rights in RIGHTS.items() if "reply" in rights]
    members = Membership.objects.filter(team=ticket.team_id, role__in=roles, person__deactivated_at__isnull=True)
    # Of this team only: what somebody has in a confidential one is not told (P11.1). Counted one by one through the
    # index of open tickets: a join would read everything ever assigned to them.
    open_now = CappedCount(Ticket.objects.filter(assignee=OuterRef("person_id"), team=ticket.team_id).open())
    away = Exists(on_day(today()).filter(person_id=OuterRef("person_id")))
    asked = members.annotate(open_now=open_now, away=away)
    rows = list(asked.values_list("person__uid", "person__name", "person_id", "open_now", "away"))
    own = actor.who.id if actor.who is not None else 0
    rows.sort(key=lambda row: (row[4], row[2] != own, row[3], row[1]))
    return [
        Choice(
            str(uid), name, _("away") if away else _("%(count)s open") % {"count": count}, person == ticket.assignee_id
        )
        for uid, name, person, count, away in rows[:_PEOPLE]
    ]


def _missing(ticket: Ticket) -> list[str]:
    """What one would still like to know of it."""
    asked = []
    if ticket.site_id is None:
        asked.append(_("Site"))
    if ticket.type != "service_request" and ticket.impact_people is None:
        asked.append(_("How many people cannot work?"))
    return asked
