"""A real Postfix on loopback, with a folder of its own, made of the files in deploy/postfix."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from tests.doors._running import REPOSITORY, until

SHIPPED = REPOSITORY / "deploy/postfix"
HOST = "mail.lindner.example"
DESK_DOMAIN = "hilfe.lindner.example"
# Nobody that Postfix or pipe(8) knows: they refuse root and themselves.
ACCOUNT = "nobody"

# What a company's own Postfix has anyway: its people's mailboxes, and a way out for its own machines.
_OF_THE_COMPANY = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/lib
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = {host}
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
disable_dns_lookups = yes
virtual_mailbox_domains = lindner.example
virtual_mailbox_base = {folder}/mailboxes
virtual_mailbox_maps = texthash:{folder}/etc/employees $hauspost_addresses
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
relay_domains = {desk}
smtpd_milters = inet:127.0.0.1:{filter}
alias_maps =
"""
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
virtual   unix  -       n       n       -       -       virtual
moved     unix  -       n       n       -       -       virtual -o virtual_mailbox_maps=inline:{{nobody=here}}
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
"""


class Postfix:
    """The company's mail server."""

    def __init__(
        self, folder: Path, port: int, filter_port: int, *, employees: Sequence[str], desk: Sequence[str]
    ) -> None:
        assert os.geteuid() == 0, "Postfix starts as root only; run this as root, as CI does"
        assert shutil.which("postfix"), "Postfix is missing: apt-get install --no-install-recommends postfix"
        self.folder, self.port, self.filter_port = folder, port, filter_port
        self.etc, self.socket = folder / "etc", folder / "run/lmtp.sock"
        # Its daemons are not root, and must come in.
        folder.chmod(0o755)
        for name, owner in (("etc", "root"), ("queue", "root"), ("lib", "postfix"), ("mailboxes", ACCOUNT)):
            (folder / name).mkdir()
            shutil.chown(folder / name, owner)
        self._make_the_sockets_folder()
        self._write("employees", "".join(f"{one} {one}/\n" for one in employees))
        self._write("hauspost-addresses", "".join(f"{one} desk\n" for one in (*desk, DESK_DOMAIN)))
        self._write("hauspost-headers", _shipped("hauspost-headers").replace(r"firma\.", r"lindner\."))
        self._write("master.cf", _SERVICES.format(port=port) + self._pipe_by(_shipped("master.cf")))
        # The first lines are the company's, then ours, as an administrator appends them.
        self._write("main.cf", self._company() + self._placed(_shipped("main.cf")))

    def _make_the_sockets_folder(self) -> None:
        """As deploy/postfix/hauspost.tmpfiles.conf says."""
        [line] = [line for line in _shipped("hauspost.tmpfiles.conf").splitlines() if line.startswith("d ")]
        _, path, mode, _, group, _ = line.split()
        assert path == "/run/hauspost"
        self.socket.parent.mkdir()
        shutil.chown(self.socket.parent, group=group)
        self.socket.parent.chmod(int(mode, 8))

    def _company(self) -> str:
        import pwd

        uid = pwd.getpwnam(ACCOUNT).pw_uid
        return _OF_THE_COMPANY.format(folder=self.folder, host=HOST, uid=uid, desk=DESK_DOMAIN, filter=self.filter_port)

    def _placed(self, text: str) -> str:
        return text.replace("/etc/postfix", str(self.etc)).replace("/run/hauspost", str(self.socket.parent))

    def _pipe_by(self, services: str) -> str:
        """Here only root may read the program, and pipe(8) does not work for root: a deputy hands the mail on."""
        placed = services.replace("user=hauspost", f"user={ACCOUNT}")
        return placed.replace("/usr/local/lib/hauspost/hauspost-pipe", str(self.folder / "deputy/hauspost-pipe"))

    def _write(self, name: str, text: str) -> None:
        (self.etc / name).write_text(text)

    def start(self) -> None:
        checked = self.run("postfix", "check")
        assert checked.returncode == 0 and "warning" not in checked.stderr, checked.stderr
        started = self.run("postfix", "start")
        assert started.returncode == 0, started.stderr + self.log()

    def stop(self) -> None:
        self.run("postfix", "stop")

    def set(self, **settings: str) -> None:
        """Change settings of a running server."""
        done = self.run("postconf", "-e", *(f"{name}={value}" for name, value in settings.items()))
        assert done.returncode == 0, done.stderr
        done = self.run("postfix", "reload")
        assert done.returncode == 0, done.stderr

    def flush(self) -> None:
        """Try at once what waits."""
        self.run("postqueue", "-f")

    def queued(self) -> list[dict[str, object]]:
        """What has not left yet."""
        return [json.loads(line) for line in self.run("postqueue", "-j").stdout.splitlines()]

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "-c", str(self.etc), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    def log(self) -> str:
        """What Postfix said, for those who look why a test fails."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def mailbox(self, address: str) -> list[Message]:
        """The mails in somebody's Maildir."""
        return [message_from_bytes(path.read_bytes()) for path in (self.folder / "mailboxes" / address).glob("new/*")]

    def got(self, address: str, words: str) -> Message:
        """Somebody's mail whose source holds these words; waits for it."""

        def found() -> list[Message]:
            return [mail for mail in self.mailbox(address) if words in str(mail)]

        self.until(lambda: bool(found()), f"a mail to {address} with {words!r}")
        return found()[-1]

    def until(self, condition: Callable[[], bool], words: str) -> None:
        """Wait for what Postfix or Hauspost will do; in vain, its log tells why."""
        try:
            until(condition, words)
        except AssertionError as vain:
            raise AssertionError(f"{vain}\n{self.log()[-5000:]}") from None


def _shipped(name: str) -> str:
    return (SHIPPED / name).read_text()
