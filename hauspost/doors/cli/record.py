"""Commands for the sealed record: verify it, seal it now."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django


@click.group()
def record() -> None:
    """The sealed record of everything that happened."""


@record.command()
@click.argument("dossier", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--seal",
    "seals",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A seal file that was kept elsewhere; may come again. Finds back to it what the host itself may have changed.",
)
@click.pass_obj
def verify(folder: Path, dossier: Path | None, seals: tuple[Path, ...]) -> int:
    """Check every chain, content, file and seal; tell where a break is. Exit status 1 when there is one.

    With a DOSSIER (a zip of one ticket), check that instead: anywhere, no Hauspost needed.
    """
    if dossier is not None:
        from hauspost.doors.cli import _dossier

        return _dossier.check(dossier, seals, folder)
    config = bring_up_django(folder)
    from hauspost.doors.cli import _verify

    return _verify.run(config, seals)


@record.command()
@click.option(
    "--to",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write the seal's file; without it data/seals. Keep a copy where this host cannot reach it.",
)
@click.pass_obj
def seal(folder: Path, target: Path | None) -> None:
    """Seal the record now, as the worker does once a day."""
    config = bring_up_django(folder)
    from hauspost.ground.history import sealing

    target = target or config.data / "seals"
    target.mkdir(parents=True, exist_ok=True)
    made = sealing.seal(target)
    click.echo(f"Sealed: no. {made.number}, in {target}." if made else "Nothing has happened since the last seal.")


@record.command()
@click.argument("number", type=int)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The zip to write; without it ticket-NUMBER.zip in the current folder.",
)
@click.pass_obj
def dossier(folder: Path, number: int, target: Path | None) -> None:
    """Write everything about a ticket into a signed zip, for a court, an auditor or another house."""
    bring_up_django(folder)
    from hauspost.doors.cli import _dossier

    _dossier.make(number, target or Path(f"ticket-{number}.zip"))


@record.command()
@click.pass_obj
def key(folder: Path) -> None:
    """Show the public keys that sign this Hauspost's seals and dossiers, to compare with somebody elsewhere."""
    bring_up_django(folder)
    from hauspost.doors.cli import _dossier

    _dossier.show_key()
