"""The outbox: what is queued leaves once, or says why not, recipient by recipient."""

import base64
import email
import email.policy
import json
import logging
import mailbox
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection, transaction

from hauspost.ground import clock
from hauspost.ground.accounts import smtp
from hauspost.ground.accounts.checking import check_smtp
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.sealed import set_password
from hauspost.ground.files.actions import path_of
from hauspost.ground.files.models import Use
from hauspost.ground.history.models import Event, EventPart
from hauspost.ground.mail import _dispatch, _sending, outbox
from hauspost.ground.mail.addresses import read_verp
from hauspost.ground.mail.compose import File, Outgoing
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.tokens import ring
from tests.ground.receiving import post_office, self_signed

pytestmark = pytest.mark.django_db

ADA, BEN, CARA = "ada@lindner.example", "ben@lindner.example", "cara@lindner.example"
UIDS = {ADA: "uid-of-ada", BEN: "uid-of-ben", CARA: "uid-of-cara"}
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_numbers = count(1)


def letter(*to, **changes):
    said = {
        "from_": ("IT", "it@lindner.example"),
        "to": [("", address) for address in to or (ADA,)],
        "subject": "Your ticket",
        "text": "Hello\n.dot\n",
        "message_id": f"r.42.7.0.{next(_numbers)}@lindner.example",
        "date": NINE,
    }
    return Outgoing(**(said | changes))


def queued(*to, kind="reply", stream="ticket:42", envelope_from="it@lindner.example", not_before=None, **changes):
    to = to or (ADA,)
    return outbox.queue(
        letter(*to, **changes), kind=kind, stream=stream, about=42, entry=7, envelope_from=envelope_from,
        recipients=[(address, UIDS.get(address, "")) for address in to], not_before=not_before,
    )  # fmt: skip


def now_of(mail):
    return OutgoingMail.objects.get(pk=mail.pk)


def steps(mail):
    return {one.address: one.state for one in OutgoingRecipient.objects.filter(mail=mail)}


def told(stream="ticket:42"):
    return [(event.kind, json.loads(event.data)) for event in Event.objects.filter(stream__name=stream).order_by("seq")]


def kinds_told(stream="ticket:42"):
    return [kind for kind, _ in told(stream)]


@pytest.fixture
def office(settings):
    with post_office() as opened:
        settings.HAUSPOST = replace(
            settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=opened.port, outgoing_maildir=None
        )
        yield opened


@pytest.fixture
def nobody_listens(settings):
    with post_office() as gone:
        port = gone.port
    settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=port, outgoing_maildir=None)


# Queueing


def test_a_mail_without_recipient_cannot_be_queued():
    """P5.3."""
    with pytest.raises(outbox.NobodyReached, match="nobody"):
        outbox.queue(letter(), kind="reply", stream="ticket:42", about=42, entry=7, envelope_from="", recipients=[])
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("address", ["", "ada", "ada@x\r\nRCPT TO:<eve@x>", "ada@x> <eve@x"])
def test_an_address_that_no_mail_reaches_is_refused_in_words(address):
    """S20: neither headers nor envelope can be added to."""
    with pytest.raises(outbox.CannotBeSent, match="cannot be sent"):
        outbox.queue(
            letter(), kind="reply", stream="", about=0, entry=0, envelope_from="", recipients=[(ADA, ""), (address, "")]
        )
    with pytest.raises(outbox.CannotBeSent):
        queued(to=[("", address)])
    assert not OutgoingMail.objects.exists()


def test_a_refused_mail_leaves_the_callers_transaction_usable():
    with transaction.atomic():
        with pytest.raises(outbox.NobodyReached):
            outbox.queue(letter(), kind="reply", stream="", about=0, entry=0, envelope_from="", recipients=[])
        queued()
    assert OutgoingMail.objects.count() == 1


def test_who_is_named_twice_gets_one_mail():
    assert steps(queued(ADA, ADA.upper(), BEN)) == {ADA: "queued", BEN: "queued"}


def test_queueing_takes_two_statements(django_assert_num_queries):
    with django_assert_num_queries(2):
        queued(ADA, BEN)


def test_a_large_letter_lies_beside_the_database(office):
    """Raws above 64 kB are stored bytes, kept as long as the mail needs them."""
    mail = queued(files=[File("a.bin", "application/octet-stream", bytes(range(256)) * 400)])
    assert now_of(mail).raw is None
    assert Use.objects.filter(owner=f"mail:{mail.pk}", blob__sha256=mail.blob_sha256).exists()
    assert len(mail.letter()) == mail.size_bytes > 64 * 1024
    outbox.send_due()
    assert office.received[0].content == mail.letter()


