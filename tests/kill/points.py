"""The fault points, found by themselves: before and after every commit, every fsync and every write to the network."""

import os
import signal
import socket
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

WRITES = ("insert", "update", "delete", "replace")


class Points:
    """Counts the points of this process; at the one it was given, the process is killed there and then."""

    def __init__(self, kill_at: int) -> None:
        self.count, self.kill_at = 0, kill_at
        self.seen: list[str] = []

    def pass_by(self, name: str) -> None:
        """One more point; perhaps the last thing this process does."""
        self.count += 1
        self.seen.append(name)
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        """The same function with a point before and one behind it."""

        def watched(*arguments: Any, **named: Any) -> Any:
            self.pass_by(f"before {name}")
            answer = do(*arguments, **named)
            self.pass_by(f"after {name}")
            return answer

        return watched


def install(kill_at: int) -> Points:
    """Watch this process from now on; `kill_at` 0 only counts."""
    points = Points(kill_at)
    BaseDatabaseWrapper._commit = points.around("commit", BaseDatabaseWrapper._commit)  # type: ignore[attr-defined]
    os.fsync = points.around("fsync", os.fsync)
    socket.socket.send = points.around("write", socket.socket.send)  # type: ignore[method-assign]
    socket.socket.sendall = points.around("write", socket.socket.sendall)  # type: ignore[method-assign]
    _watch_single_statements(points)
    return points


def _watch_single_statements(points: Points) -> None:
    """A write outside a transaction commits by itself."""
    plain = CursorWrapper._execute  # type: ignore[attr-defined]

    def execute(self: Any, sql: Any, params: Any, *ignored: Any) -> Any:
        commits = self.db.get_autocommit() and not self.db.in_atomic_block
        if not (commits and str(sql).lstrip().lower().startswith(WRITES)):
            return plain(self, sql, params, *ignored)
        points.pass_by("before single write")
        answer = plain(self, sql, params, *ignored)
        points.pass_by("after single write")
        return answer

    CursorWrapper._execute = execute  # type: ignore[attr-defined]
