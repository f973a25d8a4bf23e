"""Hands a letter to a mail server and knows exactly how far it came (RFC 5321)."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from hauspost.ground.accounts import smtp as doors
from hauspost.ground.accounts.refusals import AccountTrouble
from hauspost.ground.accounts.smtp import NotSignedIn, SmtpServer
from hauspost.ground.mail.compose import ascii_domain

COMMAND_SECONDS = 60.0
# RFC 5321 4.5.3.2.6 would wait ten minutes here; a worker that serves others too gives up earlier, and tries again.
ANSWER_SECONDS = 180.0
MAILS_PER_CONNECTION = 100
_CHUNK = 256 * 1024
# What a server says when login or encryption is missing: our settings are wrong, no recipient is to blame.
_SETTINGS_ARE_WRONG = frozenset({530, 534, 535, 538})


class Unreachable(Exception):
    """The mail server could not be used for any letter at all; the words name setting, cause and next step."""


class Overtaken(Exception):
    """Another worker has taken this letter over, so it must not leave here."""


@dataclass(frozen=True)
class Parcel:
    """A letter ready to go: its name in a mailbox, its envelope and its bytes."""

    name: str
    sender: str
    recipients: Sequence[str]
    raw: bytes


@dataclass(frozen=True)
class Answer:
    """What became of one recipient: "delayed" is worth another try; `code` is 0 where no server answered."""

    state: Literal["handed_over", "delayed", "failed"]
    code: int
    text: str


@dataclass(frozen=True)
class Outcome:
    """One answer for each recipient, in their order; `perhaps_left` when the server's last answer was lost."""

    answers: Sequence[Answer]
    perhaps_left: bool = False


class Courier(Protocol):
    """Whoever takes letters from the queue: a mail server, or a local mailbox."""

    def hand_over(self, parcel: Parcel, may_leave: Callable[[], bool]) -> Outcome:
        """Deliver; `may_leave` is asked before the letter can no longer be held back. Raises Unreachable, Overtaken."""

    def close(self) -> None:
        """Let go of the connection."""


