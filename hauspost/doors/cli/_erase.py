"""`hauspost person erase`: shows what would go, and lets it go."""

import click


def run(who: str, *, do_it: bool) -> int:
    """Print the preview, or erase and print what was done and what could not be. Answers the exit status."""
    from hauspost.duties.reactions import erasure
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import SYSTEM

    person = person_by(who)
    if not do_it:
        for line in erasure.preview(person):
            click.echo(line)
        click.echo("Nothing was changed. To do it: the same command with --yes. It cannot be undone.")
        return 0
    left = erasure.erase(person, actor=SYSTEM)
    for line in left:
        click.echo(f"Not cleaned: {line}")
    click.echo("Erased." if not left else "Erased, except for what is named above.")
    return int(bool(left))
