"""The process in which time passes: it delivers, reacts, sends and reminds."""

import signal
import threading


def work() -> None:
    """Work until SIGTERM or Ctrl-C; what is in hand is finished."""
    from hauspost.doors.worker.loop import loop
    from hauspost.ground.logs import speak_as

    speak_as("work")

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loop(stop)
