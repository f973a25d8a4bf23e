"""Mail arrives over LMTP: a reply for every recipient, also when a mail is refused (RFC 2033)."""

import errno
import os
import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hauspost.doors.listeners._arrival import Arrival
from tests.doors._listening import PATIENCE, Door, Intake

MAIL = b"Subject: Drucker\r\n\r\nEr steht.\r\n"


@pytest.fixture
def intake() -> Intake:
    found = Intake()
    found.addresses |= {"hr@firma.example"}
    return found


@pytest.fixture
def door(intake: Intake, tmp_path: Path) -> Iterator[Door]:
    with Door(intake, tmp_path, is_lmtp=True, size_limit=100_000) as opened:
        yield opened


def test_it_greets_with_lhlo_only(door: Door) -> None:
    guest = door.guest(greet=False)
    guest.reads()
    assert guest.says("EHLO there").startswith("500 5.5.1")
    assert guest.says("HELO there").startswith("500 5.5.1")
    words = guest.says("LHLO there")
    assert {"SIZE 100000", "PIPELINING", "ENHANCEDSTATUSCODES"} <= {line[4:] for line in words.splitlines()}


def test_each_recipient_has_a_reply_of_its_own(door: Door, intake: Intake) -> None:
    guest = door.guest()
    replies = guest.names("it@firma.example", "ghost@firma.example", "hr@firma.example")
    assert [reply[:9] for reply in replies] == ["250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5"]
    guest.says("DATA")
    guest.sends(MAIL + b".\r\n")
    assert [guest.reads()[:9] for _ in range(2)] == ["250 2.0.0", "250 2.0.0"]
    assert guest.says("NOOP") == "250 2.0.0 OK"
    (envelope,) = intake.kept
    assert (envelope.via, envelope.recipients) == ("lmtp", ("it@firma.example", "hr@firma.example"))


def test_a_mail_that_is_too_big_is_refused_once_per_recipient(door: Door) -> None:
    guest = door.guest()
    guest.names("it@firma.example", "hr@firma.example")
    guest.says("DATA")
    guest.sends((b"x" * 78 + b"\r\n") * 1500 + b".\r\n")
    assert [guest.reads()[:9] for _ in range(2)] == ["552 5.3.4", "552 5.3.4"]
    assert guest.says("NOOP") == "250 2.0.0 OK"


def test_a_mail_that_cannot_be_stored_is_put_off_once_per_recipient(door: Door, intake: Intake) -> None:
    intake.refuses = lambda envelope: ConnectionError("the database is away")
    guest = door.guest()
    guest.names("it@firma.example", "hr@firma.example")
    guest.says("DATA")
    guest.sends(MAIL + b".\r\n")
    assert [guest.reads()[:9] for _ in range(2)] == ["451 4.3.0", "451 4.3.0"]


@pytest.mark.parametrize("fails", ["move_to_disk", "content"])
def test_when_the_disk_is_full_nothing_of_the_mail_is_taken_for_a_command(
    door: Door, intake: Intake, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """S20: what is behind a refusal in the middle of a mail is still the mail; its sender keeps it (P2.1)."""

    def no_room(self: Arrival) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"{Arrival.__module__}.SPOOL_ABOVE", 1000)
    monkeypatch.setattr(Arrival, fails, no_room)
    guest = door.guest()
    guest.names("it@firma.example", "hr@firma.example")
    guest.says("DATA")
    smuggled = b"RSET\r\nMAIL FROM:<eve@x.example>\r\nRCPT TO:<it@firma.example>\r\nDATA\r\n" + MAIL
    guest.sends((b"x" * 78 + b"\r\n") * 100 + smuggled + b".\r\n")
    assert [guest.reads()[:9] for _ in range(2)] == ["451 4.3.0", "451 4.3.0"]
    guest.socket.shutdown(socket.SHUT_WR)
    assert guest.is_shown_out()
    assert intake.kept == []
    assert list((door.folder / "spool").glob("*")) == []


def test_a_spool_file_is_gone_also_when_the_disk_is_too_full_to_close_it(tmp_path: Path) -> None:
    """P2.1: its last bytes find no room at closing; nothing of it may stay behind."""
    arrival = Arrival(1000, tmp_path)
    arrival.take(b"x" * 200)
    arrival.move_to_disk()
    arrival.take(b"x" * 200)
    full = os.open("/dev/full", os.O_WRONLY)
    assert arrival._file is not None
    os.dup2(full, arrival._file.fileno())
    os.close(full)
    arrival.discard()
    assert list(tmp_path.glob("*")) == []


def test_data_without_a_recipient_has_one_reply(door: Door) -> None:
    """RFC 2033 section 4.2."""
    guest = door.guest()
    guest.names("ghost@firma.example")
    assert guest.says("DATA").startswith("503 5.5.1")
    assert guest.says("NOOP") == "250 2.0.0 OK"


def test_pipelined_replies_stay_in_order(door: Door) -> None:
    guest = door.guest()
    commands = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<it@firma.example>\r\nRCPT TO:<hr@firma.example>\r\nDATA\r\n"
    guest.sends(commands + MAIL + b".\r\nMAIL FROM:<b@x.example>\r\nQUIT\r\n")
    assert [guest.reads()[:3] for _ in range(8)] == ["250", "250", "250", "354", "250", "250", "250", "221"]


def test_a_unix_socket_is_a_door_too_and_a_dead_one_is_replaced(intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    with (
        Door(intake, tmp_path, is_lmtp=True, address=f"unix:{path}"),
        smtplib.LMTP(str(path), timeout=PATIENCE) as client,
    ):
        assert client.sendmail("a@x.example", ["it@firma.example"], MAIL) == {}
    assert intake.contents == [MAIL]
    assert intake.kept[0].is_trusted_relay
