"""Who sees what: one function decides, and every list, entry and search agrees with it."""

from dataclasses import dataclass
from typing import Any

import pytest

from hauspost.ground.search.actions import Readable, search
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.indexing import scopes_at_desk_of
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.reading import Cursor, view_of
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

PUBLIC, INTERNAL = ("public",), ("public", "internal")


@dataclass
class House:
    """A ticket of each team, with a reply, a note and a held mail in it."""

    desk: Desk
    it: Ticket
    facilities: Ticket
    hr: Ticket

    def of(self, team: str) -> Ticket:
        return Ticket.objects.with_names().get(number=getattr(self, team).number)


@pytest.fixture
def house(desk: Desk) -> House:
    return House(
        desk,
        it=_filled(desk, "it", requester="petra", agent="anna"),
        facilities=_filled(desk, "facilities", requester="anna", agent="pawel"),
        hr=_filled(desk, "hr", requester="sabine", agent="giulia"),
    )


def _filled(desk: Desk, team: str, *, requester: str, agent: str) -> Ticket:
    new = tickets.NewTicket(f"kanarie-{team} asks", desk.person(requester), desk.team(team), "portal")
    ticket = tickets.open_ticket(new, Writing(text=f"requestword{team}"), actor=desk.actor(requester))
    actor = desk.actor(agent)
    tickets.reply(ticket, Writing(text=f"replyword{team}"), actor=actor)
    file = NewFile(f"fileword{team}.txt", "text/plain", b"x")
    tickets.note(ticket, Writing(text=f"noteword{team}", files=[file]), actor=actor)
    tickets.add_answer(
        ticket,
        Writing(text=f"heldword{team}", channel="mail"),
        author=desk.person("mira"),
        actor=SYSTEM,
        held_because="unconfirmed",
    )
    return ticket


# As what everybody of the cast sees a ticket of each team; "-" is not at all.
MATRIX = {
    #            it           facilities   hr
    "petra": ("requester", "-", "-"),
    "marta": ("-", "-", "-"),
    "mira": ("-", "-", "-"),
    "ines": ("-", "-", "-"),
    "yusuf": ("-", "-", "-"),
    "anna": ("agent", "requester", "-"),
    "jonas": ("agent", "agent", "-"),
    "deniz": ("agent", "-", "-"),
    "sabine": ("agent", "-", "requester"),
    "lena": ("agent", "-", "-"),
    "pawel": ("-", "agent", "-"),
    "claire": ("-", "agent", "-"),
    "giulia": ("-", "-", "agent"),
    "karim": ("-", "-", "-"),
    "wolfgang": ("auditor", "auditor", "-"),
}
TEAMS = ("it", "facilities", "hr")


def seen(house: House, who: str, team: str) -> str:
    view = view_of(house.of(team), house.desk.actor(who))
    return view.role if view is not None else "-"


@pytest.mark.parametrize("who", MATRIX)
def test_everybody_sees_as_the_cast_says_and_no_more(house: House, who: str) -> None:
    """P11.1, P11.5 (an agent's own request elsewhere: as requester), P33.3 (administrators read no HR)."""
    assert tuple(seen(house, who, team) for team in TEAMS) == MATRIX[who]


@pytest.mark.parametrize("who", MATRIX)
def test_every_list_holds_only_what_may_be_seen(house: House, who: str) -> None:
    """P11.1: lists start from what one may see, and agree with the one function."""
    actor, person = house.desk.actor(who), house.desk.person(who)
    by_number = {getattr(house, team).number: role for team, role in zip(TEAMS, MATRIX[who], strict=True)}

    at_desk = set(Ticket.objects.at_desk_of(actor).values_list("number", flat=True))
    asked = set(Ticket.objects.of_requester(person).values_list("number", flat=True))
    shared = set(Ticket.objects.shared_with(person).values_list("number", flat=True))

    assert at_desk == {number for number, role in by_number.items() if role == "agent"}
    assert asked == {number for number, role in by_number.items() if role == "requester"}
    assert shared == set()


@pytest.mark.parametrize("who", MATRIX)
def test_notes_and_held_mails_are_seen_by_the_desk_only(house: House, who: str) -> None:
    """P6.2, P11.5, S8."""
    for team, role in zip(TEAMS, MATRIX[who], strict=True):
        view = view_of(house.of(team), house.desk.actor(who))
        if view is None:
            continue
        with house.desk.later(minutes=1):
            words = {entry.text for entry in house.of(team).entries.visible_in(view)}
        assert {f"requestword{team}", f"replyword{team}"} <= words
        assert ({f"noteword{team}", f"heldword{team}"} <= words) is (role in ("agent", "auditor"))
        assert (f"noteword{team}" in words) is view.sees_notes


