"""Absence, deputies, leaving: nothing lies where nobody looks (P25.5, P48.1)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hauspost.duties.notices.models import Notice
from hauspost.duties.routing.absence import assigned_to_absent, stand_in_for
from hauspost.duties.routing.leaving import colleagues_for, dissolve, hand_over_work, open_work_of
from hauspost.duties.routing.refusals import TeamHasWork
from hauspost.ground.history.models import Event
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.catalogue.models import Category
from hauspost.records.people import actions as people
from hauspost.records.people.absences import absences_of, deputy_of, today, who_is_absent
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Absence, Person, Team
from hauspost.records.people.refusals import AbsenceOverlaps, DeputyCircle
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words

WEEK = timedelta(days=7)


def away(desk: Desk, who: str, deputy: str = "", *, starts_in: int = 0, days: int = 7) -> Absence:
    """Somebody is away from today, or from so many days on."""
    starts_on = today() + timedelta(days=starts_in)
    return people.add_absence(
        desk.person(who),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=days - 1),
        deputy=desk.person(deputy) if deputy else None,
        actor=SYSTEM,
    )


# Who is away, and who stands in.


def test_both_days_of_an_absence_count(desk: Desk) -> None:
    anna = desk.person("anna")
    row = away(desk, "anna", "jonas", days=3)

    days = [row.starts_on + timedelta(days=number) for number in (-1, 0, 2, 3)]
    assert [bool(who_is_absent([anna], day)) for day in days] == [False, True, True, False]
    assert [deputy_of(anna, on=day) for day in days] == [None, desk.person("jonas"), desk.person("jonas"), None]


def test_deputies_of_deputies_stand_in(desk: Desk) -> None:
    """P48.1: chains are followed, and end with nobody where somebody has no deputy or has left."""
    away(desk, "anna", "jonas")
    away(desk, "jonas", "sabine")
    assert deputy_of(desk.person("anna"), on=today()) == desk.person("sabine")

    away(desk, "sabine")
    assert deputy_of(desk.person("anna"), on=today()) is None


def test_a_deputy_who_has_left_stands_in_for_nobody(desk: Desk) -> None:
    away(desk, "anna", "jonas")
    people.deactivate(desk.person("jonas"), actor=SYSTEM)

    assert deputy_of(desk.person("anna"), on=today()) is None


@pytest.mark.parametrize("chain", [("anna", "jonas"), ("anna", "jonas", "sabine")])
def test_circles_of_deputies_are_refused_and_named(desk: Desk, chain: tuple[str, ...]) -> None:
    """P48.1."""
    for one, next_one in pairwise(chain):
        away(desk, one, next_one)

    with pytest.raises(DeputyCircle) as refused:
        away(desk, chain[-1], chain[0], starts_in=6)

    names = [desk.person(who).name for who in (chain[-1], *chain)]
    assert " → ".join(names) in str(refused.value)
    away(desk, chain[-1], chain[0], starts_in=7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_on": date(2000, 1, 1)},
        {"starts_on": date(2000, 1, 1), "ends_on": date(2000, 1, 2)},
        {"ends_on": date(2099, 1, 1)},
        {"deputy": "anna"},
    ],
)
def test_wrong_absences_get_a_refusal(desk: Desk, wrong: dict[str, object]) -> None:
    about = {"starts_on": today(), "ends_on": today() + WEEK, **wrong}
    if "deputy" in about:
        about["deputy"] = desk.person("anna")
    with pytest.raises(Invalid):
        people.add_absence(desk.person("anna"), actor=SYSTEM, **about)  # type: ignore[arg-type]


def test_one_is_away_once_at_a_time(desk: Desk) -> None:
    away(desk, "anna")
    with pytest.raises(AbsenceOverlaps):
        away(desk, "anna", starts_in=6)
    away(desk, "anna", starts_in=7)


def test_oneself_the_lead_and_administrators_note_absences(desk: Desk) -> None:
    """The lead of another team, a colleague and the deputy do not."""
    anna, about = desk.person("anna"), {"starts_on": today(), "ends_on": today()}
    for who in ("jonas", "deniz", "claire", "petra", "wolfgang"):
        with pytest.raises(NotAllowed):
            people.add_absence(anna, actor=desk.actor(who), **about)
    for who in ("anna", "sabine", "karim"):
        row = people.add_absence(anna, actor=desk.actor(who), **about)
        with pytest.raises(NotAllowed):
            people.end_absence(row, actor=desk.actor("petra"))
        people.end_absence(row, actor=desk.actor(who))
    assert not Absence.objects.exists()
    assert Event.objects.filter(kind__startswith="absence.", stream__name=anna.stream).count() == 6


def test_who_is_back_earlier_was_away_until_yesterday(desk: Desk) -> None:
    row = away(desk, "anna")
    with desk.later(days=2):
        people.end_absence(row, actor=desk.actor("anna"))
        assert not who_is_absent([desk.person("anna")], today())
        assert not absences_of(desk.person("anna")).exists()
        row.refresh_from_db()
        assert row.ends_on == today() - timedelta(days=1)


def test_the_absent_of_a_list_are_found_in_one_query(desk: Desk) -> None:
    """P15.2."""
    away(desk, "anna", "jonas")
    everybody = list(Person.objects.all())
    with CaptureQueriesContext(connection) as queries:
        found = who_is_absent(everybody, today())
        assert [row.deputy.name for row in found.values() if row.deputy] == [desk.person("jonas").name]
    assert len(queries) == 1


# What it means for tickets.


def told_of(desk: Desk, ticket: Ticket, kind: str) -> dict[str, str]:
    rows = Notice.objects.filter(ticket=ticket, kind=kind).select_related("person")
    return {row.person.name.split()[0].lower(): row.reason for row in rows}


def test_the_deputy_hears_what_the_absent_assignee_hears(desk: Desk) -> None:
    """P48.1: replies on their tickets go to the deputy, too."""
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=SYSTEM)
    away(desk, "anna", "jonas")

    desk.receives(desk.letter("petra", subject=f"[#{ticket.number}]", text="Still stuck"))

    assert told_of(desk, ticket, "ticket.answered") == {"anna": "assignee", "jonas": "deputy"}
    assert desk.address("jonas") in {mail.recipients.get().address for mail in desk.sent("notice")[-2:]}


def test_where_the_deputy_may_not_read_the_ticket_the_team_hears(desk: Desk) -> None:
    """P11.3: a deputy gets no rights by standing in."""
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=SYSTEM)
    away(desk, "anna", "petra")

    tickets.add_answer(ticket, Writing(text="Still stuck"), author=desk.person("petra"), actor=desk.actor("petra"))
    desk.works()

    told = told_of(desk, ticket, "ticket.answered")
    assert told["anna"] == "assignee"
    assert "petra" not in told
    assert set(told) >= {"anna", "deniz", "sabine"} and told["deniz"] == "team away"


def test_who_is_there_shares_their_notices_with_nobody(desk: Desk) -> None:
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=SYSTEM)
    away(desk, "anna", "jonas", starts_in=3)

    desk.receives(desk.letter("petra", subject=f"[#{ticket.number}]"))

    assert told_of(desk, ticket, "ticket.answered") == {"anna": "assignee"}


def test_the_deputy_is_offered_where_they_work_in_the_team(desk: Desk) -> None:
    """Assigning to somebody who is away stays allowed."""
    it, anna = desk.team("it"), desk.person("anna")
    assert stand_in_for(anna, it, on=today()) is None

    away(desk, "anna", "jonas")
    assert stand_in_for(anna, it, on=today()) == desk.person("jonas")
    # Jonas may only read Facilities' tickets.
    assert stand_in_for(anna, desk.team("facilities"), on=today()) is None
    ticket = tickets.assign(desk.ticket("petra"), anna, actor=SYSTEM)
    assert ticket.assignee == anna


def test_the_tickets_of_absent_people_are_a_list(desk: Desk) -> None:
    """P48.1: those at one's own desk, of colleagues who are away or have left."""
    mine, theirs, done = (desk.ticket("petra") for _ in range(3))
    hidden = desk.ticket("petra", to="facilities")
    for ticket, who in ((mine, "anna"), (theirs, "jonas"), (done, "anna"), (hidden, "pawel")):
        tickets.assign(ticket, desk.person(who), actor=SYSTEM)
    tickets.set_status(done, status_of("resolved"), actor=SYSTEM)
    away(desk, "anna")
    away(desk, "pawel")

    def listed(who: str) -> set[int]:
        return {one.number for one in assigned_to_absent(desk.actor(who), on=today())}

    assert (listed("deniz"), listed("petra")) == ({mine.number}, set())
    people.deactivate(desk.person("jonas"), actor=SYSTEM)
    assert listed("deniz") == {mine.number, theirs.number}


