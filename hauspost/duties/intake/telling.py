"""Telling all administrators of every change of a mailbox, a fetched folder or a mail server, with its words (S17)."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.duties.intake.models import FetchedFolder
from hauspost.duties.notices.house import Message, mail_administrators
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of, data_of, person_of
from hauspost.records.people.actions import names_of
from hauspost.records.people.models import Mailbox, MailboxKey, Team

# What happened, as a sentence about somebody; the audit log tells it in the same words.
KINDS: Mapping[str, Callable[[], str]] = {
    "mailbox.added": lambda: _("%(who)s added an intake address"),
    "mailbox.changed": lambda: _("%(who)s changed the intake address"),
    "mailbox.archived": lambda: _("%(who)s archived the intake address: it takes no mail"),
    "mailbox.restored": lambda: _("%(who)s took the intake address back from the archive"),
    "mailbox.alias_added": lambda: _("%(who)s added another address to the intake address"),
    "mailbox.alias_changed": lambda: _("%(who)s changed whether replies leave under another address"),
    "mailbox.alias_removed": lambda: _("%(who)s took another address away from the intake address"),
    "mailbox.key_added": lambda: _("%(who)s added a key for encrypted mail"),
    "mailbox.key_removed": lambda: _("%(who)s took a key for encrypted mail away"),
    "folder.added": lambda: _("%(who)s lets mail be fetched from a folder"),
    "folder.changed": lambda: _("%(who)s changed what becomes of fetched mail"),
    "folder.paused": lambda: _("%(who)s paused the fetching from a folder"),
    "folder.resumed": lambda: _("%(who)s lets a folder be fetched again"),
    "folder.removed": lambda: _("%(who)s ended the fetching from a folder"),
    "mail_server.added": lambda: _("%(who)s added the mail server"),
    "mail_server.changed": lambda: _("%(who)s changed the mail server"),
    "mail_server.archived": lambda: _("%(who)s archived the mail server; its secrets are gone"),
    "mail_server.resumed": lambda: _("%(who)s lets the restored desk use the mail server"),
    "mail_server.authorised": lambda: _("%(who)s authorised Hauspost at the mail server"),
}
FIELDS: Mapping[str, Callable[[], str]] = {
    "address": lambda: _("Address"),
    "team": lambda: _("Team"),
    "name": lambda: _("Name"),
    "language": lambda: _("Language"),
    "welcomes": lambda: _("who may write"),
    "domains": lambda: _("known domains"),
    "takes_automatic": lambda: _("automatic mail becomes tickets"),
    "ignores_internal": lambda: _("ignores mail between colleagues"),
    "unchecked_days": lambda: _("days for checking"),
    "size_limit_bytes": lambda: _("largest mail"),
    "answers_too_big": lambda: _("answers mail that is too large"),
    "signature": lambda: _("signature"),
    "sender_name": lambda: _("sender in replies"),
    "may_send": lambda: _("replies leave under it"),
    "sends_by": lambda: _("replies leave by"),
    "quiet_after_hours": lambda: _("alarm after hours without mail"),
    "alias": lambda: _("other address"),
    "key": lambda: _("key"),
    "fingerprint": lambda: _("fingerprint"),
    "account": lambda: _("mail server"),
    "folder": lambda: _("folder"),
    "takes": lambda: _("the first fetch takes"),
    "afterwards": lambda: _("afterwards"),
    "move_to": lambda: _("moved to"),
    "kind": lambda: _("Kind"),
    "imap_host": lambda: _("IMAP server"),
    "imap_port": lambda: _("IMAP port"),
    "imap_security": lambda: _("IMAP encryption"),
    "smtp_host": lambda: _("SMTP server"),
    "smtp_port": lambda: _("SMTP port"),
    "smtp_security": lambda: _("SMTP encryption"),
    "sent_folder": lambda: _("copy of sent mail in"),
    "auth_serv_id": lambda: _("its name in Authentication-Results"),
    "believes_unnamed_results": lambda: _("its Authentication-Results without a name count"),
    "user": lambda: _("mailbox there"),
    "user before": lambda: _("mailbox there, before"),
    "sign_in": lambda: _("signs in"),
    "grant": lambda: _("authorised"),
    "tenant": lambda: _("tenant"),
    "client_id": lambda: _("client ID"),
    "client_secret_ends_on": lambda: _("client secret ends on"),
    "authorise_url": lambda: _("address for authorising"),
    "token_url": lambda: _("address for tokens"),
    "scopes": lambda: _("scopes"),
    "new_secrets": lambda: _("new secret"),
    "authorised_by": lambda: _("agreed by"),
}
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "welcomes": dict(Mailbox.Welcome.choices),
    "sender_name": dict(Mailbox.SenderName.choices),
    "takes": dict(FetchedFolder.Takes.choices),
    "afterwards": dict(FetchedFolder.Afterwards.choices),
    "kind": dict(MailAccount.Kind.choices),
    "imap_security": dict(MailAccount.Security.choices),
    "smtp_security": dict(MailAccount.Security.choices),
    "sign_in": dict(MailAccount.SignIn.choices),
    "grant": dict(MailAccount.Grant.choices),
    "key": dict(MailboxKey.Kind.choices),
    "new_secrets": {"password": gettext_lazy("password"), "client_secret": gettext_lazy("client secret")},
}


def tell_of_mail_settings(event: Event) -> None:
    """A mail to every administrator, whoever did it included: who, what, from what to what. Secrets are in no event."""
    mail_administrators(lambda: _message(event), moment=event.occurred_at)


def _message(event: Event) -> Message:
    about, page = _about(event)
    what = KINDS[event.kind]() % {"who": _who(event)}
    meant = _("Was it not meant? Put it right on that page, and ask who did it.")
    return Message(f"{what}: {about}", ["\n".join(_changes(event)), meant], f"/desk/settings/{page}")


def _who(event: Event) -> str:
    uid = person_of(event)
    name = names_of([uid]).get(uid, "") if uid else ""
    if name:
        return name
    return _("Somebody at the console") if actor_of(event).get("via") == "cli" else "Hauspost"


def _about(event: Event) -> tuple[str, str]:
    """What it is about, and its page below /desk/settings/."""
    kind, _colon, key = event.stream.name.removeprefix("setting:").partition(":")
    if kind == "mailbox":
        box = Mailbox.objects.filter(address__address=key).values_list("id", flat=True).first()
        return key, f"mailboxes/{box}" if box else "mailboxes"
    account = MailAccount.objects.filter(pk=int(key)).first()
    return (account.name, f"mail-servers/{key}") if account is not None else (key, "mail-servers")


def _changes(event: Event) -> list[str]:
    """What was, and what is, a line a field; what personal parts there are is shown on the page only."""
    data = data_of(event)
    before, after = data.get("before"), data.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        before, after = {}, {}
    plain = {name: value for name, value in data.items() if name in ("account", "folder") and isinstance(value, str)}
    lines = [f"{_label(name)}: {value}" for name, value in plain.items()]
    for name in {**before, **after}:
        was, now = value_words(name, before.get(name)), value_words(name, after.get(name))
        if name not in plain and was != now:
            lines.append(f"{_label(name)}: {was} → {now}" if name in before else f"{_label(name)}: {now}")
    return lines


def _label(name: str) -> str:
    return FIELDS[name]() if name in FIELDS else name.replace("_", " ")


def value_words(name: str, value: Any) -> str:
    """A value as somebody reads it."""
    if value in (None, "", [], {}):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "size_limit_bytes":
        return f"{number_format(value / 1_000_000)} MB" if value else _("as for the whole desk")
    if isinstance(value, dict):
        return " / ".join(str(text) for text in value.values())
    if isinstance(value, list):
        return ", ".join(value_words(name, one) for one in value)
    if name == "team":
        return next((team.name for team in Team.objects.filter(key=value)), str(value))
    return str(CHOICES.get(name, {}).get(value, value))
