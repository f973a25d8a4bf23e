"""The hauspost command: words, exit statuses, and what each part of it tells."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from hauspost.doors.cli.main import COMMANDS, run
from hauspost.duties.intake.models import Delivery
from hauspost.records.people.models import Person
from tests.doors._running import REPOSITORY, clean_environment

MAIL = b"From: Ada <ada@firma.example>\r\nTo: postmaster@lindner.example\r\nSubject: Drucker \xfc\r\n\r\nEr steht.\r\n"

Says = Callable[..., tuple[int, str]]


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Says:
    """Run the command in the tests' folder; answers its status and all its words."""

    def command(*arguments: str) -> tuple[int, str]:
        status = run(["--folder", str(settings.HAUSPOST.folder), *arguments])
        found = capsys.readouterr()
        return status, found.out + found.err

    return command


def test_help_names_every_command_and_imports_nothing_slow() -> None:
    check = "import sys; from hauspost.doors.cli.main import run; assert run(['--help']) == 0; "
    check += "slow = {'django', 'rich', 'granian', 'aiosmtpd', 'psycopg'} & set(sys.modules); assert not slow, slow"
    found = subprocess.run([sys.executable, "-c", check], check=True, cwd=REPOSITORY, capture_output=True, text=True)
    for name in set(COMMANDS) - {"household"}:
        assert f"\n  {name} " in found.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(says: Says, name: str) -> None:
    status, words = says(name, "--help")
    assert status == 0
    assert "Usage: hauspost" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "No such command 'fly'"),
        (["up", "--fast"], "No such option"),
        (["mail", "ledger", "--on", "yesterday"], "does not match the format"),
        (["mail", "ledger", "--limit", "0"], "0 is not in the range"),
        (["mail", "read", "missing.eml"], "No such file"),
        (["mail", "import", "missing"], "does not exist"),
        (["pipe"], "Missing option '--recipient'"),
        (["person", "erase"], "Missing argument"),
        (["record", "verify", "--seal", "missing"], "does not exist"),
    ],
)
def test_wrong_arguments_have_words_and_status_2(says: Says, arguments: list[str], words: str) -> None:
    status, told = says(*arguments)
    assert status == 2
    assert words in told
    assert "Traceback" not in told


def test_a_wrong_setting_is_named_with_status_78() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "hauspost", "mail", "ledger"],
        env=clean_environment(HAUSPOST_FOLDER=str(settings.HAUSPOST.folder), HAUSPOST_LANGUAGE="fr"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 78
    assert "HAUSPOST_LANGUAGE" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("process", ["web", "work", "listen"])
def test_a_database_of_another_version_ends_a_process_with_status_78(
    says: Says, monkeypatch: pytest.MonkeyPatch, process: str
) -> None:
    """P19.1: as `up` does, so that systemd does not start it again for ever."""
    monkeypatch.setattr("hauspost.doors.cli._django.pending_migrations", lambda: ["tickets.0002_more"])
    status, words = says(process)
    assert status == 78
    assert "Run: hauspost upgrade" in words


def test_a_folder_without_a_hauspost_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--folder", str(tmp_path), "mail", "ledger"]) == 1
    assert f"There is no Hauspost in {tmp_path}. `hauspost up` sets one up" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["upgrade"], ["move", "--to", "postgresql://localhost/x"], ["mailbox", "list"]])
