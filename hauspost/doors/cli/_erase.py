"""`hauspost person erase`: shows what would go, and lets it go."""

import click


def run(who: str, *, do_it: bool) -> int:
    """Print the preview, or erase and print what was done and what could not be. Answers the exit status."""
    from hauspost.duties.privacy import erasure
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor

    person = person_by(who)
    if not do_it:
        seen = erasure.preview(person)
        click.echo(f"{seen.name} ({', '.join(seen.addresses) or 'no address'}) would be erased:")
        click.echo(f"  {seen.requests} requests, {seen.entries} entries and {seen.files} files lose their contents,")
        click.echo(f"  {seen.mails_in} received and {seen.mails_out} sent mails go, with their files,")
        click.echo(f"  {seen.parts} personal parts of the record go; every chain still verifies.")
        for line in seen.left:
            click.echo(f"  Stays: {line}")
        click.echo("Nothing was changed. To do it: the same command with --yes. It cannot be undone.")
        return 0
    left = erasure.erase(person, actor=Actor(kind="system", name="console", via="cli"))
    for line in left:
        click.echo(f"Not cleaned: {line}")
    click.echo("Erased." if not left else "Erased, except for what is named above.")
    return 0
