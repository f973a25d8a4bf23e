"""What the log says while the database is away or the disk full: a line when it begins, and one when it is over."""

import logging
import threading
import time

from hauspost.ground.outages import is_outage

log = logging.getLogger("hauspost.listeners")
_MOST_WORDS = 300


class OutageLog:
    """Tells of one outage once, however many mails it meets. A fault of ours is told each time, with where it arose."""

    def __init__(self, trouble: str, *, over: str) -> None:
        """`trouble` and `over`: what cannot be done, and that it can be done again."""
        self._trouble, self._over = trouble, over
        self._since: float | None = None
        self._tries = 0
        self._lock = threading.Lock()

    def failed(self, fault: BaseException, *, tries: int = 1) -> None:
        """Something could not be done."""
        if not is_outage(fault):
            log.error("%s: a fault of ours.", self._trouble, exc_info=fault)
            return
        with self._lock:
            self._tries += tries
            if self._since is not None:
                return
            self._since = time.monotonic()
        words = " ".join(str(fault).split())[:_MOST_WORDS] or type(fault).__name__
        log.error("%s: %s. It is tried again and again; the next line comes when it works.", self._trouble, words)

    def works(self) -> None:
        """It could be done."""
        if self._since is None:
            return
        with self._lock:
            since, met = self._since, self._tries
            self._since, self._tries = None, 0
        if since is not None:
            seconds = time.monotonic() - since
            log.warning("%s, after %.0f s and %d failed tries.", self._over, seconds, met)
