"""The person-bound link: opens this one ticket without a session, and nothing else (S6, S8, S12)."""

import logging
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Satisfaction, Ticket
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return desk.ticket("petra", subject="Label printer prints blank labels")


@pytest.fixture
def link(desk: Desk, ticket: Ticket) -> str:
    return f"/t/{people.make_ticket_link(desk.person('petra'), ticket.number)}"


@pytest.fixture
def nobody(desk: Desk) -> Client:
    """A browser that never signed in; its forms bring no token either, as the real page's do not."""
    Person.objects.filter(id=desk.person("petra").id).update(language="en")
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})


def test_it_shows_the_public_record_and_makes_no_session(nobody: Client, desk: Desk, ticket: Ticket, link: str) -> None:
    actions.note(ticket, Writing(text="Between us"), actor=desk.actor("anna"))
    answer = nobody.get(link)
    assert answer.status_code == 200
    assert "Label printer prints blank labels" in answer.text
    assert "The printer at gate 3 is stuck" in answer.text
    assert "Between us" not in answer.text
    assert not nobody.cookies
    for other in ("/my-tickets", f"/my-tickets/{ticket.number}", "/ask", "/me", f"/desk/tickets/{ticket.number}"):
        assert nobody.get(other).status_code == 302, other


def test_it_is_sent_nowhere_kept_nowhere_and_found_by_no_search_engine(nobody: Client, link: str) -> None:
    answer = nobody.get(link)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert '<meta name="referrer" content="no-referrer">' in answer.text
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"].startswith("noindex")


def test_opening_it_changes_nothing(nobody: Client, ticket: Ticket, link: str) -> None:
    """S23: mail scanners press links."""
    actions.set_status(ticket, status_of("resolved"), actor=SYSTEM)
    events, row = Event.objects.count(), Ticket.objects.values().get(number=ticket.number)
    for path in ("", "/answers", "/confirmation", "/reopening", "/rating"):
        nobody.get(link + path)
        nobody.head(link + path)
    assert (Event.objects.count(), Ticket.objects.values().get(number=ticket.number)) == (events, row)


def test_an_answer_with_a_photo_joins_as_the_requesters(nobody: Client, desk: Desk, ticket: Ticket, link: str) -> None:
    photo = SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n", "image/png")
    page = nobody.post(f"{link}/answers", {"text": "Still blank", "files": photo}, follow=True)
    assert "Still blank" in page.text
    entry = ticket.entries.latest("seq")
    assert (entry.author, entry.is_from_desk, entry.proof) == (desk.person("petra"), False, "link")
    assert actor_of(Event.objects.get(kind="ticket.answered"))["proof"] == "link"
    file = entry.attachments.get()
    shown = nobody.get(f"{link}/files/{file.id}?inline=1")
    assert shown.status_code == 200
    assert shown["Cache-Control"] == "private, no-store"
    assert shown["Referrer-Policy"] == "no-referrer"


def test_an_empty_answer_comes_back(nobody: Client, link: str) -> None:
    assert nobody.post(f"{link}/answers", {"text": " "}).status_code == 422


def test_it_confirms_opens_again_and_rates(nobody: Client, desk: Desk, ticket: Ticket, link: str) -> None:
    Team.objects.update(asks_satisfaction=True)
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    nobody.post(f"{link}/reopening", {"text": "It is not"})
    ticket.refresh_from_db()
    assert ticket.state == "open"
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    nobody.post(f"{link}/confirmation")
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    page = nobody.post(f"{link}/rating", {"score": "5", "words": "Lovely"}, follow=True)
    assert "Thank you for your answer." in page.text
    assert Satisfaction.objects.get(ticket=ticket).score == 5


def test_files_of_other_tickets_and_of_notes_are_not_behind_it(
    nobody: Client, desk: Desk, ticket: Ticket, link: str
) -> None:
    """S5: also where both tickets are the person's own."""
    file = [NewFile("secret.txt", "text/plain", b"x")]
    noted = actions.note(ticket, Writing(text="x", files=file), actor=desk.actor("anna"))
    other = desk.ticket("petra", subject="Another one")
    own = actions.add_answer(
        other, Writing(text="x", files=file), author=desk.person("petra"), actor=desk.actor("petra")
    )
    for entry in (noted, own):
        assert nobody.get(f"{link}/files/{entry.attachments.get().id}").status_code == 404


