"""Measures the journal from outside: mails a second over real TCP to a real `hauspost listen`, every 250 durable."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from bench.measuring import Figure
from bench.places import DOMAIN, Desk, free_port
from bench.serving import TOWNS

REUSED = "journal: 16 reused connections"
EACH = "journal: a connection each"
ONE = "journal: one connection"
_CLIENTS = 16
_BODY = ("Der Drucker druckt nicht. " * 3 + "\r\n").encode() * 50  # 4 kB


def journal(desk: Desk, seconds: float = 5) -> list[Figure]:
    """Mails of 4 kB that were answered with 250, a second: three ways to come."""
    found = []
    with _listening(desk) as port:
        _send(port, 1, 0.5, is_reusing=True)
        for name, clients, is_reusing in ((REUSED, _CLIENTS, True), (EACH, _CLIENTS, False), (ONE, 1, True)):
            found.append(Figure(name, _send(port, clients, seconds, is_reusing=is_reusing) / seconds, "/s"))
    return found


@contextmanager
def _listening(desk: Desk) -> Iterator[int]:
    port = free_port()
    log = (desk.folder / "listen.log").open("wb")
    program = subprocess.Popen(
        [sys.executable, "-m", "hauspost", "--folder", str(desk.folder), "listen"],
        env=desk.environment(SMTP_LISTEN=f"127.0.0.1:{port}"),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _await_greeting(program, port)
        yield port
    finally:
        program.terminate()
        program.wait(60)
        log.close()


def _await_greeting(program: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and program.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
                if one.recv(3) == b"220":
                    return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("`hauspost listen` does not answer; see listen.log in the desk's folder")


def _send(port: int, clients: int, seconds: float, *, is_reusing: bool) -> int:
    """So many clients send one mail after the other, in a process of their own; answers how many were taken."""
    here, there = get_context("spawn").Pipe(duplex=False)
    sending = get_context("spawn").Process(target=_clients, args=(there, port, clients, seconds, is_reusing))
    sending.start()
    taken = here.recv()
    sending.join()
    if isinstance(taken, str):
        raise RuntimeError(f"a mail was not taken: {taken}")
    return int(taken)


def _clients(answer: Connection, port: int, clients: int, seconds: float, is_reusing: bool) -> None:
    counts: list[int] = []
    faults: list[str] = []

    def client(number: int) -> None:
        try:
            counts.append(_one_client(number, port, seconds, is_reusing))
        except Exception as fault:  # Whatever it is, the measurement says it.
            faults.append(f"{type(fault).__name__}: {fault}")

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    answer.send(faults[0] if faults else sum(counts))


def _one_client(number: int, port: int, seconds: float, is_reusing: bool) -> int:
    until, taken, session = time.perf_counter() + seconds, 0, None
    while time.perf_counter() < until:
        session = session or _Session(port)
        session.send(number, taken)
        taken += 1
        if not is_reusing:
            session.quit()
            session = None
    if session is not None:
        session.quit()
    return taken


class _Session:
    """One SMTP conversation with as little as can be; each command waits for its answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answered("220")
        self._say("EHLO bench.example", "250")

    def send(self, client: int, number: int) -> None:
        sender, to = f"person{120 + number * 7 % 180}@{DOMAIN}", f"it-{TOWNS[number % len(TOWNS)]}@{DOMAIN}"
        self._say(f"MAIL FROM:<{sender}>", "250")
        self._say(f"RCPT TO:<{to}>", "250")
        self._say("DATA", "354")
        head = (
            f"From: {sender}\r\nTo: {to}\r\nSubject: Drucker {number}\r\n"
            f"Message-ID: <journal.{client}.{time.monotonic_ns():x}@mail.{DOMAIN}>\r\n\r\n"
        )
        self._socket.sendall(head.encode() + _BODY + b".\r\n")
        self._answered("250")

    def quit(self) -> None:
        self._say("QUIT", "221")
        self._socket.close()

    def _say(self, line: str, wanted: str) -> None:
        self._socket.sendall(f"{line}\r\n".encode())
        self._answered(wanted)

    def _answered(self, wanted: str) -> None:
        found = b""
        while not found.endswith(b"\r\n") or found.rpartition(b"\r\n")[0].rpartition(b"\r\n")[2][3:4] == b"-":
            piece = self._socket.recv(4096)
            if not piece:
                raise ConnectionError("the desk hung up")
            found += piece
        if not found.startswith(wanted.encode()):
            raise RuntimeError(found.decode(errors="replace").strip())
