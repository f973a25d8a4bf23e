"""What an employee can do: ask, follow, answer, confirm; and what they never see."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from hauspost.records.people.actions import known_person
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.browsing import BACKEND, browser, words


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
    ticket = ask(petra, site="hamburg", location="h-tor-3", works="no", people="6", files=photo)
    assert (ticket.requester, ticket.channel) == (desk.person("petra"), "portal")
    assert (ticket.impact_people, ticket.impact_percent) == (6, 100)
    assert ticket.location.key == "h-tor-3"
    page = petra.get(f"/my-tickets/{ticket.number}")
    assert "photo.png" in page.text
    assert f"#{ticket.number}" in page.text


def test_the_kind_of_matter_leads_to_its_team(petra: Client) -> None:
    ticket = ask(petra, about="building")
    assert ticket.team.key == "facilities"


def test_the_kind_below_a_tile_is_the_category(petra: Client) -> None:
    """The more exact choice stands, also where only it was made."""
    assert ask(petra, about="workplace", kind="printer").category.key == "printer"
    assert ask(petra, about="other", kind="doors").team.key == "facilities"


def test_the_form_knows_who_asks_and_from_where(petra: Client) -> None:
    page = petra.get("/ask").text
    assert 'value="Petra Lang"' in page
    for chosen in ("warehouse", "hamburg", "h-buero"):
        assert f'<option value="{chosen}" selected>' in page
    assert "Meeting room Dom" not in page, "places of other sites come when their site is chosen"


def test_the_places_of_another_site_come_with_and_without_script(petra: Client) -> None:
    part = petra.get("/ask?part=places&site=koeln").text
    assert "Main building › 1st floor › Meeting room Dom" in part
    assert "Gate 3" not in part
    again = petra.post("/ask", {"subject": "Half a sen", "site": "koeln", "location": "h-tor-3", "show": "places"})
    assert again.status_code == 200
    assert 'value="Half a sen"' in again.text
    assert "Meeting room Dom" in again.text
    assert not Ticket.objects.exists()


def test_asking_for_a_colleague(petra: Client, desk: Desk) -> None:
    """P49.1: by name or by address; the colleague sees it, too."""
    ticket = ask(petra, affected="marta nowak", department="production")
    assert (ticket.requester, ticket.affected) == (desk.person("petra"), desk.person("marta"))
    assert ticket.department.key == "production"
    assert browser(desk, "marta").get(f"/my-tickets/{ticket.number}").status_code == 200
    assert ask(petra, affected=desk.address("marta").upper()).affected == desk.person("marta")
    assert ask(petra, affected="Petra Lang").affected is None


def test_nobody_becomes_known_by_being_named(petra: Client) -> None:
    """S9: and who is from outside is no colleague."""
    before = Person.objects.count()
    answer = petra.post("/ask", {"subject": "Door", "affected": "stranger@elsewhere.example"})
    assert answer.status_code == 422
    assert "Nobody here is known as “stranger@elsewhere.example”" in words(answer.text)
    assert Person.objects.count() == before


def test_too_many_files_are_refused_with_everything_typed(petra: Client, settings: Any) -> None:
    """P36.2: the page itself refuses before the upload; without script the server does."""
    settings.HAUSPOST = replace(settings.HAUSPOST, mail_size_limit=10_000)
    big = SimpleUploadedFile("film.mp4", b"x" * 10_001, "video/mp4")
    answer = petra.post("/ask", {"subject": "Door", "text": "All I know of it.", "files": big})
    assert answer.status_code == 413
    assert "All I know of it.</textarea>" in answer.text
    assert not Ticket.objects.exists()
    assert 'data-most="10000"' in petra.get("/ask").text


def test_an_agent_asks_like_anybody_else(desk: Desk) -> None:
    """P11.5: for the own team, too, whose dispatcher is told of it."""
    ticket = ask(browser(desk, "anna"), about="workplace")
    desk.works()
    assert ticket.team.key == "it"
    assert [mail.person_uid for mail in desk.sent("notice")] == [
        str(desk.person(one).uid) for one in ("sabine", "deniz")
    ]


def test_a_request_needs_a_few_words_and_loses_none(petra: Client) -> None:
    answer = petra.post("/ask", {"about": "other", "subject": " ", "text": "All I know of it."})
    assert answer.status_code == 422
    assert "All I know of it.</textarea>" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"about": "nonsense"}, {"about": "building", "kind": "printer"}, {"kind": "nonsense"}, {"site": "moon"},
     {"site": "koeln", "location": "h-tor-3"}, {"site": "hamburg", "location": "moon"}, {"works": "no", "people": "x"},
     {"works": "?"}, {"department": "moon"}, {"affected": "Nobody Known"}, {"affected": "stranger@elsewhere.example"}],
)  # fmt: skip
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


def test_an_agent_is_an_employee_in_the_portal(desk: Desk) -> None:
    """P11.5: tickets of the own team are read at the desk, and the own request shows no more than anybody's."""
    own = desk.ticket("anna", subject="My own screen")
    actions.note(own, Writing(text="Between us"), actor=desk.actor("jonas"))
    other = desk.ticket("petra")
    anna = browser(desk, "anna")
    assert "Between us" not in anna.get(f"/my-tickets/{own.number}").text
    assert anna.get(f"/my-tickets/{other.number}").status_code == 404


