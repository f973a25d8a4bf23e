"""The processes of one Hauspost: started, killed at random, and started again as systemd would."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Somewhat quicker than RestartSec=5 of our unit, so that more happens.
RESTART_SECONDS = 0.5
FAREWELL_SECONDS = 100.0


@dataclass
class Unit:
    """One command that is kept alive: `hauspost up`, or a part that runs beside it."""

    name: str
    command: str
    environment: Mapping[str, str]
    process: "subprocess.Popen[str] | None" = None
    due_at: float = 0.0


@dataclass
class Tree:
    """All of it. Ports tell the forked processes apart, as they have no names of their own."""

    folder: Path
    units: Sequence[Unit]
    smtp: int
    web: int
    log: Path
    kills: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    statuses: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    stops: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        for unit in self.units:
            self._start(unit)

    def tend(self) -> None:
        """Start again what has ended."""
        with self.turn:
            for unit in [] if self.stops else self.units:
                self._tend(unit)

    def _tend(self, unit: Unit) -> None:
        if unit.process is None:
            if time.monotonic() >= unit.due_at:
                self._start(unit)
                self.restarts += 1
        elif unit.process.poll() is not None:
            if unit.process.returncode != -signal.SIGKILL:
                self.statuses.append(f"{unit.name} ended with {unit.process.returncode}")
            unit.process, unit.due_at = None, time.monotonic() + RESTART_SECONDS

    def stop(self) -> list[str]:
        """End in order, as on a shutdown; answers what did not."""
        faults = []
        with self.turn:
            self.stops = True
        for unit in self.units:
            if unit.process is not None and unit.process.poll() is None:
                unit.process.terminate()
        for unit in self.units:
            if unit.process is None:
                continue
            try:
                status = unit.process.wait(FAREWELL_SECONDS)
            except subprocess.TimeoutExpired:
                unit.process.kill()
                status = unit.process.wait()
            if status:
                faults.append(f"{unit.name} ended with {status}")
        return faults

    def kill(self, role: str) -> bool:
        """SIGKILL for one that has this role just now; False when there is none."""
        for found, process in self.members():
            if found == role:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    return False
                self.kills[role] += 1
                return True
        return False

    def members(self) -> list[tuple[str, int]]:
        """Every living process, with its role."""
        children = _children()
        found = []
        for unit in self.units:
            if unit.process is None or unit.process.poll() is not None:
                continue
            top = unit.process.pid
            found.append((unit.name, top))
            if unit.command != "up":
                continue
            for household in children.get(top, []):
                found.append(("household", household))
                for part in children.get(household, []):
                    found.append((self._role_of(part), part))
                    found += [("web worker", worker) for worker in children.get(part, [])]
        return found

    def _role_of(self, process: int) -> str:
        sockets = _sockets_of(process)
        if sockets & _listening_at(self.smtp):
            return "listen"
        return "web" if sockets & _listening_at(self.web) else "work"

    def _start(self, unit: Unit) -> None:
        unit.process = subprocess.Popen(
            [sys.executable, "-m", "hauspost", "--folder", str(self.folder), unit.command],
            env=unit.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(unit.name, unit.process), daemon=True).start()

    def _read(self, name: str, process: "subprocess.Popen[str]") -> None:
        """Through a pipe: a full disk must not stop what they say."""
        assert process.stdout
        for line in process.stdout:
            self.lines.append(f"{name}: {line.rstrip()}")
            if "starting it again" in line:
                self.restarts += 1

    def write_log(self) -> None:
        self.log.write_text("\n".join(self.lines))


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                told = Path(entry.path, "stat").read_text()
            except OSError:
                continue
            parent = int(told.rpartition(")")[2].split()[1])
            found.setdefault(parent, []).append(int(entry.name))
    return found


def _sockets_of(process: int) -> set[str]:
    found = set()
    try:
        for entry in os.scandir(f"/proc/{process}/fd"):
            target = os.readlink(entry.path)
            if match := re.fullmatch(r"socket:\[(\d+)\]", target):
                found.add(match[1])
    except OSError:
        pass
    return found


def _listening_at(port: int) -> set[str]:
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == port:
            found.add(words[9])
    return found
