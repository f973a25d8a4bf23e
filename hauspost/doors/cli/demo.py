"""Commands for trying Hauspost out with a company that does not exist."""

import importlib
import smtplib
import sys
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from pathlib import Path
from typing import Any

import click

from hauspost.doors.cli.main import set_up_a_process
from hauspost.ground.config import load, split_listen


@click.group()
def demo() -> None:
    """A company to try things out with."""


@demo.command()
@click.pass_obj
def fill(folder: Path) -> None:
    """Fill an empty database with the demo company; does nothing when there are people already."""
    set_up_a_process(folder)
    click.echo("Filled." if fill_once() else "There are people already; nothing was changed.")


def fill_once() -> bool:
    """Bring the demo company in, all of it or nothing; False when there are people already."""
    from django.db import transaction

    from hauspost.records.people.models import Person

    if Person.objects.exists():
        return False
    company = _company()
    click.echo("Bringing in the demo company with a year of history; this takes a moment …")
    # Killed in the middle, nothing of it stays, and the next start begins afresh.
    with transaction.atomic():
        company.fill(_tell_each_tenth())
    return True


def _tell_each_tenth() -> Callable[[int, int], None]:
    """Says how far it is, in steps that a log can bear."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if total and done * 10 // total > told:
            told = done * 10 // total
            click.echo(f"  {done} of {total}")

    return tell


def welcome(folder: Path) -> str:
    """What a newcomer to the demo is told: logins, and a line that sends a mail, ready to be pasted anywhere."""
    words: str = _company().welcome()
    beside = Path(sys.executable).with_name("hauspost")
    command = str(beside) if beside.exists() else f"{sys.executable} -m hauspost"
    return words.replace("hauspost demo mail", f"{command} --folder {folder} demo mail")


def _company() -> Any:
    """The demo company lives with the tests, whose cast it is; an installed package does not carry it."""
    try:
        return importlib.import_module("tests.demo_company")
    except ModuleNotFoundError as missing:
        if missing.name not in ("tests", "tests.demo_company"):
            raise
        raise click.ClickException("The demo company comes with the source: run bin/demo there.") from None


@demo.command()
@click.option("--from", "sender", required=True, help="Who writes.")
@click.option("--to", "recipient", required=True, help="An intake address.")
@click.option("--subject", default="A question", show_default=True)
@click.option("--text", default="-", help="What is written; - reads standard input.", show_default=True)
@click.pass_obj
def mail(folder: Path, sender: str, recipient: str, subject: str, text: str) -> None:
    """Send a real mail to this desk over SMTP, as any mail program would."""
    config = load(folder)
    if not config.smtp_listen:
        raise click.ClickException("smtp_listen is switched off, so no mail can be sent here.")
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, recipient, subject
    letter["Message-ID"], letter["Date"] = make_msgid(domain=sender.rpartition("@")[2] or "local"), localtime()
    letter.set_content(sys.stdin.read() if text == "-" else text)
    host, port = split_listen(config.smtp_listen)
    try:
        with smtplib.SMTP(host, port, timeout=30) as client:
            client.send_message(letter)
    except smtplib.SMTPException as refused:
        raise click.ClickException(f"The mail was refused: {refused}") from None
    except OSError as fault:
        raise click.ClickException(f"Nobody takes mail at {config.smtp_listen} ({fault}). Is it running?") from None
    click.echo(f"Sent to {recipient}.")
