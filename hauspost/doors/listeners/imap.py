"""Fetches mail from mailboxes by IMAP: keeps a thread for every folder, and shares the folders with other processes."""

import logging
import os
import socket
import threading
import time
import uuid

from django.db import DatabaseError, InterfaceError, connections

from hauspost.doors.listeners._imap_folder import Fetcher
from hauspost.doors.listeners._imap_taking import Keep
from hauspost.duties.intake import fetching

log = logging.getLogger("hauspost.listeners")

# So soon a folder that was added, changed or paused is taken note of.
LOOK_EVERY_SECONDS = 2.0
_RENEW_EVERY_SECONDS = fetching.LEASE.total_seconds() / 4
# So long may mails that are being kept take when we end; afterwards no server is waited for.
_FAREWELL_SECONDS = 5.0


class Fetchers:
    """All folders that this process fetches, as the settings in the database want it at the moment."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._holder = f"{socket.gethostname()[:80]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._at_work: dict[int, _AtWork] = {}
        self._stop_wanted = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="folders-of-mailboxes", daemon=True)
        self._renew_at = 0.0

    def start(self) -> None:
        """Begin to look for folders."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being kept, and let other processes have the folders."""
        self._stop_wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Begin, end and go on fetching as the settings say now."""
        wanted = {one.folder: one for one in fetching.wanted()}
        for folder, work in list(self._at_work.items()):
            if folder not in wanted or wanted[folder].settings != work.settings or not work.fetcher.is_alive():
                work.fetcher.stop()
            if not work.fetcher.is_alive():
                del self._at_work[folder]
                fetching.release(folder, self._holder)
        self._renew()
        for folder, one in wanted.items():
            if folder not in self._at_work and one.is_free and fetching.claim(folder, self._holder):
                self._begin(one)

    def _begin(self, one: fetching.Wanted) -> None:
        work = _AtWork(one.settings)
        fetcher = Fetcher(one.folder, keep=self._keep, is_held=work.is_held)
        work.fetcher = fetcher
        self._at_work[one.folder] = work
        fetcher.start()
        log.info("folder %s is fetched", one.folder)

    def _renew(self) -> None:
        if not self._at_work or time.monotonic() < self._renew_at:
            return
        asked_at = time.monotonic()
        ours = fetching.renew(self._at_work, self._holder)
        for folder, work in self._at_work.items():
            if folder in ours:
                work.held_until = asked_at + fetching.LEASE.total_seconds()
            else:
                work.fetcher.stop()
        self._renew_at = asked_at + _RENEW_EVERY_SECONDS

    def _watch(self) -> None:
        while not self._stop_wanted.is_set():
            try:
                self.look()
            except (DatabaseError, InterfaceError) as fault:
                log.error("the folders of mailboxes cannot be looked up: %s", fault)
                connections.close_all()
            except Exception:
                log.exception("Looking after the folders of mailboxes failed; the next look is soon.")
            self._stop_wanted.wait(LOOK_EVERY_SECONDS)
        self._end()

    def _end(self) -> None:
        for work in self._at_work.values():
            work.fetcher.stop()
        ends_at = time.monotonic() + _FAREWELL_SECONDS
        for work in self._at_work.values():
            work.fetcher.join(max(0.0, ends_at - time.monotonic()))
        for folder, work in self._at_work.items():
            if work.fetcher.is_alive():
                work.fetcher.break_off()
                work.fetcher.join(_FAREWELL_SECONDS)
            try:
                fetching.release(folder, self._holder)
            except (DatabaseError, InterfaceError):
                log.warning("folder %s could not be let go of; others have it when its lease is over", folder)
        connections.close_all()


class _AtWork:
    """A folder that is being fetched: with which settings, and until when it is surely ours."""

    fetcher: Fetcher

    def __init__(self, settings: tuple[object, ...]) -> None:
        self.settings = settings
        self.held_until = time.monotonic() + fetching.LEASE.total_seconds()

    def is_held(self) -> bool:
        return time.monotonic() < self.held_until
