"""A mail that stops its reader is set aside alone, and a big one passes through without lying in memory (P1.1, S19, P36.1)."""

import base64
import hashlib
import os
import random
import signal
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as house
from django.test import Client

from hauspost.doors.desk.reasons import because
from hauspost.doors.ui import serving
from hauspost.duties.intake import actions as intake
from hauspost.duties.intake import proving, unsealing
from hauspost.duties.intake.models import Delivery
from hauspost.ground.files.actions import read_blob
from hauspost.ground.mail import guard
from hauspost.ground.mail.raw import Raw
from hauspost.ground.mail.senders import Findings
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from tests.desk import Desk
from tests.doors.browsing import browser

POISON = b"X-Poison: yes"


def hangs() -> None:
    while True:
        pass


def eats() -> None:
    meal = []
    while True:
        meal.append(bytearray(1 << 20))


def recurses() -> None:
    recurses()


def kills() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def three(desk: Desk) -> list[bytes]:
    """Three mails, of which the second is poison."""
    mails = [desk.letter("petra", subject=f"Mail {number}") for number in range(1, 4)]
    mails[1] = POISON + b"\n" + mails[1]
    return mails


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Reading a mail with poison does this, every time."""
    monkeypatch.setattr(guard, "CPU_SECONDS", 0.2)
    monkeypatch.setattr(guard, "MEMORY_BYTES", 64 << 20)
    read = intake.read_letter

    def plant(fault: Callable[[], None]) -> None:
        def reading(raw: Raw) -> object:
            if raw[: len(POISON)] == POISON:
                fault()
            return read(raw)

        monkeypatch.setattr(intake, "read_letter", reading)

    return plant


@pytest.mark.parametrize(("fault", "reason"), [(hangs, "too_slow"), (eats, "too_heavy"), (recurses, "RecursionError")])
def test_a_mail_that_stops_its_reader_is_set_aside_alone(
    desk: Desk, three: list[bytes], poisoned: Callable[..., None], fault: Callable[[], None], reason: str
) -> None:
    """P1.1, S19: the others go on; it lies in quarantine with its reason, sender, subject and raw source."""
    poisoned(fault)
    for raw in three:
        desk.receives(raw, work=False)
    desk.works()

    aside = Delivery.objects.get(disposition="quarantine")
    assert Ticket.objects.count() == 2
    assert (aside.because, aside.subject, aside.sender) == (reason, "Mail 2", desk.address("petra"))
    assert intake.raw_of(aside) == three[1]
    page = browser(desk, "deniz").get(f"/desk/mailroom/{aside.id}")
    assert page.status_code == 200 and "Mail 2" in page.content.decode()


def test_a_mail_that_killed_a_worker_is_set_aside_by_the_next(
    desk: Desk, three: list[bytes], poisoned: Callable[..., None]
) -> None:
    """P1.1: whatever a library does to the process, it does it once."""
    poisoned(kills)
    second = [desk.receives(raw, work=False) for raw in three][1]
    notes = house.HAUSPOST.run / "reading"
    worker = os.fork()
    if not worker:
        try:
            guard.Guard(notes).read(kills, f"{second.id} mail")
        finally:
            os._exit(0)
    os.waitpid(worker, 0)
    guard._guards.clear()

    desk.works()

    second.refresh_from_db()
    assert (second.disposition, second.because, Ticket.objects.count()) == ("quarantine", "deadly", 2)
    assert because("deadly") != "deadly"


def test_a_mail_that_once_hung_hangs_no_page(desk: Desk, poisoned: Callable[..., None], three: list[bytes]) -> None:
    """S19: whoever looks at it in the mail room sees its headers; it is not read again in the page."""
    poisoned(hangs)
    aside = desk.receives(three[1])
    letter = intake.letter_of(aside)
    assert (letter.fault, letter.subject) == ("too_slow", "Mail 2")
    client = browser(desk, "deniz")
    frame = client.get(f"/desk/mailroom/{aside.id}/original.html")
    assert "The printer at gate 3 is stuck." in frame.content.decode()


@pytest.mark.parametrize("verb", [intake.discard, intake.mark_as_spam, intake.make_ticket])
def test_whatever_is_decided_about_it_such_a_mail_is_never_read_in_a_page(
    desk: Desk, poisoned: Callable[..., None], three: list[bytes], monkeypatch: pytest.MonkeyPatch, verb: Any
) -> None:
    """S19: the worker alone may try it again, within bounds."""
    poisoned(hangs)
    aside = desk.receives(three[1])
    verb(aside.id, actor=desk.actor("deniz"))

    def read(*_: object) -> None:
        raise AssertionError("read in a page")

    monkeypatch.setattr(intake, "read_letter", read)
    monkeypatch.setattr(serving, "words_as_sent", read)
    aside.refresh_from_db()
    client = browser(desk, "deniz")
    assert intake.letter_of(aside).fault == "too_slow"
    assert client.get(f"/desk/mailroom/{aside.id}").status_code == 200
    assert "gate 3" in client.get(f"/desk/mailroom/{aside.id}/original.html").content.decode()
    if aside.ticket:
        entry = Entry.objects.get(delivery=aside.id)
        frame = client.get(f"/desk/tickets/{aside.ticket}/entries/{entry.id}/original.html")
        assert "gate 3" in frame.content.decode()


@pytest.fixture
def big(desk: Desk) -> tuple[bytes, bytes]:
    """A mail of some 16 MB with one large and one small file, and the large file's bytes."""
    film = random.Random(5).randbytes(12_000_000)
    small = base64.encodebytes(b"small")
    raw = desk.letter("petra", subject="Film").partition(b"\n\n")[0].replace(b"Content-Type", b"X-Old-Type")
    raw = raw.replace(b"Content-Transfer-Encoding", b"X-Old-Encoding").replace(b"\n", b"\r\n")
    raw += b'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nSee the film.\r\n'
    for name, content in (("film.mp4", base64.encodebytes(film)), ("a.txt", small)):
        head = f'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
        raw += b"--b\r\n" + head.encode() + content.replace(b"\n", b"\r\n")
    return raw + b"--b--\r\n", film


