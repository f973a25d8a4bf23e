"""People and places from a file, by API: planned first, done as shown; whoever leaves, with the work to hand over."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hauspost.ground import clock
from hauspost.ground.files.actions import sweep
from hauspost.ground.history.models import Event
from hauspost.records.people import actions
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Department, Person
from hauspost.records.places.models import Location
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.calling import Program, token_for

CSV = (
    "Kennung;Name;E-Mail;Abteilung;Telefon\n"
    "P-1;Petra Lang;petra.lang@lindner.example;;4444\n"
    "P-2;Noor de Vries;noor.devries@lindner.example;Forschung;77\n"
    "P-3;Nobody;no address;;\n"
)
ASKED = {"csv": CSV, "columns": {"Kennung": "external_key"}}


@pytest.fixture
def karim(desk: Desk) -> Program:
    """An administrator's program."""
    return Program.of(desk, "karim", "people:read", "people:write", "places:read", "places:write")


def carried_out(program: Program, made: Any, status: int = 200, **more: Any) -> Any:
    return program.post(f"imports/{made['id']}/carrying-out", {"plan": made["plan"], **more}, status)


def test_a_file_tells_what_it_would_do_and_does_it_only_then(karim: Program, desk: Desk) -> None:
    """P25.1, P25.2: what is created, changed; the faults by line; and the second time there is nothing to do."""
    made = karim.post("imports/people", ASKED)
    assert [made[name] for name in ("state", "created", "changed", "archived", "faults")] == ["planned", 1, 1, 0, 1]
    assert not Person.objects.filter(external_key="P-2").exists()
    one = karim.get(f"imports/{made['id']}")
    assert (one["state"], one["outcome"], one["plan"]["mark"]) == ("planned", None, made["plan"])
    assert (one["plan"]["new_departments"], one["plan"]["columns"]["Kennung"]) == (["Forschung"], "external_key")
    rows = karim.get(f"imports/{made['id']}/lines", limit=2)
    assert [(row["what"], row["line"], row["name"]) for row in rows["lines"]] == [
        ("created", 3, "Noor de Vries"),
        ("changed", 2, "Petra Lang"),
    ]
    assert {"field": "phone", "before": "4417", "after": "4444"} in rows["lines"][1]["changes"]
    rest = karim.get(f"imports/{made['id']}/lines", cursor=rows["next"])
    assert [(row["what"], row["line"], bool(row["what_to_do"])) for row in rest["lines"]] == [("rejected", 4, True)]
    assert rest["plan"] == made["plan"] and rest["next"] is None

    done = carried_out(karim, made)

    assert (done["state"], done["created"], done["changed"]) == ("done", 1, 1)
    assert Person.objects.get(external_key="P-2").name == "Noor de Vries"
    told = karim.get(f"imports/{made['id']}")
    assert (told["state"], told["plan"], told["outcome"]["created"]) == ("done", None, 1)
    assert carried_out(karim, made, 409)["code"] == "carried-out-already"
    again = karim.post("imports/people", ASKED)
    assert [again[name] for name in ("created", "changed", "archived")] == [0, 0, 0]
    listed = karim.get("imports")["imports"]
    assert [(row["id"], row["state"]) for row in listed] == [(again["id"], "planned"), (made["id"], "done")]


def test_it_comes_as_a_file_too_and_the_same_key_brings_it_once(karim: Program) -> None:
    """Umlauts as a spreadsheet on Windows writes them; P38.3."""
    content = "Standort;Gebäude;Raum\r\nGraz;Haus Ä;Zimmer 1\r\n".encode("cp1252")
    answers = [
        karim.sends("imports/places", {}, [SimpleUploadedFile("orte.csv", content, "text/csv")], key="k").json()
        for _time in (1, 2)
    ]
    assert answers[0] == answers[1]
    assert len(karim.get("imports")["imports"]) == 1
    carried_out(karim, answers[0])
    room = Location.objects.get(site__key="graz", kind="room")
    assert (room.name, room.parent and room.parent.name) == ("Zimmer 1", "Haus Ä")


