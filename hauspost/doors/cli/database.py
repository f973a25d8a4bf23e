"""Commands for the database: bring it up to date, rebuild the search."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django
from hauspost.ground.config import load


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something is pending.")
@click.pass_obj
def migrate(folder: Path, check: bool) -> int:
    """Bring the database to what this program expects; set a new one up. Make a backup first."""
    from hauspost.doors.cli import _django, _places

    # Also where nothing is yet: a container may have its settings from the environment alone.
    config = load(folder)
    _places.make_data_folders(config)
    _django.set_up(folder)
    pending = _django.pending_migrations()
    if check or not pending:
        click.echo(f"{len(pending)} migrations are pending." if pending else "The database is up to date.")
        return int(bool(pending))
    _django.migrate(verbosity=1)
    click.echo(f"Done: {len(pending)} migrations.")
    return 0


@click.group()
def search() -> None:
    """The full-text search."""


@search.command()
@click.pass_obj
def rebuild(folder: Path) -> None:
    """Set the index right from the tickets themselves, and tell what was different (P16.6)."""
    bring_up_django(folder)
    from hauspost.ground.search import actions
    from hauspost.records.tickets.indexing import documents

    found = actions.rebuild(documents())
    click.echo(f"{found.documents} documents looked at.")
    if not found:
        click.echo("Nothing was different.")
        return
    for count, words in (
        (found.absent, "were missing"),
        (found.changed, "were out of date"),
        (found.superfluous, "were too many"),
        (found.unindexed, "were not in the index"),
        (len(found.structures), f"structures were missing: {', '.join(found.structures)}"),
    ):
        if count:
            click.echo(f"{count} {words}; set right.")
