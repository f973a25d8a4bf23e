"""The folders on mail servers from which mail is fetched for a mailbox: which, how, and since when (P2.4)."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.wake import wake
from hauspost.records.people.actions import archive_mail_account, archive_mailbox, one_line, remove_alias
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Mailbox, MailboxAlias
from hauspost.records.people.refusals import MailServerInUse


@transaction.atomic
def add_folder(
    mailbox: Mailbox,
    account: MailAccount,
    folder: str,
    *,
    actor: Actor,
    takes: str = FetchedFolder.Takes.NEW,
    afterwards: str = FetchedFolder.Afterwards.SEEN,
    move_to: str = "",
) -> FetchedFolder:
    """Fetch mail from a folder from now on. Records "folder.added", of which administrators are told (S17).

    `takes` says what the first fetch takes; nothing is ever deleted unless `afterwards` says so (P2.4).
    Raises NotAllowed, Invalid.
    """
    _only_administrators(actor)
    if mailbox.archived_at is not None:
        raise Invalid("mailbox", _("%(name)s is archived") % {"name": mailbox.address.address})
    if account.archived_at is not None or not account.imap_host:
        raise Invalid(
            "account", _("from %(name)s nothing can be fetched; name its IMAP server first") % {"name": account}
        )
    name = _folder_name("folder", folder)
    other = FetchedFolder.objects.filter(account=account, folder=name).select_related("mailbox__address").first()
    if other is not None:
        raise Invalid("folder", _("it is fetched for %(mailbox)s already") % {"mailbox": other.mailbox.address.address})
    fields = _checked(account, name, takes, afterwards, move_to)
    if goal := FetchedFolder.objects.filter(account=account, move_to=name).select_related("mailbox__address").first():
        reason = _("what was fetched for %(mailbox)s is moved there, and would come a second time")
        raise Invalid("folder", reason % {"mailbox": goal.mailbox.address.address})
    row = FetchedFolder.objects.create(mailbox=mailbox, account=account, folder=name, created_at=clock.now(), **fields)
    _record(row, "added", {"before": {}, "after": _told(row)}, actor)
    transaction.on_commit(wake)
    return row


@transaction.atomic
def change_folder(row: FetchedFolder, *, actor: Actor, afterwards: str, move_to: str = "") -> FetchedFolder:
    """Say what becomes of fetched mail on its server. Records "folder.changed". Raises NotAllowed, Invalid."""
    _only_administrators(actor)
    now = _locked(row)
    before = _told(now)
    fields = _checked(now.account, now.folder, now.takes, afterwards, move_to)
    row.afterwards, row.move_to = now.afterwards, now.move_to = fields["afterwards"], fields["move_to"]
    after = _told(now)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        now.save(update_fields=["afterwards", "move_to"])
        which = {"account": after["account"], "folder": after["folder"]}
        told = {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}
        _record(now, "changed", {**which, **told}, actor)
    return row


@transaction.atomic
def pause_folder(row: FetchedFolder, *, actor: Actor) -> None:
    """Fetch nothing from a folder until it is resumed. Records "folder.paused". Raises NotAllowed."""
    _only_administrators(actor)
    now = _locked(row)
    if now.state != FetchedFolder.State.PAUSED:
        now.state = FetchedFolder.State.PAUSED
        now.save(update_fields=["state"])
        _record(now, "paused", {"account": now.account.name, "folder": now.folder}, actor)
        transaction.on_commit(wake)
    row.state = now.state


@transaction.atomic
def resume_folder(row: FetchedFolder, *, actor: Actor) -> None:
    """Fetch again, what came meanwhile first. Records "folder.resumed". Raises NotAllowed, Invalid."""
    _only_administrators(actor)
    now = _locked(row)
    if now.mailbox.archived_at is not None:
        raise Invalid("mailbox", _("%(name)s is archived") % {"name": now.mailbox.address.address})
    if now.state == FetchedFolder.State.PAUSED:
        now.state, now.last_error, now.failing_since = FetchedFolder.State.NEW, "", None
        now.save(update_fields=["state", "last_error", "failing_since"])
        _record(now, "resumed", {"account": now.account.name, "folder": now.folder}, actor)
        transaction.on_commit(wake)
    row.state = now.state


@transaction.atomic
def remove_folder(row: FetchedFolder, *, actor: Actor) -> None:
    """Fetch from a folder no more, and forget how far we were. Records "folder.removed". Raises NotAllowed."""
    _only_administrators(actor)
    now = _locked(row)
    now.delete()
    _record(row, "removed", {"account": now.account.name, "folder": now.folder}, actor)
    transaction.on_commit(wake)


@transaction.atomic
def close_mailbox(mailbox: Mailbox, *, actor: Actor) -> None:
    """Archive a mailbox; what is fetched for it is paused, so that a mail without a home stays on its server.

    Raises NotAllowed.
    """
    archive_mailbox(mailbox, actor=actor)
    for row in FetchedFolder.objects.filter(mailbox=mailbox).select_related("account").order_by("id"):
        pause_folder(row, actor=actor)


@transaction.atomic
def drop_alias(alias: MailboxAlias, *, actor: Actor) -> None:
    """Let an address be ours no more; who reads the mail that came to it stays as it was (P33.3). Raises NotAllowed."""
    mailbox, address = alias.mailbox, alias.address.address
    remove_alias(alias, actor=actor)
    Delivery.objects.filter(mailbox=address).update(mailbox=mailbox.address.address)


@transaction.atomic
def retire_account(account: MailAccount, *, actor: Actor) -> None:
    """Archive a mail server from which nothing is fetched and by which nobody sends.

    Raises NotAllowed, MailServerInUse.
    """
    _only_administrators(actor)
    boxes = Mailbox.objects.filter(folders__account=account).select_related("address").distinct()
    if names := sorted(box.address.address for box in boxes):
        raise MailServerInUse(name=account.name, mailboxes=", ".join(names))
    archive_mail_account(account, actor=actor)


def _checked(account: MailAccount, folder: str, takes: str, afterwards: str, move_to: str) -> dict[str, Any]:
    for field, value, allowed in (
        ("takes", takes, FetchedFolder.Takes.values),
        ("afterwards", afterwards, FetchedFolder.Afterwards.values),
    ):
        if value not in allowed:
            raise Invalid(field, ", ".join(allowed))
    goal = _folder_name("move_to", move_to) if afterwards == FetchedFolder.Afterwards.MOVE else ""
    fetched = FetchedFolder.objects.filter(account=account, folder=goal)
    if goal and (goal == folder or fetched.exists()):
        raise Invalid("move_to", _("choose a folder that is not fetched, or the mail would come a second time"))
    return {"takes": takes, "afterwards": afterwards, "move_to": goal}


def _folder_name(field: str, name: str) -> str:
    # INBOX is the one name that IMAP spells in any case (RFC 3501 5.1).
    clean = one_line(name, 255)
    if not clean:
        raise Invalid(field, _("name a folder"))
    return "INBOX" if clean.upper() == "INBOX" else clean


def _only_administrators(actor: Actor) -> None:
    if not actor.is_administrator:
        raise NotAllowed


def _locked(row: FetchedFolder) -> FetchedFolder:
    rows = FetchedFolder.objects.select_for_update(of=("self",)).select_related("account", "mailbox__address")
    return rows.get(pk=row.pk)


def _told(row: FetchedFolder) -> dict[str, Any]:
    return {
        "account": row.account.name,
        "folder": row.folder,
        "takes": row.takes,
        "afterwards": row.afterwards,
        "move_to": row.move_to,
    }


def _record(row: FetchedFolder, what: str, data: dict[str, Any], actor: Actor) -> None:
    record(f"folder.{what}", row.mailbox.stream, actor=actor, data=data)
