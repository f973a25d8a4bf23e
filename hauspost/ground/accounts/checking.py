"""Trying a mail server out, for whoever sets it up: no test alters a mailbox (P2.4), none shows a secret (S21)."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hauspost.ground import clock
from hauspost.ground.accounts import imap, smtp
from hauspost.ground.accounts.connecting import words_of
from hauspost.ground.accounts.health import FETCHING, SENDING, note_good, note_trouble
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountTrouble, NoSuchFolder
from hauspost.ground.accounts.sealed import without_secrets


@dataclass(frozen=True)
class Finding:
    """What one test found: in a sentence, and what the server said to it."""

    ok: bool
    words: str
    detail: str = ""


def check_imap(account: MailAccount, folder: str = "INBOX") -> Finding:
    """Sign in, look into a folder without touching it (EXAMINE), and tell how much there is."""
    try:
        with imap.mailbox(account) as client:
            found = imap.select(client, account, folder, readonly=True)
            unread = len(client.search(["UNSEEN"]))
            abilities = {one.decode("ascii", "replace").upper() for one in client.capabilities()}
    except NoSuchFolder as trouble:
        # It did let us in.
        note_good(account, FETCHING)
        return Finding(False, str(trouble))
    except AccountTrouble as trouble:
        note_trouble(account, trouble, FETCHING)
        return Finding(False, str(trouble))
    note_good(account, FETCHING)
    count = int(found.get(b"EXISTS", 0))
    words = ngettext(
        "We are let in. The folder %(folder)s holds %(count)s mail, %(unread)s of them unread.",
        "We are let in. The folder %(folder)s holds %(count)s mails, %(unread)s of them unread.",
        count,
    ) % {"folder": f"“{folder}”", "count": count, "unread": unread}
    return Finding(True, words, _hints(abilities))


def folders_of(account: MailAccount) -> list[str]:
    """The names of the folders that can be opened. Raises AccountTrouble."""
    with imap.mailbox(account) as client:
        rows = client.list_folders()
    names = [str(name) for flags, _delimiter, name in rows if b"\\noselect" not in {flag.lower() for flag in flags}]
    return sorted(names, key=lambda name: (name.upper() != "INBOX", name.casefold()))


def check_smtp(account: MailAccount, from_addresses: Sequence[str], to: str) -> list[Finding]:
    """Really send one small mail from each address, and show what the server answers (P31.2)."""
    try:
        server = smtp.open_account(account)
    except AccountTrouble as trouble:
        note_trouble(account, trouble, SENDING)
        return [Finding(False, str(trouble))]
    note_good(account, SENDING)
    try:
        return [_sent(account, server, sender, to) for sender in from_addresses]
    finally:
        try:
            server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()


def _sent(account: MailAccount, server: smtplib.SMTP, sender: str, to: str) -> Finding:
    try:
        if server.sock is None:
            raise ConnectionResetError
        code, said = _transaction(server, sender, to)
    except (OSError, smtplib.SMTPException) as error:
        server.close()
        reason = without_secrets(account, words_of(error))
        return Finding(False, _("%(sender)s: nothing was sent; %(reason)s.") % {"sender": sender, "reason": reason})
    answer = without_secrets(account, f"{code} {said}")
    if code == 250:
        words = _("%(sender)s: a test mail to %(to)s was accepted.") % {"sender": sender, "to": to}
        return Finding(True, words, answer)
    reason = smtp.refusal_in_words(account, code, said)
    return Finding(False, _("%(sender)s: refused; %(reason)s.") % {"sender": sender, "reason": reason}, answer)


def _transaction(server: smtplib.SMTP, sender: str, to: str) -> tuple[int, str]:
    """One mail; the first answer that is no yes, else the last one."""
    for command, wanted in ((("MAIL", f"FROM:<{sender}>"), 250), (("RCPT", f"TO:<{to}>"), 250), (("DATA",), 354)):
        code, said = server.docmd(*command)
        if code != wanted:
            server.rset()
            return code, said.decode("utf-8", "replace")
    server.send(_letter(sender, to) + b"\r\n.\r\n")
    code, said = server.getreply()
    return code, said.decode("utf-8", "replace")


def _letter(sender: str, to: str) -> bytes:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = f"Hauspost <{sender}>", to
    letter["Subject"] = _("Test mail of Hauspost")
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = make_msgid(domain=settings.HAUSPOST.mail_domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    text = _("This mail was sent from %(sender)s to try the mail server out. Nothing has to be done.")
    letter.set_content(text % {"sender": sender}, cte="quoted-printable")
    return letter.as_bytes().rstrip(b"\r\n")


def _hints(abilities: set[str]) -> str:
    """What the server lacks, and what that means."""
    lacking = []
    if "IDLE" not in abilities:
        lacking.append(_("It does not tell of new mail (IDLE): we look once a minute."))
    if "MOVE" not in abilities and "UIDPLUS" not in abilities:
        lacking.append(_("It can neither MOVE nor expunge single mails (UIDPLUS): mails can only be marked."))
    return " ".join(lacking)