# Sending


def test_a_reply_reaches_everybody_and_says_so(office):
    """P5.1: handed to the server, with its reply code."""
    mail = queued(ADA, BEN)
    assert outbox.send_due() == 1
    (received,) = office.received
    assert received.recipients == [ADA, BEN]
    assert received.content == mail.letter()
    assert read_verp(received.sender, ring()) == mail.pk
    assert received.sender.startswith("it+")
    assert now_of(mail).state == "sent"
    states = outbox.delivery_states([7])[7]
    assert [(one.address, one.state, one.reply_code) for one in states] == [
        (ADA, "handed_over", 250),
        (BEN, "handed_over", 250),
    ]
    assert "queued as ABC" in states[0].reply_text
    assert told() == [
        (
            "mail.handed_over",
            {
                "mail": mail.pk,
                "kind": "reply",
                "about": 42,
                "entry": 7,
                "recipients": [{"person": "uid-of-ada", "code": 250}, {"person": "uid-of-ben", "code": 250}],
                "perhaps_twice": False,
            },
        )
    ]
    assert outbox.send_due() == 0


def test_dots_at_the_beginning_of_lines_arrive(office):
    queued(text=".\n..\n.a\n")
    outbox.send_due()
    text = email.message_from_bytes(office.received[0].content, policy=email.policy.default).get_content()
    assert text.splitlines() == [".", "..", ".a"]


def test_an_acknowledgement_has_the_null_sender(office):
    """P7.1, RFC 3834: nothing answers it."""
    queued(kind="acknowledgement", envelope_from="")
    outbox.send_due()
    assert office.received[0].sender in ("", "<>")


def test_mails_share_a_connection(office):
    for _ in range(3):
        queued()
    assert outbox.send_due() == 3
    assert len(office.received) == 3
    assert len({one.connection for one in office.received}) == 1


def test_a_connection_is_kept_between_two_looks_and_let_go_when_idle(office):
    courier = outbox.connection_pool()
    for _ in range(2):
        queued()
        outbox.send_due(courier)
    assert len({one.connection for one in office.received}) == 1
    assert office.commands["QUIT"] == 0
    outbox.send_due(courier)
    assert office.commands["QUIT"] == 1


@pytest.mark.parametrize("closing", ["drop", "421 4.3.2 shutting down"])
def test_a_kept_connection_that_died_is_made_anew(office, closing):
    courier = outbox.connection_pool()
    queued()
    outbox.send_due(courier)
    office.to_mail = [closing]
    mail = queued()
    outbox.send_due(courier)
    courier.close()
    assert now_of(mail).state == "sent"
    assert len(office.received) == 2
    assert office.received[0].connection != office.received[1].connection


def test_one_refused_recipient_does_not_keep_it_from_the_others(office):
    """P5.1, P5.2: a permanent refusal is not retried, its words are kept."""
    office.recipients[BEN] = f"550 5.1.1 <{BEN}> unknown"
    mail = queued(ADA, BEN, CARA)
    outbox.send_due()
    assert office.received[0].recipients == [ADA, CARA]
    assert steps(mail) == {ADA: "handed_over", BEN: "failed", CARA: "handed_over"}
    refused = OutgoingRecipient.objects.get(address=BEN)
    assert (refused.reply_code, refused.reply_text) == (550, f"5.1.1 <{BEN}> unknown")
    assert now_of(mail).state == "partly"
    assert "550 5.1.1" in now_of(mail).last_error
    assert kinds_told() == ["mail.handed_over", "mail.failed"]
    assert outbox.send_due() == 0


def test_the_record_names_persons_by_uid_and_keeps_words_erasable(office):
    office.recipients[ADA] = f"550 5.1.1 <{ADA}> unknown"
    queued()
    outbox.send_due()
    event = Event.objects.get(kind="mail.failed")
    assert ADA not in event.data
    assert json.loads(event.data)["recipients"] == [{"person": "uid-of-ada", "code": 550}]
    part = EventPart.objects.get(event=event)
    assert (part.person_uid, part.content) == ("uid-of-ada", f"{ADA}: 5.1.1 <{ADA}> unknown")


