"""The journal: many mails, one commit; and no mail answered before it is durable."""

import errno
import threading
from concurrent.futures import wait
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from hauspost.doors.listeners._journal import BATCH, Journal
from hauspost.duties.intake.actions import Envelope

PATIENCE = 20.0


def envelope(name: str) -> Envelope:
    return Envelope(
        raw=b"x",
        size_bytes=1,
        mail_from=name,
        recipients=("it@firma.example",),
        via="smtp",
        source="127.0.0.1",
        transaction=name,
        is_trusted_relay=False,
        received_at=datetime.now(UTC),
    )


class Disk:
    """Writes when it is let, and remembers the groups."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.began, self.may_write = threading.Event(), threading.Event()
        self.fault: dict[str, Exception] = {}

    def keep(self, envelopes: Any) -> None:
        self.began.set()
        assert self.may_write.wait(PATIENCE)
        names = [one.mail_from for one in envelopes]
        for name in names:
            if name in self.fault:
                raise self.fault[name]
        self.groups.append(names)


def test_what_gathers_behind_a_commit_is_written_with_the_next_one() -> None:
    disk = Disk()
    journal = Journal(disk.keep)
    first = journal.keep(envelope("first"))
    assert disk.began.wait(PATIENCE)
    others = [journal.keep(envelope(str(number))) for number in range(9)]
    assert not first.done()
    disk.may_write.set()
    wait([first, *others], PATIENCE)
    assert disk.groups == [["first"], [str(number) for number in range(9)]]
    journal.close()


def test_one_group_is_bounded() -> None:
    disk = Disk()
    journal = Journal(disk.keep)
    mails = [journal.keep(envelope("first"))]
    assert disk.began.wait(PATIENCE)
    mails += [journal.keep(envelope(str(number))) for number in range(BATCH + 5)]
    disk.may_write.set()
    wait(mails, PATIENCE)
    assert [len(group) for group in disk.groups] == [1, BATCH, 5]
    journal.close()


def test_a_bad_mail_takes_no_other_with_it() -> None:
    disk = Disk()
    disk.fault["bad"] = ValueError("cannot be stored")
    journal = Journal(disk.keep)
    mails = {name: journal.keep(envelope(name)) for name in ("first", "one", "bad", "two")}
    disk.may_write.set()
    wait(mails.values(), PATIENCE)
    assert sorted(name for group in disk.groups for name in group) == ["first", "one", "two"]
    with pytest.raises(ValueError, match="cannot be stored"):
        mails["bad"].result()
    journal.close()


def test_an_outage_fails_the_group_at_once_and_drops_the_connection() -> None:
    disk, dropped = Disk(), []
    disk.fault["one"] = OperationalError("away")
    journal = Journal(disk.keep, after_failure=lambda: dropped.append(1))
    first = journal.keep(envelope("first"))
    assert disk.began.wait(PATIENCE)
    others = [journal.keep(envelope(name)) for name in ("one", "two")]
    disk.may_write.set()
    wait([first, *others], PATIENCE)
    assert first.exception() is None
    assert all(isinstance(one.exception(), OperationalError) for one in others)
    assert dropped == [1]
    journal.close()


def test_the_log_tells_of_an_outage_once_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    """P1, P54: without a traceback for each of a thousand mails; a fault of ours is told each time, with its own."""
    disk = Disk()
    disk.may_write.set()
    journal = Journal(disk.keep)

    def keeps(name: str, fault: Exception | None = None) -> None:
        disk.fault = {name: fault} if fault else {}
        wait([journal.keep(envelope(name))], PATIENCE)

    for number in range(5):
        keeps(str(number), OperationalError("connection refused\nIs the server running?"))
    keeps("6", OSError(errno.ENOSPC, "No space left on device"))
    keeps("7")
    keeps("8")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2 and not any(record.exc_info for record in caplog.records)
    assert lines[0].endswith(
        "their senders keep them and try again: connection refused Is the server running?. It is tried again and again;"
        " the next line comes when it works."
    )
    assert lines[1].startswith("Mails are stored again, after 0 s") and "6 failed tries" in lines[1]
    keeps("9", ValueError("a fault"))
    keeps("10", ValueError("a fault"))
    assert [bool(record.exc_info) for record in caplog.records[2:]] == [True, True]
    journal.close()


def test_closing_writes_what_waits() -> None:
    disk = Disk()
    journal = Journal(disk.keep)
    mails = [journal.keep(envelope(str(number))) for number in range(3)]
    disk.may_write.set()
    journal.close()
    assert all(mail.done() and mail.exception() is None for mail in mails)
