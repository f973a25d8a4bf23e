"""What I asked for, what I follow, and what my department asked for."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from hauspost.doors.portal.frame import person_of, portal_page
from hauspost.doors.portal.record import COLOURS
from hauspost.doors.ui.acting import signed_in
from hauspost.ground.refusals import NotFound
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import PAGE, Cursor


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets: what I asked for, by last news."""
    who = person_of(request)
    return _list(request, Ticket.objects.of_requester(who), "my-tickets", has_shared=_has_shared(who))


@signed_in
@require_GET
def shared(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets/shared: what I follow as participant."""
    return _list(request, Ticket.objects.shared_with(person_of(request)), "shared-tickets", has_shared=True)


@signed_in
@require_GET
def department(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets/department: what my department asked for, with the right to follow it (P49.1)."""
    who = person_of(request)
    if not _sees_department(who):
        raise NotFound
    return _list(request, Ticket.objects.of_department(who), "department-tickets", has_shared=_has_shared(who))


def _has_shared(who: Person) -> bool:
    return Ticket.objects.shared_with(who).exists()


def _sees_department(who: Person) -> bool:
    return who.sees_department and who.department_id is not None


def _list(request: HttpRequest, tickets: "QuerySet[Ticket]", name: str, *, has_shared: bool) -> HttpResponse:
    who = person_of(request)
    before = Cursor.parse(request.GET.get("before", ""))
    found = tickets.newest_first(before).select_related("status", "requester")  # type: ignore[attr-defined]
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
