"""An agent's encrypted mail: what was decrypted leaves in clear only when somebody says so (P22.5, P29.1)."""

from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from hauspost.duties.intake.models import Delivery
from hauspost.ground.mail.letter import read_letter
from hauspost.records.people.models import Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, Ticket
from tests.desk import Desk
from tests.doors.browsing import browser
from tests.duties.sealing import certificate, cms, give_key

IT = "it@lindner.example"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    certificate(folder, "House", "ca@lindner.example", is_ca=True)
    certificate(folder, "Anna", "anna.weiss@lindner.example", "house")
    certificate(folder, "IT", IT)
    return folder


@pytest.fixture
def ticket(desk: Desk, keys: Path) -> Ticket:
    """Petra's ticket, assigned to Anna."""
    give_key(keys, IT)
    Team.objects.filter(key="it").update(takes_commands=True)
    found = desk.ticket("petra")
    tickets.assign(found, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    return found


def answers(desk: Desk, keys: Path, text: str, *, signed: bool = False, subject: str = "Re: x") -> Delivery:
    """Anna answers the notice of her ticket, encrypted for the mailbox."""
    words = f"Content-Type: text/plain\r\n\r\n{text}\r\n".encode()
    if signed:
        words = cms(keys, "-sign", "-signer", "anna.pem", "-inkey", "anna.key", content=words)
    uid = str(desk.person("anna").uid)
    notice = next(f"<{mail.message_id}>" for mail in desk.sent("notice") if mail.person_uid == uid)
    head = message_from_bytes(desk.letter("anna", subject=subject, headers={"In-Reply-To": notice}))
    for name in ("Content-Type", "Content-Transfer-Encoding", "MIME-Version"):
        del head[name]
    body = cms(keys, "-encrypt", "-aes256", "it.pem", content=words)
    return desk.receives(head.as_bytes().split(b"\n\n")[0] + b"\n" + body)


def left(desk: Desk) -> str:
    """All that was mailed."""
    return "\n".join(read_letter(mail.letter()).text for mail in desk.sent())


def test_an_agents_encrypted_reply_waits_until_somebody_releases_it(desk: Desk, keys: Path, ticket: Ticket) -> None:
    """P22.5, P29.1: nothing of it leaves; the agent is told why, and what to do."""
    delivery = answers(desk, keys, "The code is 4711.")
    entry = Entry.objects.get(id=delivery.entry)
    assert (delivery.disposition, delivery.detail) == ("answer", "held: encrypted")
    assert "4711" in entry.text and "4711" not in left(desk) and not desk.sent("reply")
    assert "came encrypted and without your signature inside" in left(desk)
    assert "It came encrypted. Once released" in browser(desk, "anna").get(f"/desk/tickets/{ticket.number}").text
    petra = browser(desk, "petra")
    assert "4711" not in petra.get(f"/my-tickets/{ticket.number}").text
    tickets.release(entry, actor=desk.actor("anna"))
    assert "4711" in petra.get(f"/my-tickets/{ticket.number}").text


def test_signed_inside_it_is_the_agents_word_and_leaves(desk: Desk, keys: Path, ticket: Ticket, settings: Any) -> None:
    """P22.5, P29.1: as what a requester signed inside is shown."""
    settings.HAUSPOST = replace(settings.HAUSPOST, smime_trust=keys / "house.pem", undo_seconds=0)
    assert answers(desk, keys, "The code is 4711.", signed=True).disposition == "reply"
    assert "4711" in read_letter(desk.sent("reply")[-1].letter()).text


def test_a_note_and_a_command_come_encrypted_as_well(desk: Desk, keys: Path, ticket: Ticket) -> None:
    """P6.2, P29.3: nothing of them leaves; with words beside it the command waits with them."""
    assert answers(desk, keys, "#note\r\nThe code is 4711.").disposition == "note"
    assert answers(desk, keys, "#priority high").disposition == "command"
    held = answers(desk, keys, "#resolve\r\nThe code is 4712.")
    assert held.detail == "held: encrypted" and Ticket.objects.get(number=ticket.number).state != "resolved"
    assert "4711" not in left(desk) and "4712" not in left(desk)
    assert "would leave in clear" in read_letter(desk.sent("notice")[-1].letter()).text


def test_what_an_agent_passes_on_encrypted_is_nobody_elses_to_read(desk: Desk, keys: Path) -> None:
    """P22.5, P30.1: words inside name a sender, but nobody has signed them."""
    give_key(keys, IT)
    words = (
        b"Content-Type: text/plain\r\n\r\n---------- Forwarded message ---------\r\n"
        b"From: Eve <eve@elsewhere.example>\r\nDate: Mon, 1 Jun 2026 10:00\r\nSubject: Secret 4711\r\n"
        b"To: Anna <anna.weiss@lindner.example>\r\n\r\nThe code is 4711.\r\n"
    )
    head = message_from_bytes(desk.letter("anna", subject="Fwd: x"))
    for name in ("Content-Type", "Content-Transfer-Encoding", "MIME-Version"):
        del head[name]
    plain = desk.receives(head.as_bytes().split(b"\n\n")[0] + b"\n" + words)
    assert Ticket.objects.get(number=plain.ticket).requester.name == "Eve"

    del head["Message-ID"]
    body = cms(keys, "-encrypt", "-aes256", "it.pem", content=words)
    delivery = desk.receives(head.as_bytes().split(b"\n\n")[0] + b"\n" + body)
    found = Ticket.objects.get(number=delivery.ticket)
    assert (found.requester, found.subject) == (desk.person("anna"), "Fwd: x")
    assert Entry.objects.get(id=delivery.entry).is_for_desk_only
