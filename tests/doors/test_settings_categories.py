"""Categories in the settings: the tree, and changing it."""

import pytest
from django.test import Client

from hauspost.records.catalogue.models import Category
from hauspost.records.tickets import actions as tickets
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words
from tests.doors.settings_forms import SETTINGS, form_of, sends

pytestmark = pytest.mark.django_db
PAGE = f"{SETTINGS}/categories"


@pytest.fixture
def karim(desk: Desk) -> Client:
    return administrator(desk)


def test_a_category_is_added_moved_archived_and_taken_back(karim: Client, desk: Desk) -> None:
    assert form_of(karim.get(f"{PAGE}/new?parent=access").text, "categories/new")["parent"] == "access"
    sent = {"de": "Ausweis", "en": "Badge", "parent": "access", "team": "facilities"}
    answer = karim.post(f"{PAGE}/new", sent, follow=True)
    assert "Badge was added." in words(answer.text)
    badge = Category.objects.get(key="badge")
    assert (badge.path_key, badge.default_team) == ("access/badge", desk.team("facilities"))
    sends(karim, f"{PAGE}/badge", "details", parent="workplace", en="Door badge", type="service_request")
    page = words(karim.get(f"{PAGE}/badge").text)
    assert "Workplace › Door badge" in page
    assert "Lies below: Access → Workplace" in page and "Type: Service request" in page
    karim.post(f"{PAGE}/workplace/archive")
    page = words(karim.get(f"{PAGE}/workplace").text)
    assert "Karim Haddad archived the category" in page
    assert "With what lies below it: Door badge" in page
    assert "Workplace" not in words(browser(desk, "anna").get("/desk/tickets/new").text)
    answer = karim.post(f"{PAGE}/badge/archive", {"restore": "1"}, follow=True)
    assert "Workplace is archived; restore it first" in words(answer.text)
    karim.post(f"{PAGE}/workplace/archive", {"restore": "1"})
    assert Category.objects.active().filter(key="badge").exists()


def test_a_refused_form_keeps_what_was_typed(karim: Client, desk: Desk) -> None:
    for sent in ({"de": ""}, {"de": "X", "parent": "nowhere"}, {"de": "X", "key": "docking"}, {"de": "X", "team": "x"}):
        answer = karim.post(f"{PAGE}/new", sent)
        assert answer.status_code == 422 and 'class="wrong"' in answer.text, sent
    answer = sends(karim, f"{PAGE}/workplace", "details", de="Platz", parent="docking")
    assert "Docking station lies below it" in words(answer.text) or "choose one of the list" in words(answer.text)
    assert 'value="Platz"' in answer.text


def test_a_name_that_is_taken_is_refused_where_it_was_written(karim: Client) -> None:
    for form in (f"{PAGE}/new", f"{PAGE}/access/details"):
        page = karim.post(form, {"de": "Arbeitsplatz", "en": "Desks"}).text
        reason = "Arbeitsplatz is the name of another category there"
        assert reason in words(page) and f"words: {reason}" not in words(page)


def test_two_who_edit_different_fields_do_not_meet(karim: Client) -> None:
    """P24.3: and who edits a category whose team was archived meanwhile need not choose another one."""
    form = {"seen": '{"de": "Dockingstation", "en": "Docking station", "parent": "workplace", "team": "it", "type": "incident"}',
            "de": "Dock", "en": "Docking station", "parent": "workplace", "team": "it", "type": "incident"}  # fmt: skip
    sends(karim, f"{PAGE}/docking", "details", parent="access")
    karim.post(f"{PAGE}/docking/details", form)
    docking = Category.objects.get(key="docking")
    assert (docking.words["de"], docking.path_key) == ("Dock", "access/docking")
    sends(karim, f"{PAGE}/docking", "details", de="Station")
    answer = karim.post(f"{PAGE}/docking/details", form)
    assert answer.status_code == 409 and "Meanwhile somebody else set: Station" in words(answer.text)


def test_counts_leave_out_what_a_confidential_team_has(karim: Client, desk: Desk) -> None:
    """P11.1: how many tickets it has is told to its members only."""
    docking = Category.objects.get(key="docking")
    for team, agent in (("it", "anna"), ("hr", "giulia")):
        ticket = desk.ticket("petra", to=team)
        tickets.catalogue(ticket, category=docking, actor=desk.actor(agent))
    assert "Docking station Incident · 1 open ticket" in words(karim.get(PAGE).text)
    assert "Open tickets 1 Tickets in all 1" in words(karim.get(f"{PAGE}/docking").text)


def test_auditors_read_and_nobody_else_comes_in(desk: Desk) -> None:
    wolfgang = browser(desk, "wolfgang")
    page = wolfgang.get(f"{PAGE}/docking").text
    assert "Docking station" in page and "docking/details" not in page and "Add category" not in wolfgang.get(PAGE).text
    assert wolfgang.post(f"{PAGE}/docking/archive").status_code == 404
    assert browser(desk, "anna").get(PAGE).status_code == 404
