"""Mail is fetched by UID, byte for byte, once, whatever happens on the way (P1, P2, P12)."""

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from django.conf import settings as django_settings

from hauspost.doors.listeners import _imap_source
from hauspost.doors.listeners._imap_source import TRIES, Difficult
from hauspost.duties.intake import fetching
from hauspost.duties.intake.actions import keep, raw_of
from hauspost.duties.intake.models import Delivery
from hauspost.ground.accounts.checking import check_imap, folders_of
from hauspost.ground.accounts.imap import IMAPClientAbortError, IMAPClientError
from hauspost.ground.mail import letter as letter_of
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.imap.conftest import account_of, fetch, folder_of
from tests.imap.dovecot import Dovecot

SEEN, FLAGGED = b"\\Seen", b"\\Flagged"


def outcomes() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("disposition", flat=True))


def subjects() -> list[str]:
    return list(Ticket.objects.order_by("number").values_list("subject", flat=True))


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def letters(desk: Desk, count: int, **more: Any) -> list[bytes]:
    return [crlf(desk.letter("petra", subject=f"Printer {number}", **more)) for number in range(1, count + 1)]


class Logged:
    """A connection of which every command is written down; and one of them may end it all."""

    def __init__(self, client: Any, said: list[tuple[str, Any]], before: Any = lambda name: None) -> None:
        self._client, self._said, self._before = client, said, before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._said.append((name, arguments))
            self._before(name)
            return found(*arguments, **named)

        return call


def test_mail_is_kept_byte_for_byte_and_only_bytes_are_asked_for(desk: Desk, post: Dovecot, user: str) -> None:
    """P1.3: 8-bit, NUL-free oddities and bare headers come as they lie there; no ENVELOPE, no BODYSTRUCTURE."""
    raws = [
        crlf(desk.letter("petra")),
        b"From: petra@lindner.example\r\nSubject: =?utf-8?q?caf\xe9?=\r\n\r\nraw \xff\xfe bytes\r\n.\r\n..\r\n",
        b"Subject: nothing else\r\n\r\n",
        b'To: (((((\r\nFrom: "\r\nSubject: illegal\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n',
    ]
    post.put(user, *raws)
    said: list[tuple[str, Any]] = []
    fetch(folder_of(account_of(post, user)), wrapped=lambda client: Logged(client, said))
    rows = Delivery.objects.order_by("id")
    assert [raw_of(row) for row in rows] == raws
    assert {row.via for row in rows} == {"imap"} and {row.recipient for row in rows} == {desk.address("it")}
    assert not any(row.is_trusted_relay for row in rows)
    items = {item for name, arguments in said if name == "fetch" for item in arguments[1]}
    assert items == {"RFC822.SIZE", "BODY.PEEK[]"}


