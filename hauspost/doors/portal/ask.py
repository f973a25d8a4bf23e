"""Asking for something: what, where, can people still work, and the words (P53's counterpart for employees)."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hauspost.doors.portal.frame import portal_page
from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.doors.ui.uploads import files_of
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.catalogue.models import Category
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, Team
from hauspost.records.places.models import Location, Site, Workplace
from hauspost.records.tickets.actions import NewTicket, open_ticket
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing

_SYMBOLS = {
    "workplace": "monitor", "building": "building-2", "network": "network", "hr": "users-round", "account": "key-round",
    "accounts": "key-round", "access": "key-round", "software": "app-window", "print": "printer", "printing": "printer",
    "phone": "phone", "hardware": "laptop", "facilities": "wrench", "personal": "users-round", "telephony": "phone",
    "security": "shield-check", "it-security": "shield-check",
}  # fmt: skip
_MOST_PEOPLE = 100_000


@dataclass(frozen=True)
class Tile:
    """One kind of matter to choose: a root of the company's categories."""

    key: str
    words: str
    examples: str
    symbol: str


@signed_in
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """GET and POST /ask."""
    actor = actor_of(request)
    if request.method == "GET":
        return _form(request, actor, {})
    try:
        ticket = _open(request, actor)
    except Refused as refused:
        typed = {name: request.POST.get(name, "") for name in request.POST}
        return _form(request, actor, typed, refused=str(refused), status=refused.status)
    messages.success(request, _("Your request has arrived. Its number is #%(number)s.") % {"number": ticket.number})
    return HttpResponseRedirect(reverse("my-ticket", args=[ticket.number]))


def _open(request: HttpRequest, actor: Actor) -> Ticket:
    assert isinstance(actor.who, Person)
    subject = request.POST.get("subject", "").strip()
    text = request.POST.get("text", "").replace("\r\n", "\n")
    files = files_of(request)
    if not subject:
        raise Invalid(_("What is the matter?"), _("write a few words"))
    category = _category(request.POST.get("about", ""))
    site, location = _place(request)
    people, percent = _impact(request)
    new = NewTicket(
        subject=subject,
        requester=actor.who,
        team=_team(category),
        channel="portal",
        category=category,
        site=site,
        location=location,
        impact_people=people,
        impact_percent=percent,
    )
    return open_ticket(new, Writing(text=text or subject, files=files), actor=actor)


def _category(key: str) -> Category | None:
    if key in ("", "other"):
        return None
    found = Category.objects.active().filter(key=key).select_related("default_team").first()
    if found is None:
        raise Invalid(_("What can we help with?"), _("choose one of the list"))
    return found


def _team(category: Category | None) -> Team:
    """The category's team; where nothing was chosen the first one, whose dispatcher hands it on."""
    at = category
    while at is not None:
        if at.default_team is not None and at.default_team.archived_at is None:
            return at.default_team
        at = at.parent
    first = Team.objects.active().filter(is_confidential=False).first() or Team.objects.active().first()
    if first is None:
        raise Invalid(_("What can we help with?"), _("no team is set up yet; ask an administrator"))
    return first


def _place(request: HttpRequest) -> tuple[Site | None, Location | None]:
    key = request.POST.get("place", "")
    if not key:
        return None, None
    kind, _colon, name = key.partition(":")
    if kind == "site":
        site = Site.objects.active().filter(key=name).first()
        if site is not None:
            return site, None
    elif kind == "location":
        location = Location.objects.filter(key=name, archived_at__isnull=True).select_related("site").first()
        if location is not None:
            return location.site, location
    raise Invalid(_("Where is it?"), _("choose one of the list"))


def _impact(request: HttpRequest) -> tuple[int | None, int | None]:
    """How many people, hampered by how many per cent."""
    works = request.POST.get("works", "")
    typed = request.POST.get("people", "").strip()
    if works in ("", "yes"):
        return None, None
    if typed and not (typed.isascii() and typed.isdecimal() and 0 < int(typed[:9]) <= _MOST_PEOPLE):
        raise Invalid(_("How many people?"), _("give a whole number"))
    people = int(typed[:9]) if typed else 1
    percents = {"slowly": 50, "no": 100}
    if works not in percents:
        raise Invalid(_("Can people still work?"), _("choose one of the list"))
    return people, percents[works]


def _form(
    request: HttpRequest, actor: Actor, typed: dict[str, Any], *, refused: str = "", status: int = 200
) -> HttpResponse:
    assert isinstance(actor.who, Person)
    seat = Workplace.objects.filter(person=actor.who).values_list("site__key", "location__key").first()
    own_place = f"location:{seat[1]}" if seat and seat[1] else f"site:{seat[0]}" if seat else ""
    return portal_page(
        request,
        "portal/ask.html",
        current="ask",
        status=status,
        typed=typed,
        refused=refused,
        tiles=_tiles(),
        places=_places(),
        place=typed.get("place", own_place),
    )


def _tiles() -> list[Tile]:
    rows = list(Category.objects.active().order_by("id"))
    tiles = []
    for root in rows:
        if root.parent_id is not None:
            continue
        children = [row.name for row in rows if row.parent_id == root.id]
        tiles.append(Tile(root.key, root.name, ", ".join(children[:3]), _SYMBOLS.get(root.key, "circle-question-mark")))
    return tiles


def _places() -> list[tuple[Site, list[tuple[str, str]]]]:
    """Sites with their locations, as paths from the outside in."""
    rows = {row.id: row for row in Location.objects.filter(archived_at__isnull=True).order_by("id")}

    def path(row: Location) -> str:
        names, at = [row.name], row
        while at.parent_id in rows and len(names) < 6:
            at = rows[at.parent_id]
            names.insert(0, at.name)
        return " › ".join(names)

    return [
        (site, sorted(((row.key, path(row)) for row in rows.values() if row.site_id == site.id), key=lambda p: p[1]))
        for site in Site.objects.active()
    ]
