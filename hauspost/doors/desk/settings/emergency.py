"""Emergency access: an administrator opens one ticket that is not theirs, and auditors see every time it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, texts_of, ticket_number
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people.actions import names_of
from hauspost.records.tickets import actions

_MOST = 200
_FIELDS = {"number": "", "reason": ""}


@dataclass(frozen=True)
class Access:
    """One time: who read which ticket, from when, and why."""

    number: int
    who: str
    at: datetime
    reason: str


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/emergency."""
    return _page(request, Form.showing(_FIELDS))


@for_administrators
@require_POST
def opening(request: HttpRequest) -> HttpResponse:
    """POST …/emergency/opening: with a number and a reason; then to the ticket."""
    form = Form.sent(request, _FIELDS)
    try:
        number = small_number(form.value("number").lstrip("#"))
        if not 0 < number < 10**12:
            raise Invalid("number", _("give a ticket's number, like 4821"))
        actions.open_emergency_access(number, form.value("reason"), actor=actor_of(request))
    except Refused as refused:
        return _page(request, form.refusing(refused, at="number"), status=refused.status)
    messages.warning(request, _("You may read this ticket for an hour. Its team has been told."))
    return HttpResponseRedirect(reverse("ticket", args=[number]))


def _page(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    return settings_page(
        request,
        "desk/settings/emergency.html",
        section="emergency",
        status=status,
        form=form,
        accesses=accesses(_MOST),
        may_open=actor_of(request).is_administrator,
        most=_MOST,
    )


def accesses(most: int | None = None) -> Sequence[Access]:
    """All of them or the latest ones, from the record; nothing of the tickets but their numbers."""
    events = list(
        Event.objects.filter(kind="ticket.emergency_access")
        .select_related("stream")
        .prefetch_related("parts")
        .order_by("-occurred_at", "-id")[:most]
    )
    names = names_of(sorted({data_of(event)["person"] for event in events}))
    return [
        Access(
            ticket_number(event),
            names.get(data_of(event)["person"], _("(unknown)")),
            event.occurred_at,
            " ".join(texts_of(event)),
        )
        for event in events
    ]
