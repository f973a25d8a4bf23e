"""Commands for people: erase a person, make the first administrator."""

from pathlib import Path

import click

from hauspost.doors.cli.main import bring_up_django
from hauspost.doors.cli.privacy import export


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


person.add_command(export)


@click.group()
def team() -> None:
    """Teams, their addresses and their people."""


@team.command("add")
@click.argument("key")
@click.option("--name", required=True, help="As it is called in English.")
@click.option("--name-de", default="", help="As it is called in German.")
@click.option("--address", required=True, help="The intake address whose mail becomes its tickets.")
@click.option("--confidential", is_flag=True, help="Read by its members only, not even by administrators.")
@click.option("--member", "members", multiple=True, metavar="ROLE:ADDRESS", help="A person and a role; may repeat.")
@click.pass_obj
def add_a_team(
    folder: Path, key: str, name: str, name_de: str, address: str, confidential: bool, members: tuple[str, ...]
) -> None:
    """Add a team with its intake address. Roles: read_only, agent, dispatcher, lead; unknown people are added."""
    bring_up_django(folder)
    from django.db import transaction

    from hauspost.records.people import actions as people
    from hauspost.records.people.actor import Actor

    console = Actor(kind="system", via="cli")
    with transaction.atomic():
        made = people.add_team(key, {"en": name, "de": name_de or name}, is_confidential=confidential, actor=console)
        people.add_mailbox(address, made, name=name, actor=console)
        for member in members:
            role, _, who = member.partition(":")
            person = people.known_person(who) or people.add_person("", who, verified=True, actor=console)
            people.give_role(person, made, role, actor=console)
    click.echo(f"Mail to {address} becomes tickets of {name}.")


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


@user.command("reset-factors")
@click.argument("who", metavar="ADDRESS|UID")
@click.pass_obj
def reset_factors(folder: Path, who: str) -> int:
    """Take a person's second factors away, when phone and recovery codes are lost; the sessions end."""
    bring_up_django(folder)
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor
    from hauspost.records.people.factors import reset_factors as reset

    person = person_by(who)
    if not reset(person, actor=Actor(kind="system", via="cli")):
        click.echo(f"{person.name} has no second factor; nothing was changed.")
        return 0
    click.echo(f"{person.name} gets in with password or a mailed code again, and can set up a new factor.")
    return 0
