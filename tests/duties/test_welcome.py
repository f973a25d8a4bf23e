"""Whose mail a mailbox takes; everybody else's waits to be checked and is never answered (P35.1, P7.8)."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection

from hauspost.doors.desk.reasons import because
from hauspost.doors.worker import timers
from hauspost.duties.intake import checking
from hauspost.duties.intake.actions import accept, mark_as_spam
from hauspost.duties.intake.models import Delivery
from hauspost.ground.db import is_postgres
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.models import Mailbox, Person
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk

STRANGER = "max@supplier.example"


def welcoming(desk: Desk, who: str, **more: Any) -> None:
    Mailbox.objects.filter(address__address=desk.address("it")).update(welcomes=who, **more)


def test_a_stranger_waits_to_be_checked_and_hears_nothing(desk: Desk) -> None:
    """P35.1, P35.2: no person is made of somebody whom nobody has let in."""
    welcoming(desk, "people")
    delivery = desk.receives(desk.letter(STRANGER), trusted=False)
    assert (delivery.disposition, delivery.because, delivery.ticket) == ("unchecked", "unknown sender", None)
    assert not Person.objects.filter(addresses__address=STRANGER).exists()
    assert desk.sent() == []


def test_colleagues_write_as_ever(desk: Desk) -> None:
    """P35.1"""
    for who in ("people", "domains"):
        welcoming(desk, who)
        assert desk.receives(desk.letter("petra", subject=who)).disposition == "ticket"


def test_a_known_domain_is_welcome_and_no_other(desk: Desk) -> None:
    """P35.1"""
    welcoming(desk, "domains", domains=["supplier.example"])
    assert desk.receives(desk.letter(STRANGER)).disposition == "ticket"
    for other in ("eve@elsewhere.example", "eve@supplier.example.evil.example", "eve@notsupplier.example"):
        assert desk.receives(desk.letter(other)).because == "unknown domain"


def test_a_mail_without_from_waits_because_it_names_no_sender_whatever_its_envelope_says(desk: Desk) -> None:
    """P35.1, S7: the reason is the right one, not that the company's own domain is unknown."""
    raw = desk.letter("petra").partition(b"\n")[2]
    assert b"From:" not in raw
    for who in ("domains", "people"):
        welcoming(desk, who)
        delivery = desk.receives(raw + who.encode(), mail_from=desk.address("petra"))
        assert (delivery.disposition, delivery.because) == ("unchecked", "no sender")
        assert "no From" in because(delivery.because)


def test_who_is_let_in_gets_a_ticket_and_is_known_from_then_on(desk: Desk) -> None:
    """P35.1, P35.2"""
    welcoming(desk, "people")
    waiting = desk.receives(desk.letter(STRANGER))
    accept(waiting.id, actor=desk.actor("deniz"))
    desk.works()
    waiting.refresh_from_db()
    assert waiting.disposition == "ticket" and Ticket.objects.get(number=waiting.ticket).requester.is_external
    assert desk.receives(desk.letter(STRANGER, subject="And another one")).disposition == "ticket"


def test_an_answer_was_invited_whoever_writes_it(desk: Desk) -> None:
    """P35.1"""
    ticket = desk.ticket("petra", message_id="first@petra.example")
    Mailbox.objects.update(welcomes="people", takes_automatic=False)
    answer = desk.letter("petra", headers={"References": "<first@petra.example>"})
    assert desk.receives(answer).ticket == ticket.number


@pytest.mark.parametrize("takes", [True, False])
def test_alarms_become_tickets_unless_the_mailbox_wants_them_checked(desk: Desk, takes: bool) -> None:
    """P7.8: only the answer is suppressed."""
    Mailbox.objects.update(takes_automatic=takes)
    delivery = desk.receives(desk.letter("backup@lindner.example", headers={"Auto-Submitted": "auto-generated"}))
    assert delivery.disposition == ("ticket" if takes else "unchecked")
    assert desk.sent("acknowledgement") == []


def test_what_the_mail_server_calls_spam_can_be_let_in(desk: Desk) -> None:
    """P35.2"""
    delivery = desk.receives(desk.letter(STRANGER, headers={"X-Spam-Flag": "YES"}))
    assert delivery.disposition == "spam" and not Person.objects.filter(addresses__address=STRANGER).exists()
    accept(delivery.id, actor=desk.actor("deniz"))
    desk.works()
    delivery.refresh_from_db()
    assert delivery.disposition == "ticket" and desk.sent("acknowledgement") == []


def test_only_the_mail_room_decides(desk: Desk) -> None:
    """P35.1, P11"""
    welcoming(desk, "people")
    waiting = desk.receives(desk.letter(STRANGER)).id
    for who, refusal in (("anna", NotAllowed), ("petra", NotAllowed), ("claire", NotFound)):
        for verb in (accept, mark_as_spam):
            with pytest.raises(refusal):
                verb(waiting, actor=desk.actor(who))
    mark_as_spam(waiting, actor=desk.actor("deniz"))
    assert Delivery.objects.get(id=waiting).disposition == "spam"


def test_what_nobody_checks_is_forgotten_after_its_days(desk: Desk) -> None:
    """P35.1: the bytes and names go, the ledger still counts it."""
    welcoming(desk, "people", unchecked_days=30)
    row = desk.receives(desk.letter(STRANGER))
    with desk.later(days=29):
        assert checking.forget_unchecked() == 0
    # SQLite's log is not emptied within a transaction; the test below does the whole of it.
    with desk.later(days=31), patch("hauspost.ground.db.overwriting_deleted"):
        assert checking.forget_unchecked() == 1
    row.refresh_from_db()
    assert (row.disposition, row.because, row.raw, row.sender, row.subject) == (
        "discarded",
        "never checked",
        None,
        "",
        "",
    )


def test_the_worker_forgets_all_that_is_over_and_no_page_holds_it(
    lasting_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P41, P35.1: a few at each of its looks, until none is left; also from the database's freed pages."""
    desk = lasting_desk
    welcoming(desk, "people", unchecked_days=30)
    monkeypatch.setattr(checking, "MOST_AT_ONCE", 2)
    for number in range(3):
        desk.receives(desk.letter(STRANGER, subject=f"Nummer {number}", text="Der Kanarienvogel singt." * 200))
    with desk.later(days=31):
        looks = [timers.run_due(), timers.run_due()]
        assert checking.forget_unchecked() == 0
    assert len(looks) == 2 and Delivery.objects.filter(because="never checked", raw=None).count() == 3
    if not is_postgres():
        file = Path(connection.settings_dict["NAME"])
        assert b"Kanarienvogel" not in b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


def test_a_mailbox_may_keep_what_nobody_checks(desk: Desk) -> None:
    """P35.1"""
    welcoming(desk, "people", unchecked_days=0)
    desk.receives(desk.letter(STRANGER))
    with desk.later(days=timedelta(days=400).days):
        assert checking.forget_unchecked() == 0


def test_a_mail_of_ours_that_comes_back_names_the_whole_loop(desk: Desk) -> None:
    """P7.6, P7.5: the address, the mail and the ticket."""
    ticket = desk.ticket("petra")
    acknowledgement = desk.sent("acknowledgement")[0]
    back = desk.receives(acknowledgement.letter(), to="facilities")
    assert back.disposition == "own"
    for part in (desk.address("it"), acknowledgement.message_id, f"#{ticket.number}", desk.address("facilities")):
        assert part in back.detail
