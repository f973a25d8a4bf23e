"""Played in a process of its own by test_moving.py and test_backup.py: fills a desk, and looks at what is there."""

import json
import sys
from pathlib import Path

import django


def fill() -> None:
    """A small life of tickets in the folder's own database: texts, a file, a reply, a seal."""
    from hauspost.doors.cli import _django
    from hauspost.ground.history.sealing import seal
    from hauspost.records.people import actions as people
    from hauspost.records.people.actor import SYSTEM
    from hauspost.records.tickets import actions as tickets
    from hauspost.records.tickets.writing import NewFile, Writing
    from tests.desk import Desk

    _django.migrate()
    desk = Desk.opened()
    ticket = desk.ticket("petra", subject="Müllers Drucker")
    files = [NewFile("klappe.png", "image/png", b"\x89PNG" + bytes(range(256)) * 40)]
    tickets.reply(ticket, Writing(text="Bitte neu starten.", files=files), actor=desk.actor("anna"))
    for number in range(3):
        desk.ticket("ines", subject=f"Größer als {number}")
    desk.works()
    people.add_mail_account(name="Dovecot", imap_host="imap.x.example", user="it", password="x", actor=SYSTEM)
    seal(Path(sys.argv[2]))


def look() -> None:
    """What is here: counts, faults, rows that their events do not rebuild, and what search finds."""
    from hauspost.ground.files import actions as files
    from hauspost.ground.history.models import Event
    from hauspost.ground.history.verification import verify
    from hauspost.ground.search.actions import search
    from hauspost.records.tickets.keepers import KEEPERS
    from hauspost.records.tickets.models import Ticket
    from hauspost.records.tickets.rebuilding import rebuilt, row_of

    found = verify(KEEPERS)
    crooked = [row.number for row in Ticket.objects.with_names() if rebuilt(row.stream) != row_of(row)]
    events = Event.objects.exclude(stream__name="desk").order_by("id")
    seen = {
        "events": events.count(),
        "parts": found.parts,
        "seals": found.seals,
        "faults": [str(fault) for fault in found.faults] + [str(fault) for fault in files.verify()],
        "crooked": crooked,
        "digests": [bytes(digest).hex() for digest in events.values_list("digest", flat=True)],
        "found": [hit.ref for hit in search("Mueller", readable=None).rows],
    }
    print(json.dumps(seen))


def go_on() -> None:
    """Life goes on: the next rows get numbers of their own."""
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor, Proof
    from hauspost.records.tickets import actions as tickets
    from hauspost.records.tickets.models import Ticket
    from hauspost.records.tickets.writing import Writing
    from tests import world

    anna = Actor(who=person_by(world.ANNA.address), proof=Proof.SESSION)
    tickets.note(Ticket.objects.order_by("number")[0], Writing(text="Hier geht es weiter."), actor=anna)


def as_released() -> None:
    """The desk of a released version in this folder's database: its schema, its rows, its files and keys."""
    from hauspost.duties.keeping import archive, restore
    from hauspost.ground.search import actions as search

    wish = restore.Wish(Path(sys.argv[2]), passphrase=sys.argv[3])
    contents = archive.read_through(wish.file, passphrase=wish.passphrase)
    restore._bring_keys(wish, contents)
    restore._bring_all(contents, lambda share: None)
    search.rebuild()


def rows_of_old() -> None:
    """Counts and digests of every table that a released version had, over the columns that it had (P19.2)."""
    from hauspost.duties.keeping import archive, rows

    header = archive.read_through(Path(sys.argv[2])).header
    now = {table.label: table for table in rows.tables_at(rows.schema())}
    found = {}
    for label, columns in header.tables.items():
        table = rows.Table(label, tuple(columns), now[label].model)
        found[label] = rows.tally(table).as_json()
    print(json.dumps(found))


def upgrade() -> None:
    """`hauspost upgrade`, with one migration that is killed or that fails: argv says which, and how."""
    import os
    import signal

    from django.db.migrations import Migration

    from hauspost.doors.cli.main import run

    plain, wanted, passed = Migration.apply, int(sys.argv[3]), [0]

    def apply(self: Migration, state: object, editor: object, collect_sql: bool = False) -> object:
        passed[0] += 1
        answer = plain(self, state, editor, collect_sql)  # type: ignore[arg-type]
        if passed[0] == wanted and sys.argv[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if passed[0] == wanted and sys.argv[2] == "fail":
            raise RuntimeError("planted")
        if passed[0] == wanted and sys.argv[2] == "lose":
            from hauspost.records.tickets.models import Tag

            Tag.objects.all().delete()
        return answer

    Migration.apply = apply  # type: ignore[method-assign, assignment]
    sys.exit(run(["--folder", os.environ["HAUSPOST_FOLDER"], "upgrade"]))


def deliver() -> None:
    """Mails come in one after the other until a file says stop."""
    from itertools import count

    import tests.desk
    from tests.cast import Company
    from tests.desk import Desk

    # Another process has used the first numbers for its mails.
    tests.desk._numbers = count(100_000)
    desk, stop, number = Desk(Company()), Path(sys.argv[2]), 0
    while not stop.exists():
        number += 1
        sender = "Petra Lang <petra.lang@lindner.example>"
        desk.receives(
            desk.letter(sender, to="it@lindner.example", subject=f"Nummer {number}", text="x" * 3000,
                        message_id=f"storm-{number}@mail.example"),
            to="it@lindner.example",
        )  # fmt: skip
        print(number, flush=True)


if __name__ == "__main__":
    django.setup()
    scenes = (fill, look, go_on, as_released, rows_of_old, upgrade, deliver)
    {scene.__name__: scene for scene in scenes}[sys.argv[1]]()
