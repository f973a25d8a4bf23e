"""Reading returned mail: who was not reached, why, whether the address is wrong, and what is no returned mail at all."""

import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hauspost.ground.mail.letter import Letter, read_letter

REPORTS: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent.parent / "letters" / "bounces.toml").read_text(encoding="utf-8")
)


def mail(text: str) -> Letter:
    return read_letter(text.lstrip("\n").encode())


def told(letter: Letter) -> list[str]:
    """The recipients as the table writes them."""
    return [
        f"{one.recipient} {one.action} {one.status or '-'} {one.reason or '-'}{' hard' * one.is_hard}"
        for one in letter.bounces
    ]


class TestReports:
    @pytest.mark.parametrize("name", sorted(REPORTS))
    def test_a_report_is_read_as_the_table_says(self, name: str):
        """P14.1, P14.3, P14.4: whoever wrote it, and whether it is a proper report or words alone."""
        report = REPORTS[name]
        letter = mail(report["raw"])
        assert told(letter) == report["told"]
        assert letter.is_dsn
        assert letter.is_bounce == any(" failed " in line for line in report["told"])
        assert letter.is_automatic
        assert not letter.is_automatic_reply
        assert letter.bounce_of == report.get("of", "")

    @pytest.mark.parametrize("name", sorted(REPORTS))
    def test_neither_line_ends_nor_names_of_people_and_hosts_speak_for_a_server(self, name: str):
        """ "spam-quota@unknown.example" is an address and no reason."""
        raw = (
            REPORTS[name]["raw"].replace("weg@", "spam-quota-policy@").replace("kunde.example", "unknown-host.example")
        )
        expected = [
            line.replace("weg@", "spam-quota-policy@").replace("kunde.example", "unknown-host.example")
            for line in REPORTS[name]["told"]
        ]
        assert told(mail(raw.lstrip("\n").replace("\n", "\r\n"))) == expected

    def test_a_daemons_mail_that_names_nobody_is_a_report_all_the_same(self):
        """P14.3: it becomes no ticket."""
        letter = mail("From: MAILER-DAEMON@x.example\nSubject: Undelivered mail\n\nSomething went wrong.")
        assert (letter.is_dsn, letter.is_bounce, letter.bounces) == (True, False, ())

    def test_the_time_a_report_takes_grows_with_its_recipients_and_not_with_their_square(self):
        """P14, S19: a storm of bounces stays linear."""
        assert seconds_for(400) < 12 * seconds_for(100)

    @pytest.mark.parametrize("junk", ["a@b ", "mailbox ", "550-5.1.1 ", "address could ", "<"])
    def test_no_report_is_long_to_read(self, junk: str):
        """S19: everything is looked at in bounded pieces."""
        start = "From: MAILER-DAEMON@x.example\nSubject: Undelivered mail\n\n"
        short, long = start + junk * 2000, start + junk * 16_000
        assert spent(long) < 30 * spent(short) + 0.5


def spent(text: str) -> float:
    raw = text.encode()
    start = time.process_time()
    read_letter(raw)
    return time.process_time() - start


def seconds_for(recipients: int) -> float:
    text = REPORTS["postfix"]["raw"].lstrip("\n")
    head, block, _ = re.split(r"(?s)(Final-Recipient.*?\n\n)", text, maxsplit=1)
    blocks = "".join(block.replace("niemand@", f"n{number}@") for number in range(recipients))
    return min(spent(f"{head}{blocks}--A1.1/mail--\n") for _ in range(2))


