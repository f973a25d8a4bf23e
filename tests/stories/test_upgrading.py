"""Upgrading a desk that a released version has filled: everything arrives, or everything is as it was."""

import json
import shutil
from pathlib import Path

import pytest

from tests.stories.keeping import ROOT, command, play, postgres_database

RELEASED = sorted((ROOT / "tests/released").glob("*.tar.gz"))
PASSPHRASE = "the cast of lindner"

pytestmark = pytest.mark.once


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    return "sqlite" if request.param == "sqlite" else postgres_database("upgraded")


@pytest.fixture(params=RELEASED, ids=lambda path: path.name)
def released(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> tuple[Path, Path]:
    """A folder in which a released version stands, and the backup it came from."""
    play("as_released", tmp_path, database_url, str(request.param), PASSPHRASE)
    return tmp_path, request.param


def test_every_released_version_upgrades_and_nothing_changes(released: tuple[Path, Path], database_url: str) -> None:
    """P19.1, P19.2: counts and digests of every table over the columns it had, and the whole record."""
    desk, file = released
    before = play("rows_of_old", desk, database_url, str(file))
    assert "Run: hauspost upgrade" in command(desk, "web", database_url=database_url, status=78)
    assert "Run: hauspost upgrade" in command(desk, "work", database_url=database_url, status=78)
    assert "Run: hauspost upgrade" in command(desk, "listen", database_url=database_url, status=78)

    words = command(desk, "upgrade", database_url=database_url)

    assert "everything holds" in words
    after = json.loads(play("rows_of_old", desk, database_url, str(file)))
    assert after == json.loads(before)
    assert after["tickets.Ticket"]["rows"] and after["tickets.Attachment"]["rows"]
    seen = json.loads(play("look", desk, database_url))
    assert seen["faults"] == [] and seen["crooked"] == [] and seen["found"]
    play("go_on", desk, database_url)
    assert "nothing to upgrade" in command(desk, "upgrade", database_url=database_url)

    # P19.4: the backup that the upgrade made holds the old state; the older program restores it in one command.
    (made,) = (desk / "backups").glob("*.tar.gz")
    words = command(
        desk.parent, "restore", str(made), "--folder", str(desk / "old"), "--keys", str(desk / "data/keys.json")
    )
    assert "all hold" in words


def test_a_failed_migration_leaves_the_old_state(released: tuple[Path, Path], database_url: str) -> None:
    """P19.1, on both databases: a migration that raises, and one after which something is missing."""
    desk, file = released
    before = play("rows_of_old", desk, database_url, str(file))
    for how, words in (("fail", "planted"), ("lose", "tickets.Tag had 1 rows and has 0")):
        said = play("upgrade", desk, database_url, how, "3", status=1)
        assert words in said and "The database is as it was before" in said
        assert play("rows_of_old", desk, database_url, str(file)) == before
        assert "pending" in command(desk, "migrate", "--check", database_url=database_url, status=1)
    assert "everything holds" in command(desk, "upgrade", database_url=database_url)


def test_killed_in_the_middle_and_run_again_it_succeeds(released: tuple[Path, Path], database_url: str) -> None:
    """P19.3: killed after the first migration, and again later."""
    desk, file = released
    before = play("rows_of_old", desk, database_url, str(file))
    for at in ("1", "5"):
        play("upgrade", desk, database_url, "kill", at, status=-9)
    assert play("rows_of_old", desk, database_url, str(file)) == before
    assert "everything holds" in command(desk, "upgrade", database_url=database_url)
    assert play("rows_of_old", desk, database_url, str(file)) == before


def test_a_database_newer_than_the_program_is_not_served(tmp_path: Path) -> None:
    """P19.4: whoever installs the older version again is told what to do."""
    import sqlite3

    command(tmp_path, "migrate")
    with sqlite3.connect(tmp_path / "data/hauspost.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('tickets', '9999_later', '2030-01-01')"
        )
    for part in ("web", "work", "listen"):
        assert "newer than this program: it has tickets.9999_later" in command(tmp_path, part, status=78)
    assert "newer than this program" in command(tmp_path, "upgrade", status=1)
    shutil.rmtree(tmp_path / "data")
