"""A backup made while mail comes in, restored elsewhere and on the other database, proves that it is the same desk."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.keeping import ROOT, command, environment, play, postgres_database

RELEASED = sorted((ROOT / "tests/released").glob("*.tar.gz"))
PASSPHRASE = "three quiet words"

pytestmark = pytest.mark.once


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk on SQLite with a small life in it."""
    folder = tmp_path / "desk"
    folder.mkdir()
    play("fill", folder, "", str(tmp_path / "seals"))
    return folder


def newest(folder: Path) -> Path:
    return max((folder / "backups").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)


def test_there_and_back_between_the_databases(desk: Path, tmp_path: Path) -> None:
    """P40.1: keys inside, encrypted; a SQLite backup becomes a PostgreSQL desk, and that one's a SQLite desk again."""
    passphrase, other = tmp_path / "passphrase", tmp_path / "other"
    passphrase.write_text(PASSPHRASE + "\n")
    other.write_text("three wrong words\n")
    before = json.loads(play("look", desk))
    (desk / "hauspost.toml").write_text(
        f'outgoing_host = "127.0.0.1"\noutgoing_user = "us"\noutgoing_password = "canary"\ndata = "{desk / "data"}"\n'
    )
    command(desk, "backup", "--with-keys", "--passphrase-file", str(passphrase))
    file, there = newest(desk), postgres_database("restored")
    to_postgres = ("restore", str(file), "--folder", str(tmp_path / "p"), "--database-url", there)

    assert "does not fit" in command(tmp_path, *to_postgres, "--passphrase-file", str(other), status=1)
    assert not list((tmp_path / "p").iterdir()), "nothing of a failure stays"
    # Without a word on the keys that are inside, a desk that proves less would be made unnoticed.
    refused = command(tmp_path, *to_postgres, status=1)
    assert "--passphrase-file" in refused and "--without-keys" in refused
    assert not list((tmp_path / "p").iterdir())
    knowingly = command(tmp_path, "restore", str(file), "--folder", str(tmp_path / "n"), "--without-keys")
    assert "The keys inside were not opened, so this desk has new ones" in knowingly
    words = command(tmp_path, *to_postgres, "--passphrase-file", str(passphrase))

    assert "this desk's own key" in words and "Held back" in words
    settings = (tmp_path / "p/hauspost.toml").read_text()
    assert f'database_url = "{there}"' in settings and '# outgoing_password = "canary"' in settings
    assert (tmp_path / "p/hauspost.toml").stat().st_mode & 0o777 == 0o600
    assert json.loads(play("look", tmp_path / "p")) == before
    play("go_on", tmp_path / "p")
    assert "not empty" in command(tmp_path, *to_postgres, status=1)
    elsewhere = ("restore", str(file), "--folder", str(tmp_path / "q"), "--database-url", there)
    assert "not empty" in command(tmp_path, *elsewhere, "--passphrase-file", str(passphrase), status=1)
    assert not list((tmp_path / "q").iterdir()), "what was refused is not in the way of another try"

    command(tmp_path / "p", "backup", "--to", str(tmp_path / "back.tar.gz"))
    keys = str(desk / "data/keys.json")
    command(tmp_path, "restore", str(tmp_path / "back.tar.gz"), "--folder", str(tmp_path / "s"), "--keys", keys)
    after = json.loads(play("look", tmp_path / "s", "sqlite"))
    assert after["faults"] == [] and after["events"] == before["events"] + 1
    words = command(tmp_path / "s", "record", "verify", "--seal", str(next((tmp_path / "seals").iterdir())),
                    database_url="sqlite")  # fmt: skip
    assert "Everything holds" in words


def test_without_keys_it_works_and_says_what_is_not_proven(desk: Path, tmp_path: Path) -> None:
    """Old seals still verify by their public keys; a key of another desk is refused."""
    command(desk, "backup")
    strange = tmp_path / "strange"
    command(strange_desk(strange), "record", "seal")
    to = ("restore", str(newest(desk)), "--folder", str(tmp_path / "new"))
    assert "does not fit" in command(tmp_path, *to, "--keys", str(strange / "data/keys.json"), status=1)

    words = command(tmp_path, *to)

    assert "this desk has new ones" in words and "forged as a whole" in words
    assert json.loads(play("look", tmp_path / "new")) == json.loads(play("look", desk))
    play("go_on", tmp_path / "new")
    command(tmp_path / "new", "record", "seal")
    assert "Everything holds" in command(tmp_path / "new", "record", "verify")
    # And once more: what was new here is former there.
    command(tmp_path / "new", "backup")
    command(tmp_path, "restore", str(newest(tmp_path / "new")), "--folder", str(tmp_path / "third"))
    assert "Everything holds" in command(tmp_path / "third", "record", "verify")