def test_what_was_not_shown_is_not_done(karim: Program, desk: Desk) -> None:
    made = karim.post("imports/people", ASKED)
    actions.change_person(desk.person("petra"), phone="5555", actor=SYSTEM)
    assert carried_out(karim, made, 409)["code"] == "plan-changed"
    assert not Person.objects.filter(external_key="P-2").exists()
    carried_out(karim, {"id": made["id"], "plan": karim.get(f"imports/{made['id']}")["plan"]["mark"]})
    assert Person.objects.filter(external_key="P-2").exists()


def test_a_half_file_needs_a_consent_and_tells_who_left_with_work(karim: Program, desk: Desk) -> None:
    """P25.3, P25.5: and the work is handed over by API, too."""
    anna, jonas = desk.person("anna"), desk.person("jonas")
    actions.change_person(anna, external_key="P-7", actor=SYSTEM)
    ticket = desk.ticket("petra")
    tickets.assign(ticket, anna, actor=desk.actor("deniz"))
    made = karim.post("imports/people", ASKED | {"archive_missing": True})
    assert (made["archived"], made["stops"]) == (1, 1)
    assert carried_out(karim, made, 409)["code"] == "needs-consent"
    done = carried_out(karim, made, confirmed=True)
    assert (done["archived"], done["leavers_with_work"]) == (1, 1)
    [leaver] = karim.get(f"imports/{made['id']}")["outcome"]["leavers"]
    assert (leaver["name"], leaver["open_work"]) == (anna.name, 1)
    work = karim.get(leaver["work"].partition("/api/v1/")[2])
    assert work["count"] == 1 and str(jonas.uid) in [one["uid"] for one in work["colleagues"]]
    there = f"people/{anna.uid}/work/handing-over"
    assert karim.post(there, {"to": str(desk.person("giulia").uid)}, 422)["errors"][0]["field"] == "to"
    assert karim.post(there, {"to": str(jonas.uid)}, 200)["to_person"] == 1
    assert Ticket.objects.get(number=ticket.number).assignee == jonas


def test_a_leaver_hands_over_in_the_same_step(karim: Program, desk: Desk) -> None:
    """P25.5."""
    anna, ticket = desk.person("anna"), desk.ticket("petra")
    tickets.assign(ticket, anna, actor=desk.actor("deniz"))
    karim.post(f"people/{anna.uid}/deactivation", {"hand_over": True}, 200)
    assert Ticket.objects.get(number=ticket.number).assignee is None
    anna.refresh_from_db()
    assert not anna.is_active
    karim.delete(f"people/{anna.uid}/deactivation")
    anna.refresh_from_db()
    assert anna.is_active


def test_what_is_wrong_with_a_file_is_said_at_once_and_nothing_is_kept(karim: Program) -> None:
    """P54: what, why, what to do."""
    for body, code in (
        ({}, "invalid"),
        ({"csv": "\n"}, "unreadable-table"),
        ({"csv": "Name;Name\nx;y\n"}, "unreadable-table"),
        ({"csv": CSV, "columns": {"Nowhere": "name"}}, "wrong-columns"),
        ({"csv": CSV, "columns": {"Telefon": "fax"}}, "wrong-columns"),
    ):
        assert karim.post("imports/people", body, 422)["code"] == code, body
    big = SimpleUploadedFile("x.csv", b"Name\n" + b"x" * 10_000_000, "text/csv")
    assert karim.sends("imports/people", {}, [big]).json()["code"] == "too-large"
    assert karim.get("imports")["imports"] == []


