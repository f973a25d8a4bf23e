"""People, their addresses, rights and ways in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.refusals import Invalid, NotAllowed, Refused
from hauspost.records.catalogue.actions import add_category
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.login import PER_ACCOUNT, PER_PEER, Next, TooManyTries, WrongLogin, sign_in
from hauspost.records.people.models import Address, LinkToken, Person, SignInAttempt
from hauspost.records.people.refusals import AddressIsAPersons, AddressIsOurs, AddressTaken, LinkSpent, NotAnAddress
from hauspost.records.places.actions import add_location, add_site
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import add_status
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

PASSWORD = "a long and quiet afternoon"


# Addresses.


@pytest.mark.parametrize(
    "address", ["", " ", "anna", "@x.example", "a@", "a b@x.example", "a@b@c.example", "a@x.example\nBcc: b@x.example", "<a@x.example>", "a@x.example,b@x.example", "a\0@x.example", f"{'a' * 65}@x.example"]
)  # fmt: skip
def test_what_is_no_address_is_refused(desk: Desk, address: str) -> None:
    """S20: nothing that could become a header."""
    with pytest.raises(NotAnAddress):
        people.add_address(desk.person("petra"), address, actor=SYSTEM)


@pytest.mark.parametrize(
    "give",
    [
        lambda d, address: people.add_person("IT", address, actor=SYSTEM),
        lambda d, address: people.add_person("IT", address, actor=d.actor("anna")),
        lambda d, address: people.add_address(d.person("petra"), address, actor=SYSTEM),
        lambda d, address: people.sender_of_mail("IT", address),
    ],
)
@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_nobody_gets_one_of_the_systems_mailboxes(desk: Desk, give: Any, spelling: Callable[[str], str]) -> None:
    """P7.7, P9.4."""
    with pytest.raises(AddressIsOurs, match=r"it@lindner\.example"):
        give(desk, spelling(desk.address("it")))

    assert Address.objects.get(address=desk.address("it")).person is None


def test_a_persons_address_does_not_become_a_mailbox(desk: Desk) -> None:
    """P7.7, the other way round; nobody is advised to merge a person with a mailbox."""
    with pytest.raises(AddressIsAPersons, match="can be no intake address"):
        people.add_mailbox(desk.address("petra"), desk.team("it"), actor=SYSTEM)


def test_an_address_belongs_to_one_person(desk: Desk) -> None:
    with pytest.raises(AddressTaken):
        people.add_address(desk.person("marta"), desk.address("petra").upper(), actor=SYSTEM)


def test_after_a_marriage_it_is_the_same_person_and_the_old_address_still_knows_her(desk: Desk) -> None:
    """P25.6."""
    petra, old = desk.person("petra"), desk.address("petra")
    ticket = desk.ticket("petra")
    people.rename(petra, "Petra Sommer", actor=SYSTEM)
    people.add_address(petra, "petra.sommer@lindner.example", is_main=True, actor=SYSTEM)

    again = desk.receives(desk.letter(old, subject=f"[#{ticket.number}]"))
    tickets.reply(ticket, Writing(text="Congratulations"), actor=desk.actor("anna"))
    desk.works()

    assert people.known_person(old) == people.known_person("Petra.Sommer@LINDNER.example") == petra
    assert again.ticket == ticket.number
    assert [one.address for one in desk.sent("reply")[0].recipients.all()] == ["petra.sommer@lindner.example"]


def test_a_stranger_who_writes_becomes_known_as_external_once(desk: Desk) -> None:
    """S9: no portal for outsiders by default."""
    for _ in range(2):
        desk.receives(desk.letter('"Dirk" <Dirk@haulier.example>'))
    desk.receives(desk.letter("new.colleague@lindner.example"))

    assert Person.objects.get(addresses__address="dirk@haulier.example").is_external is True
    assert Person.objects.get(addresses__address="new.colleague@lindner.example").is_external is False


# Rights over people.


def left(person: Person) -> Person:
    """Somebody who has left, without an event."""
    Person.objects.filter(id=person.id).update(deactivated_at=clock.now())
    return person


CHANGES: dict[str, Callable[[Desk, Actor], object]] = {
    "an administrator": lambda d, a: people.add_person("Eve", "eve@x.example", is_administrator=True, actor=a),
    "an auditor": lambda d, a: people.add_person("Eve", "eve@x.example", is_auditor=True, actor=a),
    "an address": lambda d, a: people.add_address(d.person("mira"), "mira2@x.example", actor=a),
    "a name": lambda d, a: people.rename(d.person("mira"), "Somebody", actor=a),
    "preferences": lambda d, a: people.set_preferences(d.person("mira"), language="de", time_zone="", actor=a),
    "deactivation": lambda d, a: people.deactivate(d.person("mira"), actor=a),
    "reactivation": lambda d, a: people.reactivate(left(d.person("mira")), actor=a),
    "a password": lambda d, a: people.set_password(d.person("mira"), PASSWORD, actor=a),
    "a department": lambda d, a: people.add_department("new", {"en": "New"}, actor=a),
    "a team": lambda d, a: people.add_team("new", {"en": "New"}, actor=a),
    "a role": lambda d, a: people.give_role(d.person("mira"), d.team("hr"), "lead", actor=a),
    "no role": lambda d, a: people.take_role(d.person("anna"), d.team("it"), actor=a),
    "a mailbox": lambda d, a: people.add_mailbox("new@lindner.example", d.team("it"), actor=a),
    "a status": lambda d, a: add_status("new2", "open", {"en": "New"}, 9, actor=a),
    "a site": lambda d, a: add_site("new", {"en": "New"}, time_zone="Europe/Berlin", actor=a),
    "a location": lambda d, a: add_location("new", {"en": "New"}, site=d.company.sites["wien"], kind="building", actor=a),
    "a category": lambda d, a: add_category("new", {"en": "New"}, actor=a),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_only_administrators_change_people_and_company(desk: Desk, name: str) -> None:
    """P33.1: not even a team's lead gives rights; everything is recorded when it is done."""
    for who in ("sabine", "deniz", "anna", "lena", "petra", "wolfgang"):
        with pytest.raises(NotAllowed):
            CHANGES[name](desk, desk.actor(who))
    before = Event.objects.count()

    CHANGES[name](desk, desk.actor("karim"))

    assert Event.objects.count() == before + 1


