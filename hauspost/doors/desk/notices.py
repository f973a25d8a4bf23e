"""What this person was told: the notices in the page, beside the mails that say the same (P28)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk import counters
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui.acting import actor_of
from hauspost.duties.keeping import watching
from hauspost.duties.notices.actions import mark_read, mark_read_of_the_house
from hauspost.duties.notices.models import Notice
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket

_MOST = 100
HEADLINES: Mapping[str, Callable[[], str]] = {
    "ticket.opened": lambda: _("New ticket"),
    "ticket.answered": lambda: _("New answer"),
    "entry.released": lambda: _("New answer"),
    "ticket.noted": lambda: _("Internal note"),
    "ticket.assigned": lambda: _("Assigned to you"),
    "ticket.handed": lambda: _("Handed to your team"),
    "ticket.also_sent": lambda: _("Sent to your team, too"),
    "ticket.planned": lambda: _("Visit planned for you"),
    "ticket.woken": lambda: _("Due again"),
    "ticket.reopened": lambda: _("Open again"),
    "ticket.emergency_access": lambda: _("Emergency access to a ticket of your team"),
    "participant.added": lambda: _("Your help is asked for"),
    "mail.failed": lambda: _("A reply did not arrive"),
    "mail.bounced": lambda: _("A reply did not arrive"),
}


@dataclass(frozen=True)
class OfHouse:
    """A notice about the house: its headline, what it says, and the name of the page on which to look."""

    headline: Callable[[], str]
    words: Callable[[], str]
    page: str


def _mailboxes(words: Callable[[], str], page: str = "settings-mail-servers") -> OfHouse:
    return OfHouse(lambda: _("Mail"), words, page)


def _backups(alarm: str) -> OfHouse:
    return OfHouse(lambda: _("Backups"), lambda: watching.words(alarm), "settings-backups")


HOUSE: Mapping[str, OfHouse] = {
    "mail.breaker": OfHouse(
        lambda: _("Mail"), lambda: _("Acknowledgements to unproven senders are paused: there were too many."), "ledger"
    ),
    "mailbox.signed_out": _mailboxes(
        lambda: _("A mail server takes our authorisation no more: its mail stands still.")
    ),
    "mailbox.failing": _mailboxes(lambda: _("A mail server or folder cannot be used: its mail stands still.")),
    "mailbox.quiet": _mailboxes(lambda: _("A mailbox is unusually quiet."), "settings-mailboxes"),
    "mailbox.secret": _mailboxes(lambda: _("The client secret of a mail server ends soon.")),
    **{f"backup.{alarm}": _backups(alarm) for alarm in ("failed", "overdue", "drill")},
}
URGENT = (*HOUSE, "mail.failed", "mail.bounced", "ticket.emergency_access")


@dataclass(frozen=True)
class Told:
    """One line of the page; `number` is None for what is about the house and no ticket."""

    kind: str
    headline: str
    is_urgent: bool
    is_unread: bool
    subject: str
    number: int | None
    requester: str
    at: datetime


@at_the_desk
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/notices: the newest hundred, of tickets that this person may still see (P11.3)."""
    actor = actor_of(request)
    assert isinstance(actor.who, Person)
    at_desk = Ticket.objects.at_desk_of(actor).values("number")
    followed = Ticket.objects.followed_by(actor).values("number")
    found = (
        Notice.objects.of(actor.who)
        .filter(Q(ticket=None) | Q(ticket__in=at_desk) | Q(ticket__in=followed))
        .values_list("kind", "read_at", "ticket__subject", "ticket_id", "ticket__requester__name", "created_at")
    )
    # Behind a colon stands which mail server it is about.
    rows = [
        (kind.partition(":")[0], read_at, subject, number, requester, at)
        for kind, read_at, subject, number, requester, at in found[:_MOST]
    ]
    told = [
        Told(
            kind,
            HEADLINES[kind]() if number else HOUSE[kind].headline(),
            kind in URGENT,
            read_at is None,
            subject if number else HOUSE[kind].words(),
            number,
            requester,
            at,
        )
        for kind, read_at, subject, number, requester, at in rows
        if kind in (HEADLINES if number else HOUSE)
    ]
    return desk_page(request, "desk/notices.html", current="notices", told=told)


@at_the_desk
@require_POST
def reading(request: HttpRequest) -> HttpResponse:
    """POST /desk/notices/reading: all of it is read; with `ticket`, what tells of that one, and on to its page.

    With `about`, what tells of the house, and on to the page that this kind of notice leads to.
    """
    actor = actor_of(request)
    assert isinstance(actor.who, Person)
    about = HOUSE.get(request.POST.get("about", ""))
    if about is not None:
        mark_read_of_the_house(actor.who)
        counters.forget(actor)
        return HttpResponseRedirect(reverse(about.page))
    number = request.POST.get("ticket", "")
    known = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
    mark_read(actor.who, known)
    counters.forget(actor)
    return HttpResponseRedirect(reverse("ticket", args=[known]) if known else reverse("notices"))
