"""Two rows that are one person become one; and two again where that was a mistake."""

from datetime import date
from typing import Any

import pytest

from hauspost.duties.privacy import erasure, holds, merging
from hauspost.duties.privacy.merging import CannotMerge, can_undo, merge_persons, preview, undo_merge
from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.history.verification import verify
from hauspost.ground.refusals import NotAllowed
from hauspost.ground.search.actions import Readable, search
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import Address, Membership, Person
from hauspost.records.people.refusals import LastAdministrator
from hauspost.records.places import actions as places
from hauspost.records.places.models import Workplace
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.as_of import as_of
from hauspost.records.tickets.indexing import scope_of
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Participant, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from tests.desk import Desk

AWAY = (date(2027, 3, 1), date(2027, 3, 14))


@pytest.fixture
def double(desk: Desk) -> Person:
    """Petra wrote from home once, and the desk took her for somebody else, who by now has an agent's role, too."""
    made = people.add_person("P. Lang", "petra.lang@home.example", actor=SYSTEM, phone="040 1", external_key="4711")
    people.give_role(made, desk.team("facilities"), "agent", actor=SYSTEM)
    return now(made)


def now(person: Person) -> Person:
    return Person.objects.get(id=person.id)


def asked_from_home(desk: Desk) -> Ticket:
    delivery = desk.receives(desk.letter("petra.lang@home.example", subject="Scanner"))
    return Ticket.objects.get(number=delivery.ticket)


def merge(desk: Desk, double: Person) -> merging.MergePreview:
    return merge_persons(double, desk.person("petra"), actor=desk.actor("karim"))


def test_what_was_the_doubles_is_the_persons(desk: Desk, double: Person) -> None:
    """Addresses, requests, assignments, what is followed, roles, workplace, absences, reports."""
    petra, own, other = desk.person("petra"), asked_from_home(desk), desk.ticket("mira", to="facilities")
    tickets.assign(other, double, actor=SYSTEM)
    followed = desk.ticket("marta")
    tickets.add_participant(followed, double, actor=SYSTEM)
    people.change_person(desk.person("mira"), line_manager=double, actor=SYSTEM)
    absence = people.add_absence(double, starts_on=AWAY[0], ends_on=AWAY[1], deputy=desk.person("marta"), actor=SYSTEM)
    Workplace.objects.filter(person=petra).delete()
    places.seat(double, site=desk.company.sites["wien"], location=None, actor=SYSTEM)

    merge(desk, double)

    assert {Ticket.objects.get(number=own.number).requester, Ticket.objects.get(number=other.number).assignee} == {
        petra
    }
    assert Participant.objects.get(ticket=followed).person == petra
    assert now(desk.person("mira")).line_manager == petra
    absence.refresh_from_db()
    assert absence.person == petra
    assert Workplace.objects.get(person=petra).site.key == "wien"
    assert Membership.objects.get(person=petra, team=desk.team("facilities")).role == "agent"
    assert not Membership.objects.filter(person=double).exists()
    assert (now(petra).phone, now(petra).external_key) == (desk.person("petra").phone, "4711")
    assert people.known_person("petra.lang@home.example") == petra


def test_the_next_mail_from_either_address_is_the_persons(desk: Desk, double: Person) -> None:
    """P25.6."""
    merge(desk, double)

    assert {asked_from_home(desk).requester, desk.ticket("petra").requester} == {desk.person("petra")}
    assert Address.objects.get(person=desk.person("petra"), is_main=True).address == desk.address("petra")


def test_the_double_acts_no_more(desk: Desk, double: Person) -> None:
    """S13: sessions, links and tokens end."""
    actor = Actor(who=double, proof=Proof.SESSION)
    _row, token = people.give_token(double, "script", scopes=["tickets:read"], expires_at=None, actor=actor)
    people.make_ticket_link(double, 1)
    before = now(double).get_session_auth_hash()

    merge(desk, double)

    assert now(double).get_session_auth_hash() != before
    assert people.token_of(token) is None
    assert people.ways_in(double) == people.WaysIn(0, 0)
    assert not now(double).is_active


def test_the_tickets_are_still_what_their_events_say(desk: Desk, double: Person) -> None:
    """One event a ticket; the record verifies, and the requester finds what is theirs."""
    own = asked_from_home(desk)
    before = Event.objects.filter(stream__name=own.stream).count()

    merge(desk, double)

    own = Ticket.objects.get(number=own.number)
    assert Event.objects.filter(stream__name=own.stream).count() == before + 1
    assert rebuilt(own.stream) == row_of(own)
    hers = Readable(scopes=(f"r{desk.person('petra').id}",))
    theirs = Readable(scopes=(f"r{double.id}",))
    assert [hit.ref for hit in search("scanner", readable=[hers]).rows] == [own.number]
    assert search("scanner", readable=[theirs]).rows == []
    assert f"r{desk.person('petra').id}" in scope_of(own)
    assert verify(KEEPERS).faults == []