def strange_desk(folder: Path) -> Path:
    """Another company's desk."""
    folder.mkdir()
    command(folder, "migrate")
    command(folder, "user", "create-admin", "--name", "X", "--address", "x@x.example", "--password", "long enough 1")
    return folder


def test_a_backup_of_an_older_version_becomes_a_desk_of_this_one(tmp_path: Path) -> None:
    for file in RELEASED:
        folder = tmp_path / file.stem
        words = command(tmp_path, "restore", str(file), "--folder", str(folder), "--without-keys")
        assert "all hold" in words
        assert "up to date" in command(folder, "migrate", "--check")
        assert json.loads(play("look", folder))["faults"] == []


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_made_while_mail_comes_in_it_is_one_whole_moment(tmp_path: Path, database: str) -> None:
    """P40.1: nobody waits, nothing is half there; every row, chain and file of the moment is inside and verifies."""
    desk = tmp_path / "desk"
    desk.mkdir()
    url = postgres_database("stormy") if database == "postgres" else ""
    play("fill", desk, url, str(tmp_path / "seals"))
    stop = tmp_path / "stop"
    storm = subprocess.Popen(
        [sys.executable, "-m", "tests.stories.keeping_scene", "deliver", str(stop)],
        env=environment(desk, url),
        cwd=desk,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert storm.stdout is not None
    for _ in range(3):
        assert storm.stdout.readline(), "the storm did not begin"
    try:
        for number in range(2):
            command(desk, "backup", "--to", str(tmp_path / f"{number}.tar.gz"), database_url=url)
    finally:
        stop.touch()
        delivered = 3 + len(storm.communicate()[0].splitlines())
    assert storm.returncode == 0
    tickets = []
    for number in range(2):
        words = command(
            tmp_path, "restore", str(tmp_path / f"{number}.tar.gz"), "--folder", str(tmp_path / f"r{number}"),
            "--keys", str(desk / "data/keys.json"),
        )  # fmt: skip
        assert "counts and digests are those of then" in words
        seen = json.loads(play("look", tmp_path / f"r{number}"))
        assert seen["faults"] == [] and seen["crooked"] == []
        tickets.append(seen["events"])
    assert tickets[0] < tickets[1], "mail came in between the two"
    assert delivered > 3
    assert json.loads(play("look", desk, url))["faults"] == []


def test_the_drill_tells_whether_the_newest_one_can_be_restored(desk: Path) -> None:
    """The first drill makes its own backup; a damaged one fails the drill and alarms."""
    assert "all hold" in command(desk, "backup", "--drill")
    assert not (desk / "data/drill").exists()
    file = newest(desk)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert "is damaged or was altered" in command(desk, "backup", "--drill", status=1)
    assert not (desk / "data/drill").exists()
    assert "could not be restored in the drill" in command(desk, "doctor", status=1)
    command(desk, "backup")
    assert "all hold" in command(desk, "backup", "--drill")


def test_a_restore_writes_over_nothing(desk: Path, tmp_path: Path) -> None:
    command(desk, "backup")
    file = newest(desk)
    before = sorted(path.name for path in (desk / "data").iterdir())
    assert "is not empty" in command(desk, "restore", str(file), status=1)
    assert sorted(path.name for path in (desk / "data").iterdir()) == before
    # Yesterday's desk in its own place: the settings stay, the data that is in the way was put aside.
    (desk / "hauspost.toml").write_text('language = "de"\n')
    # As docs/keeping.md says it: what lies beside the data is no harm.
    (desk / "data").rename(desk / "data-before")
    words = command(desk, "restore", f"backups/{file.name}", "--keys", "data-before/keys.json")
    assert (desk / "data-before/hauspost.sqlite3").exists() and file.exists()
    assert "stays as it is" in words
    # P40: whatever the settings say, the copy does not empty the mailbox of the desk it was made from.
    assert "On hold, nothing is fetched or sent by them: mail servers Dovecot." in words
    assert "on hold since this desk was restored" in command(desk, "doctor", status=1)
    assert (desk / "hauspost.toml").read_text() == 'language = "de"\n'
    assert json.loads(play("look", desk))["faults"] == []


def test_a_broken_record_is_restored_as_it_was_and_the_drill_alarms(desk: Path, tmp_path: Path) -> None:
    """Whose disk was damaged gets back what there is, and is told exactly what is broken."""
    with sqlite3.connect(desk / "data/hauspost.sqlite3") as database:
        database.execute("UPDATE history_event SET data = '{}' WHERE seq = 1 AND kind = 'ticket.opened'")
    command(desk, "backup")
    words = command(tmp_path, "restore", str(newest(desk)), "--folder", str(tmp_path / "b"), status=1)
    assert "as they were when it was made" in words and "BROKEN" in words
    assert (tmp_path / "b/data/hauspost.sqlite3").exists()
    assert "does not verify" in command(desk, "backup", "--drill", status=1)
