"""The rules that every mail meets: own mail, duplicates, bounces, automatic answers, spam, floods; and no loops."""

from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from hauspost.duties.intake.models import Delivery
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import verp
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.models import Address
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

STRANGER = "eve@elsewhere.example"


@pytest.fixture
def leaving(settings: Any, tmp_path: Path) -> None:
    """Mail really leaves, into a local mailbox, without time to undo."""
    settings.HAUSPOST = replace(project.HAUSPOST, outgoing_maildir=tmp_path / "out", undo_seconds=0)


@pytest.fixture
def answered(desk: Desk, leaving: None) -> OutgoingMail:
    """A reply that closed its ticket and has left."""
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("anna"))
    tickets.reply(ticket, Writing(text="Done."), actor=desk.actor("anna"), status=status_of("closed"))
    desk.works()
    (mail,) = desk.sent("reply")
    assert mail.state == "sent"
    return mail


def ticket_of(mail: OutgoingMail) -> Ticket:
    return Ticket.objects.get(number=mail.about)


def report(about: OutgoingMail, *, action: str = "failed", status: str = "5.1.1", names: bool = True) -> bytes:
    """A delivery status mail as Postfix writes it (RFC 3464)."""
    address = about.recipients.get().address
    original = about.letter().partition(b"\r\n\r\n")[0].decode() if names else "Subject: something\r\n"
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: it@lindner.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <dsn-{about.id}-{status}-{action}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your mail to {address}.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user here

--b
Content-Type: message/rfc822-headers

{original}

--b--
""".replace("\r\n", "\n").encode()


def return_path(mail: OutgoingMail) -> str:
    return verp(mail.envelope_from, mail.id, tokens.ring())


# Own mail.


@pytest.mark.parametrize("to", ["it", "facilities", "hr"])
def test_a_mail_of_our_own_that_comes_back_is_logged_wherever_it_lands(desk: Desk, to: str) -> None:
    """P7.5."""
    desk.ticket("petra")
    (mail,) = desk.sent("acknowledgement")

    delivery = desk.receives(mail.letter(), to=to)

    assert delivery.disposition == "own"
    assert Ticket.objects.count() == 1


def test_it_is_known_again_when_a_server_has_given_it_another_message_id(desk: Desk) -> None:
    """P7.5: our second signed header."""
    desk.ticket("petra")
    raw = desk.sent("acknowledgement")[0].letter()
    rewritten = raw.replace(b"Message-ID: <", b"X-Original: <", 1).replace(b"Message-Id: <", b"X-Original: <", 1)

    delivery = desk.receives(b"Message-ID: <relay-17@relay.example>\r\n" + rewritten)

    assert message_from_bytes(rewritten)["Message-ID"] is None
    assert delivery.disposition == "own"


# Duplicates.


def test_the_same_mail_again_is_a_duplicate_that_names_its_twin(desk: Desk) -> None:
    """P12.1."""
    raw = desk.letter("petra")
    first, second = desk.receives(raw), desk.receives(b"Received: by another way\n" + raw)

    assert (second.disposition, second.ticket) == ("duplicate", first.ticket)
    assert second.detail == f"of delivery {first.id}"


def test_the_same_id_with_other_content_is_kept_and_marked(desk: Desk) -> None:
    """P12.4."""
    one, other = (desk.letter("petra", text=text, message_id="always@broken.example") for text in ("Fire", "Water"))
    first, second = desk.receives(one), desk.receives(other)

    assert (first.disposition, second.disposition) == ("ticket", "ticket")
    assert first.ticket != second.ticket
    assert second.detail == "same id, other content"


def test_a_machine_that_always_uses_one_id_has_its_copies_recognised(desk: Desk) -> None:
    """P12.1: also behind many different mails with this id."""
    mails = [desk.letter("petra", text=f"Alarm {n}", message_id="same@machine.example") for n in range(8)]
    for raw in mails:
        desk.receives(raw)

    assert desk.receives(mails[7]).disposition == "duplicate"
    assert Ticket.objects.count() == 8


def test_without_a_message_id_the_content_tells(desk: Desk) -> None:
    """P12.1."""
    raw = b"From: petra.lang@lindner.example\nTo: it@lindner.example\nSubject: Hello\nDate: %s\n\nHelp.\n"
    one, other = raw % b"Mon, 23 Nov 2026 10:00:00 +0000", raw % b"Mon, 23 Nov 2026 11:00:00 +0000"

    assert [desk.receives(mail).disposition for mail in (one, one, other)] == ["ticket", "duplicate", "ticket"]


# Bounces.


@pytest.mark.parametrize("by", ["return path", "Message-ID"])
def test_a_bounce_turns_the_recipients_state_reopens_and_tells_the_owner(
    desk: Desk, answered: OutgoingMail, by: str
) -> None:
    """P14.1."""
    notices = len(desk.sent("notice"))
    raw = report(answered, names=by == "Message-ID")

    delivery = desk.receives(raw, to=return_path(answered) if by == "return path" else "it", mail_from="")

    recipient = answered.recipients.get()
    assert (delivery.disposition, delivery.ticket) == ("bounce", answered.about)
    assert recipient.state == "bounced"
    assert "no such user here" in recipient.reply_text
    assert ticket_of(answered).is_open
    assert ticket_of(answered).awaits_reply
    told = desk.sent("notice")[notices:]
    assert [mail.person_uid for mail in told] == [str(desk.person("anna").uid)]
    assert Ticket.objects.count() == 1


def test_a_delay_changes_nothing_but_the_messages_state(desk: Desk, answered: OutgoingMail) -> None:
    """P14.4."""
    before, notices = ticket_of(answered), len(desk.sent("notice"))

    desk.receives(report(answered, action="delayed", status="4.4.1"), to=return_path(answered), mail_from="")

    assert answered.recipients.get().state == "delayed"
    assert (ticket_of(answered).state, ticket_of(answered).version) == (before.state, before.version)
    assert len(desk.sent("notice")) == notices


@pytest.mark.parametrize("action", ["delivered", "relayed"])
def test_a_report_of_success_changes_nothing(desk: Desk, answered: OutgoingMail, action: str) -> None:
    """P14: somebody's server says that the mail arrived."""
    before, state = ticket_of(answered), answered.recipients.get().state

    desk.receives(report(answered, action=action, status="2.0.0"), to=return_path(answered), mail_from="")

    assert answered.recipients.get().state == state
    assert (ticket_of(answered).state, ticket_of(answered).version) == (before.state, before.version)


