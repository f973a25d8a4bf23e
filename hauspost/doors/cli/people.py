"""Commands for all people at once: bring them in from a CSV file, write them into one."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django


@click.group()
def people() -> None:
    """All people: from a CSV file, and into one."""


@people.command("import")
@click.argument("csv_file", metavar="CSV", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "given", multiple=True, metavar="COLUMN=FIELD", help="What a column is; may come again.")
@click.option("--dry-run", is_flag=True, help="Show what would be created, changed and archived; do nothing.")
@click.option("--archive-missing", is_flag=True, help="Deactivate who has a personnel number that is not in the file.")
@click.option("--no-new-departments", is_flag=True, help="Make no departments, sites and locations along the way.")
@click.option("--yes", is_flag=True, help="Also deactivate more than a tenth of the people.")
@click.pass_obj
def bring_in(
    folder: Path,
    csv_file: Path,
    given: tuple[str, ...],
    dry_run: bool,
    archive_missing: bool,
    no_new_departments: bool,
    yes: bool,
) -> int:
    """Bring people in from a CSV file. Repeatable: the second time nothing changes."""
    bring_up_django(folder)
    from hauspost.doors.cli import _bringing
    from hauspost.duties.importers import people_csv

    mapping = _bringing.mapping_of(given)
    return _bringing.bring_in(
        csv_file,
        plan_of=lambda content: people_csv.plan_people(
            content, mapping=mapping, archive_missing=archive_missing, new_departments=not no_new_departments
        ),
        carry_out=people_csv.carry_out,
        labels=people_csv.LABELS,
        dry_run=dry_run,
        yes=yes,
    )


@people.command("export")
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The file; without it standard output."
)
@click.pass_obj
def write_out(folder: Path, target: Path | None) -> None:
    """Write everybody of the company into a CSV file that can be imported again."""
    bring_up_django(folder)
    from hauspost.doors.cli import _bringing
    from hauspost.duties.importers import people_csv

    _bringing.write_out(people_csv.export_people(), target)
