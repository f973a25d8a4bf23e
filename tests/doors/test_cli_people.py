"""People and places by command: what would happen, what happened, and what a human has to look at."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import translation

from hauspost.doors.cli.main import run
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Person
from hauspost.records.places.models import Site

Says = Callable[..., tuple[int, str]]
HEAD = "Personalnummer;Name;E-Mail;Abteilung;Standort\n"


@pytest.fixture
def says(db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Says:
    """Run the command in the tests' folder, with nobody at the keyboard; answers its status and all its words."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def command(*arguments: object) -> tuple[int, str]:
        status = run(["--folder", str(settings.HAUSPOST.folder), *map(str, arguments)])
        found = capsys.readouterr()
        return status, found.out + found.err

    return command


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    """A file of twenty people."""
    rows = (f"{number};Person {number};p{number}@firma.example;Lager;Köln\n" for number in range(20))
    path = tmp_path / "staff.csv"
    path.write_text(HEAD + "".join(rows), encoding="cp1252")
    return path


def test_a_dry_run_shows_every_field_and_does_nothing(says: Says, staff: Path) -> None:
    status, words = says("people", "import", staff, "--dry-run")

    assert (status, Person.objects.count()) == (0, 0)
    for told in (
        "create Person 3 (line 5)",
        "E-mail: – → p3@firma.example",
        "New department: Lager",
        "New place: Köln",
        "Nothing was done",
    ):
        assert told in words


def test_a_command_speaks_english_whatever_the_desk_speaks(says: Says, staff: Path, tmp_path: Path) -> None:
    """One language, not two in a sentence; what it writes for people of the desk is in theirs."""
    with override_settings(LANGUAGE_CODE="de"), translation.override("de"):
        words = says("people", "import", staff, "--dry-run")[1]
        assert "Column 'Personalnummer' is Personnel number" in words and "E-mail: – →" in words
        assert "Nobody here is known as ghost@firma.example" in says("person", "erase", "ghost@firma.example")[1]
        says("people", "export", "--to", tmp_path / "out.csv")
        assert translation.get_language() == "de"
    assert "Personalnummer" in (tmp_path / "out.csv").read_text("utf-8-sig")


def test_an_import_is_done_once(says: Says, staff: Path) -> None:
    status, words = says("people", "import", staff)
    assert (status, Person.objects.count()) == (0, 20)
    assert "20 created, 0 changed, 0 archived." in words

    status, words = says("people", "import", staff)
    assert "as they are 20" in words and "0 created, 0 changed" in words


def test_a_bad_row_is_told_with_its_line_and_the_others_come(says: Says, staff: Path) -> None:
    staff.write_text(HEAD + "1;One;nonsense;;\n2;Two;two@firma.example;;\n", encoding="utf-8")

    status, words = says("people", "import", staff)

    assert (status, Person.objects.count()) == (1, 1)
    assert "line 2 (One): nonsense is not a mail address" in words


def test_half_a_file_stops_unless_somebody_says_yes(says: Says, staff: Path) -> None:
    """P25.3."""
    says("people", "import", staff)
    staff.write_text(HEAD + "1;Person 1;p1@firma.example;Lager;Köln\n", encoding="utf-8")

    status, words = says("people", "import", staff, "--archive-missing")
    assert (status, Person.objects.active().count()) == (1, 20)
    assert "19 of 20 people (95 %)" in words and "--yes" in words

    status, _words = says("people", "import", staff, "--archive-missing", "--yes")
    assert (status, Person.objects.active().count()) == (0, 1)


def test_columns_are_named_by_hand(says: Says, staff: Path) -> None:
    staff.write_text("Wer;Post;Gruppe\nAda;ada@firma.example;X\n", encoding="utf-8")

    status, words = says(
        "people", "import", staff, "--map", "Wer=name", "--map", "Post=address", "--no-new-departments"
    )

    assert (status, Person.objects.get().name) == (0, "Ada")
    assert "Not read: 'Gruppe'" in words
    status, words = says("people", "import", staff, "--map", "Wer")
    assert status == 2 and "'Wer' is not COLUMN=FIELD" in words
    status, words = says("people", "import", staff)
    assert status == 1 and "Traceback" not in words


def test_what_was_exported_comes_back(says: Says, staff: Path, tmp_path: Path) -> None:
    """Numbers, names, departments and places as they were."""
    says("people", "import", staff)
    people.add_person("=1+1", "formula@firma.example", actor=SYSTEM)
    target = tmp_path / "out.csv"

    status, _words = says("people", "export", "--to", target)

    assert (status, target.read_bytes()[:3]) == (0, b"\xef\xbb\xbf")
    assert "'=1+1" in target.read_text("utf-8-sig")
    status, words = says("people", "import", target)
    assert (status, Person.objects.count()) == (0, 21)
    assert "as they are 21" in words


def test_places_come_and_go_by_file(says: Says, tmp_path: Path) -> None:
    source, target = tmp_path / "places.csv", tmp_path / "out.csv"
    source.write_text("Standort;Gebäude;Raum;Land\nKöln;;;DE\nKöln;Halle 1;Tor 3;\n", encoding="utf-8")
    status, words = says("places", "import", source, "--dry-run")
    assert (status, Site.objects.count()) == (0, 0)
    assert "create Köln › Halle 1 › Tor 3 (line 3)" in words

    assert says("places", "import", source)[0] == 0
    assert says("places", "export", "--to", target)[0] == 0
    status, words = says("places", "import", target, "--archive-missing")
    assert (status, Site.objects.get().country) == (0, "DE")
    assert "To create 0, to change 0, to archive 0, as they are 3, left alone 0." in words