class TestReasons:
    """May we write to this address again? Only a wrong address is hard."""

    @pytest.mark.parametrize(
        ("status", "reply", "reason"),
        [
            ("5.1.1", "550 5.1.1 <x@kunde.example> User unknown", "unknown_user hard"),
            ("5.0.0", "550 No such user <x@kunde.example>", "unknown_user hard"),
            (
                "5.0.0",
                "550 <x@kunde.example>: Recipient address rejected: User unknown in local table",
                "unknown_user hard",
            ),
            ("5.0.0", "554 delivery error: This user doesn't have a kunde.example account", "unknown_user hard"),
            ("4.1.1", "450 4.1.1 <x@kunde.example>: Recipient address rejected: User unknown", "unknown_user hard"),
            ("5.1.6", "551 not our customer", "moved hard"),
            ("5.4.4", "Name service error for name=kunde.example type=A: Host not found", "unknown_host hard"),
            ("5.3.2", "521 5.3.2 Host does not accept mail", "no_mail hard"),
            ("5.1.10", "556 5.1.10 Domain returned null MX", "unknown_user hard"),
            ("4.0.0", "DNS Error: domain name not found", "unknown_host"),
            ("5.4.4", "Name service error for name=kunde.example type=MX: Host not found, try again", "network"),
            ("5.2.2", "552 5.2.2 Over quota", "full"),
            ("5.1.1", "552 5.2.2 mailbox is full", "full"),
            ("5.1.1", "550 5.1.1 mail box x is over quota temporarily", "full"),
            ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "disabled"),
            ("5.0.0", "550 Mailbox is frozen", "disabled"),
            ("5.2.3", "552 5.2.3 Message size exceeds fixed maximum message size (10485760)", "too_big"),
            ("5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.dnsbl.example", "spam"),
            ("5.7.1", "550 5.7.1 Message content rejected, UBE", "spam"),
            ("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated", "authentication"),
            ("5.7.1", "550 5.7.1 rejected due to the DMARC policy of desk.example", "authentication"),
            ("5.1.8", "553 5.1.8 Domain of sender address it@desk.example does not exist", "sender"),
            ("5.0.0", "550-Verification failed for <it@desk.example> 550 Sender verify failed: no such user", "sender"),
            ("5.7.1", "550 5.7.1 Relaying denied", "policy"),
            ("5.7.1", "550 5.7.133 Sender not authenticated for group; only members may post", "authentication"),
            ("4.7.0", "421 4.7.0 Try again later, rate limit exceeded", "rate"),
            ("5.1.1", "550 5.1.1 <x@kunde.example> has sent to too many recipients this hour", "rate"),
            ("5.1.1", "550 5.1.1 Refused due to recipient preferences", "filtered"),
            ("5.4.6", "554 5.4.6 Too many hops", "network"),
            ("4.3.0", "451 4.3.0 queue file write error", "system"),
        ],
    )
    def test_a_reply_gives_its_reason(self, status: str, reply: str, reason: str):
        (line,) = told(report(f"Action: failed\nStatus: {status}\nDiagnostic-Code: smtp; {reply}"))
        assert line.partition(" failed ")[2].partition(" ")[2] == reason

    def test_a_reply_within_a_reply_has_the_last_word(self):
        fields = "Action: failed\nStatus: 5.1.0\nDiagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.2.2 full'"
        assert told(report(fields)) == ["x@kunde.example failed 5.2.2 full"]

    def test_a_report_without_a_status_gets_the_one_that_fits(self):
        assert told(report("Action: failed\nDiagnostic-Code: smtp; 552 mailbox full")) == [
            "x@kunde.example failed 5.2.2 full"
        ]

    def test_given_up_is_not_refused(self):
        """P14.4: the address may be right."""
        fields = "Action: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 426 connection timed out"
        assert told(report(fields)) == ["x@kunde.example expired 4.4.7 expired"]


def report(fields: str) -> Letter:
    return mail(
        "From: MAILER-DAEMON@gate.example\nSubject: Undelivered mail\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; gate.example\n\n"
        f"Final-Recipient: rfc822; x@kunde.example\n{fields}\n--b--\n"
    )


class TestWhichLetter:
    """P14.1: which of our letters came back."""

    @pytest.mark.parametrize(
        "told",
        [
            "Content-Type: message/rfc822\n\nMessage-ID: <t1.r1@desk.example>\n\nx",
            "Content-Type: text/rfc822-headers\n\nTo: a@kunde.example\nMessage-Id: <t1.r1@desk.example>",
            "Content-Type: text/plain\n\n  Message-id: <t1.r1@desk.example>\n  Date: today",
            "Content-Type: text/plain\n\n> Message-ID:\n>  <t1.r1@desk.example>".replace("\n>  <", "\n <"),
        ],
    )
    def test_it_is_named_by_what_came_with_the_report(self, told: str):
        head = "From: MAILER-DAEMON@x.example\nSubject: Undelivered\nMessage-ID: <own@x.example>\n"
        report = "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@kunde.example\nAction: failed"
        letter = mail(f"{head}Content-Type: multipart/mixed; boundary=b\n\n--b\n{report}\n--b\n{told}\n--b--\n")
        assert letter.bounce_of == "t1.r1@desk.example"

    def test_else_by_what_the_report_answers(self):
        letter = mail(
            "From: MAILER-DAEMON@x.example\nSubject: Undelivered\nMessage-ID: <own@x.example>\n"
            "In-Reply-To: <t1.r1@desk.example>\n\n<a@kunde.example>: 550 5.1.1 User unknown"
        )
        assert letter.bounce_of == "t1.r1@desk.example"


