"""The demo company as its callers know it: to be filled, and to be signed in to. Importable without Django."""

from collections.abc import Callable
from datetime import datetime

from tests import world

PASSWORD = "hauspost-demo"
LOGINS = (
    (world.PETRA, "employee"),
    (world.DENIZ, "agent and dispatcher"),
    (world.KARIM, "administrator"),
)
# Who writes the newcomer's mail: somebody who wrote nothing these days, as the desk acknowledges one sender once a day.
WRITER = world.MARTA


def fill(progress: Callable[[int, int], None] | None = None, tickets: int = 250, today: datetime | None = None) -> None:
    """Found the company and live its year, all of it or nothing; `progress` hears (done, of how many).

    For an empty database; `today` is where the year ends (now). The same moment makes the same year.
    """
    from tests.demo_year import live_the_year

    live_the_year(progress or (lambda done, total: None), tickets, today)


def welcome() -> str:
    """What a newcomer to the demo is told: logins, and a line that sends a mail."""
    rows = [f"  {one.address:<30} {role}" for one, role in LOGINS]
    line = f"hauspost demo mail --from {WRITER.address} --to {world.TEAMS[0].address} --text 'The printer is stuck.'"
    return "\n".join(
        [f"Sign in with the password {PASSWORD} (everybody has it), for example as", *rows, f"Send a mail: {line}"]
    )
