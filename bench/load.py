"""`bin/load`: a day in fast-forward. Agents, employees and mails at once, over the real processes; then: is all there, once?"""

import json
import random
import re
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click
from aiosmtpd.controller import Controller

from bench.load_people import Browser, Log, agent, as_json, employee, on_time
from bench.measuring import p95
from bench.places import Desk, copied, free_port, seeded

SENDERS, EMPLOYEES_AT_ONCE = 8, 8
_TROUBLE = re.compile(r"ERROR|CRITICAL|Traceback|database is locked|deadlock|OperationalError")


@dataclass
class Inboxes:
    """The company's mail server: counts what arrives, by Message-ID and recipient."""

    arrived: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        """Take a mail."""
        head = bytes(envelope.content).partition(b"\r\n\r\n")[0]  # type: ignore[attr-defined]
        found = re.search(rb"(?im)^message-id:\s*(\S+)", head)
        for recipient in envelope.rcpt_tos:  # type: ignore[attr-defined]
            self.arrived[(found[1].decode() if found else "", recipient)] += 1
        return "250 2.0.0 taken"


@dataclass(frozen=True)
class House:
    """Where the started processes listen, and where they write what they say."""

    web: list[int]
    smtp: list[int]
    logs: list[Path]


@click.command()
@click.option("--databases", default="sqlite,postgres", show_default=True)
@click.option("--minutes", default=10.0, show_default=True, help="How long the day takes.")
@click.option("--mails", default=5000, show_default=True)
@click.option("--agents", default=30, show_default=True)
@click.option("--employees", default=300, show_default=True)
@click.option("--tickets", default=10_000, show_default=True, help="What the desk holds already.")
@click.option("--processes", default=2, show_default=True, help="Of web, work and listen each, on PostgreSQL.")
def main(databases: str, minutes: float, mails: int, agents: int, employees: int, tickets: int, processes: int) -> None:
    """A day in fast-forward: mails, agents and employees at once. Fails when anything is lost, doubled or in error."""
    faults = 0
    for database in databases.split(","):
        with copied(seeded(database, tickets)) as desk:
            faults += _day(desk, minutes * 60, mails, agents, employees, processes)
    if faults:
        raise click.ClickException(f"{faults} kinds of fault; they stand above")


