"""The loop that delivers, reacts, sends and reminds; any number of times beside each other on PostgreSQL."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from hauspost.doors.worker import timers
from hauspost.duties.intake.actions import deliver_next
from hauspost.duties.reactions.running import react_next
from hauspost.ground import clock
from hauspost.ground.mail import outbox
from hauspost.ground.outages import OF_THE_MACHINE
from hauspost.ground.vitals.actions import Pulse
from hauspost.ground.wake import Waiter

log = logging.getLogger("hauspost.worker")

POLL_SECONDS = 1.0


def work_once(lanes: outbox.Lanes | None = None) -> int:
    """Do what is there to do, once around; answers how many things were done. With lanes letters leave beside it."""
    done = deliver_next() + react_next()
    if lanes is None:
        return done + outbox.send_due()
    lanes.send()
    return done


def work_until_idle() -> int:
    """Go round until nothing is left that may be done now."""
    total = 0
    while done := work_once():
        total += done
    return total


def loop(stop: threading.Event, *, ready: Callable[[], None] = lambda: None) -> None:
    """Work until told to stop; sleep when idle, woken at once by whoever brings work."""
    waiter, pulse, lanes = Waiter(), Pulse("work"), outbox.Lanes()
    next_timers = datetime.min.replace(tzinfo=clock.now().tzinfo)
    threading.Thread(target=_wake_to_stop, args=(stop, waiter), daemon=True).start()
    ready()
    try:
        while not stop.is_set():
            pulse.beat()
            try:
                done = work_once(lanes)
                if clock.now() >= next_timers:
                    done += timers.run_due()
                    next_timers = clock.now() + timedelta(seconds=timers.EVERY_SECONDS)
            except OF_THE_MACHINE as fault:
                # The database is away, or the disk full: everything waits where it is, and we look again.
                log.error("the database or the disk fails: %s", fault)
                connection.close()
                done = 0
            # A busy worker only listens; an idle one sleeps until woken.
            waiter.wait(0 if done else POLL_SECONDS)
    finally:
        waiter.close()
        lanes.close()
        pulse.end()
        connection.close()


def _wake_to_stop(stop: threading.Event, waiter: Waiter) -> None:
    stop.wait()
    waiter.interrupt()
