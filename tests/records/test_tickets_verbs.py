"""Every verb of tickets: who may not, what changes, and what the record keeps of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, person_of
from hauspost.ground.refusals import Invalid, NotAllowed, NotFound, Refused
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.actions.relations import propose_participants
from hauspost.records.tickets.company import PRIORITIES, priority_of, status_of
from hauspost.records.tickets.models import Entry, Link, Participant, Tag, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of, value_of
from hauspost.records.tickets.refusals import (
    AnsweredMeanwhile,
    Changed,
    NothingWritten,
    NotInTeam,
    NotPlaced,
    SameTicket,
    TicketClosed,
    TooBig,
)
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's IT ticket; Marta follows it."""
    new = tickets.NewTicket("Printer stuck", desk.person("petra"), desk.team("it"), "portal")
    found = tickets.open_ticket(new, Writing(text="It is stuck."), actor=desk.actor("petra"))
    tickets.add_participant(found, desk.person("marta"), actor=desk.actor("petra"))
    return fresh(found)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.with_names().get(number=ticket.number)


def last_event(ticket: Ticket) -> Event:
    found = Event.objects.filter(stream__name=ticket.stream).order_by("-seq").first()
    assert found is not None
    return found


def other(desk: Desk, ticket: Ticket) -> Ticket:
    """A second ticket of the same requester, to link with."""
    new = tickets.NewTicket("Another", desk.person("petra"), desk.team("it"), "portal")
    return tickets.open_ticket(new, Writing(text="And this."), actor=SYSTEM)


class Verb(NamedTuple):
    """A verb, its event, the fields that change, and what must have happened before."""

    do: Callable[[Desk, Ticket, Any], object]
    kind: str
    changes: dict[str, Any] = {}
    first: Callable[[Desk, Ticket], object] = lambda desk, ticket: None
    may: tuple[str, ...] = ()  # besides agents


SOON = timedelta(hours=3)


def held(desk: Desk, ticket: Ticket) -> Entry:
    return tickets.add_answer(
        ticket,
        Writing(text="Held", channel="mail"),
        author=desk.person("mira"),
        actor=SYSTEM,
        held_because="unconfirmed",
    )


def replied(desk: Desk, ticket: Ticket) -> Entry:
    return tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("jonas"))


def closed(desk: Desk, ticket: Ticket) -> Ticket:
    return tickets.set_status(ticket, status_of("closed"), actor=SYSTEM)


def proposed(desk: Desk, ticket: Ticket) -> None:
    propose_participants(ticket, [desk.person("ines")], actor=SYSTEM)