class MailServer:
    """An outgoing mail server, over a connection that is kept for the next letter."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        domain: str,
        command_seconds: float = COMMAND_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`domain` is the name by which we greet."""
        self._server, self._domain = server, domain
        self._command_seconds, self._answer_seconds = command_seconds, answer_seconds
        self._smtp: smtplib.SMTP | None = None
        self._mails = 0

    def hand_over(self, parcel: Parcel, may_leave: Callable[[], bool]) -> Outcome:
        """One SMTP transaction. Raises Unreachable while nobody can be blamed but server or settings, and Overtaken."""
        sender, recipients = _envelope(parcel.sender), [_envelope(address) for address in parcel.recipients]
        is_plain = parcel.raw.isascii() and sender.isascii() and all(map(str.isascii, recipients))
        smtp, code, text = self._begin(sender, len(parcel.raw), is_plain)
        if code == 0:
            return Outcome([Answer("failed", 553, text)] * len(recipients))
        if code in _SETTINGS_ARE_WRONG:
            self.close()
            where = self._server.where("the login", "outgoing_security")
            raise Unreachable(self._fault(f"refuses us: {code} {text}. Check {where}"))
        if code != 250:
            self._end_transaction(smtp, code)
            return Outcome([_answer(code, text)] * len(recipients))
        return self._carry(smtp, recipients, parcel.raw, may_leave)

    def close(self) -> None:
        """End the connection politely, as far as the other side still listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (OSError, ValueError):
            smtp.close()

    def _begin(self, sender: str, size: int, is_plain: bool) -> tuple[smtplib.SMTP, int, str]:
        """MAIL FROM, over the kept connection if it still lives. Code 0: the server cannot take such a letter."""
        while True:
            smtp, is_fresh = self._connected()
            options = [f"SIZE={size}"] if smtp.has_extn("size") else []
            if not is_plain:
                if not (smtp.has_extn("smtputf8") and smtp.has_extn("8bitmime")):
                    return smtp, 0, "5.6.7 the mail server takes no addresses with letters other than ASCII (SMTPUTF8)"
                options += ["BODY=8BITMIME", "SMTPUTF8"]
            smtp.command_encoding = "ascii" if is_plain else "utf-8"
            try:
                code, text = self._said(smtp.docmd("MAIL", " ".join([f"FROM:<{sender}>", *options])))
            except OSError as error:
                self._drop()
                code, text = 421, self._words(error)
            if code not in (421, -1):
                return smtp, code, text
            self._drop()
            if is_fresh:
                raise Unreachable(self._fault(f"ended the connection: {text}"))
            # The server had closed the idle connection; nothing was said on it yet, so a new one may be tried.

    def _carry(
        self, smtp: smtplib.SMTP, recipients: Sequence[str], raw: bytes, may_leave: Callable[[], bool]
    ) -> Outcome:
        answers: list[Answer | None] = []
        try:
            for address in recipients:
                code, text = self._said(smtp.docmd("RCPT", f"TO:<{address}>"))
                answers.append(None if code in (250, 251, 252) else _answer(code, text))
                if code == 421:
                    raise smtplib.SMTPServerDisconnected(text)
            if None not in answers:
                self._end_transaction(smtp)
                return Outcome([answer for answer in answers if answer])
            code, text = self._said(smtp.docmd("DATA"))
            if code != 354:
                self._end_transaction(smtp, code)
                return _filled(answers, recipients, _answer(code, text))
            self._pour(smtp, raw)
        except OSError as error:
            # Without its last line no server takes a letter: it has certainly not left.
            self._drop()
            lost = Answer("delayed", 0, f"the connection was lost before the letter had left: {self._words(error)}")
            return _filled(answers, recipients, lost)
        except BaseException:
            # In the midst of a letter this line is good for no other.
            self._drop()
            raise
        return self._finish(smtp, recipients, answers, may_leave)

    def _finish(
        self,
        smtp: smtplib.SMTP,
        recipients: Sequence[str],
        answers: Sequence[Answer | None],
        may_leave: Callable[[], bool],
    ) -> Outcome:
        left = False
        try:
            if not may_leave():
                raise Overtaken
            left = True
            self._patience(smtp, self._answer_seconds)
            smtp.send(b".\r\n")
            code, text = self._said(smtp.getreply())
            self._patience(smtp, self._command_seconds)
        except OSError as error:
            self._drop()
            if not left:
                raise
            lost = f"the connection was lost before the server's last answer: {self._words(error)}"
            return _filled(answers, recipients, Answer("delayed", 0, lost), perhaps_left=True)
        except BaseException:
            # Only dropping the connection now keeps the letter from leaving.
            self._drop()
            raise
        self._mails += 1
        if code in (421, -1) or self._mails >= MAILS_PER_CONNECTION:
            self.close()
        return _filled(answers, recipients, _answer(code, text), perhaps_left=code == -1)

    def _pour(self, smtp: smtplib.SMTP, raw: bytes) -> None:
        """The letter, its leading dots doubled (RFC 5321 4.5.2), without the line that ends it."""
        start, is_line_new = 0, True
        while start < len(raw):
            # In pieces, because a socket's time limit counts for everything that one call sends, and because a second
            # copy of a big letter is memory that the reader of mail has to do without.
            end = start + _CHUNK
            while raw[end - 1 : end] == b"\r":
                # A line's end stays in one piece.
                end += 1
            piece, start = raw[start:end], end
            dot = b"." if is_line_new and piece.startswith(b".") else b""
            smtp.send(dot + piece.replace(b"\r\n.", b"\r\n.."))
            is_line_new = piece.endswith(b"\r\n")
        if not is_line_new:
            smtp.send(b"\r\n")

    def _connected(self) -> tuple[smtplib.SMTP, bool]:
        if self._smtp is not None:
            return self._smtp, False
        try:
            self._smtp = self._connect()
        except NotSignedIn as error:
            where = self._server.where("outgoing_user", "outgoing_password")
            raise Unreachable(self._fault(f"refuses the login: {error.code} {error.said}. Check {where}")) from None
        except AccountTrouble as error:
            raise Unreachable(str(error)) from None
        except (OSError, ValueError) as error:
            # No chained exception: its traceback would hold the login's arguments (S21).
            words = self._words(error)
            # Ours are a sentence's end; what the system and smtplib say begins one of its own.
            raise Unreachable(self._fault(f"cannot be used: {words}" if words[:1].isupper() else words)) from None
        self._mails = 0
        return self._smtp, True

    def _connect(self) -> smtplib.SMTP:
        smtp = doors.connect(self._server, ourselves=ascii_domain(self._domain) or "localhost")
        self._patience(smtp, self._command_seconds)
        return smtp

    def _end_transaction(self, smtp: smtplib.SMTP, code: int = 0) -> None:
        try:
            if code in (421, -1) or smtp.rset()[0] != 250:
                self.close()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _patience(self, smtp: smtplib.SMTP, seconds: float) -> None:
        if smtp.sock is not None:
            smtp.sock.settimeout(seconds)

    def _said(self, reply: tuple[int, bytes]) -> tuple[int, str]:
        return reply[0], self._clean(reply[1])

    def _fault(self, words: str) -> str:
        return f"The mail server {self._server.name} {words}."

    def _words(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"has a certificate that we do not trust: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"cannot speak TLS with us: {self._clean(str(error.reason or error))}"
        if isinstance(error, socket.gaierror):
            return f"is not known by this name; check {self._server.where('outgoing_host')}"
        if isinstance(error, TimeoutError):
            return "does not answer"
        if isinstance(error, smtplib.SMTPResponseException):
            return f"said {error.smtp_code} {self._clean(error.smtp_error)}"
        if isinstance(error, ConnectionRefusedError):
            return f"refuses connections; check {self._server.where('outgoing_host', 'outgoing_port')}"
        return self._clean(str(error)).rstrip(".") or type(error).__name__

    def _clean(self, text: bytes | str) -> str:
        return self._server.cleaned(text)


def _answer(code: int, text: str) -> Answer:
    if code == 250:
        return Answer("handed_over", code, text)
    # Anything that is neither yes nor a clear no is worth another try.
    return Answer("failed", code, text) if 500 <= code <= 599 else Answer("delayed", max(code, 0), text)


def _filled(
    answers: Sequence[Answer | None], recipients: Sequence[str], rest: Answer, *, perhaps_left: bool = False
) -> Outcome:
    """Those whose own answer is known keep it, the others share the letter's."""
    known = [*answers, *[None] * (len(recipients) - len(answers))]
    return Outcome([answer or rest for answer in known], perhaps_left)


def _envelope(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if not address or not local.isascii():
        return address
    return f"{local}@{ascii_domain(domain) or domain}"
