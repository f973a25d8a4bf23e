"""`hauspost move`: everything to the other database, with proof (P55.2)."""

from pathlib import Path

import click

from hauspost.doors.cli import _places
from hauspost.doors.cli._progress import steps
from hauspost.doors.cli.main import bring_up_django
from hauspost.ground import databases
from hauspost.ground.config import FILE_NAME, Config


@click.command()
@click.option("--to", "target", required=True, help='"sqlite", or postgresql://user:password@host:5432/name.')
@click.option("--switch", is_flag=True, help="Write the new database_url into hauspost.toml when all has arrived.")
@click.pass_obj
def move(folder: Path, target: str, switch: bool) -> int:
    """Move everything from SQLite to PostgreSQL or back, and prove by counts, digests and the record that it came."""
    config = bring_up_django(folder, looks_inside=True)
    _refuse_a_wrong_target(config, target)
    from hauspost.duties.keeping import moving, runs, upgrading

    with _places.nobody_serves(config), runs.alone():
        if upgrading.pending():
            raise click.ClickException("The database is older than this program. First: hauspost upgrade")
        with steps() as progress:
            moved, proof = moving.move(
                databases.settings_of(target, config.data),
                lambda label, done, total: progress(label, done / total),
            )
    for one in moved:
        if one.rows:
            click.echo(f"{one.rows:>10}  {one.digest[:16]}  {one.label}")
    click.echo(f"{sum(one.rows for one in moved)} rows in {len(moved)} tables: counts and digests are the same there.")
    if proof.faults:
        click.echo(
            f"The record has {len(proof.faults)} breaks there, the same as here: hauspost record verify names them."
        )
    else:
        click.echo(f"{proof.streams} chains, {proof.events} events, {proof.seals} seals verify there.")
    if switch:
        _switch(config, target)
        click.echo(f"{FILE_NAME} names the new database. Start Hauspost; then put the old one away.")
    else:
        click.echo(f'Now set in {config.folder / FILE_NAME}:  database_url = "{_shown(target)}"')
        click.echo("and start Hauspost. The old database is as it was; put it away when all is well.")
    return 0


def _refuse_a_wrong_target(config: Config, target: str) -> None:
    if target != "sqlite" and not target.startswith(("postgresql://", "postgres://")):
        raise click.UsageError('--to takes "sqlite" or postgresql://user:password@host:5432/name')
    if target == config.database_url:
        raise click.ClickException("That is the database which is in use. Nothing was done.")
    if target == "sqlite":
        file = Path(str(databases.settings_of(target, config.data)["NAME"]))
        if file.exists():
            raise click.ClickException(f"{file} exists already. Put it aside first; nothing was changed.")


def _switch(config: Config, target: str) -> None:
    from hauspost.duties.keeping import settings_file

    path = config.folder / FILE_NAME
    text = path.read_text("utf-8") if path.exists() else ""
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(settings_file.with_value(text, "database_url", target), "utf-8")
    fresh.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o600)
    fresh.replace(path)


def _shown(target: str) -> str:
    """Without the password: terminals are recorded."""
    scheme, _, rest = target.partition("://")
    user, at, where = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}:…@{where}" if at and ":" in user else target