def test_where_all_are_refused_the_mail_has_failed_at_once(office):
    """P5.2."""
    office.recipients = {ADA: "550 no", BEN: "551 no"}
    mail = queued(ADA, BEN)
    outbox.send_due()
    assert not office.received
    assert office.commands["DATA"] == 0
    assert now_of(mail).state == "failed"
    assert kinds_told() == ["mail.failed"]


@pytest.mark.parametrize("reply", ["552 5.3.4 too big", "554 5.7.1 spam"])
def test_a_letter_refused_after_data_has_failed_for_all_it_went_to(office, reply):
    office.recipients[BEN] = "450 later"
    office.to_data = [reply]
    mail = queued(ADA, BEN)
    outbox.send_due()
    assert steps(mail) == {ADA: "failed", BEN: "delayed"}
    assert now_of(mail).state == "queued"


def test_only_those_who_were_put_off_are_tried_again(office):
    office.recipients[BEN] = "450 4.2.1 greylisted"
    with clock.standing_at(NINE):
        mail = queued(ADA, BEN)
        outbox.send_due()
    assert steps(mail) == {ADA: "handed_over", BEN: "delayed"}
    assert now_of(mail).state == "queued"
    office.recipients.clear()
    with clock.standing_at(NINE + timedelta(seconds=59)):
        assert outbox.send_due() == 0
    with clock.standing_at(NINE + timedelta(seconds=60)):
        assert outbox.send_due() == 1
    assert [one.recipients for one in office.received] == [[ADA], [BEN]]
    assert now_of(mail).state == "sent"
    assert now_of(mail).last_error == ""
    assert not now_of(mail).perhaps_twice
    assert kinds_told() == ["mail.handed_over", "mail.delayed", "mail.handed_over"]


def test_temporary_refusals_are_retried_less_and_less_often_for_a_day(office):
    """P5.2: 1, 5, 15, 30 minutes, then hourly; after 24 h they count as failed."""
    office.recipients[ADA] = "451 4.3.0 not today"
    moment, waits = NINE, []
    with clock.standing_at(moment):
        mail = queued()
        outbox.send_due()
    while now_of(mail).state == "queued":
        waits.append((now_of(mail).next_try_at - moment) / timedelta(minutes=1))
        moment = now_of(mail).next_try_at
        with clock.standing_at(moment):
            assert outbox.send_due() == 1
    assert waits[:7] == [1, 5, 15, 30, 60, 60, 60]
    assert moment == NINE + timedelta(hours=24)
    assert now_of(mail).state == "failed"
    failed = OutgoingRecipient.objects.get(mail=mail)
    assert failed.reply_code == 451
    assert "24 hours" in failed.reply_text
    # The record hears of the first delay and of the end, not of every try.
    assert kinds_told() == ["mail.delayed", "mail.failed"]


def test_a_mail_that_waited_long_for_its_first_try_still_has_a_day(office):
    office.recipients[ADA] = "451 later"
    with clock.standing_at(NINE):
        mail = queued()
    with clock.standing_at(NINE + timedelta(days=3)):
        outbox.send_due()
    assert now_of(mail).state == "queued"


def test_an_unreachable_server_is_said_once_for_all_waiting_mails(nobody_listens):
    mails = [queued() for _ in range(3)]
    assert outbox.send_due() == 3
    for mail in mails:
        assert now_of(mail).state == "queued"
        assert "refuses connections" in now_of(mail).last_error
        assert "outgoing_host" in now_of(mail).last_error
        assert steps(mail) == {ADA: "delayed"}
    assert outbox.send_due() == 0


def test_without_a_server_mail_stays_queued(settings):
    settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="", outgoing_maildir=None)
    mail = queued()
    assert not outbox.is_configured()
    assert outbox.send_due() == 0
    assert now_of(mail).state == "queued"
    assert now_of(mail).tries == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction(office, monkeypatch):
    """P55.1: neither while a letter leaves nor while a server thinks."""
    inside = []
    hand_over = _sending.MailServer.hand_over

    def watched(self, parcel, may_leave):
        inside.append(connection.in_atomic_block)
        outcome = hand_over(self, parcel, may_leave)
        inside.append(connection.in_atomic_block)
        return outcome

    monkeypatch.setattr(_sending.MailServer, "hand_over", watched)
    mail = queued()
    outbox.send_due()
    assert inside == [False, False]
    assert now_of(mail).state == "sent"


