"""Commands for what persons have a right to, and for how long tickets are kept."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django


@click.command()
@click.argument("who", metavar="UID|ADDRESS")
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The zip file to write."
)
@click.pass_obj
def export(folder: Path, who: str, target: Path) -> int:
    """Write everything about a person into one file (GDPR); other people's names and words are left out."""
    bring_up_django(folder)
    from hauspost.doors.cli import _django
    from hauspost.duties.privacy import export as duty
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor

    person = person_by(who)
    try:
        # Never over another file.
        with target.open("xb") as opened:
            target.chmod(0o600)
            with _django.in_desks_language():
                made = duty.export(person, opened, actor=Actor(kind="system", via="cli"))
    except FileExistsError:
        click.echo(f"{target} is there already. Name another file.", err=True)
        return 1
    except OSError as fault:
        click.echo(f"{target} cannot be written: {fault.strerror}.", err=True)
        return 1
    click.echo(
        f"{target}: {made.tickets} tickets, {made.entries} entries, {made.files} files, {made.mails} mails."
        " Open index.html in it."
    )
    for path in made.missing:
        click.echo(f"Its bytes are missing: {path}", err=True)
    return int(bool(made.missing))


@click.group()
def retention() -> None:
    """How long closed tickets are kept."""


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@click.pass_obj
def run(folder: Path, dry_run: bool) -> None:
    """Anonymise and delete now what the active rules say; the worker does it every night."""
    bring_up_django(folder)
    from hauspost.duties.privacy import retention as duty

    done = duty.run_all(dry_run=dry_run)
    for kept, count in done:
        team = kept.team.name if kept.team is not None else "all teams"
        said = f"{team}, {kept.type or 'all types'}, {kept.months} months, {kept.what}"
        click.echo(f"{count:>8}  {said}")
    if not done:
        click.echo("No rule applies. Settings, Retention makes one.")
    elif dry_run:
        click.echo("Nothing was changed.")
