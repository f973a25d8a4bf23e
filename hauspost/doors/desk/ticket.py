"""The ticket's page: the record, the composer, the cards at the side."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hauspost.doors.desk import choices
from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.lists import Listed, listed, rows_context
from hauspost.doors.desk.rows import STATE_COLOURS, newest_first
from hauspost.doors.desk.sheet import note_readers, place_in_brief, sheet_of, side_of, ticket_for
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.pages import page
from hauspost.ground.mail import outbox
from hauspost.ground.refusals import Refused
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Channel, Entry, Priority, Status, Ticket
from hauspost.records.tickets.reading import Cursor, View
from hauspost.records.tickets.rebuilding import snapshot
from hauspost.records.tickets.recipients import recipients_of

# Which fields each card's form edits: they travel along as they were, so that two edits meet (P24.3).
CARD_FIELDS: Mapping[str, tuple[str, ...]] = {
    "assignee": ("assignee",),
    "team": ("team",),
    "status": ("status", "wake_at"),
    "classification": (
        "category", "type", "impact", "urgency", "site", "location", "work_place", "affected",
    ),
    "impact": ("impact_people", "impact_percent", "impact_from", "impact_to"),
    "visit": ("technician", "planned_at", "work_place"),
    "subject": ("subject",),
    "snooze": (),
    "requester": (),
    "participants": (),
    "links": (),
    "tags": (),
}  # fmt: skip
# What somebody needs the right to, to be shown a card's form; where it is not called like its card.
_CARD_RIGHTS: Mapping[str, str] = {
    "assignee": "assign", "team": "hand", "classification": "catalogue", "visit": "plan", "subject": "catalogue",
    "snooze": "status", "links": "link", "tags": "tag",
}  # fmt: skip
KINDS = ("reply", "note")
_LIST = re.compile(r"[a-z]+(:[a-zA-Z0-9_-]+)?")


@at_the_desk
@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One ticket; `?write=` opens the composer, `?change=` a card's form: both work without script."""
    write = request.GET.get("write", "")
    # Named in the address, because htmx sends its headers along when it follows a redirect to the whole page.
    part = request.GET.get("part", "")
    if part == "composer" and write in KINDS:
        return _composer_part(request, number, write)
    if part == "side":
        return _side_part(request, number)
    return ticket_page(
        request,
        number,
        change=request.GET.get("change", ""),
        composer=_composer_asked(request, number, write) if write in KINDS else None,
    )