@pytest.mark.django_db(transaction=True)
def test_workers_beside_each_other_send_every_mail_once(office):
    """DESIGN: any number of workers, each taking what no other has."""
    mails = [queued() for _ in range(12)]

    def work(_):
        try:
            while outbox.send_due(limit=2):
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    assert {now_of(mail).state for mail in mails} == {"sent"}
    assert {now_of(mail).tries for mail in mails} == {1}
    ids = [email.message_from_bytes(one.content)["message-id"] for one in office.received]
    assert sorted(ids) == sorted(f"<{mail.message_id}>" for mail in mails)


# Lost answers


def test_a_server_that_never_answers_is_given_up(office):
    office.to_data = ["keep and hang"]
    mail = queued()
    server = smtp.of_house(settings.HAUSPOST)
    outbox.send_due(_sending.MailServer(server, domain="lindner.example", answer_seconds=0.2))
    assert now_of(mail).perhaps_twice
    assert "does not answer" in now_of(mail).last_error or "timed out" in now_of(mail).last_error


def test_an_answer_lost_after_the_letter_means_perhaps_twice(office):
    """At least once, with the same Message-ID, and marked."""
    office.to_data = ["keep and drop"]
    with clock.standing_at(NINE):
        mail = queued()
        outbox.send_due()
    assert now_of(mail).state == "queued"
    assert now_of(mail).perhaps_twice
    assert "last answer" in now_of(mail).last_error
    with clock.standing_at(NINE + timedelta(minutes=2)):
        outbox.send_due()
    assert now_of(mail).state == "sent"
    assert now_of(mail).perhaps_twice
    first, second = (email.message_from_bytes(one.content)["message-id"] for one in office.received)
    assert first == second
    assert told()[-1][1]["perhaps_twice"] is True


def test_whatever_breaks_on_our_side_after_the_letter_means_perhaps_twice(office, monkeypatch):
    """P5: no letter goes out twice unmarked because memory was short after the server's 250."""

    def short(*_, **__):
        raise MemoryError

    mail = queued()
    with monkeypatch.context() as patch:
        patch.setattr(_sending, "_filled", short)
        outbox.send_due()
    assert len(office.received) == 1
    assert (now_of(mail).state, now_of(mail).perhaps_twice) == ("queued", True)

    before = queued()
    with monkeypatch.context() as patch:
        patch.setattr(_sending.MailServer, "_pour", short)
        outbox.send_due()
    assert (now_of(before).state, now_of(before).perhaps_twice) == ("queued", False)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 1000])
@pytest.mark.parametrize(
    "raw", [b".\r\n..\r\n.a\r\n", b"a\r\r\n.b\r\n\r\n.", b"a\n.b\r.c", b"\r\n.\r\n", b"", b"a\r", b".\r\r\r\n.x"]
)
def test_a_letter_in_pieces_is_stuffed_as_a_whole_one(monkeypatch, raw, size):
    """RFC 5321 4.5.2, wherever a piece ends."""
    monkeypatch.setattr(_sending, "_CHUNK", size)
    sent = []
    server = _sending.MailServer.__new__(_sending.MailServer)
    server._pour(SimpleNamespace(send=sent.append), raw)
    whole = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
    assert b"".join(sent) == (whole if not whole or whole.endswith(b"\r\n") else whole + b"\r\n")


@pytest.mark.parametrize("where", ["recipients", "mail"])
def test_a_connection_lost_before_the_letter_is_no_doubt(office, where):
    if where == "mail":
        office.to_mail = ["drop"]
    else:
        office.recipients[BEN] = "drop"
    mail = queued(ADA, BEN)
    outbox.send_due()
    assert now_of(mail).state == "queued"
    assert not now_of(mail).perhaps_twice
    assert set(steps(mail).values()) == {"delayed"}


def test_a_refusal_known_before_the_connection_broke_stands(office):
    office.recipients = {ADA: "550 unknown", BEN: "drop"}
    mail = queued(ADA, BEN)
    outbox.send_due()
    assert steps(mail) == {ADA: "failed", BEN: "delayed"}


class Killed(BaseException):
    """What a kill signal does to a worker: nothing afterwards runs."""


def test_a_mail_whose_worker_was_killed_is_taken_again_after_its_lease(office):
    with clock.standing_at(NINE):
        mail = queued()
        assert [one.pk for one in outbox.due(5)] == [mail.pk]
        assert outbox.due(5) == []
    with clock.standing_at(NINE + _dispatch.LEASE - timedelta(seconds=1)):
        assert outbox.send_due() == 0
    with clock.standing_at(NINE + _dispatch.LEASE):
        assert outbox.send_due() == 1
    assert now_of(mail).state == "sent"
    # It was killed before anything left, and we know that.
    assert not now_of(mail).perhaps_twice