# Leaving.


@pytest.fixture
def leaving(desk: Desk) -> list[Ticket]:
    """Anna leaves: two tickets and a visit of IT are hers, and one of Facilities from earlier."""
    people.give_role(desk.person("anna"), desk.team("facilities"), "agent", actor=SYSTEM)
    found = [desk.ticket("petra"), desk.ticket("marta"), desk.ticket("mira"), desk.ticket("petra", to="facilities")]
    for ticket in (found[0], found[1], found[3]):
        tickets.assign(ticket, desk.person("anna"), actor=SYSTEM)
    later = found[2].opened_at + WEEK
    tickets.plan(found[2], technician=desk.person("anna"), planned_at=later, actor=SYSTEM)
    desk.works()
    return found


def test_what_a_leaver_leaves_behind_is_listed(desk: Desk, leaving: list[Ticket]) -> None:
    """P25.5; what the reader may not see is only counted (P33.3)."""
    anna = desk.person("anna")
    away(desk, "jonas", "anna")
    work = open_work_of(anna, reader=desk.actor("sabine"))

    assert {one.number for one in work.assigned} == {leaving[0].number, leaving[1].number}
    assert [one.number for one in work.visits] == [leaving[2].number]
    assert {team.key: number for team, number in work.by_team.items()} == {"it": 3, "facilities": 1}
    assert {team.key: number for team, number in work.unseen.items()} == {"facilities": 1}
    assert [row.person for row in work.deputy_for] == [desk.person("jonas")]
    assert work.count == 4
    assert open_work_of(desk.person("sabine"), reader=desk.actor("karim")).led_alone == [desk.team("it")]
    assert open_work_of(desk.person("mira"), reader=desk.actor("karim")).assigned == []


