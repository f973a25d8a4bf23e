"""Every page of the desk opens, says what it should, and asks the database few questions."""

import re
from email.message import EmailMessage

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from hauspost.doors.desk import counters
from hauspost.ground import clock
from hauspost.records.people.actor import SYSTEM
from hauspost.records.places import actions as places
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import administrator, browser, words


@pytest.fixture
def anna(desk: Desk) -> Client:
    return browser(desk, "anna")


@pytest.fixture
def deniz(desk: Desk) -> Client:
    return browser(desk, "deniz")


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's printer, waiting at the sorting table of IT."""
    return desk.ticket("petra", subject="Label printer prints blank labels", text="Nothing but blank labels.\n\nPetra")


LISTS = ["/desk/mine", "/desk/open", "/desk/waiting", "/desk/snoozed", "/desk/closed", "/desk/teams/it",
         "/desk/search", "/desk/search?q=printer", "/desk/menu", "/desk/tickets/new", "/desk/triage"]  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
def test_an_agent_opens_every_list(anna: Client, ticket: Ticket, address: str) -> None:
    assert anna.get(address, follow=True).status_code == 200


@pytest.mark.parametrize("change", ["", "assignee", "team", "status", "classification", "impact", "visit", "subject",
                                    "snooze", "requester", "participants", "links", "tags"])  # fmt: skip
def test_a_ticket_opens_with_any_of_its_forms(anna: Client, ticket: Ticket, change: str) -> None:
    page = anna.get(f"/desk/tickets/{ticket.number}?change={change}&list=open")
    assert page.status_code == 200
    assert "Label printer prints blank labels" in page.text


@pytest.mark.parametrize("write", ["reply", "note"])
def test_the_composer_opens_without_script(anna: Client, ticket: Ticket, write: str) -> None:
    page = anna.get(f"/desk/tickets/{ticket.number}?write={write}").text
    assert "<textarea" in page
    said = {"reply": "Send to petra.lang@lindner.example", "note": "Save note (only team IT service)"}
    assert said[write] in page


def test_there_is_no_text_box_until_a_kind_is_chosen(anna: Client, ticket: Ticket) -> None:
    """P6.1."""
    assert "<textarea" not in anna.get(f"/desk/tickets/{ticket.number}").text


MAILROOM = ["/desk/mailroom", "/desk/mailroom/quarantine", "/desk/mailroom?sender=petra&on=2026-11-23"]


@pytest.mark.parametrize("address", MAILROOM)
def test_a_dispatcher_opens_the_mailroom_and_an_agent_does_not(
    anna: Client, deniz: Client, ticket: Ticket, address: str
) -> None:
    """P3.1."""
    assert deniz.get(address).status_code == 200
    assert anna.get(address).status_code == 404


def test_the_sorting_table_shows_one_ticket(deniz: Client, ticket: Ticket) -> None:
    page = deniz.get("/desk/triage", follow=True)
    assert "Label printer prints blank labels" in page.text
    assert "1 of 1" in page.text


def test_the_rail_counts_what_waits(deniz: Client, desk: Desk, ticket: Ticket) -> None:
    """P15.3."""
    counters.forget(desk.actor("deniz"))
    said = words(deniz.get("/desk/mine").text)
    assert "Triage 1" in said
    assert "IT service 1" in said


def test_rows_beyond_a_page_come_by_key_and_none_twice(anna: Client, desk: Desk) -> None:
    """P15.6."""
    numbers = [desk.ticket("petra", subject=f"Matter {place}").number for place in range(3)]
    desk.ticket("petra", subject="The newest")
    from hauspost.doors.desk import rows

    actor = desk.actor("anna")
    first = rows.newest_first(Ticket.objects.at_desk_of(actor), size=2)
    second = rows.newest_first(Ticket.objects.at_desk_of(actor), before=first.after, size=2)
    seen = [row.number for row in (*first.rows, *second.rows)]
    assert seen == sorted({*numbers, numbers[-1] + 1}, reverse=True)
    assert second.after is None


def test_j_and_k_lead_to_the_neighbours_of_the_list(anna: Client, desk: Desk) -> None:
    """P45.1."""
    older, newer = desk.ticket("petra", subject="older"), desk.ticket("marta", subject="newer")
    page = anna.get(f"/desk/tickets/{newer.number}?list=open").text
    assert re.search(rf'href="/desk/tickets/{older.number}\?list=open" data-key="j"', page)


