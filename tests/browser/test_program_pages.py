"""The pages about programs in a real browser: tokens, integrations, the description of the API, exports."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hauspost.records.people.actions import set_password
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets.models import Ticket
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_pages import check
from tests.desk import Desk
from tests.doors.calling import Program, integration, token_for

pytestmark = pytest.mark.browser
PASSWORD = "a good long password"
Visit = Callable[..., Visitor]


def confirms(visitor: Visitor) -> Visitor:
    """Somebody who has just proven again who sits there."""
    visitor.opens("/me/security/confirmation")
    visitor.page.locator("input[name=password]").fill(PASSWORD)
    visitor.page.locator("input[name=password]").press("Enter")
    visitor.page.wait_for_load_state("networkidle")
    return visitor


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_the_pages_for_programs(visit: Visit, lasting_desk: Desk, device: dict[str, Any]) -> None:
    """P42.1, P43.1: one's own tokens, the integrations, the description."""
    desk = lasting_desk
    for name in ("petra", "karim"):
        set_password(desk.person(name), PASSWORD, actor=SYSTEM)
    program = integration(desk, "Überwachung der Lagersysteme", it="agent")
    token_for(program, "tickets:write", "places:read", name="host7")
    token_for(desk.person("petra"), name="Mein Skript für die Waage an Tor 3")
    petra = confirms(visit("petra", device))
    check(petra, ["/me/tokens", "/me/tokens/new", "/api/v1/docs"])
    karim = confirms(visit("karim", device))
    one = f"/desk/settings/programs/{program.uid}"
    check(karim, ["/desk/settings/programs", one, f"{one}/tokens"])


def test_a_token_is_made_by_keyboard_and_opens_the_api(visit: Visit, lasting_desk: Desk) -> None:
    set_password(lasting_desk.person("petra"), PASSWORD, actor=SYSTEM)
    page = confirms(visit("petra")).opens("/me/tokens/new")
    page.get_by_label("What is it for?").fill("Till")
    page.keyboard.press("Enter")
    token = page.get_by_label("The token").input_value()
    assert Program(token).get("me")["token"]["name"] == "Till"
    page.get_by_role("link", name="I have kept it").click()
    page.get_by_role("button", name="Revoke Till").click()
    page.get_by_text("opens nothing any more").wait_for()


def test_a_list_is_saved_as_a_file(visit: Visit, busy_desk: Desk, printer: Ticket, tmp_path: Path) -> None:
    page = visit("deniz").opens("/desk/open")
    with page.expect_download() as started:
        page.get_by_role("button", name="Export (CSV)").click()
    started.value.save_as(tmp_path / "open.csv")
    with (tmp_path / "open.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert str(printer.number) in {row["Number"] for row in rows} and len(rows) == Ticket.objects.open().count()
