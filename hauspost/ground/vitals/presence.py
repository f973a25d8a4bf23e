"""Signs of life of people: who is at what right now (P24.1). Rows live for seconds and are never synced to disk.

On PostgreSQL an unlogged table, so that several web servers see each other's readers; on SQLite a file of its own, as
the database has one writer, who has better things to do. Neither is in any backup, and losing it loses nothing.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from hauspost.ground import clock

log = logging.getLogger("hauspost.vitals")

# A page shows its reader every eight seconds: two may be lost on the way.
ENDS_AFTER = timedelta(seconds=25)
_FORGOTTEN_AFTER = timedelta(minutes=5)
_FILE = "presence.sqlite3"

_TABLE = """
CREATE TABLE IF NOT EXISTS presence (place TEXT, who TEXT, doing TEXT, seen_at REAL, PRIMARY KEY (place, who));
CREATE INDEX IF NOT EXISTS presence_by_age ON presence (seen_at);
"""
_PUT = (
    "INSERT INTO presence (place, who, doing, seen_at) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (place, who) DO UPDATE SET doing = excluded.doing, seen_at = excluded.seen_at"
)


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody at a place, and what they do there."""

    place: str
    who: str
    doing: str


def be_at(place: str, who: str, doing: str) -> None:
    """Show that `who` is at a place, until they leave or nothing is heard of them for `ENDS_AFTER`."""
    moment = clock.now()
    _run("DELETE FROM presence WHERE seen_at < %s", [(moment - _FORGOTTEN_AFTER).timestamp()])
    _run(_PUT, [place, who, doing, moment.timestamp()])


def leave(place: str, who: str) -> None:
    """Show that `who` is there no more; who was not there leaves all the same."""
    _run("DELETE FROM presence WHERE place = %s AND who = %s", [place, who])


def present(places: Collection[str]) -> list[Presence]:
    """Everybody who is at one of the places right now, in the order of places and keys."""
    if not places:
        return []
    marks = ", ".join(["%s"] * len(places))
    oldest = (clock.now() - ENDS_AFTER).timestamp()
    found = _run(
        f"SELECT place, who, doing FROM presence WHERE place IN ({marks}) AND seen_at >= %s ORDER BY place, who",  # noqa: S608
        [*places, oldest],
    )
    return [Presence(*row) for row in found]


def _run(sql: str, values: Sequence[str | float]) -> list[tuple[Any, ...]]:
    if connection.vendor != "postgresql":
        return _in_the_file(lambda database: database.execute(sql.replace("%s", "?"), values).fetchall())
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


_open = threading.local()


def _in_the_file(do: Callable[[sqlite3.Connection], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """Never raises: a page is worth more than who else reads it. A file that a power cut has spoiled is begun anew."""
    path = Path(settings.HAUSPOST.data) / _FILE
    try:
        return do(_opened(path))
    except sqlite3.OperationalError as fault:
        log.debug("presence is not known: %s", fault)
    except sqlite3.DatabaseError as fault:
        log.warning("The file of who is where was spoiled and is begun anew: %s", fault)
        _close()
        for name in (_FILE, f"{_FILE}-wal", f"{_FILE}-shm"):
            path.with_name(name).unlink(missing_ok=True)
    return []


def _opened(path: Path) -> sqlite3.Connection:
    """This thread's connection; one never crosses a fork."""
    whose = (path, os.getpid())
    if getattr(_open, "whose", None) != whose:
        _close()
        database = sqlite3.connect(path, timeout=1, isolation_level=None)
        database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLE}")
        _open.whose, _open.database = whose, database
    found: sqlite3.Connection = _open.database
    return found


def _close() -> None:
    if getattr(_open, "database", None) is not None and _open.whose[1] == os.getpid():
        _open.database.close()
    _open.whose = _open.database = None
