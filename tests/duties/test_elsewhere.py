"""Mails of other systems that drop our headers find their ticket by that system's number for it (P8.6)."""

import pytest

from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.actions import numbers_in
from hauspost.records.tickets.models import Entry, NumberElsewhere, Ticket
from tests.desk import Desk

SYSTEM = "servicedesk@supplier.example"


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's ticket, which the supplier knows as INC0012345."""
    found = desk.ticket("petra")
    tickets.know_elsewhere(found, "INC0012345", domain="supplier.example", actor=desk.actor("anna"))
    return found


def test_its_mails_join_the_ticket_and_wait_for_the_desk(desk: Desk, ticket: Ticket) -> None:
    """P8.6, S8: what can be guessed shows nothing to the requester by itself."""
    delivery = desk.receives(desk.letter(SYSTEM, subject="[INC0012345] A technician is on the way"))
    assert (delivery.ticket, delivery.because) == (ticket.number, "number elsewhere")
    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.is_public, entry.held_because) == (False, "unconfirmed")


def test_from_elsewhere_the_number_opens_nothing(desk: Desk, ticket: Ticket) -> None:
    """P8.6, P8.2"""
    for subject in ("Re: INC0012345", "INC0012345"):
        assert desk.receives(desk.letter("eve@elsewhere.example", subject=subject)).ticket != ticket.number


def test_the_requester_may_name_it_too(desk: Desk, ticket: Ticket) -> None:
    """P8.6"""
    assert desk.receives(desk.letter("petra", subject="Any news of inc0012345?")).ticket == ticket.number


def test_our_own_evidence_counts_before_it(desk: Desk, ticket: Ticket) -> None:
    """P8.1"""
    other = desk.ticket("petra", subject="Cold office", message_id="cold@petra.example")
    raw = desk.letter("petra", subject="INC0012345 is something else", headers={"References": "<cold@petra.example>"})
    assert desk.receives(raw).ticket == other.number


def test_it_is_taken_away_again(desk: Desk, ticket: Ticket) -> None:
    """P8.6"""
    tickets.forget_elsewhere(ticket, "inc0012345", actor=desk.actor("anna"))
    assert not NumberElsewhere.objects.exists()
    assert desk.receives(desk.letter(SYSTEM, subject="INC0012345 done")).ticket != ticket.number
    with pytest.raises(NotFound):
        tickets.forget_elsewhere(ticket, "INC0012345", actor=desk.actor("anna"))


@pytest.mark.parametrize("number", ["", "12", "abc", "two words 1", "x" * 99 + "1", "(evil)1"])
def test_what_is_no_number_is_refused(desk: Desk, ticket: Ticket, number: str) -> None:
    """P54.1"""
    with pytest.raises(Invalid):
        tickets.know_elsewhere(ticket, number, actor=desk.actor("anna"))


def test_numbers_in_a_subject() -> None:
    assert numbers_in("AW: [JIRA-77] Re: INC0012345, (2026/4711): room 12 #4821") == [
        "JIRA-77",
        "INC0012345",
        "2026/4711",
        "4821",
    ]
    assert numbers_in("Nothing here, really") == []
