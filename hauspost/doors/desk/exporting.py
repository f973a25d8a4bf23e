"""Any list of the desk as a CSV file for spreadsheets: the same gate, at most 50,000 rows, noted in the record."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hauspost.doors.desk.frame import at_the_desk, for_the_mailroom
from hauspost.doors.desk.lists import listed
from hauspost.doors.desk.reasons import because
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.serving import serve_csv
from hauspost.duties.intake import ledger
from hauspost.duties.intake.models import Delivery
from hauspost.ground.search.actions import Readable, search
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.exporting import MOST_ROWS, exported, note_export
from hauspost.records.tickets.indexing import scopes_at_desk_of
from hauspost.records.tickets.knowing import seen_at_desk
from hauspost.records.tickets.paging import all_by_number

_AT_ONCE = 200


@at_the_desk
@require_POST
def tickets(request: HttpRequest) -> HttpResponseBase:
    """POST /desk/export: the list whose key is sent, or what a search finds."""
    actor, key = actor_of(request), request.POST.get("list", "")
    query = " ".join(request.POST.get("q", "").replace("\0", " ").split())[:300]
    pages = _found(query, actor) if key == "search" else all_by_number(listed(key, actor).tickets)
    rows = exported(pages, name=key, actor=actor, at_desk=True)
    return serve_csv(rows, f"{key.replace(':', '-')}.csv")


def _found(query: str, actor: Actor) -> Iterator[list[int]]:
    """What a search finds, page after page; asked again of the tickets' own gate (P11.1)."""
    readable, before, told = [Readable(scopes_at_desk_of(actor), ("public", "internal"))], None, set[int]()
    while query:
        hits = search(query, readable=readable, limit=_AT_ONCE, before=before)
        numbers = [hit.ref for hit in hits.rows if hit.ref not in told]
        told.update(numbers)
        seen = seen_at_desk(numbers, actor)
        yield [number for number in numbers if number in seen]
        before = hits.next
        if before is None:
            return


@for_the_mailroom
@require_POST
def mails(request: HttpRequest) -> HttpResponseBase:
    """POST /desk/mailroom/export: the ledger, as far as it was asked for."""
    actor, sent = actor_of(request), request.POST
    asked = {name: sent.get(name, "").replace("\0", "").strip()[:200] for name in ("sender", "words", "disposition")}
    try:
        on = parse_date(sent.get("on", ""))
    except ValueError:
        on = None
    note_export("ledger", actor=actor)
    reader = (get_language() or "en", timezone.get_current_timezone())
    headings = [_("Received"), _("From"), _("To"), _("Subject"), _("Disposition"), _("Because"), _("Ticket")]
    return serve_csv(_mails({**asked, "on": on}, actor, headings, reader), "ledger.csv")


def _mails(asked: dict[str, Any], actor: Actor, headings: list[str], reader: tuple[str, Any]) -> Iterator[list[Any]]:
    yield headings
    before, told = None, 0
    while told < MOST_ROWS:
        rows = ledger.entries(actor=actor, before=before, limit=_AT_ONCE, **asked)
        # The page has long been answered when this runs: language and zone are set for each step anew.
        with override(reader[0]), timezone.override(reader[1]):
            cells = _mail_rows(rows, actor)
        yield from cells
        told += len(rows)
        if len(rows) < _AT_ONCE:
            return
        before = rows[-1].id
    with override(reader[0]):
        last = _("Only %(count)s rows are here. Narrow the list to get the rest.") % {"count": MOST_ROWS}
    yield ["…", last]


def _mail_rows(rows: Sequence[Delivery], actor: Actor) -> list[list[Any]]:
    # A mail may have gone to a ticket that is another team's by now: then not even its number (P11.1).
    seen = seen_at_desk({row.ticket for row in rows if row.ticket}, actor)
    return [
        [
            timezone.make_naive(row.received_at),
            row.sender or row.mail_from,
            row.recipient,
            row.subject,
            row.get_disposition_display(),
            " ".join(text for text in (str(because(row.because)), row.detail) if text),
            row.ticket if row.ticket in seen else None,
        ]
        for row in rows
    ]
