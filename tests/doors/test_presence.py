"""Who reads and who writes is shown to the others, and to nobody who may not see the ticket (P24)."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from hauspost.ground.vitals import presence
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.browsing import browser


@pytest.fixture(autouse=True)
def nobody_is_anywhere(db: None) -> None:
    """What is fleeting is in no transaction on SQLite, so the test before may still be there."""
    presence._run("DELETE FROM presence", [])


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return desk.ticket("petra")


def shows(client: Client, *tickets: Ticket, at: Ticket | None = None, doing: str = "") -> dict[str, Any]:
    """What a page learns that shows these tickets."""
    numbers = ",".join(str(ticket.number) for ticket in tickets)
    answer = client.post("/desk/presence", {"here": at.number if at else "", "doing": doing, "shown": numbers})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_whoever_opens_a_ticket_is_seen_in_it_and_in_the_list(desk: Desk, ticket: Ticket) -> None:
    """P24.1"""
    anna, deniz = browser(desk, "anna"), browser(desk, "deniz")
    assert shows(anna, at=ticket) == {"here": None, "rows": {}}
    at_ticket = shows(deniz, at=ticket)["here"]["words"]
    assert desk.person("anna").name + " is reading this" in at_ticket
    assert desk.person("deniz").name not in at_ticket
    in_list = shows(browser(desk, "jonas"), ticket, desk.ticket("mira"))["rows"]
    assert in_list.keys() == {str(ticket.number)}
    assert (
        f"{desk.person('anna').name} and {desk.person('deniz').name} are reading this"
        in in_list[str(ticket.number)]["words"]
    )


def test_whoever_writes_is_told_apart_from_who_reads(desk: Desk, ticket: Ticket) -> None:
    """P24.1"""
    anna, deniz, jonas = (browser(desk, name) for name in ("anna", "deniz", "jonas"))
    shows(anna, at=ticket, doing="writing")
    shows(jonas, at=ticket)
    words = shows(deniz, at=ticket)["here"]["words"]
    assert f"{desk.person('anna').name} is writing here; {desk.person('jonas').name} is reading this" in words
    shows(anna, at=ticket)
    assert not shows(deniz, at=ticket)["here"]["writes"]


def test_whoever_closes_the_page_is_gone_and_whose_browser_dies_soon_is(desk: Desk, ticket: Ticket) -> None:
    """P24.4: within sixty seconds."""
    anna, deniz, jonas = (browser(desk, name) for name in ("anna", "deniz", "jonas"))
    shows(anna, at=ticket)
    shows(jonas, at=ticket)
    assert anna.post("/desk/presence", {"here": ticket.number, "doing": "gone"}).status_code == 204
    assert desk.person("anna").name not in shows(deniz, at=ticket)["here"]["words"]
    with desk.later(seconds=59):
        assert shows(deniz, at=ticket)["here"] is None


def test_who_may_not_see_a_ticket_neither_learns_who_is_there_nor_is_shown(desk: Desk) -> None:
    """P11.1"""
    confidential = desk.ticket("petra", to="hr")
    giulia, anna = browser(desk, "giulia"), browser(desk, "anna")
    shows(giulia, at=confidential)
    assert shows(anna, confidential, at=confidential) == {"here": None, "rows": {}}
    assert shows(giulia, confidential, at=confidential) == {"here": None, "rows": {}}
    assert browser(desk, "petra").post("/desk/presence", {"here": confidential.number}).status_code == 404
    assert Client().post("/desk/presence").status_code == 401


def test_odd_numbers_are_no_tickets(desk: Desk, ticket: Ticket) -> None:
    anna = browser(desk, "anna")
    odd = {"here": "x" * 99, "shown": f"{ticket.number},-1,,9999999999999999999,{'7' * 40}"}
    assert anna.post("/desk/presence", odd).json() == {"here": None, "rows": {}}


def test_a_spoiled_file_is_begun_anew(desk: Desk, ticket: Ticket) -> None:
    """Nothing of it is ever synced, so a power cut may spoil it; pages go on."""
    if connection.vendor == "postgresql":
        return
    shows(browser(desk, "anna"), at=ticket)
    presence._close()
    file = Path(settings.HAUSPOST.data) / "presence.sqlite3"
    for one in file.parent.glob("presence.sqlite3*"):
        one.unlink()
    file.write_bytes(b"no database at all" * 400)
    deniz = browser(desk, "deniz")
    shows(deniz, at=ticket)
    shows(browser(desk, "anna"), at=ticket)
    assert desk.person("anna").name in shows(deniz, at=ticket)["here"]["words"]
