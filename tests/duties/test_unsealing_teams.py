"""What a team's key opens is that team's alone, whatever it answers and to whom else it went (P22.5, P9.2, P9.3)."""

from email import message_from_bytes
from itertools import permutations
from pathlib import Path

import pytest

from hauspost.duties.intake.models import Delivery
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import plus_address
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, Link, TeamShare, Ticket
from tests.desk import Desk
from tests.doors.browsing import browser
from tests.duties.sealing import certificate, cms, give_key

FACILITIES = "haustechnik@lindner.example"
WORDS = b"Content-Type: text/plain\r\n\r\nThe code is 4711\r\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    certificate(folder, "IT", "it@lindner.example")
    certificate(folder, "Haustechnik", FACILITIES)
    return folder


@pytest.fixture(scope="module")
def for_facilities(keys: Path) -> bytes:
    return cms(keys, "-encrypt", "-aes256", "haustechnik.pem", content=WORDS)


@pytest.fixture(scope="module")
def for_both(keys: Path) -> bytes:
    return cms(keys, "-encrypt", "-aes256", "haustechnik.pem", "it.pem", content=WORDS)


def letter(desk: Desk, body: bytes, *, to: str = FACILITIES, **headers: str) -> bytes:
    """Petra's sealed mail; its head is written as of any other."""
    head = message_from_bytes(desk.letter("petra", to=to, subject="Sealed", headers=headers))
    for name in ("Content-Type", "Content-Transfer-Encoding", "MIME-Version"):
        del head[name]
    return head.as_bytes().split(b"\n\n")[0] + b"\n" + body


def ticket_of(delivery: Delivery) -> Ticket:
    return Ticket.objects.get(number=delivery.ticket)


def words_of(delivery: Delivery) -> str:
    return Entry.objects.get(id=delivery.entry).text


@pytest.mark.parametrize("by", ["our message id", "the number", "a signed address"])
def test_what_one_teams_key_opened_joins_no_other_teams_ticket(
    desk: Desk, keys: Path, for_facilities: bytes, by: str
) -> None:
    """P22.5, P8.2: it opens a ticket of the key's team, linked with the one it answers; handing it on is somebody's act."""
    give_key(keys, FACILITIES)
    theirs = desk.ticket("petra")
    if by == "a signed address":
        # Facilities wrote under their address before they handed it to IT.
        to = plus_address(FACILITIES, theirs.number, 0, tokens.ring())
        delivery = desk.receives(letter(desk, for_facilities, to=to), to=to)
    elif by == "the number":
        delivery = desk.receives(
            letter(desk, for_facilities).replace(b"Sealed", b"[#%d]" % theirs.number), to=FACILITIES
        )
    else:
        known = f"<{desk.sent('acknowledgement')[-1].message_id}>"
        delivery = desk.receives(letter(desk, for_facilities, References=known), to=FACILITIES)
    assert (delivery.disposition, ticket_of(delivery).team.key) == ("ticket", "facilities")
    assert "4711" in words_of(delivery) and Entry.objects.filter(ticket=theirs).count() == 1
    assert Link.objects.filter(kind="mentions", ticket=delivery.ticket, other=theirs).exists()
    anna = browser(desk, "anna")
    assert "4711" not in anna.get(f"/desk/tickets/{theirs.number}").text
    assert anna.get(f"/desk/tickets/{delivery.ticket}").status_code == 404
    assert f"/desk/tickets/{delivery.ticket}" not in anna.get("/desk/search?q=4711").text

    tickets.hand_to(ticket_of(delivery), desk.team("it"), actor=desk.actor("claire"))
    assert "4711" in anna.get(f"/desk/tickets/{delivery.ticket}").text


def test_in_its_own_teams_ticket_it_is_an_answer(desk: Desk, keys: Path, for_facilities: bytes) -> None:
    """P22.5, P8.1"""
    give_key(keys, FACILITIES)
    number = desk.ticket("petra", to="facilities").number
    known = f"<{desk.sent('acknowledgement')[-1].message_id}>"
    delivery = desk.receives(letter(desk, for_facilities, References=known), to=FACILITIES)
    assert (delivery.disposition, delivery.ticket) == ("answer", number) and "4711" in words_of(delivery)


