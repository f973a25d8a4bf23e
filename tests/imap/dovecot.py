"""A real Dovecot on loopback, with its own configuration, for every test that signs in to a mailbox."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imapclient import IMAPClient

from tests.ground.receiving import self_signed

PASSWORD = "geheim-im-Dovecot"
# Mail belongs to nobody: Dovecot refuses to serve mail of root.
_OWNER = 65534

_CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {internal}
default_login_user = {login}
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.pem
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_username_format = %Lu
mail_location = maildir:~/Maildir
mail_max_userip_connections = 500
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={base}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
  process_min_avail = 2
  service_count = 0
}}
service imap {{
  service_count = 200
  process_min_avail = 2
}}
service anvil {{
  chroot =
  # Or each wrong login would make the next one wait.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

_OAUTH = """
introspection_mode = auth
introspection_url = {url}/introspect
username_attribute = email
active_attribute = active
active_value = true
timeout_msecs = 5000
"""


@dataclass(frozen=True)
class Dovecot:
    """The running server: any user exists, with one password or a token of the provider."""

    base: Path
    port: int
    tls_port: int

    def client(self, user: str) -> IMAPClient:
        """Signed in, as a mail program would."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False)
        client.login(user, PASSWORD)
        return client

    def put(self, user: str, *raws: bytes, folder: str = "INBOX", **more: Any) -> None:
        """Lay mails into a folder."""
        client = self.client(user)
        try:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            for raw in raws:
                client.append(folder, raw, **more)
        finally:
            client.logout()

    def flags(self, user: str, folder: str = "INBOX") -> list[set[bytes]]:
        """The flags of each mail that lies in a folder, in order of UID."""
        client = self.client(user)
        try:
            client.select_folder(folder, readonly=True)
            found = client.get_flags(client.search("ALL"))
            return [set(flags) - {b"\\Recent"} for _uid, flags in sorted(found.items())]
        finally:
            client.logout()

    def count_anew(self, user: str, uid_validity: int) -> None:
        """As after a move to another server: every mail gets another UID, and the folder another UIDVALIDITY."""
        client = self.client(user)
        client.select_folder("INBOX", readonly=True)
        rows = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
        client.logout()
        maildir = self.base / "home" / user / "Maildir"
        shutil.rmtree(maildir)
        for name in ("", "cur", "new", "tmp"):
            (maildir / name).mkdir()
        (maildir / "dovecot-uidlist").write_text(f"3 V{uid_validity} N1 G{uid_validity:032x}\n")
        for path in (maildir, *maildir.iterdir()):
            os.chown(path, _OWNER, _OWNER)
        for _uid, about in sorted(rows.items()):
            flags = [flag for flag in about[b"FLAGS"] if flag != b"\\Recent"]
            self.put(user, about[b"BODY[]"], flags=flags, msg_time=about[b"INTERNALDATE"])


@contextmanager
def dovecot(provider_url: str, mechanisms: str = "plain login xoauth2 oauthbearer") -> Iterator[Dovecot]:
    """Start one. Needs Debian's dovecot-imapd, and root for its many users."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "These tests need a real Dovecot: apt-get install dovecot-imapd"
    assert os.geteuid() == 0, "Dovecot changes its user and has to be started as root"
    base = Path(tempfile.mkdtemp(prefix="hauspost-dovecot-"))
    try:
        base.chmod(0o755)
        (base / "home").mkdir()
        os.chown(base / "home", _OWNER, _OWNER)
        self_signed(base)
        opened = Dovecot(base, *_free_ports(2))
        (base / "oauth2.conf").write_text(_OAUTH.format(url=provider_url))
        told = {"internal": "dovecot", "login": "dovenull", "password": PASSWORD, "owner": _OWNER}
        config = _CONFIG.format(base=base, port=opened.port, tls_port=opened.tls_port, mechanisms=mechanisms, **told)
        (base / "dovecot.conf").write_text(config)
        process = subprocess.Popen([program, "-F", "-c", str(base / "dovecot.conf")], stderr=subprocess.PIPE)
        try:
            _wait_for(opened.port, process, base)
            yield opened
        finally:
            process.terminate()
            process.wait(20)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(port: int, process: "subprocess.Popen[bytes]", base: Path) -> None:
    patience_ends = time.monotonic() + 20
    while time.monotonic() < patience_ends:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            log = (base / "log").read_text() if (base / "log").exists() else ""
            raise AssertionError(f"Dovecot did not start: {said} {log}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as hand:
                if hand.recv(5).startswith(b"* OK"):
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("Dovecot does not answer")
