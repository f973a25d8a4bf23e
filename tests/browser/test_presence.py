"""Two people at one ticket see each other, and who goes is seen no more (P24)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket
from tests.browser.conftest import Visitor
from tests.desk import Desk
from tests.doors._running import until

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def looks_again(page: Page) -> None:
    """As coming back to the tab does; otherwise the page asks every eight seconds by itself."""
    with page.expect_response("**/desk/presence"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_two_at_one_ticket_see_who_reads_and_who_writes(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    """P24.1, P24.4"""
    deniz, anna = visit("deniz"), visit("anna")
    Person.objects.filter(pk=busy_desk.person("deniz").pk).update(name="<img src=x onerror=window.pwned=1> Aydın")
    path = f"/desk/tickets/{printer.number}?list=open"
    theirs, ours = deniz.opens(path), anna.opens(path)
    expect(ours.locator("[data-there-here]")).to_contain_text(
        # A name is words and nothing else (S1).
        "<img src=x onerror=window.pwned=1> Aydın is reading this"
    )
    row = theirs.locator(f"[data-there='{printer.number}']")
    looks_again(theirs)
    expect(row).to_contain_text(f"{busy_desk.person('anna').name} is reading this")
    ours.keyboard.press("n")
    with ours.expect_response("**/desk/presence"):
        ours.get_by_label("Your note").press_sequentially("Toner")
    looks_again(theirs)
    expect(theirs.locator("[data-there-here]")).to_contain_text("is writing here")
    assert deniz.barriers() + deniz.too_wide() == []
    ours.goto("about:blank")

    def nobody_is_left() -> bool:
        looks_again(theirs)
        return row.inner_text() == ""

    until(nobody_is_left, "who has left is seen no more")
