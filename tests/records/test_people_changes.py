"""Changing people, addresses, departments and teams; leaving; tokens of programs."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from hauspost.ground import clock
from hauspost.ground.history.models import Event, EventPart
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import Invalid, NotAllowed, Refused
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import AccessToken, Address, Department, Membership, Person
from hauspost.records.people.refusals import (
    AddressIsMain,
    AddressIsOurs,
    AddressTaken,
    LastAdministrator,
    LineManagerCircle,
    NoLongerHere,
)
from tests.desk import Desk


def now(person: Person) -> Person:
    return Person.objects.select_related("department", "line_manager").get(id=person.id)


def last(stream: str) -> Event:
    return Event.objects.filter(stream__name=stream).order_by("seq").last()  # type: ignore[return-value]


# Persons.


def test_what_changes_is_recorded_before_and_after_once(desk: Desk) -> None:
    """Personal texts stand in parts that an erasure takes out, not in the event itself."""
    petra, unit = desk.person("petra"), desk.company.departments["it"]
    before = Event.objects.count()

    people.change_person(
        petra,
        name="Petra  Sommer",
        phone="+49 40 99",
        external_key="4711",
        department=unit,
        cost_centre="K9",
        actor=desk.actor("karim"),
    )

    event = last(petra.stream)
    assert (Event.objects.count(), event.kind) == (before + 1, "person.changed")
    data = data_of(event)
    assert (data["after"]["department"], data["after"]["cost_centre"]) == ("it", "K9")
    assert set(data["before"]) == set(data["after"]) == {"department", "cost_centre"}
    parts = dict(EventPart.objects.filter(event=event).values_list("name", "content"))
    assert (parts["name before"], parts["name"], parts["external key"]) == ("Petra Lang", "Petra Sommer", "4711")
    assert set(EventPart.objects.filter(event=event).values_list("person_uid", flat=True)) == {str(petra.uid)}
    assert (now(petra).name, now(petra).sort_key, petra.phone) == ("Petra Sommer", "petra sommer", "+49 40 99")


def test_nothing_changed_nothing_recorded(desk: Desk) -> None:
    petra, before = desk.person("petra"), Event.objects.count()

    people.change_person(petra, name=petra.name, phone=petra.phone, department=petra.department, actor=SYSTEM)
    people.change_person(petra, actor=SYSTEM)

    assert Event.objects.count() == before


@pytest.mark.parametrize("right", ["is_administrator", "is_auditor", "sees_department", "is_external"])
def test_other_rights_are_new_sessions(desk: Desk, right: str) -> None:
    """S13."""
    mira = desk.person("mira")
    before = now(mira).get_session_auth_hash()

    people.change_person(mira, phone="1", actor=SYSTEM)
    assert now(mira).get_session_auth_hash() == before
    people.change_person(mira, **{right: True}, actor=SYSTEM)

    assert now(mira).get_session_auth_hash() != before
    assert data_of(last(mira.stream))["after"] == {right: True}


@pytest.mark.parametrize("who", ["sabine", "deniz", "petra", "wolfgang"])
def test_nobody_gives_rights_but_administrators(desk: Desk, who: str) -> None:
    """S17: also not to oneself."""
    for right in ("is_administrator", "is_auditor", "sees_department"):
        with pytest.raises(NotAllowed):
            people.change_person(desk.person(who), **{right: True}, actor=desk.actor(who))
    for about in ({"external_key": "1"}, {"sees_department": True}):
        with pytest.raises(NotAllowed):
            people.add_person("Eve", "eve@x.example", actor=desk.actor("anna"), **about)  # type: ignore[arg-type]


WRONG: dict[str, dict[str, Any]] = {
    "name": {"name": " \0 "},
    "language": {"language": "tlh"},
    "time zone": {"time_zone": "Mars/Phobos"},
    "external_key": {"external_key": "taken"},
}


@pytest.mark.parametrize("field", WRONG)
def test_wrong_values_name_their_field_and_change_nothing(desk: Desk, field: str) -> None:
    people.change_person(desk.person("marta"), external_key="taken", actor=SYSTEM)
    before = Event.objects.count()

    with pytest.raises(Invalid) as refused:
        people.change_person(desk.person("petra"), phone="1", **WRONG[field], actor=SYSTEM)

    assert refused.value.about["field"] == field
    assert (Event.objects.count(), now(desk.person("petra")).phone) == (before, desk.person("petra").phone)


def test_an_archived_department_takes_nobody(desk: Desk) -> None:
    unit = people.add_department("old", {"en": "Old"}, actor=SYSTEM)
    people.change_person(desk.person("marta"), department=unit, actor=SYSTEM)
    people.archive_department(unit, actor=SYSTEM)

    with pytest.raises(Invalid):
        people.change_person(desk.person("petra"), department=unit, actor=SYSTEM)
    people.change_person(desk.person("marta"), department=unit, phone="7", actor=SYSTEM)


def test_nobody_reports_to_themselves(desk: Desk) -> None:
    """The circle is named."""
    petra, marta, mira = desk.person("petra"), desk.person("marta"), desk.person("mira")
    people.change_person(marta, line_manager=petra, actor=SYSTEM)
    people.change_person(mira, line_manager=marta, actor=SYSTEM)

    for manager in (petra, marta, mira):
        with pytest.raises(LineManagerCircle) as refused:
            people.change_person(petra, line_manager=manager, actor=SYSTEM)
    assert str(refused.value).count("→") == 3


def test_the_last_administrator_stays_one(desk: Desk) -> None:
    """P25.3: not deactivated, not demoted; with a second one both work."""
    karim = desk.person("karim")
    for change in (
        lambda: people.change_person(karim, is_administrator=False, actor=SYSTEM),
        lambda: people.deactivate(karim, actor=desk.actor("karim")),
    ):
        with pytest.raises(LastAdministrator):
            change()
    assert people.is_last_administrator(karim)

    people.change_person(desk.person("mira"), is_administrator=True, actor=SYSTEM)
    people.change_person(karim, is_administrator=False, actor=SYSTEM)
    assert people.is_last_administrator(now(desk.person("mira")))


def test_preferences_are_ones_own(desk: Desk) -> None:
    """S17: a person sets language and time zone, and nothing else."""
    people.set_preferences(desk.person("petra"), language="en", time_zone="Europe/Vienna", actor=desk.actor("petra"))
    assert now(desk.person("petra")).time_zone == "Europe/Vienna"
    with pytest.raises(NotAllowed):
        people.change_person(desk.person("petra"), language="de", actor=desk.actor("petra"))


# Addresses.


def test_another_address_becomes_the_main_one(desk: Desk) -> None:
    petra = desk.person("petra")
    row = people.add_address(petra, "petra@home.example", actor=SYSTEM)
    assert not row.is_main

    people.make_main_address(row, actor=desk.actor("karim"))

    assert [one.address for one in petra.addresses.filter(is_main=True)] == ["petra@home.example"]
    assert people.known_person(desk.address("petra")) == petra
    assert last(petra.stream).kind == "address.made_main"


def test_only_an_address_that_is_not_the_main_one_is_removed(desk: Desk) -> None:
    petra = desk.person("petra")
    row = people.add_address(petra, "wrong@home.example", actor=SYSTEM)
    with pytest.raises(AddressIsMain):
        people.remove_address(petra.addresses.get(is_main=True), actor=SYSTEM)
    with pytest.raises(NotAllowed):
        people.remove_address(row, actor=desk.actor("petra"))

    people.remove_address(row, actor=desk.actor("karim"))

    assert people.known_person("wrong@home.example") is None
    assert last(petra.stream).kind == "address.removed"


def test_shared_and_machine_addresses_belong_to_nobody_until_they_write(desk: Desk) -> None:
    """Whoever it is then, the kind stays: no link that opens a ticket goes there."""
    people.add_shared_address("Counter@lindner.example", actor=desk.actor("karim"))
    people.add_shared_address("ups@lindner.example", kind="machine", actor=SYSTEM)
    assert people.known_person("counter@lindner.example") is None
    with pytest.raises(AddressTaken):
        people.add_shared_address("counter@lindner.example", actor=SYSTEM)

    writer = people.sender_of_mail("Counter", "counter@lindner.example")

    assert Address.objects.get(person=writer).kind == "shared"
    assert people.change_address_kind(Address.objects.get(person=writer), "personal", actor=SYSTEM).kind == "personal"
    assert last(writer.stream).kind == "address.changed"


def test_our_own_addresses_are_not_touched_by_these_verbs(desk: Desk) -> None:
    """P7.7."""
    ours = Address.objects.get(address=desk.address("it"))
    for verb in (people.remove_address, people.make_main_address):
        with pytest.raises(AddressIsOurs):
            verb(ours, actor=SYSTEM)
    with pytest.raises(AddressIsOurs):
        people.change_address_kind(ours, "personal", actor=SYSTEM)
    for kind in ("ours", "odd"):
        with pytest.raises(Invalid):
            people.add_address(desk.person("petra"), "p@x.example", kind=kind, actor=SYSTEM)


# Departments, teams, roles.


def test_what_the_company_names_is_changed_archived_and_restored(desk: Desk) -> None:
    unit, team, karim = desk.company.departments["it"], desk.team("it"), desk.actor("karim")
    people.change_department(unit, words={"en": "Computers", "de": ""}, cost_centre="77", actor=karim)
    assert data_of(last("setting:department:it"))["after"] == {"words": {"en": "Computers"}, "cost_centre": "77"}
    people.archive_department(unit, actor=karim)
    people.restore_department(unit, actor=karim)
    assert Department.objects.get(key="it").archived_at is None

    people.change_team(team, asks_satisfaction=True, handover_needs_note=True, actor=karim)
    data = data_of(last("setting:team:it"))
    assert data["before"] == {"asks_satisfaction": False, "handover_needs_note": False}
    events = Event.objects.count()
    people.change_team(team, asks_satisfaction=True, actor=karim)
    people.restore_team(team, actor=karim)
    assert Event.objects.count() == events
    for wrong in ({"words": {"en": " "}}, {"words": {"xx": "A"}}, {"language": "xx"}):
        with pytest.raises(Invalid):
            people.change_team(team, actor=karim, **wrong)  # type: ignore[arg-type]


def test_an_archived_team_gives_no_rights_and_takes_no_mail_until_it_is_restored(desk: Desk) -> None:
    before = now(desk.person("anna")).get_session_auth_hash()

    people.archive_team(desk.team("it"), actor=desk.actor("karim"))

    assert not Actor(who=desk.person("anna")).is_agent
    assert now(desk.person("anna")).get_session_auth_hash() != before
    assert desk.address("it") not in people.our_addresses()
    with pytest.raises(Invalid):
        people.give_role(desk.person("mira"), desk.team("it"), "agent", actor=SYSTEM)
    people.restore_team(desk.team("it"), actor=SYSTEM)
    assert Actor(who=desk.person("anna")).is_agent


def test_roles_are_recorded_before_and_after(desk: Desk) -> None:
    it, mira = desk.team("it"), desk.person("mira")
    people.give_role(mira, it, "agent", actor=SYSTEM)
    people.give_role(mira, it, "lead", is_technician=True, actor=SYSTEM)
    data = data_of(last("setting:team:it"))
    assert (data["before"]["role"], data["after"]) == ("agent", {"role": "lead", "technician": True})

    events = Event.objects.count()
    people.give_role(mira, it, "lead", is_technician=True, actor=SYSTEM)
    people.take_role(desk.person("petra"), it, actor=SYSTEM)
    assert Event.objects.count() == events
    people.deactivate(mira, actor=SYSTEM)
    with pytest.raises(Invalid):
        people.give_role(now(mira), desk.team("hr"), "agent", actor=SYSTEM)


@pytest.mark.parametrize(
    ("name", "key"), [("Buchhaltung Süd", "buchhaltung-sued"), ("Œuvre & Söhne", "uvre-soehne"), ("経理", "department"), ("IT", "it-2"), ("x" * 90, "x" * 50)]
)  # fmt: skip
def test_keys_are_made_from_names(desk: Desk, name: str, key: str) -> None:
    assert people.key_from(name, Department) == key


# Leaving (S13, P25.5).


def test_whoever_leaves_acts_no_more_by_any_way(desk: Desk) -> None:
    """S13: sessions, links and tokens end; coming back brings none of them back."""
    anna = desk.person("anna")
    _row, clear = people.give_token(anna, "script", scopes=["tickets:read"], expires_at=None, actor=desk.actor("anna"))
    link = people.make_ticket_link(anna, 1)
    Authenticator.objects.create(user=anna, type="totp", data={})
    before = now(anna).get_session_auth_hash()
    assert people.ways_in(anna) == people.WaysIn(links=1, tokens=1)

    people.deactivate(anna, actor=desk.actor("karim"))

    assert now(anna).get_session_auth_hash() != before
    assert (people.token_of(clear), people.ticket_link(link), people.ways_in(anna)) == (None, None, people.WaysIn(0, 0))
    assert data_of(last(anna.stream)) == {"links": 1, "tokens": 1}
    assert not Authenticator.objects.filter(user=anna).exists()
    people.deactivate(anna, actor=SYSTEM)
    people.reactivate(anna, actor=SYSTEM)
    assert (people.token_of(clear), now(anna).is_active) == (None, True)
    assert Membership.objects.filter(person=anna).exists()


def test_somebody_is_signed_out_everywhere(desk: Desk) -> None:
    before = now(desk.person("mira")).get_session_auth_hash()
    for who in ("petra", "sabine"):
        with pytest.raises(NotAllowed):
            people.end_sessions(desk.person("mira"), actor=desk.actor(who))

    people.end_sessions(desk.person("mira"), actor=desk.actor("mira"))

    assert now(desk.person("mira")).get_session_auth_hash() != before


def test_who_was_merged_or_erased_is_not_changed_any_more(desk: Desk) -> None:
    double = people.add_person("Double", "double@x.example", actor=SYSTEM)
    Person.objects.filter(id=double.id).update(merged_into=desk.person("petra"))
    for verb in (
        lambda: people.change_person(double, name="X", actor=SYSTEM),
        lambda: people.reactivate(double, actor=SYSTEM),
    ):
        with pytest.raises(NoLongerHere):
            verb()


def test_an_erased_person_keeps_nothing(desk: Desk) -> None:
    """P41.2."""
    mira = desk.person("mira")
    people.change_person(mira, external_key="4711", cost_centre="K", sees_department=True, actor=SYSTEM)
    people.give_token(mira, "script", scopes=["tickets:read"], expires_at=None, actor=desk.actor("mira"))
    day = clock.now().date()
    people.add_absence(mira, starts_on=day, ends_on=day, actor=SYSTEM)
    people.add_absence(desk.person("petra"), starts_on=day, ends_on=day, deputy=mira, actor=SYSTEM)

    people.forget_person(now(mira))

    gone = now(mira)
    assert (gone.external_key, gone.cost_centre, gone.sees_department, gone.phone) == (None, "", False, "")
    assert not AccessToken.objects.filter(person=mira).exists()
    assert not gone.absences.exists() and not gone.stands_in.exists()


# Tokens of programs (P38.1, S12).


def give(desk: Desk, who: str = "anna", **about: Any) -> tuple[AccessToken, str]:
    given = {"scopes": ["tickets:read"], "expires_at": None, "actor": desk.actor(who), **about}
    return people.give_token(desk.person(who), "script", **given)


def test_a_token_acts_as_its_person_and_is_not_stored(desk: Desk) -> None:
    row, clear = give(desk)

    found = people.token_of(clear)

    assert found == row and found.person == desk.person("anna")
    assert clear not in str(list(AccessToken.objects.values())) and clear.startswith(row.begins)
    assert len(clear) - len(row.begins) > 20


@pytest.mark.parametrize("other", ["", " ", "hp_", None, 0, b"hp_", ["hp_"], "hp_" + "a" * 32, "*", "\0"])
def test_nothing_else_opens_it(desk: Desk, other: object) -> None:
    """S12."""
    _row, clear = give(desk)
    for shown in (other, clear.upper(), clear[3:], clear + "a", clear[:-1]):
        assert people.token_of(shown) is None


def test_it_ends_by_its_date_and_by_hand(desk: Desk) -> None:
    row, clear = give(desk, expires_at=clock.now() + timedelta(days=1))
    with desk.later(days=2):
        assert people.token_of(clear) is None
    for who in ("jonas", "sabine"):
        with pytest.raises(NotAllowed):
            people.revoke_token(row, actor=desk.actor(who))

    people.revoke_token(row, actor=desk.actor("karim"))

    assert people.token_of(clear) is None
    assert [one.id for one in people.tokens_of(desk.person("anna"))] == [row.id]
    assert last(desk.person("anna").stream).kind == "token.revoked"


def test_tokens_are_given_to_oneself_and_to_programs_only(desk: Desk) -> None:
    """Whoever holds a token acts as its person: nobody gets another's, and no token or link makes a token."""
    anna, karim = desk.person("anna"), desk.actor("karim")
    for actor in (
        karim,
        SYSTEM,
        desk.actor("sabine"),
        Actor(who=anna, proof=Proof.TOKEN),
        Actor.as_employee(anna, proof=Proof.LINK),
    ):
        with pytest.raises(NotAllowed):
            give(desk, actor=actor)

    program = people.add_integration("Monitoring", actor=karim)
    _row, clear = people.give_token(program, "alarms", scopes=["tickets:write"], expires_at=None, actor=karim)

    assert people.token_of(clear) is not None
    for actor in (desk.actor("anna"), Actor(who=desk.person("karim"), proof=Proof.TOKEN)):
        with pytest.raises(NotAllowed):
            people.give_token(program, "x", scopes=["tickets:read"], expires_at=None, actor=actor)