VERBS: dict[str, Verb] = {
    "reply": Verb(lambda d, t, a: tickets.reply(t, Writing(text="Hi"), actor=a), "ticket.replied", {"awaits_reply": False, "state": "open"}),
    "note": Verb(lambda d, t, a: tickets.note(t, Writing(text="Hm"), actor=a), "ticket.noted"),
    "take back": Verb(
        lambda d, t, a: tickets.take_back(t.entries.get(kind="reply"), actor=a), "entry.taken_back", {"awaits_reply": True}, replied
    ),
    "release": Verb(
        lambda d, t, a: tickets.release(t.entries.exclude(held_because="").get(), actor=a), "entry.released", first=held
    ),
    "assign": Verb(lambda d, t, a: tickets.assign(t, d.person("jonas"), actor=a), "ticket.assigned", {"assignee": "jonas", "state": "open"}),
    "hand": Verb(lambda d, t, a: tickets.hand_to(t, d.team("facilities"), actor=a), "ticket.handed", {"team": "facilities"}),
    "catalogue": Verb(
        lambda d, t, a: tickets.catalogue(t, category=d.company.categories["printer"], impact=3, urgency=3, work_place="on_site", affected=d.person("ines"), actor=a),
        "ticket.catalogued",
        {"category": "printer", "type": "incident", "impact": 3, "urgency": 3, "priority": 4, "work_place": "on_site", "affected": "ines"},
    ),
    "subject": Verb(lambda d, t, a: tickets.change_subject(t, "Gate 3", actor=a), "ticket.subject_changed"),
    "requester": Verb(lambda d, t, a: tickets.change_requester(t, d.person("ines"), actor=a), "ticket.requester_changed", {"requester": "ines"}),
    "status": Verb(lambda d, t, a: tickets.set_status(t, status_of("resolved"), actor=a), "ticket.status", {"state": "resolved", "awaits_reply": False}),
    "wait for a date": Verb(
        lambda d, t, a: tickets.set_status(t, status_of("waiting_date"), until=clock.now() + SOON, actor=a), "ticket.status", {"state": "waiting_date"}
    ),
    "reopen": Verb(lambda d, t, a: tickets.reopen(t, actor=a), "ticket.reopened", {"state": "open", "awaits_reply": True, "closed_at": None}, closed, ("petra",)),
    "impact": Verb(
        lambda d, t, a: tickets.set_impact(t, people=6, percent=50, since=clock.now() - SOON, until=clock.now(), actor=a),
        "ticket.impact",
        {"impact_people": 6, "impact_percent": 50},
    ),
    "snooze": Verb(lambda d, t, a: tickets.snooze(t, clock.now() + SOON, actor=a), "ticket.snoozed"),
    "wake": Verb(
        lambda d, t, a: tickets.wake(t, actor=a), "ticket.woken", {"wake_at": None}, lambda d, t: tickets.snooze(t, clock.now() + SOON, actor=SYSTEM)
    ),
    "plan": Verb(
        lambda d, t, a: tickets.plan(t, technician=d.person("anna"), planned_at=clock.now() + SOON, actor=a), "ticket.planned", {"technician": "anna", "state": "planned"}
    ),
    "add participant": Verb(
        lambda d, t, a: tickets.add_participant(t, d.person("ines"), actor=a), "participant.added", may=("petra",)
    ),
    "add helper": Verb(
        lambda d, t, a: tickets.add_participant(t, d.person("pawel"), role="helper", actor=a), "participant.added"
    ),
    "confirm participant": Verb(
        lambda d, t, a: tickets.confirm_participant(t, d.person("ines"), actor=a), "participant.confirmed", first=proposed, may=("petra",)
    ),
    "remove participant": Verb(
        lambda d, t, a: tickets.remove_participant(t, d.person("marta"), actor=a), "participant.removed", may=("petra",)
    ),
    "link": Verb(lambda d, t, a: tickets.link(t, other(d, t), "related", actor=a), "ticket.linked"),
    "unlink": Verb(
        lambda d, t, a: tickets.unlink(t, t.links.get().other_id, "related", actor=a),
        "ticket.unlinked",
        first=lambda d, t: tickets.link(t, other(d, t), "related", actor=SYSTEM),
    ),
    "tag": Verb(lambda d, t, a: tickets.tag(t, "Toner Low", actor=a), "ticket.tagged"),
    "untag": Verb(
        lambda d, t, a: tickets.untag(t, "Toner Low", actor=a), "ticket.untagged", first=lambda d, t: tickets.tag(t, "Toner Low", actor=SYSTEM)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_changes_the_ticket_and_records_before_and_after(desk: Desk, ticket: Ticket, name: str) -> None:
    """Issue, points 2 and 8."""
    verb = VERBS[name]
    verb.first(desk, ticket)
    before = fresh(ticket)

    verb.do(desk, fresh(ticket), desk.actor("anna"))

    after, event = fresh(ticket), last_event(ticket)
    assert event.kind == verb.kind
    assert person_of(event) == str(desk.person("anna").uid)
    data = data_of(event)
    for field, wanted in verb.changes.items():
        value = str(desk.person(wanted).uid) if field in ("assignee", "technician", "affected", "requester") else wanted
        assert value_of(after, field) == value, field
        if value_of(before, field) != value:
            assert (data["before"][field], data["after"][field]) == (value_of(before, field), value), field
    assert rebuilt(ticket.stream) == row_of(after)


# Who may not: a reader of the team, another team's agent, the requester, a participant, a stranger, an auditor, an
# administrator, nobody at all.
OUTSIDERS = [
    ("lena", NotAllowed), ("wolfgang", NotAllowed), ("petra", NotAllowed), ("marta", NotAllowed),
    ("pawel", NotFound), ("mira", NotFound), ("karim", NotFound), ("giulia", NotFound),
]  # fmt: skip


@pytest.mark.parametrize("name", VERBS)
def test_who_may_not_is_refused_and_nothing_changes(desk: Desk, ticket: Ticket, name: str) -> None:
    """Permission is tested by the one who may not; P33.1, S5: what one may not see does not exist."""
    verb = VERBS[name]
    verb.first(desk, ticket)
    before, events = row_of(fresh(ticket)), Event.objects.filter(stream__name=ticket.stream).count()

    for who, refusal in OUTSIDERS:
        if who not in verb.may:
            with pytest.raises(refusal):
                verb.do(desk, fresh(ticket), desk.actor(who))

    assert row_of(fresh(ticket)) == before
    assert Event.objects.filter(stream__name=ticket.stream).count() == events


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if "petra" in verb.may])
def test_the_requester_may_do_what_concerns_their_own_ticket(desk: Desk, ticket: Ticket, name: str) -> None:
    VERBS[name].first(desk, ticket)

    VERBS[name].do(desk, fresh(ticket), desk.actor("petra"))

    assert last_event(ticket).kind == VERBS[name].kind


