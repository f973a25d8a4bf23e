"""What happened to the mail from X on day Y? (P2.3)"""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from hauspost.doors.desk.first_steps import first_steps
from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import desk_page, for_the_mailroom
from hauspost.doors.desk.reasons import because, in_detail
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.pages import page
from hauspost.duties.intake import ledger
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.records.tickets.models import Ticket

COLOURS = {
    "waiting": "amber", "ticket": "blue", "answer": "blue", "reply": "blue", "note": "blue", "quarantine": "red",
    "bounce": "red", "flood": "amber", "spam": "amber", "refused": "amber", "unchecked": "amber",
}  # fmt: skip


@for_the_mailroom
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailroom."""
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("sender", "words")}
    on = _day(request.GET.get("on", ""))
    disposition = request.GET.get("disposition", "")
    disposition = disposition if disposition in Delivery.Disposition.values else ""
    before = small_number(request.GET.get("before", "")) or None
    actor = actor_of(request)
    rows = ledger.entries(actor=actor, on=on, disposition=disposition, before=before, limit=ledger.PAGE + 1, **asked)
    more = len(rows) > ledger.PAGE
    rows = rows[: ledger.PAGE]
    for row in rows:
        row.detail = in_detail(row.detail)
    context: dict[str, Any] = {
        "rows": rows,
        "dispositions": dict(Delivery.Disposition.choices),
        "colours": COLOURS,
        "because": because,
        # A mail may have gone to a ticket that is another team's by now: then not even its number (P11.1).
        "open_tickets": set(
            Ticket.objects.at_desk_of(actor)
            .filter(number__in=[row.ticket for row in rows if row.ticket])
            .values_list("number", flat=True)
        ),
        "older": url("ledger", before=rows[-1].id, on=on.isoformat() if on else "", disposition=disposition, **asked)
        if more
        else "",
    }
    if request.headers.get("HX-Request"):
        return page(request, "desk/mailroom/_ledger_rows.html", **context)
    # Sums are counted for one day, or for what was asked: never over the whole journal of years.
    narrowed = bool(on or any(asked.values()))
    is_new = not (rows or narrowed or disposition or before)
    today = on or timezone.localtime(clock.now()).date()
    sums = ledger.sums(actor=actor, on=on if narrowed else today, disposition=disposition, **asked)
    return desk_page(
        request,
        "desk/mailroom/ledger.html",
        current="mailroom",
        tab="ledger",
        asked=asked,
        on=on.isoformat() if on else "",
        disposition=disposition,
        sums=sums,
        total=sum(sums.values()),
        is_today=not narrowed,
        # Where nothing ever came in, it is not a mail that is missing.
        is_new=is_new,
        steps=first_steps(actor) if is_new else [],
        **context,
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
