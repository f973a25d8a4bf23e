"""Changing a mailbox, card by card: team and name, who may write, replies, alarm, other addresses."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hauspost.doors.desk.forms import text_of
from hauspost.doors.desk.settings import choices
from hauspost.doors.desk.settings.forms import Form, needed
from hauspost.doors.desk.settings.frame import for_administrators
from hauspost.doors.desk.settings.mailboxes import ALIAS, fields_of, mailbox_for, mailbox_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.intake.folders import drop_alias
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.models import Mailbox, MailboxAlias, Team


@for_administrators
@require_POST
def basics(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/basics: team, name, language."""
    return _changed(request, mailbox, "basics", _basics)


@for_administrators
@require_POST
def intake(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/intake: who may write, and what becomes of the rest (P35.1, P7.8, P9.5, P36.1)."""
    return _changed(request, mailbox, "intake", _intake)


@for_administrators
@require_POST
def replies(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/replies: as whom, by what, with which signature (P31)."""
    return _changed(request, mailbox, "replies", _replies)


@for_administrators
@require_POST
def watch(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/watch: when silence is an alarm (P10.3)."""
    return _changed(request, mailbox, "watch", _watch)


def _changed(
    request: HttpRequest, mailbox: int, card: str, read: Callable[[Mapping[str, str], Mailbox], Any]
) -> HttpResponse:
    box = mailbox_for(mailbox)
    current = fields_of(box, card)
    form = Form.sent(request, current)
    try:
        asked = read(form.met(current), box)
        actions.change_mailbox(box, actor=actor_of(request), **asked)
    except Refused as refused:
        form.refusing(refused, at="signature_de", current=current, choices=_pairs())
        return mailbox_page(request, mailbox_for(mailbox), card, form, refused.status)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + f"#{card}")


def _pairs() -> dict[str, Any]:
    """Drop-downs in words, for what somebody else has chosen meanwhile."""
    return {
        "team": choices.teams(),
        "language": choices.languages(),
        "welcomes": Mailbox.Welcome.choices,
        "sender_name": Mailbox.SenderName.choices,
        "sends_by": [(str(pk), name) for pk, name in MailAccount.objects.values_list("id", "name")],
    }


def _basics(values: Mapping[str, str], box: Mailbox) -> dict[str, Any]:
    # An archived team may stay; it cannot be chosen anew.
    team = box.team if values["team"] == box.team.key else needed(Team, values["team"], "team")
    asked: dict[str, Any] = {"name": values["name"], "language": values["language"]}
    return asked if team == box.team else {**asked, "team": team}


def _intake(values: Mapping[str, str], box: Mailbox) -> dict[str, Any]:
    return {
        "welcomes": values["welcomes"],
        "domains": values["domains"].replace(",", "\n").replace(";", "\n").split("\n"),
        "unchecked_days": _number(values["unchecked_days"] or "0", "unchecked_days"),
        "size_limit_bytes": _bytes_of(values["size_limit_mb"]),
        **{name: bool(values[name]) for name in ("takes_automatic", "ignores_internal", "answers_too_big")},
    }


def _replies(values: Mapping[str, str], box: Mailbox) -> dict[str, Any]:
    return {
        "may_send": bool(values["may_send"]),
        "sends_by": account_of(values["sends_by"], "sends_by"),
        "sender_name": values["sender_name"],
        "signature": {tag: values[f"signature_{tag}"] for tag, _name in settings.LANGUAGES},
    }


def _watch(values: Mapping[str, str], box: Mailbox) -> dict[str, Any]:
    hours = values["quiet_after_hours"]
    return {"quiet_after_hours": _number(hours, "quiet_after_hours") if hours else None}


def account_of(number: str, field: str) -> MailAccount | None:
    """The mail server that a drop-down named; None for its empty choice. Raises Invalid."""
    if not number:
        return None
    found = MailAccount.objects.active().filter(pk=_number(number, field)).first()
    if found is None:
        raise Invalid(field, _("choose one of the list"))
    return found


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(field, _("give a whole number"))
    return int(text)


def _bytes_of(megabytes: str) -> int:
    """A size as people write it, 25 or 2,5, in MB."""
    try:
        size = float(megabytes.replace(",", ".") or 0)
    except ValueError:
        size = -1
    if not 0 <= size < 1_000_000:
        raise Invalid("size_limit_mb", _("give a number of megabytes, like 25"))
    most = settings.HAUSPOST.mail_size_limit
    if size and not 0.01 <= size <= most / 1_000_000:
        raise Invalid(
            "size_limit_mb",
            _("at most %(most)s MB, which is as large as this house takes") % {"most": f"{most / 1_000_000:g}"},
        )
    return round(size * 1_000_000)


@for_administrators
@require_POST
def aliases(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/aliases: one more address (P31.1)."""
    box, form = mailbox_for(mailbox), Form.sent(request, ALIAS)
    try:
        may_send = bool(form.value("may_send"))
        actions.add_alias(box, form.value("alias"), may_send=may_send, actor=actor_of(request))
    except Refused as refused:
        return mailbox_page(request, box, "aliases", form.refusing(refused, at="alias"), refused.status)
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#aliases")


@for_administrators
@require_POST
def alias_change(request: HttpRequest, mailbox: int, alias: int) -> HttpResponse:
    """POST …/aliases/<id>: whether replies may leave under it."""
    actions.change_alias(_alias(mailbox, alias), may_send=bool(text_of(request, "may_send")), actor=actor_of(request))
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#aliases")


@for_administrators
@require_POST
def alias_removal(request: HttpRequest, mailbox: int, alias: int) -> HttpResponse:
    """POST …/aliases/<id>/removal: mail to it is refused from now on."""
    row = _alias(mailbox, alias)
    drop_alias(row, actor=actor_of(request))
    messages.success(
        request, _("%(address)s is no address of this mailbox any more.") % {"address": row.address.address}
    )
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#aliases")


def _alias(mailbox: int, alias: int) -> MailboxAlias:
    rows = MailboxAlias.objects.select_related("address", "mailbox__address", "mailbox__team")
    found = rows.filter(id=alias, mailbox_id=mailbox).first()
    if found is None:
        raise Http404
    return found
