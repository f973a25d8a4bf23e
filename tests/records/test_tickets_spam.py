"""Spam that became tickets: many go in one step, quietly, and come back (P35.3)."""

import pytest

from hauspost.ground.refusals import Invalid, NotAllowed, NotFound
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.browsing import browser


def states(numbers: list[int]) -> list[str]:
    return list(Ticket.objects.filter(number__in=numbers).order_by("number").values_list("state", flat=True))


def test_many_are_marked_in_one_step_and_come_back_as_they_were(desk: Desk) -> None:
    """P35.3"""
    numbers = [desk.ticket(f"bot{place}@spam.example", subject=f"Offer {place}").number for place in range(5)]
    tickets.set_status(numbers[0], status_of("waiting_third"), actor=desk.actor("anna"))
    desk.works()
    queued = len(desk.sent())

    assert tickets.mark_as_spam(numbers, actor=desk.actor("anna")) == numbers
    desk.works()
    assert states(numbers) == ["closed"] * 5 and len(desk.sent()) == queued
    assert tickets.mark_as_spam(numbers, actor=desk.actor("anna")) == []

    assert tickets.take_from_spam(numbers, actor=desk.actor("anna")) == numbers
    desk.works()
    assert states(numbers) == ["waiting_third", *["new"] * 4] and len(desk.sent()) == queued
    assert Ticket.objects.get(number=numbers[1]).resolved_at is None


def test_what_somebody_did_since_is_kept(desk: Desk) -> None:
    """P35.3"""
    ticket = desk.ticket("petra")
    tickets.mark_as_spam([ticket.number], actor=desk.actor("anna"))
    tickets.reopen(ticket, actor=desk.actor("anna"))
    tickets.take_from_spam([ticket.number], actor=desk.actor("anna"))
    assert states([ticket.number]) == ["open"]


def test_all_or_none_and_only_by_who_may(desk: Desk) -> None:
    """P35.3, P11"""
    own, other = desk.ticket("petra"), desk.ticket("petra", to="facilities")
    for who, refusal in (("anna", NotFound), ("lena", NotAllowed), ("petra", NotAllowed)):
        with pytest.raises(refusal):
            tickets.mark_as_spam([own.number, other.number], actor=desk.actor(who))
    assert states([own.number, other.number]) == ["new", "new"]
    with pytest.raises(Invalid):
        tickets.mark_as_spam(range(501), actor=desk.actor("anna"))


def test_the_page_marks_it_and_takes_it_back(desk: Desk) -> None:
    """P35.3"""
    number = desk.ticket("petra").number
    anna = browser(desk, "anna")
    anna.post(f"/desk/tickets/{number}/spam")
    page = anna.get(f"/desk/tickets/{number}").text
    assert "marked it as spam" in page and "It is none" in page
    anna.post(f"/desk/tickets/{number}/spam", {"undo": "1"})
    assert states([number]) == ["new"]