def test_one_mail_that_breaks_the_parser_stops_no_other(
    desk: Desk, post: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1.1: 9 tickets, and no. 4 in quarantine with its raw source."""
    raws = letters(desk, 10)
    post.put(user, *raws)
    whole = letter_of._letter

    def breaks(structure: Any) -> Any:
        if b"Printer 4" in bytes(structure.root.raw[:2000]):
            raise RecursionError
        return whole(structure)

    monkeypatch.setattr(letter_of, "_letter", breaks)
    fetch(folder_of(account_of(post, user)))
    desk.works()
    assert outcomes().count("ticket") == 9
    [bad] = Delivery.objects.filter(disposition="quarantine")
    assert raw_of(bad) == raws[3]
    assert post.flags(user) == [{SEEN}] * 10


@pytest.mark.parametrize(
    ("afterwards", "inbox", "moved"),
    [("seen", [{SEEN}] * 6, None), ("flag", [{FLAGGED}] * 6, None), ("delete", [], None), ("move", [], 6)],
)
def test_six_mails_are_six_tickets_whatever_becomes_of_them_on_the_server(
    desk: Desk, post: Dovecot, user: str, afterwards: str, inbox: list[set[bytes]], moved: int | None
) -> None:
    """P2.2: by UID, never by number; the folder to move to is made where it is missing."""
    post.put(user, *letters(desk, 6))
    row = folder_of(account_of(post, user), afterwards=afterwards, move_to="Erledigt/Für Hauspost" if moved else "")
    fetch(row)
    fetch(row)
    desk.works()
    assert subjects() == [f"Printer {number}" for number in range(1, 7)]
    assert outcomes() == ["ticket"] * 6
    assert post.flags(user) == inbox
    if moved:
        assert len(post.flags(user, "Erledigt/Für Hauspost")) == moved


def test_a_mail_taken_in_the_middle_does_not_shift_the_others(desk: Desk, post: Dovecot, user: str) -> None:
    """P2.2: somebody deletes a mail between two looks; a server without MOVE copies and expunges by UID."""
    row = folder_of(account_of(post, user), afterwards="move", move_to="Done")
    post.put(user, *letters(desk, 3))
    client = post.client(user)
    client.select_folder("INBOX")
    client.delete_messages([2])
    client.uid_expunge([2])
    client.delete_messages([3])
    client.logout()

    class WithoutMove(Logged):
        def has_capability(self, name: str) -> bool:
            return name != "MOVE" and bool(self._client.has_capability(name))

    fetch(row, wrapped=lambda client: WithoutMove(client, []))
    desk.works()
    # What a person has marked as deleted is mail all the same, until it is gone.
    assert subjects() == ["Printer 1", "Printer 3"]
    assert post.flags(user) == [] and len(post.flags(user, "Done")) == 2


class Killed(BaseException):
    """As SIGKILL: nothing that follows is done."""


@pytest.mark.parametrize("afterwards", ["seen", "delete", "move"])
def test_killed_at_any_point_every_mail_is_a_ticket_once(desk: Desk, post: Dovecot, user: str, afterwards: str) -> None:
    """P2.1: the process may end before any command and any write; the next one finishes what it left."""
    reached = []
    while not reached or reached[-1]:
        step = len(reached) + 1
        box = f"{step}-{user}"
        # Nobody may be taken for a flood.
        sender = f"step-{step}@lindner.example"
        post.put(box, *(crlf(desk.letter(sender, subject=f"{step}.{number}")) for number in range(2)))
        row = folder_of(account_of(post, box), afterwards=afterwards, move_to="Done" if afterwards == "move" else "")
        reached.append(_dies_at(row, step))
        post.put(box, crlf(desk.letter(sender, subject=f"{step}.2")))
        fetch(row)
        assert post.flags(box) == ([{SEEN}] * 3 if afterwards == "seen" else []), reached
        if afterwards == "move":
            assert len(post.flags(box, "Done")) == 3, reached
    assert {"search", "fetch", "before keep", "after keep"} <= set(reached)
    desk.works()
    while desk.works():
        pass
    assert outcomes() == ["ticket"] * 3 * len(reached)
    assert sorted(subjects()) == sorted(f"{step + 1}.{number}" for step in range(len(reached)) for number in range(3))


def _dies_at(row: Any, step: int) -> str:
    """Fetch, and be killed at that step; answers before what, "" when it was done before."""
    left = step

    def tick(name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed(name)

    def keeping(envelopes: Any) -> Any:
        tick("before keep")
        kept = keep(envelopes)
        tick("after keep")
        return kept

    try:
        fetch(row, keeper=keeping, wrapped=lambda client: Logged(client, [], tick))
    except Killed as killed:
        return str(killed)
    return ""


@pytest.mark.parametrize(
    ("takes", "expected"), [("new", ["later"]), ("unread", ["unread", "later"]), ("all", ["read", "unread", "later"])]
)
def test_the_first_look_takes_what_was_chosen(
    desk: Desk, post: Dovecot, user: str, takes: str, expected: list[str]
) -> None:
    """P2.4: from now on, unread, or all; and testing or looking changes nothing."""
    post.put(user, crlf(desk.letter("petra", subject="read")), flags=[SEEN])
    post.put(user, crlf(desk.letter("petra", subject="unread")))
    account = account_of(post, user)
    finding = check_imap(account, "INBOX")
    assert finding.ok and "2" in finding.words and "1" in finding.words
    assert folders_of(account) == ["INBOX"]
    assert post.flags(user) == [{SEEN}, set()]
    row = folder_of(account, takes=takes)
    fetch(row)
    post.put(user, crlf(desk.letter("petra", subject="later")))
    fetch(row)
    desk.works()
    assert subjects() == expected
    assert post.flags(user) == [{SEEN}, {SEEN} if "unread" in expected else set(), {SEEN}]


@pytest.mark.parametrize("takes", ["all", "new", "unread"])
def test_after_a_move_to_another_server_known_mails_make_no_new_tickets(
    desk: Desk, post: Dovecot, user: str, takes: str
) -> None:
    """P12.2: all UIDs are new, and UIDVALIDITY is; what came during the move is taken, what was old stays old."""
    long_ago = datetime(2019, 5, 1, 8, 0, tzinfo=UTC)
    old = crlf(desk.letter("petra", subject="old", headers={"Date": "Wed, 01 May 2019 08:00:00 +0000"}))
    post.put(user, old, flags=[SEEN], msg_time=long_ago)
    row = folder_of(account_of(post, user), takes=takes)
    fetch(row)
    post.put(user, *letters(desk, 3))
    fetch(row)
    desk.works()
    before = subjects()
    assert before == ["old"] * (takes == "all") + ["Printer 1", "Printer 2", "Printer 3"]
    now = format_datetime(datetime.now(UTC))
    post.put(user, crlf(desk.letter("anna", subject="during the move", headers={"Date": now})), flags=[SEEN])
    post.put(user, crlf(desk.letter("anna", subject="without a date")), flags=[SEEN])
    post.count_anew(user, 4711)
    fetch(row)
    fetch(row)
    desk.works()
    assert subjects() == [*before, "during the move", "without a date"]
    row.refresh_from_db()
    assert row.uid_validity == 4711
    assert set(outcomes()) == {"ticket", "duplicate"}


def test_another_server_that_counts_alike_is_another_server(desk: Desk, post: Dovecot, user: str) -> None:
    """Nothing is taken for known because UIDVALIDITY and UID happen to be the same."""
    account = account_of(post, user)
    row = folder_of(account)
    post.put(user, crlf(desk.letter("petra", subject="here")))
    post.count_anew(user, 14)
    fetch(row)
    other = f"other-{user}"
    post.put(other, crlf(desk.letter("petra", subject="there")))
    post.count_anew(other, 14)
    account.user = other
    account.save()
    row.last_uid = 0
    row.save()
    fetch(row)
    desk.works()
    assert subjects() == ["here", "there"]


def test_a_mail_over_the_limit_becomes_a_ticket_with_its_beginning(desk: Desk, post: Dovecot, user: str) -> None:
    """P36.1: headers, first text, and that the rest was left in the mailbox; never skipped, never deleted."""
    raw = desk.letter("petra", subject="Scans", text="See the scans.", message_id="scans@mail.example")
    big = crlf(raw.replace(b"\n\n", b"\nX-Filler: a\n\n", 1)) + b"x" * 300_000 + b"\r\n"
    post.put(user, big, crlf(desk.letter("petra", subject="small")))
    row = folder_of(account_of(post, user), afterwards="delete")
    row.mailbox.size_limit_bytes, row.mailbox.language = 200_000, "en"
    row.mailbox.save()
    fetch(row)
    fetch(row)
    desk.works()
    assert subjects() == ["Scans", "small"]
    ticket = Ticket.objects.get(subject="Scans")
    text = ticket.entries.get().text
    assert "left in the mailbox" in text and "too big" in text and "See the scans." in text
    assert ticket.entries.get().message_id == "scans@mail.example"
    evidence = ticket.entries.get().evidence
    assert evidence["left_on_server"] and evidence["too_big"] > 300_000
    # The small one is deleted, the big one lies where it was.
    assert len(post.flags(user)) == 1


def test_a_big_mail_comes_in_pieces(desk: Desk, post: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """P36.1: never more than a piece of it is in memory, and nothing stays in the spool."""
    monkeypatch.setattr(_imap_source, "_PIECE_BYTES", 500_000)
    big = crlf(desk.letter("petra", subject="Scans")) + b"0123456789abcde\r\n" * 100_000
    post.put(user, big)
    said: list[tuple[str, Any]] = []
    fetch(folder_of(account_of(post, user)), wrapped=lambda client: Logged(client, said))
    assert raw_of(Delivery.objects.get()) == big
    pieces = [arguments[1][0] for name, arguments in said if name == "fetch"][1:]
    assert pieces == [f"BODY.PEEK[]<{start}.500000>" for start in (*range(0, len(big), 500_000), len(big))]
    assert list(django_settings.HAUSPOST.spool.glob("*.mail")) == []


def test_a_bounce_that_came_to_a_return_path_keeps_it(desk: Desk, post: Dovecot, user: str) -> None:
    """P14.1: fetched mail has no envelope; the signed return path in its headers names the letter that bounced."""
    from hauspost.ground.mail.addresses import verp
    from hauspost.ground.tokens import ring

    path = verp(desk.address("it"), 77, ring())
    raw = desk.letter("mailer-daemon@mail.example", headers={"Delivered-To": path, "Return-Path": "<>"})
    forged = desk.letter("petra", headers={"Delivered-To": path.replace("+", "+x")})
    post.put(user, crlf(raw), crlf(forged))
    fetch(folder_of(account_of(post, user)))
    bounce, other = Delivery.objects.order_by("id")
    assert (bounce.recipient, bounce.mail_from) == (path, "")
    assert (other.recipient, other.mail_from) == (desk.address("it"), desk.address("petra"))


class Stubborn(Logged):
    """A server that cannot give out one mail: it says no, says nothing, or breaks the connection over it."""

    def __init__(self, client: Any, uid: int, how: str) -> None:
        super().__init__(client, [])
        self._uid, self._how = uid, how

    def fetch(self, uids: list[int], items: list[str]) -> Any:
        if self._uid in uids and items != ["RFC822.SIZE"]:
            if self._how == "no":
                raise IMAPClientError("UID FETCH failed: some messages could not be fetched")
            if self._how == "breaks":
                raise IMAPClientAbortError("socket error: EOF")
            uids = [uid for uid in uids if uid != self._uid]
        return self._client.fetch(uids, items)


@pytest.mark.parametrize("how", ["no", "silent", "breaks"])
def test_a_mail_that_the_server_cannot_give_out_stops_no_other_and_is_not_forgotten(
    desk: Desk, post: Dovecot, user: str, how: str
) -> None:
    """P1.1, P1.3: it is asked for again and again, then a ticket says where it lies; it stays in its mailbox."""
    post.put(user, *letters(desk, 4))
    row = folder_of(account_of(post, user), afterwards="delete")
    row.mailbox.language = "en"
    row.mailbox.save()
    difficult = Difficult()
    for _ in range(2):
        with suppress(IMAPClientAbortError):
            remark = fetch(row, difficult=difficult, wrapped=lambda client: Stubborn(client, 2, how)).remark
            assert "UID 2" in remark
    desk.works()
    if how != "breaks":
        assert subjects() == ["Printer 1", "Printer 3", "Printer 4"]
        row.refresh_from_db()
        assert row.last_uid < 2
    for _ in range(TRIES + 4):
        with suppress(IMAPClientAbortError):
            fetch(row, difficult=difficult, wrapped=lambda client: Stubborn(client, 2, how))
    desk.works()
    assert {"Printer 1", "Printer 3", "Printer 4"} < set(subjects()) and Ticket.objects.count() == 4
    [told] = Ticket.objects.exclude(subject__startswith="Printer")
    assert "UID 2" in told.entries.get().text
    assert len(post.flags(user)) == 1 and not difficult.tries
    row.refresh_from_db()
    assert row.last_uid >= 2


def test_where_the_server_forbids_marking_mail_comes_all_the_same(desk: Desk, post: Dovecot, user: str) -> None:
    post.put(user, *letters(desk, 2))

    class ReadOnly(Logged):
        def add_flags(self, *arguments: Any, **named: Any) -> None:
            raise IMAPClientError("store failed: [NOPERM] Permission denied")

    row = folder_of(account_of(post, user))
    taking = fetch(row, wrapped=lambda client: ReadOnly(client, []))
    desk.works()
    assert subjects() == ["Printer 1", "Printer 2"]
    assert "NOPERM" in taking.remark
    fetching.note_good(row, remark=taking.remark)
    row.refresh_from_db()
    assert (row.state, row.last_uid) == ("working", 2) and "NOPERM" in row.last_error


def test_a_thousand_mails_take_few_round_trips(desk: Desk, post: Dovecot, user: str) -> None:
    """They come 50 at a time, and 50 are made durable with one commit."""
    post.put(user, *[crlf(desk.letter("petra", subject=f"n {number}")) for number in range(130)])
    said: list[tuple[str, Any]] = []
    batches: list[int] = []

    def keeping(envelopes: Any) -> Any:
        batches.append(len(envelopes))
        return keep(envelopes)

    fetch(folder_of(account_of(post, user)), keeper=keeping, wrapped=lambda client: Logged(client, said))
    # Neither is there a folder too large to be searched.
    assert all(arguments[0][-1] in ("1:130", "131:*") for name, arguments in said if name == "search")
    assert batches == [50, 50, 30]
    commands = [name for name, _ in said if name not in ("has_capability", "search")]
    assert commands == ["fetch", "fetch", "add_flags", "fetch", "add_flags", "fetch", "add_flags"]


def test_what_is_not_to_be_fetched_is_left_alone(desk: Desk, post: Dovecot, user: str) -> None:
    """Paused, archived, or with nothing to sign in with; every change of the settings begins anew."""
    account = account_of(post, user)
    row = folder_of(account)
    before = [one.settings for one in fetching.wanted()]
    assert len(before) == 1
    account.password_sealed += "x"
    account.save()
    assert [one.settings for one in fetching.wanted()] != before
    for change, back in (
        ({"row": {"state": "paused"}}, {"row": {"state": "new"}}),
        ({"account": {"password_sealed": ""}}, {"account": {"password_sealed": "x"}}),
        ({"account": {"imap_host": ""}}, {"account": {"imap_host": "127.0.0.1"}}),
        ({"account": {"archived_at": row.created_at}}, {"account": {"archived_at": None}}),
        ({"mailbox": {"archived_at": row.created_at}}, {"mailbox": {"archived_at": None}}),
    ):
        _change(row, change)
        assert fetching.wanted() == []
        _change(row, back)
        assert len(fetching.wanted()) == 1


def _change(row: Any, changes: dict[str, dict[str, Any]]) -> None:
    for what, fields in changes.items():
        one = row if what == "row" else getattr(row, what)
        type(one).objects.filter(pk=one.pk).update(**fields)
