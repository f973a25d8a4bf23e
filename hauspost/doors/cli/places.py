"""Commands for all places at once: bring them in from a CSV file, write them into one."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django


@click.group()
def places() -> None:
    """Sites, buildings, floors and rooms: from a CSV file, and into one."""


@places.command("import")
@click.argument("csv_file", metavar="CSV", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "given", multiple=True, metavar="COLUMN=FIELD", help="What a column is; may come again.")
@click.option("--dry-run", is_flag=True, help="Show what would be created, changed and archived; do nothing.")
@click.option("--archive-missing", is_flag=True, help="Archive the places that the file does not name.")
@click.option("--yes", is_flag=True, help="Also archive more than a tenth of the places.")
@click.pass_obj
def bring_in(
    folder: Path, csv_file: Path, given: tuple[str, ...], dry_run: bool, archive_missing: bool, yes: bool
) -> int:
    """Bring sites, buildings, floors and rooms in from a CSV file. Repeatable: the second time nothing changes."""
    bring_up_django(folder)
    from hauspost.doors.cli import _bringing
    from hauspost.duties.importers import places_csv

    mapping = _bringing.mapping_of(given)
    return _bringing.bring_in(
        csv_file,
        plan_of=lambda content: places_csv.plan_places(content, mapping=mapping, archive_missing=archive_missing),
        carry_out=places_csv.carry_out,
        labels=places_csv.LABELS,
        dry_run=dry_run,
        yes=yes,
    )


@places.command("export")
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The file; without it standard output."
)
@click.pass_obj
def write_out(folder: Path, target: Path | None) -> None:
    """Write every place in use into a CSV file that can be imported again."""
    bring_up_django(folder)
    from hauspost.doors.cli import _bringing
    from hauspost.duties.importers import places_csv

    _bringing.write_out(places_csv.export_places(), target)
