"""One conversation with a sending mail server, over SMTP (RFC 5321) or LMTP (RFC 2033): aiosmtpd with our manners."""

import asyncio
import collections
import contextlib
import logging
import re
import uuid
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Conversation

from hauspost.doors.listeners._arrival import Arrival, FalseEnd
from hauspost.doors.listeners._house import House
from hauspost.duties.intake.actions import Envelope
from hauspost.ground.clock import now
from hauspost.ground.config import is_within

log = logging.getLogger("hauspost.listeners")

# RFC 5321 section 4.5.3.1.8 asks for at least 100.
RECIPIENTS_LIMIT = 500
_PIECE = 65_536

# Enhanced codes (RFC 2034, RFC 3463) for replies that aiosmtpd writes without one.
_ENHANCED = {
    "221": "2.0.0",
    "250": "2.0.0",
    "252": "2.1.5",
    "421": "4.3.2",
    "451": "4.3.0",
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "530": "5.7.0",
    "552": "5.3.4",
    "553": "5.1.3",
    "554": "5.5.0",
    "555": "5.5.4",
}
_HAS_ENHANCED = re.compile(r"\d{3}[ -]\d\.\d{1,3}\.\d{1,3}( |$)")


class _Hooks:
    """What aiosmtpd asks while a conversation goes on."""

    async def handle_EHLO(
        self, server: "MailSession", session: Conversation, envelope: Transaction, hostname: str, responses: list[str]
    ) -> list[str]:
        """Announce what we can; no login, as nobody logs in here."""
        session.host_name = hostname
        told = [line for line in responses if not line.startswith(("250-AUTH", "250 HELP"))]
        return [*told, "250-PIPELINING", "250-ENHANCEDSTATUSCODES", "250 HELP"]

    async def handle_MAIL(
        self, server: "MailSession", session: Conversation, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        """Any sender may try; the rules of intake judge later, with the mail in hand."""
        if not _is_text(address):
            return "553 5.6.7 The sender's address is not valid UTF-8"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(
        self, server: "MailSession", session: Conversation, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        """Refuse what is not ours as early as can be, so that the sender's own server tells the sender."""
        if not _is_text(address):
            return "553 5.6.7 The recipient's address is not valid UTF-8"
        if len(envelope.rcpt_tos) >= RECIPIENTS_LIMIT:
            return f"452 4.5.3 At most {RECIPIENTS_LIMIT} recipients in one mail; send the rest in another"
        try:
            accepted = await server.house.recipients.accepts(address)
        except Exception:
            # Whoever asked has told the log why.
            return "451 4.3.0 Recipients cannot be checked at the moment; please try again later"
        if not accepted:
            return f"550 5.1.1 <{address}>: no such address here; please check its spelling"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient ok"

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is never a verdict on a mail."""
        log.error("A conversation failed.", exc_info=error)
        return "451 4.3.0 A fault on our side; please try again later"


class MailSession(SMTP):
    """SMTP as our senders need it: any line length, true ends only, a reply after the commit, 421 when we close."""

    # Addresses that we sign ourselves (VERP) are long, and so are the parameters of MAIL.
    command_size_limit = 2048
    command_size_limits: dict[str, int] = collections.defaultdict(lambda: 2048)
    line_length_limit = _PIECE

    def __init__(self, house: House) -> None:
        self.house = house
        self._is_receiving = False
        self._is_leaving = False
        self._is_deaf = False
        self._greets = False
        super().__init__(
            _Hooks(),
            data_size_limit=house.size_limit,
            enable_SMTPUTF8=True,
            hostname=house.hostname,
            ident="Hauspost",
            tls_context=house.tls,
            timeout=house.idle_seconds,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )

    # The conversation as a whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turn away who may not come or comes too much, before a word is read."""
        if self in self.house.guests:
            # The same conversation again, now encrypted after STARTTLS.
            super().connection_made(transport)
            return
        refusal = self._refusal(_address_of(transport))
        if refusal:
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(f"{refusal}\r\n".encode())
            transport.close()
            return
        self.house.guests.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the guest."""
        if self in self.house.guests:
            self.house.guests.discard(self)
            super().connection_lost(error)
            if not self.house.guests:
                self.house.last_left.set()

    def data_received(self, data: bytes) -> None:
        """Take bytes, but not those of somebody who was turned away."""
        if self in self.house.guests:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """The sender will say no more."""
        return super().eof_received() if self in self.house.guests else None

    def leave(self) -> None:
        """End this conversation because we are closing: at once when idle, else after the mail in hand."""
        self._is_leaving = True
        if not self._has_transaction:
            self._say_goodbye(_CLOSING)

    @property
    def _has_transaction(self) -> bool:
        return self._is_receiving or bool(self.envelope and self.envelope.mail_from)

    def _refusal(self, address: str) -> str:
        if not is_within(address, self.house.allow_from):
            log.warning("Turned away %s: not in listen_allow_from.", address)
            return f"554 5.7.1 {address} may not send mail here (listen_allow_from)"
        if len(self.house.guests) >= self.house.connections_limit:
            return "421 4.7.0 Too many connections; please come again later"
        return ""

    def _timeout_cb(self) -> None:
        self._say_goodbye("421 4.4.2 Silent for too long; closing")

    def _say_goodbye(self, words: str) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if not self._is_deaf:
            self._writer.write(f"{words}\r\n".encode())
        self.transport.close()

    # Replies

    async def push(self, status: str | bytes) -> None:
        """Write a reply, with an enhanced code where the standard wants one."""
        if isinstance(status, bytes):
            status = status.decode()
        code = status[:3]
        if not self._greets and code in _ENHANCED and not _HAS_ENHANCED.match(status):
            status = f"{code} {_ENHANCED[code]} {status[4:]}"
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        """The answer to a greeting carries no enhanced codes (RFC 2034)."""
        self._greets = True
        await super().smtp_EHLO(hostname)
        self._greets = False

    async def smtp_HELO(self, hostname: str) -> None:
        """The old greeting."""
        self._greets = True
        await super().smtp_HELO(hostname)
        self._greets = False

    async def smtp_AUTH(self, arg: str) -> None:
        """Nobody logs in here: who may send stands in listen_allow_from."""
        await self.push("502 5.5.1 Login is not offered")

    async def smtp_VRFY(self, arg: str) -> None:
        """Who works here is not told."""
        await self.push("252 2.1.5 Send mail and see")

    async def smtp_EXPN(self, arg: str) -> None:
        """Nor who is on which list."""
        await self.push("502 5.5.1 Not offered")

    # A mail

    async def smtp_DATA(self, arg: str | None) -> None:
        """Take a mail, make it durable, and only then say 250; on LMTP once per recipient, also when refusing."""
        assert self.envelope is not None
        if await self.check_helo_needed("LHLO" if self.house.is_lmtp else "HELO"):
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 No valid recipient was named")
        else:
            await self._take_mail()
        if self._is_leaving:
            self._say_goodbye(_CLOSING)

    async def smtp_RSET(self, arg: str) -> None:
        """The sender changed its mind."""
        await super().smtp_RSET(arg)
        if self._is_leaving:
            self._say_goodbye(_CLOSING)

    async def _take_mail(self) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        assert self.envelope is not None
        arrival = Arrival(self.house.size_limit, self.house.spool)
        replies = len(self.envelope.rcpt_tos) if self.house.is_lmtp else 1
        is_closing = False
        self._is_receiving = True
        async with contextlib.AsyncExitStack() as stack:
            try:
                await self._receive(arrival, stack)
                reply = await self._keep(arrival)
            except FalseEnd:
                reply, is_closing = "554 5.5.2 A lone dot beside a bare LF or CR: send lines that end in CRLF", True
            except _FarTooMuch:
                reply, is_closing = _TOO_BIG.format(self.house.size_limit), True
            except ConnectionError:
                raise
            except Exception as fault:
                # A full disk, mostly. The rest of the mail is still to come, and must not be taken for commands.
                self.house.spooling.failed(fault)
                reply, is_closing = _NOT_STORED, True
            finally:
                if not arrival.is_handed_over:
                    arrival.discard()
                self._is_receiving = False
                self._set_post_data_state()  # type: ignore[no-untyped-call]
        for _ in range(replies):
            await self.push(reply)
        self._reset_timeout()
        if is_closing:
            await self._turn_deaf()

    async def _receive(self, arrival: Arrival, stack: contextlib.AsyncExitStack) -> None:
        """Read up to the mail's end; a big mail holds its place in the stack. Raises FalseEnd, _FarTooMuch."""
        received_bytes = 0
        while not arrival.is_complete:
            piece = await self._reader.read(_PIECE)
            if not piece:
                raise ConnectionResetError("the sender left in the middle of a mail")
            self._reset_timeout()
            received_bytes += len(piece)
            rest = arrival.take(piece)
            if rest:
                # Commands that were sent along (pipelining) go back in front of what is still unread.
                self._reader._buffer[:0] = rest  # type: ignore[attr-defined]
            if arrival.needs_disk:
                await stack.enter_async_context(self.house.big_mails)
                arrival.move_to_disk()
            if received_bytes > 4 * self.house.size_limit:
                raise _FarTooMuch

    async def _keep(self, arrival: Arrival) -> str:
        """Hand the mail to the journal; the answer for the sender."""
        assert self.envelope is not None
        if arrival.is_too_big:
            return _TOO_BIG.format(self.house.size_limit)
        # However long the disk takes, it is not the sender who is silent.
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        source = _address_of(self.transport)
        sender = self.envelope.mail_from or ""
        envelope = Envelope(
            raw=arrival.content(),
            size_bytes=arrival.size_bytes,
            mail_from="" if sender == "<>" else sender,
            recipients=tuple(self.envelope.rcpt_tos),
            via=self.house.via,
            source=source,
            transaction=uuid.uuid4().hex,
            is_trusted_relay=is_within(source, self.house.trusted_relays),
            received_at=now(),
        )
        kept = self.house.journal.keep(envelope)
        # Should this conversation break off now, the journal still reads the file.
        arrival.is_handed_over = True
        kept.add_done_callback(lambda _: arrival.discard())
        try:
            await asyncio.wrap_future(kept)
        except Exception:
            # The journal has told the log why.
            return _NOT_STORED
        if isinstance(envelope.raw, Path):
            self.house.spooling.works()
        return f"250 2.0.0 Kept as {envelope.transaction}"

    async def _turn_deaf(self) -> None:
        """After a refusal in the middle: let the sender read it, obey nothing that still comes, then close."""
        self._is_deaf = True
        if self._writer.can_write_eof():
            self._writer.write_eof()
        try:
            async with asyncio.timeout(5):
                while await self._reader.read(_PIECE):
                    pass
        except TimeoutError:
            pass
        if self.transport is not None:
            self.transport.close()


class LocalMailSession(MailSession):
    """LMTP: greets with LHLO and answers for every recipient."""

    async def smtp_LHLO(self, hostname: str) -> None:
        """The greeting of LMTP."""
        await super().smtp_EHLO(hostname)

    async def smtp_EHLO(self, hostname: str) -> None:
        """Not in LMTP (RFC 2033 section 4.1)."""
        await self.push("500 5.5.1 This is LMTP: greet with LHLO")

    async def smtp_HELO(self, hostname: str) -> None:
        """Not in LMTP (RFC 2033 section 4.1)."""
        await self.push("500 5.5.1 This is LMTP: greet with LHLO")


_CLOSING = "421 4.3.2 We are closing for a moment; please come again"
_NOT_STORED = "451 4.3.0 The mail cannot be stored at the moment; please try again later"
_TOO_BIG = "552 5.3.4 The mail is larger than {} bytes; send large files another way"


class _FarTooMuch(Exception):
    """The sender goes on and on behind the limit."""


def _address_of(transport: Any) -> str:
    """The peer's IP address; a Unix socket is as near as loopback: the rights of its file decide who comes."""
    peer = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if isinstance(peer, tuple) else "127.0.0.1"


def _is_text(address: str) -> bool:
    try:
        address.encode()
    except UnicodeEncodeError:
        return False
    return True