def test_an_agent_may_add_whom_they_speak_with_an_employee_may_not(desk: Desk) -> None:
    """P53.1."""
    people.add_person("Eve", "eve@x.example", actor=desk.actor("anna"))

    with pytest.raises(NotAllowed):
        people.add_person("Bob", "bob@x.example", actor=desk.actor("petra"))


WRONG: dict[str, Callable[[Desk], object]] = {
    "a team twice": lambda d: people.add_team("it", {"en": "IT"}, actor=SYSTEM),
    "a department twice": lambda d: people.add_department("it", {"en": "IT"}, actor=SYSTEM),
    "a status twice": lambda d: add_status("open", "open", {"en": "Open"}, 9, actor=SYSTEM),
    "a status of no kind": lambda d: add_status("odd", "odd", {"en": "Odd"}, 9, actor=SYSTEM),
    "a mailbox twice": lambda d: people.add_mailbox(d.address("it"), d.team("hr"), actor=SYSTEM),
    "a site twice": lambda d: add_site("wien", {"en": "Vienna"}, time_zone="Europe/Vienna", actor=SYSTEM),
    "a site on Mars": lambda d: add_site("mars", {"en": "Mars"}, time_zone="Mars/Phobos", actor=SYSTEM),
    "a category twice": lambda d: add_category("printer", {"en": "Printer"}, actor=SYSTEM),
    "an unknown role": lambda d: people.give_role(d.person("mira"), d.team("it"), "king", actor=SYSTEM),
    "an empty name": lambda d: people.rename(d.person("mira"), " \0 ", actor=SYSTEM),
    "an unknown language": lambda d: people.set_preferences(d.person("mira"), language="xx", time_zone="", actor=SYSTEM),
    "an unknown zone": lambda d: people.set_preferences(d.person("mira"), language="", time_zone="Mars/Phobos", actor=SYSTEM),
    "a path as zone": lambda d: people.set_preferences(d.person("mira"), language="", time_zone="../../etc/passwd", actor=SYSTEM),
    "a weak password": lambda d: people.set_password(d.person("mira"), "short", actor=SYSTEM),
    "one's name as password": lambda d: people.set_password(d.person("mira"), "password1234", actor=SYSTEM),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_words_get_a_refusal(desk: Desk, name: str) -> None:
    """Issue: what bad input gets; P54.1."""
    before = Event.objects.count()

    with pytest.raises(Refused) as refused:
        WRONG[name](desk)

    assert str(refused.value)
    assert Event.objects.count() == before


# Sessions end with rights (S13).


@pytest.mark.parametrize(
    "change",
    [
        lambda d, p: people.deactivate(p, actor=SYSTEM),
        lambda d, p: people.set_password(p, PASSWORD + "!", actor=SYSTEM),
        lambda d, p: people.take_role(p, d.team("it"), actor=SYSTEM),
        lambda d, p: people.give_role(p, d.team("it"), "read_only", actor=SYSTEM),
    ],
)
def test_deactivation_password_and_role_change_end_sessions(desk: Desk, change: Any) -> None:
    """S13."""
    anna = Person.objects.get(id=desk.person("anna").id)
    before = anna.get_session_auth_hash()

    change(desk, anna)

    assert Person.objects.get(id=anna.id).get_session_auth_hash() != before


def test_deactivation_ends_links_and_every_right_at_once(desk: Desk) -> None:
    """S13, P25.5: tickets stay."""
    ticket, anna = desk.ticket("petra"), desk.person("anna")
    LinkToken.objects.create(
        token_hash="x" * 64, purpose="ticket", person=anna, about=ticket.number, expires_at=clock.now()
    )

    people.deactivate(anna, actor=SYSTEM)

    assert not LinkToken.objects.filter(person=anna).exists()
    actor = Actor(who=Person.objects.get(id=anna.id))
    assert (actor.is_agent, actor.teams_with("read"), actor.may("reply", ticket.team_id)) == (False, [], False)


# Signing in (S22).


def request(peer: str = "10.0.0.1") -> HttpRequest:
    made = HttpRequest()
    made.META["REMOTE_ADDR"] = peer
    made.session = SessionStore()  # type: ignore[assignment]
    return made


@pytest.fixture
def mira(desk: Desk) -> str:
    """Mira's address; she has a password."""
    people.set_password(desk.person("mira"), PASSWORD, actor=SYSTEM)
    return desk.address("mira")


def test_address_and_password_sign_in(desk: Desk, mira: str) -> None:
    made = request()

    assert sign_in(made, f" {mira.upper()} ", PASSWORD) is Next.INSIDE
    assert made.session["_auth_user_id"] == str(desk.person("mira").id)


@pytest.mark.parametrize(
    ("address", "password"),
    [("mira", ""), ("mira", "wrong"), ("mira", PASSWORD.upper()), ("petra", ""), ("petra", "!"), ("nobody@x.example", PASSWORD), ("", PASSWORD), ("it@lindner.example", PASSWORD), ("mi\0ra@lindner.example", PASSWORD), ("\ud800@x.example", PASSWORD), ("x" * 5000, "y" * 5000)],
)  # fmt: skip
def test_every_failure_sounds_the_same(desk: Desk, mira: str, address: str, password: str) -> None:
    """S22: known, unknown, without password, not even an address."""
    who = desk.address(address) if address in ("mira", "petra") else address

    with pytest.raises(WrongLogin) as refused:
        sign_in(request(), who, password)

    assert str(refused.value) == str(WrongLogin())


def test_somebody_who_left_does_not_come_in(desk: Desk, mira: str) -> None:
    people.deactivate(desk.person("mira"), actor=SYSTEM)

    with pytest.raises(WrongLogin):
        sign_in(request(), mira, PASSWORD)


@pytest.mark.parametrize("known", [True, False])
def test_guessing_is_slowed_down_alike_for_known_and_unknown(desk: Desk, mira: str, known: bool) -> None:
    """S22: also the right password has to wait; then it works again."""
    who = mira if known else "nobody@x.example"
    for peer in range(PER_ACCOUNT):
        with pytest.raises(WrongLogin):
            sign_in(request(f"10.0.0.{peer}"), who, "guess")

    with pytest.raises(TooManyTries):
        sign_in(request("10.0.1.1"), who, PASSWORD)
    if known:
        with desk.later(minutes=16):
            assert sign_in(request(), who, PASSWORD) is Next.INSIDE


def test_one_peer_that_guesses_at_many_accounts_is_slowed_down(desk: Desk, mira: str) -> None:
    """S22."""
    for number in range(PER_PEER):
        with pytest.raises(WrongLogin):
            sign_in(request(), f"nobody{number}@x.example", "guess")

    with pytest.raises(TooManyTries):
        sign_in(request(), mira, PASSWORD)
    assert sign_in(request("10.0.0.2"), mira, PASSWORD) is Next.INSIDE


def test_failed_tries_keep_no_address(desk: Desk, mira: str) -> None:
    with pytest.raises(WrongLogin):
        sign_in(request(), mira, "guess")

    assert mira not in str(SignInAttempt.objects.values())


# The first administrator (P17.4, S12).


@pytest.fixture
def token(db: None) -> str:
    """The token of the one-time link of an empty company."""
    link = people.first_administrator_link()
    assert link is not None
    return link.rpartition("/")[2]


def become(token: object, **about: str) -> Person:
    given = {"name": "Karim", "address": "karim@x.example", "password": PASSWORD} | about
    return people.become_first_administrator(token, **given)  # type: ignore[arg-type]


def test_the_link_makes_one_administrator_once(token: str) -> None:
    """S12: single use."""
    person = become(token)

    assert person.is_administrator
    made = request()
    assert sign_in(made, "karim@x.example", PASSWORD) is Next.INSIDE
    assert made.session["_auth_user_id"] == str(person.id)
    with pytest.raises(LinkSpent):
        become(token, address="eve@x.example")
    assert people.first_administrator_link() is None
    assert Person.objects.count() == 1


@pytest.mark.parametrize("other", ["", " ", "\0", "a" * 26, None, 0, True, b"token", ["x"], "*", "%"])
def test_nothing_else_opens_it(token: str, other: object) -> None:
    """S12: empty, null, whitespace, another type."""
    with pytest.raises(LinkSpent):
        become(other)


def test_a_token_for_something_else_does_not_open_it(token: str) -> None:
    """S12: another purpose."""
    made = tokens.new_token()
    LinkToken.objects.create(
        token_hash=tokens.token_hash(made), purpose="ticket", about=1, expires_at=clock.now().replace(year=2099)
    )

    with pytest.raises(LinkSpent):
        become(made)


def test_it_expires(token: str) -> None:
    with clock.standing_at(clock.now() + timedelta(hours=people.FIRST_LINK_HOURS, seconds=1)), pytest.raises(LinkSpent):
        become(token)


def test_a_newer_link_voids_the_older_one(token: str) -> None:
    newer = people.first_administrator_link()

    with pytest.raises(LinkSpent):
        become(token)
    assert newer is not None
    assert become(newer.rpartition("/")[2])


@pytest.mark.parametrize("wrong", [{"password": "short"}, {"address": "nonsense"}])
def test_a_slip_does_not_spend_it(token: str, wrong: dict[str, str]) -> None:
    with pytest.raises((Invalid, NotAnAddress)):
        become(token, **wrong)
    assert Person.objects.count() == 0

    assert become(token)


def test_the_token_itself_is_not_stored(token: str) -> None:
    """S12: hashed at rest."""
    assert token not in str(list(LinkToken.objects.values()))


def test_a_company_with_an_administrator_needs_none(desk: Desk) -> None:
    assert people.first_administrator_link() is None
