"""The portal on the employee's own device: pages without barriers, photos, drafts, and what needs script or does not."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from hauspost.records.people.actions import make_ticket_link
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_pages import check
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
PHOTO = {"name": "foto.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"x" * 2000}


def until(page: Page, condition: str) -> None:
    """Wait for a condition in the page; as a function, as the page's own policy forbids to evaluate strings."""
    page.evaluate(f"async () => {{ while (!({condition})) await new Promise((go) => setTimeout(go, 20)); }}")


@pytest.fixture
def solved(busy_desk: Desk) -> Ticket:
    """Petra's scanner: solved by a team that asks how it went; she also heads the warehouse."""
    Team.objects.update(asks_satisfaction=True)
    Person.objects.filter(id=busy_desk.person("petra").id).update(sees_department=True)
    busy_desk.ticket("marta", subject="Das Rolltor an Tor 2 schließt nicht mehr ganz")
    ticket = Ticket.objects.get(subject__startswith="Scanner")
    actions.add_answer(
        ticket,
        Writing(text="Danke, ich prüfe es gleich."),
        author=busy_desk.person("petra"),
        actor=busy_desk.actor("anna"),
    )
    actions.set_status(ticket, status_of("resolved"), actor=busy_desk.actor("anna"))
    return ticket


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_every_page_of_the_portal_and_of_a_link(
    visit: Visit, busy_desk: Desk, solved: Ticket, device: dict[str, Any]
) -> None:
    """P42.1, P43.1."""
    marta = Ticket.objects.get(subject__startswith="Das Rolltor")
    petra = visit("petra", device)
    check(
        petra,
        ["/ask", "/my-tickets", "/my-tickets/department", "/me", f"/my-tickets/{solved.number}?sent=answered",
         f"/my-tickets/{marta.number}"],
    )  # fmt: skip
    link = f"/t/{make_ticket_link(busy_desk.person('petra'), solved.number)}"
    nobody = visit("", device)
    check(nobody, [link])
    spent = nobody.opens("/t/guessed")
    assert nobody.barriers() + nobody.too_wide() == []
    assert spent.get_by_role("link", name="Anmelden" if device is PHONE else "Sign in").is_visible()
    nobody.complaints.clear()  # The browser notes every 404.


def test_an_employee_on_a_phone_gets_help(visit: Visit, busy_desk: Desk) -> None:
    """Issue 3: a request with kind, place and photo; its answer; solved."""
    petra = visit("petra", PHONE)
    page = petra.opens("/ask")
    page.get_by_text("Arbeitsplatz").first.click()
    page.get_by_label("Was genau?").select_option(label="Drucker")
    page.get_by_label("Was ist los?").fill("Etiketten bleiben leer")
    page.get_by_label("Kann noch gearbeitet werden?").select_option("no")
    page.get_by_label("Wie viele Personen betrifft es?").fill("6")
    page.get_by_label("Standort", exact=True).select_option("koeln")
    page.locator("#location option[value=k-dom]").wait_for(state="attached")
    page.get_by_label("Gebäude, Etage, Raum").select_option("k-dom")
    page.locator("#files-camera").set_input_files(PHOTO)
    page.locator("#files-camera").set_input_files({**PHOTO, "name": "noch-eins.png", "buffer": b"\x89PNG\r\n\x1a\ny"})
    assert page.locator(".chosen li").count() == 2
    page.get_by_role("button", name="Anfrage senden").click()
    page.get_by_text("Ihre Anfrage ist angekommen.").wait_for()
    ticket = Ticket.objects.with_names().latest("number")
    assert (ticket.category.key, ticket.location.key, ticket.impact_people) == ("printer", "k-dom", 6)
    assert [one.name for one in ticket.entries.get(seq=1).attachments.order_by("position")] == [
        "foto.png",
        "noch-eins.png",
    ]
    assert page.get_by_text("noch-eins.png").is_visible()


def test_what_was_typed_survives_a_reload_until_it_has_arrived(visit: Visit, busy_desk: Desk) -> None:
    """P23.1, P23.4."""
    page = visit("petra").opens("/ask")
    page.get_by_label("What is the matter?").fill("Half a sentence")
    page.get_by_label("Site", exact=True).select_option("wien")
    page.locator("#location option[value=w-prater]").wait_for(state="attached")
    page.get_by_label("Building, floor, room").select_option("w-prater")
    until(page, "Object.keys(localStorage).some(key => (localStorage[key] || '').includes('w-prater'))")
    page.reload()
    page.get_by_text("What you had typed here before is still there.").wait_for()
    page.locator("#location option[value=w-prater]").wait_for(state="attached")
    until(page, "document.getElementById('location').value === 'w-prater'")
    assert page.get_by_label("What is the matter?").input_value() == "Half a sentence"
    page.get_by_role("button", name="Send request").click()
    page.get_by_text("Your request has arrived.").wait_for()
    page.goto(page.url.partition("/my-tickets")[0] + "/ask")
    assert page.get_by_label("What is the matter?").input_value() == ""
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('form:')).length") == 0


