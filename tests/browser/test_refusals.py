"""What a ticket's card refuses is said where it was typed, with script as without; nothing vanishes (P5.4, P24.3)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
DEVICES = pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])


def expects_refusal(visitor: Visitor) -> None:
    """The browser itself notes every answer of 4xx."""
    assert all("status of 4" in words for words in visitor.complaints), visitor.complaints
    visitor.complaints.clear()


@DEVICES
def test_two_who_change_one_field_see_both_values(
    visit: Visit, busy_desk: Desk, printer: Ticket, device: dict[str, Any]
) -> None:
    """P24.3"""
    anna = visit("anna", device)
    page = anna.opens(f"/desk/tickets/{printer.number}?change=classification")
    actions.catalogue(printer, actor=busy_desk.actor("deniz"), urgency=1)
    page.locator("#side select[name=urgency]").select_option("2")
    page.locator("#side form.form button[type=submit]").first.click()
    heading = "Jemand anderes" if device is PHONE else "Somebody else has changed this ticket"
    expect(page.get_by_text(heading)).to_be_visible()
    assert [*anna.barriers(), *anna.too_wide()] == []
    page.get_by_role("button", name="Meine" if device is PHONE else "Take mine").click()
    page.wait_for_url("**/desk/tickets/**")
    printer.refresh_from_db()
    assert printer.urgency == 2
    expects_refusal(anna)


@DEVICES
def test_a_requester_whom_nobody_knows_is_said_in_the_card(
    visit: Visit, busy_desk: Desk, printer: Ticket, device: dict[str, Any]
) -> None:
    """P5.4: with what was typed."""
    anna = visit("anna", device)
    page = anna.opens(f"/desk/tickets/{printer.number}?change=requester")
    page.locator("#side input[name=requester]").fill("gibtsnicht")
    page.locator("#side form.form button[type=submit]").first.click()
    expect(page.locator("#side .wrong").first).to_be_visible()
    expect(page.locator("#side input[name=requester]")).to_have_value("gibtsnicht")
    expects_refusal(anna)


def test_a_card_that_was_open_too_long_is_a_page_to_read(
    visit: Visit, busy_desk: Desk, printer: Ticket, settings: Any, live_server: LiveServer
) -> None:
    """P18.3"""
    settings.HAUSPOST = replace(settings.HAUSPOST, public_url=live_server.url)
    anna = visit("anna")
    page = anna.opens(f"/desk/tickets/{printer.number}?change=classification")
    page.context.clear_cookies(name="csrftoken")
    page.locator("#side form.form button[type=submit]").first.click()
    expect(page.get_by_role("heading", name="This page was open too long")).to_be_visible()
    expects_refusal(anna)


def test_a_ticket_that_is_out_of_sight_by_now_says_so(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    """P23.2: the whole page, instead of a button that does nothing."""
    anna = visit("anna")
    page = anna.opens(f"/desk/tickets/{printer.number}?change=classification")
    busy_desk.person("anna").memberships.all().delete()
    page.locator("#side form.form button[type=submit]").first.click()
    expect(page.locator("#side")).to_have_count(0)
    expect(page.get_by_role("alert")).to_be_visible()
    expects_refusal(anna)
