"""A new ticket for somebody who called or came by (P53.1)."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hauspost.doors.desk import choices
from hauspost.doors.desk.forms import chosen, keyed, person_of, text_of
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.uploads import files_of
from hauspost.ground.refusals import Invalid, NotAllowed, Refused
from hauspost.records.catalogue.models import Category
from hauspost.records.catalogue.reading import team_of
from hauspost.records.people.actions import add_person, known_person
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, Team
from hauspost.records.places.models import Site
from hauspost.records.tickets.actions import NewTicket, hand_to, open_ticket
from hauspost.records.tickets.models import Channel, Ticket
from hauspost.records.tickets.writing import Writing

_CHANNELS = (
    (Channel.PHONE, gettext_lazy("Phone call")),
    (Channel.WALK_IN, gettext_lazy("Came by")),
    (Channel.PORTAL, gettext_lazy("Our own idea")),
)


@at_the_desk
@require_http_methods(["GET", "POST"])
def new_ticket(request: HttpRequest) -> HttpResponse:
    """GET and POST /desk/tickets/new."""
    actor = actor_of(request)
    if not actor.teams_with("open"):
        raise NotAllowed
    if request.method == "GET":
        return _form(request, actor, {"requester": request.GET.get("requester", ""), "channel": Channel.PHONE})
    try:
        ticket = _open(request, actor)
    except Refused as refused:
        typed = {name: request.POST.get(name, "") for name in request.POST}
        return _form(request, actor, typed, refused=str(refused), status=refused.status)
    if ticket.team_id not in actor.teams_with("read"):
        words = _("Ticket #%(number)s is open; its category leads to team %(team)s, which has it now.")
        messages.success(request, words % {"number": ticket.number, "team": ticket.team.name})
        return HttpResponseRedirect(reverse("mine"))
    return HttpResponseRedirect(reverse("ticket", args=[ticket.number]))


@transaction.atomic
def _open(request: HttpRequest, actor: Actor) -> Ticket:
    """Open it with the chosen team; with none chosen where its category leads, as the portal does.

    Where the agent opens nothing there, it is opened here and handed on, as one would by hand.
    """
    category = keyed(Category, text_of(request, "category"), "category")
    chosen_team = keyed(Team, text_of(request, "team"), "team")
    if chosen_team is not None and chosen_team.id not in actor.teams_with("open"):
        raise Invalid(_("Team"), _("choose one of the list"))
    leads_to = team_of(category) if chosen_team is None else None
    team = chosen_team or (leads_to if leads_to and leads_to.id in actor.teams_with("open") else _own_team(actor))
    ticket = open_ticket(*_written(request, actor, team, category), actor=actor)
    if leads_to is not None and category is not None and leads_to != team:
        why = _("Category: %(name)s") % {"name": category.path} if team.handover_needs_note else ""
        return hand_to(ticket, leads_to, actor=actor, note=why)
    return ticket


def _own_team(actor: Actor) -> Team:
    """Where a ticket goes whose category leads nowhere: the first team in which the agent opens tickets."""
    found = Team.objects.active().filter(id__in=actor.teams_with("open")).first()
    if found is None:
        raise NotAllowed
    return found


def _written(request: HttpRequest, actor: Actor, team: Team, category: Category | None) -> tuple[NewTicket, Writing]:
    """The ticket and its first entry, as the form says them."""
    subject = text_of(request, "subject")
    if not subject:
        raise Invalid(_("Subject"), _("write a few words"))
    new = NewTicket(
        subject=subject,
        requester=_requester(request, actor),
        team=team,
        channel=chosen(request, "channel", [value for value, _words in _CHANNELS]),
        category=category,
        site=keyed(Site, text_of(request, "site"), "site"),
        as_note=request.POST.get("as") == "note",
        acknowledge=bool(request.POST.get("acknowledge")),
    )
    writing = Writing(
        text=request.POST.get("text", "").replace("\r\n", "\n"), files=files_of(request), channel=new.channel
    )
    return new, writing


def _requester(request: HttpRequest, actor: Actor) -> Person:
    """Somebody we know; or an address nobody has yet, which becomes a person with the name beside it."""
    asked, name = text_of(request, "requester"), text_of(request, "name")
    address = asked.rpartition("<")[2].rstrip("> ")
    if "@" in address and name and known_person(address) is None:
        return add_person(name, address, actor=actor)
    return person_of(asked, "requester")


def _form(
    request: HttpRequest, actor: Actor, typed: dict[str, Any], *, refused: str = "", status: int = 200
) -> HttpResponse:
    return desk_page(
        request,
        "desk/new.html",
        current="new",
        status=status,
        typed=typed,
        refused=refused,
        channels=_CHANNELS,
        teams=choices.teams(actor.teams_with("open")),
        own_team=_own_team(actor).name,
        categories=choices.categories(),
        sites=choices.sites(),
    )