def test_a_draft_can_be_thrown_away(visit: Visit, busy_desk: Desk) -> None:
    page = visit("petra").opens("/ask")
    page.get_by_label("What is the matter?").fill("Never mind")
    until(page, "Object.keys(localStorage).some(key => key.startsWith('form:'))")
    page.reload()
    page.get_by_role("button", name="Begin anew").click()
    assert page.get_by_label("What is the matter?").input_value() == ""


def test_an_answers_draft_goes_with_the_answer(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    page = visit("petra").opens(f"/my-tickets/{printer.number}")
    page.get_by_label("Your answer").fill("Still blank")
    until(page, "Object.keys(localStorage).some(key => key.startsWith('draft:'))")
    page.reload()
    assert page.get_by_label("Your answer").input_value() == "Still blank"
    page.get_by_role("button", name="Send answer").click()
    page.get_by_text("Your answer has arrived.").wait_for()
    assert page.get_by_label("Your answer").input_value() == ""


def test_too_big_files_are_refused_before_they_are_sent(visit: Visit, busy_desk: Desk) -> None:
    """P36.2."""
    visitor = visit("petra")
    page = visitor.opens("/ask")
    page.evaluate("document.querySelector('[data-files]').dataset.most = '1000'")
    page.get_by_label("What is the matter?").fill("A film")
    page.locator("#files").set_input_files(PHOTO)
    page.get_by_text("are allowed. Leave some out.").wait_for()
    visitor.requests.clear()
    page.get_by_role("button", name="Send request").click()
    assert page.get_by_label("What is the matter?").input_value() == "A film"
    assert visitor.requests == []
    page.get_by_role("button", name="Leave out foto.png").click()
    page.get_by_role("button", name="Send request").click()
    page.get_by_text("Your request has arrived.").wait_for()


def test_a_link_on_a_phone_answers_reopens_and_rates(visit: Visit, busy_desk: Desk, solved: Ticket) -> None:
    """S12: with real headers: a page without referrer sends `Origin: null`."""
    link = f"/t/{make_ticket_link(busy_desk.person('petra'), solved.number)}"
    visitor = visit("", {**PHONE, "locale": "de-DE"})
    Person.objects.filter(id=busy_desk.person("petra").id).update(language="de")
    page = visitor.opens(link)
    page.get_by_text("Nein, noch nicht").click()
    page.get_by_label("Was stimmt noch nicht?").fill("Er lädt wieder nicht.")
    page.get_by_role("button", name="Wieder öffnen", exact=True).click()
    page.get_by_text("Die Anfrage ist wieder offen.").wait_for()
    page.get_by_label("Ihre Antwort").fill("Hier das Foto.")
    page.locator("#files").set_input_files(PHOTO)
    page.get_by_role("button", name="Antwort senden").click()
    page.get_by_text("foto.png").wait_for()
    actions.set_status(solved, status_of("closed"), actor=busy_desk.actor("anna"))
    page.goto(visitor.base + link)
    page.get_by_text("Geht so").click()
    page.get_by_role("button", name="Senden", exact=True).click()
    page.get_by_text("Danke für Ihre Antwort.").wait_for()
    assert visitor.page.context.cookies() == []


def test_the_request_form_works_without_script(visit: Visit, busy_desk: Desk) -> None:
    page = visit("petra", java_script_enabled=False).opens("/ask")
    page.get_by_label("What is the matter?").fill("Plain and simple")
    page.get_by_label("Site", exact=True).select_option("koeln")
    page.get_by_role("button", name="Show the places of this site").click()
    assert page.get_by_label("What is the matter?").input_value() == "Plain and simple"
    page.get_by_label("Building, floor, room").select_option("k-kantine")
    page.get_by_label("Which one exactly?").select_option("heating")
    page.get_by_role("button", name="Send request").click()
    page.get_by_text("Your request has arrived.").wait_for()
    assert Ticket.objects.latest("number").category.key == "heating"


def test_the_first_visit_is_light(visit: Visit, busy_desk: Desk) -> None:
    """P42.1: 3G. Everything the form needs, below 100 kB."""
    visitor = visit("petra", PHONE)
    weights: list[int] = []
    visitor.page.on("response", lambda got: weights.append(len(got.body())))
    visitor.opens("/ask")
    assert sum(weights) < 100_000
