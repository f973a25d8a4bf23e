"""The desk by keyboard alone: letters keep one meaning, and are letters again while somebody types (P45.1)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from hauspost.ground.mail.letter import read_letter
from hauspost.records.tickets.models import Ticket
from tests.browser.conftest import Visitor
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def focused(page: Page) -> str:
    return str(
        page.evaluate(
            "document.activeElement.name || document.activeElement.className || document.activeElement.tagName"
        )
    )


def test_j_and_k_walk_the_list_and_enter_opens(visit: Visit, busy_desk: Desk) -> None:
    page = visit("anna").opens("/desk/open")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    rows = page.locator("[data-rows] .row")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/tickets/*")


def test_j_and_k_walk_from_ticket_to_ticket(visit: Visit, busy_desk: Desk) -> None:
    page = visit("anna").opens("/desk/open")
    page.locator("[data-rows] .row").nth(0).click()
    first = page.url
    page.keyboard.press("j")
    page.wait_for_url(lambda url: url != first)
    page.keyboard.press("k")
    page.wait_for_url(first)


def test_r_opens_a_reply_and_letters_are_letters_in_it(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    page = visit("anna").opens(f"/desk/tickets/{printer.number}?list=open")
    page.keyboard.press("r")
    box = page.get_by_label("Your reply")
    expect(box).to_be_focused()
    page.keyboard.type("jkrnas/?")
    assert box.input_value() == "jkrnas/?"


def test_n_opens_a_note_and_the_kind_can_change_without_losing_a_word(
    visit: Visit, busy_desk: Desk, printer: Ticket
) -> None:
    """P6.5."""
    page = visit("anna").opens(f"/desk/tickets/{printer.number}")
    page.keyboard.press("n")
    page.get_by_label("Your note").fill("Half a thought")
    page.get_by_role("button", name="Make it a reply").click()
    expect(page.get_by_label("Your reply")).to_have_value("Half a thought")
    expect(page.get_by_role("button", name="Send to")).to_be_visible()


def test_ctrl_enter_sends(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    page = visit("anna").opens(f"/desk/tickets/{printer.number}")
    page.keyboard.press("n")
    page.get_by_label("Your note").fill("Sent by key")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry.note", has_text="Sent by key")).to_be_visible()


def test_a_assigns_and_s_sets_the_status(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    page = visit("anna").opens(f"/desk/tickets/{printer.number}")
    page.keyboard.press("a")
    expect(page.get_by_label("Assignee")).to_be_focused()
    page.get_by_label("Assignee").select_option(label="Jonas Klein")
    page.locator("#side").get_by_role("button", name="Save").click()
    expect(page.locator("#record")).to_contain_text("assigned it to Jonas Klein")
    page.keyboard.press("s")
    page.get_by_label("Status").select_option(label="Waiting for requester")
    page.locator("#side").get_by_role("button", name="Save").click()
    expect(page.locator("#head")).to_contain_text("Waiting for requester")


def test_a_half_written_reply_survives_another_change(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    """P23.5."""
    page = visit("anna").opens(f"/desk/tickets/{printer.number}")
    page.keyboard.press("r")
    page.get_by_label("Your reply").fill("Not done yet")
    page.locator("#card-tags").get_by_role("link", name="Add").click()
    page.get_by_role("textbox", name="Tag").fill("gate")
    page.locator("#card-tags").get_by_role("button", name="Add").click()
    expect(page.locator("#card-tags")).to_contain_text("gate")
    expect(page.get_by_label("Your reply")).to_have_value("Not done yet")


def test_a_draft_is_there_again_after_a_reload_and_gone_after_sending(
    visit: Visit, busy_desk: Desk, printer: Ticket
) -> None:
    """P23.1, P23.4."""
    page = visit("anna").opens(f"/desk/tickets/{printer.number}?write=note")
    page.get_by_label("Your note").fill("Keep me")
    expect(page.locator("[data-draftstate]")).to_have_text("Draft kept in this browser")
    page.reload()
    expect(page.get_by_label("Your note")).to_have_value("Keep me")
    page.get_by_role("button", name="Save note").click()
    page.wait_for_url(lambda url: "write=" not in url)
    page.goto(page.url.partition("?")[0].partition("#")[0] + "?write=note")
    expect(page.get_by_label("Your note")).to_have_value("")


def test_the_send_button_names_whom_it_reaches(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    """P6.1."""
    page = visit("anna").opens(f"/desk/tickets/{printer.number}?write=reply")
    expect(page.locator("[data-send]")).to_have_text("Send to petra.lang@lindner.example and 1 other")
    page.get_by_role("checkbox", name="Marta Nowak").uncheck()
    expect(page.locator("[data-send]")).to_have_text("Send to petra.lang@lindner.example")
    page.get_by_role("checkbox", name="Petra Lang").uncheck()
    expect(page.locator("[data-send]")).to_be_disabled()


def test_slash_searches_and_question_mark_helps(visit: Visit, busy_desk: Desk) -> None:
    page = visit("anna").opens("/desk/open")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_digits_choose_at_the_sorting_table_and_enter_files(visit: Visit, busy_desk: Desk) -> None:
    page = visit("deniz").opens("/desk/triage")
    first = page.url
    page.keyboard.press("2")
    expect(page.locator("[data-digit='2']")).to_be_checked()
    page.keyboard.press("0")
    expect(page.locator("[data-digit='0']")).to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first)


def test_keys_can_be_switched_off(visit: Visit, busy_desk: Desk) -> None:
    anna = visit("anna")
    page = anna.opens("/desk/menu")
    page.get_by_label("Single letters as keys").select_option("off")
    page.get_by_role("button", name="Save").last.click()
    anna.opens("/desk/open")
    page.keyboard.press("j")
    assert focused(page) == "BODY"


def test_the_skip_link_leads_to_the_content(visit: Visit, busy_desk: Desk) -> None:
    page = visit("anna").opens("/desk/open")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_people_are_suggested_while_typing(visit: Visit, busy_desk: Desk) -> None:
    page = visit("anna").opens("/desk/tickets/new")
    page.get_by_label("For whom?").press_sequentially("petra")
    expect(page.locator("#requester-list option")).to_have_count(1)


def test_a_pasted_screenshot_leaves_with_the_reply(visit: Visit, busy_desk: Desk, printer: Ticket) -> None:
    """P20.4, P20.5: the picture itself goes out, no link into the house."""
    page = visit("anna").opens(f"/desk/tickets/{printer.number}")
    page.keyboard.press("r")
    box = page.get_by_label("Your reply")
    box.fill("It should look like this:")
    box.evaluate(
        """box => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array([137, 80, 78, 71, 1, 2, 3])], "image.png", { type: "image/png" }));
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
        }"""
    )
    page.keyboard.press("Control+Enter")
    page.get_by_text("image.png").wait_for()
    with busy_desk.later(minutes=1):
        busy_desk.works()
    [file] = read_letter(busy_desk.sent("reply")[-1].letter()).attachments
    assert (file.name, file.content_type, file.content) == ("image.png", "image/png", b"\x89PNG\x01\x02\x03")