def test_a_mail_whose_worker_was_killed_while_it_left_is_perhaps_sent_twice(office, monkeypatch):
    def killed(*args, **kwargs):
        raise Killed

    with clock.standing_at(NINE):
        mail = queued()
        with monkeypatch.context() as patch:
            patch.setattr(_dispatch, "_settle", killed)
            with pytest.raises(Killed):
                outbox.send_due()
    assert now_of(mail).state == "sending"
    assert len(office.received) == 1
    with clock.standing_at(NINE + _dispatch.LEASE):
        outbox.send_due()
    assert len(office.received) == 2
    assert now_of(mail).state == "sent"
    assert now_of(mail).perhaps_twice


def test_a_slow_worker_lets_nothing_leave_that_another_has_taken_over(office):
    with clock.standing_at(NINE):
        mail = queued()
        (mine,) = outbox.due(5)
    with clock.standing_at(NINE + _dispatch.LEASE):
        (theirs,) = outbox.due(5)
        assert _dispatch._send(mine, outbox.connection_pool().of(None)) == ""
        assert not office.received
        assert now_of(mail).state == "sending"
        _dispatch._send(theirs, outbox.connection_pool().of(None))
    assert len(office.received) == 1
    assert now_of(mail).state == "sent"
    assert not now_of(mail).perhaps_twice


def test_a_letter_that_cannot_be_read_does_not_hold_up_the_others(office):
    lost = queued(files=[File("a.bin", "application/octet-stream", b"lost" * 30_000)])
    fine = queued(BEN)
    path_of(lost.blob_sha256).unlink()
    assert outbox.send_due() == 2
    assert now_of(fine).state == "sent"
    assert now_of(lost).state == "failed"
    assert "missing" in now_of(lost).last_error


def test_a_fault_of_ours_is_logged_and_holds_up_nobody(office, monkeypatch, caplog):
    broken, fine = queued(), queued(BEN)
    whole = OutgoingMail.letter

    def letter_of(self):
        if self.pk == broken.pk:
            raise ZeroDivisionError
        return whole(self)

    monkeypatch.setattr(OutgoingMail, "letter", letter_of)
    outbox.send_due()
    assert now_of(fine).state == "sent"
    assert now_of(broken).state == "queued"
    assert "ZeroDivisionError" in now_of(broken).last_error
    assert f"Mail {broken.pk}" in caplog.text


# Undo, retry


def test_a_reply_can_be_undone_until_it_leaves(office):
    """P6.4."""
    with clock.standing_at(NINE):
        mail = queued(not_before=NINE + timedelta(seconds=10))
        assert outbox.send_due() == 0
        assert now_of(mail).may_be_undone
        assert outbox.cancel(mail)
        assert outbox.cancel(mail.pk)
    assert mail.state == "cancelled"
    assert steps(mail) == {ADA: "cancelled"}
    with clock.standing_at(NINE + timedelta(days=1)):
        assert outbox.send_due() == 0
    assert not office.received


def test_what_has_left_or_is_leaving_cannot_be_undone(office):
    mail = queued()
    outbox.due(1)
    assert not outbox.cancel(mail)
    OutgoingMail.objects.update(state="queued")
    outbox.send_due()
    sent = queued()
    outbox.send_due()
    assert not outbox.cancel(sent)
    assert now_of(sent).state == "sent"


def test_what_some_have_got_or_may_have_got_cannot_be_undone(office):
    office.recipients[BEN] = "450 later"
    partly = queued(ADA, BEN)
    outbox.send_due()
    office.to_data = ["drop"]
    perhaps = queued(CARA)
    outbox.send_due()
    assert not outbox.cancel(partly)
    assert not outbox.cancel(perhaps)


def test_an_administrator_sends_a_waiting_mail_now(office):
    """P5.6."""
    office.recipients[ADA] = "451 later"
    mail = queued()
    outbox.send_due()
    office.recipients.clear()
    assert outbox.send_due() == 0
    assert outbox.retry_now(mail)
    assert outbox.send_due() == 1
    assert now_of(mail).state == "sent"
    assert not outbox.retry_now(mail)


def test_a_failed_mail_is_tried_again_only_for_those_who_lack_it(office):
    office.recipients[BEN] = "550 unknown"
    mail = queued(ADA, BEN)
    outbox.send_due()
    office.recipients.clear()
    assert outbox.retry_now(mail.pk)
    outbox.send_due()
    assert [one.recipients for one in office.received] == [[ADA], [BEN]]
    assert now_of(mail).state == "sent"
    assert outbox.queue_figures().failed == 0