def test_an_administrator_sees_the_queue_and_a_dispatcher_does_not(desk: Desk, deniz: Client) -> None:
    """P5.6."""
    boss = administrator(desk)
    for address in ("/desk/mailroom/outgoing", "/desk/mailroom/reactions"):
        assert boss.get(address).status_code == 200
        assert deniz.get(address).status_code == 404


def test_the_desk_does_not_exist_for_an_employee(desk: Desk, ticket: Ticket) -> None:
    """S5."""
    petra = browser(desk, "petra")
    for address in ("/desk/", "/desk/mine", f"/desk/tickets/{ticket.number}", "/desk/people?q=an"):
        assert petra.get(address).status_code == 404


def test_another_teams_ticket_looks_like_none(desk: Desk) -> None:
    """P11.1, S5."""
    secret = desk.ticket("petra", to="hr", subject="My contract")
    pawel = browser(desk, "pawel")
    missing = pawel.get("/desk/tickets/999999")
    hidden = pawel.get(f"/desk/tickets/{secret.number}")
    assert hidden.status_code == missing.status_code == 404
    assert words(hidden.text) == words(missing.text)


def test_the_demo_mailbox_exists_in_demos_only(anna: Client) -> None:
    assert anna.get("/desk/mailbox").status_code == 404


def test_search_finds_and_marks(anna: Client, ticket: Ticket) -> None:
    """P16.4."""
    page = anna.get("/desk/search?q=blank").text
    assert "<mark>blank</mark>" in page
    assert "Label printer" in page


def test_a_number_leads_straight_to_its_ticket(anna: Client, ticket: Ticket) -> None:
    answer = anna.get(f"/desk/search?q=%23{ticket.number}")
    assert answer.url == f"/desk/tickets/{ticket.number}"


def test_suggestions_name_persons_by_any_of_their_names(anna: Client) -> None:
    for typed in ("petr", "lang"):
        assert "petra.lang@lindner.example" in anna.get(f"/desk/people?person={typed}").text
    assert "option" not in anna.get("/desk/people?person=p").text


@pytest.fixture
def ten_entries(desk: Desk, ticket: Ticket) -> Ticket:
    for place in range(9):
        actions.note(ticket, Writing(text=f"Note {place}"), actor=desk.actor("anna"))
    return ticket


