"""Opening a ticket: by whom, for whom, where, and what is refused."""

from typing import Any

import pytest

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, person_of
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Link, Participant, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk


def new(desk: Desk, requester: str = "petra", team: str = "it", **about: Any) -> tickets.NewTicket:
    given = {"subject": "Printer", "requester": desk.person(requester), "team": desk.team(team), "channel": "portal"}
    return tickets.NewTicket(**(given | about))


def opened(desk: Desk, by: str = "petra", text: str = "It is stuck.", **about: Any) -> Ticket:
    made = tickets.open_ticket(new(desk, **about), Writing(text=text), actor=desk.actor(by))
    return Ticket.objects.with_names().get(number=made.number)


def test_an_employee_asks_any_team_in_the_portal(desk: Desk) -> None:
    for team in ("it", "facilities", "hr"):
        ticket = opened(desk, team=team)
        assert (ticket.state, ticket.team, ticket.requester) == ("new", desk.team(team), desk.person("petra"))
        assert rebuilt(ticket.stream) == row_of(ticket)


def test_a_ticket_begins_where_its_person_works(desk: Desk) -> None:
    """P33.4."""
    assert opened(desk).site == desk.company.sites["hamburg"]
    assert opened(desk, affected=desk.person("ines")).site == desk.company.sites["wien"]


def test_an_agent_opens_for_somebody_who_called(desk: Desk) -> None:
    """P53.1: the first text as the agent's own note, which the requester does not see."""
    ticket = opened(desk, by="anna", channel="phone", as_note=True, text="She sounds upset.")

    event = Event.objects.get(stream__name=ticket.stream)
    assert person_of(event) == str(desk.person("anna").uid)
    assert data_of(event)["by desk"] is True
    petra = view_of(ticket, desk.actor("petra"))
    assert petra is not None
    assert not ticket.entries.visible_in(petra).exists()
    assert ticket.entries.get().author == desk.person("anna")


@pytest.mark.parametrize(
    ("by", "about"),
    [
        ("petra", {"requester": "marta"}),
        ("petra", {"as_note": True}),
        ("lena", {"requester": "petra"}),
        ("pawel", {"requester": "petra"}),
        ("karim", {"requester": "petra"}),
        ("anna", {"requester": "petra", "team": "hr"}),
        ("wolfgang", {"requester": "petra"}),
    ],
)
def test_nobody_opens_in_anothers_name_where_they_do_not_work(desk: Desk, by: str, about: dict[str, Any]) -> None:
    """P33.1, P53."""
    with pytest.raises(NotAllowed):
        opened(desk, by=by, **about)

    assert not Ticket.objects.exists()


def test_somebody_who_left_opens_nothing(desk: Desk) -> None:
    """S13."""
    people.deactivate(desk.person("petra"), actor=SYSTEM)

    with pytest.raises(NotAllowed):
        opened(desk)


@pytest.mark.parametrize(
    "about",
    [{"text": " \n"}, {"impact": 9}, {"urgency": 0}, {"type": "banana"}, {"site": "wien", "location": "elsewhere"}],
    ids=str,
)
def test_wrong_input_opens_nothing_and_says_why(desk: Desk, about: dict[str, Any]) -> None:
    """Issue: what bad input gets."""
    if "site" in about:
        elsewhere = next(place for place in desk.company.locations.values() if place.site.key == "hamburg")
        about = {"site": desk.company.sites["wien"], "location": elsewhere}

    with pytest.raises(Refused) as refused:
        opened(desk, **about)

    assert str(refused.value)
    assert not Ticket.objects.exists()


def test_cc_is_proposed_and_named_colleagues_are_confirmed(desk: Desk) -> None:
    """S8, P49.1."""
    marta, mira, petra = desk.person("marta"), desk.person("mira"), desk.person("petra")
    ticket = opened(desk, proposed=[marta, petra, mira], confirmed=[mira])

    rows = {row.person: row.is_confirmed for row in Participant.objects.filter(ticket=ticket)}
    assert rows == {marta: False, mira: True}


def test_a_link_to_nothing_is_left_out(desk: Desk) -> None:
    first = opened(desk)
    ticket = opened(desk, links=[("mentions", first.number), ("mentions", 999_999)])

    assert list(Link.objects.filter(ticket=ticket).values_list("other_id", flat=True)) == [first.number]


def test_every_ticket_has_a_number_of_its_own_rising(desk: Desk) -> None:
    numbers = [opened(desk).number for _ in range(3)]

    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    "subject", ["x" * 2000, "  spaces  ", "NUL \0 byte", "Ünïcödé 🖨", "a\nb\r\nBcc: eve@x.example"]
)
def test_any_subject_can_be_kept(desk: Desk, subject: str) -> None:
    """P21.5, S20: on both databases; a subject is one line."""
    ticket = opened(desk, subject=subject)

    assert ticket.subject
    assert not set("\0\r\n") & set(ticket.subject)
