"""Commands for the sealed record: verify it, seal it now."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django


@click.group()
def record() -> None:
    """The sealed record of everything that happened."""


@record.command()
@click.option(
    "--seal",
    "seals",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A seal file that was kept elsewhere; may come again. Finds back to it what the host itself may have changed.",
)
@click.pass_obj
def verify(folder: Path, seals: tuple[Path, ...]) -> int:
    """Check every chain, content, file and seal; tell where a break is. Exit status 1 when there is one."""
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
