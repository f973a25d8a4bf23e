"""Mail servers: where mail is fetched or handed over, and as whom we sign in there. Secrets go in, never out (S21)."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.oauth import tokens_for_code
from hauspost.ground.accounts.sealed import forget_tokens, keep_tokens, set_client_secret, set_password
from hauspost.ground.db import storable
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import Invalid
from hauspost.ground.wake import wake
from hauspost.records.people.actions.addresses import known_person
from hauspost.records.people.actions.checks import one_line, only_administrators
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Mailbox
from hauspost.records.people.refusals import MailServerInUse

_FIELDS = {field.name: field for field in MailAccount._meta.concrete_fields}
_HOST = re.compile(r"[\w](?:[-.\w]{0,251}\w)?|[0-9a-fA-F:.]{2,45}")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1|\[::1\]")
# With another one of these, what somebody agreed to is worth nothing any more, or would be shown to another server.
_AGREED = (
    "kind", "grant", "tenant", "client_id", "authorise_url", "token_url", "scopes", "sign_in", "imap_host", "smtp_host",
)  # fmt: skip
# With another one of these, it is not known yet whether the server takes us.
_TRIED = (*_AGREED, "user", "imap_port", "imap_security", "smtp_port", "smtp_security")
_SECRETS: Mapping[str, Callable[[MailAccount, str], None]] = {
    "password": set_password, "client_secret": set_client_secret,
}  # fmt: skip
# To whom a secret is shown: with another server it is typed again, or whoever may change an address could read it.
_SHOWN_TO: Mapping[str, tuple[str, ...]] = {
    "password": ("imap_host", "smtp_host"), "client_secret": ("kind", "tenant", "token_url"),
}  # fmt: skip


class AccountFields(TypedDict, total=False):
    """What can be said about a mail server; what is not named stays. An empty password or secret keeps the old one."""

    name: str
    kind: str
    imap_host: str
    imap_port: int
    imap_security: str
    smtp_host: str
    smtp_port: int
    smtp_security: str
    sent_folder: str
    auth_serv_id: str
    believes_unnamed_results: bool
    user: str
    sign_in: str
    password: str
    grant: str
    tenant: str
    client_id: str
    client_secret: str
    client_secret_ends_on: date | None
    authorise_url: str
    token_url: str
    scopes: str


@transaction.atomic
def add_mail_account(*, actor: Actor, **asked: Unpack[AccountFields]) -> MailAccount:
    """Let Hauspost know a mail server. Records "mail_server.added", without secrets. Raises NotAllowed, Invalid."""
    only_administrators(actor)
    account = MailAccount(created_at=clock.now())
    before = _told(MailAccount())
    secrets = _take(account, asked)
    account.save()
    _record(account, "added", before, secrets, actor)
    return account


@transaction.atomic
def change_mail_account(account: MailAccount, *, actor: Actor, **asked: Unpack[AccountFields]) -> MailAccount:
    """Say what has changed about a mail server; then it is tried anew. Records "mail_server.changed", without secrets.

    With another program, provider or grant, what was agreed to in the browser is forgotten: it would open nothing.
    Raises NotAllowed, Invalid.
    """
    only_administrators(actor)
    now = MailAccount.objects.select_for_update().get(pk=account.pk)
    before = _told(now)
    secrets = _take(now, asked)
    after = _told(now)
    changed = {name for name in after if after[name] != before[name]}
    if changed & set(_AGREED):
        _forget_agreement(now)
    if changed & set(_TRIED) or secrets:
        now.state, now.last_error, now.failing_since, now.told_at = MailAccount.State.NEW, "", None, None
    if "client_secret_ends_on" in changed:
        now.told_at = None
    if changed or secrets:
        now.save()
        _record(now, "changed", before, secrets, actor)
    account.__dict__.update({field.attname: getattr(now, field.attname) for field in now._meta.concrete_fields})
    return account


@transaction.atomic
def archive_mail_account(account: MailAccount, *, actor: Actor) -> None:
    """Let a mail server be no more; its secrets go at once. Records "mail_server.archived".

    Doors call `duties.intake.folders.retire_account`, which also looks whether mail is fetched from it.
    Raises NotAllowed, MailServerInUse (mailboxes send by it).
    """
    only_administrators(actor)
    now = MailAccount.objects.select_for_update().get(pk=account.pk)
    boxes = Mailbox.objects.filter(sends_by=now, archived_at__isnull=True).select_related("address")
    if names := [box.address.address for box in boxes]:
        raise MailServerInUse(name=now.name, mailboxes=", ".join(sorted(names)))
    account.archived_at = now.archived_at
    if now.archived_at is not None:
        return
    now.archived_at = account.archived_at = clock.now()
    for put in _SECRETS.values():
        put(now, "")
    _forget_agreement(now)
    now.save()
    record("mail_server.archived", now.stream, actor=actor, data={"name": now.name})


@transaction.atomic
def resume_mail_account(account: MailAccount, *, actor: Actor) -> None:
    """Let a restored desk fetch and send by a mail server: it is the desk now (P40). Records "mail_server.resumed".

    Its folders stay paused; each is resumed by itself. Raises NotAllowed.
    """
    only_administrators(actor)
    now = MailAccount.objects.select_for_update().get(pk=account.pk)
    account.held_at = None
    if now.held_at is None:
        return
    now.held_at = None
    now.save(update_fields=["held_at"])
    record("mail_server.resumed", now.stream, actor=actor, data={"name": now.name})
    transaction.on_commit(wake)


def authorise_mail_account(account: MailAccount, code: str, verifier: str, redirect_uri: str, *, actor: Actor) -> None:
    """Keep what somebody agreed to in the browser. Asks the provider: not inside a transaction.

    Records "mail_server.authorised". Raises NotAllowed, SignedOut (a code too old, or used before), ClientRefused,
    AccountUnreachable.
    """
    only_administrators(actor)
    tokens = tokens_for_code(account, code, verifier, redirect_uri)
    with transaction.atomic():
        now = MailAccount.objects.select_for_update().get(pk=account.pk)
        keep_tokens(now, tokens, is_new=True)
        now.state, now.last_error, now.failing_since, now.told_at = MailAccount.State.NEW, "", None, None
        now.save(update_fields=["state", "last_error", "failing_since", "told_at"])
        parts = [_naming("authorised_by", now.authorised_by)] if now.authorised_by else []
        record("mail_server.authorised", now.stream, actor=actor, data={"name": now.name}, parts=parts)


def forget_in_mail_accounts(addresses: Collection[str]) -> list[str]:
    """Take an erased person out of what mail servers tell; for the erasure duty, in its transaction.

    Answers the names of those that sign in as this person: without that they would not work, so somebody decides.
    """
    still = []
    for account in MailAccount.objects.order_by("id"):
        if account.authorised_by.lower() in addresses:
            account.authorised_by = ""
            account.save(update_fields=["authorised_by"])
        if account.user.lower() not in addresses:
            continue
        if account.archived_at is None:
            still.append(account.name)
        else:
            account.user = ""
            account.save(update_fields=["user"])
    return still


def _take(account: MailAccount, asked: AccountFields) -> list[str]:
    """Set the fields that were named, checked together with those that stay; answers which secrets are new."""
    fields: dict[str, Any] = dict(asked)
    given = {name: fields.pop(name, "") for name in _SECRETS}
    was = _told(account)
    for name, value in fields.items():
        setattr(account, name, _clean(name, value))
    for name in _SECRETS:
        moved = [one for one in _SHOWN_TO[name] if getattr(account, one) not in (was[one], "")]
        if moved and getattr(account, f"{name}_sealed") and not given[name].strip():
            _refuse(name, _("type it once more: it would be shown to another server"))
    for name, put in _SECRETS.items():
        if secret := storable(given[name].strip()):
            put(account, secret)
    _refuse_half(account)
    return [name for name in _SECRETS if given[name].strip()]


def _clean(name: str, value: Any) -> Any:
    match name:
        case "name":
            return one_line(value, 120) or _refuse("name", _("write a name"))
        case "imap_host" | "smtp_host":
            return _host(name, value)
        case "imap_port" | "smtp_port":
            return value if 1 <= value <= 65535 else _refuse(name, _("from 1 to 65535"))
        case "authorise_url" | "token_url":
            return _address(name, value)
        case "kind" | "sign_in" | "grant" | "imap_security" | "smtp_security":
            allowed = [str(one) for one, _words in _FIELDS[name].choices or ()]
            return value if value in allowed else _refuse(name, ", ".join(allowed))
        case "auth_serv_id":
            server = one_line(value, 255)
            return (
                _refuse(name, _("only the name, without what follows it")) if re.search(r"[\s;=]", server) else server
            )
        case "client_secret_ends_on":
            return value
        case "believes_unnamed_results":
            return bool(value)
    return one_line(value, _FIELDS[name].max_length or 255)


def _host(name: str, value: str) -> str:
    host = value.strip().lower().rstrip(".")
    if host and not _HOST.fullmatch(host):
        _refuse(name, _("write the name of a server, like imap.firma.example, without port and without https://"))
    return host


def _address(name: str, value: str) -> str:
    address = one_line(value, 500)
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _LOOPBACK.fullmatch(host))):
        _refuse(name, _("write a whole address that begins with https://"))
    return address


def _refuse_half(account: MailAccount) -> None:
    """What belongs together is there together. Raises Invalid, at the field that is missing."""
    if not account.name:
        _refuse("name", _("write a name"))
    if not account.imap_host and not account.smtp_host:
        _refuse("imap_host", _("name a server for fetching, or one for sending"))
    for way in ("imap", "smtp"):
        host, security = getattr(account, f"{way}_host"), getattr(account, f"{way}_security")
        if host and security == MailAccount.Security.NONE and not _LOOPBACK.fullmatch(host):
            _refuse(f"{way}_security", _("over a network the password would be readable; choose TLS or STARTTLS"))
    if not account.user:
        _refuse("user", _("whose mailbox is it? Usually its e-mail address"))
    if account.sign_in == MailAccount.SignIn.OAUTH:
        _refuse_half_program(account)


def _refuse_half_program(account: MailAccount) -> None:
    """OAuth: by which program, at which provider, and with what."""
    if not account.client_id:
        _refuse("client_id", _("copy it from the provider’s page on which the app was registered"))
    is_app = account.grant == MailAccount.Grant.APP
    # Whoever agrees in the browser may come from any company; a program belongs to one.
    tenant = account.tenant or ("" if is_app else "any")
    if account.kind == MailAccount.Kind.MICROSOFT and not re.fullmatch(r"[-.\w]{1,120}", tenant):
        _refuse("tenant", _("copy the directory (tenant) ID from the app’s overview"))
    if account.kind == MailAccount.Kind.GOOGLE and is_app:
        _refuse("grant", _("Google wants somebody’s consent in the browser; choose that"))
    if account.kind == MailAccount.Kind.OTHER:
        needed = ["token_url", "scopes"] + ([] if is_app else ["authorise_url"])
        for name in needed:
            if not getattr(account, name):
                _refuse(name, _("the provider’s documentation names it; it is needed"))


def _refuse(field: str, reason: str) -> Any:
    raise Invalid(field, reason)


def _forget_agreement(account: MailAccount) -> None:
    forget_tokens(account)
    account.authorised_by, account.authorised_at = "", None


def _told(account: MailAccount) -> dict[str, Any]:
    """Everything that somebody sets, but no secret."""
    names = [name for name in AccountFields.__annotations__ if name not in _SECRETS]
    found = {name: getattr(account, name) for name in names}
    ends_on = account.client_secret_ends_on
    return {**found, "client_secret_ends_on": ends_on.isoformat() if ends_on else None}


def _record(account: MailAccount, what: str, before: Mapping[str, Any], secrets: list[str], actor: Actor) -> None:
    now = _told(account)
    changed = [name for name in now if now[name] != before[name]]
    plain = [name for name in changed if name != "user"]
    data: dict[str, Any] = {
        "before": {name: before[name] for name in plain} if what == "changed" else {},
        "after": {name: now[name] for name in plain},
    }
    if secrets:
        # Which ones are new; never what they are (S21).
        data["after"]["new_secrets"] = secrets
    # As whom we sign in may be a person's own address.
    parts = [_naming("user", account.user), _naming("user before", before["user"])] if "user" in changed else []
    record(f"mail_server.{what}", account.stream, actor=actor, data=data, parts=[one for one in parts if one.content])


def _naming(name: str, address: str) -> Part:
    """An address as a part of the record: its person's, so that it goes with them."""
    person = known_person(address)
    return Part(name, address, str(person.uid) if person is not None else "")
