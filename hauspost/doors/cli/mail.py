"""Commands for mail: read one, import many, ask what happened to one, take one from a pipe."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from hauspost.doors.cli.main import bring_up_django
from hauspost.ground.config import Config, ConfigFault


@click.group()
def mail() -> None:
    """Read, import and account for mail."""


@mail.command()
@click.argument("file", type=click.File("rb"))
def read(file: Any) -> None:
    """Print what Hauspost reads in one mail (FILE, or - for standard input) as JSON."""
    from hauspost.ground.mail.letter import read_letter

    click.echo(json.dumps(_plain(read_letter(file.read())), ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    """A letter in words of JSON; bytes are named by their size only."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, bytes):
        return {"size_bytes": len(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        # Half of a surrogate pair, as broken mails have them, is no text that a terminal takes.
        return value.encode("utf-8", "replace").decode()
    return value if isinstance(value, int | float | bool | None) else str(value)


@mail.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--to", "to", default="", metavar="ADDRESS", help="The intake address they are for; else their headers.")
@click.pass_obj
def import_(folder: Path, path: Path, to: str) -> int:
    """Take mail from a Maildir, an mbox file, an .eml file or a folder of these. Run twice, nothing doubles (P39.2)."""
    config = _at_the_desk(folder)
    from hauspost.doors.listeners import folder as files
    from hauspost.duties.intake.actions import is_ours, keep

    if to and not is_ours(to):
        raise click.ClickException(f"{to} is no intake address of this desk. Without --to, the headers decide.")
    kept, doubled, faults = 0, 0, []

    def counting_keep(envelopes: Any) -> Any:
        nonlocal doubled
        fresh = keep(envelopes)
        doubled += max(0, sum(len(envelope.recipients) for envelope in envelopes) - len(fresh))
        return fresh

    found = files.files_in(path)
    mails = files.mails_in(path, limit_bytes=config.mail_size_limit)
    for outcome in _with_progress(
        files.keep_all(mails, keep=counting_keep, via="import", to=to, is_ours=is_ours), total_files=len(found)
    ):
        if isinstance(outcome, files.UnreadableMail):
            faults.append(str(outcome))
        else:
            kept += 1
    for words in faults:
        click.echo(f"Not taken: {words}", err=True)
    known = f", {doubled} of them known already" if doubled else ""
    click.echo(f"{kept} mails read from {len(found)} files{known}; {len(faults)} not taken.")
    return int(bool(faults))


def _at_the_desk(folder: Path) -> Config:
    """Settings and Django, for mail that is stored. Raises NotStarted while the database is being moved or upgraded.

    Whoever kept a mail in the old database then would have said that it is safe, and the new one would not have it.
    """
    from hauspost.doors.cli import _places

    config = bring_up_django(folder)
    _places.make_data_folders(config)
    _places.serves(config)
    return config


def _with_progress(outcomes: Any, *, total_files: int) -> Any:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from hauspost.doors.listeners.folder import Found

    columns = (SpinnerColumn(), TextColumn("files"), MofNCompleteColumn(), TextColumn("{task.fields[mails]} mails"))
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("import", total=total_files, mails=0)
        seen, mails = set(), 0
        for outcome in outcomes:
            if isinstance(outcome, Found):
                seen.add(outcome.path)
                mails += 1
            progress.update(task, completed=len(seen), mails=mails)
            yield outcome


@mail.command()
@click.option("--from", "sender", default="", help="The sender's address, or a part of it.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it came, like 2026-11-23.")
@click.option("--disposition", default="", help="Only those that ended so: reply, new, quarantine, spam …")
@click.option("--words", default="", help="Words in the subject or the recipient.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.pass_obj
def ledger(folder: Path, sender: str, day: datetime | None, disposition: str, words: str, limit: int) -> None:
    """What happened to the mail from X on day Y? Every mail taken in, with what became of it (P2.3)."""
    bring_up_django(folder)
    from rich.console import Console
    from rich.table import Table

    from hauspost.duties.intake import ledger as journal
    from hauspost.records.people.actor import SYSTEM

    asked: dict[str, Any] = {
        "actor": SYSTEM,
        "sender": sender,
        "on": day.date() if day else None,
        "disposition": disposition,
        "words": words,
    }
    table = Table("no.", "came", "from", "for", "subject", "disposition", "ticket", "why")
    for row in journal.entries(**asked, limit=limit):
        why = " · ".join(part for part in (row.because, row.detail) if part)
        ticket = f"#{row.ticket}" if row.ticket else ""
        came = f"{row.received_at:%Y-%m-%d %H:%M:%S}"
        cells = (
            str(row.id),
            came,
            row.sender or row.mail_from,
            row.recipient,
            row.subject,
            row.disposition,
            ticket,
            why,
        )
        table.add_row(*[_printable(cell) for cell in cells])
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table, markup=False)
    sums = journal.sums(**asked)
    for name, count in sorted(sums.items()):
        click.echo(f"{count:>8}  {name}")
    click.echo(f"{sum(sums.values()):>8}  together")


def _printable(text: str) -> Any:
    """What strangers wrote, without what could steer a terminal or rich's own marks."""
    from rich.text import Text

    return Text("".join(letter if letter.isprintable() else "�" for letter in text))


@click.command()
@click.option("--recipient", "recipients", multiple=True, required=True, help="Whom the mail is for; may come again.")
@click.option("--sender", default="", help="The envelope's sender; empty for a bounce.")
@click.pass_obj
def pipe(folder: Path, recipients: tuple[str, ...], sender: str) -> int:
    """Take one mail from standard input, for a mail server's pipe.

    Exit status as mail servers know it: 0 kept, 67 no such recipient, 65 empty or too large, 75 try again later.
    """
    from hauspost.doors.listeners.exits import EX_TEMPFAIL

    try:
        config = _at_the_desk(folder)
        from hauspost.doors.listeners.pipe import take
        from hauspost.duties.intake.actions import is_ours, keep
    except ConfigFault as fault:
        # A wrong setting is ours to mend; the mail must wait meanwhile, not bounce.
        click.echo(f"4.3.5 {fault}", err=True)
        return EX_TEMPFAIL
    except Exception as fault:
        click.echo(f"4.3.0 Hauspost cannot take mail at the moment: {fault}", err=True)
        return EX_TEMPFAIL
    status, words = take(
        sys.stdin.buffer,
        recipients=recipients,
        sender=sender,
        limit_bytes=config.mail_size_limit,
        keep=keep,
        is_ours=is_ours,
    )
    if words:
        click.echo(words, err=True)
    return status