def test_open_work_is_handed_to_a_colleague_else_back_to_the_team(desk: Desk, leaving: list[Ticket]) -> None:
    """P25.5: one event a ticket, notices in the page, no mail for each."""
    anna, jonas = desk.person("anna"), desk.person("jonas")
    people.deactivate(anna, actor=desk.actor("karim"))
    mails, events = len(desk.sent()), Event.objects.filter(stream__name__startswith="ticket:").count()
    assert desk.person("jonas") in colleagues_for(anna)

    done = hand_over_work(anna, to=jonas, actor=desk.actor("karim"))
    desk.works()

    now = [Ticket.objects.get(number=one.number) for one in leaving]
    assert [one.assignee for one in now] == [jonas, jonas, None, None]
    assert (now[2].technician, now[2].planned_at) == (jonas, leaving[2].opened_at + WEEK)
    assert (done.to_person, done.to_team) == (3, 1)
    assert Event.objects.filter(stream__name__startswith="ticket:").count() == events + 4
    assert all(rebuilt(one.stream) == row_of(one) for one in now)
    assert set(told_of(desk, leaving[0], "ticket.assigned")) >= {"jonas"}
    # The visit has a date, so its new technician is told by mail; the others wait in the page.
    assert len(desk.sent()) == mails + 1
    assert open_work_of(anna, reader=SYSTEM).is_empty


def test_a_lead_hands_over_in_their_own_team_only(desk: Desk, leaving: list[Ticket]) -> None:
    hand_over_work(desk.person("anna"), to=None, actor=desk.actor("sabine"))

    now = [Ticket.objects.get(number=one.number).assignee for one in leaving]
    assert now == [None, None, None, desk.person("anna")]
    for who in ("petra", "wolfgang", "lena"):
        with pytest.raises(NotAllowed):
            hand_over_work(desk.person("anna"), to=None, actor=desk.actor(who))


def test_work_of_one_team_may_be_handed_over_alone(desk: Desk, leaving: list[Ticket]) -> None:
    hand_over_work(desk.person("anna"), to=None, team=desk.team("facilities"), actor=desk.actor("karim"))

    assert Ticket.objects.filter(assignee=desk.person("anna")).count() == 2


def test_nobody_who_has_left_takes_over(desk: Desk, leaving: list[Ticket]) -> None:
    people.deactivate(desk.person("jonas"), actor=SYSTEM)
    with pytest.raises(Invalid):
        hand_over_work(desk.person("anna"), to=Person.objects.get(id=desk.person("jonas").id), actor=SYSTEM)


def test_a_team_with_work_is_not_archived(desk: Desk) -> None:
    """First its tickets and categories find another team; then its roles and addresses end."""
    it, karim = desk.team("it"), desk.actor("karim")
    ticket = desk.ticket("petra")
    with pytest.raises(TeamHasWork) as refused:
        dissolve(it, actor=karim)
    assert it.name in str(refused.value)
    with pytest.raises(NotAllowed):
        dissolve(it, actor=desk.actor("sabine"))

    tickets.hand_to(ticket, desk.team("facilities"), actor=SYSTEM)
    Category.objects.filter(default_team=it).update(default_team=None)
    dissolve(it, actor=karim)

    assert Team.objects.get(id=it.id).archived_at is not None
    assert Actor(who=desk.person("sabine")).roles() == {}
    assert desk.address("it") not in people.our_addresses()
    people.restore_team(it, actor=karim)
    assert desk.address("it") in people.our_addresses()


def test_whoever_assigns_to_somebody_away_is_told_who_stands_in(desk: Desk) -> None:
    """P48.1: offered, not forced; and the sorting table names those who are there first."""
    away(desk, "anna", "jonas")
    number = desk.ticket("petra").number
    deniz = browser(desk, "deniz")
    table = words(deniz.get(f"/desk/triage/{number}").content.decode())
    assert f"{desk.person('anna').name} away" not in table.partition(desk.person("deniz").name)[0]
    deniz.post(f"/desk/tickets/{number}/assignee", {"assignee": str(desk.person("anna").uid), "knowing": "1"})
    said = words(deniz.get(f"/desk/tickets/{number}").content.decode())
    assert f"{desk.person('anna').name} is away until" in said
    assert f"{desk.person('jonas').name} stands in" in said
    assert Ticket.objects.get(number=number).assignee == desk.person("anna")
    away(desk, "jonas")
    other = desk.ticket("petra", subject="Another").number
    deniz.post(f"/desk/tickets/{other}/assignee", {"assignee": str(desk.person("anna").uid), "knowing": "1"})
    assert "nobody of the team stands in" in words(deniz.get(f"/desk/tickets/{other}").content.decode())
