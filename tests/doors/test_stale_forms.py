"""A form whose token no longer holds: nothing typed is lost, and a wrong address is named (P18.1, P18.3)."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from hauspost.records.tickets.models import Entry
from tests.desk import Desk
from tests.doors.browsing import BACKEND, browser, hidden, words

ORIGIN = settings.HAUSPOST.public_origin
LONG = "The printer at gate 3 is stuck again, and the labels of this morning are lost."


@pytest.fixture
def petra(desk: Desk) -> Client:
    return browser(desk, "petra", enforce_csrf_checks=True)


@pytest.fixture
def answers(desk: Desk) -> str:
    """Where Petra answers on her ticket."""
    return reverse("my-answers", args=[desk.ticket("petra").number])


def old_tab(client: Client) -> dict[str, str]:
    """A page that stays open, with an answer in it."""
    return {"csrfmiddlewaretoken": hidden(client.get("/me").text, "csrfmiddlewaretoken"), "text": LONG}


def written() -> int:
    return Entry.objects.filter(text__contains="labels of this morning").count()


def signs_in_again(client: Client, desk: Desk, name: str) -> None:
    """In another tab: the browser's token changes."""
    person = desk.person(name)
    person.refresh_from_db()
    person.language = "en"
    person.save(update_fields=["language"])
    client.cookies.pop("csrftoken", None)
    client.force_login(person, backend=BACKEND)
    client.get("/my-tickets")


def test_a_tab_from_before_the_last_sign_in_gives_the_text_back_to_be_sent(
    petra: Client, desk: Desk, answers: str
) -> None:
    """P18.3."""
    old = old_tab(petra)
    signs_in_again(petra, desk, "petra")
    back = petra.post(answers, old, HTTP_ORIGIN=ORIGIN)
    assert back.status_code == 403
    assert LONG in back.text and "It will be sent as Petra Lang." in words(back.text)
    assert written() == 0
    again = {"csrfmiddlewaretoken": hidden(back.text, "csrfmiddlewaretoken"), "text": LONG}
    assert petra.post(answers, again, HTTP_ORIGIN=ORIGIN).status_code == 302
    assert written() == 1


def test_somebody_else_at_the_same_browser_is_named_before_it_is_sent(petra: Client, desk: Desk, answers: str) -> None:
    old = old_tab(petra)
    signs_in_again(petra, desk, "anna")
    back = petra.post(answers, old, HTTP_ORIGIN=ORIGIN)
    assert "It will be sent as Anna" in words(back.text)
    assert written() == 0


def test_a_foreign_page_gets_nothing_to_send(petra: Client, answers: str) -> None:
    """S23: no form with its fields and a fresh token."""
    for origin in ({}, {"HTTP_ORIGIN": "null"}, {"HTTP_ORIGIN": "https://evil.example"}):
        answer = petra.post(answers, {"text": LONG}, **origin)  # type: ignore[arg-type]
        assert answer.status_code == 403
        assert 'method="post"' not in answer.text and "csrfmiddlewaretoken" not in answer.text
        # But a text that somebody typed can be copied.
        assert LONG in answer.text


def test_a_stale_sign_in_leads_on_or_asks_again(petra: Client, client: Client, desk: Desk) -> None:
    """P18.3: "random, at start of shift"."""
    there = petra.post("/sign-in?next=/me", {"address": "x", "password": "secret-words"}, HTTP_ORIGIN=ORIGIN)
    assert (there.status_code, there["Location"]) == (302, "/sign-in?next=/me")
    assert petra.get("/sign-in?next=/me")["Location"] == "/me"
    stranger = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    asked = stranger.post("/sign-in?next=/me", {"address": "x", "password": "secret-words"}, HTTP_ORIGIN=ORIGIN)
    assert asked.status_code == 403
    assert 'href="/sign-in?next=/me"' in asked.text and "secret-words" not in asked.text


def test_a_part_of_a_page_becomes_a_whole_one(petra: Client, desk: Desk, answers: str) -> None:
    """htmx shows no refusal by itself: what was typed would vanish from sight."""
    old = old_tab(petra)
    signs_in_again(petra, desk, "petra")
    back = petra.post(answers, old, HTTP_ORIGIN=ORIGIN, HTTP_HX_REQUEST="true")
    assert (back.status_code, back["HX-Retarget"]) == (200, "body")
    assert LONG in back.text


@pytest.mark.parametrize("address", ["https://helpdesk.example", "http://127.0.0.1:9999"])
def test_a_wrong_address_is_named_beside_the_right_one(petra: Client, answers: str, address: str) -> None:
    """P18.1."""
    answer = petra.post(answers, {"text": LONG}, HTTP_ORIGIN=address)
    assert answer.status_code == 403
    assert settings.HAUSPOST.public_url in answer.text and address in answer.text and LONG in answer.text


def test_a_wrong_host_is_named_too_and_cannot_write_on_the_page(client: Client, db: None) -> None:
    """P18.1, S11, S26."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "ALLOWED_HOSTS", ["desk.lindner.example"])
        answer = client.get("/sign-in", HTTP_HOST="helpdesk.example", HTTP_ACCEPT_LANGUAGE="en")
        assert answer.status_code == 400
        assert "http://helpdesk.example" in answer.text and settings.HAUSPOST.public_url in answer.text
        assert "//helpdesk.example" not in "".join(part for part in answer.text.split('"') if part.startswith("http"))
        odd = client.get("/sign-in", HTTP_HOST="<script>alert(1)</script>")
        assert odd.status_code == 400 and "alert(1)" not in odd.text
