"""Mails that were set aside: see them, try again, make a ticket, discard (P3)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import desk_page, for_the_mailroom
from hauspost.doors.desk.mailroom.ledger import COLOURS
from hauspost.doors.desk.reasons import because
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.serving import serve_file, serve_mail_html, untouched_html
from hauspost.duties.intake import actions, ledger
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.reading import open_source, source_of
from hauspost.duties.privacy.gone import what_became_of
from hauspost.ground.refusals import NotFound, Refused
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Ticket


@for_the_mailroom
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailroom/quarantine."""
    before = small_number(request.GET.get("before", "")) or None
    rows = ledger.entries(actor=actor_of(request), disposition="quarantine", before=before, limit=ledger.PAGE + 1)
    more = len(rows) > ledger.PAGE
    rows = rows[: ledger.PAGE]
    return desk_page(
        request,
        "desk/mailroom/quarantine.html",
        current="mailroom",
        tab="quarantine",
        rows=rows,
        because=because,
        older=url("quarantine", before=rows[-1].id) if more else "",
    )


@for_the_mailroom
@require_GET
def one(request: HttpRequest, delivery: int) -> HttpResponse:
    """GET /desk/mailroom/7: one delivery, as far as it can be read."""
    row = _row(actor_of(request), delivery)
    gone = what_became_of(row)
    return desk_page(
        request,
        "desk/mailroom/delivery.html",
        current="mailroom",
        tab=row.disposition if row.disposition in ("quarantine", "unchecked") else "ledger",
        row=row,
        gone=gone,
        breaks_a_bound=gone is None and bool(actions.letter_of(row).fault),
        colours=COLOURS,
        because=because,
        sees_ticket=row.ticket is not None
        and Ticket.objects.at_desk_of(actor_of(request)).filter(number=row.ticket).exists(),
        is_aside=row.disposition in actions.SET_ASIDE and gone is None,
    )


@for_the_mailroom
@require_GET
def original_file(request: HttpRequest, delivery: int) -> HttpResponseBase:
    """GET …/original.eml: byte for byte."""
    row = _row(actor_of(request), delivery)
    return serve_file(open_source(row), f"mail-{delivery}.eml", "message/rfc822")


@for_the_mailroom
@require_GET
def original_body(request: HttpRequest, delivery: int) -> HttpResponse:
    """GET …/original.html: what stands in the page's frame, sandboxed."""
    row = _row(actor_of(request), delivery)
    return serve_mail_html(untouched_html(source_of(row), unread=bool(row.fault)))


def _row(actor: Actor, delivery: int) -> Delivery:
    found = ledger.one(delivery, actor=actor)
    if found is None:
        raise NotFound
    return found


Doing = Callable[[HttpRequest, int], HttpResponse]


def _told(view: Doing) -> Callable[..., HttpResponseBase]:
    """A refusal is said on the quarantine's page."""

    @for_the_mailroom
    @require_POST
    @wraps(view)
    def made(request: HttpRequest, delivery: int, **rest: Any) -> HttpResponse:
        try:
            _row(actor_of(request), delivery)
            return view(request, delivery)
        except NotFound:
            raise
        except Refused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(reverse("delivery", args=[delivery]))

    return made


@_told
def retry(request: HttpRequest, delivery: int) -> HttpResponse:
    """POST …/retry: let it go its way again."""
    actions.retry(delivery, actor=actor_of(request))
    messages.success(request, _("The mail goes its way again. In a moment its new disposition stands here."))
    return HttpResponseRedirect(reverse("delivery", args=[delivery]))


@_told
def ticket(request: HttpRequest, delivery: int) -> HttpResponse:
    """POST …/ticket: make a ticket by hand, with the raw mail attached."""
    made = actions.make_ticket(delivery, actor=actor_of(request))
    return HttpResponseRedirect(reverse("ticket", args=[made.number]))


@_told
def discarding(request: HttpRequest, delivery: int) -> HttpResponse:
    """POST …/discarding: it needs nothing; it stays in the ledger."""
    actions.discard(delivery, actor=actor_of(request))
    messages.success(request, _("The mail was discarded. It stays in the ledger."))
    return HttpResponseRedirect(reverse("quarantine"))


@for_the_mailroom
@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """POST …/quarantine/retry: all of them, after an upgrade for example (P3.4)."""
    count = actions.retry_all(actor=actor_of(request))
    told = ngettext("%(count)s mail goes its way again.", "%(count)s mails go their way again.", count)
    messages.success(request, told % {"count": count})
    return HttpResponseRedirect(reverse("quarantine"))
