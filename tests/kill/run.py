"""Kills processes at every fault point in turn, restarts them, and compares with the undisturbed run.

    python -m tests.kill.run --database sqlite|postgres [--workers 4] [--every 5]

Prints how many points there are, at how many it killed, and what was lost or doubled; exits 1 when anything was.
"""

import argparse
import contextlib
import json
import os
import shutil
import smtplib
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """The receiving mail server: counts how often each mail came."""

    def __init__(self) -> None:
        self.came: Counter[str] = Counter()

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.came[message_from_bytes(envelope.content)["Message-ID"].strip("<> ")] += 1
        return "250 2.0.0 taken"


class Stage:
    """One folder, one database, one receiving server; set back to its beginning before every run."""

    def __init__(self, database: str, workers: int) -> None:
        self.is_postgres, self.workers = database == "postgres", workers
        self.folder = Path(tempfile.mkdtemp(prefix="hauspost-kill-"))
        self.mailbox = Mailbox()
        self.sink = Controller(self.mailbox, hostname="127.0.0.1", port=_free_port())
        self.sink.start()
        self.port = _free_port()
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "hauspost.project.settings",
            "HAUSPOST_FOLDER": str(self.folder),
            "HAUSPOST_SMTP_LISTEN": f"127.0.0.1:{self.port}",
            "HAUSPOST_OUTGOING_HOST": "127.0.0.1",
            "HAUSPOST_OUTGOING_PORT": str(self.sink.port),
            "HAUSPOST_UNDO_SECONDS": "0",
            "HAUSPOST_MAIL_DOMAIN": "lindner.example",
            "HAUSPOST_COMPANY_DOMAINS": "lindner.example",
        }
        if self.is_postgres:
            from tests.postgres import running_server

            self.host = running_server()
            os.environ["HAUSPOST_DATABASE_URL"] = f"postgresql://postgres@/kill?host={self.host}"
            self._sql("DROP DATABASE IF EXISTS kill WITH (FORCE)", "CREATE DATABASE kill")
        import logging

        import django

        django.setup()
        logging.getLogger("hauspost").setLevel(logging.ERROR)
        from django.db import connections

        connections.close_all()

    def prepare(self) -> None:
        """Found the company once; every run begins from this."""
        from tests.kill import scene

        _in_child(scene.found)
        self.mailbox.came.clear()
        shutil.copytree(self.folder / "data", self.folder / "template")
        if self.is_postgres:
            self._sql(
                "DROP DATABASE IF EXISTS kill_template WITH (FORCE)", "CREATE DATABASE kill_template TEMPLATE kill"
            )

    def reset(self) -> None:
        """Everything as it was before the first mail."""
        self.mailbox.came.clear()
        shutil.rmtree(self.folder / "data")
        shutil.copytree(self.folder / "template", self.folder / "data")
        if self.is_postgres:
            self._sql("DROP DATABASE IF EXISTS kill WITH (FORCE)", "CREATE DATABASE kill TEMPLATE kill_template")

    def _sql(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(host=self.host, user="postgres", dbname="postgres", autocommit=True) as server:
            for statement in statements:
                server.execute(statement)

    def close(self) -> None:
        self.sink.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Process:
    """One forked process of the scene."""

    def __init__(self, part: str, *, acts: bool, kill_at: int, hours: int) -> None:
        ready_out, ready_in = os.pipe()
        go_out, go_in = os.pipe()
        report_out, report_in = os.pipe()
        self.ready, self.go, self.report = ready_out, go_in, report_out
        self.pid = os.fork()
        if self.pid == 0:
            for end in (ready_out, go_in, report_out):
                os.close(end)
            _perform(part, acts, kill_at, hours, ready_in, go_out, report_in)
        for end in (ready_in, go_out, report_in):
            os.close(end)

    def is_ready(self) -> bool:
        """Wait until it listens; False when it was killed before."""
        return os.read(self.ready, 1) == b"r"

    def let_go(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self.go, b"g")

    def ended(self) -> tuple[bool, list[str]]:
        """Wait for its end: was it killed, and which points did it pass? Raises when it failed by itself."""
        with os.fdopen(self.report, "rb") as report:
            told = report.read()
        _, status = os.waitpid(self.pid, 0)
        for end in (self.ready, self.go):
            os.close(end)
        killed = os.WIFSIGNALED(status)
        if not killed and os.waitstatus_to_exitcode(status) != 0:
            raise RuntimeError(f"a process failed by itself: {told.decode(errors='replace')}")
        return killed, json.loads(told) if told else []


def _perform(part: str, acts: bool, kill_at: int, hours: int, ready: int, go: int, report: int) -> None:
    from tests.kill import points, scene

    try:
        if hours:
            scene.shift_clock(hours)
        watched = points.install(kill_at)
        scene.play(watched, part, acts, ready, go)
        seen, watched.kill_at = list(watched.seen), 0
        os.write(report, json.dumps(seen).encode())
    except BaseException as fault:
        os.write(report, repr(fault).encode())
        os._exit(1)
    os._exit(0)


def _in_child(do: Callable[[], Any]) -> Any:
    """Do something with the database in a process of its own; its answer comes as JSON."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(out)
            with os.fdopen(into, "w") as file:
                json.dump(do(), file)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as file:
        told = file.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError("the process that looked at the database failed")
    return json.loads(told)


def send(port: int, mails: list[bytes]) -> list[bytes]:
    """Send like a mail server does; answers what was not accepted and has to be sent again."""
    left = list(mails)
    for mail in mails:
        parsed = message_from_bytes(mail)
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
                client.sendmail(parsed["From"], [parsed["To"]], mail)
            left.remove(mail)
        except smtplib.SMTPServerDisconnected:
            # The answer to QUIT may be lost; whether 250 came decides.
            continue
        except (OSError, smtplib.SMTPException):
            continue
    return left


def act(stage: Stage, mails: list[bytes], *, kill_at: int, hours: int) -> tuple[list[bytes], bool, list[list[str]]]:
    """One performance; answers mails not accepted, whether anybody was killed, and everybody's points."""
    if stage.workers == 1:
        cast = [Process("all", acts=True, kill_at=kill_at, hours=hours)]
    else:
        cast = [Process("listen", acts=False, kill_at=kill_at, hours=hours)]
        cast += [Process("work", acts=number == 0, kill_at=kill_at, hours=hours) for number in range(stage.workers)]
    left = mails
    if cast[0].is_ready():
        left = send(stage.port, mails)
    for one in cast:
        one.let_go()
    ends = [one.ended() for one in cast]
    return left, any(killed for killed, _ in ends), [seen for _, seen in ends]


def run(stage: Stage, every: int) -> int:
    from tests.kill import scene

    mails = scene.mails()
    stage.reset()
    left, _, points = act(stage, mails, kill_at=0, hours=0)
    wanted = _in_child(scene.state)
    assert not left and wanted["pending"] == 0 and not wanted["faults"], (left, wanted)
    total = max(len(seen) for seen in points)
    kinds = Counter(name.split(" ", 1)[1] for seen in points for name in seen)
    print(f"{sum(map(len, points))} fault points in {len(points)} processes: {dict(kinds)}", flush=True)
    killed, wrong, twice = 0, 0, 0
    for kill_at in range(1, total + 1, every):
        stage.reset()
        left, was_killed, _ = act(stage, mails, kill_at=kill_at, hours=0)
        killed += was_killed
        hours = 0
        while (was_killed or left) and hours < 5:
            hours += 1
            left, was_killed, _ = act(stage, left, kill_at=0, hours=hours)
        differences = _compare(wanted, _in_child(scene.state))
        doubtful = set(_in_child(scene.doubtful))
        for message_id, times in stage.mailbox.came.items():
            if times > 1 and (times > 2 or message_id not in doubtful):
                differences.append(f"mail {message_id} was sent {times} times")
            twice += times > 1
        if left:
            differences.append(f"{len(left)} mails were never accepted")
        if differences:
            wrong += 1
            print(f"killed at point {kill_at}: " + "; ".join(differences), flush=True)
    print(f"killed at {killed} points, restarted, compared: {wrong} differ, {twice} mails sent twice and marked so")
    return 1 if wrong else 0


def _compare(wanted: dict[str, Any], got: dict[str, Any]) -> list[str]:
    differences = []
    for key in wanted:
        if got[key] != wanted[key]:
            more = [row for row in got[key] if row not in wanted[key]] if isinstance(got[key], list) else got[key]
            less = [row for row in wanted[key] if row not in got[key]] if isinstance(got[key], list) else wanted[key]
            differences.append(f"{key}: {more!r} instead of {less!r}")
    return differences


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="kill at every n-th point only")
    asked = parser.parse_args()
    if asked.database == "sqlite" and asked.workers > 1:
        parser.error("on SQLite there is one worker")
    stage = Stage(asked.database, asked.workers)
    try:
        stage.prepare()
        return run(stage, asked.every)
    finally:
        stage.close()


if __name__ == "__main__":
    sys.exit(main())
