"""Measures the running program from outside: pages a second over HTTP, memory of all processes, time to the first page."""

import json
import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.measuring import Figure, p95
from bench.places import DOMAIN, Desk, free_port

CLIENTS = 8
_SMTP_CLIENTS = 2
TOWNS = ("cologne", "hamburg", "vienna", "munich", "leipzig")
FIRST_PAGE, PSS_IDLE = "first page after start", "PSS of all processes, idle"


def throughput(desk: Desk, seconds: float = 6, workers: Sequence[int] = (1, 2)) -> list[Figure]:
    """Ticket pages a second for eight clients, over the real server."""
    found = []
    for count in workers:
        with running(desk, "web", web_workers=str(count)) as at:
            cookie, paths = _visitor(desk)
            _load(at.web, cookie, paths, 1)
            times = _load(at.web, cookie, paths, seconds)
        name = f"ticket pages, {CLIENTS} clients, {count} web process{'es' if count > 1 else ''}"
        found.append(Figure(name, len(times) / seconds, "/s", wall=sorted(times)[len(times) // 2], wall_p95=p95(times)))
    return found


def memory(desk: Desk, seconds: float = 8) -> list[Figure]:
    """Time to the first page of `hauspost up`, then what all its processes hold, idle and under load."""
    cookie, paths = _visitor(desk)
    with running(desk, "up") as at:
        first = at.seconds_to_first_page
        time.sleep(3)
        idle, processes = pss_of(at.process)
        with ThreadPoolExecutor(_SMTP_CLIENTS + 1) as others:
            senders = [others.submit(_send_mails, number, at.smtp, seconds) for number in range(_SMTP_CLIENTS)]
            busy = others.submit(_watch, at.process, seconds)
            times = _load(at.web, cookie, paths, seconds)
            mails = sum(one.result() for one in senders)
            most = busy.result()
    return [
        Figure(FIRST_PAGE, first, "s"),
        Figure(PSS_IDLE, idle, "MB"),
        Figure("PSS of all processes, under load", max(idle, most), "MB"),
        Figure("processes", processes, ""),
        Figure("under load: ticket pages", len(times) / seconds, "/s"),
        Figure("under load: mails taken over SMTP", mails / seconds, "/s"),
    ]


class At:
    """Where a started program listens."""

    def __init__(self, process: int, web: int, smtp: int, seconds_to_first_page: float) -> None:
        self.process, self.web, self.smtp = process, web, smtp
        self.seconds_to_first_page = seconds_to_first_page


@contextmanager
def running(desk: Desk, command: str, **settings: str) -> Iterator[At]:
    """The program in this desk's folder, from its first page on until the end of the block."""
    web, smtp = free_port(), free_port()
    given = {
        "WEB_LISTEN": f"127.0.0.1:{web}",
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "SMTP_LISTEN": f"127.0.0.1:{smtp}",
    }
    environment = desk.environment(**given, **{name.upper(): value for name, value in settings.items()})
    log = (desk.folder / "output.log").open("wb")
    begun = time.perf_counter()
    program = subprocess.Popen(
        [sys.executable, "-m", "hauspost", "--folder", str(desk.folder), command],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _await_first_page(program, web, desk.folder / "output.log")
        yield At(program.pid, web, smtp, time.perf_counter() - begun)
    finally:
        program.terminate()
        program.wait(60)
        log.close()


def _await_first_page(program: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if program.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
                one.sendall(_request("/sign-in", port, ""))
                if one.recv(12).endswith(b"200"):
                    return
        except OSError:
            time.sleep(0.005)
    raise RuntimeError(f"no page came; the program said:\n{log.read_text(errors='replace')}")


def _visitor(desk: Desk) -> tuple[str, list[str]]:
    found = json.loads(desk.run("visitor"))
    return found["cookie"], [f"/desk/tickets/{number}" for number in found["tickets"]]


def _load(port: int, cookie: str, paths: Sequence[str], seconds: float) -> list[float]:
    """Eight clients ask for one page after the other; answers the milliseconds of each."""
    until = time.perf_counter() + seconds
    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = [clients.submit(_one_client, port, cookie, paths[number::CLIENTS], until) for number in range(CLIENTS)]
        return [milliseconds for client in asked for milliseconds in client.result()]


def _one_client(port: int, cookie: str, paths: Sequence[str], until: float) -> list[float]:
    times: list[float] = []
    requests = [_request(path, port, cookie) for path in paths]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        turn = 0
        while (begun := time.perf_counter()) < until:
            one.sendall(requests[turn % len(requests)])
            status = _read_answer(one)
            if status != 200:
                raise RuntimeError(f"{paths[turn % len(paths)]} was answered with {status}")
            times.append((time.perf_counter() - begun) * 1000)
            turn += 1
    return times


def _request(path: str, port: int, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode()


def _read_answer(one: socket.socket) -> int:
    """Read one answer to its end; answers its status."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += _received(one)
    head, _, body = found.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), None)
    if length is None:
        while not body.endswith(b"0\r\n\r\n"):
            body += _received(one)
    else:
        missing = length - len(body)
        while missing > 0:
            missing -= len(_received(one))
    return int(lines[0].split()[1])


def _received(one: socket.socket) -> bytes:
    if not (found := one.recv(65_536)):
        raise ConnectionError("the server hung up")
    return found


def _send_mails(sender: int, port: int, seconds: float) -> int:
    """One sender who sends as fast as the desk takes it; answers how many mails it took."""
    until, number = time.perf_counter() + seconds, 0
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as server:
        while time.perf_counter() < until:
            number += 1
            address, to = f"person{120 + number * 7 % 180}@{DOMAIN}", f"it-{TOWNS[number % len(TOWNS)]}@{DOMAIN}"
            text = (
                f"From: {address}\r\nTo: {to}\r\nSubject: Drucker {number}\r\n"
                f"Message-ID: <load.{sender}.{number}@mail.{DOMAIN}>\r\n\r\nDer Drucker druckt nicht.\r\n"
            )
            server.sendmail(address, [to], text)
    return number


def _watch(process: int, seconds: float) -> float:
    """The most memory that was seen."""
    until, most = time.perf_counter() + seconds, 0.0
    while time.perf_counter() < until:
        most = max(most, pss_of(process)[0])
        time.sleep(0.5)
    return most


def pss_of(process: int) -> tuple[float, int]:
    """The proportional memory of a process and all it started, in MB, and how many they are."""
    tree = _family_of(process)
    return sum(map(_pss_mb, tree)), len(tree)


def _family_of(process: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                after_name = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(after_name[1]), []).append(int(entry.name))
    found = [process]
    for one in found:
        found += parents.get(one, [])
    return found


def _pss_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
