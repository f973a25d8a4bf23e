"""Mail servers that send: whatever got no 250 they keep, and try again later (RFC 5321 section 4.5.4)."""

import contextlib
import heapq
import random
import smtplib
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from imapclient import IMAPClient

from tests.crash.mails import Mail
from tests.imap.dovecot import Dovecot

ANSWER_SECONDS = 30.0
MAILS_PER_CONNECTION = 20


class Ledger:
    """What the senders know: which recipient of which mail got a 250, and how often there was none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.accepted: list[tuple[str, str]] = []
        self.refused: Counter[str] = Counter()
        self.finished = 0

    def took(self, mail: Mail, recipients: Sequence[str]) -> None:
        with self._lock:
            self.accepted += [(mail.message_id, one) for one in recipients]

    def refuses(self, words: str) -> None:
        with self._lock:
            self.refused[words] += 1

    def is_through_with(self, mail: Mail) -> None:
        with self._lock:
            self.finished += 1


class Line(Protocol):
    """How a mail is handed over."""

    def hand_over(self, mail: Mail, recipients: Sequence[str]) -> list[str]:
        """Answers whose mail is accepted for good. Raises OSError when the line is lost."""

    def close(self) -> None:
        """Let go."""


class MailServer(threading.Thread):
    """Works through its queue; a mail that was not accepted for everybody comes back after a pause."""

    def __init__(self, line: Line, mails: Sequence[Mail], ledger: Ledger, *, seconds: float, seed: str) -> None:
        super().__init__(name=seed, daemon=True)
        self._line, self._ledger, self._chance = line, ledger, random.Random(seed)
        begun = time.monotonic()
        # Moment, number to break ties, mail, recipients still to be served.
        self._queue: list[tuple[float, int, Mail, tuple[str, ...]]] = [
            (begun + self._chance.uniform(0, seconds), mail.number, mail, mail.recipients) for mail in mails
        ]
        heapq.heapify(self._queue)
        self.gives_up = threading.Event()

    def run(self) -> None:
        """Until every mail is accepted for every recipient."""
        while self._queue and not self.gives_up.is_set():
            due, number, mail, recipients = heapq.heappop(self._queue)
            self.gives_up.wait(max(0.0, due - time.monotonic()))
            left = self._try(mail, recipients)
            if left:
                heapq.heappush(self._queue, (time.monotonic() + self._chance.uniform(0.2, 2), number, mail, left))
            else:
                self._ledger.is_through_with(mail)
        self._line.close()

    def _try(self, mail: Mail, recipients: tuple[str, ...]) -> tuple[str, ...]:
        try:
            taken = self._line.hand_over(mail, recipients)
        except (OSError, smtplib.SMTPException) as lost:
            self._ledger.refuses(type(lost).__name__)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._line.close()
            return recipients
        self._ledger.took(mail, taken)
        return tuple(one for one in recipients if one not in taken)


class SmtpLine:
    """SMTP, or LMTP with its reply for each recipient, over a connection that serves for several mails."""

    def __init__(self, ports: Sequence[int | str], ledger: Ledger, *, is_lmtp: bool, seed: str) -> None:
        """`ports` are the doors to choose from, as MX records are: port numbers or paths of Unix sockets."""
        self._ports, self._ledger, self._is_lmtp = ports, ledger, is_lmtp
        self._chance = random.Random(seed)
        self._smtp: smtplib.SMTP | None = None
        self._mails = 0

    def hand_over(self, mail: Mail, recipients: Sequence[str]) -> list[str]:
        smtp = self._connected()
        self._said(smtp, f"MAIL FROM:<{mail.sender}>", 250)
        known = [one for one in recipients if self._says(smtp, f"RCPT TO:<{one}>", 250)]
        if not known:
            self._said(smtp, "RSET", 250)
            return []
        self._said(smtp, "DATA", 354)
        smtp.send(smtplib._quote_periods(mail.raw()) + b".\r\n")  # type: ignore[attr-defined]
        taken = []
        for one in known if self._is_lmtp else known[:1]:
            code, words = smtp.getreply()
            if code == 250:
                taken += [one] if self._is_lmtp else known
            else:
                self._refused(code, words)
        self._mails += 1
        if self._mails >= MAILS_PER_CONNECTION:
            self.close()
        return taken

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            door = self._chance.choice(self._ports)
            smtp = _Lmtp(timeout=ANSWER_SECONDS) if self._is_lmtp else smtplib.SMTP(timeout=ANSWER_SECONDS)
            try:
                code, words = smtp.connect(door) if isinstance(door, str) else smtp.connect("127.0.0.1", door)
                if code != 220:
                    raise ConnectionError(f"{code} {words.decode(errors='replace')}")
                smtp.ehlo("mail.crash.example")
            except BaseException:
                smtp.close()
                raise
            self._smtp, self._mails = smtp, 0
        return self._smtp

    def _says(self, smtp: smtplib.SMTP, command: str, wanted: int) -> bool:
        code, words = smtp.docmd(command)
        if code != wanted:
            self._refused(code, words)
        return code == wanted

    def _said(self, smtp: smtplib.SMTP, command: str, wanted: int) -> None:
        if not self._says(smtp, command, wanted):
            raise ConnectionError(command)

    def _refused(self, code: int, words: bytes) -> None:
        self._ledger.refuses(f"{code} {words.decode(errors='replace')[:60]}")
        if 500 <= code <= 599:
            # A real server would return the mail to its sender: for ours that is as good as lost.
            self._ledger.refuses("for good")


# What the company's mail server writes above what it found to be its own people's. To others a desk that acknowledges
# so much keeps silent (S10).
AUTH_SERV_ID = "mail.lindner.example"
_VOUCHED = f"Authentication-Results: {AUTH_SERV_ID}; dmarc=pass\r\n".encode()


class ImapLine:
    """Mail that lies down in a mailbox at the company's IMAP server, for Hauspost to fetch."""

    def __init__(self, post: Dovecot) -> None:
        self._post = post
        self._clients: dict[str, IMAPClient] = {}

    def hand_over(self, mail: Mail, recipients: Sequence[str]) -> list[str]:
        for one in recipients:
            if one not in self._clients:
                self._clients[one] = self._post.client(one)
            self._clients[one].append("INBOX", _VOUCHED + mail.raw())
        return list(recipients)

    def close(self) -> None:
        for client in self._clients.values():
            client.logout()
        self._clients.clear()


class _Lmtp(smtplib.LMTP):
    def __init__(self, timeout: float) -> None:
        smtplib.SMTP.__init__(self, timeout=timeout)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        if port:
            return smtplib.SMTP.connect(self, host, port)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.file = None
        self.sock.connect(host)
        return self.getreply()
