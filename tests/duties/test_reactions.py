"""What follows from what: in order per ticket, exactly once, three tries, then parked in sight while others go on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from hauspost.doors.worker import timers
from hauspost.duties.reactions import running
from hauspost.duties.reactions.running import let_go, react_next, try_again
from hauspost.ground import clock
from hauspost.ground.history import actions as history
from hauspost.ground.history.models import Event, Pending
from hauspost.ground.history.reading import actor_of
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

Reacting = Callable[[Callable[[Event], object]], None]


@pytest.fixture
def acknowledging(monkeypatch: pytest.MonkeyPatch) -> Reacting:
    """Put something in the place of the reaction `acknowledge`."""

    def put(reaction: Callable[[Event], object]) -> None:
        monkeypatch.setattr(running, "BY_NAME", {**running.BY_NAME, "acknowledge": reaction})

    return put


def failing_for(subject: str, fault: Exception) -> Callable[[Event], None]:
    """A reaction that writes something, and then fails for one ticket."""
    whole: Any = running.BY_NAME["acknowledge"]

    def reaction(event: Event) -> None:
        whole(event)
        if Ticket.objects.get(number=int(event.stream.name.partition(":")[2])).subject == subject:
            raise fault

    return reaction


def test_each_reaction_runs_once_per_event(desk: Desk, acknowledging: Reacting) -> None:
    """P37.1."""
    ran: list[int] = []
    acknowledging(lambda event: ran.append(event.id))
    ticket = desk.ticket("petra")
    desk.works()
    desk.works()

    assert ran == [Event.objects.get(stream__name=ticket.stream, kind="ticket.opened").id]
    assert Pending.objects.count() == 0


@pytest.mark.parametrize("fault", [RuntimeError("boom"), IntegrityError("twice"), KeyError("x")], ids=repr)
def test_a_failing_reaction_is_tried_three_times_and_parked_while_others_go_on(
    desk: Desk, acknowledging: Reacting, fault: Exception
) -> None:
    """DESIGN, Reactions: only its ticket waits, an administrator sees the reason, and nothing half done stays."""
    acknowledging(failing_for("Bad", fault))
    bad = desk.ticket("petra", subject="Bad")
    for seconds in (6, 30, 60, 120):
        with desk.later(seconds=seconds):
            desk.works()
    good = desk.ticket("marta", subject="Good")

    (parked,) = Pending.objects.parked()
    assert (parked.stream.name, parked.tries) == (bad.stream, 3)
    assert str(fault.args[0]) in parked.fault
    assert not OutgoingMail.objects.filter(about=bad.number).exists()
    assert OutgoingMail.objects.filter(about=good.number, kind="acknowledgement").count() == 1
    assert OutgoingMail.objects.filter(about=good.number, kind="notice").exists()
    # What was to follow on the same ticket waits behind it, in order.
    assert Pending.objects.filter(stream__name=bad.stream).count() == 2


def test_the_tries_lie_within_a_minute(desk: Desk, acknowledging: Reacting) -> None:
    began: list[object] = []

    def reaction(event: Event) -> None:
        began.append(clock.now())
        raise RuntimeError

    acknowledging(reaction)
    start = clock.now()
    with clock.standing_at(start):
        desk.ticket("petra")
    for second in range(0, 120, 5):
        with clock.standing_at(start + timedelta(seconds=second)):
            desk.works()

    assert len(began) == 3
    assert (began[-1] - began[0]).total_seconds() <= 60  # type: ignore[operator]


def test_a_parked_reaction_runs_again_when_its_cause_is_mended(
    desk: Desk, acknowledging: Reacting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(running, "BY_NAME", {**running.BY_NAME, "acknowledge": failing_for("Bad", RuntimeError("boom"))})
        desk.ticket("petra", subject="Bad")
        for seconds in (6, 60):
            with desk.later(seconds=seconds):
                desk.works()
    (parked,) = Pending.objects.parked()

    try_again(parked.id, actor=desk.actor("karim"))
    desk.works()

    assert len(desk.sent("acknowledgement")) == 1
    assert desk.sent("notice")
    assert Pending.objects.count() == 0


@pytest.mark.parametrize("verb", [try_again, let_go])
@pytest.mark.parametrize("who", ["anna", "deniz", "sabine", "wolfgang", "petra"])
def test_only_administrators_decide_about_what_is_parked(
    desk: Desk, acknowledging: Reacting, verb: Callable[..., None], who: str
) -> None:
    acknowledging(failing_for("Bad", RuntimeError("boom")))
    desk.ticket("petra", subject="Bad")
    Pending.objects.filter(reaction="acknowledge").update(parked_at=clock.now())

    with pytest.raises(NotAllowed):
        verb(Pending.objects.get(reaction="acknowledge").id, actor=desk.actor(who))


def test_what_is_let_go_is_recorded_and_the_ticket_goes_on(desk: Desk, acknowledging: Reacting) -> None:
    acknowledging(failing_for("Bad", RuntimeError("boom")))
    ticket = desk.ticket("petra", subject="Bad")
    pending = Pending.objects.get(reaction="acknowledge")
    with pytest.raises(NotFound):
        let_go(pending.id, actor=desk.actor("karim"))
    Pending.objects.filter(id=pending.id).update(parked_at=clock.now())

    let_go(pending.id, actor=desk.actor("karim"))
    desk.works()

    event = Event.objects.get(stream__name=ticket.stream, kind="reaction.dropped")
    assert actor_of(event)["who"] == f"person:{desk.person('karim').uid}"
    assert desk.sent("notice")
    assert Pending.objects.count() == 0


def test_a_database_that_is_away_counts_as_no_try(desk: Desk, acknowledging: Reacting) -> None:
    desk.receives(desk.letter("petra"), work=False)
    from hauspost.duties.intake.actions import deliver_next

    deliver_next()
    acknowledging(failing_for("Printer stuck", OperationalError("database is locked")))

    with pytest.raises(OperationalError):
        react_next()

    assert set(Pending.objects.values_list("tries", flat=True)) == {0}


def test_what_followed_before_the_database_went_away_stays_done(desk: Desk, acknowledging: Reacting) -> None:
    """Events that share a commit do not share a fault."""
    acknowledging(failing_for("Bad", OperationalError("database is locked")))
    from hauspost.duties.intake.actions import deliver_next

    for writer, subject in (("petra", "Good"), ("marta", "Bad")):
        desk.receives(desk.letter(writer, subject=subject), work=False)
    deliver_next()

    with pytest.raises(OperationalError):
        react_next()

    assert [mail.about for mail in desk.sent("acknowledgement")] == [Ticket.objects.get(subject="Good").number]
    assert {pending.event.stream.name for pending in Pending.objects.all()} == {
        Ticket.objects.get(subject="Bad").stream
    }


def test_events_of_one_ticket_are_followed_in_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN: per ticket in order, whatever the table says of each."""
    seen: list[tuple[str, int]] = []
    watched = {name: (lambda event: seen.append((event.stream.name, event.seq))) for name in running.BY_NAME}
    monkeypatch.setattr(running, "BY_NAME", watched)
    one, other = desk.ticket("petra", subject="One"), desk.ticket("marta", subject="Other")
    seen.clear()
    for _ in range(3):
        for ticket in (one, other):
            tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
            tickets.assign(ticket, None, actor=desk.actor("deniz"))
    desk.works()

    assert len(seen) == 12
    for stream in (one.stream, other.stream):
        order = [seq for name, seq in seen if name == stream]
        assert order == sorted(order)