def test_the_stronger_role_wins(desk: Desk) -> None:
    """P33.1: Anna is an agent of IT; her double leads it."""
    anna, double = desk.person("anna"), people.add_person("A. Weiss", "anna@home.example", actor=SYSTEM)
    people.give_role(double, desk.team("it"), "lead", actor=SYSTEM)
    told = preview(double, anna)

    merge_persons(double, anna, actor=desk.actor("karim"))

    assert [(one.team.key, one.before, one.after) for one in told.roles] == [("it", "agent", "lead")]
    row = Membership.objects.get(person=anna, team=desk.team("it"))
    assert (row.role, row.is_technician) == ("lead", True)


def test_who_both_asks_and_follows_asks(desk: Desk, double: Person) -> None:
    ticket = desk.ticket("petra")
    tickets.add_participant(ticket, double, actor=SYSTEM)

    merge(desk, double)
    assert not Participant.objects.filter(ticket=ticket).exists()

    undo_merge(now(double), actor=desk.actor("karim"))
    assert Participant.objects.get(ticket=ticket).person == double


def test_the_stronger_part_is_kept_where_both_follow(desk: Desk, double: Person) -> None:
    ticket = desk.ticket("marta")
    tickets.add_participant(ticket, desk.person("petra"), actor=SYSTEM)
    tickets.add_participant(ticket, double, role="helper", actor=SYSTEM)

    merge(desk, double)
    assert as_of(ticket, clock.now()).people == [(str(desk.person("petra").uid), True)]
    assert [(row.person, row.role) for row in Participant.objects.filter(ticket=ticket)] == [
        (desk.person("petra"), "helper")
    ]

    undo_merge(now(double), actor=desk.actor("karim"))
    followed = {row.person: row.role for row in Participant.objects.filter(ticket=ticket)}
    assert followed == {desk.person("petra"): "participant", double: "helper"}
    assert {uid for uid, _sure in as_of(ticket, clock.now()).people} == {str(desk.person("petra").uid), str(double.uid)}


def test_rights_over_everything_are_dropped_and_the_preview_says_so(desk: Desk) -> None:
    """Nobody becomes an administrator through a merge."""
    double = people.add_person("M. K.", "mira@home.example", is_administrator=True, is_auditor=True, actor=SYSTEM)

    told = merge_persons(double, desk.person("mira"), actor=desk.actor("karim"))

    assert told.rights_dropped == ["is_administrator", "is_auditor"]
    assert not now(desk.person("mira")).is_administrator


def everything(desk: Desk, double: Person) -> list[Any]:
    """All that a merge touches, as values."""
    pair = [now(desk.person("petra")), now(double)]
    return [
        [(one.is_active, one.phone, one.external_key, one.department_id, one.line_manager_id) for one in pair],
        list(Address.objects.filter(person__in=pair).order_by("id").values_list("address", "person", "is_main")),
        list(
            Membership.objects.filter(person__in=pair).order_by("person", "team").values_list("person", "team", "role")
        ),
        list(
            Ticket.objects.order_by("number").values_list("number", "requester", "affected", "assignee", "technician")
        ),
        list(Participant.objects.order_by("ticket", "person").values_list("ticket", "person", "role", "is_confirmed")),
        list(Workplace.objects.filter(person__in=pair).order_by("person").values_list("person", "site", "location")),
        list(Person.objects.filter(line_manager__in=pair).order_by("id").values_list("id", "line_manager")),
    ]


def test_a_merge_that_was_a_mistake_is_undone(desk: Desk, double: Person) -> None:
    """Everything goes back; the tickets are still what their events say."""
    own, followed = asked_from_home(desk), desk.ticket("marta")
    tickets.catalogue(followed, affected=double, actor=SYSTEM)
    tickets.add_participant(followed, double, actor=SYSTEM)
    people.change_person(desk.person("mira"), line_manager=double, actor=SYSTEM)
    before = everything(desk, double)
    merge(desk, double)
    assert everything(desk, double) != before

    undone = undo_merge(now(double), actor=desk.actor("karim"))

    assert everything(desk, double) == before
    assert (undone.tickets, undone.tickets_kept, undone.kept) == (2, 0, [])
    for ticket in Ticket.objects.filter(number__in=[own.number, followed.number]):
        assert rebuilt(ticket.stream) == row_of(ticket)
    theirs = Readable(scopes=(f"r{double.id}",))
    assert [hit.ref for hit in search("scanner", readable=[theirs]).rows] == [own.number]
    assert not can_undo(now(double))
    assert verify(KEEPERS).faults == []