def test_a_big_mail_is_filed_without_lying_in_memory(desk: Desk, big: tuple[bytes, bytes]) -> None:
    """P36.1: read from the disk, its files decoded piece by piece straight into the store."""
    raw, film = big
    delivery = desk.receives(raw, work=False)
    tracemalloc.start()
    desk.works()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    delivery.refresh_from_db()
    files = list(Attachment.objects.filter(entry__ticket__number=delivery.ticket).select_related("blob"))
    assert [(file.name, file.size_bytes) for file in files] == [("film.mp4", len(film)), ("a.txt", 5)]
    assert files[0].blob is not None and files[0].blob.sha256 == hashlib.sha256(film).hexdigest()
    assert read_blob(files[0].blob.sha256) == film
    assert peak < len(film) / 2


def test_a_big_mail_twice_is_one_ticket(desk: Desk, big: tuple[bytes, bytes]) -> None:
    """P12.1: known again by the digests of its files, none of which is read for it."""
    raw = big[0].replace(b"Message-ID", b"X-Old-ID")
    first, second = desk.receives(raw), desk.receives(raw)
    assert (first.disposition, second.disposition) == ("ticket", "duplicate")


def test_a_big_original_is_sent_from_the_disk(desk: Desk, big: tuple[bytes, bytes]) -> None:
    """P36.1"""
    raw, _ = big
    number = desk.receives(raw).ticket
    client: Client = browser(desk, "anna")
    entry = Ticket.objects.get(number=number).entries.get().id
    tracemalloc.start()
    answer = client.get(f"/desk/tickets/{number}/entries/{entry}/original.eml")
    size_bytes = sum(map(len, answer.streaming_content))  # type: ignore[attr-defined]
    page = client.get(f"/desk/tickets/{number}/entries/{entry}/original")
    frame = client.get(f"/desk/tickets/{number}/entries/{entry}/original.html")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size_bytes == len(raw)
    assert "Subject: Film" in page.content.decode() and "See the film." in frame.content.decode()
    assert peak < len(raw) / 2


def test_endless_words_are_shown_in_part_and_the_page_says_so(desk: Desk) -> None:
    """S19: at most 2 MB are shown; the rest is a file, and a note tells it."""
    delivery = desk.receives(desk.letter("petra", text="Zeile\n" * 60_000))
    page = browser(desk, "anna").get(f"/desk/tickets/{delivery.ticket}").content.decode()
    assert "Only the beginning is shown; the whole text is among the files" in page
    assert "message.txt" in page


def test_a_seal_that_takes_too_long_leaves_the_mail_as_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """S19: what is sealed stays a file with a note, and the mail becomes a ticket all the same."""
    monkeypatch.setattr(guard, "CPU_SECONDS", 0.2)
    monkeypatch.setattr(unsealing, "open_letter", lambda *given, **named: hangs())
    raw = desk.letter("petra").replace(
        b"text/plain", b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"
    )
    delivery = desk.receives(raw)
    entry = Ticket.objects.get(number=delivery.ticket).entries.get()
    assert entry.evidence["sealed"] == "too_big"
    assert [file.name for file in entry.attachments.all()] == ["smime.p7m"]


def test_a_sender_check_that_takes_too_long_proves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """S19, S7"""
    monkeypatch.setattr(guard, "CPU_SECONDS", 0.2)
    monkeypatch.setattr(proving, "can_check", lambda: True)
    monkeypatch.setattr(proving, "check_sender", lambda *given, **named: hangs())
    settings.HAUSPOST = replace(settings.HAUSPOST, check_senders=True)
    delivery = desk.receives(desk.letter("petra"), trusted=False)
    assert delivery.disposition == "ticket"
    assert Ticket.objects.get(number=delivery.ticket).entries.get().evidence == {}


def test_of_a_big_mail_no_signature_is_looked_for(
    desk: Desk, big: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """P36.1: DKIM would take several times its memory; SPF needs none of its bytes."""
    seen: list[bytes] = []

    def check(raw: bytes, **named: str) -> Findings:
        seen.append(raw)
        return Findings()

    monkeypatch.setattr(proving, "can_check", lambda: True)
    monkeypatch.setattr(proving, "check_sender", check)
    settings.HAUSPOST = replace(settings.HAUSPOST, check_senders=True)
    desk.receives(desk.letter("petra"), trusted=False)
    desk.receives(big[0], trusted=False)
    assert [bool(raw) for raw in seen] == [True, False]
