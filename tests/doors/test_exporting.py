"""Lists as CSV: the same gate as the list, safe for spreadsheets, noted in the record."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hauspost.doors.desk import exporting as lists
from hauspost.doors.desk.exporting import TABLES
from hauspost.duties.privacy.holds import place as place_hold
from hauspost.ground.history.models import Event
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Membership
from hauspost.records.tickets import actions, exporting, paging
from hauspost.records.tickets.actions import NewTicket, open_ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import administrator, browser
from tests.doors.calling import Program


def rows_of(answer: Any) -> list[dict[str, str]]:
    """A CSV file as a spreadsheet reads it."""
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment")
    file = b"".join(answer.streaming_content)
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), delimiter=";"))


def exported(client: Client, key: str, **more: str) -> list[dict[str, str]]:
    return rows_of(client.post("/desk/export", {"list": key, **more}))


def test_a_list_becomes_a_file_with_its_columns(desk: Desk) -> None:
    ticket = desk.ticket("petra", subject="=HYPERLINK(1)")
    actions.assign(ticket, desk.person("anna"), actor=desk.actor("anna"))
    actions.catalogue(ticket, actor=desk.actor("anna"), impact=3, urgency=3)
    actions.tag(ticket, "@gate", actor=desk.actor("anna"))
    anna = browser(desk, "anna")
    assert "Export (CSV)" in anna.get("/desk/mine").content.decode()
    [row] = exported(anna, "mine")
    assert row["Number"] == str(ticket.number)
    assert (row["Subject"], row["Tags"]) == ("'=HYPERLINK(1)", "'@gate")
    assert (row["Priority"], row["Assignee"], row["Requester"]) == (
        "critical",
        desk.person("anna").name,
        desk.person("petra").name,
    )
    german = browser(desk, "anna", language="de")
    [row] = exported(german, "team:it")
    assert row["Nummer"] == str(ticket.number) and row["Priorität"] == "kritisch"


def test_who_took_a_list_stands_in_the_record(desk: Desk) -> None:
    """S5: what leaves the house is noted."""
    desk.ticket("petra")
    exported(browser(desk, "anna"), "open")
    Program.of(desk, "petra").ask("GET", "tickets.csv")
    events = Event.objects.filter(kind="list.exported").order_by("id")
    assert [(event.stream.name, json.loads(event.data)) for event in events] == [
        (desk.person("anna").stream, {"list": "open"}),
        (desk.person("petra").stream, {"list": "api"}),
    ]


def test_the_gate_is_the_lists_own(desk: Desk) -> None:
    """P11.1: nobody exports what they may not see."""
    desk.ticket("petra", subject="Salary", to="hr")
    own = desk.ticket("petra", subject="Screen")
    for key, found in (("open", [own.number]), ("closed", []), ("search", [own.number])):
        assert [int(row["Number"]) for row in exported(browser(desk, "anna"), key, q="petra")] == found
    anna = browser(desk, "anna")
    for key in ("team:hr", "nonsense", ""):
        assert anna.post("/desk/export", {"list": key}).status_code == 404
    assert browser(desk, "petra").post("/desk/export", {"list": "open"}).status_code == 404
    assert anna.get("/desk/export").status_code == 405


def test_the_ledger_becomes_a_file(desk: Desk) -> None:
    desk.receives(desk.letter("petra", subject="-1+1"))
    desk.receives(desk.letter("petra", subject="Secret", to="hr"), to="hr")
    rows = rows_of(browser(desk, "deniz").post("/desk/export/ledger", {"words": "", "on": "nonsense"}))
    assert [(row["Subject"], row["Disposition"], row["Ticket"]) for row in rows] == [("'-1+1", "new ticket", "1")]
    assert rows_of(browser(desk, "deniz").post("/desk/export/ledger", {"words": "nothing"})) == []
    assert browser(desk, "anna").post("/desk/export/ledger").status_code == 404


# The page of every list that is not of tickets.
PAGES = {
    "absences": "absences", "ledger": "ledger", "quarantine": "quarantine", "unchecked": "unchecked",
    "outgoing": "outgoing", "reactions": "reactions", "people": "settings-people", "teams": "settings-teams",
    "roles": "settings-roles", "departments": "settings-departments", "places": "settings-places",
    "categories": "settings-categories", "mailboxes": "settings-mailboxes", "mail-servers": "settings-mail-servers",
    "programs": "settings-programs", "retention-rules": "retention", "holds": "retention", "emergencies": "emergency",
    "backups": "settings-backups",
}  # fmt: skip


@pytest.mark.parametrize("name", ["karim", "wolfgang", "deniz", "anna", "petra"])
def test_whoever_sees_a_list_may_take_it_along_and_nobody_else(desk: Desk, name: str) -> None:
    """S5: the file has the gate of its page; an administrator, an auditor, a dispatcher, an agent, an employee."""
    assert sorted(PAGES) == sorted(TABLES)
    somebody = administrator(desk) if name == "karim" else browser(desk, name)
    told = {}
    for table, page in PAGES.items():
        shown = somebody.get(reverse(page))
        taken = somebody.post(f"/desk/export/{table}")
        assert taken.status_code == shown.status_code, table
        if taken.status_code == 200:
            told[table] = rows_of(taken)
    assert (len(told) > 9) == (name in ("karim", "wolfgang"))
    assert Event.objects.filter(kind="list.exported").count() == len(told)
    assert somebody.post("/desk/export/nonsense").status_code == 404


def test_a_pages_file_has_its_rows_and_no_secret(desk: Desk) -> None:
    """S15, S21: words stay words, and what opens something is in no file."""
    karim = administrator(desk)
    jonas = desk.person("jonas")
    people.change_person(jonas, phone="+49 40 123", actor=SYSTEM)
    people.add_department("evil", {"en": "=1+1", "de": "@SUM(A1)"}, cost_centre="-7", actor=SYSTEM)
    program = people.add_integration("Monitoring", actor=desk.actor("karim"))
    _row, clear = people.give_token(
        program, "probe", scopes=["tickets:read"], expires_at=None, actor=desk.actor("karim")
    )
    people.add_mail_account(
        kind="other", name="Post", imap_host="imap.lindner.example", user="desk", password="hunter22", actor=SYSTEM
    )
    place_hold(jonas, "Case 4711", actor=desk.actor("karim"))

    def file(table: str, **sent: str) -> list[dict[str, str]]:
        return rows_of(karim.post(f"/desk/export/{table}", sent))

    [found] = file("people", words="Jonas")
    assert (found["Name"], found["Phone"], found["Roles"]) == (
        jonas.name,
        "'+49 40 123",
        "Facilities: read-only, IT service: agent",
    )
    [evil] = [row for row in file("departments") if row["Key"] == "evil"]
    assert (evil["Department"], evil["German"], evil["Cost centre"]) == ("'=1+1", "'@SUM(A1)", "'-7")
    members = [row["Member"] for row in file("teams") if row["Key"] == "it"]
    assert jonas.name in members and len(members) == Membership.objects.filter(team__key="it").count()
    assert "Workplace › Docking station" in [row["Category"] for row in file("categories")]
    [server] = file("mail-servers")
    assert server["IMAP server"] == "imap.lindner.example:993" and "hunter22" not in str(server)
    [token] = file("programs")
    assert (token["Name"], token["Token"], token["State"]) == ("Monitoring", "probe", "lasts")
    assert clear not in str(token)
    assert [row["Person"] for row in file("holds")] == [jonas.name]
    german = browser(desk, "karim", language="de")
    assert "ja" in [row["vertraulich"] for row in rows_of(german.post("/desk/export/teams"))]


def test_what_waits_to_leave_tells_nothing_of_a_confidential_team(desk: Desk) -> None:
    """P33.3: that mail waits, but not to whom."""
    desk.ticket("petra", to="hr")
    desk.ticket("petra")
    to = [row["To"] for row in rows_of(administrator(desk).post("/desk/export/outgoing"))]
    assert "confidential" in to and to.count(desk.address("petra")) == 1
    assert desk.address("giulia") not in to


def test_a_hold_on_a_confidential_ticket_names_no_number(desk: Desk) -> None:
    """P33.3: on the page and in its file."""
    karim, hidden = administrator(desk), desk.ticket("petra", to="hr")
    seen = desk.ticket("petra")
    for ticket in (hidden, seen):
        place_hold(ticket, "Case 4711", actor=desk.actor("karim"))
    assert [row["Ticket"] for row in rows_of(karim.post("/desk/export/holds"))] == [str(seen.number), "confidential"]
    page = karim.get("/desk/settings/retention").text
    assert "A ticket of a confidential team" in page and f"Ticket #{hidden.number}" not in page


def test_employees_take_their_own_lists_along(desk: Desk) -> None:
    """P11.4: without what is the desk's alone."""
    own = desk.ticket("petra", subject="Screen")
    desk.ticket("ines", subject="Mouse")
    petra = browser(desk, "petra")
    assert "Export (CSV)" in petra.get("/my-tickets").text
    [row] = rows_of(petra.post("/my-tickets/export", {"list": "my-tickets"}))
    assert row["Number"] == str(own.number) and not {"Priority", "Tags", "Category", "Assignee"} & set(row)
    assert rows_of(petra.post("/my-tickets/export", {"list": "shared-tickets"})) == []
    for key in ("department-tickets", "open", ""):
        assert petra.post("/my-tickets/export", {"list": key}).status_code == 404


