"""A mail of 100 MB from the SMTP socket to the file's download: how long it takes, and how much memory each process takes
for it. Real processes, looked at from outside."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import Figure
from bench.places import DOMAIN, ROOT, Desk, free_port

SIZE_BYTES = 100_000_000
_TEXT = "Anbei die Aufnahme vom Gabelstapler.\r\n"
_PATIENCE_SECONDS = 60.0


def measure(desk: Desk) -> list[Figure]:
    """Three processes, a small mail to warm them, then the big one; "above idle" is the highest it rose by."""
    with _processes(desk) as running:
        _send(running.smtp, _small_mail())
        _await_ticket(desk, "Warm")
        idle = {name: _start_to_watch(process) for name, process in running.ids.items()}
        mail, sha256 = _big_mail(desk.folder / "big.eml")
        before = _cpu_seconds(running.ids["work"])
        begun = time.perf_counter()
        _send(running.smtp, mail)
        kept = time.perf_counter()
        found = _await_ticket(desk, "Big")
        filed = time.perf_counter()
        cpu = _cpu_seconds(running.ids["work"]) - before
        assert found["sha256"] == sha256, "the file in the ticket is not the one that was sent"
        received = _download(running.web, found["cookie"], f"/desk/tickets/{found['ticket']}/files/{found['file']}")
        received += _download(
            running.web, found["cookie"], f"/desk/tickets/{found['ticket']}/entries/{found['entry']}/original.eml"
        )
        rose = {name: (_highest(process) - idle[name]) / 1024 for name, process in running.ids.items()}
    seconds = {"until 250": kept - begun, "from 250 to its ticket": filed - kept, "CPU of the worker": cpu}
    return [
        Figure("100 MB mail, size", mail.stat().st_size / 1e6, "MB"),
        *(Figure(f"100 MB mail, {what}", value, "s") for what, value in seconds.items()),
        *(Figure(f"100 MB mail, memory above idle: {name}", value, "MB") for name, value in rose.items()),
        Figure("100 MB mail, downloaded", received / 1e6, "MB"),
    ]


@dataclass(frozen=True)
class _Running:
    """Where the processes listen, and who they are."""

    smtp: int
    web: int
    ids: Mapping[str, int]


@contextmanager
def _processes(desk: Desk) -> Iterator[_Running]:
    smtp, web = free_port(), free_port()
    environment = desk.environment(
        WEB_LISTEN=f"127.0.0.1:{web}",
        PUBLIC_URL=f"http://127.0.0.1:{web}",
        SMTP_LISTEN=f"127.0.0.1:{smtp}",
        MAIL_SIZE_LIMIT=str(2 * SIZE_BYTES),
    )
    with (desk.folder / "output.log").open("wb") as log:
        programs = {
            name: subprocess.Popen(
                [sys.executable, "-m", "hauspost", "--folder", str(desk.folder), name],
                env=environment, stdout=log, stderr=subprocess.STDOUT,
            )
            for name in ("listen", "work", "web")
        }  # fmt: skip
        try:
            for port in (smtp, web):
                _await_port(port)
            yield _Running(smtp, web, {name: _last_child(program.pid) for name, program in programs.items()})
        except Exception as fault:
            raise RuntimeError(f"{fault}; the processes said:\n{(desk.folder / 'output.log').read_text()}") from fault
        finally:
            for program in programs.values():
                program.terminate()
            for program in programs.values():
                program.wait(60)


def _last_child(process: int) -> int:
    """The process that does the work, where a supervisor stands above it."""
    while children := Path(f"/proc/{process}/task/{process}/children").read_text().split():
        process = int(children[-1])
    return process


def _await_port(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nobody listens at port {port}")


def _head(subject: str) -> str:
    return (
        f"From: Petra <petra@{DOMAIN}>\r\nTo: it-cologne@{DOMAIN}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{uuid.uuid4()}@mail.{DOMAIN}>\r\nMIME-Version: 1.0\r\n"
    )


def _small_mail() -> bytes:
    return (_head("Warm") + "\r\nDer Drucker druckt nicht.\r\n").encode()


def _big_mail(path: Path) -> tuple[Path, str]:
    """One large film and a few pictures, written as they come; the film's SHA-256 beside it."""
    import hashlib

    digest = hashlib.sha256()
    with path.open("wb") as mail:
        mail.write(f'{_head("Big")}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\n{_TEXT}'.encode())
        for name, share in (("film.mp4", 0.8), *((f"bild-{number}.jpg", 0.04) for number in range(5))):
            kind = "video/mp4" if name.startswith("film") else "image/jpeg"
            mail.write(
                f'\r\n--b\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
                f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'.encode()
            )
            for _ in range(int(SIZE_BYTES * share / 78 / 1000)):
                piece = os.urandom(57_000)
                if name.startswith("film"):
                    digest.update(piece)
                mail.write(base64.encodebytes(piece).replace(b"\n", b"\r\n"))
        mail.write(b"\r\n--b--\r\n")
    return path, digest.hexdigest()


