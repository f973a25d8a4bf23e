"""Retention: what has run its time goes everywhere and for good, the record still verifies, and a hold always wins."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from hauspost.duties.intake.checking import forget_unchecked
from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices.models import Notice
from hauspost.duties.privacy import erasure, holds, retention
from hauspost.duties.privacy.models import Expiry, LegalHold, RetentionRule, RetentionRun
from hauspost.duties.privacy.refusals import HeldAlready, OnHold, RuleThereAlready
from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.history.verification import verify
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.search.actions import search
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Entry, Participant, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.duties.test_erasure import CANARY, MAIL, everything_stored


def rule(desk: Desk, months: int = 12, what: str = "anonymise", team: str = "", type: str = "") -> RetentionRule:
    """A rule that applies."""
    made = retention.add_rule(
        team=desk.team(team) if team else None, type=type, months=months, what=what, actor=desk.actor("karim")
    )
    retention.start(made, actor=desk.actor("karim"))
    return made


def closed(desk: Desk, sender: str = "petra", **about: str) -> Ticket:
    ticket = desk.ticket(sender, **about)
    agent = {"it": "anna", "facilities": "pawel", "hr": "giulia"}[about.get("to", "it")]
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor(agent))
    desk.works()
    return again(ticket)


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.with_names().get(number=ticket.number)


def run() -> int:
    """Everything that is due, within a test's transaction."""
    with patch("hauspost.ground.db.overwriting_deleted"):
        return sum(count for _rule, count in retention.run_all())


def after(desk: Desk, months: int) -> object:
    return desk.later(days=31 * months + 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["anonymise", "delete"])
def test_nothing_of_an_expired_ticket_is_left_anywhere(lasting_desk: Desk, tmp_path: Path, what: str) -> None:
    """P41.1: entries, files, raw mails, letters, notices, search; found by grep over all that is stored."""
    desk = lasting_desk
    mail = MAIL.replace("zoe.kanarienvogel@", "petra.lang@").replace('"Zoe Kanarienvogel"', '"Petra Lang"')
    delivery = desk.receives(mail.replace("it@x.example", desk.address("it")).encode())
    ticket = Ticket.objects.get(number=delivery.ticket)
    big = NewFile("kanarienvogel.bin", "application/octet-stream", CANARY.encode() * 20_000)
    tickets.note(ticket, Writing(text=f"Der {CANARY} wieder.", files=[big]), actor=desk.actor("anna"))
    tickets.reply(ticket, Writing(text=f"Ihr {CANARY} ist da."), actor=desk.actor("anna"))
    if what == "anonymise":
        tickets.change_subject(ticket, "Scanner", actor=desk.actor("anna"))
    tickets.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    with desk.later(seconds=20):
        desk.works()
    assert CANARY.lower().encode() in everything_stored(tmp_path)
    kept = rule(desk, what=what)
    retention.pause(kept, actor=desk.actor("karim"))
    with after(desk, 12):
        assert retention.run_all() == []
        retention.start(kept, actor=desk.actor("karim"))
        assert retention.run_all(dry_run=True) == [(kept, 1)]
        assert [count for _rule, count in retention.run_all()] == [1]
        assert retention.run_all(dry_run=True) == [(kept, 0)]

    stored = everything_stored(tmp_path)
    if what == "anonymise":
        # The first subject is a word of the record, and the ticket's; it goes with the rest only when it is deleted.
        stored = stored.replace(b"kanarienvogel im betreff", b"")
    assert CANARY.lower().encode() not in stored
    assert search("Kanarienvogel", readable=None).rows == []
    found = verify(KEEPERS)
    assert found.faults == []
    assert found.erased > 0


