"""The lists of the desk: mine, a team's, all open, waiting, snoozed, followed, closed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hauspost.doors.desk.counters import counters
from hauspost.doors.desk.frame import at_the_desk, desk_page, sees_mailroom
from hauspost.doors.desk.rows import STATE_COLOURS, Page, newest_first, ticket_base
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.pages import page
from hauspost.duties.routing.absence import assigned_to_absent
from hauspost.records.people.absences import today
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team
from hauspost.records.tickets.models import Priority, Ticket
from hauspost.records.tickets.reading import Cursor


@dataclass(frozen=True)
class Listed:
    """A view of tickets: its name in addresses, its title, its tickets, and what an empty one says."""

    key: str
    title: str
    tickets: "QuerySet[Ticket]"
    href: str
    empty_title: str
    empty_words: str


_VIEWS: Mapping[str, Callable[[], str]] = {
    "mine": lambda: _("My tickets"),
    "open": lambda: _("All open"),
    "waiting": lambda: _("Waiting"),
    "snoozed": lambda: _("Snoozed"),
    "followed": lambda: _("Followed"),
    "absent": lambda: _("Of absent people"),
    "closed": lambda: _("Closed"),
}


def listed(key: str, actor: Actor) -> Listed:
    """The list of that key, as this person may see it. Raises Http404 for others."""
    if key.startswith("team:"):
        return _of_team(key.removeprefix("team:"), actor)
    if key not in _VIEWS or (key == "absent" and not sees_mailroom(actor)):
        raise Http404
    assert actor.who is not None
    desk = Ticket.objects.at_desk_of(actor)
    nothing = _("Nothing here")
    match key:
        case "mine":
            tickets = desk.assigned_to(actor.who).open().awake()
            nothing = _("Nothing waits for you")
            words = _("Tickets that are assigned to you appear here. Triage shows what nobody has taken yet.")
        case "open":
            tickets, words = desk.open(), _("There is no open ticket in your teams.")
        case "waiting":
            tickets = desk.waiting()
            words = _("Tickets that wait for the requester, a third party or a date appear here.")
        case "snoozed":
            tickets = desk.snoozed()
            words = _("A snoozed ticket sleeps here until its time comes or somebody answers.")
        case "followed":
            tickets = Ticket.objects.followed_by(actor).open()
            words = _("What your teams handed on, what was sent to you as well, and what you were asked to help on.")
        case "absent":
            tickets = assigned_to_absent(actor, on=today())
            words = _("Open tickets whose assignee is away today, or has left, appear here: hand them to somebody.")
        case _:
            tickets, words = desk.done(), _("Resolved and closed tickets appear here, newest first.")
    return Listed(key, _VIEWS[key](), tickets, url(key), nothing, words)


def _of_team(key: str, actor: Actor) -> Listed:
    team = Team.objects.filter(key=key, id__in=actor.teams_with("read")).first()
    if team is None:
        raise Http404
    words = _("This team has no open ticket.")
    tickets = Ticket.objects.filter(team=team).open()
    return Listed(f"team:{key}", team.name, tickets, url("team", key), _("All done"), words)


@at_the_desk
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The desk's door: to what waits, triage for those who sort, else one's own tickets."""
    actor = actor_of(request)
    if not actor.is_agent and actor.is_administrator:
        return HttpResponseRedirect(reverse("ledger"))
    sorts = bool(actor.teams_with("mailroom")) and counters(actor).triage > 0
    return HttpResponseRedirect(reverse("triage" if sorts else "mine"))


@at_the_desk
@require_GET
def show(request: HttpRequest, key: str) -> HttpResponse:
    """One list. A request of htmx for more gets the further rows alone."""
    view = listed(key, actor_of(request))
    found = newest_first(view.tickets, Cursor.parse(request.GET.get("before", "")))
    if request.headers.get("HX-Request"):
        return page(request, "desk/_more.html", **rows_context(view, found, request))
    return desk_page(request, "desk/list.html", current=key, view=view, **rows_context(view, found, request))


@at_the_desk
@require_GET
def of_team(request: HttpRequest, key: str) -> HttpResponseBase:
    """The open tickets of one team."""
    return show(request, f"team:{key}")


def rows_context(view: Listed, found: Page, request: HttpRequest, selected: int = 0) -> dict[str, Any]:
    """What the rows' template needs."""
    return {
        "rows": found.rows,
        "older": url_of_page(view, found.after) if found.after else "",
        "newest": view.href if request.GET.get("before") else "",
        "base": ticket_base(),
        "tail": f"?list={view.key}" + (f"&before={request.GET['before']}" if _has_cursor(request) else ""),
        "colours": STATE_COLOURS,
        "priorities": dict(Priority.choices),
        "selected": selected,
    }


def url_of_page(view: Listed, after: Cursor) -> str:
    """The address of the page that begins behind a cursor."""
    return f"{view.href}?before={after}"


def _has_cursor(request: HttpRequest) -> bool:
    return Cursor.parse(request.GET.get("before", "")) is not None
