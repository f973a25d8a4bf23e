"""Programs that open what strangers sealed, run so that they can do no harm: in a folder of their own, with bounds on
time, memory and output, without a shell and without a reason to ask the network."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SECONDS = 20.0
_CPU_SECONDS = 10
_MEMORY = 768 << 20
_MOST_OUTPUT = 100 << 20  # bytes of any file that is written
_MOST_TOLD = 100_000


class NotInstalled(Exception):
    """The program is not on this machine; its name is the argument."""


class OverLimit(Exception):
    """It took too long, or wrote too much."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: its exit status, what it wrote, and what it said about it."""

    status: int
    out: bytes
    told: str

    @property
    def is_good(self) -> bool:
        return self.status == 0


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that only we can read and that is gone afterwards. Its path is short: gpg's sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="hp-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def run(arguments: Sequence[str], folder: Path, *, stdin: bytes = b"") -> Done:
    """Run a program in a workplace, within bounds. Raises NotInstalled, OverLimit."""
    program = shutil.which(arguments[0])
    if program is None:
        raise NotInstalled(arguments[0])
    with (
        tempfile.TemporaryFile(dir=folder) as source,
        tempfile.TemporaryFile(dir=folder) as out,
        tempfile.TemporaryFile(dir=folder) as told,
    ):
        source.write(stdin)
        source.seek(0)
        process = subprocess.Popen(
            [program, *arguments[1:]],
            stdin=source,
            stdout=out,
            stderr=told,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(folder), "LC_ALL": "C"},
            start_new_session=True,
            close_fds=True,
        )
        try:
            _bound(process.pid)
            status = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            raise OverLimit from None
        finally:
            _end(process)
        if -status in (signal.SIGXCPU, signal.SIGXFSZ, signal.SIGKILL):
            raise OverLimit
        return Done(status, _beginning(out, _MOST_OUTPUT), _beginning(told, _MOST_TOLD).decode("utf-8", "replace"))


def _bound(pid: int) -> None:
    """Set after the start: code between fork and exec is not safe in a process with threads."""
    limits = {
        resource.RLIMIT_CPU: _CPU_SECONDS,
        resource.RLIMIT_AS: _MEMORY,
        resource.RLIMIT_FSIZE: _MOST_OUTPUT,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        with suppress(ProcessLookupError, PermissionError, ValueError):
            # It may have ended already; and what is bounded tighter stays so.
            resource.prlimit(pid, limit, (value, value))


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _beginning(file: IO[bytes], size: int) -> bytes:
    file.seek(0)
    return file.read(size)
