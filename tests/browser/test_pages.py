"""Every page in a real browser: without barriers, without a complaint, on a phone and on a desk, light and dark."""

from collections.abc import Callable
from typing import Any

import pytest

from hauspost.duties.intake.models import Delivery
from hauspost.records.tickets.models import Ticket
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

DESK = ["/desk/notices", "/desk/mine", "/desk/open", "/desk/closed", "/desk/snoozed", "/desk/teams/it", "/desk/search", "/desk/search?q=drucker",
        "/desk/search?q=nothinglikethis", "/desk/menu", "/desk/tickets/new", "/desk/triage", "/desk/mailroom",
        "/desk/mailroom/quarantine", "/desk/nowhere"]  # fmt: skip
TICKET = ["", "?list=open", "?write=reply", "?write=note", *(f"?change={card}" for card in (
    "assignee", "team", "status", "classification", "impact", "visit", "subject", "snooze", "requester", "participants",
    "links", "tags"))]  # fmt: skip
PORTAL = ["/ask", "/my-tickets", "/my-tickets/shared", "/me", "/me/security", "/me/security/confirmation"]


def check(visitor: Visitor, paths: list[str]) -> None:
    """Open each page and collect what is wrong with it, so that one run tells all."""
    wrong = []
    for path in paths:
        visitor.opens(path)
        wrong += [f"{path}: {fault}" for fault in (*visitor.barriers(), *visitor.too_wide())]
        if "nowhere" in path:
            visitor.complaints.clear()  # The browser notes every 404.
        wrong += [f"{path}: {words}" for words in visitor.complaints]
        visitor.complaints.clear()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_the_desks_pages(visit: Visit, busy_desk: Desk, printer: Ticket, device: dict[str, Any]) -> None:
    """P42.1, P43.1, P44.1."""
    deniz = visit("deniz", device)
    entry = printer.entries.get(seq=1)
    delivery = Delivery.objects.first()
    assert delivery is not None
    original = f"/desk/tickets/{printer.number}/entries/{entry.id}/original"
    check(
        deniz,
        [
            *DESK,
            *(f"/desk/tickets/{printer.number}{query}" for query in TICKET),
            original,
            f"/desk/mailroom/{delivery.pk}",
        ],
    )


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_the_portals_pages(visit: Visit, busy_desk: Desk, printer: Ticket, device: dict[str, Any]) -> None:
    petra = visit("petra", device)
    solved = Ticket.objects.get(subject__startswith="Scanner")
    check(petra, [*PORTAL, f"/my-tickets/{printer.number}", f"/my-tickets/{solved.number}"])


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_the_pages_before_signing_in(visit: Visit, device: dict[str, Any]) -> None:
    nobody = visit("", device)
    check(nobody, ["/sign-in", "/sign-in/code", "/sign-in/code?code=12345678", "/nowhere"])


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_the_administrators_pages(visit: Visit, busy_desk: Desk, device: dict[str, Any]) -> None:
    karim = busy_desk.person("karim")
    karim.is_administrator = True
    karim.save(update_fields=["is_administrator"])
    visitor = visit("karim", device)
    check(visitor, ["/desk/settings/backups", "/desk/mailroom/outgoing", "/desk/mailroom/reactions"])


def test_nothing_is_fetched_from_elsewhere(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    """P46.1."""
    deniz = visit("deniz")
    deniz.opens(f"/desk/tickets/{printer.number}?list=open")
    assert all(url.startswith((deniz.base, "data:")) for url in deniz.requests)


def test_all_of_it_works_without_script(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    deniz = visit("deniz", java_script_enabled=False)
    page = deniz.opens(f"/desk/tickets/{printer.number}")
    page.get_by_role("link", name="Reply").click()
    page.get_by_label("Your reply").fill("Plain and simple")
    page.get_by_role("button", name="Send to petra.lang@lindner.example and 1 other").click()
    page.get_by_text("Plain and simple").wait_for()
    page.get_by_role("button", name="Undo").last.click()
    assert page.get_by_label("Your reply").input_value() == "Plain and simple"