def test_who_wrote_before_signing_in_finds_it_all(desk: Desk) -> None:
    """P26.3."""
    desk.ticket("new.colleague@lindner.example", subject="First day, no badge")
    person = known_person("new.colleague@lindner.example")
    assert person is not None
    client = Client()
    client.force_login(person, backend=BACKEND)
    assert "First day, no badge" in client.get("/my-tickets").text


def test_what_only_the_desk_fills_in_stays_there(petra: Client, desk: Desk, ticket: Ticket) -> None:
    """P11.4: priority, assignee, outage and tags appear on no page of the requester."""
    anna = desk.actor("anna")
    actions.assign(ticket, desk.person("jonas"), actor=anna)
    actions.catalogue(ticket, actor=anna, impact=3, urgency=3, affected=desk.person("mira"))
    actions.set_impact(ticket, actor=anna, people=4711, percent=50)
    actions.tag(ticket, "moody", actor=anna)
    said = words(petra.get(f"/my-tickets/{ticket.number}").text) + words(petra.get("/my-tickets").text)
    for secret in ("Jonas", "critical", "Critical", "4711", "moody"):
        assert secret not in said
    assert "For Mira Kowalski" in said


def test_a_closed_ticket_says_what_an_answer_does(petra: Client, desk: Desk, ticket: Ticket) -> None:
    actions.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    page = petra.get(f"/my-tickets/{ticket.number}").text
    assert "This ticket is closed. Your answer opens it again" in words(page)
    assert "Send answer and reopen Only reopen" in words(page)
    petra.post(f"/my-tickets/{ticket.number}/answers", {"text": "It is back."})
    assert Ticket.objects.get(number=ticket.number).is_open
    page = words(petra.get(f"/my-tickets/{ticket.number}").text)
    assert "Send answer" in page
    assert "Only reopen" not in page


def test_a_wrong_address_in_the_portal_leads_to_ones_own_tickets_not_to_a_search(petra: Client, desk: Desk) -> None:
    """P54: the portal has no search, and who is not signed in has nothing to look in."""
    page = petra.get("/tickets/3", headers={"Accept-Language": "en"})
    assert page.status_code == 404
    assert "search" not in words(page.text)
    assert 'href="/my-tickets"' in page.text
    assert "with the search" in words(browser(desk, "anna").get("/tickets/3").text)
    signed_out = words(Client().get("/tickets/3", headers={"Accept-Language": "en"}).text)
    assert "or sign in" in signed_out
    assert "search" not in signed_out


def test_why_it_is_not_solved_is_told_with_the_reopening(petra: Client, desk: Desk, ticket: Ticket) -> None:
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    answer = petra.post(f"/my-tickets/{ticket.number}/reopening", {"text": "Blank again since noon"}, follow=True)
    assert "The request is open again." in answer.text
    assert "Blank again since noon" in answer.text
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_language_and_zone_are_ones_own(petra: Client, desk: Desk) -> None:
    petra.post("/me", {"language": "de", "time_zone": "Europe/Vienna"})
    person = desk.person("petra")
    person.refresh_from_db()
    assert (person.language, person.time_zone) == ("de", "Europe/Vienna")
    assert "Neue Anfrage" in words(petra.get("/ask").text)


def test_the_zones_of_islands_can_be_chosen(petra: Client) -> None:
    """P44.3: the Canaries, the Azores, Iceland, Mauritius."""
    page = petra.get("/me").text
    for zone in ("Atlantic/Canary", "Atlantic/Azores", "Atlantic/Reykjavik", "Indian/Mauritius", "Europe/Berlin"):
        assert f'value="{zone}"' in page, zone


def test_portal_pages_ask_few_questions(
    petra: Client, ticket: Ticket, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """P15.2."""
    for address, most in (("/ask", 9), ("/my-tickets", 6), (f"/my-tickets/{ticket.number}", 9)):
        with django_assert_max_num_queries(most):
            assert petra.get(address).status_code == 200
