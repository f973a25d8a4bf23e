"""One desk with everything around it: its disk, its database, the mail servers before and behind it, its processes."""

import os
import re
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.controller import Controller

from bench.load import Inboxes
from bench.places import free_port
from tests.crash.places import Disk, Postgres, ShortFiles, SmallDisk
from tests.crash.senders import ImapLine, Ledger, Line, SmtpLine
from tests.crash.tree import Tree, Unit
from tests.doors._running import clean_environment
from tests.imap.dovecot import dovecot
from tests.mta.talking import Talk

# The receiving server breaks off after every so many letters without saying that it has them.
SILENT_EVERY = 150


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    database: str
    mails: int
    seed: int
    troubles: tuple[str, ...]
    rate: float
    is_namespaced: bool
    log: str


class Company(Inboxes):
    """The company's mail server: takes every letter, and sometimes dies before it can say so."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = 0
        self.is_reliable = False
        self.silent: set[str] = set()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        """Take a mail."""
        answer = await super().handle_DATA(server, session, envelope)
        self.letters += 1
        if not self.is_reliable and self.letters % SILENT_EVERY == 0:
            self.silent.add(_message_id(envelope))
            server.transport.abort()  # type: ignore[attr-defined]
        return answer


def _message_id(envelope: object) -> str:
    head = bytes(envelope.content).partition(b"\r\n\r\n")[0]  # type: ignore[attr-defined]
    found = re.search(rb"(?im)^message-id:\s*<(\S+)>", head)
    return found[1].decode() if found else ""


class Stage:
    """One desk with everything around it."""

    def __init__(self, wish: Wish, folder: Path, started: ExitStack) -> None:
        self.wish, self.folder = wish, folder
        folder.chmod(0o755)
        disk_folder = folder / "disk"
        disk_folder.mkdir(mode=0o755)
        if wish.is_namespaced:
            self.disk: Disk = SmallDisk(disk_folder, 150_000_000 + 120_000 * wish.mails)
            started.callback(subprocess.run, ["umount", "--lazy", str(disk_folder)])
        self.postgres = None
        if wish.database == "postgres":
            self.postgres = Postgres(disk_folder / "tables" if wish.is_namespaced else None)
        self.desk = disk_folder / "desk"
        (self.desk / "data").mkdir(mode=0o700, parents=True)
        self.company = Company()
        sink = Controller(self.company, hostname="127.0.0.1", port=free_port())
        sink.start()
        started.callback(sink.stop)
        self.smtp, self.web, self.lmtp = free_port(), free_port(), folder / "lmtp.sock"
        self.second_smtp = free_port()
        self.environment = self._environment(outgoing=sink.port)
        self.imap = started.enter_context(dovecot("", "plain login")) if os.geteuid() == 0 else None
        self.inside = Talk("tests.crash.scene", self.environment)
        started.callback(self.inside.close)
        self.tree = Tree(self.desk, self._units(), self.smtp, self.web, Path(wish.log or folder / "log"))
        started.callback(self.tree.write_log)
        started.callback(self.tree.stop)
        if not wish.is_namespaced:
            self.disk = ShortFiles(self.tree)
        self.ledger = Ledger()
        self.by_imap = 0

    def _environment(self, outgoing: int) -> dict[str, str]:
        return clean_environment(
            HAUSPOST_FOLDER=str(self.desk),
            HAUSPOST_DATABASE_URL=self.postgres.url if self.postgres else "sqlite",
            HAUSPOST_PUBLIC_URL=f"http://127.0.0.1:{self.web}",
            HAUSPOST_WEB_LISTEN=f"127.0.0.1:{self.web}",
            HAUSPOST_SMTP_LISTEN=f"127.0.0.1:{self.smtp}",
            HAUSPOST_LMTP_LISTEN=f"unix:{self.lmtp}",
            HAUSPOST_OUTGOING_HOST="127.0.0.1",
            HAUSPOST_OUTGOING_PORT=str(outgoing),
            HAUSPOST_MAIL_DOMAIN="lindner.example",
            HAUSPOST_COMPANY_DOMAINS="lindner.example",
            HAUSPOST_UNDO_SECONDS="0",
            HAUSPOST_BACKUP_AT="",
        )

    def _units(self) -> list[Unit]:
        """On SQLite one worker; on PostgreSQL three, and a second listener, each kept alive by itself."""
        units = [Unit("up", "up", self.environment)]
        if self.postgres:
            second = {"HAUSPOST_SMTP_LISTEN": f"127.0.0.1:{self.second_smtp}", "HAUSPOST_LMTP_LISTEN": ""}
            units.append(Unit("second listen", "listen", self.environment | second))
            units += [Unit(f"{which} work", "work", self.environment) for which in ("second", "third")]
        return units

    def lines(self) -> dict[str, Callable[[str], Line]]:
        """The ways by which mail comes."""
        doors = [self.smtp, *([self.second_smtp] if self.postgres else [])]
        lines: dict[str, Callable[[str], Line]] = {
            "smtp": lambda seed: SmtpLine(doors, self.ledger, is_lmtp=False, seed=seed),
            "lmtp": lambda seed: SmtpLine([str(self.lmtp)], self.ledger, is_lmtp=True, seed=seed),
        }
        if (post := self.imap) is not None:
            lines["imap"] = lambda seed: ImapLine(post)
        else:
            print("without IMAP, as Dovecot starts for root only", flush=True)
        return lines