@pytest.mark.parametrize("name", VERBS)
def test_nobody_who_has_left_acts_any_more(desk: Desk, ticket: Ticket, name: str) -> None:
    """S13: within one request."""
    from hauspost.records.people import actions as people

    VERBS[name].first(desk, ticket)
    people.deactivate(desk.person("anna"), actor=SYSTEM)

    with pytest.raises(Refused):
        VERBS[name].do(desk, fresh(ticket), desk.actor("anna"))


@pytest.mark.parametrize("who", ["lena", "wolfgang", "pawel", "mira", "karim", "jonas.klein in facilities"])
def test_who_may_only_read_writes_no_answer(desk: Desk, ticket: Ticket, who: str) -> None:
    """P33.1: reading is not writing."""
    if " in " in who:
        who = "jonas"
        tickets.hand_to(ticket, desk.team("facilities"), actor=SYSTEM)

    with pytest.raises((NotAllowed, NotFound)):
        tickets.add_answer(ticket, Writing(text="I was here"), author=desk.person(who), actor=desk.actor(who))

    assert ticket.entries.count() == 1


@pytest.mark.parametrize("who", ["petra", "marta"])
def test_requester_and_participant_answer_in_the_portal(desk: Desk, ticket: Ticket, who: str) -> None:
    tickets.set_status(ticket, status_of("waiting_requester"), actor=desk.actor("anna"))

    entry = tickets.add_answer(ticket, Writing(text="Here it is"), author=desk.person(who), actor=desk.actor(who))

    assert (entry.kind, entry.is_public, entry.is_from_desk) == ("request", True, False)
    assert (fresh(ticket).state, fresh(ticket).awaits_reply) == ("open", True)


def test_a_requester_confirms_what_was_resolved_but_sets_no_other_state(desk: Desk, ticket: Ticket) -> None:
    """Glossary: confirm."""
    petra = desk.actor("petra")
    with pytest.raises(NotAllowed):
        tickets.set_status(ticket, status_of("closed"), actor=petra)
    tickets.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    with pytest.raises(NotAllowed):
        tickets.set_status(ticket, status_of("waiting_third"), actor=petra)

    tickets.set_status(ticket, status_of("closed"), actor=petra)

    assert fresh(ticket).state == "closed"


# Two people at the same ticket (P24).


