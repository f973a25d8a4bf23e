"""Mailboxes: what the settings page shows and changes, for programs of administrators."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Schema

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.finding import administrator, needed, own_address
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Number, ShortLine
from hauspost.doors.api.shapes.mailboxes import (
    AliasAsked,
    AliasChange,
    AliasTold,
    Attempts,
    AttemptTold,
    Findings,
    FindingTold,
    FolderAsked,
    FolderChange,
    FolderTold,
    KeyAsked,
    KeyTold,
    MailboxAsked,
    MailboxChange,
    MailboxDone,
    Mailboxes,
    MailboxTold,
)
from hauspost.duties.intake import folders, trying
from hauspost.duties.intake.mailbox_states import MailboxState, states
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.people import actions
from hauspost.records.people.models import Mailbox, MailboxAlias, MailboxKey, Team

routes = Routes("Mailboxes")


@routes.get("/mailboxes", scope="mail:read", gives=Mailboxes)
def list_mailboxes(request: HttpRequest) -> Mailboxes:
    """List the mailboxes, with their state

    Administrators only, like everything here.
    """
    return Mailboxes(mailboxes=[_told(state) for state in states(administrator(request))])


@routes.post("/mailboxes", scope="mail:write", gives=MailboxDone)
def add_mailbox(request: HttpRequest, asked: MailboxAsked) -> MailboxDone:
    """Let mail to an address become tickets of a team"""
    actor, team = administrator(request), needed(Team, asked.team, "team")
    made = actions.add_mailbox(asked.address, team, name=asked.name, language=asked.language, actor=actor)
    return _done(made.pk, made.pk)


@routes.get("/mailboxes/{mailbox}", scope="mail:read", gives=MailboxTold)
def read_mailbox(request: HttpRequest, mailbox: Path[Number]) -> MailboxTold:
    """Read one mailbox"""
    actor = administrator(request)
    [state] = states(actor, Mailbox.objects.filter(id=_mailbox(mailbox).pk))
    return _told(state)


@routes.patch("/mailboxes/{mailbox}", scope="mail:write", gives=MailboxDone)
def change_mailbox(request: HttpRequest, mailbox: Path[Number], asked: MailboxChange) -> MailboxDone:
    """Say what has changed about a mailbox

    All administrators are told by mail.
    """
    actor, box = administrator(request), _mailbox(mailbox)
    fields: dict[str, Any] = {name: getattr(asked, name) for name in asked.model_fields_set}
    if "team" in fields:
        fields["team"] = needed(Team, asked.team, "team")
    if asked.sends_by is not None:
        fields["sends_by"] = _server(asked.sends_by, "sends_by")
    actions.change_mailbox(box, actor=actor, **fields)
    return _done(mailbox, mailbox)


@routes.post("/mailboxes/{mailbox}/archiving", scope="mail:write", gives=MailboxDone, status=200)
def archive_mailbox(request: HttpRequest, mailbox: Path[Number]) -> MailboxDone:
    """Archive a mailbox

    Mail to it is refused, and nothing is fetched for it.
    """
    actor = administrator(request)
    folders.close_mailbox(_mailbox(mailbox), actor=actor)
    return _done(mailbox, mailbox)


@routes.delete("/mailboxes/{mailbox}/archiving", scope="mail:write", gives=MailboxDone)
def restore_mailbox(request: HttpRequest, mailbox: Path[Number]) -> MailboxDone:
    """Restore a mailbox that was archived"""
    actor = administrator(request)
    actions.restore_mailbox(_mailbox(mailbox), actor=actor)
    return _done(mailbox, mailbox)


@routes.post("/mailboxes/{mailbox}/aliases", scope="mail:write", gives=MailboxDone)
def add_mailbox_alias(request: HttpRequest, mailbox: Path[Number], asked: AliasAsked) -> MailboxDone:
    """Let mail to one more address come to a mailbox"""
    actor = administrator(request)
    made = actions.add_alias(_mailbox(mailbox), asked.address, may_send=asked.may_send, actor=actor)
    return _done(mailbox, made.pk)


@routes.patch("/mailboxes/{mailbox}/aliases/{alias}", scope="mail:write", gives=MailboxDone)
def change_mailbox_alias(
    request: HttpRequest, mailbox: Path[Number], alias: Path[Number], asked: AliasChange
) -> MailboxDone:
    """Say whether replies may leave under an alias"""
    actor = administrator(request)
    actions.change_alias(_inside(MailboxAlias, mailbox, alias), may_send=asked.may_send, actor=actor)
    return _done(mailbox, alias)


@routes.delete("/mailboxes/{mailbox}/aliases/{alias}", scope="mail:write", gives=MailboxDone)
def remove_mailbox_alias(request: HttpRequest, mailbox: Path[Number], alias: Path[Number]) -> MailboxDone:
    """Let mail to an alias be refused from now on"""
    actor = administrator(request)
    folders.drop_alias(_inside(MailboxAlias, mailbox, alias), actor=actor)
    return _done(mailbox, alias)


@routes.post("/mailboxes/{mailbox}/folders", scope="mail:write", gives=MailboxDone)
def fetch_folder(request: HttpRequest, mailbox: Path[Number], asked: FolderAsked) -> MailboxDone:
    """Fetch mail from a folder from now on

    Nothing is deleted there unless `afterwards` says so.
    """
    actor = administrator(request)
    more = {"takes": asked.takes, "afterwards": asked.afterwards, "move_to": asked.move_to}
    made = folders.add_folder(_mailbox(mailbox), _server(asked.server, "server"), asked.folder, actor=actor, **more)
    return _done(mailbox, made.pk)


@routes.patch("/mailboxes/{mailbox}/folders/{folder}", scope="mail:write", gives=MailboxDone)
def change_folder(
    request: HttpRequest, mailbox: Path[Number], folder: Path[Number], asked: FolderChange
) -> MailboxDone:
    """Say what becomes of fetched mail on its server"""
    actor, row = administrator(request), _inside(FetchedFolder, mailbox, folder)
    folders.change_folder(row, afterwards=asked.afterwards, move_to=asked.move_to, actor=actor)
    return _done(mailbox, folder)


@routes.post("/mailboxes/{mailbox}/folders/{folder}/pausing", scope="mail:write", gives=MailboxDone, status=200)
def pause_folder(request: HttpRequest, mailbox: Path[Number], folder: Path[Number]) -> MailboxDone:
    """Fetch nothing from a folder until it is resumed"""
    actor = administrator(request)
    folders.pause_folder(_inside(FetchedFolder, mailbox, folder), actor=actor)
    return _done(mailbox, folder)


@routes.delete("/mailboxes/{mailbox}/folders/{folder}/pausing", scope="mail:write", gives=MailboxDone)
def resume_folder(request: HttpRequest, mailbox: Path[Number], folder: Path[Number]) -> MailboxDone:
    """Fetch from a folder again, what came meanwhile first"""
    actor = administrator(request)
    folders.resume_folder(_inside(FetchedFolder, mailbox, folder), actor=actor)
    return _done(mailbox, folder)


@routes.delete("/mailboxes/{mailbox}/folders/{folder}", scope="mail:write", gives=MailboxDone)
def leave_folder(request: HttpRequest, mailbox: Path[Number], folder: Path[Number]) -> MailboxDone:
    """Fetch from a folder no more

    Its mail stays where it is.
    """
    actor = administrator(request)
    folders.remove_folder(_inside(FetchedFolder, mailbox, folder), actor=actor)
    return _done(mailbox, folder)


@routes.post("/mailboxes/{mailbox}/keys", scope="mail:write", gives=MailboxDone)
def add_mailbox_key(request: HttpRequest, mailbox: Path[Number], asked: KeyAsked) -> MailboxDone:
    """Add a key by which encrypted mail is read

    Its private part is sealed and never told again.
    """
    actor, box = administrator(request), _mailbox(mailbox)
    try:
        data = base64.b64decode("".join(asked.file.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Invalid("file", _("give base64")) from fault
    return _done(mailbox, actions.add_mailbox_key(box, data, password=asked.password, actor=actor).pk)


@routes.delete("/mailboxes/{mailbox}/keys/{mailbox_key}", scope="mail:write", gives=MailboxDone)
def remove_mailbox_key(request: HttpRequest, mailbox: Path[Number], mailbox_key: Path[Number]) -> MailboxDone:
    """Forget a key"""
    actor = administrator(request)
    actions.remove_mailbox_key(_inside(MailboxKey, mailbox, mailbox_key), actor=actor)
    return _done(mailbox, mailbox_key)


@routes.post("/mailboxes/{mailbox}/receiving-test", scope="mail:write", gives=Findings, status=200)
def test_receiving(request: HttpRequest, mailbox: Path[Number]) -> Findings:
    """Look into every folder that is fetched, and leave all as it is"""
    actor = administrator(request)
    found = trying.check_receiving(_mailbox(mailbox), actor=actor)
    return Findings(
        findings=[FindingTold(about=row.folder, ok=one.ok, words=one.words, detail=one.detail) for row, one in found]
    )


@routes.post("/mailboxes/{mailbox}/sending-test", scope="mail:write", gives=Findings, status=200)
def test_sending(request: HttpRequest, mailbox: Path[Number]) -> Findings:
    """Mail you something from each permitted address, and tell what the mail server answers"""
    actor, box = administrator(request), _mailbox(mailbox)
    found = trying.check_sending(box, to=own_address(actor), actor=actor)
    return Findings(findings=[FindingTold(about="", ok=one.ok, words=one.words, detail=one.detail) for one in found])


class WhichMails(Schema):
    """The mails of a trial."""

    mails: ShortLine = ""


@routes.post("/mailboxes/{mailbox}/arrival-test", scope="mail:write", gives=Attempts)
def send_test_mails(request: HttpRequest, mailbox: Path[Number]) -> Attempts:
    """Mail to the mailbox itself and to its plus-address: do both arrive?

    No ticket is made of them.
    """
    actor, box = administrator(request), _mailbox(mailbox)
    return _attempts(box, trying.send_trial(box, actor=actor))


@routes.get("/mailboxes/{mailbox}/arrival-test", scope="mail:read", gives=Attempts)
def read_test_mails(request: HttpRequest, mailbox: Path[Number], asked: Query[WhichMails]) -> Attempts:
    """How far the test mails came"""
    administrator(request)
    numbers = [int(one) for one in asked.mails.split("-") if one.isascii() and one.isdecimal() and len(one) < 19]
    return _attempts(_mailbox(mailbox), numbers)


def _attempts(box: Mailbox, mails: Sequence[int]) -> Attempts:
    rows = [
        AttemptTold(mail=one.mail, to=one.to, is_plus=one.is_plus, state=one.state, words=one.words, detail=one.detail)
        for one in trying.attempts(box, mails)
    ]
    again = "-".join(str(number) for number in mails)
    return Attempts(attempts=rows, href=address_of(f"mailboxes/{box.pk}/arrival-test?mails={again}"))


def _mailbox(mailbox: int) -> Mailbox:
    found = Mailbox.objects.filter(id=mailbox).select_related("address", "team", "sends_by").first()
    if found is None:
        raise NotFound
    return found


def _inside(model: Any, mailbox: int, number: int) -> Any:
    """A mailbox's own alias, folder or key. Raises NotFound, also for another mailbox's."""
    rows = model.objects.select_related("mailbox__address", "mailbox__team")
    if model is FetchedFolder:
        rows = rows.select_related("account")
    found = rows.filter(pk=number, mailbox_id=mailbox).first()
    if found is None:
        raise NotFound
    return found


def _server(number: int, field: str) -> MailAccount:
    found = MailAccount.objects.active().filter(pk=number).first()
    if found is None:
        raise Invalid(field, _("there is no such mail server"))
    return found


def _done(mailbox: int, number: int) -> MailboxDone:
    return MailboxDone(id=number, href=address_of(f"mailboxes/{mailbox}"))


_PLAIN = (
    "name", "language", "welcomes", "domains", "takes_automatic", "ignores_internal", "unchecked_days",
    "size_limit_bytes", "answers_too_big", "signature", "sender_name", "may_send", "quiet_after_hours",
)  # fmt: skip
_OF_FOLDER = ("folder", "takes", "afterwards", "move_to", "state", "last_error", "checked_at")
_OF_KEY = ("kind", "fingerprint", "addresses", "ends_at")


def _told(state: MailboxState) -> MailboxTold:
    box = state.mailbox
    return MailboxTold(
        id=box.pk,
        href=address_of(f"mailboxes/{box.pk}"),
        address=box.address.address,
        team=box.team.key,
        is_archived=box.archived_at is not None,
        sends_by=box.sends_by_id,
        aliases=[AliasTold(id=one.pk, address=one.address.address, may_send=one.may_send) for one in box.aliases.all()],
        folders=[
            FolderTold(id=one.pk, server=one.account_id, **{name: getattr(one, name) for name in _OF_FOLDER})
            for one in state.folders
        ],
        keys=[KeyTold(id=one.pk, **{name: getattr(one, name) for name in _OF_KEY}) for one in box.keys.order_by("id")],
        state=state.state,
        error=state.error,
        last_mail_at=state.last_mail_at,
        mails_today=state.mails_today,
        **{name: getattr(box, name) for name in _PLAIN},
    )