def test_chains_of_consequences_end_after_five(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P37.1: a rule that answers its own output stops."""
    ticket = desk.ticket("petra")
    ran: list[int] = []

    def assign_to_and_fro(event: Event) -> None:
        ran.append(event.seq)
        found = Ticket.objects.get(number=ticket.number)
        tickets.assign(found, desk.person("jonas" if found.assignee == desk.person("anna") else "anna"), actor=SYSTEM)

    monkeypatch.setattr(running, "BY_NAME", {**running.BY_NAME, "tell_of_assignment": assign_to_and_fro})
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()

    assert 5 <= len(ran) <= history.MAX_DEPTH + 1
    assert Pending.objects.count() == 0


def test_a_rule_stands_in_the_record_with_its_name(desk: Desk) -> None:
    """P37.1."""
    ticket = desk.ticket("petra")
    tickets.snooze(ticket, clock.now().replace(year=clock.now().year + 1), actor=desk.actor("anna"))
    with desk.later(days=400):
        timers.wake_due()

    event = Event.objects.get(stream__name=ticket.stream, kind="ticket.woken")
    assert (actor_of(event)["who"], actor_of(event)["name"]) == ("rule", "its time has come")


# Time's own consequences (P47.1).


@pytest.fixture
def asleep(desk: Desk) -> Ticket:
    """Anna's ticket, waiting for a date in two days."""
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    tickets.set_status(
        ticket, status_of("waiting_date"), until=clock.now() + timedelta(days=2), actor=desk.actor("anna")
    )
    desk.works()
    return Ticket.objects.with_names().get(number=ticket.number)


def test_on_its_day_a_waiting_ticket_is_open_on_top_and_its_owner_told(desk: Desk, asleep: Ticket) -> None:
    """P47.1."""
    with desk.later(days=1):
        assert timers.wake_due() == 0
        desk.ticket("marta")
    before = len(desk.sent("notice"))
    with desk.later(days=3):
        assert timers.wake_due() == 1
        desk.works()
        first = Ticket.objects.at_desk_of(desk.actor("anna")).open().awake().newest_first()[0]

    assert (first.number, first.state, first.wake_at) == (asleep.number, "open", None)
    anna = str(desk.person("anna").uid)
    assert anna in {mail.person_uid for mail in desk.sent("notice")[before:]}


def test_a_human_answer_ends_the_waiting(desk: Desk, asleep: Ticket) -> None:
    """P47.1: any human reply cancels, and nothing sleeps without a date."""
    desk.receives(desk.letter("petra", subject=f"Re: [#{asleep.number}]", text="It is urgent after all."))

    asleep.refresh_from_db()
    assert (asleep.state, asleep.wake_at) == ("open", None)


def test_an_agents_reply_does_not_let_it_sleep_for_ever(desk: Desk, asleep: Ticket) -> None:
    tickets.reply(asleep, Writing(text="As promised, on Thursday."), actor=desk.actor("anna"))

    asleep.refresh_from_db()
    assert (asleep.state == "waiting_date") is (asleep.wake_at is not None)


def test_what_is_done_does_not_wake(desk: Desk, asleep: Ticket) -> None:
    tickets.set_status(asleep, status_of("closed"), actor=desk.actor("anna"))

    with desk.later(days=3):
        assert timers.wake_due() == 0
