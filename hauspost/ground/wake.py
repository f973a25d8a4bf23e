"""Waking the workers at once when there is something to do; who misses it looks again within a second anyway."""

import itertools
import logging
import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

log = logging.getLogger("hauspost.wake")

CHANNEL = "hauspost_wake"

# The kernel takes socket paths of 107 bytes; a data folder may lie deeper.
_LONGEST_PATH = 100

_numbers = itertools.count(1)


def wake() -> None:
    """Tell every waiting worker to look now. To be called after the commit; never raises, also when nobody listens."""
    try:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"NOTIFY {CHANNEL}")
        else:
            _ring_doorbells(settings.HAUSPOST.run)
    except Exception:
        log.debug("Nobody could be woken.", exc_info=True)


class Waiter:
    """A worker's ear."""

    def __init__(self, folder: Path | None = None) -> None:
        """Listen in <data>/run and, on PostgreSQL, to its notifications."""
        folder = folder or settings.HAUSPOST.run
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"worker-{os.getpid()}-{next(_numbers)}.sock"
        self.path.unlink(missing_ok=True)
        self._bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._bell.setblocking(False)
        with _address(self.path) as address:
            self._bell.bind(address)
        self._database: Any = None

    def wait(self, seconds: float) -> bool:
        """Sleep until woken, at most so long. True: somebody rang, also while we were busy before."""
        ears: list[Any] = [self._bell]
        if (database := self._listening_database()) is not None:
            ears.append(database)
        try:
            heard, _, _ = select.select(ears, [], [], seconds)
            return self._drain(database) if heard else False
        except Exception:
            # The database went away, say. The poll each second is the net until it is back.
            log.debug("The ear at the database was lost.", exc_info=True)
            self._forget_database()
            return False

    def interrupt(self) -> None:
        """Wake this one waiter, from a signal handler or another thread."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hand:
            _ring(hand, self.path)

    def close(self) -> None:
        """Stop listening and take the socket's file away."""
        self._forget_database()
        self._bell.close()
        self.path.unlink(missing_ok=True)

    def _drain(self, database: Any) -> bool:
        """Take all that rang, as one look at the work answers them all."""
        rang = False
        try:
            while self._bell.recv(16):
                rang = True
        except BlockingIOError:
            pass
        if database is not None:
            rang = bool(list(database.notifies(timeout=0))) or rang
        return rang

    def _listening_database(self) -> Any:
        if connection.vendor != "postgresql":
            return None
        if self._database is None:
            try:
                import psycopg

                parameters = connection.get_connection_params()
                kept = {name: value for name, value in parameters.items() if name not in _DJANGOS_OWN}
                self._database = psycopg.connect(**kept, autocommit=True)
                self._database.execute(f"LISTEN {CHANNEL}")
            except Exception:
                log.debug("No ear at the database.", exc_info=True)
                self._forget_database()
        return self._database

    def _forget_database(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


# What Django adds to the parameters for its own connection's sake.
_DJANGOS_OWN = frozenset({"cursor_factory", "context", "server_side_binding"})


def _ring_doorbells(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hand:
        hand.setblocking(False)
        for entry in os.scandir(folder):
            if entry.name.startswith("worker-"):
                _ring(hand, folder / entry.name)


def _ring(hand: socket.socket, bell: Path) -> None:
    try:
        with _address(bell) as address:
            hand.sendto(b"!", address)
    except ConnectionRefusedError:
        # Its worker was killed; nobody will ever answer here.
        bell.unlink(missing_ok=True)
    except OSError:
        # A full bell has rung already; a missing one needs no ringing.
        pass


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A path the kernel takes for a socket: a deep folder is named through an open handle (Linux)."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)
