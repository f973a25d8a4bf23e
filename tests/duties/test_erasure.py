"""Erasing a person: nothing of theirs is left anywhere, every chain verifies, and what stays is named."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from hauspost.duties.intake.models import Delivery
from hauspost.duties.privacy import erasure
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.db import is_postgres
from hauspost.ground.history.models import EventPart
from hauspost.ground.history.verification import verify
from hauspost.ground.refusals import NotAllowed
from hauspost.ground.search.actions import search
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import LinkToken, Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.rebuilding import rebuilt, row_of
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk

CANARY = "Kanarienvogel"
MAIL = """From: "Zoe Kanarienvogel" <zoe.kanarienvogel@lindner.example>
To: it@x.example
Subject: Kanarienvogel im Betreff
Message-ID: <kanarienvogel-1@lindner.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Der Kanarienvogel singt nicht mehr.

--b
Content-Type: text/plain
Content-Disposition: attachment; filename="kanarienvogel.txt"

Inhalt: Kanarienvogel
--b--
"""


def everything_stored(tmp_path: Path) -> bytes:
    """Every byte that the database, the blobs and the search index hold, in lower case."""
    if is_postgres():
        dump = tmp_path / "dump.json"
        call_command("dumpdata", output=str(dump), verbosity=0)
        held = dump.read_bytes()
        with connection.cursor() as cursor:
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            for (table,) in cursor.fetchall():
                cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
                held += "\n".join(row[0] or "" for row in cursor.fetchall()).encode()
                # Binary columns read as hex.
    else:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database = Path(settings.DATABASES["default"]["NAME"])
        held = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    for path in (settings.HAUSPOST.data / "blobs").rglob("*"):
        if path.is_file():
            held += path.read_bytes() + path.name.encode()
    return held.lower()


@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_erased_person_is_left_anywhere(lasting_desk: Desk, tmp_path: Path) -> None:
    """P41.2: rows, search, raw mail, files, outbox; found by grep over all that is stored."""
    desk = lasting_desk
    zoe = people.add_person(
        "Zoe Kanarienvogel", "zoe.kanarienvogel@lindner.example", actor=SYSTEM, phone="kanarienvogel 17"
    )
    delivery = desk.receives(MAIL.replace("it@x.example", desk.address("it")).encode())
    ticket = Ticket.objects.get(number=delivery.ticket)
    tickets.reply(ticket, Writing(text="Wir sehen nach."), actor=desk.actor("anna"))
    big = NewFile("kanarienvogel.bin", "application/octet-stream", CANARY.encode() * 20_000)
    tickets.add_answer(ticket, Writing(text=f"Hier das Bild vom {CANARY}.", files=[big]), author=zoe, actor=SYSTEM)
    Team.objects.filter(key="it").update(asks_satisfaction=True)
    tickets.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    tickets.rate(ticket, 2, f"Der {CANARY} singt noch immer nicht.", actor=Actor(who=zoe, proof=Proof.SESSION))
    with desk.later(seconds=20):
        desk.works()
    assert LinkToken.objects.filter(person=zoe).exists()
    assert CANARY.lower().encode() in everything_stored(tmp_path)
    assert search("Kanarienvogel", readable=None).rows

    assert erasure.preview(zoe).entries == 2
    left = erasure.erase(zoe, actor=desk.actor("karim"))

    assert left == []
    assert not LinkToken.objects.filter(person=zoe).exists()
    assert CANARY.lower().encode() not in everything_stored(tmp_path)
    assert search("Kanarienvogel", readable=None).rows == []
    found = verify(KEEPERS)
    assert found.faults == []
    assert found.erased > 0


def test_erasing_one_of_two_persons_in_one_event_leaves_the_other(desk: Desk) -> None:
    """An agent's note opens a ticket for somebody: subject and note are different persons' parts of one event."""
    marta, anna = desk.person("marta"), desk.actor("anna")
    ticket = tickets.open_ticket(
        tickets.NewTicket(
            subject="Anruf wegen Scanner", requester=marta, team=desk.team("it"), channel="phone", as_note=True
        ),
        Writing(text="Marta ruft wieder an.", channel="phone"),
        actor=anna,
    )
    desk.works()

    _erase_within_a_test(marta, desk)

    found = verify(KEEPERS)
    assert found.faults == []
    assert Entry.objects.get(ticket=ticket, seq=1).text == "Marta ruft wieder an."
    ticket = Ticket.objects.with_names().get(number=ticket.number)
    assert ticket.subject == ""
    assert rebuilt(ticket.stream) == row_of(ticket)


def _erase_within_a_test(person: object, desk: Desk, *, cleared: bool = True) -> list[str]:
    from unittest.mock import patch

    # VACUUM is refused inside a transaction; the test above does the whole of it.
    with patch("hauspost.ground.db.clear_deleted", return_value=cleared):
        return erasure.erase(person, actor=desk.actor("karim"))  # type: ignore[arg-type]


def test_what_others_wrote_about_the_person_stays_and_is_named(desk: Desk) -> None:
    petra = desk.person("petra")
    ticket = desk.ticket("marta", text="Petra Lang hat denselben Fehler.")

    left = _erase_within_a_test(petra, desk)

    assert f"#{ticket.number}, entry 1: names the person" in left
    assert any(line.startswith("Delivery ") for line in left)


def test_an_agents_answer_to_our_notice_keeps_no_name_in_its_subject(desk: Desk) -> None:
    """P41.2: our own notice put it there; gone from entry, ledger and search, and every chain verifies."""
    petra, ticket = desk.person("petra"), desk.ticket("petra", subject="Beamer")
    notice = desk.sent("notice")[-1]
    subject = "Re: New ticket from petra LANG: Beamer"
    letter = desk.letter("anna", subject=subject, headers={"In-Reply-To": f"<{notice.message_id}>"})
    delivery = desk.receives(letter)
    entry = Entry.objects.get(ticket=ticket, author=desk.person("anna"))
    assert entry.subject == delivery.subject == subject
    assert not any("entry" in line for line in erasure.preview(petra).left)

    left = _erase_within_a_test(petra, desk)

    entry.refresh_from_db()
    delivery.refresh_from_db()
    assert entry.subject == delivery.subject == "Re: New ticket from …: Beamer"
    assert not any("entry" in line for line in left)
    assert search("Lang", readable=None).rows == []
    assert verify(KEEPERS).faults == []


def test_a_log_that_could_not_be_emptied_is_named(desk: Desk) -> None:
    """P41.2"""
    assert any(
        "log of the database" in line for line in _erase_within_a_test(desk.person("petra"), desk, cleared=False)
    )


def test_whoever_authorised_a_mail_server_is_forgotten_there(desk: Desk) -> None:
    """P41.2: in its row and in its record; as whom it signs in is named, as it would not work without."""
    anna = desk.address("anna")
    account = people.add_mail_account(name="M365", imap_host="imap.x.example", user=anna, password="x", actor=SYSTEM)
    MailAccount.objects.filter(pk=account.pk).update(authorised_by=anna.title())

    left = _erase_within_a_test(desk.person("anna"), desk)

    assert MailAccount.objects.get().authorised_by == ""
    assert "Mail server M365 signs in as this person: change its mailbox" in left
    assert not EventPart.objects.filter(content=anna).exists()
    assert verify(KEEPERS).faults == []


def test_the_sums_of_the_ledger_stay_after_an_erasure(desk: Desk) -> None:
    from hauspost.duties.intake.ledger import sums

    desk.ticket("petra")
    before = dict(sums(actor=SYSTEM))

    _erase_within_a_test(desk.person("petra"), desk)

    assert dict(sums(actor=SYSTEM)) == before
    assert not Delivery.objects.exclude(raw=None).exists()


def test_no_hash_of_an_erased_mail_can_be_guessed_back_and_it_does_not_come_back(desk: Desk) -> None:
    """P41.2, P12.2: who knows the address and guesses the words finds no hash of them; we know the mail all the same."""
    raw = desk.letter("petra", text="Danke!")
    was = desk.receives(raw)
    assert was.content_hash is not None

    _erase_within_a_test(desk.person("petra"), desk)

    now = Delivery.objects.get(id=was.id)
    assert now.content_hash is None and bytes(now.message_id_hash or b"") != bytes(was.message_id_hash or b"")
    assert (now.person_uid, now.sha256, now.disposition) == ("", "", "ticket")
    again = desk.receives(raw)
    assert (again.disposition, again.because, again.ticket) == ("duplicate", "was forgotten", None)


def test_somebody_with_open_work_is_not_erased_yet(desk: Desk) -> None:
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))

    with pytest.raises(erasure.HasOpenWork, match=f"#{ticket.number}"):
        _erase_within_a_test(desk.person("anna"), desk)

    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    _erase_within_a_test(desk.person("anna"), desk)


def test_only_administrators_erase(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        erasure.erase(desk.person("petra"), actor=desk.actor("sabine"))
