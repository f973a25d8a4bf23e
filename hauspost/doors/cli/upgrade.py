"""`hauspost upgrade`: backup, check, migrate, check; a failed step leaves everything as it was (P19.1)."""

from pathlib import Path

import click

from hauspost.doors.cli import _places
from hauspost.doors.cli.main import bring_up_django


@click.command()
@click.option("--although-broken", is_flag=True, help="Go on with a record that does not verify, as it did not before.")
@click.pass_obj
def upgrade(folder: Path, although_broken: bool) -> int:
    """Bring this desk to the version of this program: backup, check, migrate, check, or nothing at all."""
    config = bring_up_django(folder, looks_inside=True)
    _places.make_data_folders(config)
    from hauspost.duties.keeping import upgrading

    try:
        with _places.nobody_serves(config):
            done = upgrading.upgrade(click.echo, although_broken=although_broken)
    except OSError as fault:
        raise click.ClickException(f"The upgrade did not begin: {fault}") from None
    if done is None:
        click.echo("There is nothing to upgrade: the database is what this program expects.")
    else:
        click.echo(f"Done: {len(done.migrations)} migrations. Start Hauspost again.")
    return 0
