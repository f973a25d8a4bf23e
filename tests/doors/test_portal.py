"""What an employee can do: ask, follow, answer, confirm; and what they never see."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words


@pytest.fixture
def petra(desk: Desk) -> Client:
    return browser(desk, "petra")


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return desk.ticket("petra", subject="Label printer prints blank labels")


def ask(client: Client, **fields: object) -> Ticket:
    words = {"about": "other", "subject": "Door creaks", "works": "yes", "text": "The door at gate 3."}
    answer = client.post("/ask", {**words, **fields})
    assert answer.status_code == 302, answer.text
    return Ticket.objects.with_names().latest("number")


def test_asking_opens_a_ticket_with_its_number_and_its_files(petra: Client, desk: Desk) -> None:
    photo = SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n", "image/png")
    ticket = ask(petra, place="location:h-tor-3", works="no", people="6", files=photo)
    assert (ticket.requester, ticket.channel) == (desk.person("petra"), "portal")
    assert (ticket.impact_people, ticket.impact_percent) == (6, 100)
    assert ticket.location.key == "h-tor-3"
    page = petra.get(f"/my-tickets/{ticket.number}")
    assert "photo.png" in page.text
    assert f"#{ticket.number}" in page.text


def test_the_kind_of_matter_leads_to_its_team(petra: Client) -> None:
    ticket = ask(petra, about="building")
    assert ticket.team.key == "facilities"


def test_a_request_needs_a_few_words_and_loses_none(petra: Client) -> None:
    answer = petra.post("/ask", {"about": "other", "subject": " ", "text": "All I know of it."})
    assert answer.status_code == 422
    assert "All I know of it.</textarea>" in answer.text


@pytest.mark.parametrize(
    "wrong", [{"about": "nonsense"}, {"place": "site:moon"}, {"works": "no", "people": "x"}, {"works": "?"}]
)
def test_made_up_choices_are_refused(petra: Client, wrong: dict[str, str]) -> None:
    answer = petra.post("/ask", {"about": "other", "subject": "Door", "text": "Creaks", **wrong})
    assert answer.status_code == 422


def test_my_tickets_are_mine(petra: Client, desk: Desk, ticket: Ticket) -> None:
    other = desk.ticket("marta", subject="Not Petra's matter")
    page = petra.get("/my-tickets").text
    assert "Label printer prints blank labels" in page
    assert "Not Petra" not in page
    assert petra.get(f"/my-tickets/{other.number}").status_code == 404


def test_notes_and_held_mails_stay_at_the_desk(petra: Client, desk: Desk, ticket: Ticket) -> None:
    """P6.2, S8."""
    note = Writing(text="She always does that", files=[NewFile("secret.txt", "text/plain", b"x")])
    entry = actions.note(ticket, note, actor=desk.actor("anna"))
    actions.add_answer(
        ticket, Writing(text="Verify your account", channel="mail"), author=None, actor=desk.actor("anna"),
        held_because="verification",
    )  # fmt: skip
    page = petra.get(f"/my-tickets/{ticket.number}").text
    assert "She always does that" not in page
    assert "Verify your account" not in page
    file = entry.attachments.get()
    assert petra.get(f"/my-tickets/{ticket.number}/files/{file.id}").status_code == 404


def test_a_reply_is_seen_when_it_can_no_longer_be_undone(petra: Client, desk: Desk, ticket: Ticket) -> None:
    """P6.4."""
    actions.reply(ticket, Writing(text="Turn the ribbon"), actor=desk.actor("anna"))
    assert "Turn the ribbon" not in petra.get(f"/my-tickets/{ticket.number}").text
    with desk.later(seconds=11):
        assert "Turn the ribbon" in petra.get(f"/my-tickets/{ticket.number}").text


def test_an_answer_joins_and_an_empty_one_is_refused(petra: Client, ticket: Ticket) -> None:
    answer = petra.post(f"/my-tickets/{ticket.number}/answers", {"text": "Still blank"}, follow=True)
    assert "Still blank" in answer.text
    assert petra.post(f"/my-tickets/{ticket.number}/answers", {"text": " "}).status_code == 422


def test_confirming_that_it_is_solved(petra: Client, desk: Desk, ticket: Ticket) -> None:
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    assert "Is it?" in petra.get(f"/my-tickets/{ticket.number}").text
    petra.post(f"/my-tickets/{ticket.number}/confirmation")
    ticket.refresh_from_db()
    assert ticket.state == "closed"


def test_saying_that_it_is_not(petra: Client, desk: Desk, ticket: Ticket) -> None:
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    petra.post(f"/my-tickets/{ticket.number}/reopening")
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_a_participant_sees_what_came_since_and_may_answer(desk: Desk, ticket: Ticket) -> None:
    """P49.1, S8."""
    actions.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"), from_now=True)
    actions.reply(ticket, Writing(text="For both of you"), actor=desk.actor("anna"))
    marta = browser(desk, "marta")
    with desk.later(seconds=11):
        page = marta.get(f"/my-tickets/{ticket.number}").text
    assert "For both of you" in page
    assert "The printer at gate 3 is stuck" not in page
    assert "Label printer" in marta.get("/my-tickets/shared").text
    assert marta.post(f"/my-tickets/{ticket.number}/answers", {"text": "Me too"}).status_code == 302
    assert marta.post(f"/my-tickets/{ticket.number}/reopening").status_code == 403


def test_an_agent_sees_the_own_request_as_requester(desk: Desk) -> None:
    """P11.5."""
    ticket = desk.ticket("anna", to="facilities", subject="Cold office")
    actions.note(ticket, Writing(text="She exaggerates"), actor=desk.actor("pawel"))
    anna = browser(desk, "anna")
    assert "She exaggerates" not in anna.get(f"/my-tickets/{ticket.number}").text
    assert anna.get(f"/desk/tickets/{ticket.number}").status_code == 404


def test_language_and_zone_are_ones_own(petra: Client, desk: Desk) -> None:
    petra.post("/me", {"language": "de", "time_zone": "Europe/Vienna"})
    person = desk.person("petra")
    person.refresh_from_db()
    assert (person.language, person.time_zone) == ("de", "Europe/Vienna")
    assert "Neue Anfrage" in words(petra.get("/ask").text)


def test_portal_pages_ask_few_questions(
    petra: Client, ticket: Ticket, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """P15.2."""
    for address, most in (("/ask", 7), ("/my-tickets", 6), (f"/my-tickets/{ticket.number}", 9)):
        with django_assert_max_num_queries(most):
            assert petra.get(address).status_code == 200
