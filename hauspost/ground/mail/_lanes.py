"""A lane for every mail server: letters for one that does not answer hold up neither others nor the worker."""

import logging
import threading
import time

from django.db import DatabaseError, connection

from hauspost.ground.mail import _dispatch
from hauspost.ground.mail._couriers import Couriers

log = logging.getLogger("hauspost.mail")

# A lane in which nothing happened for so long is given up; the next letter opens it anew.
_REST_SECONDS = 60.0
# So long may letters that are on their way take when the worker ends.
_FAREWELL_SECONDS = 25.0


class Lanes:
    """What a worker keeps: each mail server's letters leave in a thread of their own."""

    def __init__(self) -> None:
        self._lanes: dict[int | None, _Lane] = {}

    def send(self) -> None:
        """Let each lane look in which letters are due."""
        for account in _dispatch.waiting_for():
            lane = self._lanes.get(account)
            if lane is None or not lane.call():
                lane = self._lanes[account] = _Lane(account)
                lane.start()

    def close(self) -> None:
        """Let letters on their way arrive, then end."""
        ends_at = time.monotonic() + _FAREWELL_SECONDS
        for lane in self._lanes.values():
            lane.stop()
        for lane in self._lanes.values():
            lane.join(max(0.0, ends_at - time.monotonic()))
        self._lanes.clear()


class _Lane(threading.Thread):
    def __init__(self, account: int | None) -> None:
        super().__init__(name=f"mail-{account or 'house'}", daemon=True)
        self._account = account
        self._couriers = Couriers()
        self._bell = threading.Condition()
        self._is_called, self._is_over, self._must_stop = True, False, False

    def call(self) -> bool:
        """There are letters. False when this lane has ended, and another one has to be opened."""
        with self._bell:
            if self._is_over:
                return False
            self._is_called = True
            self._bell.notify()
            return True

    def stop(self) -> None:
        """Take no further letter."""
        with self._bell:
            self._must_stop = True
            self._bell.notify()

    def run(self) -> None:
        try:
            while self._is_wanted():
                while not self._must_stop and _dispatch.send_some(self._account, self._couriers):
                    pass
        except DatabaseError as fault:
            # The letters wait where they are; the worker opens another lane when it looks again.
            log.error("letters cannot leave: the database does not answer: %s", fault)
        finally:
            with self._bell:
                self._is_over = True
            self._couriers.close()
            connection.close()

    def _is_wanted(self) -> bool:
        with self._bell:
            self._bell.wait_for(lambda: self._is_called or self._must_stop, _REST_SECONDS)
            if self._must_stop or not self._is_called:
                self._is_over = True
                return False
            self._is_called = False
            return True