def test_a_file_is_its_senders_alone_and_gone_after_a_day(karim: Program, desk: Desk) -> None:
    """S6; the names in it stay no longer than the page keeps them."""
    made = karim.post("imports/people", ASKED)
    done = karim.post("imports/people", ASKED)
    actions.change_person(desk.person("yusuf"), is_administrator=True, actor=SYSTEM)
    yusuf = Program.of(desk, "yusuf")
    yusuf.get(f"imports/{made['id']}", 404)
    yusuf.post(f"imports/{made['id']}/carrying-out", {"plan": made["plan"]}, 404)
    assert yusuf.get("imports")["imports"] == []
    carried_out(karim, done)
    with desk.later(days=3):
        sweep(clock.now())
        assert karim.get(f"imports/{made['id']}")["plan"] is None
        assert carried_out(karim, made, 409)["code"] == "file-gone"
        outcome = karim.get(f"imports/{done['id']}")["outcome"]
        assert (outcome["created"], outcome["faults"], outcome["leavers"]) == (1, None, None)
    with desk.later(days=40):
        karim.post("imports/people", ASKED)
        assert len(karim.get("imports")["imports"]) == 1


def test_the_scope_is_that_of_what_the_file_changes(karim: Program, desk: Desk) -> None:
    """P38.1: places along the way need their own."""
    table = {"csv": "Name;E-Mail;Standort\nNoor de Vries;noor@lindner.example;Graz\n"}
    people = Program.of(desk, "karim", "people:read", "people:write")
    made = people.post("imports/people", table)
    assert carried_out(people, made, 403)["code"] == "scope-missing"
    people.post("imports/places", {"csv": "Standort\nGraz\n"}, 403)
    places = Program.of(desk, "karim", "places:read", "places:write")
    assert places.get("imports")["imports"] == []
    places.get(f"imports/{made['id']}", 403)
    without = people.post("imports/people", table | {"new_departments": False})
    assert (without["created"], carried_out(people, without)["created"]) == (1, 1)
    assert Person.objects.filter(name="Noor de Vries").exists()


def test_people_and_places_leave_as_csv_and_that_is_recorded(karim: Program, desk: Desk) -> None:
    """S15, S13: what leaves can be brought in again."""
    file = b"".join(karim.ask("GET", "people.csv").streaming_content)  # type: ignore[attr-defined]
    assert "Petra Lang" in file.decode("utf-8-sig")
    assert karim.post("imports/people", {"csv": file.decode("utf-8-sig")})["created"] == 0
    empty = karim.ask("GET", "places.csv", empty="true")
    assert len(b"".join(empty.streaming_content).splitlines()) == 1  # type: ignore[attr-defined]
    assert [one.kind for one in Event.objects.filter(kind__endswith=".exported")] == ["people.exported"]
    for path in ("people.csv", "places.csv", "imports"):
        Program.of(desk, "deniz").get(path, 404)


def test_a_plan_is_read_in_one_language_and_carried_out_in_another(desk: Desk) -> None:
    """P38.1: the mark is the plan's, not the words'; what it stops for is said in the language of whoever asks."""
    token = token_for(desk.person("karim"))
    english, german = Program(token), Program(token, language="de")
    actions.change_person(desk.person("petra"), department=Department.objects.get(key="accounting"), actor=SYSTEM)
    people = "Name;E-Mail;Abteilung\nPetra Lang;petra.lang@lindner.example;Forschung\n"
    made = english.post("imports/people", {"csv": people})
    told = [one.get(f"imports/{made['id']}/lines")["lines"][0]["changes"][0]["before"] for one in (english, german)]
    marks = {one.get(f"imports/{made['id']}")["plan"]["mark"] for one in (english, german)}
    assert marks == {made["plan"], german.post("imports/people", {"csv": people})["plan"]}
    assert len(set(told)) == 2
    assert carried_out(german, made)["changed"] == 1

    places = german.post("imports/places", {"csv": "Standort\nGraz\n", "archive_missing": True})
    assert "are missing" in carried_out(english, places, 409)["detail"]
    assert "fehlen" in carried_out(german, places, 409)["detail"]
    assert carried_out(english, places, confirmed=True)["archived"] > 1
    assert "Spalte" in german.post("imports/people", {"csv": "Telefon\n1\n"}, 422)["detail"]
