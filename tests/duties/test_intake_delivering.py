"""From kept bytes to exactly one disposition, whatever one mail does to us."""

import threading
from collections.abc import Callable

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection

from hauspost.duties.intake import actions as intake
from hauspost.duties.intake import filing
from hauspost.duties.intake.actions import RAW_IN_ROW, deliver_next
from hauspost.duties.intake.ledger import entries, sums
from hauspost.duties.intake.models import Delivery
from hauspost.ground.files import actions as files
from hauspost.ground.history.models import Event
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets.models import Entry, Ticket
from tests.desk import Desk

POISON = b"X-Poison: yes"


@pytest.fixture
def ten(desk: Desk) -> list[bytes]:
    """Ten mails of different people's making, of which the fourth is poison."""
    mails = [desk.letter("petra", subject=f"Mail {number}", text=f"Text {number}") for number in range(1, 11)]
    mails[3] = POISON + b"\n" + mails[3]
    return mails


def dispositions() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("disposition", flat=True))


@pytest.mark.parametrize("fault", [ValueError, RecursionError, MemoryError, KeyError, UnicodeDecodeError, TimeoutError])
def test_one_mail_that_cannot_be_read_stops_no_other(
    desk: Desk, ten: list[bytes], monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """P1.1: ten mails, the fourth makes the reader raise every time: nine tickets, one in quarantine, raw kept."""
    read = intake.read_letter

    def reading(raw: bytes) -> object:
        if raw.startswith(POISON):
            raise fault("utf-8", b"", 0, 1, "no") if fault is UnicodeDecodeError else fault("poison")
        return read(raw)

    monkeypatch.setattr(intake, "read_letter", reading)
    for raw in ten:
        desk.receives(raw, work=False)
    desk.works()

    assert Ticket.objects.count() == 9
    assert dispositions() == ["ticket"] * 3 + ["quarantine"] + ["ticket"] * 6
    quarantined = Delivery.objects.get(disposition="quarantine")
    assert quarantined.because == ("too_heavy" if fault is MemoryError else fault.__name__)
    assert intake.raw_of(quarantined) == ten[3]


@pytest.mark.parametrize("fault", [DataError, IntegrityError])
def test_one_mail_that_the_database_refuses_stops_no_other(
    desk: Desk, ten: list[bytes], monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """P1.1: a value too long or twice is the mail's fault, not the database's absence."""
    whole = filing.file

    def filing_it(case: object) -> object:
        if intake.raw_of(case.delivery).startswith(POISON):  # type: ignore[attr-defined]
            raise fault("value too long for type character varying(320)")
        return whole(case)  # type: ignore[arg-type]

    monkeypatch.setattr(filing, "file", filing_it)
    for raw in ten:
        desk.receives(raw, work=False)
    desk.works()

    assert dispositions().count("ticket") == 9
    assert dispositions()[3] == "quarantine"


def test_a_database_that_is_away_leaves_the_mail_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody quarantines a mail because the disk was full for a minute."""

    def away(case: object) -> object:
        raise OperationalError("database is locked")

    desk.receives(desk.letter("petra"), work=False)
    with monkeypatch.context() as patched:
        patched.setattr(filing, "file", away)
        with pytest.raises(OperationalError):
            deliver_next()
    assert dispositions() == ["waiting"]

    desk.works()
    assert dispositions() == ["ticket"]


def test_a_mail_whose_stored_bytes_are_gone_is_set_aside_in_sight(desk: Desk) -> None:
    """P1, P2: a lost file is told, and the mails behind it go on."""
    big = desk.receives(desk.letter("petra", text="x" * 70 + "\n" * RAW_IN_ROW), work=False)
    files.path_of(big.blob).unlink()
    desk.receives(desk.letter("marta"), work=False)

    desk.works()

    assert dispositions() == ["quarantine", "ticket"]


def test_half_filed_mail_leaves_nothing_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN, step 7: rows, event and disposition are one transaction."""
    monkeypatch.setattr(filing, "propose_participants", lambda *_a, **_k: 1 / 0)
    monkeypatch.setattr(filing.tickets, "open_ticket", _then_raise(filing.tickets.open_ticket))

    delivery = desk.receives(desk.letter("petra"))

    assert delivery.disposition == "quarantine"
    assert (Ticket.objects.count(), Entry.objects.count()) == (0, 0)


def _then_raise(verb: Callable[..., object]) -> Callable[..., object]:
    def done_and_failed(*args: object, **named: object) -> object:
        verb(*args, **named)
        raise RuntimeError("the power went")

    return done_and_failed


def test_every_mail_ends_in_exactly_one_disposition_and_the_sums_add_up(desk: Desk) -> None:
    """P2.3: the ledger's sums are all that was kept."""
    ticket = desk.ticket("petra")
    acknowledgement = desk.sent("acknowledgement")[0]
    twice = desk.letter("marta", subject="Twice")
    desk.receives(twice)
    desk.receives(twice)
    desk.receives(desk.letter("petra", headers={"In-Reply-To": f"<{acknowledgement.message_id}>"}))
    desk.receives(desk.letter("petra", headers={"Auto-Submitted": "auto-replied"}))
    desk.receives(desk.letter("stranger@elsewhere.example", headers={"X-Spam-Flag": "YES"}))
    desk.receives(acknowledgement.letter())
    desk.receives(b"")
    desk.receives(b"Subject: no more than this")
    waiting = desk.receives(desk.letter("mira"), work=False)

    counted = dict(sums(actor=SYSTEM))

    assert sum(counted.values()) == Delivery.objects.count() == len(entries(actor=SYSTEM)) == 10
    assert waiting.disposition == "waiting"
    assert counted["waiting"] == counted["duplicate"] == counted["automatic"] == counted["spam"] == counted["own"] == 1
    assert counted["answer"] == 1
    assert Delivery.objects.filter(disposition="waiting").exclude(disposed_at=None).count() == 0
    assert Delivery.objects.exclude(disposition="waiting").filter(disposed_at=None).count() == 0
    assert Delivery.objects.exclude(disposition="waiting").filter(because="").count() == 0
    assert ticket.number in set(Delivery.objects.values_list("ticket", flat=True))


def test_two_mails_of_which_nothing_can_be_read_are_two(desk: Desk) -> None:
    """P12.1: what we cannot read is not therefore the same."""
    first = desk.receives(b"\0\xff\xfe not a mail at all")
    second = desk.receives(b"\0\xff\xfe nor is this one")

    assert "duplicate" not in (first.disposition, second.disposition)


def test_what_no_ticket_tells_of_stands_in_the_mail_rooms_own_record(desk: Desk) -> None:
    """Every change is recorded: also that a mail became nothing."""
    delivery = desk.receives(desk.letter("petra", headers={"Auto-Submitted": "auto-replied"}))

    assert Event.objects.filter(stream__name=f"delivery:{delivery.id}", kind="delivery.disposed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_beside_each_other_deliver_each_mail_once(lasting_desk: Desk) -> None:
    """P12.3: also where both copies of one mail come at the same moment."""
    desk = lasting_desk
    for number in range(6):
        raw = desk.letter("petra", subject=f"Mail {number}")
        desk.receives(raw, work=False)
        desk.receives(raw, to="facilities", work=False)
    faults: list[BaseException] = []
    begin = threading.Barrier(3)

    def worker() -> None:
        try:
            begin.wait(20)
            while deliver_next(limit=3) or Delivery.objects.filter(disposition="waiting").exists():
                pass
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert faults == []
    assert sorted(dispositions()) == ["duplicate"] * 6 + ["ticket"] * 6
    assert Ticket.objects.count() == 6


@pytest.mark.parametrize(
    "sender",
    ["", "From:\n", "From: <>\n", "From:    \n", "From: =?utf-8?q?=22Anna=22_=3Canna=40elsewhere=2Eexample=3E?=\n",
     "From: undisclosed-recipients:;\n", "From: \xff\xfe\0\n"],
)  # fmt: skip
def test_a_mail_without_a_usable_sender_still_becomes_a_ticket(desk: Desk, sender: str) -> None:
    """P3.2: nobody's mail is lost because of an empty From."""
    raw = f"{sender}To: it@lindner.example\nSubject: Who am I\n\nHelp.\n".encode("latin-1")

    delivery = desk.receives(raw)

    assert delivery.disposition == "ticket"
    ticket = Ticket.objects.get(number=delivery.ticket)
    assert ticket.requester.name


def test_nothing_is_sent_to_a_sender_that_nobody_knows(desk: Desk) -> None:
    """P3.2, P5.3: the unknown sender has no address; nothing is acknowledged to an invented one."""
    desk.receives(b"To: it@lindner.example\nSubject: Who am I\n\nHelp.\n")

    assert desk.sent("acknowledgement") == []


@pytest.mark.parametrize("length", [1, 500, 2000])
def test_a_long_subject_is_kept_whole(desk: Desk, length: int) -> None:
    """P3.3."""
    ticket = desk.ticket("petra", subject="S" * length)

    assert ticket.subject == "S" * length


def test_a_mail_without_subject_becomes_a_ticket(desk: Desk) -> None:
    """P3.3."""
    delivery = desk.receives(b"From: petra.lang@lindner.example\nTo: it@lindner.example\n\nHelp.\n")

    assert delivery.disposition == "ticket"


def test_without_any_intake_address_mail_waits_in_quarantine(desk: Desk) -> None:
    """P54.1: its reason names what to do."""
    from hauspost.ground import clock
    from hauspost.records.people.models import Mailbox

    Mailbox.objects.update(archived_at=clock.now())

    delivery = desk.receives(desk.letter("petra"))

    assert (delivery.disposition, delivery.because) == ("quarantine", "no intake address")
