"""`hauspost up`: everything on one machine, from an empty folder to a running desk."""

import os
import sys
from pathlib import Path

from hauspost.doors.cli import _places
from hauspost.doors.cli._supervisor import Child, Supervisor
from hauspost.ground import logs
from hauspost.ground.config import load


def up(folder: Path) -> int:
    """Check, set up, start; stay until Ctrl-C or SIGTERM. Raises ConfigFault, NotStarted."""
    config = load(folder)
    say = logs.teller(config.log_format)
    if _places.is_new(folder):
        _places.set_up(folder)
        say(f"Wrote {folder / 'hauspost.toml'}: every setting, with the values that hold.")
    _places.make_data_folders(config)
    _places.refuse_network_file_system(config)
    handle, serving = _places.lock(config), _places.serves(config)
    try:
        _places.refuse_busy_addresses(config)
        household = Child(
            "household",
            lambda: _become_household(folder, household.starts),
            farewell_seconds=60,
            gives_up_after=8,
        )
        return Supervisor([household], say=say).run()
    finally:
        os.close(handle)
        os.close(serving)


def _become_household(folder: Path, starts: int) -> None:
    # A session of its own: Ctrl-C in the terminal reaches us only, and we end the others in order.
    os.setsid()
    fresh = ["--fresh"] if starts == 1 else []
    os.execv(sys.executable, [sys.executable, "-m", "hauspost", "--folder", str(folder), "household", *fresh])
