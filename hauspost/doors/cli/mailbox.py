"""`hauspost mailbox`: add an intake address, see how all of them fare, try one out."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hauspost.doors.cli.main import bring_up_django

if TYPE_CHECKING:
    from hauspost.ground.accounts.checking import Finding
    from hauspost.records.people.models import Mailbox

_LOOK_AGAIN_SECONDS = 0.5


@click.group()
def mailbox() -> None:
    """Addresses whose mail becomes tickets."""


@mailbox.command()
@click.argument("address")
@click.option("--team", "key", required=True, metavar="KEY", help="The team that answers, by its key.")
@click.option("--name", default="", help="As it is called as sender; the team's name when empty.")
@click.option("--language", default="", help="en or de; as the team when empty.")
@click.pass_obj
def add(folder: Path, address: str, key: str, name: str, language: str) -> None:
    """Let mail to ADDRESS become tickets of a team."""
    bring_up_django(folder)
    from hauspost.records.people.actions import add_mailbox
    from hauspost.records.people.actor import Actor
    from hauspost.records.people.models import Team

    team = Team.objects.active().filter(key=key).first()
    if team is None:
        known = ", ".join(Team.objects.active().values_list("key", flat=True)) or "none yet; `hauspost team add`"
        raise click.ClickException(f"There is no team {key}. Teams: {known}")
    made = add_mailbox(address, team, name=name, language=language, actor=Actor(kind="system", via="cli"))
    click.echo(f"Mail to {made.address.address} becomes tickets of {team.name}.")


@mailbox.command("list")
@click.pass_obj
def list_(folder: Path) -> int:
    """Every mailbox with its team, how its mail comes, its state and last mail. Exit status 1 with one in trouble."""
    bring_up_django(folder)
    import sys

    from rich.console import Console
    from rich.table import Table

    from hauspost.duties.intake.mailbox_states import states
    from hauspost.records.people.actor import SYSTEM

    table = Table("address", "team", "comes by", "state", "last mail", "today", "what is wrong")
    troubles = 0
    for row in states(SYSTEM):
        troubles += row.state in ("failing", "signed_out")
        ways = ", ".join(f"{one.folder} of {one.account.name}" for one in row.folders) or "SMTP or LMTP"
        last = f"{row.last_mail_at:%Y-%m-%d %H:%M}" if row.last_mail_at else ""
        address = ", ".join([row.mailbox.address.address, *(one.address.address for one in row.mailbox.aliases.all())])
        table.add_row(address, row.mailbox.team.key, ways, row.words, last, str(row.mails_today or 0), row.error)
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table, markup=False)
    return int(bool(troubles))


@mailbox.command()
@click.argument("address")
@click.option(
    "--to", "to", default="", metavar="ADDRESS", help="Who gets the test mails; else the first administrator."
)
@click.option(
    "--wait",
    type=click.IntRange(0, 600),
    default=30,
    show_default=True,
    help="So many seconds for mail to arrive; 0: none is sent to itself.",
)
@click.pass_obj
def test(folder: Path, address: str, to: str, wait: int) -> int:
    """Try a mailbox out: is it fetched, does mail leave from each address, does it arrive? Alters nothing in it.

    Exit status 1 when something does not work.
    """
    bring_up_django(folder)
    from hauspost.duties.intake import trying
    from hauspost.records.people.actor import SYSTEM

    box, faults = _named(address), 0
    for row, finding in trying.check_receiving(box, actor=SYSTEM):
        faults += _said(f"receiving {row.folder} of {row.account.name}", finding)
    recipient = to or _administrators_address()
    if recipient:
        for finding in trying.check_sending(box, to=recipient, actor=SYSTEM):
            faults += _said("sending", finding)
    else:
        click.echo("note   sending: no administrator has an address; name one with --to")
    return int(bool(faults + (_arrival(box, wait) if wait else 0)))


@mailbox.command()
@click.argument("address")
@click.pass_obj
def resume(folder: Path, address: str) -> None:
    """Let a restored desk fetch and send for ADDRESS again: it is the desk now. Paused folders go on, too."""
    bring_up_django(folder)
    from hauspost.duties.intake.folders import resume_folder
    from hauspost.records.people.actions import resume_mail_account
    from hauspost.records.people.actor import Actor

    box, actor = _named(address), Actor(kind="system", via="cli")
    rows = list(box.folders.select_related("account").order_by("id"))
    accounts = {row.account.pk: row.account for row in rows}
    if box.sends_by is not None:
        accounts.setdefault(box.sends_by.pk, box.sends_by)
    for account in accounts.values():
        resume_mail_account(account, actor=actor)
    for row in rows:
        resume_folder(row, actor=actor)
    if not accounts:
        click.echo(f"{box.address.address} has no mail server of its own: there is nothing to resume.")
        return
    names = ", ".join(account.name for account in accounts.values())
    click.echo(f"{box.address.address} is fetched and sent for again: {names}.")


def _named(address: str) -> "Mailbox":
    from hauspost.records.people.models import Mailbox

    rows = Mailbox.objects.filter(archived_at__isnull=True).select_related("address", "team", "sends_by")
    found = rows.filter(address__address=address.strip().lower()).first()
    if found is None:
        raise click.ClickException(f"{address} is no mailbox of this desk. `hauspost mailbox list` shows them.")
    return found


def _administrators_address() -> str:
    from hauspost.duties.notices.house import administrators
    from hauspost.duties.notices.letters import main_addresses

    return next(iter(main_addresses(administrators()).values()), "")


def _said(about: str, finding: "Finding") -> int:
    click.echo(f"{'ok' if finding.ok else 'FAULT':<6} {about}: {finding.words}")
    if finding.detail:
        click.echo(f"       {finding.detail}")
    return int(not finding.ok)


def _arrival(box: "Mailbox", wait: int) -> int:
    """Mail to itself, and look until both have arrived or the time is over; answers how many did not."""
    from hauspost.duties.intake import trying
    from hauspost.records.people.actor import SYSTEM

    mails = trying.send_trial(box, actor=SYSTEM)
    until = time.monotonic() + wait
    found = trying.attempts(box, mails)
    while not all(one.is_over for one in found) and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN_SECONDS)
        found = trying.attempts(box, mails)
    faults = 0
    for one in found:
        came = one.state == "arrived"
        # Without plus-addresses answers are still found by Message-ID and number (P8.1): worth a word, no fault.
        word = "ok" if came else "note" if one.is_plus else "FAULT"
        faults += word == "FAULT"
        click.echo(f"{word:<6} mail to {'its plus-address ' if one.is_plus else ''}{one.to}: {one.words}")
        if one.detail:
            click.echo(f"       {one.detail}")
        if word == "note":
            click.echo("       → let the mail server pass on plus-addresses (Postfix: recipient_delimiter = +)")
    return faults
