"""Tickets: list, read, open."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Path, Query

from hauspost.doors.api import lists
from hauspost.doors.api.callers import Caller, known_caller
from hauspost.doors.api.finding import keyed, needed, person_for, ticket_for
from hauspost.doors.api.lists import Paged, TicketFilter
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import TicketAsked
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.tickets import TicketDone, TicketPage, TicketTold
from hauspost.doors.api.telling import ticket_done, ticket_told, tickets_told
from hauspost.doors.api.written import writing_of
from hauspost.doors.ui.serving import serve_csv
from hauspost.duties.privacy import holds
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.catalogue.models import Category
from hauspost.records.catalogue.reading import team_for
from hauspost.records.people.actions import add_person, known_person
from hauspost.records.people.models import Department, Person, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.actions import NewTicket, open_ticket
from hauspost.records.tickets.exporting import exported
from hauspost.records.tickets.models import Level, Tag
from hauspost.records.tickets.paging import all_by_number, page_by_number
from hauspost.records.tickets.reading import View

routes = Routes("Tickets")


class PagedTickets(Paged, TicketFilter):
    """A filter, and which page of what it leaves."""


@routes.get("/tickets", scope="tickets:read", gives=TicketPage)
def list_tickets(request: HttpRequest, asked: Query[PagedTickets]) -> TicketPage:
    """List tickets, the newest first

    Pages by ticket number, so nothing is skipped or told twice while tickets change. Follow `next` until it is null.
    To keep another system up to date, ask with `changed_from`.
    """
    caller = known_caller(request)
    page = page_by_number(lists.tickets_of(asked, caller), lists.before_of(asked.cursor) or None, asked.limit)
    views = dict.fromkeys(page.numbers, View(lists.seen_as(asked, caller)))
    return TicketPage(tickets=tickets_told(page.numbers, views), next=str(page.before) if page.before else None)


@routes.get("/tickets.csv", scope="tickets:read", bytes_as="text/csv")
def export_tickets(request: HttpRequest, asked: Query[TicketFilter]) -> HttpResponseBase:
    """Export tickets as CSV

    The same list as a file for spreadsheets: semicolons, UTF-8, no cell becomes a formula; at most 50,000 rows. That
    it was exported stands in your record.
    """
    caller = known_caller(request)
    tickets = lists.tickets_of(asked, caller)
    at_desk = lists.seen_as(asked, caller) in lists.AT_DESK
    rows = exported(all_by_number(tickets), name="api", actor=caller.actor, at_desk=at_desk)
    return serve_csv(rows, "tickets.csv")


@routes.get("/tickets/{number}", scope="tickets:read", gives=TicketTold)
def read_ticket(request: HttpRequest, number: Path[Number]) -> TicketTold:
    """Read one ticket

    `desk` holds what only the desk sees; for requesters and participants it is null.
    """
    ticket, view = ticket_for(number, known_caller(request).actor)
    tags = list(Tag.objects.filter(ticket=ticket).order_by("word").values_list("word", flat=True))
    return ticket_told(ticket, view, tags, holds.held_since([number]).get(number))


@routes.post("/tickets", scope="tickets:write", gives=TicketDone, files=True)
def open_a_ticket(request: HttpRequest, asked: TicketAsked) -> TicketDone:
    """Open a ticket

    For yourself, or, as an agent of the team, for somebody else. Send an `Idempotency-Key`, and a request that is
    repeated opens no second ticket. Files go along as base64 in the JSON, or as multipart/form-data with the JSON in
    the part `json` and the files in parts named `files`.
    """
    caller = known_caller(request)
    category = keyed(Category, asked.category, "category")
    team = needed(Team, asked.team, "team") if asked.team is not None else team_for(category)
    if team is None:
        raise Invalid("team", _("name one; the category has none"))
    at_desk = caller.actor.may("open", team.id)
    if not at_desk and asked.model_fields_set & _DESK_ONLY:
        raise NotAllowed
    new = NewTicket(
        subject=asked.subject,
        requester=_requester(asked, caller),
        team=team,
        channel=asked.channel,
        affected=person_for(asked.affected, "affected", caller) if asked.affected else None,
        category=category,
        type=asked.type,
        impact=asked.impact or Level.LOW,
        urgency=asked.urgency or Level.MEDIUM,
        site=keyed(Site, asked.site, "site"),
        location=keyed(Location, asked.location, "location"),
        department=keyed(Department, asked.department, "department"),
        impact_people=asked.impact_people,
        impact_percent=asked.impact_percent,
        as_note=asked.as_note,
        acknowledge=asked.acknowledge,
    )
    return ticket_done(open_ticket(new, writing_of(request, asked, channel=asked.channel), actor=caller.actor))


# What an employee cannot say of their own request, here as in the portal.
_DESK_ONLY = {"requester", "requester_name", "affected", "type", "impact", "urgency", "channel", "as_note"}


def _requester(asked: TicketAsked, caller: Caller) -> Person:
    """Oneself, somebody we know, or an address nobody has yet with the name beside it (P53.1)."""
    if asked.requester is None:
        return caller.person
    if "@" in asked.requester and asked.requester_name and known_person(asked.requester) is None:
        return add_person(asked.requester_name, asked.requester, actor=caller.actor)
    return person_for(asked.requester, "requester", caller)