def test_a_folder_without_a_database_is_named_and_left_as_it_was(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "hauspost.toml").write_text('language = "de"\n')
    found = subprocess.run(
        [sys.executable, "-m", "hauspost", "--folder", str(tmp_path), *arguments],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert f"There is no database here ({tmp_path})" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["hauspost.toml"]


@pytest.mark.django_db
def test_a_refusal_has_words_and_status_1(says: Says) -> None:
    status, words = says("person", "erase", "ghost@firma.example")
    assert status == 1
    assert words
    assert "Traceback" not in words


@pytest.mark.django_db
@pytest.mark.parametrize("content", ["", "\nthree quiet words\n", "   \n"])
def test_an_empty_passphrase_makes_no_backup_without_keys(says: Says, tmp_path: Path, content: str) -> None:
    """P40.1: who asked for the keys must not find out at the restore that they are not inside."""
    file = tmp_path / "passphrase"
    file.write_text(content)
    status, words = says("backup", "--with-keys", "--passphrase-file", str(file), "--to", str(tmp_path / "b.tar.gz"))
    assert status == 1
    assert f"{file} holds no passphrase" in words
    assert not (tmp_path / "b.tar.gz").exists()


def test_one_mail_is_read_as_json_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(MAIL)
    found = subprocess.run(
        [sys.executable, "-m", "hauspost", "mail", "read", str(tmp_path / "one.eml")],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    letter = json.loads(found.stdout)
    assert letter["subject"].startswith("Drucker")
    assert "Er steht." in json.dumps(letter)


@pytest.mark.django_db(transaction=True)
def test_importing_twice_doubles_nothing(says: Says, tmp_path: Path) -> None:
    """P39.2."""
    (tmp_path / "one.eml").write_bytes(MAIL)
    (tmp_path / "two.eml").write_bytes(MAIL.replace(b"Drucker", b"Maus"))
    status, words = says("mail", "import", str(tmp_path))
    assert status == 0
    assert "2 mails read from 2 files; 0 not taken." in words
    status, words = says("mail", "import", str(tmp_path))
    assert "2 mails read from 2 files, 2 of them known already; 0 not taken." in words
    assert Delivery.objects.filter(via="import").count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_ledger_lists_what_came_and_its_sums_add_up(says: Says, tmp_path: Path) -> None:
    """P2.3."""
    (tmp_path / "one.eml").write_bytes(MAIL)
    says("mail", "import", str(tmp_path))
    Delivery.objects.update(subject="Dr\x1b[31mucker", sender="ada@firma.example")
    status, words = says("mail", "ledger", "--from", "ada")
    assert status == 0
    assert "postmaster" in words
    assert "\x1b" not in words
    assert f"{1:>8}  waiting" in words
    assert f"{1:>8}  together" in words
    assert f"{0:>8}  together" in says("mail", "ledger", "--on", "2001-01-01")[1]


@pytest.mark.django_db
def test_the_one_time_link_is_printed_until_there_is_an_administrator(says: Says) -> None:
    """P17.4."""
    status, words = says("user", "link")
    assert status == 0
    assert words.startswith(f"{settings.HAUSPOST.public_url}/first/")
    made = ["user", "create-admin", "--name", "Petra Lind", "--address", "petra@lindner.example"]
    status, words = says(*made, "--password", "a long pass phrase")
    assert (status, words) == (0, "Petra Lind may sign in now as administrator with petra@lindner.example.\n")
    assert Person.objects.filter(is_administrator=True).count() == 1
    assert says("user", "link") == (1, "There is an administrator already; ask them for an account.\n")


@pytest.mark.django_db
def test_an_administrator_needs_a_password_worth_the_name(says: Says) -> None:
    made = ["user", "create-admin", "--name", "Petra", "--address", "petra@lindner.example", "--password", "short"]
    assert says(*made)[0] == 1
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_a_person_is_shown_before_being_erased(says: Says) -> None:
    says(
        "user",
        "create-admin",
        "--name",
        "Kanari Vogel",
        "--address",
        "k@lindner.example",
        "--password",
        "long enough 1",
    )
    status, words = says("person", "erase", "k@lindner.example")
    assert status == 0
    assert "Kanari Vogel (k@lindner.example). Would be erased:" in words
    assert "--yes" in words
    assert Person.objects.filter(name="Kanari Vogel").exists()


@pytest.mark.django_db(transaction=True)
def test_the_record_is_sealed_and_verified(says: Says, tmp_path: Path) -> None:
    says("user", "create-admin", "--name", "Petra", "--address", "petra@lindner.example", "--password", "long enough 1")
    status, words = says("record", "seal", "--to", str(tmp_path / "seals"))
    assert status == 0
    assert words.startswith("Sealed: no. 1")
    (seal,) = (tmp_path / "seals").iterdir()
    status, words = says("record", "verify", "--seal", str(seal))
    assert status == 0, words
    assert "Everything holds. Nobody changed what the given seals cover" in words
    assert "kept elsewhere" in says("record", "verify")[1]
    Person.objects.all()
    from hauspost.ground.history.models import Event

    Event.objects.filter(seq=1).update(kind="forged")
    status, words = says("record", "verify")
    assert status == 1
    assert "BROKEN" in words


@pytest.mark.django_db(transaction=True)
def test_the_database_is_up_to_date_and_says_so(says: Says) -> None:
    assert says("migrate", "--check") == (0, "The database is up to date.\n")


@pytest.mark.django_db(transaction=True)
def test_the_index_is_set_right(says: Says) -> None:
    status, words = says("search", "rebuild")
    assert status == 0
    assert "documents looked at." in words


def test_a_pipe_with_a_wrong_setting_lets_the_mail_wait() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "hauspost", "pipe", "--recipient", "it@lindner.example"],
        env=clean_environment(HAUSPOST_FOLDER=str(settings.HAUSPOST.folder), HAUSPOST_LANGUAGE="fr"),
        input=MAIL,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 75
    assert found.stderr.startswith(b"4.3.5 The setting language")


def test_a_pipe_without_a_database_lets_the_mail_wait(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    found = subprocess.run(
        [sys.executable, "-m", "hauspost", "--folder", str(tmp_path), "pipe", "--recipient", "it@lindner.example"],
        env=clean_environment(),
        input=MAIL,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 75
    assert found.stderr.startswith(b"4.3.0 ")
    assert b"Traceback" not in found.stderr
