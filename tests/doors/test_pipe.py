"""One mail through a pipe, and the exit status a mail server understands."""

import io
from typing import Any

import pytest

from hauspost.doors.listeners.pipe import take
from tests.doors._listening import Intake

MAIL = b"Subject: Drucker\n\nEr steht.\n"


@pytest.fixture
def intake() -> Intake:
    return Intake()


def taken(intake: Intake, raw: bytes = MAIL, to: str = "it@firma.example", **told: Any) -> int:
    status, words = take(
        io.BytesIO(raw),
        recipients=[to],
        sender=told.get("sender", "ada@firma.example"),
        limit_bytes=told.get("limit_bytes", 1000),
        keep=intake.keep,
        is_ours=intake.is_ours,
    )
    assert bool(words) == bool(status)
    return status


def test_a_mail_is_kept_and_the_server_hears_zero(intake: Intake) -> None:
    assert taken(intake) == 0
    (envelope,) = intake.kept
    assert (envelope.via, envelope.mail_from, envelope.recipients) == (
        "pipe",
        "ada@firma.example",
        ("it@firma.example",),
    )
    assert intake.contents == [MAIL]
    assert not envelope.is_trusted_relay


def test_a_bounce_comes_from_nobody(intake: Intake) -> None:
    taken(intake, sender="<>")
    assert intake.kept[0].mail_from == ""


def test_an_unknown_recipient_is_ex_nouser(intake: Intake) -> None:
    assert taken(intake, to="ghost@firma.example") == 67
    assert intake.kept == []


def test_the_postmaster_is_always_there(intake: Intake) -> None:
    assert taken(intake, to="postmaster") == 0


def test_an_empty_or_oversized_mail_is_ex_dataerr(intake: Intake) -> None:
    assert taken(intake, b"\n") == 65
    assert taken(intake, b"x" * 1001) == 65
    assert intake.kept == []


def test_when_it_cannot_be_stored_the_server_tries_again(intake: Intake) -> None:
    intake.refuses = lambda envelope: ConnectionError("away")
    assert taken(intake) == 75
    intake.is_down = True
    assert taken(intake) == 75
