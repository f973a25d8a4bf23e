"""Starts backups and drills when they are due, as processes of their own that give way to those who work."""

import logging
import subprocess
import sys
import time

from django.conf import settings

from hauspost.duties.keeping import telling, watching
from hauspost.duties.keeping.models import BackupRun
from hauspost.ground import clock

log = logging.getLogger("hauspost.backups")

_TELL_EVERY_SECONDS = 600

_told_at = 0.0
_started: list["subprocess.Popen[bytes]"] = []


def begin_due() -> int:
    """Begin the run whose time has come, and tell of alarms; answers how many things were done."""
    global _told_at
    _started[:] = [process for process in _started if process.poll() is None]
    done = 0
    if (run := watching.claim_due(clock.now())) is not None:
        begin(run)
        done += 1
    if time.monotonic() - _told_at >= _TELL_EVERY_SECONDS:
        _told_at = time.monotonic()
        done += telling.tell_of_alarm(clock.now())
    return done


def begin(run: BackupRun) -> None:
    """Start the command that does a claimed run; what it says goes into data/run/backup.log."""
    config = settings.HAUSPOST
    command = [sys.executable, "-m", "hauspost", "--folder", str(config.folder), "backup", "--run", str(run.pk)]
    command.append("--drill" if run.kind == BackupRun.Kind.DRILL else "--prune")
    try:
        with (config.run / "backup.log").open("wb") as said:
            # A session of its own: Ctrl-C at the terminal ends Hauspost in order, and lets this one finish.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
            )
    except OSError as fault:
        # No memory or no disk: the run counts as killed, and the next one comes by itself.
        log.error("%s %s could not begin: %s", run.kind, run.pk, fault.strerror)
        return
    _started.append(process)
    log.info("%s %s began, process %s", run.kind, run.pk, process.pid)
