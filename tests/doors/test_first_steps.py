"""An empty new company leads its first administrator to what is still missing (P17)."""

import re

import pytest
from django.test import Client

from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Team
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words

pytestmark = pytest.mark.django_db


def _steps(page: str) -> list[tuple[str, bool]]:
    rows = re.findall(r'<li( class="green")?><a href="(/desk/settings/[^"]*)"><svg', page)
    return [(href, bool(done)) for done, href in rows]


def test_the_first_administrator_is_led_to_a_team_an_address_and_people(client: Client) -> None:
    link = people.first_administrator_link()
    assert link is not None
    good = {"name": "Karim", "address": "karim@lindner.example", "password": "long enough for it"}
    client.post("/" + link.split("/", 3)[3], {**good, "again": good["password"]})
    page = client.get("/", follow=True, headers={"Accept-Language": "en"})
    team, address, everybody = "/desk/settings/teams/new", "/desk/settings/mailboxes/new", "/desk/settings/people"
    assert _steps(page.text) == [(team, False), (address, False), (everybody, False)]
    assert "No such mail" not in words(page.text)
    assert all(client.get(href).status_code == 200 for href, _done in _steps(page.text))

    it = people.add_team("it", {"en": "IT service"}, actor=SYSTEM)
    assert isinstance(it, Team)
    assert [done for _href, done in _steps(client.get("/desk/mailroom").text)] == [True, False, False]
    people.add_mailbox("it@lindner.example", it, name="IT", actor=SYSTEM)
    people.add_person("Anna Weiss", "anna@lindner.example", actor=SYSTEM)
    page = client.get("/desk/mailroom", headers={"Accept-Language": "en"})
    assert _steps(page.text) == []
    assert "No mail yet" in words(page.text)


def test_a_search_in_the_ledger_that_finds_nothing_says_that(desk: Desk) -> None:
    page = words(administrator(desk).get("/desk/mailroom?sender=nobody@x.example").text)
    assert "No such mail" in page
    assert "No mail yet" in words(browser(desk, "deniz").get("/desk/mailroom").text)