def found(actor: Actor, word: str) -> set[int]:
    """What a person finds: at their desk with notes, of their own requests without."""
    assert actor.who is not None
    readable = [Readable(scopes_at_desk_of(actor), INTERNAL), Readable((f"r{actor.who.id}",), PUBLIC)]
    return {hit.ref for hit in search(word, readable=readable).rows}


@pytest.mark.parametrize("who", MATRIX)
def test_nobody_finds_what_they_may_not_see(house: House, who: str) -> None:
    """P11.1, P16.2: notes, held mails and their files only where one works."""
    actor = house.desk.actor(who)
    for team, role in zip(TEAMS, MATRIX[who], strict=True):
        ours = {getattr(house, team).number}
        for kind in ("requestword", "kanarie-"):
            assert found(actor, f"{kind}{team}") == (ours if role in ("agent", "requester") else set()), kind
        for kind in ("noteword", "fileword", "heldword"):
            assert found(actor, f"{kind}{team}") == (ours if role == "agent" else set()), kind


def test_a_reply_that_may_still_be_undone_is_not_found_by_its_requester(house: House) -> None:
    """P6.4: they do not see it earlier, in no snippet either."""
    assert found(house.desk.actor("petra"), "replywordit") == set()
    assert found(house.desk.actor("anna"), "replywordit") == {house.it.number}


def test_a_reply_that_was_taken_back_is_never_found_by_its_requester(house: House) -> None:
    tickets.take_back(house.it.entries.get(kind="reply"), actor=house.desk.actor("anna"))
    house.desk.works()

    with house.desk.later(minutes=5):
        house.desk.works()
        assert found(house.desk.actor("petra"), "replywordit") == set()


def test_knowing_a_number_opens_nothing(house: House) -> None:
    """P11.2, S8: also a search by number goes by scope."""
    for who in ("marta", "karim", "pawel", "giulia"):
        assert found(house.desk.actor(who), f"#{house.it.number}") == set()
        assert found(house.desk.actor(who), str(house.it.number)) == set()
    assert found(house.desk.actor("anna"), f"#{house.it.number}") == {house.it.number}


# Access follows what changes (P11.6).


def test_a_handover_moves_sight_and_search_at_once(house: House) -> None:
    """P11.6: where the old team does not follow what it hands on, it sees it no more."""
    Team.objects.filter(key="it").update(watches_handed_on=False)
    tickets.hand_to(house.it, house.desk.team("facilities"), actor=house.desk.actor("deniz"))

    assert (seen(house, "deniz", "it"), seen(house, "pawel", "it"), seen(house, "petra", "it")) == (
        "-",
        "agent",
        "requester",
    )
    assert found(house.desk.actor("deniz"), "notewordit") == set()
    assert found(house.desk.actor("pawel"), "notewordit") == {house.it.number}
    assert list(Ticket.objects.at_desk_of(house.desk.actor("deniz"))) == []


def test_a_confidential_team_hides_what_it_is_handed(house: House) -> None:
    """P33.3, P11.6: also from auditors and administrators."""
    tickets.hand_to(house.it, house.desk.team("hr"), actor=house.desk.actor("deniz"))

    assert [seen(house, who, "it") for who in ("deniz", "anna", "wolfgang", "karim", "giulia")] == [
        "-",
        "-",
        "-",
        "-",
        "agent",
    ]
    for word in ("requestwordit", "notewordit", "kanarie-it"):
        assert found(house.desk.actor("anna"), word) == set()


def test_another_requester_sees_and_finds_it_and_the_old_one_no_more(house: House) -> None:
    """P30.3, P11.1."""
    tickets.change_requester(house.it, house.desk.person("ines"), actor=house.desk.actor("anna"))

    assert (seen(house, "petra", "it"), seen(house, "ines", "it")) == ("-", "requester")
    assert found(house.desk.actor("petra"), "requestwordit") == set()
    assert found(house.desk.actor("ines"), "requestwordit") == {house.it.number}


def test_who_leaves_a_team_sees_nothing_of_it_any_more(house: House) -> None:
    """S13, P33.1."""
    people.take_role(house.desk.person("anna"), house.desk.team("it"), actor=SYSTEM)

    assert seen(house, "anna", "it") == "-"
    assert found(house.desk.actor("anna"), "requestwordit") == set()


