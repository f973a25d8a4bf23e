"""The queue of outgoing mail, for administrators: age, last error, try again now (P5.6)."""

from collections.abc import Callable, Mapping, Sequence

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.frame import desk_page, for_the_mailroom
from hauspost.doors.ui.acting import actor_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Ticket

_MOST = 200
STATES: Mapping[str, Callable[[], str]] = {
    "queued": lambda: _("waiting"),
    "sending": lambda: _("being sent"),
    "sent": lambda: _("handed over"),
    "partly": lambda: _("handed over in part"),
    "failed": lambda: _("failed"),
    "cancelled": lambda: _("taken back"),
}
COLOURS = {"queued": "amber", "sending": "blue", "partly": "red", "failed": "red"}


def _only_administrators(request: HttpRequest) -> None:
    if not actor_of(request).is_administrator:
        raise Http404


@for_the_mailroom
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailroom/outgoing: what waits, then what failed."""
    _only_administrators(request)
    waiting, troubled = queued()
    rows = [*waiting[:_MOST], *troubled[:_MOST]]
    own, secret = own_and_secret(rows, actor_of(request))
    return desk_page(
        request,
        "desk/mailroom/outgoing.html",
        own=own,
        secret=secret,
        current="mailroom",
        tab="outgoing",
        rows=rows,
        figures=outbox.queue_figures(),
        is_configured=outbox.is_configured(),
        states={state: words() for state, words in STATES.items()},
        colours=COLOURS,
    )


def queued() -> "tuple[QuerySet[OutgoingMail], QuerySet[OutgoingMail]]":
    """What waits, the longest waiting first; and what failed, the newest first."""
    recipients = Prefetch("recipients", OutgoingRecipient.objects.order_by("id"))
    waiting = OutgoingMail.objects.waiting().longest_waiting_first()
    troubled = OutgoingMail.objects.in_trouble().filter(next_try_at__isnull=True).order_by("-id")
    return waiting.defer("raw").prefetch_related(recipients), troubled.defer("raw").prefetch_related(recipients)


def own_and_secret(rows: Sequence[OutgoingMail], actor: Actor) -> tuple[set[int], set[int]]:
    """The tickets of these mails that somebody may open, and those of which not even the number is told.

    That mail waits is an administrator's affair; whose, in a confidential team's ticket, is not (P33.3).
    """
    tickets = Ticket.objects.filter(number__in={row.about for row in rows})
    own = set(tickets.at_desk_of(actor).values_list("number", flat=True))
    return own, set(tickets.filter(team__is_confidential=True).values_list("number", flat=True)) - own


@for_the_mailroom
@require_POST
def retry(request: HttpRequest, mail: int) -> HttpResponse:
    """POST …/outgoing/7/retry."""
    _only_administrators(request)
    if outbox.retry_now(mail):
        messages.success(request, _("The mail is tried again now."))
    else:
        messages.warning(request, _("There is nothing left to send in this mail."))
    return HttpResponseRedirect(reverse("outgoing"))


@for_the_mailroom
@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """POST …/outgoing/retry: every mail that waits or failed."""
    _only_administrators(request)
    count = outbox.retry_all()
    told = ngettext("%(count)s mail is tried again now.", "%(count)s mails are tried again now.", count)
    messages.success(request, told % {"count": count})
    return HttpResponseRedirect(reverse("outgoing"))