def test_what_reports_need_stays_and_persons_do_not(desk: Desk) -> None:
    """P41.1: number, dates, team, category stay; nobody's name, and no way back to the person in the row."""
    ticket = desk.ticket("petra")
    tickets.catalogue(ticket, category=desk.company.categories["network"], actor=desk.actor("anna"))
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    tickets.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"))
    tickets.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    desk.works()
    before = again(ticket)
    rule(desk)
    with after(desk, 12):
        assert run() == 1

    left = again(ticket)
    for name in (
        "number",
        "team",
        "category",
        "site",
        "department",
        "opened_at",
        "answered_at",
        "resolved_at",
        "subject",
    ):
        assert getattr(left, name) == getattr(before, name), name
    assert (left.state, left.closed_at) == ("closed", before.resolved_at)
    assert (left.requester.name, left.affected, left.assignee, left.technician) == ("Anonymised", None, None, None)
    assert not Participant.objects.filter(ticket=ticket).exists()
    assert not Notice.objects.filter(ticket=ticket).exists()
    assert set(Entry.objects.filter(ticket=ticket).values_list("text", "author", "author_name")) == {("", None, "")}
    assert not Delivery.objects.filter(ticket=ticket.number).exclude(sender="", subject="", raw=None).exists()
    assert rebuilt(left.stream) == row_of(left)
    assert verify(KEEPERS).faults == []
    expiry = Expiry.objects.get(ticket=ticket)
    assert (expiry.what, expiry.entries, expiry.mails > 0) == ("anonymise", 1, True)
    event = Event.objects.get(kind="ticket.expired")
    assert data_of(event)["parts"]
    assert list(Ticket.objects.of_requester(desk.person("petra"))) == []


@pytest.mark.parametrize(
    ("subject", "left"),
    [("Scanner", "Scanner"), ("Neues Konto für Petra", ""), ("FW: petra.lang@lindner.example", ""), ("Lang", "")],
)
def test_a_subject_that_names_somebody_goes_too(desk: Desk, subject: str, left: str) -> None:
    ticket = closed(desk, subject=subject)
    rule(desk)
    with after(desk, 12):
        run()
    assert again(ticket).subject == left
    assert rebuilt(ticket.stream) == row_of(again(ticket))
    assert verify(KEEPERS).faults == []


def test_deleting_takes_the_subject_also_of_what_was_anonymised_before(desk: Desk) -> None:
    ticket = closed(desk)
    rule(desk, months=1)
    rule(desk, months=6, what="delete")
    with after(desk, 1):
        assert (run(), again(ticket).subject) == (1, "Printer stuck")
    with after(desk, 6):
        assert (run(), again(ticket).subject) == (1, "")
        assert run() == 0
    assert [one.what for one in Expiry.objects.order_by("id")] == ["anonymise", "delete"]
    assert verify(KEEPERS).faults == []


def test_time_counts_from_closing_and_open_tickets_stay(desk: Desk) -> None:
    still_open, done = desk.ticket("petra"), closed(desk, "marta")
    rule(desk, months=2)
    with desk.later(days=45):
        assert run() == 0
    with desk.later(days=70):
        assert run() == 1
    assert Entry.objects.get(ticket=still_open, seq=1).text
    assert not Entry.objects.get(ticket=done, seq=1).text


def test_what_was_taken_up_again_gets_its_time_anew(desk: Desk) -> None:
    ticket = closed(desk)
    rule(desk, months=1)
    with after(desk, 1):
        run()
        tickets.reopen(ticket, actor=desk.actor("anna"))
        tickets.note(ticket, Writing(text="Once more"), actor=desk.actor("anna"))
        tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
        assert run() == 0
    with after(desk, 2):
        assert run() == 1
    assert not Entry.objects.filter(ticket=ticket).exclude(text="").exists()


