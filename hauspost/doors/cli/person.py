"""Commands for people: erase a person, make the first administrator."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django


@click.group()
def person() -> None:
    """People in the record."""


@person.command()
@click.argument("who", metavar="UID|ADDRESS")
@click.option("--yes", is_flag=True, help="Do it. Without this, only what would be erased is shown.")
@click.pass_obj
def erase(folder: Path, who: str, yes: bool) -> int:
    """Erase a person's contents everywhere (GDPR); the record stays verifiable. Shows first, does it with --yes."""
    bring_up_django(folder)
    from hauspost.doors.cli import _erase

    return _erase.run(who, do_it=yes)


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("create-admin")
@click.option("--name", prompt=True, help="As others see it.")
@click.option("--address", prompt=True, help="The mail address to sign in with.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given.")
@click.pass_obj
def create_admin(folder: Path, name: str, address: str, password: str) -> None:
    """Make an administrator here and now; there is no default password."""
    bring_up_django(folder)
    from django.db import transaction

    from hauspost.records.people.actions import add_person, set_password
    from hauspost.records.people.actor import Actor

    console = Actor(kind="system", via="cli")
    with transaction.atomic():
        made = add_person(name, address, actor=console, is_administrator=True, verified=True)
        set_password(made, password, actor=console)
    click.echo(f"{name} may sign in now as administrator with {address}.")


@user.command()
@click.pass_obj
def link(folder: Path) -> int:
    """Print a fresh one-time link for the first administrator (P17.4); links printed before end."""
    bring_up_django(folder)
    from hauspost.records.people.actions import first_administrator_link

    found = first_administrator_link()
    if found is None:
        click.echo("There is an administrator already; ask them for an account.", err=True)
        return 1
    click.echo(found)
    return 0