def spent(client: Client, link: str) -> bool:
    """Does the link say that it opens nothing, whatever is asked of it?"""
    got = client.get(link)
    posted = [client.post(f"{link}/{verb}", {"text": "I was here", "score": "1"}) for verb in ("answers", "rating")]
    return all(one.status_code == 404 and "opens nothing any more" in one.text for one in (got, *posted))


def test_after_two_weeks_it_offers_to_sign_in(nobody: Client, desk: Desk, ticket: Ticket, link: str) -> None:
    with clock.standing_at(clock.now() + timedelta(days=13)):
        assert nobody.get(link).status_code == 200
    with clock.standing_at(clock.now() + timedelta(days=15)):
        assert spent(nobody, link)
        assert f"/sign-in?next=%2Fmy-tickets%2F{ticket.number}" in nobody.get(link).text
    assert ticket.entries.count() == 1


def test_it_ends_when_the_ticket_is_somebody_elses(nobody: Client, desk: Desk, ticket: Ticket, link: str) -> None:
    """P11.6: asked at use, not at issue; also where the person may still read it as participant."""
    actions.change_requester(ticket, desk.person("marta"), actor=desk.actor("anna"))
    assert spent(nobody, link)
    actions.add_participant(ticket, desk.person("petra"), actor=desk.actor("anna"))
    assert spent(nobody, link)


def test_it_ends_when_its_person_leaves_or_withdraws_it(nobody: Client, desk: Desk, ticket: Ticket, link: str) -> None:
    petra = browser(desk, "petra")
    # The acknowledgement brought another one.
    assert "2 links in your e-mails open their tickets" in petra.get("/me").text
    petra.post("/me/links")
    assert "Withdraw all links" not in petra.get("/me").text
    assert spent(nobody, link)
    again = f"/t/{people.make_ticket_link(desk.person('petra'), ticket.number)}"
    assert nobody.get(again).status_code == 200
    people.deactivate(desk.person("petra"), actor=SYSTEM)
    assert spent(nobody, again)


def test_what_never_was_a_link_looks_like_a_spent_one(nobody: Client, desk: Desk, link: str) -> None:
    people.revoke_ticket_links(desk.person("petra"), actor=desk.actor("karim"))
    strip = re.compile(r"nonce-\S+|/t/\w+")
    answers = [strip.sub("", nobody.get(path).text) for path in (link, "/t/guessed", "/t/" + "a" * 32)]
    assert len(set(answers)) == 1


def test_nobody_acts_by_mistake_as_another_person(desk: Desk, ticket: Ticket, link: str) -> None:
    """An agent who follows the link in a quoted mail."""
    anna = browser(desk, "anna")
    answer = anna.get(link)
    assert answer.status_code == 403
    assert "Label printer" not in answer.text
    assert anna.post(f"{link}/answers", {"text": "As Petra"}).status_code == 403
    assert ticket.entries.count() == 1
    assert browser(desk, "petra").get(link).status_code == 200


def test_an_agents_own_link_gives_no_desk(nobody: Client, desk: Desk) -> None:
    """P11.5: who finds an agent's mail reads that request as anybody would, and changes nothing else."""
    own = desk.ticket("anna", subject="My own screen")
    actions.note(own, Writing(text="Between us"), actor=desk.actor("jonas"))
    link = f"/t/{people.make_ticket_link(desk.person('anna'), own.number)}"
    page = nobody.get(link)
    assert page.status_code == 200
    assert "Between us" not in page.text
    assert nobody.post(f"{link}/confirmation").status_code == 403
    own.refresh_from_db()
    assert own.state == "new"


def test_it_speaks_the_persons_language(nobody: Client, desk: Desk, link: str) -> None:
    person = desk.person("petra")
    person.language = "de"
    person.save(update_fields=["language"])
    answer = nobody.get(link)
    assert '<html lang="de"' in answer.text
    assert "Fotos und Dateien" in words(answer.text)


def test_no_log_line_holds_a_token(nobody: Client, link: str, caplog: pytest.LogCaptureFixture) -> None:
    """S12."""
    with caplog.at_level(logging.DEBUG):
        for path in (link, f"{link}/files/1", "/t/" + "b" * 32):
            nobody.get(path)
        nobody.post(f"{link}/answers", {"text": ""})
    lines = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert not re.search(r"/t/[a-z2-7]{32}", lines)