@pytest.mark.parametrize("who", ["petra", "anna", "wolfgang"])
def test_somebody_who_left_sees_nothing(house: House, who: str) -> None:
    """P25.5."""
    people.deactivate(house.desk.person(who), actor=SYSTEM)

    assert [seen(house, who, team) for team in TEAMS] == ["-", "-", "-"]


def test_nobody_in_particular_sees_nothing(house: House) -> None:
    assert view_of(house.it, Actor()) is None
    assert list(Ticket.objects.at_desk_of(Actor())) == []


# Participants (P49.1, S8).


def follow(house: House, **about: Any) -> None:
    tickets.add_participant(house.it, house.desk.person("marta"), actor=house.desk.actor("anna"), **about)


def visible(house: House, who: str) -> list[int]:
    view = view_of(house.of("it"), house.desk.actor(who))
    assert view is not None
    with house.desk.later(minutes=1):
        return [entry.seq for entry in Entry.objects.filter(ticket=house.it).visible_in(view).order_by("seq")]


@pytest.mark.parametrize("role", ["participant", "watcher"])
def test_a_participant_reads_what_is_public_and_may_answer(house: House, role: str) -> None:
    follow(house, role=role)

    view = view_of(house.of("it"), house.desk.actor("marta"))
    assert view is not None
    assert (view.role, view.sees_notes, view.may("answer"), view.may("reply"), view.may("participants")) == (
        "participant", False, True, False, False,
    )  # fmt: skip
    assert visible(house, "marta") == [1, 2]
    assert [ticket.number for ticket in Ticket.objects.shared_with(house.desk.person("marta"))] == [house.it.number]


def test_who_follows_from_now_on_does_not_read_the_history(house: House) -> None:
    """S8."""
    follow(house, from_now=True)
    entry = tickets.reply(house.it, Writing(text="New"), actor=house.desk.actor("anna"))

    assert visible(house, "marta") == [entry.seq]


def test_who_is_removed_sees_nothing_any_more(house: House) -> None:
    follow(house)

    tickets.remove_participant(house.it, house.desk.person("marta"), actor=house.desk.actor("anna"))

    assert seen(house, "marta", "it") == "-"


def test_a_helper_works_on_this_one_ticket_without_the_teams_others(house: House) -> None:
    """P33.1."""
    second = _filled(house.desk, "it", requester="mira", agent="anna")
    tickets.add_participant(house.it, house.desk.person("pawel"), actor=house.desk.actor("anna"), role="helper")
    pawel = house.desk.actor("pawel")

    view = view_of(house.of("it"), pawel)
    assert view is not None
    assert (view.role, view.sees_notes, view.may("hand"), view.may("requester")) == ("helper", True, False, False)
    tickets.reply(house.it, Writing(text="I can help"), actor=pawel)
    tickets.note(house.it, Writing(text="A pipe"), actor=pawel)
    assert view_of(second, pawel) is None


def test_the_affected_person_sees_as_the_requester_does(house: House) -> None:
    """P49.1."""
    tickets.catalogue(house.it, affected=house.desk.person("ines"), actor=house.desk.actor("anna"))

    assert seen(house, "ines", "it") == "requester"
    assert visible(house, "ines") == [1, 2]


# Reading lists.


def test_pages_by_key_show_each_ticket_once(house: House) -> None:
    """P15.6."""
    for _ in range(5):
        _filled(house.desk, "it", requester="petra", agent="anna")
    ours = Ticket.objects.at_desk_of(house.desk.actor("anna"))
    seen_numbers: list[int] = []
    before = None
    while page := list(ours.newest_first(before)[:2]):
        seen_numbers += [ticket.number for ticket in page]
        before = Cursor.parse(str(Cursor(page[-1].changed_at, page[-1].number)))

    assert len(seen_numbers) == len(set(seen_numbers)) == 6


@pytest.mark.parametrize("text", ["", "-", "1", "x-1", "1-x", "-1-1", "9" * 30 + "-1", "1-2-3", "١-١", "1e5-1"])
def test_a_cursor_from_the_outside_is_harmless(text: str) -> None:
    assert Cursor.parse(text) is None


@pytest.mark.parametrize("text", ["99999999999999999-1", "1-99999999999999999999999999"])
def test_a_cursor_far_away_is_harmless(db: None, text: str) -> None:
    assert list(Ticket.objects.newest_first(Cursor.parse(text))[:5]) == []