def ticket_page(
    request: HttpRequest,
    number: int,
    *,
    change: str = "",
    typed: Mapping[str, str] | None = None,
    refused: Refused | None = None,
    composer: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page; `typed` and `refused` show a form again with what was typed and why it was not taken."""
    actor = actor_of(request)
    ticket, view = ticket_for(number, actor)
    sheet = sheet_of(ticket, view, actor, before_seq=small_number(request.GET.get("earlier", "")))
    request.shows_mail_html = True  # type: ignore[attr-defined]
    change = change if _may_change(change, view) else ""
    beside = _list_beside(request, actor, ticket)
    if composer is not None:
        composer |= composer_context(ticket, composer["kind"])
    return desk_page(
        request,
        "desk/ticket.html",
        status=status,
        current=beside.pop("list_key", "") if beside else "",
        **_common(request, ticket, view) | {"tail": beside["tail"] if beside else ""},
        sheet=sheet,
        last_seq=sheet.last_seq,
        change=change,
        form=card_form(change, ticket) if change else {},
        typed=typed or {},
        refused=str(refused) if refused is not None and composer is None else "",
        composer=composer,
        beside=beside,
        place=place_in_brief(ticket),
        priorities=dict(Priority.choices),
        channels=dict(Channel.choices),
        send_label=send_label,
        sent=request.GET.get("sent", ""),
    )


def _composer_part(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """The composer alone, as the page includes it."""
    ticket, view = ticket_for(number, actor_of(request))
    last = ticket.entries.filter(taken_back_at__isnull=True).aggregate(last=Max("seq"))["last"] or 0
    return page(
        request,
        "desk/_composer.html",
        **_common(request, ticket, view),
        composer=_composer_asked(request, number, kind) | composer_context(ticket, kind),
        mail_leaves=outbox.is_configured(),
        send_label=send_label,
        last_seq=last,
    )


def _side_part(request: HttpRequest, number: int) -> HttpResponse:
    """The side alone, with a card's form open or closed."""
    actor = actor_of(request)
    ticket, view = ticket_for(number, actor)
    change = request.GET.get("change", "")
    change = change if _may_change(change, view) else ""
    return page(
        request,
        "desk/_aside.html",
        **_common(request, ticket, view),
        sheet=side_of(ticket, view, actor),
        change=change,
        form=card_form(change, ticket) if change else {},
        typed={},
        refused="",
    )


def _may_change(card: str, view: View) -> bool:
    return card in CARD_FIELDS and view.may(_CARD_RIGHTS.get(card, card))


def _common(request: HttpRequest, ticket: Ticket, view: View) -> dict[str, Any]:
    """What page and parts alike name."""
    key, before = request.GET.get("list", ""), Cursor.parse(request.GET.get("before", ""))
    tail = f"?{urlencode({'list': key} | ({'before': str(before)} if before else {}))}" if _LIST.fullmatch(key) else ""
    return {
        "ticket": ticket,
        "view": view,
        "rights": view.rights,
        "colours": STATE_COLOURS,
        "here": reverse("ticket", args=[ticket.number]),
        "tail": tail,
    }


def card_form(card: str, ticket: Ticket) -> dict[str, Any]:
    """The choices of a card's form, and its fields as they were when the form was made."""
    offered: dict[str, Any] = {"based_on": json.dumps(snapshot_of(ticket, CARD_FIELDS[card]))}
    if card == "assignee":
        offered["agents"] = choices.agents_of(ticket.team_id)
    elif card == "team":
        offered["teams"] = choices.teams()
    elif card == "status":
        offered["statuses"] = choices.statuses()
    elif card == "classification":
        offered |= {
            "categories": choices.categories(),
            "types": choices.types(),
            "levels": choices.levels(),
            "sites": choices.sites(),
            "locations": choices.locations(ticket.site_id),
            "work_places": choices.work_places(),
        }
    elif card == "visit":
        offered |= {
            "agents": choices.agents_of(ticket.team_id, technicians=True),
            "work_places": choices.work_places(),
        }
    elif card == "links":
        offered["kinds"] = choices.link_kinds()
    return offered


def snapshot_of(ticket: Ticket, fields: tuple[str, ...]) -> dict[str, Any]:
    """Fields as the record writes them; the subject, which is personal, as it stands."""
    recorded = snapshot(ticket, [name for name in fields if name != "subject"])
    return recorded | ({"subject": ticket.subject} if "subject" in fields else {})


def _composer_asked(request: HttpRequest, number: int, kind: str) -> dict[str, Any]:
    """The composer as a link opens it; `?again=` brings back a reply that was undone, files included."""
    composer: dict[str, Any] = {"kind": kind, "text": "", "refused": "", "kept_files": [], "unticked": frozenset()}
    again = small_number(request.GET.get("again", ""))
    if again:
        entry = Entry.objects.filter(
            id=again, ticket=number, author=actor_of(request).who, taken_back_at__isnull=False
        ).first()
        if entry is not None:
            composer["text"] = entry.text
            composer["kept_files"] = list(
                entry.attachments.order_by("position").values_list("id", "name", "size_bytes")
            )
    return composer


def composer_context(ticket: Ticket, kind: str) -> dict[str, Any]:
    """Whom it will reach, and what may be set with it."""
    if kind == "note":
        return {"recipients": [], "statuses": [], "team": note_readers(ticket), "labels": ("", "", "")}
    found = Status.objects.filter(
        archived_at__isnull=True, kind__in=("open", "waiting_requester", "waiting_third", "resolved")
    ).order_by("position", "id")
    return {
        "recipients": recipients_of(ticket),
        "statuses": [(status.key, status.name) for status in found if status.id != ticket.status_id],
        "team": note_readers(ticket),
        "labels": send_labels(),
    }


def send_labels() -> tuple[str, str, str]:
    """What the send button says for one, two, more recipients; the page's script fills them anew when boxes change."""
    return (
        _("Send to %(address)s"),
        _("Send to %(address)s and 1 other"),
        _("Send to %(address)s and %(count)s others"),
    )


def send_label(recipients: list[dict[str, str]]) -> str:
    """What the send button says: nobody sends without reading to whom (P6.1)."""
    if not recipients:
        return _("Send")
    others = len(recipients) - 1
    return send_labels()[min(others, 2)] % {"address": recipients[0]["address"], "count": others}


def _list_beside(request: HttpRequest, actor: Actor, ticket: Ticket) -> dict[str, Any]:
    """The list the reader came from, at the side and for j and k; none when the address names none."""
    key = request.GET.get("list", "")
    if not key:
        return {}
    try:
        view: Listed = listed(key, actor)
    except Http404:
        return {}
    found = newest_first(view.tickets, Cursor.parse(request.GET.get("before", "")))
    context = rows_context(view, found, request, selected=ticket.number)
    numbers = [row.number for row in found.rows]
    at = numbers.index(ticket.number) if ticket.number in numbers else -1
    base, tail = context["base"], context["tail"]
    return context | {
        "title": view.title,
        "href": view.href,
        "list_key": key,
        "next": f"{base}{numbers[at + 1]}{tail}" if at + 1 < len(numbers) else "",
        "previous": f"{base}{numbers[at - 1]}{tail}" if at > 0 else "",
    }
