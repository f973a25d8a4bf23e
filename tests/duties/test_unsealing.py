"""Sealed mails on their way into a ticket: decrypted with the mailbox's key, their signature checked and shown (P22.5)."""

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from hauspost.doors.api.telling import entries_told
from hauspost.doors.desk.told import marks_of
from hauspost.duties.intake.models import Delivery
from hauspost.duties.privacy.export import _entry
from hauspost.ground.mail.letter import read_letter
from hauspost.records.people.models import MailboxKey
from hauspost.records.tickets.indexing import document_of
from hauspost.records.tickets.models import Entry
from hauspost.records.tickets.reading import View
from tests.desk import Desk
from tests.doors.browsing import browser
from tests.duties.sealing import certificate, cms, give_key

PETRA, IT = "petra.lang@lindner.example", "it@lindner.example"
MARTA = "marta.nowak@lindner.example"
WORDS = b'Content-Type: text/html; charset=utf-8\r\n\r\n<p>Der Code ist <b>4711</b>.<img src="https://evil.example/4711"></p>\r\n'


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    certificate(folder, "House", "ca@lindner.example", is_ca=True)
    certificate(folder, "Petra", PETRA, "house")
    certificate(folder, "Marta", MARTA, "house")
    certificate(folder, "IT", IT)
    return folder


def mail(body: bytes, number: int) -> bytes:
    return (
        f"From: Petra Lang <{PETRA}>\r\nTo: <{IT}>\r\nSubject: Geheim\r\nMessage-ID: <s{number}@x.example>\r\n".encode()
        + body
    )


def entry_of(delivery: Delivery) -> Entry:
    return Entry.objects.get(id=delivery.entry)


def test_what_was_encrypted_for_the_mailbox_is_read_and_loads_nothing(desk: Desk, keys: Path) -> None:
    """P22.5, P46.1: the words are there, the picture is not asked for."""
    give_key(keys, IT)
    entry = entry_of(desk.receives(mail(cms(keys, "-encrypt", "-aes256", "it.pem", content=WORDS), 1)))
    assert "4711" in entry.text and "src=" not in entry.html and "https:" not in entry.html
    assert [mark.words for mark in marks_of(entry.evidence) if "encrypted" in mark.words] == ["Came encrypted (S/MIME)"]
    assert "4711" in browser(desk, "anna").get("/desk/search?q=4711").text
    assert "PRIVATE" not in MailboxKey.objects.get().private_sealed


def test_what_came_encrypted_is_mailed_to_no_agent_in_clear(desk: Desk, keys: Path) -> None:
    """P22.5: the notice says where to read it."""
    give_key(keys, IT)
    desk.receives(mail(cms(keys, "-encrypt", "-aes256", "it.pem", content=WORDS), 7))
    notices = [read_letter(one.letter()) for one in desk.sent("notice")]
    assert notices
    assert all("4711" not in one.text + one.html for one in notices)
    assert all("verschlüsselt" in one.text or "came encrypted" in one.text for one in notices)


def test_a_file_that_came_encrypted_is_named_to_no_agent_in_clear(desk: Desk, keys: Path) -> None:
    """P22.5: its name may tell as much as its words."""
    give_key(keys, IT)
    inside = EmailMessage()
    inside.set_content("Siehe Anlage.")
    inside.add_attachment(b"x", "application", "pdf", filename="Abmahnung.pdf")
    entry = entry_of(desk.receives(mail(cms(keys, "-encrypt", "-aes256", "it.pem", content=inside.as_bytes()), 8)))
    assert [row.name for row in entry.attachments.all()] == ["Abmahnung.pdf"]
    notices = [read_letter(one.letter()) for one in desk.sent("notice")]
    assert notices
    assert all("Abmahnung" not in one.text + one.html for one in notices)


def test_without_a_key_the_file_is_kept_and_the_desk_is_told(desk: Desk, keys: Path) -> None:
    """P22.5"""
    entry = entry_of(desk.receives(mail(cms(keys, "-encrypt", "-aes256", "it.pem", content=WORDS), 2)))
    assert [row.name for row in entry.attachments.all()] == ["smime.p7m"]
    [words] = [mark.words for mark in marks_of(entry.evidence) if mark.symbol == "lock"]
    assert "none of the team's keys opens it" in words