def test_a_ticket_that_another_team_reads_along_by_its_cc_takes_nothing_opened(
    desk: Desk, keys: Path, for_facilities: bytes
) -> None:
    """P22.5, P9.1: nobody has decided that IT reads what was encrypted for facilities."""
    give_key(keys, FACILITIES)
    shared = desk.receives(desk.letter("petra", to="facilities", headers={"Cc": desk.address("it")}), to="facilities")
    assert TeamShare.objects.filter(ticket=shared.ticket, team__key="it").exists()
    known = f"<{desk.sent('acknowledgement')[-1].message_id}>"
    delivery = desk.receives(letter(desk, for_facilities, References=known), to=FACILITIES)
    assert delivery.ticket != shared.ticket and "4711" in words_of(delivery)
    assert browser(desk, "anna").get(f"/desk/tickets/{delivery.ticket}").status_code == 404


@pytest.mark.parametrize("order", list(permutations(("it", "facilities"))))
@pytest.mark.parametrize("first_named", ["it", "facilities"])
@pytest.mark.parametrize("sealed_for", ["facilities", "both"])
def test_each_team_has_its_own_copy_and_opens_it_with_its_own_key(
    desk: Desk,
    keys: Path,
    for_facilities: bytes,
    for_both: bytes,
    sealed_for: str,
    first_named: str,
    order: tuple[str, str],
) -> None:
    """P9.1, P9.2, P9.3, P22.5: whoever is named first, and whichever copy comes first; closed, its file is kept."""
    give_key(keys, FACILITIES)
    give_key(keys, "it@lindner.example")
    second = {"it": "facilities", "facilities": "it"}[first_named]
    body = for_both if sealed_for == "both" else for_facilities
    raw = letter(desk, body, to=desk.address(first_named), Cc=desk.address(second))
    copies = {team: desk.receives(raw, to=team) for team in order}
    assert [ticket_of(copies[team]).team.key for team in ("it", "facilities")] == ["it", "facilities"]
    assert "4711" in words_of(copies["facilities"])
    assert ("4711" in words_of(copies["it"])) == (sealed_for == "both")
    if sealed_for == "facilities":
        assert Entry.objects.get(id=copies["it"].entry).attachments.get().name == "smime.p7m"
    assert not TeamShare.objects.exists() and {one.detail for one in copies.values()} == {""}
    assert Link.objects.filter(kind="related").count() == 1
    again = desk.receives(raw, to="facilities")
    assert (again.disposition, again.ticket) == ("duplicate", copies["facilities"].ticket)


def test_a_copy_to_an_address_without_a_key_decides_nothing_for_the_same_team(
    desk: Desk, keys: Path, for_facilities: bytes
) -> None:
    """P9.3, P22.5: keys are the team's; the second copy is a duplicate of one that was read."""
    give_key(keys, FACILITIES)
    people.add_mailbox("building@lindner.example", desk.team("facilities"), actor=SYSTEM)
    raw = letter(desk, for_facilities, Cc="building@lindner.example")
    first = desk.receives(raw, to="building@lindner.example")
    assert "4711" in words_of(first)
    assert desk.receives(raw, to="facilities").disposition == "duplicate"


def test_an_opened_mail_lands_in_no_other_teams_flood(desk: Desk, keys: Path, for_facilities: bytes) -> None:
    """P7.3, P22.5"""
    give_key(keys, FACILITIES)
    for number in range(21):
        raw = desk.letter("petra", to="it", subject=f"Offer {number}", text=f"{number}")
        desk.receives(raw, to="facilities", work=False)
    desk.works()
    flood = Delivery.objects.get(disposition="flood")
    assert ticket_of(flood).team.key == "it"
    delivery = desk.receives(letter(desk, for_facilities), to="facilities")
    assert (delivery.disposition, ticket_of(delivery).team.key) == ("flood", "facilities")
    assert Entry.objects.filter(ticket=delivery.ticket, text__contains="4711").exists()


def test_what_a_closed_mailboxs_key_opened_joins_nothing(desk: Desk, keys: Path, for_facilities: bytes) -> None:
    """P22.5, P33.3: it waits for somebody."""
    give_key(keys, FACILITIES)
    desk.ticket("petra", to="facilities")
    known = f"<{desk.sent('acknowledgement')[-1].message_id}>"
    raw = letter(desk, for_facilities, References=known)
    people.archive_mailbox(Mailbox.objects.get(address__address=FACILITIES), actor=SYSTEM)
    delivery = desk.receives(raw, to=FACILITIES)
    assert (delivery.disposition, delivery.because) == ("quarantine", "no intake address")
