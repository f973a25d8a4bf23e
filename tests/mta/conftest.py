"""One Hauspost and one Postfix for all tests of this package: they talk as the files in deploy/postfix say."""

import os
import shutil
import smtplib
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests import world
from tests.doors._running import Running, clean_environment, free_port
from tests.mta.deputy import Deputy
from tests.mta.milter import Filter
from tests.mta.postfix import HOST, Postfix
from tests.mta.talking import Talk

PEOPLE = [world.PETRA.address, world.YUSUF.address, world.ANNA.address, world.DENIZ.address]
GONE = "gone@lindner.example"
INSIDE, OUTSIDE = "127.0.0.1", "127.0.0.9"
_numbers = count(1)


class Post:
    """The company: its mail server, its desk, and its people who write and read mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.folder.mkdir(mode=0o700)
        self.filter = Filter(HOST, believed="@partner.example")
        self.smtp, self.web, self.lmtp = free_port(), free_port(), free_port()
        desk = [team.address for team in world.TEAMS]
        (folder / "mail").mkdir()
        self.postfix = Postfix(folder / "mail", self.smtp, self.filter.port, employees=[*PEOPLE, GONE], desk=desk)
        self.deputy = Deputy(folder / "mail", self.folder)
        # As it would be, the settings lie in hauspost.toml; Postfix hands no environment on.
        (self.folder / "hauspost.toml").write_text(self.settings())
        (self.folder / "data").mkdir(mode=0o700)
        self.environment = clean_environment(HAUSPOST_FOLDER=str(self.folder))
        self.inside = Talk("tests.mta.inside", self.environment)

    def settings(self, database_url: str = "sqlite") -> str:
        return f"""
            public_url = "http://127.0.0.1:{self.web}"
            web_listen = "127.0.0.1:{self.web}"
            smtp_listen = ""
            lmtp_listen = "unix:{self.postfix.socket}"
            outgoing_host = "127.0.0.1"
            outgoing_port = {self.smtp}
            mail_domain = "lindner.example"
            company_domains = ["lindner.example"]
            auth_serv_id = "{HOST}"
            undo_seconds = 0
            backup_at = ""
            database_url = "{database_url}"
        """

    def close(self) -> None:
        self.inside.close()
        self.filter.close()

    def line(self, origin: str = INSIDE) -> smtplib.SMTP:
        """A connection to Postfix, from one of the company's machines or from anywhere else."""
        return smtplib.SMTP("127.0.0.1", self.smtp, timeout=60, source_address=(origin, 0))

    def sends(self, sender: str, to: str | list[str], subject: str, *, origin: str = INSIDE, **headers: str) -> str:
        """Somebody sends a mail through Postfix; answers its Message-ID."""
        mail = EmailMessage()
        mail["From"], mail["Subject"] = sender, subject
        mail["To"] = to if isinstance(to, str) else ", ".join(to)
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail["Message-ID"] = f"<mta-{next(_numbers)}@lindner.example>"
        mail.set_content(f"Text of {subject}.")
        with self.line(origin) as line:
            line.send_message(mail, sender, [to] if isinstance(to, str) else to)
        return str(mail["Message-ID"]).strip("<>")

    def filed(self, message_id: str, times: int = 1) -> list[dict[str, Any]]:
        """What became of a mail at the desk; waits until it is known for so many recipients."""
        found: list[dict[str, Any]] = []

        def is_known() -> bool:
            found[:] = self.inside("deliveries", message_id)
            return len(found) >= times

        self.postfix.until(is_known, f"{message_id} at the desk")
        return found

    def answered_rcpt(self, address: str, origin: str = OUTSIDE) -> tuple[int, str]:
        """What Postfix says to RCPT for an address."""
        with self.line(origin) as line:
            line.ehlo()
            line.mail("somebody@partner.example")
            code, words = line.rcpt(address)
            return code, words.decode()


@pytest.fixture(scope="package")
def post() -> Iterator[Post]:
    # Not below pytest's own folder, which is root's alone: Postfix's daemons must come in. Nor with the strict umask that
    # `hauspost` leaves in this process after a test has called it.
    before = os.umask(0o022)
    folder = Path(tempfile.mkdtemp(prefix="hauspost-mta-"))
    folder.chmod(0o755)
    made = Post(folder)
    try:
        made.inside("found")
        made.postfix.start()
        with Running("-m", "hauspost", "--folder", str(made.folder), "up", environment=made.environment) as running:
            running.says("Hauspost is ready")
            yield made
    finally:
        made.postfix.stop()
        made.close()
        shutil.rmtree(folder)
        os.umask(before)
