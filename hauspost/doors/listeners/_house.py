"""What all conversations of a listener share."""

import asyncio
import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from hauspost.doors.listeners._journal import Journal
from hauspost.doors.listeners._outage_log import OutageLog
from hauspost.doors.listeners._recipients import Recipients
from hauspost.ground.config import LOOPBACK, Network

# So many mails above the spool limit arrive at once; more of them wait, which slows their senders down.
BIG_MAILS_AT_ONCE = 8


class Guest(Protocol):
    """A conversation that goes on, which is asked to end when the house closes."""

    def leave(self) -> None: ...


@dataclass(frozen=True)
class House:
    """What all conversations of a listener share: who may come, how much is taken, and who does the work."""

    journal: Journal
    recipients: Recipients
    spool: Path
    hostname: str
    is_lmtp: bool = False
    size_limit: int = 50_000_000
    connections_limit: int = 200
    idle_seconds: float = 120
    allow_from: tuple[Network, ...] = LOOPBACK
    trusted_relays: tuple[Network, ...] = LOOPBACK
    tls: ssl.SSLContext | None = None
    guests: set[Guest] = field(default_factory=set)
    last_left: asyncio.Event = field(default_factory=asyncio.Event)
    spooling: OutageLog = field(
        default_factory=lambda: OutageLog(
            "Mails cannot be taken in, their senders keep them and try again", over="Big mails are taken in again"
        )
    )
    big_mails: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BIG_MAILS_AT_ONCE))

    def for_lmtp(self) -> "House":
        """The same house, entered through the LMTP door."""
        return replace(self, is_lmtp=True)

    async def all_gone(self) -> None:
        """Wait until the last guest has left."""
        while self.guests:
            self.last_left.clear()
            await self.last_left.wait()

    @property
    def via(self) -> str:
        """The name of this door in the journal."""
        return "lmtp" if self.is_lmtp else "smtp"