def _day(desk: Desk, seconds: float, mails: int, agents: int, employees: int, processes: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder, log, inboxes = Path(name), Log(), Inboxes()
        desk.run("load-prepare", name, str(mails), str(agents), str(employees))
        day = json.loads((folder / "day.json").read_text())
        with _mail_server(inboxes) as port, _house(desk, port, processes) as house:
            begun = time.monotonic()
            _live(day, folder, house, log, seconds)
            lasted = time.monotonic() - begun
            left = _until_quiet(desk)
            drained = time.monotonic() - begun - lasted
        (folder / "done.json").write_text(as_json(log))
        found = json.loads(desk.run("load-check", name))
        holds = _verified(desk)
        trouble = [
            line
            for path in house.logs
            for line in path.read_text(errors="replace").splitlines()
            if _TROUBLE.search(line)
        ]
    return _tell(desk, log, found, holds, trouble, inboxes, lasted, drained, left)


@contextmanager
def _mail_server(inboxes: Inboxes) -> Iterator[int]:
    server = Controller(inboxes, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@contextmanager
def _house(desk: Desk, outgoing: int, processes: int) -> Iterator[House]:
    """SQLite: one `hauspost up`; PostgreSQL: several web, work and listen processes side by side."""
    house, common = House([], [], []), {"OUTGOING_HOST": "127.0.0.1", "OUTGOING_PORT": str(outgoing)}
    with ExitStack() as started:
        if desk.database == "sqlite":
            commands = [("up", True, True)]
        else:
            commands = [("web", True, False), ("work", False, False), ("listen", False, True)] * processes
        for number, (command, has_web, has_smtp) in enumerate(commands):
            web, smtp = free_port(), free_port()
            given = common | {
                "WEB_LISTEN": f"127.0.0.1:{web}",
                "PUBLIC_URL": f"http://127.0.0.1:{web}",
                "SMTP_LISTEN": f"127.0.0.1:{smtp}",
            }
            if command == "up":
                given["WEB_WORKERS"] = "2"
            path = desk.folder / f"{command}-{number}.log"
            started.enter_context(_program(desk, command, given, path))
            house.logs.append(path)
            house.web.extend([web] * has_web)
            house.smtp.extend([smtp] * has_smtp)
        for port in (*house.web, *house.smtp):
            _await_port(port, house.logs)
        yield house


@contextmanager
def _program(desk: Desk, command: str, given: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        program = subprocess.Popen(
            [sys.executable, "-m", "hauspost", "--folder", str(desk.folder), command],
            env=desk.environment(**given),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            program.terminate()
            program.wait(60)


def _await_port(port: int, logs: list[Path]) -> None:
    import socket

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("not everything started:\n" + "\n".join(path.read_text(errors="replace") for path in logs))


def _live(day: dict[str, list[str]], folder: Path, house: House, log: Log, seconds: float) -> None:
    """Everybody at once, until the day is over and every mail is handed in."""
    chance, begun = random.Random(7), time.monotonic()
    threads = []
    for number, cookie in enumerate(day["agents"]):
        browser = Browser(house.web[number % len(house.web)], cookie, log)
        threads.append(partial(agent, browser, number, begun + seconds, random.Random(number)))
    visits: list[list[tuple[float, partial[None]]]] = [[] for _ in range(EMPLOYEES_AT_ONCE)]
    for number, cookie in enumerate(day["employees"]):
        browser = Browser(house.web[number % len(house.web)], cookie, log)
        for turn in range(3):
            do = partial(employee, browser, number, turn, random.Random(number * 10 + turn))
            visits[number % EMPLOYEES_AT_ONCE].append((chance.uniform(0, seconds), do))
    threads += [partial(on_time, sorted(one, key=lambda event: event[0]), begun, log) for one in visits]
    for sender in range(SENDERS):
        post = _Post(house.smtp[sender % len(house.smtp)], folder, log)
        mine = list(enumerate(day["mails"]))[sender::SENDERS]
        times = sorted(chance.uniform(0, seconds) for _ in mine)
        events = [(at, partial(post.send, number, *who)) for at, (number, who) in zip(times, mine, strict=True)]
        threads.append(partial(on_time, events, begun, log))
    running = [threading.Thread(target=one) for one in threads]
    for one in running:
        one.start()
    for one in running:
        one.join()


class _Post:
    """A mail server that hands mail in over one connection, like any would."""

    def __init__(self, port: int, folder: Path, log: Log) -> None:
        self.port, self.folder, self.log = port, folder, log
        self.line: smtplib.SMTP | None = None

    def send(self, number: int, sender: str, recipient: str) -> None:
        """Hand one mail in; what is not accepted is an error of the day."""
        begun = time.perf_counter()
        try:
            if self.line is None:
                self.line = smtplib.SMTP("127.0.0.1", self.port, timeout=60)
            self.line.sendmail(sender, [recipient], (self.folder / f"{number}.eml").read_bytes())
        except (OSError, smtplib.SMTPException) as fault:
            self.line = None
            self.log.fault(f"mail: {type(fault).__name__} {fault}")
            return
        self.log.note("mail accepted", time.perf_counter() - begun)
        with self.log.lock:
            self.log.accepted += 1


def _until_quiet(desk: Desk, limit: float = 900) -> dict[str, int]:
    deadline = time.monotonic() + limit
    while True:
        left: dict[str, int] = json.loads(desk.run("load-quiet"))
        if not any(left.values()) or time.monotonic() > deadline:
            return left
        time.sleep(2)


def _verified(desk: Desk) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "hauspost", "--folder", str(desk.folder), "record", "verify"],
        env=desk.environment(),
        capture_output=True,
        text=True,
    )
    return done.returncode == 0


def _tell(
    desk: Desk, log: Log, found: dict[str, object], holds: bool, trouble: list[str], inboxes: Inboxes, lasted: float,
    drained: float, left: dict[str, int],
) -> int:  # fmt: skip
    """Print the day; answers how many kinds of fault it had."""
    requests = sum(len(times) for kind, times in log.times.items() if kind != "mail accepted")
    twice = sum(1 for count in inboxes.arrived.values() if count > 1)
    click.echo(f"\n## {desk.database}: {lasted:.0f} s, {desk.tickets:,} tickets before, {found['tickets']:,} after")
    click.echo(
        f"{log.accepted:,} mails accepted ({log.accepted / lasted:.1f}/s), {requests:,} requests ({requests / lasted:.1f}/s), "
        f"{len(log.texts):,} texts written, {len(inboxes.arrived):,} mails sent out; quiet after {drained:.0f} s more; "
        f"at most {log.behind:.1f} s behind the timetable"
    )
    click.echo(f"\n{'what':<16}{'times':>8}{'median ms':>12}{'p95 ms':>10}{'max ms':>10}")
    for kind, times in sorted(log.times.items()):
        click.echo(
            f"{kind:<16}{len(times):>8}{sorted(times)[len(times) // 2]:>12.0f}{p95(times):>10.0f}{max(times):>10.0f}"
        )
    click.echo(f"\ndispositions: {found['dispositions']}")
    click.echo(f"refused in words: {dict(log.refused) or 'nothing'}")
    faults = {
        "mails lost": log.accepted - int(str(found["deliveries"])),
        "mails filed twice": found["filed twice"],
        "dispositions without their entry": found["without an entry that exists"],
        "texts lost": found["texts lost"],
        "texts doubled": found["texts doubled"],
        "reactions parked": found["reactions parked"],
        "mails sent twice": twice,
        "still waiting": sum(left.values()),
        "lines of trouble in the logs": len(trouble),
        "errors": sum(log.errors.values()),
        "record does not hold": int(not holds),
    }
    for name, count in faults.items():
        click.echo(f"{name}: {count}")
    for words, count in log.errors.most_common(10):
        click.echo(f"  {count} × {words}")
    for line in trouble[:10]:
        click.echo(f"  {line[:200]}")
    return sum(1 for count in faults.values() if count)


if __name__ == "__main__":
    main()
