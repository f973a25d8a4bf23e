"""SQLite as Django speaks to it, and a fair queue of those who want to write.

SQLite has one writer, and whoever finds it busy sleeps up to 100 ms before he looks again. A worker that begins its
next transaction at once was therefore nearly always first, and a mail waited until a backlog was filed (docs/bench.md
has the figures). Here whoever waits to write holds a lock (flock) of the database's folder for as long as he waits, and
everybody passes that lock before a transaction: so the worker lets the waiting one go first, who looks twice in a
millisecond. Killed processes leave nothing behind: the kernel lets go of their locks.

SQLite itself never waits. It would sleep within a statement and keep its connection locked meanwhile, and whatever
thread's garbage collection comes upon a cursor of that connection would wait along. Where that thread is the writer,
both stand still until their patience ends (seen: the worker and its outgoing mail, 20 s each time).

And a statement's `%s` become `?` once, not each time it is said: 5 µs for a short one, 20 for one with many columns.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

# How long a waiting writer sleeps before he looks again: first, each time by so much more, at most.
_FIRST_SECONDS, _MORE, _MOST_SECONDS = 0.0005, 1.05, 0.01


class _Cursor(base.SQLiteCursorWrapper):
    # The connection it belongs to.
    ours: "DatabaseWrapper"

    def execute(self, query: str, params: Any = None) -> Any:
        try:
            return super().execute(query, params)
        except sqlite3.OperationalError as fault:
            # Within a transaction others would wait for us meanwhile; its beginning takes its turn by itself.
            if not _is_busy(fault) or self.connection.in_transaction or query.startswith("BEGIN"):
                raise
        return self.ours.in_turn(lambda: super(_Cursor, self).execute(query, params))

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        if param_names is None:
            return _with_question_marks(query)
        found: str = super().convert_query(query, param_names=param_names)  # type: ignore[misc]
        return found


@lru_cache(maxsize=1000)
def _with_question_marks(query: str) -> str:
    found: str = base.FORMAT_QMARK_REGEX.sub("?", query)
    return found.replace("%%", "%")


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection, whose immediate transactions begin in turn."""

    def create_cursor(self, name: Any = None) -> Any:
        """A cursor that remembers statements, and waits outside of SQLite."""
        cursor = self.connection.cursor(factory=_Cursor)
        cursor.ours = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        mode: str | None = self.transaction_mode  # type: ignore[attr-defined]
        if mode != "IMMEDIATE" or self.is_in_memory_db():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        self.in_turn(super()._start_transaction_under_autocommit)  # type: ignore[misc]

    def get_new_connection(self, conn_params: Any) -> Any:
        """A connection that is patient only until it is set up."""
        made = super().get_new_connection(conn_params)
        if not self.is_in_memory_db():
            made.execute("PRAGMA busy_timeout = 0")
        return made

    def in_turn(self, do: Callable[[], Any]) -> Any:
        """Do what somebody else's writing may keep us from, when it is our turn.

        Raises OperationalError when it is not within our patience, as SQLite itself would.
        """
        until = time.monotonic() + self.settings_dict["OPTIONS"].get("timeout", 5)
        with self._turnstile() as turnstile:
            fcntl.flock(turnstile, fcntl.LOCK_EX)
            return _again_and_again(do, until)

    def somebody_waits(self) -> bool:
        """Does somebody wait for their turn to write? Asked within a transaction."""
        if self.is_in_memory_db():
            return False
        with self._turnstile() as turnstile:
            try:
                fcntl.flock(turnstile, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextmanager
    def _turnstile(self) -> Iterator[int]:
        # The folder, never the database's file: closing that a second time would drop SQLite's own locks.
        turnstile = os.open(os.path.dirname(os.path.abspath(self.settings_dict["NAME"])), os.O_RDONLY)
        try:
            yield turnstile
        finally:
            os.close(turnstile)


def _again_and_again(do: Callable[[], Any], until: float) -> Any:
    pause = _FIRST_SECONDS
    while True:
        try:
            return do()
        except (OperationalError, sqlite3.OperationalError) as fault:
            if not _is_busy(fault) or time.monotonic() > until:
                raise
        time.sleep(pause)
        pause = min(pause * _MORE, _MOST_SECONDS)


def _is_busy(fault: Exception) -> bool:
    """Somebody else writes. Who has read what is old by now is told so, too, and need not wait."""
    code: int = getattr(fault, "sqlite_errorcode", 0) or getattr(fault.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY and code != sqlite3.SQLITE_BUSY_SNAPSHOT
