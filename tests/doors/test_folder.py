"""Mail from files: each taken once, however often it is looked at, and whatever dies in between."""

import mailbox
import os
from pathlib import Path

import pytest
from django.db import OperationalError

from hauspost.doors.listeners.folder import Found, UnreadableMail, Watch, envelope_of, keep_all, mails_in
from tests.doors._listening import Intake

LIMIT = 100_000


def mail(subject: str, to: str = "it@firma.example") -> bytes:
    return (
        f"Return-Path: <ada@firma.example>\nFrom: Ada <ada@x.example>\nTo: {to}\nSubject: {subject}\n\nHallo\n".encode()
    )


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    box = mailbox.Maildir(str(tmp_path / "box"))
    for name in ("one", "two"):
        box.add(mail(name))
    box.close()
    return tmp_path / "box"


def watch(intake: Intake, *paths: Path) -> Watch:
    return Watch(paths, keep=intake.keep, limit_bytes=LIMIT, is_ours=intake.is_ours)


def settled(file: Path) -> Path:
    os.utime(file, (1_700_000_000, 1_700_000_000))
    return file


def test_a_maildirs_new_mail_is_kept_and_moved_to_cur(intake: Intake, maildir: Path) -> None:
    assert watch(intake, maildir).look() == 2
    assert {envelope.via for envelope in intake.kept} == {"folder"}
    assert list((maildir / "new").iterdir()) == []
    assert len(list((maildir / "cur").iterdir())) == 2
    assert watch(intake, maildir).look() == 0


def test_killed_between_keeping_and_moving_a_mail_has_the_same_identity_again(intake: Intake, maildir: Path) -> None:
    """P2.1: intake keeps a transaction once."""
    first = [
        envelope_of(found, via="folder") for found in mails_in(maildir, limit_bytes=LIMIT) if isinstance(found, Found)
    ]
    watch(intake, maildir).look()
    assert {one.transaction for one in first} == {one.transaction for one in intake.kept}


def test_a_mail_that_cannot_be_stored_stays_in_new(intake: Intake, maildir: Path) -> None:
    intake.refuses = lambda envelope: ConnectionError("away") if b"one" in bytes(envelope.raw) else None  # type: ignore[arg-type]
    looking = watch(intake, maildir)
    assert looking.look() == 1
    assert len(list((maildir / "new").iterdir())) == 1
    intake.refuses = lambda envelope: None
    assert looking.look() == 1


def test_without_the_database_the_mails_wait_and_the_log_tells_of_it_once(
    intake: Intake, maildir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """P1, P54: and the connection is dropped, so that the next one is a good one."""
    intake.refuses, dropped = lambda envelope: OperationalError("away"), []
    looking = Watch([maildir], keep=intake.keep, limit_bytes=LIMIT, after_failure=lambda: dropped.append(1))
    for _ in range(3):
        looking.look_once()
    assert len(list((maildir / "new").iterdir())) == 2 and len(dropped) == 3
    intake.refuses = lambda envelope: None
    looking.look_once()
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(",")[0].partition(":")[0] for line in lines] == [
        "Mails of watched folders wait where they lie", "Watched folders are taken from again"
    ]  # fmt: skip
    assert not any(record.exc_info for record in caplog.records)


def test_an_mbox_gives_its_mails_once_and_again_only_what_was_added(intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "it.mbox"
    path.write_bytes(b"From ada Mon\n" + mail("one") + b">From the start\n\nFrom ada Tue\n" + mail("two") + b"\n")
    settled(path)
    looking = watch(intake, path)
    assert looking.look() == 2
    assert intake.contents == [mail("one") + b"From the start\n", mail("two")]
    with path.open("ab") as file:
        file.write(b"From ada Wed\n" + mail("three") + b"\n")
    os.utime(path, (1_700_000_100, 1_700_000_100))
    assert looking.look() == 1
    again = [found.identity for found in mails_in(path, limit_bytes=LIMIT) if isinstance(found, Found)]
    assert [f"folder:{identity}" for identity in again] == [envelope.transaction for envelope in intake.kept]


def test_the_same_mail_twice_in_an_mbox_is_two(tmp_path: Path) -> None:
    path = tmp_path / "it.mbox"
    path.write_bytes((b"From ada Mon\n" + mail("one") + b"\n") * 2)
    found = list(mails_in(path, limit_bytes=LIMIT))
    assert len({one.identity for one in found if isinstance(one, Found)}) == 2


def test_eml_files_are_taken_once_and_stay_where_they_are(intake: Intake, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.eml", "sub/b.EML", "notes.txt"):
        (tmp_path / name).write_bytes(mail(name))
        settled(tmp_path / name)
    looking = watch(intake, tmp_path)
    assert looking.look() == 2
    assert looking.look() == 0
    assert (tmp_path / "a.eml").exists()


def test_a_file_that_is_still_being_written_waits(intake: Intake, tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(mail("half"))
    looking = watch(intake, tmp_path)
    assert looking.look() == 0
    settled(file)
    assert looking.look() == 1


def test_a_mail_over_the_limit_is_named_and_stops_no_other(intake: Intake, tmp_path: Path) -> None:
    settled_big, settled_small = tmp_path / "a.eml", tmp_path / "b.eml"
    settled_big.write_bytes(b"x" * (LIMIT + 1))
    settled_small.write_bytes(mail("small"))
    outcomes = list(keep_all(mails_in(tmp_path, limit_bytes=LIMIT), keep=intake.keep, via="import"))
    assert [type(outcome) for outcome in outcomes] == [UnreadableMail, Found]
    assert "mail_size_limit" in str(outcomes[0])


def test_an_mbox_mail_over_the_limit_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "it.mbox"
    path.write_bytes(b"From a\n" + b"x\n" * LIMIT + b"\nFrom b\n" + mail("small") + b"\n")
    found = list(mails_in(path, limit_bytes=LIMIT))
    assert [type(one) for one in found] == [UnreadableMail, Found]


def test_a_path_that_is_not_there_is_said_once(
    intake: Intake, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    looking = watch(intake, tmp_path / "gone")
    assert [looking.look(), looking.look()] == [0, 0]
    assert len([record for record in caplog.records if "gone" in record.getMessage()]) == 1


@pytest.mark.parametrize(
    ("headers", "recipients"),
    [
        ("Delivered-To: it@firma.example\nTo: all@x.example", ("it@firma.example",)),
        ("To: Team <it@firma.example>,\n =?utf-8?q?M=C3=BC?= <müller@firma.example>, x@y.example", None),
        ("To: nobody@x.example", ("postmaster",)),
        ("Subject: none", ("postmaster",)),
    ],
)
def test_recipients_stand_in_the_headers(intake: Intake, headers: str, recipients: tuple[str, ...] | None) -> None:
    found = Found(identity="x", raw=f"{headers}\n\nbody".encode(), path=Path("x.eml"))
    envelope = envelope_of(found, via="folder", is_ours=intake.is_ours)
    assert envelope.recipients == (recipients or ("it@firma.example", "müller@firma.example"))


def test_a_watch_in_its_thread_ends_when_told(intake: Intake, maildir: Path) -> None:
    looking = watch(intake, maildir)
    looking.start()
    looking.stop()
    assert len(intake.kept) in (0, 2)
