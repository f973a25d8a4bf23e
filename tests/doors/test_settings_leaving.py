"""Whoever has left already: what is still in their hands is seen at their own page and handed over there (P25.5)."""

from typing import Any

import pytest

from hauspost.records.people import actions
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.browsing import administrator, words
from tests.doors.settings_forms import path

pytestmark = pytest.mark.django_db


def _leaves_work_behind(desk: Desk, name: str = "anna") -> list[Ticket]:
    """Two tickets in the hands of somebody whom an import then deactivates."""
    left = [desk.ticket("petra", subject=subject) for subject in ("Label printer", "Scanner")]
    for ticket in left:
        tickets.assign(ticket, desk.person(name), actor=desk.actor("deniz"))
    actions.deactivate(desk.person(name), actor=SYSTEM)
    return left


def test_a_leavers_own_page_tells_their_open_work_and_leads_to_handing_it_over(desk: Desk) -> None:
    karim = administrator(desk)
    left = _leaves_work_behind(desk)
    page = karim.get(path(desk, "anna")).text
    assert "2 open tickets or planned visits are still in this person’s hands" in words(page)
    assert f'href="{path(desk, "anna", "deactivation")}"' in page
    page = karim.get(path(desk, "anna", "deactivation")).text
    assert "Hand over the work of Anna Weiss" in words(page)
    assert "Deactivate" not in words(page).replace("Deactivated since", "")
    assert "All sessions end at once" not in page
    to = {"to": str(desk.person("jonas").uid)}
    answer: Any = karim.post(path(desk, "anna", "deactivation"), to, follow=True)
    assert "2 tickets went to Jonas Klein." in words(answer.text)
    assert "still in this person’s hands" not in words(answer.text)
    assert {ticket.assignee for ticket in Ticket.objects.filter(number__in=[one.number for one in left])} == {
        desk.person("jonas")
    }
    page = karim.get(path(desk, "anna", "deactivation")).text
    assert "Nothing: no open ticket" in page
    assert "<button" not in page.partition("Nothing: no open ticket")[2].partition("</main>")[0]


def test_deactivating_says_what_went_to_whom(desk: Desk) -> None:
    ticket = desk.ticket("petra", subject="Label printer")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    karim = administrator(desk)
    answer: Any = karim.post(path(desk, "anna", "deactivation"), {"to": ""}, follow=True)
    assert "Anna Weiss is deactivated." in words(answer.text)
    assert "1 ticket went back to its team." in words(answer.text)