def test_what_was_changed_since_stays(desk: Desk, double: Person) -> None:
    own, other = asked_from_home(desk), asked_from_home(desk)
    merge(desk, double)
    tickets.change_requester(own, desk.person("marta"), actor=SYSTEM)
    people.make_main_address(Address.objects.get(address="petra.lang@home.example"), actor=SYSTEM)
    people.give_role(desk.person("petra"), desk.team("facilities"), "lead", actor=SYSTEM)

    undone = undo_merge(now(double), actor=desk.actor("karim"))

    assert (undone.tickets, undone.tickets_kept) == (1, 1)
    assert set(undone.kept) == {"petra.lang@home.example", desk.team("facilities").name}
    assert Ticket.objects.get(number=own.number).requester == desk.person("marta")
    assert Ticket.objects.get(number=other.number).requester == double
    assert Membership.objects.get(person=desk.person("petra"), team=desk.team("facilities")).role == "lead"


def test_what_came_after_the_merge_stays_with_the_person(desk: Desk, double: Person) -> None:
    merge(desk, double)
    later = asked_from_home(desk)

    undo_merge(now(double), actor=desk.actor("karim"))

    assert Ticket.objects.get(number=later.number).requester == desk.person("petra")


@pytest.mark.parametrize("who", ["anna", "sabine", "wolfgang", "petra"])
def test_only_administrators_merge(desk: Desk, double: Person, who: str) -> None:
    with pytest.raises(NotAllowed):
        merge_persons(double, desk.person("petra"), actor=desk.actor(who))
    with pytest.raises(NotAllowed):
        undo_merge(double, actor=desk.actor(who))


def test_some_pairs_cannot_be_one(desk: Desk, double: Person) -> None:
    karim, petra = desk.actor("karim"), desk.person("petra")
    program = people.add_integration("Monitoring", actor=SYSTEM)
    left = people.add_person("Left", "left@lindner.example", actor=SYSTEM)
    people.deactivate(left, actor=SYSTEM)
    held = people.add_person("Held", "held@lindner.example", actor=SYSTEM)
    holds.place(held, "lawsuit", actor=SYSTEM)
    pairs = [(petra, petra), (double, now(left)), (program, petra), (people.unknown_sender(), petra), (held, petra)]
    pairs.append((desk.person("karim"), petra))
    for one, other in pairs:
        with pytest.raises(CannotMerge) as refused:
            merge_persons(one, other, actor=karim)
        assert str(refused.value)
    merge(desk, double)
    for one, other in [(now(double), petra), (petra, now(double))]:
        with pytest.raises(CannotMerge):
            merge_persons(one, other, actor=karim)


def test_the_last_administrator_is_not_merged_away(desk: Desk) -> None:
    with pytest.raises(LastAdministrator):
        merge_persons(desk.person("karim"), desk.person("petra"), actor=SYSTEM)


def test_reporting_lines_never_become_a_circle(desk: Desk, double: Person) -> None:
    """Petra reports to Marta, who reports to Petra's double."""
    petra, marta = desk.person("petra"), desk.person("marta")
    people.change_person(marta, line_manager=None, actor=SYSTEM)
    people.change_person(petra, line_manager=marta, actor=SYSTEM)
    people.change_person(marta, line_manager=double, actor=SYSTEM)

    merge(desk, double)

    assert (now(petra).line_manager, now(marta).line_manager) == (marta, None)


def test_an_erasure_takes_the_doubles_along(lasting_desk: Desk) -> None:
    """P41.2: what the double wrote and was called is the person's, too."""
    desk = lasting_desk
    double = people.add_person("Petronella Langstrumpf", "petronella@home.example", actor=SYSTEM)
    desk.receives(desk.letter("petronella@home.example", text="Petronella here"))
    merge_persons(double, desk.person("petra"), actor=desk.actor("karim"))

    left = erasure.erase(now(desk.person("petra")), actor=desk.actor("karim"))

    assert left == []
    assert (now(double).name, now(double).erased_at is not None) == ("…", True)
    assert search("petronella", readable=None).rows == []
    assert not can_undo(now(double))
    assert verify(KEEPERS).faults == []