def test_a_bounce_that_comes_twice_reopens_once(desk: Desk, answered: OutgoingMail) -> None:
    desk.receives(report(answered), to=return_path(answered), mail_from="")
    tickets.set_status(answered.about, status_of("closed"), actor=desk.actor("anna"))

    desk.receives(report(answered, status="5.1.2"), to=return_path(answered), mail_from="")

    assert not ticket_of(answered).is_open


def test_bounced_notices_never_touch_the_ticket_and_flag_the_agents_address(desk: Desk, leaving: None) -> None:
    """P14.2: after three."""
    ticket = desk.ticket("petra")
    for _time in range(3):
        tickets.assign(ticket, None, actor=desk.actor("deniz"))
        tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
        desk.works()
        notice = [mail for mail in desk.sent("notice") if mail.person_uid == str(desk.person("anna").uid)][-1]
        before = Ticket.objects.get(number=ticket.number)
        desk.receives(report(notice), to=return_path(notice), mail_from="")
        after = Ticket.objects.get(number=ticket.number)
        assert (after.state, after.version, after.changed_at) == (before.state, before.version, before.changed_at)

    assert Address.objects.get(address=desk.address("anna")).bounces == 3


def test_a_full_mailbox_is_no_dead_address(desk: Desk, leaving: None) -> None:
    """P14.2: the notice has not arrived, but there is somebody."""
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    notice = [mail for mail in desk.sent("notice") if mail.person_uid == str(desk.person("anna").uid)][-1]
    desk.receives(report(notice, status="5.2.2"), to=return_path(notice), mail_from="")
    assert notice.recipients.get().state == "bounced"
    assert Address.objects.get(address=desk.address("anna")).bounces == 0


@pytest.mark.parametrize(
    ("sender", "subject"),
    [("MAILER-DAEMON@qmail.example", "failure notice"), ("postmaster@exchange.example", "Undeliverable: Re: Printer")],
)
def test_a_bounce_without_a_report_is_kept_off_the_tickets(desk: Desk, sender: str, subject: str) -> None:
    """P14.3."""
    text = "Hi. This is the qmail-send program.\n<petra@elsewhere.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n"

    delivery = desk.receives(desk.letter(sender, subject=subject, text=text), mail_from="")

    assert delivery.disposition == "bounce"
    assert Ticket.objects.count() == 0


def test_somebody_elses_bounce_changes_no_mail_of_ours(desk: Desk, answered: OutgoingMail) -> None:
    """A forged return path names nothing."""
    forged = return_path(answered).replace("+", "+a", 1)

    desk.receives(report(answered, names=False), to=forged, mail_from="")

    assert answered.recipients.get().state == "handed_over"


# Automatic mail, spam.


@pytest.mark.parametrize(
    "headers", [{"Auto-Submitted": "auto-replied"}, {"X-Autoreply": "yes"}, {"Precedence": "auto_reply"}], ids=str
)
def test_an_automatic_answer_to_nothing_opens_nothing(desk: Desk, headers: dict[str, str]) -> None:
    """P13.1."""
    assert desk.receives(desk.letter("petra", headers=headers)).disposition == "automatic"
    assert Ticket.objects.count() == 0


