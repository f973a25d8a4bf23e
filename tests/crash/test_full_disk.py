"""A full disk is nobody's fault: what was tried waits, and is done once there is room again."""

import errno
from email.message import EmailMessage

import pytest

from hauspost.duties.reactions.running import react_next
from hauspost.duties.reactions.table import BY_NAME
from hauspost.ground.files.folder import Folder
from hauspost.ground.history.models import Event, Pending
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk

pytestmark = pytest.mark.django_db


def no_room(*asked: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def with_a_file(desk: Desk) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address("petra"), desk.address("it"), "Scan"
    mail["Message-ID"] = "<full@mail.example>"
    mail.set_content("Siehe Anlage.")
    mail.add_attachment(b"x" * 1000, maintype="application", subtype="x-dump", filename="dump.bin")
    return mail.as_bytes()


def test_a_mail_whose_files_find_no_room_waits_and_others_go_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1.1, P2.1: not set aside as if it were unreadable, and it holds up nobody."""
    with monkeypatch.context() as full:
        full.setattr(Folder, "write", no_room)
        waiting = desk.receives(with_a_file(desk))
        small = desk.receives(desk.letter("yusuf"))
        assert (waiting.disposition, small.disposition) == ("waiting", "ticket")
    desk.works()
    waiting.refresh_from_db()
    assert waiting.disposition == "ticket"
    assert [file.size_bytes for file in Ticket.objects.get(number=waiting.ticket).entries.get().attachments.all()] == [
        1000
    ]


def test_a_reaction_that_finds_no_room_is_tried_until_there_is_some(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P37.1: three tries are for faults of its own; a disk may be full for longer than a minute."""
    done: list[Event] = []
    monkeypatch.setitem(BY_NAME, "acknowledge", no_room)
    desk.receives(desk.letter("petra"))
    for minute in range(1, 6):
        with desk.later(minutes=minute):
            react_next()
    assert not Pending.objects.parked().exists()
    monkeypatch.setitem(BY_NAME, "acknowledge", done.append)
    with desk.later(minutes=6):
        desk.works()
    assert len(done) == 1
    assert not Pending.objects.exists()
