"""Who may follow what the own department asks for (P49.1): reads it, and no more."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words


@pytest.fixture
def petra(desk: Desk) -> Client:
    """Runs the warehouse, and has the right to follow what it asks for."""
    Person.objects.filter(id=desk.person("petra").id).update(sees_department=True)
    return browser(desk, "petra")


def test_the_departments_requests_have_their_list(petra: Client, desk: Desk) -> None:
    desk.ticket("marta", subject="Scanner at gate 2 is dead")
    desk.ticket("mira", subject="Somebody in accounting")
    page = words(petra.get("/my-tickets/department").text)
    assert "Scanner at gate 2 is dead" in page
    assert "Marta Nowak" in page
    assert "Somebody in accounting" not in page
    assert "/my-tickets/department" in petra.get("/my-tickets").text


def test_they_are_read_but_not_written(petra: Client, desk: Desk) -> None:
    ticket = desk.ticket("marta", subject="Scanner at gate 2 is dead")
    noted = actions.note(
        ticket, Writing(text="Only us", files=[NewFile("us.txt", "text/plain", b"x")]), actor=desk.actor("anna")
    )
    answered = actions.add_answer(
        ticket,
        Writing(text="A photo", files=[NewFile("gate.txt", "text/plain", b"x")]),
        author=desk.person("marta"),
        actor=desk.actor("marta"),
    )
    here = f"/my-tickets/{ticket.number}"
    page = petra.get(here).text
    assert "The printer at gate 3 is stuck" in page
    assert "Only us" not in page
    assert "Send answer" not in page
    before = Ticket.objects.values().get(number=ticket.number)
    for verb in ("answers", "confirmation", "reopening", "rating"):
        sent = {"text": "I was here", "score": "1", "files": SimpleUploadedFile("a.txt", b"x")}
        assert petra.post(f"{here}/{verb}", sent).status_code in (403, 409), verb
    assert Ticket.objects.values().get(number=ticket.number) == before
    assert petra.get(f"{here}/files/{answered.attachments.get().id}").status_code == 200
    assert petra.get(f"{here}/files/{noted.attachments.get().id}").status_code == 404


def test_what_confidential_teams_work_on_is_nobodys_but_the_requesters(petra: Client, desk: Desk) -> None:
    """P33.3: not its subject, not its number."""
    ticket = desk.ticket("marta", to="hr", subject="About my salary")
    page = petra.get("/my-tickets/department").text
    assert "About my salary" not in page
    assert petra.get(f"/my-tickets/{ticket.number}").status_code == 404


def test_the_right_ends_at_once(petra: Client, desk: Desk) -> None:
    """P11.6."""
    ticket = desk.ticket("marta", subject="Scanner at gate 2 is dead")
    assert petra.get(f"/my-tickets/{ticket.number}").status_code == 200
    Person.objects.filter(id=desk.person("petra").id).update(sees_department=False)
    assert petra.get(f"/my-tickets/{ticket.number}").status_code == 404
    assert petra.get("/my-tickets/department").status_code == 404


def test_an_auditor_with_the_right_sees_no_notes_here(desk: Desk) -> None:
    """The portal shows the department's view, whatever else somebody may read."""
    ticket = desk.ticket("marta", subject="Scanner at gate 2 is dead")
    actions.note(ticket, Writing(text="Only us"), actor=desk.actor("anna"))
    Person.objects.filter(id=desk.person("petra").id).update(sees_department=True, is_auditor=True)
    page = browser(desk, "petra").get(f"/my-tickets/{ticket.number}")
    assert page.status_code == 200
    assert "Only us" not in page.text
