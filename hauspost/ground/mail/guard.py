"""A net under the reading of mail: what takes too long, eats memory or kills the process is found out, and ends alone.

The reader is bounded by itself (S19). This holds when it is not, for a fault of ours or of a library. Ordinary mail is
read in this very process, which costs a few system calls: a timer of CPU time interrupts Python, a limit of memory
makes allocations fail, and where code in C hears neither, the kernel ends the process. A note beside it says what it
was reading, so that the next process tries that mail in a child first, and survives it.
"""

import fcntl
import os
import resource
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TypeVar

CPU_SECONDS = 10.0
MEMORY_BYTES = 256 << 20
# What hears no timer ends with its process so many seconds later.
_AGAIN_SECONDS, _GRACE_SECONDS = 0.5, 5.0
# A child that tries a mail may wait for the disk, but not for ever.
_WALL_SECONDS = 60.0
_TOO_SLOW, _TOO_HEAVY = 81, 82
_NOTE_LENGTH = 40
# The kernel bounds the memory of the whole process: what fills much of it in another thread does so between two mails.
_room = threading.RLock()

T = TypeVar("T")


class OverBounds(Exception):
    """Reading was stopped; `fault` is "too_slow", "too_heavy", or "deadly" for what kills the process."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class _Interrupted(BaseException):
    """Time is over; no `except Exception` on the way may stop it."""


class Guard:
    """The guard of one process; `folder` is where all processes of this machine put their notes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = os.getpid()
        self._is_reading = False
        self._suspects = _left_behind(folder)
        self._note = _new_note(folder)
        # Linux says here how much memory counts; elsewhere the limit is left out.
        self._statm = os.open("/proc/self/statm", os.O_RDONLY) if sys.platform == "linux" else 0
        signal.signal(signal.SIGPROF, self._interrupt)

    def read(self, do: Callable[[], T], name: str) -> T:
        """Do it within bounds; `name` says to later processes what was being read. Raises OverBounds."""
        note = name.encode()[:_NOTE_LENGTH]
        if note in self._suspects:
            self.try_in_child(do)
            self._suspects.discard(note)
        os.pwrite(self._note, note.ljust(_NOTE_LENGTH), 0)
        try:
            with _room:
                return self._bounded(do)
        except _Interrupted:
            raise OverBounds("too_slow") from None
        except MemoryError:
            raise OverBounds("too_heavy") from None
        finally:
            os.pwrite(self._note, b" " * _NOTE_LENGTH, 0)

    def try_in_child(self, do: Callable[[], object]) -> None:
        """Do it in a process of its own and forget the outcome. Raises OverBounds when that process broke a bound."""
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            self._as_child(do)
        status = _outcome_of(child)
        if status == _TOO_SLOW or status == -signal.SIGVTALRM:
            raise OverBounds("too_slow")
        if status == _TOO_HEAVY:
            raise OverBounds("too_heavy")
        if status < 0:
            raise OverBounds("deadly")

    def _as_child(self, do: Callable[[], object]) -> None:
        status = 0
        try:
            self._bounded(do)
        except _Interrupted:
            status = _TOO_SLOW
        except MemoryError:
            status = _TOO_HEAVY
        except BaseException:
            # An ordinary failure: whoever reads it next deals with that.
            status = 0
        finally:
            os._exit(status)

    def _bounded(self, do: Callable[[], T]) -> T:
        with self._memory_limit():
            try:
                self._is_reading = True
                # Again and again, should somebody on the way catch everything.
                signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS, _AGAIN_SECONDS)
                # Nobody hears this one: it ends the process.
                signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS + _GRACE_SECONDS)
                return do()
            finally:
                self._is_reading = False
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    @contextmanager
    def _memory_limit(self) -> Iterator[None]:
        """As much memory more than the process holds by now, enforced by the kernel."""
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if self._statm:
            held = int(os.pread(self._statm, 200, 0).split()[5]) * resource.getpagesize()
            known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
            resource.setrlimit(resource.RLIMIT_DATA, (min([held + MEMORY_BYTES, *known]), hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._is_reading:
            raise _Interrupted


@contextmanager
def much_memory() -> Iterator[None]:
    """Around what takes much memory at once in a thread beside the reader: it would fail, or make another mail fail.

    Waits until the mail that is being read is done, at most as long as one may take; so never around waiting itself.
    """
    with _room:
        yield


_guards: dict[Path, Guard] = {}


def guard_at(folder: Path) -> Guard | None:
    """This process's guard; None in threads other than the main one, which signals do not reach."""
    if threading.current_thread() is not threading.main_thread():
        return None
    guard = _guards.get(folder)
    if guard is None or guard._process != os.getpid():
        guard = _guards[folder] = Guard(folder)
    return guard


def _outcome_of(child: int) -> int:
    deadline, pause = time.monotonic() + _WALL_SECONDS, 0.001
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 2, 0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return _TOO_SLOW


def _new_note(folder: Path) -> int:
    """A file that only this process holds a lock on, which the kernel takes away when the process ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / secrets.token_hex(8)
    note = os.open(path.with_suffix(".new"), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(note, fcntl.LOCK_EX)
    # Named only now: an unlocked note is one whose process has died.
    path.with_suffix(".new").rename(path.with_suffix(".note"))
    return note


def _left_behind(folder: Path) -> set[bytes]:
    """What processes that live no longer were reading when they died; their notes are taken away."""
    found: set[bytes] = set()
    for path in folder.glob("*.note"):
        with suppress(OSError), path.open("rb") as note:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.add(note.read(_NOTE_LENGTH).strip())
            path.unlink(missing_ok=True)
    return found - {b""}
