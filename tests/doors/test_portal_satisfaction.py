"""The one question when a ticket is done: optional, where the team asks, answered by whom it was for."""

import pytest
from django.test import Client

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people.models import Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Satisfaction, Ticket
from hauspost.records.tickets.refusals import NotAsked
from tests.desk import Desk
from tests.doors.browsing import browser, words

QUESTION = "How did we do?"


@pytest.fixture
def petra(desk: Desk) -> Client:
    return browser(desk, "petra")


@pytest.fixture
def solved(desk: Desk) -> Ticket:
    """Petra's, solved by a team that asks."""
    Team.objects.filter(key="it").update(asks_satisfaction=True)
    ticket = desk.ticket("petra")
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    return Ticket.objects.with_names().get(number=ticket.number)


def test_the_question_is_asked_when_it_is_done_and_the_team_asks(petra: Client, desk: Desk, solved: Ticket) -> None:
    here = f"/my-tickets/{solved.number}"
    assert QUESTION in petra.get(here).text
    petra.post(f"{here}/reopening")
    assert QUESTION not in petra.get(here).text
    petra.post(f"{here}/confirmation")
    Team.objects.filter(key="it").update(asks_satisfaction=False)
    assert QUESTION not in petra.get(here).text


def test_an_answer_is_kept_with_its_words_and_thanked_for(petra: Client, solved: Ticket) -> None:
    here = f"/my-tickets/{solved.number}"
    page = petra.post(f"{here}/rating", {"score": "4", "words": "Quick, but gruff"}, follow=True).text
    assert "Thank you for your answer." in page
    assert "Quick, but gruff</textarea>" in page
    row = Satisfaction.objects.get(ticket=solved)
    assert (row.score, row.words, row.person) == (4, "Quick, but gruff", solved.requester)
    event = Event.objects.get(kind="ticket.rated")
    assert data_of(event) == {"score": 4, "score before": None}
    assert [part.content for part in event.parts.all()] == ["Quick, but gruff"]


def test_an_answer_can_be_changed_for_two_weeks(petra: Client, desk: Desk, solved: Ticket) -> None:
    here = f"/my-tickets/{solved.number}"
    petra.post(f"{here}/rating", {"score": "4"})
    petra.post(f"{here}/rating", {"score": "2", "words": "It is back"})
    assert Satisfaction.objects.get(ticket=solved).score == 2
    assert data_of(Event.objects.filter(kind="ticket.rated").latest("id")) == {"score": 2, "score before": 4}
    with desk.later(days=15):
        assert petra.post(f"{here}/rating", {"score": "5"}).status_code == 409
        page = words(petra.get(here).text)
    assert Satisfaction.objects.get(ticket=solved).score == 2
    assert "Your answer to how we did: 2 of 5." in page


@pytest.mark.parametrize("score", ["", "0", "6", "x", "²"])
def test_a_made_up_score_is_refused_and_the_words_are_kept(petra: Client, solved: Ticket, score: str) -> None:
    answer = petra.post(f"/my-tickets/{solved.number}/rating", {"score": score, "words": "Kept"})
    assert answer.status_code == 422
    assert "Kept</textarea>" in answer.text
    assert not Satisfaction.objects.exists()


def test_only_the_requester_is_asked(desk: Desk, solved: Ticket) -> None:
    actions.add_participant(solved, desk.person("marta"), actor=desk.actor("anna"))
    marta = browser(desk, "marta")
    here = f"/my-tickets/{solved.number}"
    assert QUESTION not in marta.get(here).text
    assert marta.post(f"{here}/rating", {"score": "1"}).status_code == 403
    for who in ("anna", "marta"):
        with pytest.raises(NotAllowed):
            actions.rate(solved, 5, actor=desk.actor(who))


def test_an_open_ticket_and_a_team_that_does_not_ask_take_no_answer(desk: Desk) -> None:
    ticket = desk.ticket("petra")
    with pytest.raises(NotAsked):
        actions.rate(ticket, 5, actor=desk.actor("petra"))
    actions.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    with pytest.raises(NotAsked):
        actions.rate(ticket, 5, actor=desk.actor("petra"))


def test_the_desk_reads_the_answer_beside_the_ticket(petra: Client, desk: Desk, solved: Ticket) -> None:
    petra.post(f"/my-tickets/{solved.number}/rating", {"score": "2", "words": "Quick, but gruff"})
    sheet = words(browser(desk, "anna").get(f"/desk/tickets/{solved.number}").text)
    assert "2 of 5" in sheet
    assert "Quick, but gruff" in sheet
