"""Who takes letters: the house's mail server, and those of the accounts; with connections kept for the next letter."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings

from hauspost.ground.accounts import imap, smtp
from hauspost.ground.accounts.health import SENDING, note_good, note_trouble
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountTrouble
from hauspost.ground.mail._maildir import LocalMailbox
from hauspost.ground.mail._rerouting import writer_of
from hauspost.ground.mail._sending import Courier, MailServer, Outcome, Parcel, Unreachable

log = logging.getLogger("hauspost.mail")

# What decides over a connection: with another one of these it is made anew.
_SETTINGS = (
    "kind", "smtp_host", "smtp_port", "smtp_security", "imap_host", "imap_port", "imap_security", "user", "sign_in",
    "password_sealed", "grant", "tenant", "client_id", "client_secret_sealed", "authorised_at", "sent_folder",
)  # fmt: skip


class Couriers:
    """All who take letters, by account; None is the house's own."""

    def __init__(self, own: Courier | None = None) -> None:
        """`own` takes the house's letters instead of what the settings name."""
        self._house = own or house()
        self._accounts: dict[int, AccountServer] = {}
        # Whose connections may be open.
        self.busy: set[int | None] = set()

    def of(self, account: int | None) -> Courier | None:
        """Who takes this account's letters now; None where there is none or it is on hold, so that they wait."""
        self.busy.add(account)
        if account is None:
            return self._house
        row = MailAccount.objects.get(pk=account)
        if row.held_at is not None:
            return None
        known = self._accounts.get(account)
        if known is None or known.settings != _settings_of(row):
            if known is not None:
                known.close()
            known = self._accounts[account] = AccountServer(row)
        return known

    def rest(self, account: int | None) -> None:
        """Nothing more for now: a server need not hold a line on which nothing is said."""
        self.busy.discard(account)
        courier = self._house if account is None else self._accounts.get(account)
        if courier is not None:
            courier.close()

    def close(self) -> None:
        """Let go of all connections."""
        for account in (None, *self._accounts):
            self.rest(account)


def house() -> Courier | None:
    """The mail server of hauspost.toml, or the local mailbox; None when nothing is configured."""
    config = settings.HAUSPOST
    if config.outgoing_maildir:
        return LocalMailbox(config.outgoing_maildir)
    return MailServer(smtp.of_house(config), domain=config.mail_domain) if config.outgoing_host else None


class AccountServer:
    """The mail server of an account, and the folder in its mailbox where a copy of what was sent is laid."""

    def __init__(self, account: MailAccount) -> None:
        self.settings = _settings_of(account)
        self._account = account
        self._server: MailServer | None = None
        self._mailbox: Any = None
        # Microsoft's and Google's let nobody write as an address with a token behind its plus, or as nobody.
        self._is_plain = account.kind != MailAccount.Kind.OTHER

    def hand_over(self, parcel: Parcel, may_leave: Callable[[], bool]) -> Outcome:
        """As every courier. Raises Unreachable, Overtaken.

        A server that checks whether this login may write as that sender often knows the plain address only. Its letters
        leave under that one; what bounces is known again by the letter's own id, which the report encloses (P14.1).
        """
        try:
            server = self._server = self._server or MailServer(
                smtp.of_account(self._account), domain=settings.HAUSPOST.mail_domain
            )
            outcome = server.hand_over(_plain(parcel) if self._is_plain else parcel, may_leave)
            if not self._is_plain and _is_sender_refused(outcome):
                self._is_plain = True
                outcome = server.hand_over(_plain(parcel), may_leave)
        except AccountTrouble as trouble:
            self._note(trouble)
            raise Unreachable(str(trouble)) from None
        except Unreachable as trouble:
            self._note(trouble)
            raise
        self._note(None)
        return outcome

    def keep_copy(self, raw: bytes) -> str:
        """Lay a copy into the folder for what was sent (P31.3), once: whatever happens, no letter leaves twice for it.

        Answers why not, "" when it lies there or none is wanted.
        """
        account = self._account
        if not account.sent_folder or not account.imap_host:
            return ""
        try:
            with imap.in_words(account):
                self._mailbox = self._mailbox or imap.open_mailbox(account)
                self._mailbox.append(account.sent_folder, raw, flags=(b"\\Seen",))
            return ""
        except AccountTrouble as trouble:
            self._let_go_of_mailbox()
            log.warning("no copy of a sent mail could be laid into the mailbox of mail server %s", account.pk)
            return str(trouble)

    def close(self) -> None:
        """Let go of the connections."""
        if self._server is not None:
            self._server.close()
        self._let_go_of_mailbox()

    def _let_go_of_mailbox(self) -> None:
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            imap.let_go(mailbox)

    def _note(self, trouble: Exception | None) -> None:
        if trouble is None:
            note_good(self._account, SENDING)
        else:
            note_trouble(self._account, trouble, SENDING)


def _plain(parcel: Parcel) -> Parcel:
    """The same letter, with the address in its From as its envelope's sender."""
    return replace(parcel, sender=writer_of(parcel.raw) or parcel.sender)


def _is_sender_refused(outcome: Outcome) -> bool:
    answers = outcome.answers
    return bool(answers) and all(smtp.is_sender_refused(one.code, one.text) for one in answers)


def _settings_of(account: MailAccount) -> tuple[object, ...]:
    return tuple(getattr(account, name) for name in _SETTINGS)