QUIET: list[tuple[str, dict[str, str], str | None]] = [
    ("petra", {"Auto-Submitted": "auto-generated"}, None),
    ("petra", {"List-Id": "<all.lindner.example>"}, None),
    ("petra", {"List-Unsubscribe": "<mailto:off@lindner.example>"}, None),
    ("petra", {"Precedence": "bulk"}, None),
    ("petra", {"Precedence": "junk"}, None),
    ("petra", {"X-Auto-Response-Suppress": "All"}, None),
    ("petra", {"Return-Path": "<>"}, None),
    ("petra", {}, ""),
    ("no-reply@lindner.example", {}, None),
    ("noreply@monitor.example", {}, None),
    ("do-not-reply@monitor.example", {}, None),
    ("petra", {"Authentication-Results": "mx.lindner.example; spf=fail; dkim=none; dmarc=fail"}, None),
]


@pytest.mark.parametrize(("sender", "headers", "mail_from"), QUIET, ids=str)
def test_machines_and_failed_checks_open_a_ticket_but_get_no_answer(
    desk: Desk, settings: Any, sender: str, headers: dict[str, str], mail_from: str | None
) -> None:
    """P7.2; P7.8: an alarm is a ticket all the same."""
    settings.HAUSPOST = replace(project.HAUSPOST, auth_serv_id="mx.lindner.example")

    delivery = desk.receives(desk.letter(sender, headers=headers), mail_from=mail_from)

    assert delivery.disposition == "ticket"
    assert desk.sent("acknowledgement") == []


def test_marked_spam_is_kept_aside_unanswered(desk: Desk) -> None:
    """P35.2, P7.2."""
    delivery = desk.receives(desk.letter(STRANGER, headers={"X-Spam-Flag": "YES"}))

    assert delivery.disposition == "spam"
    assert desk.sent() == []
    assert not Address.objects.filter(address=STRANGER).exists()


# Loops and floods.


def test_one_sender_is_acknowledged_once_a_day_and_mailbox(desk: Desk) -> None:
    """P7.3."""
    desk.ticket("petra", subject="One")
    desk.ticket("petra", subject="Two")
    assert len(desk.sent("acknowledgement")) == 1

    desk.ticket("petra", subject="Three", to="facilities")
    desk.ticket("marta", subject="Four")
    assert len(desk.sent("acknowledgement")) == 3

    with desk.later(hours=25):
        desk.ticket("petra", subject="Five")
    assert len(desk.sent("acknowledgement")) == 4


def plain(number: int) -> dict[str, Any]:
    return {"sender": STRANGER}


def naming_a_foreign_ticket(number: int) -> dict[str, Any]:
    return {"sender": STRANGER, "subject": f"[#1] hello {number}"}


@pytest.mark.parametrize("mail", [plain, naming_a_foreign_ticket])
def test_more_than_twenty_tickets_an_hour_become_one(desk: Desk, mail: Any) -> None:
    """P7.3: then one flood ticket, further mails in it."""
    desk.ticket("petra")

    arrived = [desk.receives(desk.letter(text=f"Text {n}", **mail(n))) for n in range(25)]

    assert [one.disposition for one in arrived] == ["ticket"] * 20 + ["flood"] * 5
    assert len({one.ticket for one in arrived[20:]}) == 1
    assert Ticket.objects.count() == 22
    flood = Ticket.objects.get(number=arrived[24].ticket)
    assert STRANGER in flood.subject
    assert flood.entries.count() == 5


def test_senders_without_an_address_are_one_flood_too(desk: Desk) -> None:
    """P7.3: leaving From out is no way around."""
    arrived = [desk.receives(f"To: it@lindner.example\nSubject: {n}\n\nText {n}\n".encode()) for n in range(23)]

    assert [one.disposition for one in arrived].count("flood") == 3


def test_after_an_hour_the_flood_is_over(desk: Desk) -> None:
    for number in range(21):
        desk.receives(desk.letter(STRANGER, text=f"Text {number}"))

    with desk.later(minutes=61):
        assert desk.receives(desk.letter(STRANGER, text="Later")).disposition == "ticket"


def test_two_helpdesks_without_headers_between_them_do_not_talk_for_ever(desk: Desk) -> None:
    """P7.4: at most two automatic mails in an hour, though a relay strips everything."""
    desk.receives(desk.letter("service@other.example", subject="Ticket 900: we have received your mail"))
    seen = 0
    for minute in range(1, 60):
        mails = [mail for mail in desk.sent() if "service@other.example" in {r.address for r in mail.recipients.all()}]
        if len(mails) == seen:
            break
        seen = len(mails)
        subject = message_from_bytes(mails[-1].letter())["Subject"]
        with desk.later(minutes=minute):
            desk.receives(desk.letter("service@other.example", subject=f"Ticket {900 + minute}: {subject}"))

    assert seen <= 2
    assert Delivery.objects.filter(disposition="quarantine").count() == 0
