"""`hauspost person erase`: shows what would go, and lets it go."""

import click


def run(who: str, *, do_it: bool) -> int:
    """Print the preview, or erase and print what could not be cleaned. Answers the exit status. Raises Refused."""
    from hauspost.duties.privacy import erasure
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor

    person = person_by(who)
    if do_it:
        left = erasure.erase(person, actor=Actor(kind="system", via="cli"))
        for line in left:
            click.echo(f"Not cleaned: {line}")
        click.echo("Erased, except for what is named above." if left else "Erased.")
        return int(bool(left))
    found = erasure.preview(person)
    click.echo(f"{found.name} ({', '.join(found.addresses) or 'no address'}). Would be erased:")
    for count, words in (
        (found.requests, "tickets lose their requester's name"),
        (found.entries, "entries lose their text"),
        (found.files, "files"),
        (found.mails_in, "mails that came in"),
        (found.mails_out, "mails that went out"),
        (found.parts, "personal parts of the record; its chains still verify"),
    ):
        click.echo(f"{count:>8}  {words}")
    for line in found.left:
        click.echo(f"Would stay, as it is others' text: {line}")
    if found.held:
        click.echo(f"Not possible: a legal hold keeps it ({', '.join(found.held)}).", err=True)
        return 1
    if found.open_work:
        numbers = ", ".join(found.open_work)
        click.echo(f"Not possible yet: responsible for {numbers}. Assign these to somebody else first.", err=True)
        return 1
    click.echo("Nothing was changed. To do it: the same command with --yes. It cannot be undone.")
    return 0
