"""`hauspost record dossier` and `record verify FILE`: a ticket in a signed zip, made here and checked anywhere."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from hauspost.ground.history import dossier


def make(number: int, target: Path) -> None:
    """Write the dossier of a ticket. Raises ClickException when there is no such ticket or no room for the file."""
    from hauspost.doors.cli import _django
    from hauspost.duties.dossiers.actions import make_dossier
    from hauspost.records.people.actor import Actor
    from hauspost.records.tickets.models import Ticket

    ticket = Ticket.objects.filter(number=number).first()
    if ticket is None:
        raise click.ClickException(f"There is no ticket #{number}.")
    if target.exists():
        raise click.ClickException(f"{target} exists already; name another file with --to.")
    try:
        with _django.in_desks_language():
            make_dossier(ticket, target, actor=Actor(kind="system", name="console", via="cli"))
    except OSError as fault:
        raise click.ClickException(f"{target} cannot be written: {fault.strerror}.") from fault
    found = dossier.check(target)
    click.echo(f"{target}: {found.events} events, {found.files} files, signed with key {found.fingerprint}.")
    click.echo(f"Check it anywhere with: hauspost record verify {target}")


def check(path: Path, seals: Sequence[Path], folder: Path) -> int:
    """Tell whether a dossier holds and what that proves. Answers the exit status."""
    trusted, ours = _keys_of_seals(seals), _keys_of(folder)
    try:
        found = dossier.check(path, trusted, ours)
    except dossier.NotADossier as fault:
        click.echo(f"{path} is not a dossier of Hauspost: {fault}.", err=True)
        return 1
    click.echo(
        f"{found.stream}: {found.events} events, {found.parts} contents ({found.erased} erased), {found.files} files."
    )
    for words in found.faults:
        click.echo(f"BROKEN  {words}")
    if found.faults:
        click.echo(f"{len(found.faults)} breaks: this is not what the Hauspost that signed it wrote.")
        return 1
    click.echo(f"Everything holds. Made at {found.made_at}, signed with key {found.fingerprint}.")
    for number, when, count in found.seals:
        click.echo(f"Seal {number} of {when} covers the first {count} events.")
    if found.strange_seals:
        click.echo(
            f"{found.strange_seals} seals are signed with other keys; give seal files that you kept with --seal."
        )
    if found.public_key in ours:
        click.echo("It was signed by this Hauspost.")
    elif not trusted:
        click.echo(
            "Whether this key is the right one, only its owner can tell: compare the letters with "
            "`hauspost record key` there, or give a seal file that you kept with --seal."
        )
    return 0


def show_key() -> None:
    """The public keys of this Hauspost, as one reads them out to somebody who checks a dossier."""
    from hauspost.ground import tokens

    for key_id, public in tokens.public_keys().items():
        click.echo(f"{key_id}  {dossier.fingerprint(public)}")


def _keys_of_seals(seals: Sequence[Path]) -> list[bytes]:
    import base64

    keys = []
    for path in seals:
        try:
            keys.append(base64.b64decode(json.loads(path.read_text("utf-8"))["public_key"]))
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise click.ClickException(f"{path} is not a seal of Hauspost: {fault}") from fault
    return keys


def _keys_of(folder: Path) -> list[bytes]:
    """The keys of the Hauspost in this folder, when there is one."""
    from hauspost.ground.config import ConfigFault, load
    from hauspost.ground.tokens import KeyRing, KeyRingFault

    try:
        path = load(folder).data / "keys.json"
        return list(KeyRing(path).public_keys().values()) if path.exists() else []
    except (ConfigFault, KeyRingFault):
        return []
