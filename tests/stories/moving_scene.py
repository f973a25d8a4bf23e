"""Played in a process of its own by test_moving.py: fills one database, moves it, looks at the other."""

import json
import sys
from pathlib import Path

import django


def fill() -> None:
    """A small life of tickets in the folder's own database."""
    from django.core.management import call_command

    from hauspost.ground.history.sealing import seal
    from hauspost.records.tickets import actions as tickets
    from hauspost.records.tickets.writing import Writing
    from tests.desk import Desk

    call_command("migrate", verbosity=0)
    desk = Desk.opened()
    ticket = desk.ticket("petra", subject="Müllers Drucker")
    tickets.reply(ticket, Writing(text="Bitte neu starten."), actor=desk.actor("anna"))
    desk.works()
    seal(Path(sys.argv[2]))


def move() -> None:
    """Everything to the other database."""
    from hauspost.doors.cli import _moving
    from hauspost.ground.databases import settings_of

    moved = _moving.move(settings_of(sys.argv[2], Path(sys.argv[3])))
    assert all(one.there == one.here for one in moved), moved


def look() -> None:
    """What is here: counts, faults, rows that their events do not rebuild, and what search finds."""
    from hauspost.ground.history.models import Event
    from hauspost.ground.history.verification import verify
    from hauspost.ground.search.actions import search
    from hauspost.records.tickets.keepers import KEEPERS
    from hauspost.records.tickets.models import Ticket
    from hauspost.records.tickets.rebuilding import rebuilt, row_of

    found = verify(KEEPERS)
    crooked = [row.number for row in Ticket.objects.with_names() if rebuilt(row.stream) != row_of(row)]
    seen = {
        "events": found.events,
        "parts": found.parts,
        "seals": found.seals,
        "faults": [str(fault) for fault in found.faults],
        "crooked": crooked,
        "digests": [bytes(digest).hex() for digest in Event.objects.order_by("id").values_list("digest", flat=True)],
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
    tickets.note(Ticket.objects.get(), Writing(text="Hier geht es weiter."), actor=anna)


if __name__ == "__main__":
    django.setup()
    {"fill": fill, "move": move, "look": look, "go_on": go_on}[sys.argv[1]]()
