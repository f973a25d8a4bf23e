"""The ticket as it stood at a moment of the reader's choice: who had it, how it stood, what had been written."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from hauspost.doors.desk.entries import entry_rows, shown_entries
from hauspost.doors.desk.forms import moment_of
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.naming import Names, field_name, names_of_values
from hauspost.doors.desk.sheet import ticket_for
from hauspost.doors.ui.acting import actor_of
from hauspost.ground import clock
from hauspost.ground.refusals import Refused
from hauspost.records.tickets.actions.expiring import has_expired
from hauspost.records.tickets.as_of import Then, as_of
from hauspost.records.tickets.models import Channel, Entry, Priority

_SHOWN = (
    "status", "team", "assignee", "requester", "affected", "type", "category", "priority", "impact", "urgency", "site",
    "location", "department", "work_place", "technician", "planned_at", "wake_at", "impact_people", "impact_percent",
    "impact_from", "impact_to",
)  # fmt: skip


@dataclass(frozen=True)
class Follower:
    """Somebody who followed the ticket at that moment."""

    name: str
    is_confirmed: bool


@at_the_desk
@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    """GET /desk/tickets/42/as-of?at=2026-03-12T14:00."""
    actor = actor_of(request)
    ticket, _ = ticket_for(number, actor)
    asked, refused = request.GET.get("at", "").strip()[:40], ""
    moment: datetime | None = None
    try:
        moment = moment_of(asked, "at")
    except Refused as fault:
        refused = str(fault)
    then = as_of(ticket, moment or clock.now())
    request.shows_mail_html = True  # type: ignore[attr-defined]
    rows = entry_rows(Entry.objects.filter(id__in=[entry.id for entry in then.entries]).order_by("seq"))
    names = names_of_values([then.fields], [uid for uid, _ in then.people], {})
    if has_expired(ticket):
        names = Names({}, names.keyed)
    return desk_page(
        request,
        "desk/as_of.html",
        status=422 if refused else 200,
        ticket=ticket,
        then=then,
        refused=refused,
        at=asked or timezone.localtime(then.at).strftime("%Y-%m-%dT%H:%M"),
        fields=_fields(then, names),
        followers=[Follower(names.person(uid), confirmed) for uid, confirmed in then.people],
        entries=shown_entries(rows, f"{reverse('ticket', args=[number])}/files/"),
        then_public={entry.seq for entry in then.entries if entry.is_public},
        then_held={entry.seq for entry in then.entries if entry.is_held},
        here=reverse("ticket", args=[number]),
        channels=dict(Channel.choices),
        priorities=dict(Priority.choices),
    )


def _fields(then: Then, names: Names) -> list[tuple[str, str]]:
    """The fields that were set, in words."""
    return [
        (field_name(field), names.value(field, then.fields[field]))
        for field in _SHOWN
        if then.fields.get(field) not in (None, "") or field == "assignee"
    ]
