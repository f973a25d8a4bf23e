"""Journal before 250: mails of many sessions are made durable by one writer with one commit, and only then answered."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from hauspost.doors.listeners._outage_log import OutageLog
from hauspost.duties.intake.actions import Envelope
from hauspost.ground.outages import is_outage

Keep = Callable[[Sequence[Envelope]], Any]

# One commit carries at most so many mails, so that the first of them does not wait for a long write.
BATCH = 64


class Journal:
    """Stores accepted mails in groups: while one commit runs, the next mails gather behind it."""

    def __init__(self, keep: Keep, *, after_failure: Callable[[], None] = lambda: None) -> None:
        """`after_failure` lets the writer drop its connection."""
        self._keep, self._after_failure = keep, after_failure
        self._log = OutageLog(
            "Mails cannot be stored, their senders keep them and try again", over="Mails are stored again"
        )
        self._waiting: queue.SimpleQueue[tuple[Envelope, Future[None]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="journal", daemon=True)
        self._writer.start()

    def keep(self, envelope: Envelope) -> Future[None]:
        """Answers a promise: done when the mail is durable, failed when its sender must keep it."""
        done: Future[None] = Future()
        # Running, it cannot be cancelled: a session that breaks off does not stop a mail that is being written.
        done.set_running_or_notify_cancel()
        self._waiting.put((envelope, done))
        return done

    def close(self) -> None:
        """Write what waits, then end."""
        self._waiting.put(None)
        self._writer.join()

    def _write(self) -> None:
        ends = False
        while not ends:
            batch = [self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            ends = None in batch
            self._write_batch([item for item in batch if item is not None])

    def _write_batch(self, batch: list[tuple[Envelope, "Future[None]"]]) -> None:
        if not batch:
            return
        fault = self._try([envelope for envelope, _ in batch])
        if fault is not None and len(batch) > 1 and not is_outage(fault):
            # One bad mail fails alone: each of the group gets its own try.
            for one in batch:
                self._write_batch([one])
            return
        for _, done in batch:
            if fault is None:
                done.set_result(None)
            else:
                done.set_exception(fault)

    def _try(self, envelopes: list[Envelope]) -> Exception | None:
        try:
            self._keep(envelopes)
        except Exception as fault:
            self._log.failed(fault, tries=len(envelopes))
            self._after_failure()
            return fault
        self._log.works()
        return None