def test_a_signature_is_checked_against_whom_the_company_trusts(desk: Desk, keys: Path, settings: Any) -> None:
    """P22.5: valid, untrusted, and changed on the way."""
    signed = cms(keys, "-sign", "-signer", "petra.pem", "-inkey", "petra.key", content=WORDS)
    untrusted = entry_of(desk.receives(mail(signed, 3)))
    assert untrusted.evidence["signature"]["state"] == "untrusted"

    settings.HAUSPOST = replace(settings.HAUSPOST, smime_trust=keys / "house.pem")
    valid = entry_of(desk.receives(mail(signed, 4)))
    [mark] = [mark for mark in marks_of(valid.evidence) if "igned" in mark.words]
    assert (mark.colour, mark.words) == ("green", "Signed by Petra")
    assert "4711" in valid.text

    broken = entry_of(desk.receives(mail(signed.replace(b"4711", b"4712"), 5)))
    [mark] = [mark for mark in marks_of(broken.evidence) if mark.symbol == "badge-alert"]
    assert (mark.colour, mark.words) == ("red", "The signature does not fit")
    page = browser(desk, "anna").get(f"/desk/tickets/{broken.ticket_id}").text
    assert "The signature does not fit" in page


SECRET = (
    b'Content-Type: multipart/mixed; boundary="m"; protected-headers="v1"\r\nSubject: Kuendigung\r\n\r\n'
    b"--m\r\nContent-Type: text/plain\r\n\r\nDer Code ist 4711\r\n--m\r\nContent-Type: application/pdf\r\n"
    b'Content-Disposition: attachment; filename="akte.pdf"\r\n\r\n%PDF\r\n--m--\r\n'
)


@pytest.mark.parametrize("around", ["nothing", "a signature", "an opaque signature"])
def test_whoever_sends_a_copy_of_somebodys_sealed_mail_does_not_read_it_here(
    desk: Desk, keys: Path, settings: Any, around: str
) -> None:
    """P22.5: the desk opens it, but is no oracle: nobody on the requester's side reads what they cannot open."""
    settings.HAUSPOST = replace(settings.HAUSPOST, smime_trust=keys / "house.pem")
    give_key(keys, IT)
    body = cms(keys, "-encrypt", "-aes256", "it.pem", content=SECRET)
    if around != "nothing":
        how = ["-nodetach"] if "opaque" in around else []
        body = cms(keys, "-sign", "-signer", "marta.pem", "-inkey", "marta.key", *how, content=body)
    delivery = desk.receives(mail(body, 6).replace(PETRA.encode(), desk.address("marta").encode()))
    entry = entry_of(delivery)
    [file] = entry.attachments.all()
    assert "4711" in entry.text and delivery.disposition == "ticket"
    if around != "nothing":
        assert (entry.evidence["signature"]["state"], entry.evidence["signature"]["matches_sender"]) == ("valid", True)
    assert browser(desk, "anna").get(f"/desk/tickets/{entry.ticket_id}/files/{file.id}").status_code == 200
    assert "Kuendigung" in browser(desk, "anna").get(f"/desk/tickets/{entry.ticket_id}").text

    marta = browser(desk, "marta")
    page = marta.get(f"/my-tickets/{entry.ticket_id}").text
    assert "only the desk reads it" in page
    assert not [word for word in ("4711", "akte.pdf", "Kuendigung") if word in page]
    assert marta.get(f"/my-tickets/{entry.ticket_id}/files/{file.id}").status_code == 404
    told = entries_told(entry.ticket, [entry], View("requester"), with_html=True)[0]
    assert "4711" not in told.text + str(told.html) and told.files == []
    assert "Kuendigung" not in desk.sent("acknowledgement")[0].letter().decode()
    assert document_of(entry.ticket, entry, []).visibility == "internal"
    made = _entry(entry, [entry.author])
    assert "4711" not in str(made) and made["files"] == []


def test_what_its_sender_signed_inside_its_sender_reads(desk: Desk, keys: Path, settings: Any) -> None:
    """P22.5: signed, then encrypted: so they had the words themselves."""
    settings.HAUSPOST = replace(settings.HAUSPOST, smime_trust=keys / "house.pem")
    give_key(keys, IT)
    signed = cms(keys, "-sign", "-signer", "petra.pem", "-inkey", "petra.key", content=SECRET)
    entry = entry_of(desk.receives(mail(cms(keys, "-encrypt", "-aes256", "it.pem", content=signed), 7)))
    page = browser(desk, "petra").get(f"/my-tickets/{entry.ticket_id}").text
    assert "4711" in page and "akte.pdf" in page