class TestPeople:
    """Who asks about a returned mail, or passes it on, has not returned one: it must reach the desk (P14.3)."""

    RETURNED = REPORTS["postfix"]["raw"].lstrip("\n")

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Fehler: Mail an lena@kunde.example", "Meine Mail an lena@kunde.example kommt zurück: 550 5.1.1 unknown."),
            ("Mail could not be delivered", "I get this for lena@kunde.example:\n550 5.1.1 User unknown\nPlease help."),
            ("Delivery problem", "lena@kunde.example says that our parcel could not be delivered."),
            (
                "WG: Undelivered Mail Returned to Sender",
                "Was ist da los?\n\n<lena@kunde.example>: host said: 550 5.1.1",
            ),
            ("Druckfehler", "Bitte an amt@kunde.example melden, ich konnte nicht drucken."),
        ],
    )
    def test_a_persons_mail_about_it_is_none(self, subject: str, text: str):
        letter = mail(f"From: Ada Amtmann <ada.mtamm@desk.example>\nX-Mailer: Notes\nSubject: {subject}\n\n{text}\n")
        assert (letter.is_dsn, letter.is_bounce, letter.is_automatic) == (False, False, False)

    @pytest.mark.parametrize("sender", ["no-reply@monitor.example", "postmaster@desk.example", "root@db1.desk.example"])
    def test_an_alarm_that_names_somebody_is_none(self, sender: str):
        """P7.8: it may become a ticket."""
        letter = mail(f"From: {sender}\nSubject: Error: backup failed\n\nBackup of db1 failed, ask ben@desk.example.")
        assert (letter.is_dsn, letter.is_automatic, letter.is_automatic_reply) == (False, True, False)

    def test_a_report_passed_on_as_a_file_is_none(self):
        letter = mail(
            "From: Ada <ada@desk.example>\nSubject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; boundary=out\n\n"
            f"--out\n\nWas ist das?\n--out\nContent-Type: message/rfc822\n\n{self.RETURNED}\n--out--\n"
        )
        assert (letter.is_dsn, letter.is_automatic) == (False, False)
        assert letter.attachments[0].content_type == "message/rfc822"

    def test_the_parts_of_a_report_passed_on_are_none(self):
        body = self.RETURNED.partition("\n\n")[2]
        letter = mail(
            "From: Ada <ada@desk.example>\nUser-Agent: Mozilla Thunderbird\nSubject: Fwd: Undelivered Mail\n"
            f'Content-Type: multipart/mixed; boundary="A1.1/mail"\n\n{body}'
        )
        assert (letter.is_dsn, letter.is_automatic) == (False, False)

    @pytest.mark.parametrize(
        "subject", ["Abwesend: Drucker", "Automatic reply: Delivery problem", "Auto: Fehler im SAP"]
    )
    def test_an_absence_that_names_a_deputy_is_none(self, subject: str):
        """P13.1: also with the null path that vacation programs use, whatever it answers."""
        letter = mail(
            f"Return-Path: <>\nFrom: Ada <ada@kunde.example>\nAuto-Submitted: auto-replied\nSubject: {subject}\n\n"
            "Ich bin im Urlaub und kann nicht antworten. Bei Problemen wenden Sie sich an ben@kunde.example."
        )
        assert (letter.is_dsn, letter.is_automatic_reply) == (False, True)


class TestComplaints:
    """Somebody called a mail of ours spam: no bounce, and no ticket."""

    def test_a_feedback_report_is_known_by_its_type_or_its_part(self):
        head = "From: abuse@provider.example\nSubject: FW: Newsletter\nContent-Type: multipart/"
        part = "\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n--b--\n"
        for kind in ("report; report-type=feedback-report; boundary=b", "mixed; boundary=b"):
            letter = mail(f"{head}{kind}\n\n--b\n\nAn abuse report.{part}")
            assert (letter.is_feedback_report, letter.is_dsn, letter.is_automatic) == (True, False, True)

    def test_a_complaint_that_is_only_the_mail_itself(self):
        letter = mail(
            "From: staff@provider.example\nSubject: complaint about message from 192.0.2.7\n"
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
            "X-HmXmrOriginalRecipient: lena@provider.example\nMessage-ID: <t9.r1@desk.example>\n\nHallo\n--b--\n"
        )
        assert (letter.is_feedback_report, letter.bounce_of) == (True, "t9.r1@desk.example")


class TestNoticesForPrograms:
    """Amazon writes JSON."""

    def notice(self, **fields: Any) -> Letter:
        return mail(
            "From: Mail <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\n\n"
            + json.dumps({"Type": "Notification", "Message": json.dumps(fields)})
        )

    def test_a_complaint_is_a_feedback_report(self):
        letter = self.notice(
            notificationType="Complaint", complaint={"complainedRecipients": [{"emailAddress": "a@kunde.example"}]}
        )
        assert (letter.is_feedback_report, letter.is_bounce, letter.bounces) == (True, False, ())

    def test_a_delivery_is_no_bounce(self):
        letter = self.notice(
            notificationType="Delivery",
            delivery={"recipients": ["a@kunde.example"], "smtpResponse": "250 2.6.0 queued"},
        )
        assert (letter.is_dsn, letter.is_bounce) == (True, False)
        assert [one.action for one in letter.bounces] == ["delivered"]

    def test_a_torn_notice_still_names_whom(self):
        torn = '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"a@kunde.example","status":"5.1.1"}],'
        letter = mail(f"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{torn}")
        assert [(one.recipient, one.is_hard) for one in letter.bounces] == [("a@kunde.example", True)]
