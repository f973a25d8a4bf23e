"""A listener on loopback for the tests, with stand-ins for what intake does."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hauspost.doors.listeners import lmtp, run, smtp
from hauspost.doors.listeners._house import House
from hauspost.doors.listeners._journal import Journal
from hauspost.doors.listeners._recipients import Recipients
from hauspost.duties.intake.actions import Envelope

PATIENCE = 20.0


class Intake:
    """What the listeners hand mail to: remembers it, and fails when a test says so."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.contents: list[bytes] = []
        self.batches: list[int] = []
        self.asked: list[str] = []
        self.addresses = {"it@firma.example", "müller@firma.example"}
        self.refuses: Callable[[Envelope], Exception | None] = lambda envelope: None
        self.began = threading.Event()
        self.may_write = threading.Event()
        self.may_write.set()
        self.is_down = False

    def keep(self, envelopes: Sequence[Envelope]) -> list[int]:
        self.began.set()
        assert self.may_write.wait(PATIENCE)
        for envelope in envelopes:
            if fault := self.refuses(envelope):
                raise fault
        self.batches.append(len(envelopes))
        for envelope in envelopes:
            self.kept.append(envelope)
            self.contents.append(envelope.raw if isinstance(envelope.raw, bytes) else envelope.raw.read_bytes())
        return [0 for _ in envelopes]

    def is_ours(self, address: str) -> bool:
        self.asked.append(address)
        if self.is_down:
            raise ConnectionError("the database is away")
        return address in self.addresses


class Door:
    """An open SMTP or LMTP door in a thread of its own."""

    def __init__(self, intake: Intake, folder: Path, *, is_lmtp: bool = False, address: str = "", **house: Any) -> None:
        self.intake, self.folder, self.is_lmtp = intake, folder, is_lmtp
        self.address = address or "127.0.0.1:0"
        self.options = house
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> "Door":
        self.thread.start()
        self.call(self._open())
        return self

    def __exit__(self, *fault: object) -> None:
        self.intake.may_write.set()
        if not self.loop.is_closed():
            self.close()

    def close(self) -> None:
        """As on SIGTERM."""
        self.call(run.close([self.server], self.house))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    async def _open(self) -> None:
        self.house = House(
            journal=Journal(self.intake.keep),
            recipients=Recipients(self.intake.is_ours, domains=frozenset({"firma.example"})),
            spool=self.folder / "spool",
            hostname="desk.firma.example",
            is_lmtp=self.is_lmtp,
            **self.options,
        )
        self.server = await (lmtp if self.is_lmtp else smtp).listen(self.house, self.address)
        if not self.address.startswith("unix:"):
            self.port = self.server.sockets[0].getsockname()[1]

    def guest(self, greet: bool = True) -> "Guest":
        guest = Guest(self.port)
        if greet:
            assert guest.reads().startswith("220 desk.firma.example")
            guest.says("LHLO there" if self.is_lmtp else "EHLO there")
        return guest


class Guest:
    """A sender that says exactly what a test wants, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")

    def sends(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reads(self) -> str:
        """One reply; all lines of it when it has more. "" when the door was closed."""
        lines = []
        while True:
            line = self.file.readline().decode()
            lines.append(line.rstrip("\r\n"))
            if not line or line[3:4] != "-":
                return "\n".join(lines)

    def says(self, command: str) -> str:
        self.sends(command.encode() + b"\r\n")
        return self.reads()

    def names(self, *recipients: str, sender: str = "ada@firma.example") -> list[str]:
        return [self.says(f"MAIL FROM:<{sender}>")] + [self.says(f"RCPT TO:<{one}>") for one in recipients]

    def is_shown_out(self) -> bool:
        """Whether the other side has closed."""
        try:
            return self.file.read() == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.file.close()
        self.socket.close()
