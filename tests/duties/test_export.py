"""Exporting a person: everything of theirs in one file, and nothing of anybody else's."""

import io
import json
from typing import Any
from zipfile import ZipFile

import pytest

from hauspost.duties.privacy.export import Exported, export
from hauspost.ground.history.models import Event
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk


def exported(desk: Desk, who: str) -> tuple[Exported, ZipFile, dict[str, Any]]:
    target = io.BytesIO()
    sums = export(desk.person(who), target, actor=desk.actor("karim"))
    archive = ZipFile(target)
    return sums, archive, json.loads(archive.read("person.json"))


def test_one_file_holds_everything_of_a_person(desk: Desk) -> None:
    """P41.3: master data, addresses, own tickets' public record, own entries, mails, files; to read and to process."""
    ticket = desk.ticket("petra", text="The scannerword is stuck.")
    file = NewFile("../../beleg ü.txt", "text/plain", b"filecontent")
    tickets.add_answer(
        ticket, Writing(text="And a <b>file</b>.", files=[file]), author=desk.person("petra"), actor=desk.actor("petra")
    )
    tickets.reply(ticket, Writing(text="replyword"), actor=desk.actor("anna"))
    with desk.later(minutes=1):
        desk.works()
        sums, archive, told = exported(desk, "petra")

    assert (sums.tickets, sums.entries, sums.files, sums.mails, sums.missing) == (1, 3, 1, 1, [])
    assert told["person"]["name"] == "Petra Lang"
    assert [row["address"] for row in told["addresses"]] == ["petra.lang@lindner.example"]
    entries = told["tickets"][0]["entries"]
    assert [entry["by"] for entry in entries] == ["the person", "the person", "the desk"]
    assert "scannerword" in entries[0]["text"]
    path = entries[1]["files"][0]["path"]
    assert ".." not in path
    assert archive.read(path) == b"filecontent"
    assert b"scannerword" in archive.read(told["mails_sent_by_the_person"][0]["path"])
    assert {row["kind"] for row in told["mails_to_the_person"]} == {"acknowledgement", "reply"}
    page = archive.read("index.html").decode()
    for word in ("Petra Lang", "scannerword", "replyword", "And a &lt;b&gt;file&lt;/b&gt;."):
        assert word in page
    assert "<b>file" not in page
    for said in ("Acknowledgement", "waiting to be sent", "personal", "Hauspost added the person"):
        assert said in page
    for key in ("acknowledgement", "handed_over", "person.added", "ticket.opened"):
        assert key not in page


def test_nothing_of_other_people_is_in_it(desk: Desk) -> None:
    """P41.3: names of agents and participants, what they wrote, notes, tickets of others."""
    ticket = desk.ticket("petra")
    tickets.note(ticket, Writing(text="noteword about Petra"), actor=desk.actor("anna"))
    tickets.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"))
    file = NewFile("martasfile.txt", "text/plain", b"x")
    tickets.add_answer(
        ticket, Writing(text="martaword", files=[file]), author=desk.person("marta"), actor=desk.actor("marta")
    )
    tickets.reply(ticket, Writing(text="replyword"), actor=desk.actor("anna"))
    other = desk.ticket("yusuf", subject="othersubject", text="otherword")
    tickets.add_participant(other, desk.person("petra"), actor=desk.actor("anna"))
    tickets.add_answer(other, Writing(text="petraselsewhere"), author=desk.person("petra"), actor=desk.actor("petra"))
    with desk.later(minutes=1):
        desk.works()
        _sums, archive, told = exported(desk, "petra")

    everything = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "replace")
    for word in ("noteword", "martaword", "martasfile", "Marta", "Anna", "othersubject", "otherword", "Yusuf"):
        assert word not in everything, word
    assert [row["text"] for row in told["entries_elsewhere"]] == ["petraselsewhere"]
    assert told["follows"][0]["ticket"] == other.number


def test_an_agents_export_counts_their_work_and_does_not_tell_it(desk: Desk) -> None:
    """What an agent wrote is about its requester, and belongs to that one's export."""
    ticket = desk.ticket("petra")
    tickets.note(ticket, Writing(text="noteword about Petra Lang"), actor=desk.actor("anna"))
    desk.works()
    _sums, archive, told = exported(desk, "anna")

    assert [(row["ticket"], row["written_at_work"]) for row in told["entries_elsewhere"]] == [(ticket.number, True)]
    assert told["teams"][0]["role"]
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "noteword" not in everything
    assert "Petra" not in everything


def test_what_was_written_under_a_merged_double_is_in_it(desk: Desk) -> None:
    """P41.3."""
    from hauspost.duties.privacy.merging import merge_persons
    from hauspost.records.people import actions as people
    from hauspost.records.people.actor import SYSTEM

    double = people.add_person("Petra Lang", "p.lang@elsewhere.example", actor=SYSTEM, is_external=True)
    desk.ticket("p.lang@elsewhere.example", text="doubleword")
    merge_persons(double, into=desk.person("petra"), actor=desk.actor("karim"))
    _sums, archive, told = exported(desk, "petra")

    assert [entry["by"] for entry in told["tickets"][0]["entries"]] == ["the person"]
    assert len(told["mails_sent_by_the_person"]) == 1
    assert "doubleword" in archive.read("index.html").decode()


def test_an_export_is_recorded_and_for_administrators(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        export(desk.person("petra"), io.BytesIO(), actor=desk.actor("sabine"))
    exported(desk, "petra")
    petra = Person.objects.get(id=desk.person("petra").id)
    assert Event.objects.filter(stream__name=petra.stream, kind="person.exported").count() == 1


def test_lost_bytes_are_named_and_the_rest_comes(desk: Desk) -> None:
    from django.conf import settings

    ticket = desk.ticket("petra")
    file = NewFile("a.bin", "application/octet-stream", b"lostbytes" * 10)
    tickets.add_answer(ticket, Writing(text="x", files=[file]), author=desk.person("petra"), actor=desk.actor("petra"))
    for path in (settings.HAUSPOST.data / "blobs").rglob("*"):
        if path.is_file() and b"lostbytes" in path.read_bytes():
            path.unlink()
    sums, archive, _told = exported(desk, "petra")
    assert [path.endswith("a.bin") for path in sums.missing] == [True]
    assert "index.html" in archive.namelist()