def test_edits_of_different_fields_merge(desk: Desk, ticket: Ticket) -> None:
    """P24.3."""
    tickets.catalogue(ticket, impact=3, actor=desk.actor("anna"), based_on={"impact": 1, "urgency": 2})
    tickets.catalogue(ticket, urgency=3, actor=desk.actor("jonas"), based_on={"impact": 1, "urgency": 2})

    after = fresh(ticket)
    assert (after.impact, after.urgency, after.priority) == (3, 3, 4)


def test_a_true_conflict_shows_both_values_and_changes_nothing(desk: Desk, ticket: Ticket) -> None:
    """P24.3."""
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))

    with pytest.raises(Changed) as refused:
        tickets.assign(ticket, desk.person("jonas"), actor=desk.actor("sabine"), based_on={"assignee": None})

    assert refused.value.about["conflicts"] == {"assignee": (desk.person("anna"), desk.person("jonas"))}
    assert fresh(ticket).assignee == desk.person("anna")


def test_the_same_edit_twice_is_no_conflict_and_no_second_event(desk: Desk, ticket: Ticket) -> None:
    for who in ("anna", "jonas"):
        tickets.catalogue(ticket, impact=3, actor=desk.actor(who), based_on={"impact": 1})

    assert Event.objects.filter(stream__name=ticket.stream, kind="ticket.catalogued").count() == 1


@pytest.mark.parametrize(
    "edit",
    [
        lambda d, t, b: tickets.change_subject(t, "Mine", actor=d.actor("anna"), based_on={"subject": b}),
        lambda d, t, b: tickets.set_impact(t, people=9, actor=d.actor("anna"), based_on={"impact_people": 4}),
        lambda d, t, b: tickets.hand_to(t, d.team("facilities"), actor=d.actor("anna"), based_on={"team": "hr"}),
        lambda d, t, b: tickets.plan(t, work_place="remote", actor=d.actor("anna"), based_on={"work_place": "on_site"}),
        lambda d, t, b: tickets.set_status(t, status_of("closed"), actor=d.actor("anna"), based_on={"status": "open"}),
    ],
)
def test_every_field_is_guarded_against_a_forgotten_page(desk: Desk, ticket: Ticket, edit: Any) -> None:
    """P24.3: what the page had shown is no longer so."""
    with pytest.raises(Changed):
        edit(desk, ticket, "An older subject")


def test_a_reply_written_meanwhile_is_shown_before_the_next_is_sent(desk: Desk, ticket: Ticket) -> None:
    """P24.2, P5.4."""
    tickets.add_answer(ticket, Writing(text="One more"), author=desk.person("petra"), actor=desk.actor("petra"))

    with pytest.raises(AnsweredMeanwhile) as refused:
        tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"), seen_seq=1)

    tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"), seen_seq=refused.value.about["seq"])


def test_a_colleagues_note_meanwhile_stops_no_reply(desk: Desk, ticket: Ticket) -> None:
    tickets.note(ticket, Writing(text="Hm"), actor=desk.actor("jonas"))

    assert tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"), seen_seq=1).seq == 3


# What is refused.

