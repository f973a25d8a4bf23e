"""`hauspost backup`: one consistent file while everybody works, and the drill that tries it out."""

import os
from pathlib import Path

import click

from hauspost.doors.cli._progress import bar
from hauspost.doors.cli.main import bring_up_django, set_up_a_process

# A backup that somebody did not ask for by hand gives way to those who work.
_POLITENESS = 10


@click.command()
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="A folder, or a file that ends in .tar.gz; otherwise backup_folder.",
)
@click.option("--with-keys", is_flag=True, help="Put the key ring and the passwords of the settings in, encrypted.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where the passphrase for --with-keys stands (its first line); otherwise it is asked for.",
)
@click.option("--prune", is_flag=True, help="Keep the newest backup_keep backups there, remove older ones.")
@click.option("--drill", is_flag=True, help="Restore the newest backup in a scratch folder, verify it, tell, clean up.")
@click.option("--run", "known", type=int, hidden=True)
@click.pass_obj
def backup(
    folder: Path,
    to: Path | None,
    with_keys: bool,
    passphrase_file: Path | None,
    prune: bool,
    drill: bool,
    known: int | None,
) -> int:
    """Back everything up into one file, while Hauspost runs. Exit status 1 when something is wrong with it."""
    if passphrase_file and not with_keys:
        raise click.UsageError("--passphrase-file goes with --with-keys")
    if drill and (with_keys or prune):
        raise click.UsageError("--drill makes no backup: leave --with-keys and --prune away")
    if known is None:
        bring_up_django(folder)
    else:
        # The worker asked for it, and what becomes of it is read on the desk's pages.
        set_up_a_process(folder)
    from hauspost.doors.cli import _django

    if fault := _django.why_not_ready():
        raise click.ClickException(fault)
    if known is not None:
        os.nice(_POLITENESS)
    if drill:
        return _drill(to, known)
    passphrase = passphrase_of(passphrase_file) if with_keys else ""
    if with_keys and not passphrase_file:
        passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return _back_up(to, passphrase, prune, known)


def passphrase_of(path: Path | None) -> str:
    """The first line of a file, "" without one; an empty line is refused, as it closes and opens nothing."""
    passphrase = (path.read_text("utf-8").splitlines() or [""])[0] if path else ""
    if path and not passphrase.strip():
        raise click.ClickException(f"{path} holds no passphrase: its first line is empty. Write one there.")
    return passphrase


def _back_up(to: Path | None, passphrase: str, prune: bool, known: int | None) -> int:
    from hauspost.duties.keeping.keep import back_up

    try:
        with bar("Backing up") as progress:
            made, pruned = back_up(to, passphrase=passphrase, prune=prune, known=known, progress=progress)
    except OSError as fault:
        raise click.ClickException(f"The backup failed: {fault}") from None
    counts = made.counts
    click.echo(f"{made.path} ({made.size_bytes / 1e6:.1f} MB)")
    click.echo(f"{counts['tickets']} tickets, {counts['entries']} entries, {counts['events']} events,")
    click.echo(f"{counts['files']} stored files; {counts['rows']} rows in all.")
    if not made.has_keys:
        click.echo("Not inside: the key ring. Without it old signed addresses, heads and seals cannot be proven.")
        click.echo("Keep copies of data/keys.json and data/django-secret elsewhere, or add --with-keys once.")
    for name in made.left_out:
        click.echo(f"Not inside: the setting {name}, as it holds a password.")
    if made.from_environment:
        click.echo(f"Not inside, as they come from the environment: {', '.join(made.from_environment)}.")
    for path in pruned:
        click.echo(f"Removed: {path.name}")
    return 0


def _drill(to: Path | None, known: int | None) -> int:
    from hauspost.duties.keeping.keep import drill

    try:
        with bar("Trying out"):
            file, said = drill(to, known=known)
    except OSError as fault:
        raise click.ClickException(f"The drill failed: {fault}") from None
    click.echo(f"Drill with {file}:")
    click.echo(said)
    return 0