def test_the_time_to_undo_is_not_cut_short():
    mail = queued(not_before=clock.now() + timedelta(hours=1))
    assert not outbox.retry_now(mail)
    assert now_of(mail).next_try_at == mail.not_before


def test_the_queue_shows_age_and_last_error_and_all_can_be_retried(office):
    """P5.6."""
    office.recipients = {ADA: "451 4.3.0 later", BEN: "550 unknown"}
    with clock.standing_at(NINE):
        delayed, failed = queued(ADA), queued(BEN)
        outbox.send_due()
        fresh = queued(CARA)
        figures = outbox.queue_figures()
        assert (figures.waiting, figures.delayed, figures.failed) == (2, 1, 1)
        assert figures.oldest_waiting_at == NINE
    with clock.standing_at(NINE + timedelta(minutes=3)):
        assert now_of(delayed).age == timedelta(minutes=3)
    assert now_of(delayed).last_error == "451 4.3.0 later"
    assert set(OutgoingMail.objects.in_trouble()) == {delayed, failed}
    assert list(OutgoingMail.objects.waiting().longest_waiting_first()) == [delayed, fresh]
    office.recipients.clear()
    assert outbox.retry_all() == 3
    outbox.send_due()
    assert len(office.received) == 3
    assert not OutgoingMail.objects.in_trouble().exists()


# Bounces


def sent(office, *to, **how):
    mail = queued(*to, **how)
    outbox.send_due()
    return mail


def test_a_bounce_turns_the_recipients_state(office):
    """P14.1."""
    mail = sent(office, ADA, BEN)
    assert outbox.note_bounce(mail.pk, BEN.upper(), "5.1.1", "smtp; 550 user unknown", hard=True)
    assert steps(mail) == {ADA: "handed_over", BEN: "bounced"}
    assert OutgoingRecipient.objects.get(address=BEN).reply_text == "5.1.1 550 user unknown"
    kind, data = told()[-1]
    assert kind == "mail.bounced"
    assert data["recipients"] == [{"person": "uid-of-ben", "code": 0}]
    assert data["status"] == "5.1.1"


def test_what_came_back_shows_the_other_servers_words_once_and_not_our_own_servers_yes(office):
    """P5.1, P14.1"""
    mail = sent(office)
    assert outbox.note_bounce(mail.pk, ADA, "5.1.1", "smtp; 550 5.1.1 <ada@x>: unknown", hard=True)
    [row] = outbox.delivery_states([mail.entry])[mail.entry]
    assert (row.state, row.reply_code, row.reply_text) == ("bounced", 0, "550 5.1.1 <ada@x>: unknown")


def test_the_same_bounce_twice_tells_once(office):
    mail = sent(office)
    assert outbox.note_bounce(mail.pk, ADA, "5.1.1", "unknown", hard=True)
    assert not outbox.note_bounce(mail.pk, ADA, "5.1.1", "unknown", hard=True)
    assert not outbox.note_bounce(mail.pk, ADA, "4.0.0", "delayed", hard=False)
    assert kinds_told().count("mail.bounced") == 1


def test_a_delay_elsewhere_changes_only_the_state_and_sends_nothing_again(office):
    """P14.4."""
    office.recipients[BEN] = "450 later"
    mail = sent(office, ADA, BEN)
    assert outbox.note_bounce(mail.pk, ADA, "4.4.1", "still trying", hard=False)
    assert steps(mail) == {ADA: "delayed", BEN: "delayed"}
    office.recipients.clear()
    outbox.retry_now(mail)
    outbox.send_due()
    assert [one.recipients for one in office.received] == [[ADA], [BEN]]
    assert now_of(mail).state == "sent"


def test_a_bounce_from_a_forwarded_address_belongs_to_the_only_recipient(office):
    mail = sent(office)
    assert outbox.note_bounce(mail.pk, "ada@home.example", "5.2.2", "mailbox full", hard=True)
    assert steps(mail) == {ADA: "bounced"}


def test_a_bounce_that_names_nobody_of_several_is_recorded_once(office):
    mail = sent(office, ADA, BEN)
    assert outbox.note_bounce(mail.pk, "", "", "qmail: I'm afraid", hard=True)
    assert not outbox.note_bounce(mail.pk, "", "", "qmail: I'm afraid", hard=True)
    assert steps(mail) == {ADA: "handed_over", BEN: "handed_over"}
    assert kinds_told() == ["mail.handed_over", "mail.bounced"]
    assert not outbox.note_bounce(999_999, ADA, "5.1.1", "unknown", hard=True)