PAST = timedelta(hours=-1)
REFUSED: dict[str, tuple[Callable[[Desk, Ticket, Any], object], type[Refused]]] = {
    "an empty reply": (lambda d, t, a: tickets.reply(t, Writing(text=" \n\t"), actor=a), NothingWritten),
    "an empty note": (lambda d, t, a: tickets.note(t, Writing(text=""), actor=a), NothingWritten),
    "an empty answer": (lambda d, t, a: tickets.add_answer(t, Writing(text=""), author=d.person("petra"), actor=a), NothingWritten),
    "too big a file": (
        lambda d, t, a: tickets.reply(t, Writing(text="x", files=[NewFile("f", "a/b", b"x" * 40_000_000)]), actor=a), TooBig,
    ),
    "a reply to a chosen nobody": (lambda d, t, a: tickets.reply(t, Writing(text="x"), to=["eve@x.example"], actor=a), Refused),
    "a reply that waits for no date": (
        lambda d, t, a: tickets.reply(t, Writing(text="x"), status=status_of("waiting_date"), actor=a), Invalid,
    ),
    "another team's agent": (lambda d, t, a: tickets.assign(t, d.person("pawel"), actor=a), NotInTeam),
    "a reader as assignee": (lambda d, t, a: tickets.assign(t, d.person("lena"), actor=a), NotInTeam),
    "an employee as assignee": (lambda d, t, a: tickets.assign(t, d.person("petra"), actor=a), NotInTeam),
    "another team's technician": (lambda d, t, a: tickets.plan(t, technician=d.person("pawel"), actor=a), NotInTeam),
    "a location elsewhere": (
        lambda d, t, a: tickets.catalogue(
            t, site=d.company.sites["wien"], location=next(p for p in d.company.locations.values() if p.site.key == "hamburg"), actor=a
        ),
        NotPlaced,
    ),
    "an impossible impact": (lambda d, t, a: tickets.catalogue(t, impact=9, actor=a), Invalid),
    "an impossible urgency": (lambda d, t, a: tickets.catalogue(t, urgency=0, actor=a), Invalid),
    "an unknown type": (lambda d, t, a: tickets.catalogue(t, type="banana", actor=a), Invalid),
    "an unknown work place": (lambda d, t, a: tickets.catalogue(t, work_place="moon", actor=a), Invalid),
    "an unknown work place in a plan": (lambda d, t, a: tickets.plan(t, work_place="moon", actor=a), Invalid),
    "more than all": (lambda d, t, a: tickets.set_impact(t, percent=101, actor=a), Invalid),
    "less than nobody": (lambda d, t, a: tickets.set_impact(t, people=-1, actor=a), Invalid),
    "an end before the beginning": (
        lambda d, t, a: tickets.set_impact(t, since=clock.now(), until=clock.now() + PAST, actor=a), Invalid,
    ),
    "sleep until yesterday": (lambda d, t, a: tickets.snooze(t, clock.now() + PAST, actor=a), Invalid),
    "waiting for no date": (lambda d, t, a: tickets.set_status(t, status_of("waiting_date"), actor=a), Invalid),
    "waiting for a past date": (
        lambda d, t, a: tickets.set_status(t, status_of("waiting_date"), until=clock.now() + PAST, actor=a), Invalid,
    ),
    "an empty subject": (lambda d, t, a: tickets.change_subject(t, " \0\n ", actor=a), Invalid),
    "a link with itself": (lambda d, t, a: tickets.link(t, t, "related", actor=a), SameTicket),
    "an unknown kind of link": (lambda d, t, a: tickets.link(t, other(d, t), "cousin", actor=a), Invalid),
    "a link with nothing": (lambda d, t, a: tickets.link(t, 999_999, "related", actor=a), NotFound),
    "an empty tag": (lambda d, t, a: tickets.tag(t, " \0 ", actor=a), Invalid),
    "the requester as participant": (lambda d, t, a: tickets.add_participant(t, d.person("petra"), actor=a), Invalid),
    "an unknown role": (lambda d, t, a: tickets.add_participant(t, d.person("mira"), role="king", actor=a), Invalid),
    "removing who is not there": (lambda d, t, a: tickets.remove_participant(t, d.person("mira"), actor=a), NotFound),
    "confirming who is not there": (lambda d, t, a: tickets.confirm_participant(t, d.person("mira"), actor=a), NotFound),
    "releasing what is not held": (lambda d, t, a: tickets.release(t.entries.get(), actor=a), NotFound),
    "undoing what the requester wrote": (lambda d, t, a: tickets.take_back(t.entries.get(), actor=a), NotFound),
    "no ticket": (lambda d, t, a: tickets.note(999_999, Writing(text="x"), actor=a), NotFound),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_input_gets_a_refusal_with_words_and_changes_nothing(desk: Desk, ticket: Ticket, name: str) -> None:
    """Issue: what bad input gets; P54.1."""
    call, refusal = REFUSED[name]
    before = row_of(ticket)

    with pytest.raises(refusal) as refused:
        call(desk, ticket, desk.actor("anna"))

    assert str(refused.value)
    assert "%(" not in str(refused.value)
    assert row_of(fresh(ticket)) == before


@pytest.mark.parametrize("name", ["assign", "hand", "plan", "snooze"])
def test_what_is_done_takes_no_more_work(desk: Desk, ticket: Ticket, name: str) -> None:
    closed(desk, ticket)

    with pytest.raises(TicketClosed, match=f"#{ticket.number}"):
        VERBS[name].do(desk, fresh(ticket), desk.actor("anna"))


# Finer points.


def test_priority_is_what_impact_and_urgency_make() -> None:
    """Glossary: never set by hand, rising with both."""
    for impact in (1, 2, 3):
        for urgency in (1, 2, 3):
            assert priority_of(impact, urgency) == PRIORITIES[urgency][impact]
            assert priority_of(min(impact + 1, 3), urgency) >= priority_of(impact, urgency)


def test_handing_over_frees_the_assignee_and_wakes_nobody_up_for_it(desk: Desk, ticket: Ticket) -> None:
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))

    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))

    after = fresh(ticket)
    assert (after.team, after.assignee) == (desk.team("facilities"), None)


