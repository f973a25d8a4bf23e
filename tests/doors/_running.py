"""Starts Hauspost as a process of its own for the tests, and reads what it prints."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PATIENCE = 60.0
REPOSITORY = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as hand:
        hand.bind(("127.0.0.1", 0))
        return int(hand.getsockname()[1])


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


def until(condition: Callable[[], bool], words: str) -> None:
    """Wait for something that no file handle tells of."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {words}"
        threading.Event().wait(0.01)


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HAUSPOST_", "DJANGO_"))}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", **more}


class Running:
    """A process whose lines can be waited for."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment or clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Under nohup a child would inherit that the signal is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        self.is_silent = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        # Every process that could still print has ended.
        with self._changed:
            self.is_silent.set()
            self._changed.notify_all()

    def says(self, words: str, times: int = 1) -> str:
        """Wait for the nth line with these words."""

        def found() -> list[str]:
            return [line for line in self.lines if words in line]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= times or self.is_silent.is_set(), PATIENCE)
            assert len(found()) >= times, "\n".join(self.lines)
            return found()[times - 1]

    def is_told(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def ends(self) -> int:
        status = self.process.wait(PATIENCE)
        assert self.is_silent.wait(PATIENCE), "a child lives on"
        return status

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *fault: object) -> None:
        if self.process.poll() is None:
            self.is_told(signal.SIGKILL)
            self.process.wait(PATIENCE)