def _send(port: int, mail: bytes | Path) -> None:
    """Over a socket of our own: smtplib would hold the mail several times."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS) as one, one.makefile("rb") as answers:
        for command in ("", "EHLO bench", f"MAIL FROM:<petra@{DOMAIN}>", f"RCPT TO:<it-cologne@{DOMAIN}>", "DATA"):
            if command:
                one.sendall(command.encode() + b"\r\n")
            _expect(answers.readline, b"3" if command == "DATA" else b"2")
        if isinstance(mail, bytes):
            one.sendall(mail)
        else:
            with mail.open("rb") as source:
                one.sendfile(source)
        one.sendall(b".\r\n")
        _expect(answers.readline, b"2")


def _expect(readline: object, first: bytes) -> None:
    assert callable(readline)
    line = readline()
    while line[3:4] == b"-":
        line = readline()
    if not line.startswith(first):
        raise RuntimeError(f"the listener said {line!r}")


def _await_ticket(desk: Desk, subject: str) -> dict[str, str]:
    found = subprocess.run(
        [sys.executable, "-m", "bench.big", subject],
        env=desk.environment(),
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    told: dict[str, str] = json.loads(found.stdout)
    return told


def _download(port: int, cookie: str, path: str) -> int:
    """Read a page to its end, and keep nothing of it."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS) as one:
        one.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
        begin, size_bytes = one.recv(65_536), 0
        if b" 200 " not in begin[:20]:
            raise RuntimeError(f"{path} was answered with {begin[:200]!r}")
        while piece := one.recv(1 << 20):
            size_bytes += len(piece)
    return size_bytes


def _start_to_watch(process: int) -> int:
    """The kernel's high-water mark begins anew; answers what the process holds now, in kB."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _status(process, "VmRSS")


def _highest(process: int) -> int:
    return _status(process, "VmHWM")


def _status(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _cpu_seconds(process: int) -> float:
    used = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def _tell_when_filed(subject: str) -> None:
    """Inside the desk: wait for the ticket with that subject; tell where its biggest file is, and a session to see it."""
    import django

    django.setup()
    from bench.company import read
    from bench.pages import Visitor
    from hauspost.duties.intake.models import Delivery
    from hauspost.records.tickets.models import Attachment, Ticket

    cookie = Visitor(read().dispatcher).cookie
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (ticket := Ticket.objects.filter(subject=subject).order_by("-number").first()) is None:
        if time.monotonic() > deadline:
            last = Delivery.objects.order_by("-id")[0]
            raise SystemExit(
                f"no ticket {subject!r} came; the mail is {last.disposition}: {last.because} {last.detail}"
            )
        time.sleep(0.02)
    told = {"ticket": ticket.number, "cookie": cookie}
    biggest = Attachment.objects.filter(entry__ticket=ticket).select_related("blob").order_by("-size_bytes").first()
    if biggest is not None and biggest.blob is not None:
        told |= {"file": biggest.id, "entry": biggest.entry_id, "sha256": biggest.blob.sha256}
    print(json.dumps(told))


if __name__ == "__main__":
    _tell_when_filed(sys.argv[1])