def test_a_technician_of_the_old_team_does_not_stay_planned_after_a_handover(desk: Desk, ticket: Ticket) -> None:
    """Whoever is planned works in the ticket's team."""
    tickets.plan(ticket, technician=desk.person("anna"), planned_at=clock.now() + SOON, actor=desk.actor("deniz"))

    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))

    assert fresh(ticket).technician is None


@pytest.mark.parametrize("kind", ["open", "waiting_requester", "resolved"])
def test_leaving_a_date_one_waits_for_no_longer_sleeps(desk: Desk, ticket: Ticket, kind: str) -> None:
    """P47.1: no open ticket hides among the snoozed."""
    anna = desk.actor("anna")
    tickets.set_status(ticket, status_of("waiting_date"), until=clock.now() + SOON, actor=anna)

    tickets.set_status(ticket, status_of(kind), actor=anna)

    assert fresh(ticket).wake_at is None


def test_the_first_reply_takes_a_new_ticket_up(desk: Desk, ticket: Ticket) -> None:
    tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"))

    after = fresh(ticket)
    assert (after.state, after.assignee, after.awaits_reply) == ("open", desk.person("anna"), False)
    assert after.answered_at is not None


def test_a_released_mail_may_let_its_author_follow_from_there(desk: Desk, ticket: Ticket) -> None:
    """S8."""
    entry = held(desk, ticket)

    tickets.release(entry, actor=desk.actor("anna"), as_participant=True)

    row = Participant.objects.get(ticket=ticket, person=desk.person("mira"))
    assert (row.is_confirmed, row.since_seq) == (True, entry.seq)
    with pytest.raises(NotFound):
        tickets.release(entry, actor=desk.actor("anna"))


@pytest.mark.parametrize(
    ("verb", "model"),
    [
        (lambda d, t: tickets.tag(t, "TONER  low", actor=d.actor("anna")), Tag),
        (lambda d, t: tickets.link(t, Ticket.objects.exclude(number=t.number).get(), "blocks", actor=d.actor("anna")), Link),
        (lambda d, t: tickets.add_participant(t, d.person("mira"), actor=d.actor("anna")), Participant),
    ],
)  # fmt: skip
def test_the_same_relation_twice_is_one(desk: Desk, ticket: Ticket, verb: Any, model: Any) -> None:
    other(desk, ticket)
    verb(desk, ticket)
    count = model.objects.count()

    verb(desk, ticket)

    assert model.objects.count() == count


def test_both_tickets_of_a_link_must_be_seen(desk: Desk, ticket: Ticket) -> None:
    """P11.1: no linking with, and so no learning of, a ticket of HR's."""
    secret = tickets.open_ticket(
        tickets.NewTicket("Contract", desk.person("mira"), desk.team("hr"), "portal"), Writing(text="x"), actor=SYSTEM
    )

    with pytest.raises(NotFound):
        tickets.link(ticket, secret, "related", actor=desk.actor("anna"))
