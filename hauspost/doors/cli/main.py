"""The `hauspost` command: what it can do, and how it answers when something is wrong."""

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from hauspost import __version__
from hauspost.doors.cli._places import NotStarted
from hauspost.doors.cli._supervisor import EX_CONFIG
from hauspost.ground.config import Config, ConfigFault, load

# Every command and where it stands; loaded only when it is called, so that help answers at once.
COMMANDS = {
    "up": "hauspost.doors.cli.processes:up",
    "web": "hauspost.doors.cli.processes:web",
    "work": "hauspost.doors.cli.processes:work",
    "listen": "hauspost.doors.cli.processes:listen",
    "household": "hauspost.doors.cli.processes:household",
    "doctor": "hauspost.doors.cli.doctor:doctor",
    "migrate": "hauspost.doors.cli.database:migrate",
    "backup": "hauspost.doors.cli.backup:backup",
    "restore": "hauspost.doors.cli.restore:restore",
    "upgrade": "hauspost.doors.cli.upgrade:upgrade",
    "move": "hauspost.doors.cli.move:move",
    "mail": "hauspost.doors.cli.mail:mail",
    "pipe": "hauspost.doors.cli.mail:pipe",
    "mailbox": "hauspost.doors.cli.mailbox:mailbox",
    "record": "hauspost.doors.cli.record:record",
    "person": "hauspost.doors.cli.person:person",
    "retention": "hauspost.doors.cli.privacy:retention",
    "people": "hauspost.doors.cli.people:people",
    "places": "hauspost.doors.cli.places:places",
    "team": "hauspost.doors.cli.person:team",
    "user": "hauspost.doors.cli.person:user",
    "search": "hauspost.doors.cli.database:search",
    "demo": "hauspost.doors.cli.demo:demo",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every command by name."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of a name, None when there is none."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hauspost")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="HAUSPOST_FOLDER",
    default=".",
    help="Where hauspost.toml and data/ lie (HAUSPOST_FOLDER; otherwise the current folder).",
)
@click.pass_context
def cli(context: click.Context, folder: Path) -> None:
    """Hauspost, the helpdesk that a company runs for its own people.

    `hauspost up` in an empty folder sets one up and starts it.
    """
    context.obj = folder.absolute()
    # Everything that is started from here finds the same folder.
    os.environ["HAUSPOST_FOLDER"] = str(folder.absolute())


def bring_up_django(folder: Path, *, looks_inside: bool = False) -> Config:
    """Django with the settings of a folder, for commands that read or change the desk; they speak English.

    Raises NotStarted where there is no desk; nothing is left behind then. `looks_inside` also finds out whether a
    database on a server was ever set up.
    """
    from hauspost.doors.cli import _django

    config = set_up_a_process(folder, unless=_django.is_database_new if looks_inside else _django.lacks_file)
    _django.speak_english()
    return config


def set_up_a_process(folder: Path, unless: Callable[[], bool] = lambda: False) -> Config:
    """Django as a process of the desk needs it, in the desk's language.

    Raises NotStarted where there is no Hauspost, or `unless` says that there is no database.
    """
    from hauspost.doors.cli import _django, _places

    if _places.is_new(folder):
        raise NotStarted(f"There is no Hauspost in {folder}. `hauspost up` sets one up; --folder names another place.")
    had_data = load(folder).data.exists()
    config = _django.set_up(folder)
    if unless():
        if not had_data:
            # Loading the settings has made it.
            shutil.rmtree(config.data, ignore_errors=True)
        raise NotStarted(
            f"There is no database here ({folder}). `hauspost up` sets one up; --folder names another place."
        )
    return config


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command. Exit status 0 done, 1 refused, 2 wrong arguments, 78 wrong setting or database."""
    # What is made here, the database and its log included, is the owner's alone (S6).
    os.umask(0o077)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and answer its exit status; every refusal is words, never a traceback."""
    try:
        found: Any = cli.main(args=arguments, prog_name="hauspost", standalone_mode=False)
        return found if isinstance(found, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _say("Stopped.", 130)
    except ConfigFault as fault:
        return _say(str(fault), EX_CONFIG)
    except NotStarted as fault:
        return _say(str(fault), 1)
    except BrokenPipeError:
        # The reader of our output has seen enough.
        sys.stderr.close()
        return 1
    except Exception as fault:
        words = _refusal(fault)
        if words is None:
            raise
        return _say(words, 1)


def _refusal(fault: Exception) -> str | None:
    """The words of a refusal, or of a database that cannot be used; None for a fault of ours."""
    if "django" not in sys.modules:
        return None
    from django.db import DatabaseError
    from django.utils import translation

    from hauspost.ground.refusals import Refused

    if isinstance(fault, Refused):
        # In the language of the command, which has ended already.
        with translation.override("en"):
            return str(fault)
    if isinstance(fault, DatabaseError):
        return f"The database cannot be used: {str(fault).strip()}. `hauspost doctor` tells what to do."
    return None


def _say(words: str, status: int) -> int:
    click.echo(words, err=True)
    return status
