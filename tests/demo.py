"""The demo by hand: `python -m tests.demo fill | mail | logins`, for the Hauspost in $HAUSPOST_FOLDER."""

import argparse
import os
import smtplib
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import localtime, make_msgid

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests import world
from tests.demo_company import LOGINS, PASSWORD, WRITER, fill

__all__ = ["fill", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit status 0 done, 1 refused, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="The demo company of Hauspost.")
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill", help="bring the company with its year of history into an empty database")
    filling.add_argument("--tickets", type=int, default=250, help="how many tickets (default: 250)")
    mail = commands.add_parser("mail", help="send one real mail to the desk, over SMTP")
    mail.add_argument("--from", dest="sender", default=WRITER.key, help="who writes: a key such as petra.lang")
    mail.add_argument("--to", default=world.TEAMS[0].address, help="to which address of the desk")
    mail.add_argument("--subject", default="Etikettendrucker klemmt")
    mail.add_argument("--text", default="Hallo,\n\nder Drucker an Tor 3 klemmt wieder. Könnt ihr kommen?\n\nDanke!")
    mail.add_argument("--server", default="127.0.0.1:2525", help="where the desk listens (default: 127.0.0.1:2525)")
    commands.add_parser("logins", help="who may sign in to try it out, and the password")
    asked = parser.parse_args(arguments)
    try:
        return {"fill": _fill, "mail": _mail, "logins": _logins}[asked.command](asked)
    except _Refused as refused:
        print(refused, file=sys.stderr)
        return 1


class _Refused(Exception):
    """Something cannot be done; its words say what, and what to do."""


def _fill(asked: argparse.Namespace) -> int:
    if asked.tickets < 1:
        raise _Refused(f"--tickets {asked.tickets}: give a number from 1 on.")
    _bring_up()
    from hauspost.records.people.models import Person

    if Person.objects.exists():
        raise _Refused("There are people already; nothing was changed. The demo needs an empty database.")
    with Progress(TextColumn("A year passes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        row = bar.add_task("", total=None)
        fill(lambda done, total: bar.update(row, completed=done, total=total), tickets=asked.tickets)
    return 0


def _bring_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hauspost.project.settings")
    import django

    from hauspost.ground.config import ConfigFault

    try:
        django.setup()
    except ConfigFault as fault:
        raise _Refused(str(fault)) from None
    from hauspost.doors.cli._django import pending_migrations

    if pending_migrations():
        raise _Refused("The database is not up to date. Run `hauspost migrate` first.")


def _mail(asked: argparse.Namespace) -> int:
    people = {one.key: one for one in world.EMPLOYEES} | {one.address: one for one in world.EMPLOYEES}
    if asked.sender not in people:
        raise _Refused(f"--from {asked.sender}: nobody of the company; write for example {WRITER.key}.")
    host, _, port = asked.server.rpartition(":")
    if not host or not port.isdecimal():
        raise _Refused(f"--server {asked.server}: write it as host:port.")
    writer = people[asked.sender]
    mail = EmailMessage()
    mail["From"], mail["To"] = f'"{writer.name}" <{writer.address}>', asked.to
    mail["Subject"], mail["Date"] = " ".join(asked.subject.split()), localtime()
    mail["Message-ID"] = make_msgid(domain=world.DOMAIN)
    mail.set_content(asked.text)
    try:
        with smtplib.SMTP(host.strip("[]"), int(port), timeout=30) as server:
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as fault:
        raise _Refused(f"The mail was not taken by {asked.server}: {fault}") from None
    print(f"{writer.name} has written to {asked.to}.")
    return 0


def _logins(asked: argparse.Namespace) -> int:
    for one, role in LOGINS:
        print(f"{one.address:<30} {role}")
    print(f"Password for all: {PASSWORD}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