def test_a_bounce_of_a_mail_that_waits_for_another_try_ends_the_trying(office):
    office.to_data = ["keep and drop"]
    mail = sent(office)
    assert outbox.note_bounce(mail.pk, ADA, "5.1.1", "unknown", hard=True)
    outbox.retry_now(mail)
    outbox.send_due()
    assert len(office.received) == 1
    assert steps(mail) == {ADA: "bounced"}
    assert OutgoingMail.objects.waiting().count() == 0


def test_a_mail_without_stream_tells_nobody(office):
    before = Event.objects.count()
    sent(office, stream="", kind="alert")
    assert Event.objects.count() == before


# Encryption, login, secrets


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    return self_signed(tmp_path)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_letters_leave_encrypted_and_logged_in(settings, certificate, monkeypatch, security):
    trusted, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    # aiosmtpd knows no login over TLS from the first byte.
    user, password = ("desk", "geheim") if security == "starttls" else ("", "")
    with post_office(certificate=context, tls_at_once=security == "tls", password=password) as office:
        settings.HAUSPOST = replace(
            settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port, outgoing_security=security,
            outgoing_user=user, outgoing_password=password,
        )  # fmt: skip
        mail = queued()
        outbox.send_due()
        assert now_of(mail).last_error == ""
        assert now_of(mail).state == "sent"
        assert office.received[0].is_encrypted
        assert office.logins == ([(user, password)] if user else [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_trusts_stops_the_sending(settings, certificate, security):
    with post_office(certificate=certificate[1], tls_at_once=security == "tls") as office:
        settings.HAUSPOST = replace(
            settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port, outgoing_security=security
        )
        mail = queued()
        outbox.send_due()
        assert not office.received
    assert now_of(mail).state == "queued"
    assert "certificate that we do not trust" in now_of(mail).last_error


def test_where_encryption_is_wanted_and_not_offered_nothing_is_sent(settings):
    with post_office() as office:
        settings.HAUSPOST = replace(
            settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port, outgoing_security="starttls"
        )
        mail = queued()
        outbox.send_due()
        assert not office.received
    assert "no STARTTLS" in now_of(mail).last_error


def test_a_wrong_login_delays_everything_and_blames_no_recipient(settings, caplog):
    """S21: the password is in no error, log or record, even where the server says it aloud."""
    caplog.set_level(logging.DEBUG)
    with post_office(password="right") as office:
        settings.HAUSPOST = replace(
            settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port, outgoing_user="desk",
            outgoing_password="canary-Pa55",
        )  # fmt: skip
        mails = [queued(), queued()]
        outbox.send_due()
        assert len(set(office.logins)) == 1
        assert office.commands["MAIL"] == 0
    for mail in mails:
        assert now_of(mail).state == "queued"
        assert "outgoing_user and outgoing_password" in now_of(mail).last_error
    kept = "\n".join(
        [
            *OutgoingMail.objects.values_list("last_error", flat=True),
            *OutgoingRecipient.objects.values_list("reply_text", flat=True),
            *Event.objects.values_list("data", flat=True),
            *(content or "" for content in EventPart.objects.values_list("content", flat=True)),
            *(record.getMessage() for record in caplog.records if record.name.startswith("hauspost")),
        ]
    )
    assert "canary-Pa55" not in kept
    for spelling in ("canary-Pa55", "\0desk\0canary-Pa55"):
        assert base64.b64encode(spelling.encode()).decode() not in kept


def test_a_server_that_lets_nobody_sign_in_is_said_to_be_so_and_not_to_be_away(settings):
    """P31.2: it is reached; one sentence, with one full stop."""
    with post_office() as office:
        settings.HAUSPOST = replace(
            settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port, outgoing_user="desk",
            outgoing_password="canary-Pa55",
        )  # fmt: skip
        mail = queued()
        outbox.send_due()
        account = MailAccount(
            name="Relay", user="desk", smtp_host="127.0.0.1", smtp_port=office.port, smtp_security="none",
            created_at=NINE,
        )  # fmt: skip
        set_password(account, "canary-Pa55")
        account.save()
        found = check_smtp(account, ["it@lindner.example"], ADA)
    name = f"127.0.0.1:{office.port}"
    assert now_of(mail).last_error == (
        f"The mail server {name} offers no signing in with a password (SMTP AUTH); "
        "check outgoing_port and outgoing_security."
    )
    assert [one.words for one in found] == [
        f"{name} cannot be used: it offers no signing in with a password (SMTP AUTH); check port and encryption."
    ]
    assert MailAccount.objects.get().last_error == f"SMTP: {found[0].words}"


def test_a_server_that_wants_a_login_we_do_not_have_blames_no_recipient(settings):
    with post_office(password="right") as office:
        settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port)
        mail = queued()
        outbox.send_due()
    assert now_of(mail).state == "queued"
    assert "Check the login" in now_of(mail).last_error


def test_no_password_goes_over_an_open_connection(settings):
    settings.HAUSPOST = replace(
        settings.HAUSPOST, outgoing_host="192.0.2.1", outgoing_user="desk", outgoing_password="canary-Pa55"
    )
    mail = queued()
    outbox.send_due()
    assert "no password over an open connection" in now_of(mail).last_error


# Addresses with other letters


def test_an_address_with_umlauts_leaves_where_the_server_can(office):
    """RFC 6531."""
    mail = queued("jörg@müller.example")
    outbox.send_due()
    assert now_of(mail).state == "sent"
    assert office.received[0].recipients == ["jörg@müller.example"]


def test_where_the_server_cannot_the_mail_fails_with_words(settings):
    with post_office(utf8=False) as office:
        settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=office.port)
        impossible, possible = queued("jörg@müller.example"), queued("anna@müller.example")
        outbox.send_due()
        assert office.received[0].recipients == ["anna@xn--mller-kva.example"]
    assert now_of(impossible).state == "failed"
    assert "SMTPUTF8" in now_of(impossible).last_error
    assert now_of(possible).state == "sent"