def test_programs_export_what_their_person_sees(desk: Desk) -> None:
    """P11.4: a requester's file has no column of the desk."""
    ticket = desk.ticket("petra", subject="Screen")
    desk.ticket("ines", subject="Mouse")
    petra = rows_of(Program.of(desk, "petra").ask("GET", "tickets.csv"))
    assert [row["Number"] for row in petra] == [str(ticket.number)]
    assert not {"Priority", "Tags", "Impact", "Category", "Assignee"} & set(petra[0])
    anna = rows_of(Program.of(desk, "anna").ask("GET", "tickets.csv", requester=str(desk.person("ines").uid)))
    assert [row["Subject"] for row in anna] == ["Mouse"] and "Priority" in anna[0]


def test_a_long_list_ends_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P15.5."""
    for place in range(5):
        desk.ticket("petra", subject=f"Matter {place}")
    anna = browser(desk, "anna")
    monkeypatch.setattr(paging, "_AT_ONCE", 2)
    assert len(exported(anna, "open")) == 5
    monkeypatch.setattr(exporting, "MOST_ROWS", 3)
    rows = exported(anna, "open")
    assert [row["Number"] for row in rows] == ["5", "4", "3", "…"]
    monkeypatch.setattr(lists, "MOST_ROWS", 3)
    departments = rows_of(administrator(desk).post("/desk/export/departments"))
    assert len(departments) == 4 and departments[-1]["Department"] == "…"
    assert rows[-1]["Subject"] == "Only 3 rows are here. Narrow the list to get the rest."


def test_pages_look_at_a_bounded_stretch_of_numbers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P15.5: a filter that fits nothing ends after so much, and says where to go on."""
    monkeypatch.setattr(paging, "WINDOW", 2)
    monkeypatch.setattr(paging, "WINDOWS", 2)
    team, petra = desk.team("it"), desk.person("petra")
    first, *_rest = [
        open_ticket(NewTicket(f"Matter {place}", petra, team, "api"), Writing(text="x"), actor=desk.actor("anna"))
        for place in range(7)
    ]
    anna = Program.of(desk, "anna")
    actions.tag(first, "rare", actor=desk.actor("anna"))
    page, told = anna.get("tickets", tag="rare"), 1
    while page["next"]:
        assert page["tickets"] == []
        page, told = anna.get("tickets", tag="rare", cursor=page["next"]), told + 1
    assert [one["number"] for one in page["tickets"]] == [first.number] and told == 2
