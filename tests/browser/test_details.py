"""Small things one sees at once: buttons that look like ours, fields and buttons in line, words that stay whole."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from hauspost.records.tickets import actions
from tests.browser.conftest import Visitor
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def _box(thing: Locator) -> dict[str, float]:
    found: Any = thing.bounding_box()
    assert found is not None
    return dict(found)


def test_files_are_chosen_by_a_button_of_ours_that_names_them(visit: Visit, lasting_desk: Desk) -> None:
    """Not by the browser's, which speaks its own language; the box beside it stands in line with its words."""
    ticket = lasting_desk.ticket("petra")
    page = visit("anna").opens(f"/desk/tickets/{ticket.number}?write=reply")
    field, button = page.locator("#attach"), page.locator("label[for=attach]")
    assert _box(field)["width"] <= 1
    expect(button).to_have_text("Attach files")
    with page.expect_file_chooser() as choosing:
        button.click()
    choosing.value.set_files([{"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}])
    expect(page.locator("[data-chosen]")).to_have_text("scan.pdf")
    box = _box(page.locator("[name=files_as_link]"))
    label = _box(page.get_by_text("files as a link"))
    assert abs(box["y"] + box["height"] / 2 - label["y"] - label["height"] / 2) <= 2


def test_the_buttons_beside_a_participant_have_no_browser_frame(visit: Visit, lasting_desk: Desk) -> None:
    ticket = lasting_desk.ticket("petra")
    actions.add_participant(ticket, lasting_desk.person("marta"), actor=lasting_desk.actor("anna"))
    page = visit("anna").opens(f"/desk/tickets/{ticket.number}")
    button = page.locator("#card-participants button.step").first
    looks = button.evaluate("one => [getComputedStyle(one).borderTopWidth, getComputedStyle(one).backgroundColor]")
    assert looks == ["0px", "rgba(0, 0, 0, 0)"]


def test_the_ledgers_button_stands_level_with_its_fields(visit: Visit, lasting_desk: Desk) -> None:
    lasting_desk.ticket("petra")
    page = visit("deniz").opens("/desk/mailroom")
    field, button = _box(page.locator("#sender")), _box(page.locator("form.filter > .button"))
    assert (field["y"], field["height"]) == (button["y"], button["height"])
