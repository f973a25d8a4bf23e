"""Trying a mailbox out from its page: is it fetched, does mail leave, does mail arrive (P2.4, P31.2)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.mailboxes import SECTION, mailbox_for, mailbox_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.pages import page
from hauspost.duties.intake import trying
from hauspost.ground.refusals import Refused
from hauspost.records.people.actor import Actor


@for_administrators
@require_POST
def receiving(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/receiving: looks into each folder and leaves it as it is."""
    box = mailbox_for(mailbox)
    found = trying.check_receiving(box, actor=actor_of(request))
    return mailbox_page(request, box, receiving=[(f"{row.folder} · {row.account.name}", one) for row, one in found])


@for_administrators
@require_POST
def sending(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/sending: a small mail to whoever asks, from each permitted address."""
    box, actor = mailbox_for(mailbox), actor_of(request)
    to = _own_address(actor)
    if not to:
        messages.error(request, _("You have no e-mail address here to which a test mail could go."))
        return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#replies")
    return mailbox_page(request, box, sending=[("", one) for one in trying.check_sending(box, to=to, actor=actor)])


def _own_address(actor: Actor) -> str:
    rows = actor.who.addresses.filter(is_main=True) if actor.who is not None else None
    return (rows.values_list("address", flat=True).first() if rows is not None else None) or ""


@for_administrators
@require_POST
def trial(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/trial: a mail to the mailbox itself, and one to its plus-address."""
    box = mailbox_for(mailbox)
    try:
        mails = trying.send_trial(box, actor=actor_of(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#ways")
    return HttpResponseRedirect(url("settings-mailbox-arrival", mailbox, mails="-".join(map(str, mails))))


@for_administrators
@require_GET
def arrival(request: HttpRequest, mailbox: int) -> HttpResponse:
    """GET …/mailboxes/<id>/arrival?mails=7-8: how far they came; the page looks again by itself while it is open."""
    box = mailbox_for(mailbox)
    asked = request.GET.get("mails", "")
    numbers = [int(one) for one in asked.split("-") if one.isascii() and one.isdecimal() and len(one) < 19]
    attempts = trying.attempts(box, numbers)
    shown: dict[str, Any] = {
        "box": box,
        "attempts": attempts,
        "again": "" if all(one.is_over for one in attempts) else url("settings-mailbox-arrival", mailbox, mails=asked),
    }
    if request.headers.get("HX-Request"):
        return page(request, "desk/settings/_mailbox_arrival.html", **shown)
    return settings_page(request, "desk/settings/mailbox_arrival.html", section=SECTION, **shown)
