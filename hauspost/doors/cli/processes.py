"""Commands that run until they are stopped: up, and its parts one by one."""

from pathlib import Path

import click

from hauspost.doors.cli._supervisor import EX_CONFIG
from hauspost.doors.cli.main import set_up_a_process
from hauspost.ground.config import Config


@click.command()
@click.pass_obj
def up(folder: Path) -> int:
    """Start everything on this machine; in an empty folder set it up first."""
    from hauspost.doors.cli.up import up as start

    return start(folder)


@click.command()
@click.pass_obj
def web(folder: Path) -> None:
    """Serve the pages only."""
    config = _ready(folder)
    from hauspost.doors.cli.web import serve

    serve(config)


@click.command()
@click.pass_obj
def work(folder: Path) -> None:
    """Deliver, react, send and remind only."""
    _ready(folder)
    from hauspost.doors.cli.work import work as start

    start()


@click.command()
@click.pass_obj
def listen(folder: Path) -> None:
    """Take mail in only: SMTP, LMTP, watched folders, and mailboxes by IMAP."""
    config = _ready(folder)
    from hauspost.doors.listeners import run

    run.run(config)


@click.command(hidden=True)
@click.option("--fresh", is_flag=True)
@click.pass_obj
def household(folder: Path, fresh: bool) -> int:
    """What `up` keeps alive: loads the program once and forks the others from it."""
    from hauspost.doors.cli._household import keep

    return keep(folder, is_fresh=fresh)


def _ready(folder: Path) -> Config:
    """Settings and Django, unless the database is not what this program expects (P19.1)."""
    from hauspost.doors.cli import _django, _places

    config = set_up_a_process(folder)
    _places.make_data_folders(config)
    # Before looking, so that nothing can change what was looked at; held until the process ends.
    _places.serves(config)
    if fault := _django.why_not_ready():
        raise NotReady(fault)
    return config


class NotReady(click.ClickException):
    """Starting again changes nothing before somebody has done what it says: systemd gives up at this status."""

    exit_code = EX_CONFIG
