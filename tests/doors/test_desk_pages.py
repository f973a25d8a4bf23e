"""Every page of the desk opens, says what it should, and asks the database few questions."""

from typing import Any

import pytest
from django.test import Client

from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

BACKEND = "hauspost.records.people.login.AddressBackend"


def signed_in(desk: Desk, name: str) -> Client:
    """A browser in which somebody of the cast is signed in."""
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(desk.person(name), backend=BACKEND)
    return client


@pytest.fixture
def anna(desk: Desk) -> Client:
    return signed_in(desk, "anna")


@pytest.fixture
def deniz(desk: Desk) -> Client:
    return signed_in(desk, "deniz")


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's printer, waiting at the sorting table of IT."""
    return desk.ticket("petra", subject="Label printer prints blank labels", text="Nothing but blank labels.\n\nPetra")


LISTS = ["/desk/mine", "/desk/open", "/desk/waiting", "/desk/snoozed", "/desk/closed", "/desk/teams/it",
         "/desk/search", "/desk/search?q=printer", "/desk/menu", "/desk/tickets/new", "/desk/triage"]  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
def test_an_agent_opens_every_list(anna: Client, ticket: Ticket, address: str) -> None:
    assert anna.get(address, follow=True).status_code == 200


@pytest.mark.parametrize("change", ["", "assignee", "team", "status", "classification", "impact", "visit", "subject",
                                    "snooze", "requester", "participants", "links", "tags"])  # fmt: skip
def test_a_ticket_opens_with_any_of_its_forms(anna: Client, ticket: Ticket, change: str) -> None:
    page = anna.get(f"/desk/tickets/{ticket.number}?change={change}&list=open")
    assert page.status_code == 200
    assert "Label printer prints blank labels" in page.text


@pytest.mark.parametrize("write", ["reply", "note"])
def test_the_composer_opens_without_script(anna: Client, ticket: Ticket, write: str) -> None:
    page = anna.get(f"/desk/tickets/{ticket.number}?write={write}").text
    assert "<textarea" in page
    said = {"reply": "Send to petra.lang@lindner.example", "note": "Save note (only team IT service)"}
    assert said[write] in page


def test_there_is_no_text_box_until_a_kind_is_chosen(anna: Client, ticket: Ticket) -> None:
    """P6.1."""
    assert "<textarea" not in anna.get(f"/desk/tickets/{ticket.number}").text


MAILROOM = ["/desk/mailroom", "/desk/mailroom/quarantine", "/desk/mailroom?sender=petra&on=2026-11-23"]


@pytest.mark.parametrize("address", MAILROOM)
def test_a_dispatcher_opens_the_mailroom_and_an_agent_does_not(
    anna: Client, deniz: Client, ticket: Ticket, address: str
) -> None:
    """P3.1."""
    assert deniz.get(address).status_code == 200
    assert anna.get(address).status_code == 404


def test_the_sorting_table_shows_one_ticket(deniz: Client, ticket: Ticket) -> None:
    page = deniz.get("/desk/triage", follow=True)
    assert "Label printer prints blank labels" in page.text
    assert "1 of 1" in page.text
