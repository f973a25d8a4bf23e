"""`hauspost restore`: a working desk from a backup, in an empty place, with proof."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hauspost.doors.cli import _places
from hauspost.doors.cli._progress import steps
from hauspost.doors.cli.backup import passphrase_of
from hauspost.ground.config import FILE_NAME, load

if TYPE_CHECKING:
    from hauspost.duties.keeping.restore import Restored, Wish


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--folder",
    "new",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to; its data/ must be empty or not there yet.",
)
@click.option("--database-url", default="", help="An empty PostgreSQL database; otherwise SQLite in data/.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where the passphrase stands that the backup's keys were closed with.",
)
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A keys.json that was kept apart from the backup.",
)
@click.option("--without-keys", is_flag=True, help="Leave keys that are inside where they are: the desk gets new ones.")
@click.option("--drill", is_flag=True, hidden=True)
@click.pass_obj
def restore(
    folder: Path,
    file: Path,
    new: Path | None,
    database_url: str,
    passphrase_file: Path | None,
    keys: Path | None,
    without_keys: bool,
    drill: bool,
) -> int:
    """Make a working desk from a backup FILE, where no data and database are yet, and prove that it is the same."""
    if [bool(keys), bool(passphrase_file), without_keys].count(True) > 1:
        raise click.UsageError("give one of --keys, --passphrase-file and --without-keys")
    passphrase = passphrase_of(passphrase_file)
    place, file = (new or folder).absolute(), file.absolute()
    data = load(place).data
    had_data = _refuse_data(data, file)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What is set up from here on, by us and by whom we start, is the new place.
    os.environ["HAUSPOST_FOLDER"] = str(place)
    if database_url:
        os.environ["HAUSPOST_DATABASE_URL"] = database_url
    from hauspost.doors.cli import _django

    config = load(place)
    _places.refuse_network_file_system(config)
    _django.set_up(place)
    if not drill:
        # What becomes of a drill is read on the desk's pages.
        _django.speak_english()
    from hauspost.duties.keeping.refusals import NotEmpty
    from hauspost.duties.keeping.restore import Wish
    from hauspost.duties.keeping.restore import restore as make

    wish = Wish(file, passphrase, keys.absolute() if keys else None, database_url, drill, without_keys)
    if sys.stdin.isatty():
        wish = _asked(wish)
    try:
        with steps() as progress:
            made = make(wish, progress)
    except NotEmpty:
        # The database is in use: what loading the settings made must not be in the way of another try.
        if not had_data:
            shutil.rmtree(data, ignore_errors=True)
        raise
    except OSError as fault:
        raise click.ClickException(f"The restore failed: {fault}. Nothing of it was kept.") from None
    _tell(made, place, file)
    if not drill:
        _tell_what_to_do(made, place)
    return int(bool(made.proof.faults))


def _asked(wish: "Wish") -> "Wish":
    """With the passphrase that a human types, where one is needed."""
    from hauspost.ground.refusals import Refused

    try:
        if not wish.lacks_passphrase:
            return wish
    except (OSError, Refused):
        # The restore itself says what is wrong with the file, and clears up behind it.
        return wish
    click.echo("The keys are inside, closed with a passphrase (--without-keys restores without them).", err=True)
    return replace(wish, passphrase=click.prompt("Passphrase", hide_input=True, err=True))


def _refuse_data(data: Path, file: Path) -> bool:
    """Nothing is written over: where the data will lie there may be none. What lies beside it is no harm.

    Answers whether there is an empty folder for them.
    """
    others = sorted(entry.name for entry in data.iterdir()) if data.exists() else []
    if others:
        raise click.ClickException(
            f"{data} is not empty: {', '.join(others[:3])}. Put it aside first (mv {data} {data}-before), or restore "
            f"elsewhere: hauspost restore {file.name} --folder PATH. Nothing was changed."
        )
    return data.exists()


def _tell(made: "Restored", place: Path, file: Path) -> None:
    contents, proof, counts = made.contents, made.proof, made.counts
    header = contents.header
    click.echo(f"Restored in {place}: {file.name}, made at {header.made_at} by Hauspost {header.version}.")
    click.echo(f"{counts['tickets']} tickets, {counts['entries']} entries, {counts['files']} stored files;")
    click.echo(
        f"{counts['rows']} rows in {len(contents.manifest.tables)} tables: counts and digests are those of then."
    )
    what = f"{proof.streams} chains, {proof.events} events, {proof.parts} contents, {proof.seals} seals"
    click.echo(
        f"{what}: {len(proof.faults)} breaks, as they were when it was made:" if proof.faults else f"{what}: all hold."
    )
    for fault in proof.faults[:20]:
        click.echo(f"BROKEN  {fault}")
    if made.keys == "new":
        why = "The keys inside were not opened" if contents.has_keys else "The keys were not inside"
        click.echo(f"{why}, so this desk has new ones. What that means:")
        click.echo("- Nobody can prove by this backup alone that it was not forged as a whole. A seal file kept")
        click.echo("  elsewhere can: hauspost record verify --seal FILE.")
        click.echo("- Answers to mails sent before find their ticket by its number only.")
    else:
        click.echo("Its signature is by this desk's own key: nobody without the key has touched it.")
    if not made.factors_kept:
        click.echo("Codes of authenticator apps do not count any more (data/django-secret did not come along);")
        click.echo("recovery codes and passkeys do. Who has neither is let in by an administrator.")
    if contents.manifest.faulty:
        click.echo(f"{len(contents.manifest.faulty)} stored files were missing or damaged already when it was made.")


def _tell_what_to_do(made: "Restored", place: Path) -> None:
    if made.settings_kept:
        click.echo(f"{FILE_NAME} was there already and stays as it is.")
    if made.held_back:
        click.echo(f"Held back in {FILE_NAME}, so that two desks do not answer: {', '.join(made.held_back)}.")
    if made.paused:
        click.echo(f"On hold, nothing is fetched or sent by them: mail servers {', '.join(made.paused)}.")
        click.echo("When this is the desk now: hauspost mailbox resume ADDRESS, or Resume in the settings.")
    if names := made.contents.header.from_environment:
        click.echo(f"These settings came from the environment there: {', '.join(names)}.")
    click.echo(f"Look it over, then: hauspost --folder {place} up")