# The local mailbox


@pytest.fixture
def maildir(settings, tmp_path):
    settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="", outgoing_maildir=tmp_path / "sent")
    return tmp_path / "sent"


def test_the_demo_delivers_into_a_local_mailbox(maildir):
    mail = queued(ADA, BEN)
    assert outbox.is_configured()
    outbox.send_due()
    (letter,) = mailbox.Maildir(maildir, create=False)
    assert letter["subject"] == "Your ticket"
    assert letter.get_all("delivered-to") == [ADA, BEN]
    assert now_of(mail).state == "sent"
    assert steps(mail) == {ADA: "handed_over", BEN: "handed_over"}
    assert [path.stat().st_mode & 0o777 for path in Path(maildir, "new").iterdir()] == [0o600]


def test_a_letter_is_in_the_local_mailbox_once_even_if_its_worker_was_killed(maildir, monkeypatch):
    with clock.standing_at(NINE):
        queued()
        with monkeypatch.context() as patch:
            patch.setattr(_dispatch, "_settle", lambda *_: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                outbox.send_due()
    (written,) = Path(maildir, "new").iterdir()
    written.rename(maildir / "cur" / f"{written.name}:2,S")
    with clock.standing_at(NINE + _dispatch.LEASE):
        assert outbox.send_due() == 1
    assert not list(Path(maildir, "new").iterdir())
    assert len(mailbox.Maildir(maildir, create=False)) == 1
    assert not OutgoingMail.objects.filter(perhaps_twice=True).exists()


def test_a_mailbox_that_cannot_be_written_delays_and_says_so(settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.HAUSPOST = replace(settings.HAUSPOST, outgoing_host="", outgoing_maildir=tmp_path / "file" / "box")
    mail = queued()
    outbox.send_due()
    assert now_of(mail).state == "queued"
    assert "cannot be written" in now_of(mail).last_error


# Forgetting a person


def test_what_was_mailed_to_a_person_can_be_forgotten(office):
    gone = sent(office, ADA, text="canary for ada\n")
    large = sent(office, ADA, files=[File("a.bin", "application/octet-stream", b"canary" * 20_000)])
    waiting = queued(ADA, not_before=clock.now() + timedelta(hours=1))
    other = sent(office, BEN)
    released = outbox.erase_letters("uid-of-ada")
    assert [blob.sha256 for blob in released] == [large.blob_sha256]
    assert not Use.objects.filter(owner=f"mail:{large.pk}").exists()
    for mail in (gone, large, waiting):
        assert now_of(mail).letter() == b""
        assert ADA not in steps(mail)
    assert now_of(waiting).state == "cancelled"
    assert now_of(other).letter()
    assert not outbox.retry_now(gone)
