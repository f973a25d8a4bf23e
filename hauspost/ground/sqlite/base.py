"""SQLite as Django speaks to it, and a fair queue of those who want to write.

SQLite has one writer, and whoever finds it busy sleeps up to 100 ms before he looks again. A worker that begins its
next transaction at once was therefore nearly always first, and a mail waited until a backlog was filed (docs/bench.md
has the figures). Here whoever waits to write holds a lock (flock) of the database's folder for as long as he waits, and
everybody passes that lock before a transaction: so the worker lets the waiting one go first, who looks twice in a
millisecond. Killed processes leave nothing behind: the kernel lets go of their locks.
"""

import fcntl
import os
import sqlite3
import time

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

# How long a waiting writer sleeps before he looks again: first, each time by so much more, at most.
_FIRST_SECONDS, _MORE, _MOST_SECONDS = 0.0005, 1.05, 0.01


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection, whose immediate transactions begin in turn."""

    def _start_transaction_under_autocommit(self) -> None:
        mode: str | None = self.transaction_mode  # type: ignore[attr-defined]
        if mode != "IMMEDIATE" or self.is_in_memory_db():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        patience: float = self.settings_dict["OPTIONS"].get("timeout", 5)
        until = time.monotonic() + patience
        # The folder, never the database's file: closing that a second time would drop SQLite's own locks.
        turnstile = os.open(os.path.dirname(os.path.abspath(self.settings_dict["NAME"])), os.O_RDONLY)
        try:
            fcntl.flock(turnstile, fcntl.LOCK_EX)
            self.connection.execute("PRAGMA busy_timeout = 0")
            self._begin(until)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
            os.close(turnstile)

    def _begin(self, until: float) -> None:
        """Try until it is our turn. Raises OperationalError when it is not by then, as SQLite itself would."""
        pause = _FIRST_SECONDS
        while True:
            try:
                super()._start_transaction_under_autocommit()  # type: ignore[misc]
                return
            except OperationalError as fault:
                if not _is_busy(fault) or time.monotonic() > until:
                    raise
            time.sleep(pause)
            pause = min(pause * _MORE, _MOST_SECONDS)


def _is_busy(fault: OperationalError) -> bool:
    code: int = getattr(fault.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY
