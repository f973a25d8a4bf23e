"""What people see on bad days: no worker, a tab of yesterday, a wrong address (P5.7, P18.1, P18.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from hauspost.ground.vitals.models import Life
from hauspost.records.tickets.models import Entry, Ticket
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
DEVICES = pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])


@pytest.fixture
def at_home(settings: Any, live_server: LiveServer) -> None:
    """The public URL is the one that the browser uses."""
    settings.HAUSPOST = replace(settings.HAUSPOST, public_url=live_server.url)


def new_token(visitor: Visitor) -> None:
    """As after signing in again in another tab: the browser's token is another one."""
    visitor.page.context.clear_cookies(name="csrftoken")


@DEVICES
def test_a_desk_without_a_worker_says_so_on_every_page(
    visit: Visit, busy_desk: Desk, printer: Ticket, device: dict[str, Any]
) -> None:
    """P5.7."""
    for life in Life.objects.all():
        Life.objects.filter(pk=life.pk).update(seen_at=life.seen_at - timedelta(minutes=6))
    cache.clear()
    anna = visit("anna", device)
    try:
        for path in ("/desk/mine", f"/desk/tickets/{printer.number}", "/desk/search"):
            page = anna.opens(path)
            expect(page.locator(".outage")).to_be_in_viewport()
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight") or device is PHONE
            assert [*anna.barriers(), *anna.too_wide()] == []
    finally:
        cache.clear()


@DEVICES
def test_a_reply_from_yesterdays_tab_comes_back_to_be_sent(
    visit: Visit, busy_desk: Desk, printer: Ticket, device: dict[str, Any], at_home: None
) -> None:
    """P18.3: with htmx, too, nothing vanishes."""
    anna = visit("anna", device)
    page = anna.opens(f"/desk/tickets/{printer.number}?write=note")
    page.fill("#composer textarea", "Die Klappe ist offen, jetzt geht es wieder.")
    new_token(anna)
    page.locator("#composer button[type=submit]").last.click()
    heading = "Diese Seite war zu lange offen" if device is PHONE else "This page was open too long"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert [*anna.barriers(), *anna.too_wide()] == []
    expect(page.locator("textarea")).to_have_value("Die Klappe ist offen, jetzt geht es wieder.")
    page.get_by_role("button").first.click()
    page.wait_for_url("**/desk/tickets/**")
    assert Entry.objects.filter(text__contains="Die Klappe ist offen").count() == 1
    # The browser notes every 403.
    anna.complaints.clear()


@DEVICES
def test_a_wrong_address_is_a_page_to_read(visit: Visit, busy_desk: Desk, device: dict[str, Any]) -> None:
    """P18.1."""
    petra = visit("petra", device)
    page = petra.opens("/ask")
    new_token(petra)
    page.evaluate("document.querySelector('form[method=post]').submit()")
    page.wait_for_load_state()
    expect(page.locator("dd code").first).to_have_text("http://127.0.0.1:8000")
    assert [*petra.barriers(), *petra.too_wide()] == []
    petra.complaints.clear()
