"""A ticket in one signed file: complete, and whoever changes a letter of it is found."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hauspost.duties.dossiers.actions import make_dossier
from hauspost.duties.privacy.erasure import erase
from hauspost.ground.history import dossier, sealing
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk


@pytest.fixture
def ticket(desk: Desk, tmp_path: Path) -> Ticket:
    """A ticket by mail with a reply, a note with a file, and a seal over the beginning."""
    made = desk.ticket("petra", subject="Drucker klemmt", text="Er zieht kein Papier ein.")
    sealing.seal(tmp_path)
    photo = NewFile("foto.png", "image/png", b"\x89PNG rot")
    actions.note(made, Writing(text="Ersatzteil bestellt.", files=[photo]), actor=desk.actor("deniz"))
    return made


def altered(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of the dossier with one file changed."""
    target = path.with_name("altered.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == name else content)
    return target


def test_a_dossier_holds_everything_and_proves_itself(desk: Desk, ticket: Ticket, tmp_path: Path) -> None:
    path = make_dossier(ticket, tmp_path / "ticket.zip", actor=SYSTEM)
    found = dossier.check(path)
    assert found.faults == []
    assert (found.stream, found.erased) == (ticket.stream, 0)
    assert found.seals[0][2] >= 1
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert b"Ersatzteil bestellt." in archive.read("entries/0002.txt")
        file = next(name for name in names if name.startswith("files/"))
        assert archive.read(file) == b"\x89PNG rot"
    assert found.events == json.loads(zipfile.ZipFile(path).read("manifest.json"))["events"]


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("record.json", lambda raw: raw.replace(b"Drucker", b"Trucker"), "altered"),
        ("record.json", lambda raw: json.dumps(json.loads(raw)[:-1]).encode(), "events"),
        ("entries/0001.txt", lambda raw: raw + b"!", "entries/0001.txt was altered"),
        ("manifest.json", lambda raw: raw.replace(b'"events": ', b'"events":  '), "the signature does not fit"),
        ("seals.json", lambda raw: raw.replace(b'"number": 1', b'"number": 2'), "seals.json was altered"),
    ],
)
def test_whoever_changes_a_dossier_is_found(
    desk: Desk, ticket: Ticket, tmp_path: Path, name: str, change: Callable[[bytes], bytes], words: str
) -> None:
    path = make_dossier(ticket, tmp_path / "ticket.zip", actor=SYSTEM)
    assert any(words in fault for fault in dossier.check(altered(path, name, change)).faults)


def test_files_can_neither_be_added_nor_taken_away(desk: Desk, ticket: Ticket, tmp_path: Path) -> None:
    path = make_dossier(ticket, tmp_path / "ticket.zip", actor=SYSTEM)
    more = Path(shutil.copy(path, tmp_path / "more.zip"))
    with zipfile.ZipFile(more, "a") as archive:
        archive.writestr("files/0001-1.png", b"another")
    assert any("was added" in fault or "was altered" in fault for fault in dossier.check(more).faults)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "less.zip", "w") as new:
        for info in old.infolist():
            if not info.filename.startswith("files/"):
                new.writestr(info.filename, old.read(info))
    assert any("is missing" in fault for fault in dossier.check(tmp_path / "less.zip").faults)


def test_a_forger_with_another_key_is_found_by_a_seal_kept_elsewhere(
    desk: Desk, ticket: Ticket, tmp_path: Path
) -> None:
    path = make_dossier(ticket, tmp_path / "ticket.zip", actor=SYSTEM)
    assert any("another key" in fault for fault in dossier.check(path, trusted=[b"k" * 32]).faults)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_anything_else_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "something.zip"
    path.write_bytes(content)
    with pytest.raises(dossier.NotADossier):
        dossier.check(path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", "[]")
        archive.writestr("signature.json", "{}")
    with pytest.raises(dossier.NotADossier):
        dossier.check(tmp_path / "other.zip")


def test_only_leads_and_auditors_take_a_ticket_out_of_the_house(desk: Desk, ticket: Ticket, tmp_path: Path) -> None:
    """S5: whoever may not see it gets the same answer as for none."""
    with pytest.raises(NotAllowed):
        make_dossier(ticket, tmp_path / "a.zip", actor=desk.actor("deniz"))
    with pytest.raises(NotFound):
        make_dossier(ticket, tmp_path / "b.zip", actor=desk.actor("petra"))
    made = make_dossier(ticket, tmp_path / "c.zip", actor=desk.actor("wolfgang"))
    assert dossier.check(made).faults == []


def test_what_was_erased_is_not_in_it_and_it_still_holds(lasting_desk: Desk, tmp_path: Path) -> None:
    """P41.2."""
    ticket = lasting_desk.ticket("petra", text="Er zieht kein Papier ein.")
    erase(lasting_desk.person("petra"), actor=lasting_desk.actor("karim"))
    found = dossier.check(make_dossier(ticket, tmp_path / "ticket.zip", actor=SYSTEM))
    assert found.faults == []
    assert found.erased > 0
    with zipfile.ZipFile(tmp_path / "ticket.zip") as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "replace")
    assert "kein Papier" not in whole
