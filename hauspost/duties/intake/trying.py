"""Trying a mailbox out: is mail fetched, does it leave, does it arrive? Nothing in any mailbox is altered (P2.4)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.intake.models import Delivery, FetchedFolder
from hauspost.ground import clock, tokens
from hauspost.ground.accounts.checking import Finding, check_imap, check_smtp
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.sealed import set_password
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for, plus_address
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.refusals import NotAllowed
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.wake import wake
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Mailbox

# So long a mail may be on its way before somebody should look why.
PATIENCE = timedelta(minutes=5)


Step = Literal["waiting", "left", "arrived", "failed"]


@dataclass(frozen=True)
class Attempt:
    """One mail that we sent to a mailbox of our own, and how far it came."""

    mail: int
    to: str
    # To the plus-address, to which answers go (P8.1).
    is_plus: bool
    state: Step
    words: str
    detail: str = ""

    @property
    def is_over(self) -> bool:
        """Is nothing more to be expected?"""
        return self.state in ("arrived", "failed")


def permitted_addresses(mailbox: Mailbox) -> list[str]:
    """The addresses under which replies of this mailbox may leave (P31.1)."""
    own = [mailbox.address.address] if mailbox.may_send else []
    aliases = mailbox.aliases.filter(may_send=True).order_by("id")
    return [*own, *aliases.values_list("address__address", flat=True)]


def check_receiving(mailbox: Mailbox, *, actor: Actor) -> list[tuple[FetchedFolder, Finding]]:
    """Look into every folder that is fetched for a mailbox, and leave all as it is (P2.4). Raises NotAllowed."""
    _only_administrators(actor)
    rows = FetchedFolder.objects.filter(mailbox=mailbox).select_related("account").order_by("id")
    return [(row, check_imap(row.account, row.folder)) for row in rows]


def check_sending(mailbox: Mailbox, *, to: str, actor: Actor) -> list[Finding]:
    """Really send a small mail from each permitted address; what the server answers (P31.2). Raises NotAllowed."""
    _only_administrators(actor)
    senders = permitted_addresses(mailbox)
    if not senders:
        return [Finding(False, _("No reply may leave under an address of this mailbox."))]
    if mailbox.sends_by is not None:
        return check_smtp(mailbox.sends_by, senders, to)
    config = settings.HAUSPOST
    if config.outgoing_maildir:
        return [
            Finding(
                True, _("This is a trial: mail goes into the folder %(folder)s.") % {"folder": config.outgoing_maildir}
            )
        ]
    if not config.outgoing_host:
        return [
            Finding(False, _("No mail server is set: name one in hauspost.toml (outgoing_host), or choose one here."))
        ]
    return check_smtp(_of_the_house(), senders, to)


def _of_the_house() -> MailAccount:
    """The mail server of hauspost.toml in the shape of the others; it is in no table."""
    config = settings.HAUSPOST
    account = MailAccount(
        name=config.outgoing_host,
        smtp_host=config.outgoing_host,
        smtp_port=config.outgoing_port,
        smtp_security=config.outgoing_security,
        user=config.outgoing_user,
    )
    set_password(account, config.outgoing_password)
    return account


@transaction.atomic
def send_trial(mailbox: Mailbox, *, actor: Actor) -> list[int]:
    """Mail to a mailbox of our own, and to its plus-address (P8.1): do both arrive? No ticket is made of them (P7.5).

    Answers the numbers for `attempts`. Raises NotAllowed.
    """
    _only_administrators(actor)
    base = mailbox.address.address
    mails = [_send(mailbox, to) for to in dict.fromkeys((base, plus_address(base, 0, 0, tokens.ring())))]
    transaction.on_commit(wake)
    return mails


def _send(mailbox: Mailbox, to: str) -> int:
    sender = (permitted_addresses(mailbox) or [mailbox.address.address])[0]
    text = _("This mail was sent by Hauspost to itself, to see whether mail to %(address)s arrives.") % {"address": to}
    mail = outbox.queue(
        Outgoing(
            from_=("Hauspost", sender),
            to=[("", to)],
            subject=_("Does mail arrive?"),
            text=f"{text}\n",
            html=html_of_text(text),
            message_id=message_id_for("notice", 0, 0, 0, tokens.ring(), settings.HAUSPOST.mail_domain),
            date=clock.now(),
            headers=automatic_headers("auto-generated"),
        ),
        kind=OutgoingMail.Kind.ALERT,
        stream="",
        about=0,
        entry=0,
        # What comes back says why it did not arrive.
        envelope_from=sender,
        recipients=[(to, "")],
        account=mailbox.sends_by,
    )
    return mail.pk


def attempts(mailbox: Mailbox, mails: Sequence[int]) -> list[Attempt]:
    """How far the mails of a trial came; numbers of other mails are left out."""
    base = mailbox.address.address
    local, _at, domain = base.partition("@")
    rows = OutgoingRecipient.objects.filter(
        mail__in=list(mails)[:10], mail__stream="", mail__kind=OutgoingMail.Kind.ALERT
    )
    found = rows.select_related("mail").order_by("mail_id")
    return [
        _attempt(row, is_plus=row.address != base)
        for row in found
        if row.address == base or (row.address.startswith(f"{local}+") and row.address.endswith(f"@{domain}"))
    ]


def _attempt(row: OutgoingRecipient, *, is_plus: bool) -> Attempt:
    mail, state = row.mail, OutgoingRecipient.State
    digest = hashlib.sha256(mail.message_id.encode()).digest()[:16]
    came = Delivery.objects.filter(message_id_hash=digest).order_by("id").first()
    answer = f"{row.reply_code or ''} {row.reply_text}".strip()

    def told(how: Step, words: str, detail: str = "") -> Attempt:
        return Attempt(mail.pk, row.address, is_plus, how, words, detail)

    if came is not None:
        seconds = max(1, round((came.received_at - mail.created_at).total_seconds()))
        words = _("It arrived after %(seconds)s s by %(way)s.") % {"seconds": seconds, "way": came.via.upper()}
        return told("arrived", words)
    if row.state in (state.FAILED, state.BOUNCED, state.CANCELLED):
        return told("failed", _("It came back, or was refused."), answer)
    is_late = clock.now() - mail.created_at > PATIENCE
    if row.state == state.HANDED_OVER:
        if is_late:
            return told("failed", _("The mail server took it, but it has not arrived here: look into its log."), answer)
        return told("left", _("The mail server took it; it has not arrived yet."), answer)
    if not outbox.is_configured() and mail.account_id is None:
        return told("failed", _("It waits: no outgoing mail server is set."))
    return told("waiting", _("It waits to leave."), mail.last_error)


def _only_administrators(actor: Actor) -> None:
    if not actor.is_administrator:
        raise NotAllowed
