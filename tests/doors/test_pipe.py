"""One mail through a pipe, and the exit status a mail server understands."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hauspost.doors.cli import _places
from hauspost.doors.listeners.pipe import take
from hauspost.ground.config import load
from tests.doors._listening import Intake
from tests.doors._running import REPOSITORY, clean_environment

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


def test_while_the_database_is_moved_the_server_tries_again(tmp_path: Path) -> None:
    """What were kept in the old database then, and confirmed, would be missing in the new one (P2.1, P55.2)."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/hauspost.sqlite3").touch()
    words = ["-m", "hauspost", "--folder", str(tmp_path), "pipe", "--recipient", "postmaster"]
    with _places.nobody_serves(load(tmp_path)):
        done = subprocess.run([sys.executable, *words], input=MAIL, capture_output=True, env=clean_environment())
    assert done.returncode == 75
    assert done.stderr.startswith(b"4.3.0 ") and b"a move of this desk is at work" in done.stderr


@pytest.mark.parametrize(("found", "answered"), [(0, 0), (65, 65), (67, 67), (1, 75), (2, 75), (127, 75), (137, 75)])
def test_a_program_that_fails_returns_no_mail_through_the_shipped_script(
    tmp_path: Path, found: int, answered: int
) -> None:
    """An update in progress or no memory left is no verdict on a mail."""
    program = tmp_path / "hauspost"
    program.write_text(f"#!/bin/sh\nexit {found}\n")
    program.chmod(0o755)
    shipped = (REPOSITORY / "deploy/postfix/hauspost-pipe").read_text()
    script = shipped.replace("/opt/hauspost/bin/hauspost", str(program))
    assert subprocess.run(["sh", "-c", script], input=MAIL).returncode == answered