def test_pages_ask_few_questions(
    anna: Client, desk: Desk, ten_entries: Ticket, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """P15.2: a bound that does not depend on rows."""
    for address, most in (
        ("/desk/open", 7),
        ("/desk/mine", 7),
        ("/desk/closed", 7),
        (f"/desk/tickets/{ten_entries.number}", 13),
        (f"/desk/tickets/{ten_entries.number}?list=open", 15),
        ("/desk/search?q=printer", 14),
    ):
        counters.forget(desk.actor("anna"))
        with django_assert_max_num_queries(most):
            assert anna.get(address).status_code == 200


def test_a_technician_reads_the_building_a_room_lies_in(
    anna: Client, desk: Desk, ten_entries: Ticket, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Two buildings can have the same room: the way to it stands at the ticket, for no further question."""
    site = desk.company.sites["hamburg"]
    building = places.add_location("h2", {"en": "Halle 2"}, site=site, kind="building", actor=SYSTEM)
    floor = places.add_location("h2-1", {"en": "1. OG"}, site=site, kind="floor", parent=building, actor=SYSTEM)
    room = places.add_location("b127", {"en": "B127"}, site=site, kind="room", parent=floor, actor=SYSTEM)
    actions.catalogue(ten_entries, site=site, location=room, actor=desk.actor("anna"))
    with django_assert_max_num_queries(13):
        page = anna.get(f"/desk/tickets/{ten_entries.number}").text
    head = page.partition("</header>")[0]
    assert "Hamburg, warehouse · Halle 2 · B127" in words(head)
    assert 'title="Hamburg, warehouse › Halle 2 › 1. OG › B127"' in head
    assert "Place Hamburg, warehouse › Halle 2 › 1. OG › B127" in words(page)
    actions.catalogue(ten_entries, location=building, actor=desk.actor("anna"))
    page = anna.get(f"/desk/tickets/{ten_entries.number}").text
    assert "Hamburg, warehouse · Halle 2 Details" in words(page)


def test_a_long_ticket_shows_its_last_hundred_entries_first(
    anna: Client, desk: Desk, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hauspost.doors.desk.sheet.MOST_ENTRIES", 3)
    for place in range(5):
        with clock.standing_at(clock.now()):
            actions.note(ticket, Writing(text=f"Note number {place}"), actor=desk.actor("anna"))
    said = anna.get(f"/desk/tickets/{ticket.number}").text
    assert "Note number 4" in said
    assert "Note number 1" not in said
    earlier = re.search(r"earlier=(\d+)", said)
    assert earlier
    assert "Note number 1" in anna.get(f"/desk/tickets/{ticket.number}?earlier={earlier[1]}").text


@pytest.mark.parametrize(
    ("part", "query"),
    [("composer", "write=reply"), ("composer", "write=note"), ("side", "change=status"), ("side", "")],
)
def test_a_part_is_the_same_as_in_the_page(anna: Client, ticket: Ticket, part: str, query: str) -> None:
    """HTML first: htmx swaps only what the page itself includes."""
    whole = anna.get(f"/desk/tickets/{ticket.number}?list=open&{query}").text
    alone = anna.get(f"/desk/tickets/{ticket.number}?list=open&{query}&part={part}").text
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
    assert f'id="{part}"' in alone
    assert "<html" not in alone
    assert token.sub("", alone).strip() in token.sub("", whole)


def test_whoever_helps_on_one_ticket_works_on_that_one_only(desk: Desk, ticket: Ticket) -> None:
    """P33.1."""
    other = desk.ticket("mira", subject="Not for helpers")
    marta = browser(desk, "marta")
    assert marta.get(f"/desk/tickets/{ticket.number}").status_code == 404
    actions.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"), role="helper")
    page = marta.get(f"/desk/tickets/{ticket.number}")
    assert "You help on this ticket" in page.text
    assert "Internal note" in page.text
    assert marta.get(f"/desk/tickets/{other.number}").status_code == 404
    assert "Not for helpers" not in marta.get("/desk/open").text
    assert marta.get("/desk/mailroom").status_code == 404


def test_an_auditor_reads_and_changes_nothing(desk: Desk, ticket: Ticket) -> None:
    person = desk.person("wolfgang")
    person.is_auditor = True
    person.save(update_fields=["is_auditor"])
    wolfgang = browser(desk, "wolfgang")
    page = wolfgang.get(f"/desk/tickets/{ticket.number}?change=status&write=reply")
    assert "You read this as auditor" in page.text
    assert wolfgang.post(f"/desk/tickets/{ticket.number}/notes", {"text": "I was here"}).status_code == 403
    assert wolfgang.post(f"/desk/tickets/{ticket.number}/closure").status_code == 403
    assert not ticket.entries.filter(text="I was here").exists()
    secret = desk.ticket("petra", to="hr", subject="My contract")
    assert wolfgang.get(f"/desk/tickets/{secret.number}").status_code == 404


def test_an_agent_is_told_in_the_page_and_reading_it_ends_that(anna: Client, desk: Desk) -> None:
    """P28: what the mail says stands in the page, too, until its ticket was opened from there."""
    ticket = desk.ticket("petra", subject="Scanner 07")
    actions.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    counters.forget(desk.actor("anna"))

    page = anna.get("/desk/notices").content.decode()
    assert "Scanner 07" in page
    assert 'class="row new"' in page

    answer = anna.post("/desk/notices/reading", {"ticket": str(ticket.number)})
    assert answer["Location"] == f"/desk/tickets/{ticket.number}"
    assert 'class="row new"' not in anna.get("/desk/notices").content.decode()


def test_small_pictures_that_come_with_every_mail_are_folded_away(anna: Client, desk: Desk) -> None:
    """P20.6: never deleted; a scan and a picture that comes once stay in sight."""
    for number in range(2):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = desk.address("petra"), desk.address("it"), f"Signature {number}"
        mail.set_content("Hello")
        mail.add_attachment(b"\x89PNG" + b"logo" * 50, "image", "png", filename="logo.png")
        mail.add_attachment(b"\x89PNG" + bytes([number]) * 50, "image", "png", filename="once.png")
        mail.add_attachment(b"%PDF same", "application", "pdf", filename="form.pdf")
        ticket = desk.receives(mail.as_bytes()).ticket
    page = anna.get(f"/desk/tickets/{ticket}").text
    shown, folded = page.split("1 picture that comes with other mails, too")
    assert "once.png" in shown and "form.pdf" in shown and "logo.png" not in shown
    assert "logo.png" in folded.split("</details>")[0]
