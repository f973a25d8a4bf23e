"""Moving to the other database: everything arrives, and every chain still verifies there."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.doors._running import Running
from tests.stories.keeping import command, environment, play, postgres_database

pytestmark = pytest.mark.once


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk on SQLite with a small life in it."""
    play("fill", tmp_path, "", str(tmp_path / "seals"))
    (tmp_path / "hauspost.toml").write_text('# ours\ntime_zone = "Europe/Berlin"\n')
    return tmp_path


def test_there_and_back_again_nothing_is_lost(desk: Path) -> None:
    """P55.2: counts equal, digests equal, rows rebuilt from events, seals, files and search hold on the other side."""
    there = postgres_database("moved")
    before: dict[str, Any] = json.loads(play("look", desk))
    assert before["faults"] == [] and before["crooked"] == [] and before["found"]

    words = command(desk, "move", "--to", there, "--switch")

    assert "counts and digests are the same there" in words
    text = (desk / "hauspost.toml").read_text()
    assert "# ours" in text and f'database_url = "{there}"' in text
    (desk / "data/hauspost.sqlite3").rename(desk / "put-away.sqlite3")
    assert json.loads(play("look", desk)) == before
    play("go_on", desk)
    moved: dict[str, Any] = json.loads(play("look", desk))
    assert moved["faults"] == [] and moved["events"] > before["events"]

    words = command(desk, "move", "--to", "sqlite")

    assert 'database_url = "sqlite"' in words
    assert json.loads(play("look", desk, "sqlite")) == moved
    play("go_on", desk, "sqlite")
    assert json.loads(play("look", desk, "sqlite"))["faults"] == []


def test_nothing_moves_while_hauspost_runs_or_into_what_is_used(desk: Path) -> None:
    there = postgres_database("taken")
    with Running("-m", "hauspost", "work", environment=environment(desk)) as running:
        assert "Stop it first" in until_refused(desk, there)
        running.process.terminate()
        running.ends()
    command(desk, "move", "--to", there)
    assert "is not empty" in command(desk, "move", "--to", there, status=1)
    assert "in use" in command(desk, "move", "--to", "sqlite", status=1)
    assert "exists already" in command(desk, "move", "--to", "sqlite", status=1, database_url=there)
    assert "--to takes" in command(desk, "move", "--to", "mysql://x", status=2)


def until_refused(desk: Path, there: str) -> str:
    """The worker holds its lock from its first moment; asked before, the move would simply begin."""
    import fcntl
    import threading

    lock = desk / "data/run/serving.lock"
    for _ in range(6000):
        if lock.exists():
            with lock.open() as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    break
        threading.Event().wait(0.01)
    return command(desk, "move", "--to", there, status=1)


def test_a_broken_record_moves_as_it_is_and_is_told(desk: Path) -> None:
    """Disk damage keeps nobody from leaving SQLite; that the move broke nothing is proven by the same breaks here."""
    there = postgres_database("broken")
    with sqlite3.connect(desk / "data/hauspost.sqlite3") as database:
        database.execute("UPDATE history_event SET data = '{}' WHERE seq = 1 AND kind = 'ticket.opened'")
    assert "the same as here" in command(desk, "move", "--to", there)
    assert "BROKEN" in command(desk, "record", "verify", database_url=there, status=1)
