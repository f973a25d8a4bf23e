"""Keeps child processes alive and ends them in order; knows nothing of Django, so that no fault of ours can kill it."""

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hauspost.ground import logs
from hauspost.ground.config import ConfigFault

# sysexits.h: a wrong setting. Starting again would not help.
EX_CONFIG = 78

_PR_SET_PDEATHSIG = 1
_CALM_SECONDS = 20.0
_LONGEST_PAUSE_SECONDS = 30.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Child:
    """A process to keep: what it does, and how long it may take to finish when it is told to end.

    `gives_up_after`: so many quick deaths in a row end the supervisor too; 0: it tries for ever.
    """

    name: str
    body: Callable[[], object]
    farewell_seconds: float = 10.0
    is_once: bool = False
    gives_up_after: int = 0
    process: int = 0
    starts: int = 0
    quick_deaths: int = 0
    started_at: float = 0.0
    due_at: float = 0.0


class Supervisor:
    """Starts children, starts them again when they die, and on SIGTERM or Ctrl-C ends them in the order given."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None] = lambda words: None) -> None:
        self._children = list(children)
        self._say = say
        self._asked_to_stop = False
        self._status = 0

    def run(self) -> int:
        """Stay until told to stop, or until a setting turns out to be wrong. Answers the exit status."""
        with _noticing_signals(self._on_signal) as ear:
            for child in self._children:
                self._start(child)
            while not self._asked_to_stop:
                select.select([ear], [], [], self._seconds_to_next_start())
                _drain(ear)
                self._reap()
                self._start_what_is_due()
            self._stop_all(ear)
        return self._status

    def _on_signal(self, number: int, frame: object) -> None:
        if number != signal.SIGCHLD:
            self._asked_to_stop = True

    def _start(self, child: Child) -> None:
        child.started_at, child.due_at = time.monotonic(), 0.0
        child.starts += 1
        child.process = fork(child.body)

    def _start_what_is_due(self) -> None:
        for child in self._children:
            if not self._asked_to_stop and child.due_at and time.monotonic() >= child.due_at:
                self._start(child)

    def _seconds_to_next_start(self) -> float | None:
        due = [child.due_at for child in self._children if child.due_at]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _reap(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            for child in self._children:
                if child.process == process:
                    child.process = 0
                    self._on_death(child, os.waitstatus_to_exitcode(status))

    def _on_death(self, child: Child, code: int) -> None:
        if child.is_once or self._asked_to_stop:
            return
        if code == EX_CONFIG and child.starts == 1:
            # It has said why. At a later start the same may be a port that is not free yet.
            self._asked_to_stop, self._status = True, EX_CONFIG
            return
        lived = time.monotonic() - child.started_at
        child.quick_deaths = 0 if lived > _CALM_SECONDS else child.quick_deaths + 1
        if child.gives_up_after and child.quick_deaths >= child.gives_up_after:
            self._say(f"{child.name} died {child.quick_deaths} times in a row; giving up. See above why.")
            self._asked_to_stop, self._status = True, 1
            return
        pause = min(_LONGEST_PAUSE_SECONDS, 0.2 * 2 ** (child.quick_deaths - 1)) if child.quick_deaths else 0.0
        child.due_at = time.monotonic() + pause
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        self._say(f"{child.name} {how}; starting it again{f' in {pause:.1f} s' if pause else ''}.")

    def _stop_all(self, ear: socket.socket) -> None:
        for child in self._children:
            if child.process:
                _signal(child.process, signal.SIGTERM)
                deadline = time.monotonic() + child.farewell_seconds
                while child.process and (left := deadline - time.monotonic()) > 0:
                    select.select([ear], [], [], left)
                    _drain(ear)
                    self._reap()
                if child.process:
                    self._say(f"{child.name} did not end in time and is killed.")
                    _signal(child.process, signal.SIGKILL)
                    os.waitpid(child.process, 0)
                    child.process = 0


def fork(body: Callable[[], object]) -> int:
    """Run a body in a process of its own that dies when we die; answers its id."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    # A signal between the fork and the child's own handlers would meet the parent's and be lost.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    process = os.fork()
    if process:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return process
    status = 1
    try:
        _begin_anew()
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        die_with_parent(parent)
        status = _outcome(body)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def die_with_parent(parent: int) -> None:
    """A child whose parent is killed with -9 would hold its port and go on answering; the kernel ends it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # The parent died before the kernel was told.
            os._exit(1)


def _outcome(body: Callable[[], object]) -> int:
    try:
        found = body()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except ConfigFault as fault:
        print(fault, file=sys.stderr)
        return EX_CONFIG
    except BaseException as fault:
        logs.tell_death(fault)
        return 1
    return found if isinstance(found, int) else 0


def _begin_anew() -> None:
    """Signals as a fresh process has them: what the parent set up is the parent's."""
    signal.set_wakeup_fd(-1)
    for number in (*_SIGNALS, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def _noticing_signals(handler: Callable[[int, object], None]) -> Iterator[socket.socket]:
    """A socket that becomes readable with each signal, so that none is missed between a look and a wait."""
    ear, mouth = socket.socketpair()
    ear.setblocking(False)
    mouth.setblocking(False)
    before = {number: signal.signal(number, handler) for number in (*_SIGNALS, signal.SIGCHLD)}
    if before[signal.SIGHUP] == signal.SIG_IGN:
        # Started with nohup: that the terminal closes is to be ignored.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    old_mouth = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        yield ear
    finally:
        signal.set_wakeup_fd(old_mouth)
        for number, handled in before.items():
            signal.signal(number, handled)
        ear.close()
        mouth.close()


def _drain(ear: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while ear.recv(64):
            pass


def _signal(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
