"""Full-text search over what the person may read, newest first, hits marked (P16)."""

from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.rows import STATE_COLOURS, Row, by_numbers, ticket_base
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.search.actions import Readable, search
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.indexing import scopes_at_desk_of
from hauspost.records.tickets.models import Priority, Ticket

PAGE = 30
Pieces = tuple[tuple[str, bool], ...]


class Found(NamedTuple):
    """A ticket that was found, with the words around the hit."""

    row: Row
    entry: int
    pieces: Pieces


@at_the_desk
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/search?q=."""
    actor = actor_of(request)
    query = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:300]
    before = small_number(request.GET.get("before", ""))
    number = query.removeprefix("#")
    # A bare number is a ticket's, if there is one that this person sees (P16.2).
    if not before and small_number(number) and _readable(actor, [int(number)]):
        return HttpResponseRedirect(reverse("ticket", args=[int(number)]))
    found, following = _find(query, actor, before) if query else ([], None)
    return desk_page(
        request,
        "desk/search.html",
        current="search",
        query=query,
        found=found,
        older=url("search", q=query, before=following) if following else "",
        is_first=not before,
        base=ticket_base(),
        colours=STATE_COLOURS,
        priorities=dict(Priority.choices),
    )


def _find(query: str, actor: Actor, before: int) -> tuple[list[Found], int | None]:
    readable = [Readable(scopes_at_desk_of(actor), ("public", "internal"))]
    hits = search(query, readable=readable, limit=PAGE, before=before or None)
    # Asked again of the tickets themselves: the index decides what is found, the gate what is shown (P11.1).
    rows = _readable(actor, [hit.ref for hit in hits.rows])
    found = [Found(rows[hit.ref], hit.entry, tuple(hit.pieces)) for hit in hits.rows if hit.ref in rows]
    return found, hits.next


def _readable(actor: Actor, numbers: Sequence[int]) -> dict[int, Row]:
    """The rows of those that the person reads at the desk: of their teams, then those that they share."""
    rows = {row.number: row for row in by_numbers(Ticket.objects.at_desk_of(actor), numbers)}
    missing = [number for number in numbers if number not in rows]
    if missing:
        rows |= {row.number: row for row in by_numbers(Ticket.objects.shared_with_teams_of(actor), missing)}
    return rows