@pytest.mark.parametrize(
    ("moment", "months", "before"),
    [
        ("2026-11-24", 12, "2025-11-24"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-30", 1, "2024-02-29"),
        ("2026-01-15", 1, "2025-12-15"),
        ("2026-12-31", 600, "1976-12-31"),
    ],
)
def test_months_are_those_of_the_calendar(moment: str, months: int, before: str) -> None:
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert retention.months_before(start, months).date().isoformat() == before


def test_the_narrower_rule_decides(desk: Desk) -> None:
    """P41.1: per team and type."""
    ours, theirs = closed(desk), closed(desk, "yusuf", to="facilities")
    typed = closed(desk, "marta", to="facilities")
    Ticket.objects.filter(number=typed.number).update(type="incident")
    wide = rule(desk, months=1)
    rule(desk, months=24, team="facilities")
    rule(desk, months=3, team="facilities", type="incident")
    with after(desk, 3):
        assert [one.number for one in retention.due(wide, clock.now())] == [ours.number]
        assert run() == 2
    assert [bool(Entry.objects.get(ticket=one, seq=1).text) for one in (ours, theirs, typed)] == [False, True, False]


# Legal hold.


def test_a_hold_on_a_ticket_wins(desk: Desk) -> None:
    """P41.1."""
    ticket = closed(desk)
    hold = holds.place(ticket, "Court of Cologne, 12 O 3/26", actor=desk.actor("karim"))
    kept = rule(desk)
    with after(desk, 12):
        seen = retention.preview(kept)
        assert (seen.tickets, seen.held, seen.held_numbers) == (0, 1, [ticket.number])
        assert run() == 0
        holds.lift(hold, actor=desk.actor("karim"))
        assert run() == 1
    assert LegalHold.objects.get().reason == ""
    kinds = [event.kind for event in Event.objects.filter(kind__startswith="hold.").order_by("id")]
    assert kinds == ["hold.placed", "hold.lifted"]


@pytest.mark.parametrize("who", ["petra", "anna", "marta"])
def test_a_hold_on_a_person_keeps_what_they_asked_for_or_wrote_in(desk: Desk, who: str) -> None:
    ticket = desk.ticket("petra")
    tickets.note(ticket, Writing(text="Seen"), actor=desk.actor("anna"))
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    holds.place(desk.person(who), "Labour court", actor=desk.actor("karim"))
    rule(desk)
    with after(desk, 12):
        assert run() == (1 if who == "marta" else 0)


def test_a_hold_stops_an_erasure(desk: Desk) -> None:
    """P41.1: on the person, and on a ticket with words of theirs."""
    ticket, karim = closed(desk), desk.actor("karim")
    hold = holds.place(ticket, "Court", actor=karim)
    with pytest.raises(OnHold, match=f"#{ticket.number}"):
        erasure.erase(desk.person("petra"), actor=karim)
    holds.lift(hold, actor=karim)
    hold = holds.place(desk.person("petra"), "Court", actor=karim)
    with pytest.raises(OnHold, match="Petra Lang"):
        erasure.erase(desk.person("petra"), actor=karim)
    assert erasure.preview(desk.person("petra")).held == ["Petra Lang"]
    with pytest.raises(HeldAlready):
        holds.place(desk.person("petra"), "Again", actor=karim)
    holds.lift(hold, actor=karim)
    with patch("hauspost.ground.db.clear_deleted"):
        erasure.erase(desk.person("petra"), actor=karim)
    assert verify(KEEPERS).faults == []


def test_a_hold_placed_after_the_search_for_what_is_due_still_wins(desk: Desk) -> None:
    ticket, kept = closed(desk), rule(desk)
    with after(desk, 12):
        holds.place(ticket, "Court", actor=desk.actor("karim"))
        assert retention._expire(ticket.number, kept, clock.now()) is None
    assert Entry.objects.get(ticket=ticket, seq=1).text


# Rules, rights, and the worker.


def test_only_administrators_decide(desk: Desk) -> None:
    ticket = closed(desk)
    for who in ("sabine", "wolfgang", "petra"):
        actor = desk.actor(who)
        with pytest.raises(NotAllowed):
            retention.add_rule(team=None, type="", months=1, what="delete", actor=actor)
        with pytest.raises(NotAllowed):
            holds.place(ticket, "Because", actor=actor)


def test_rules_are_checked_and_told(desk: Desk) -> None:
    karim = desk.actor("karim")
    for months, what, type in ((0, "delete", ""), (601, "delete", ""), (1, "burn", ""), (1, "delete", "wish")):
        with pytest.raises(Invalid):
            retention.add_rule(team=None, type=type, months=months, what=what, actor=karim)
    made = retention.add_rule(team=None, type="", months=1, what="delete", actor=karim)
    assert not made.is_active
    with pytest.raises(RuleThereAlready):
        retention.add_rule(team=None, type="", months=9, what="delete", actor=karim)
    retention.start(made, actor=karim)
    retention.remove_rule(made, actor=karim)
    kinds = [event.kind for event in Event.objects.filter(stream__name=retention.STREAM).order_by("seq")]
    assert kinds == ["retention.rule_added", "retention.rule_started", "retention.rule_removed"]


def test_the_preview_counts_what_would_go_and_changes_nothing(desk: Desk) -> None:
    """P41.1."""
    ticket = desk.ticket("petra")
    file = NewFile("a.txt", "text/plain", b"abc")
    tickets.note(ticket, Writing(text="Seen", files=[file]), actor=desk.actor("anna"))
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    desk.works()
    kept = retention.add_rule(team=None, type="", months=1, what="delete", actor=desk.actor("karim"))
    with after(desk, 1):
        seen = retention.preview(kept)
    assert (seen.tickets, seen.numbers, seen.entries, seen.files, seen.mails_in) == (1, [ticket.number], 2, 1, 1)
    assert seen.mails_out >= 1
    assert Entry.objects.get(ticket=ticket, seq=1).text


def test_the_worker_does_it_once_a_night_in_small_steps(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr(retention._step, "__defaults__", (2,))
    monkeypatch.setattr(retention.run_batch, "__defaults__", (2,))
    for sender in ("petra", "marta", "yusuf"):
        closed(desk, sender)
    rule(desk, months=1)
    evening = datetime(2031, 1, 15, 0, 30, tzinfo=UTC)
    with patch("hauspost.ground.db.overwriting_deleted"):
        with clock.standing_at(evening):
            assert retention.run_due() == 0, "half past one in Cologne"
        with clock.standing_at(evening + timedelta(hours=1)):
            assert [retention.run_due() for _ in range(4)] == [2, 1, 0, 0]
            closed(desk, "ines")
        assert RetentionRun.objects.get().finished_at is not None


@pytest.mark.parametrize("started", ["10:00", "01:59"])
def test_a_rule_waits_for_the_next_night(desk: Desk, started: str) -> None:
    """P41.1: whoever starts one by mistake has until two o'clock, in the company's zone."""
    closed(desk)
    hour, minute = (int(part) for part in started.split(":"))
    at = datetime(2031, 1, 15, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))
    night = at.replace(hour=2, minute=1) + timedelta(days=hour > 2)
    with patch("hauspost.ground.db.overwriting_deleted"):
        with clock.standing_at(at):
            rule(desk, months=1)
        with clock.standing_at(night - timedelta(minutes=2)):
            assert retention.run_due() == 0
        with clock.standing_at(night):
            assert retention.run_due() == 1


def test_a_late_answer_to_an_expired_ticket_opens_a_new_one(desk: Desk) -> None:
    """P13.3: nothing new comes into what was emptied."""
    ticket = desk.ticket("petra", message_id="first")
    tickets.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    desk.works()
    rule(desk, months=1)
    with after(desk, 1):
        run()
        headers = {"In-Reply-To": "<first@mail.example>", "Subject": f"Re: [#{ticket.number}]"}
        raw = desk.letter("petra", subject=f"Re: Printer stuck [#{ticket.number}]")
        del headers["Subject"]
        delivery = desk.receives(raw)
    assert delivery.ticket != ticket.number
    assert Person.objects.get(name="Anonymised").is_external


def test_a_forgotten_mail_that_is_fetched_anew_does_not_come_back(desk: Desk) -> None:
    """P12.2, P41.1: after a new UIDVALIDITY or host its name is another one; the mail is known all the same."""
    raw = desk.letter("petra", subject="Vertraulich")
    first = desk.receives(raw)
    tickets.set_status(Ticket.objects.get(number=first.ticket), status_of("closed"), actor=desk.actor("anna"))
    desk.works()
    was = Delivery.objects.get(id=first.id)
    rule(desk, months=1)
    with after(desk, 1):
        assert run() == 1
        kept = Delivery.objects.get(id=first.id)
        assert bytes(kept.message_id_hash) != bytes(was.message_id_hash) and kept.content_hash is None
        tokens.ring().add_key()
        acknowledged = len(desk.sent("acknowledgement"))
        second = desk.receives(raw)
        assert (second.disposition, second.because, second.ticket) == ("duplicate", "was forgotten", None)
        assert len(desk.sent("acknowledgement")) == acknowledged
        # Its bytes go, too; and another mail, or the same one to another mailbox, is a new one.
        with patch("hauspost.ground.db.overwriting_deleted"):
            assert forget_unchecked() == 1 and forget_unchecked() == 0
        second.refresh_from_db()
        assert (second.raw, second.subject) == (None, "")
        assert desk.receives(raw).disposition == "duplicate"
        assert desk.receives(raw, to="facilities").disposition == "ticket"
        assert desk.receives(desk.letter("petra", subject="Neu")).disposition == "ticket"