@pytest.mark.parametrize(
    "wrong", [{"scopes": []}, {"scopes": ["everything"]}, {"scopes": ["tickets:read", "x"]}, {"expires_at": "past"}]
)
def test_wrong_tokens_get_a_refusal(desk: Desk, wrong: dict[str, Any]) -> None:
    if wrong.get("expires_at") == "past":
        wrong = {"expires_at": clock.now()}
    with pytest.raises(Refused):
        give(desk, **wrong)
    with pytest.raises(Invalid):
        people.give_token(desk.person("anna"), " ", scopes=["tickets:read"], expires_at=None, actor=desk.actor("anna"))


def test_the_last_use_is_kept_to_the_minute(desk: Desk) -> None:
    row, _clear = give(desk)
    people.note_use(row)
    first = AccessToken.objects.get(id=row.id).last_used_at
    people.note_use(row)
    assert AccessToken.objects.get(id=row.id).last_used_at == first and first is not None and first.second == 0

    with desk.later(minutes=2):
        people.note_use(row)
    assert AccessToken.objects.get(id=row.id).last_used_at != first


def test_a_program_gets_no_right_over_everything(desk: Desk) -> None:
    program = people.add_integration("Monitoring", actor=SYSTEM)
    with pytest.raises(Invalid):
        people.change_person(program, is_administrator=True, actor=SYSTEM)
    assert not program.has_usable_password()


