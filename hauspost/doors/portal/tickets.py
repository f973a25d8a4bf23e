"""What I asked for, what I follow, and what my department asked for."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.portal.frame import employee_of, person_of, portal_page
from hauspost.doors.portal.record import COLOURS
from hauspost.doors.ui.acting import signed_in
from hauspost.doors.ui.serving import serve_csv
from hauspost.ground.refusals import NotFound
from hauspost.records.people.models import Person
from hauspost.records.tickets.exporting import exported
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.paging import all_by_number
from hauspost.records.tickets.reading import PAGE, Cursor, TicketQuerySet


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets: what I asked for, by last news."""
    return _list(request, "my-tickets", has_shared=_has_shared(person_of(request)))


@signed_in
@require_GET
def shared(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets/shared: what I follow as participant."""
    return _list(request, "shared-tickets", has_shared=True)


@signed_in
@require_GET
def department(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets/department: what my department asked for, with the right to follow it (P49.1)."""
    return _list(request, "department-tickets", has_shared=_has_shared(person_of(request)))


@signed_in
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """POST /my-tickets/export: one of these lists as a CSV file, noted in the record (S5)."""
    name, actor = request.POST.get("list", ""), employee_of(request)
    rows = exported(all_by_number(_of(name, person_of(request))), name=name, actor=actor, at_desk=False)
    return serve_csv(rows, f"{name}.csv")


def _of(name: str, who: Person) -> TicketQuerySet:
    """The tickets of one of the lists. Raises NotFound where there is none of that name for this person."""
    if name == "my-tickets":
        return Ticket.objects.of_requester(who)
    if name == "shared-tickets":
        return Ticket.objects.shared_with(who)
    if name == "department-tickets" and _sees_department(who):
        return Ticket.objects.of_department(who)
    raise NotFound


def _has_shared(who: Person) -> bool:
    return Ticket.objects.shared_with(who).exists()


def _sees_department(who: Person) -> bool:
    return who.sees_department and who.department_id is not None


def _list(request: HttpRequest, name: str, *, has_shared: bool) -> HttpResponse:
    who = person_of(request)
    before = Cursor.parse(request.GET.get("before", ""))
    found = _of(name, who).newest_first(before).select_related("status", "requester")
    shown = ("number", "subject", "changed_at", "state", "status__words", "status__key", "requester__name")
    rows = list(found.only(*shown)[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    older = f"{reverse(name)}?before={Cursor(rows[-1].changed_at, rows[-1].number)}" if more else ""
    return portal_page(
        request,
        "portal/tickets.html",
        current="my-tickets",
        tab=name,
        rows=rows,
        older=older,
        colours=COLOURS,
        has_shared=has_shared,
        department=who.department.name if _sees_department(who) and who.department is not None else "",
    )