# Many at once.


def test_many_persons_are_added_as_one_by_one(desk: Desk) -> None:
    unit = desk.company.departments["it"]
    one = people.add_person(
        "Ada L", "ada@x.example", phone="1", external_key="k1", department=unit, verified=True, actor=SYSTEM
    )
    [many] = people.add_people(
        [people.NewPerson("Bob L", ["bob@x.example"], "k2", phone="2", department=unit)], actor=SYSTEM
    )

    events = [last(person.stream) for person in (one, many)]
    assert events[0].data == events[1].data and events[0].kind == events[1].kind
    parts = [list(event.parts.order_by("position").values_list("name", flat=True)) for event in events]
    assert parts[0] == parts[1] == ["name", "address", "phone", "external key"]
    rows = [
        Address.objects.filter(person=person).values("kind", "is_main", "is_verified").get() for person in (one, many)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"external_key": "k1"},
        {"addresses": ["ADA@x.example"]},
        {"addresses": ["nonsense"]},
        {"addresses": ["it@lindner.example"]},
        {"language": "xx"},
    ],
)
def test_of_many_none_is_added_where_one_does_not_fit(desk: Desk, wrong: dict[str, Any]) -> None:
    people.add_person("Ada", "ada@x.example", external_key="k1", actor=SYSTEM)
    before = Person.objects.count()
    with pytest.raises(Refused):
        people.add_people([people.NewPerson("Bob", ["bob@x.example"]), people.NewPerson("Eve", **wrong)], actor=SYSTEM)
    with pytest.raises(NotAllowed):
        people.add_people([people.NewPerson("Bob")], actor=desk.actor("sabine"))
    assert Person.objects.count() == before
