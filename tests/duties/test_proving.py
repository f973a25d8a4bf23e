"""Who really wrote it: whose word counts, what may be done by it, and what the entry tells (S7, P36.1)."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from ipaddress import ip_network
from itertools import count

import pytest

from hauspost.doors.desk.told import dates_of, marks_of
from hauspost.duties.intake import proving
from hauspost.duties.intake.actions import Envelope, keep
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.config import LOOPBACK
from hauspost.ground.mail import senders
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.senders import Findings
from hauspost.records.people.models import Address, Mailbox
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.actions.erasing import forget_writings
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import browser
from tests.ground.test_exchange_online import FOUND, INSIDE
from tests.ground.test_exchange_online import mail as at_microsoft

OURS = "mx.lindner.example"
_uids = count(1)
INVITATION = """BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:visit-7@lindner.example\r\nSUMMARY:Toner change\r\nDTSTART:20261201T090000Z\r\n\
DTEND:20261201T093000Z\r\nLOCATION:Gate 3\r\nORGANIZER;CN=Petra Lang:mailto:petra.lang@lindner.example\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"""


@pytest.fixture
def behind_a_server(settings):  # type: ignore[no-untyped-def]
    """A desk whose mail server writes Authentication-Results, and vouches for nobody by where mail comes from."""
    settings.HAUSPOST = replace(settings.HAUSPOST, auth_serv_id=OURS)


def evidence(desk: Desk, results: str, **more: str) -> dict[str, object]:
    raw = desk.letter("petra", headers={"Authentication-Results": results, **more})
    return Entry.objects.get(id=desk.receives(raw, trusted=False).entry).evidence


def test_our_servers_word_stands_on_the_entry(desk: Desk, behind_a_server: None) -> None:
    """S7"""
    found = evidence(desk, f"{OURS}; spf=pass smtp.mailfrom=x; dkim=fail (bad); dkim=pass header.d=x; dmarc=pass")
    assert found == {"spf": "pass", "dkim": "pass", "dmarc": "pass", "by": OURS}
    [mark] = marks_of(found)
    assert (mark.colour, mark.words) == ("green", "Sender confirmed")
    assert mark.more == f"SPF passed, DKIM passed, DMARC passed ({OURS})"
    assert marks_of({"dkim": "policy", "auth": "pass", "by": "us"})[0].more == (
        "DKIM does not count, signed in at the mail server: passed (checked here)"
    )


@pytest.mark.parametrize("results", ["mx.evil.example; dmarc=pass", "", f"{OURS}.evil; dmarc=pass"])
def test_anybody_elses_word_counts_for_nothing(desk: Desk, behind_a_server: None, results: str) -> None:
    """S7"""
    assert evidence(desk, results) == {}


def test_a_forged_header_below_our_own_is_not_read(desk: Desk, behind_a_server: None) -> None:
    """S7: only the topmost."""
    raw = desk.letter("petra", headers={"Authentication-Results": f"{OURS}; dmarc=fail"})
    raw = raw.replace(
        b"Authentication-Results", f"Authentication-Results: {OURS}; dmarc=none\nAuthentication-Results".encode(), 1
    )
    assert Entry.objects.get(id=desk.receives(raw, trusted=False).entry).evidence["dmarc"] == "none"


def test_what_comes_straight_from_outside_is_checked_here(
    desk: Desk, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S7: by SPF, DKIM and DMARC of our own, and only where the settings say so."""
    asked = []

    def check(raw: bytes, **about: str) -> Findings:
        asked.append((raw[:5], about))
        return Findings("fail", "none", "fail", "lindner.example", False)

    monkeypatch.setattr(proving, "check_sender", check)
    assert Entry.objects.get(id=desk.receives(desk.letter("petra"), trusted=False).entry).evidence == {}
    settings.HAUSPOST = replace(settings.HAUSPOST, check_senders=True)  # type: ignore[attr-defined]
    delivery = desk.receives(desk.letter("petra", subject="Another"), trusted=False)
    found = Entry.objects.get(id=delivery.entry).evidence
    assert found == {"spf": "fail", "dkim": "none", "dmarc": "fail", "by": "us"}
    assert asked == [
        (b"From:", {"header_from": desk.address("petra"), "mail_from": "somebody@mail.example", "peer": "127.0.0.1"})
    ]
    assert desk.receives(desk.letter("petra", subject="Third")).entry and len(asked) == 1
    assert marks_of(found)[0].words == "Sender possibly forged"
    assert senders.can_check()


def test_a_forged_sender_hears_nothing_from_us(desk: Desk, behind_a_server: None) -> None:
    """S7, P7.2"""
    evidence(desk, f"{OURS}; spf=fail; dkim=none; dmarc=fail")
    assert desk.sent("acknowledgement") == []


def invitation(desk: Desk, sender: str = "petra", method: str = "REQUEST", more: str = "") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address(sender), desk.address("it"), "Toner change"
    mail["Message-ID"] = f"<{method}.{sender}@calendar.example>"
    mail.set_content("See the invitation.")
    mail.add_alternative(
        INVITATION.format(method=method, more=more).encode(), "text", "calendar", params={"method": method}
    )
    return mail.as_bytes()


def test_an_invitation_shows_when_and_where_in_the_readers_zone(desk: Desk) -> None:
    """P22.6: title, time, place and organiser stand on the entry."""
    number = desk.receives(invitation(desk)).ticket
    [date] = dates_of(Entry.objects.get(ticket=number).evidence)
    assert (date.title, date.place, date.organiser, date.kind) == ("Toner change", "Gate 3", "Petra Lang", "Invitation")
    page = browser(desk, "anna").get(f"/desk/tickets/{number}").content.decode()
    assert "Toner change" in page and "Gate 3" in page and "10:00" in page


def test_the_answer_to_an_invitation_joins_its_ticket(desk: Desk) -> None:
    """P22.6: by the invitation's UID, whatever the mail's own ids are."""
    number = desk.receives(invitation(desk)).ticket
    more = "ATTENDEE;PARTSTAT=DECLINED:mailto:petra.lang@lindner.example\r\n"
    answer = desk.receives(invitation(desk, method="REPLY", more=more))
    assert (answer.disposition, answer.because, answer.ticket) == ("answer", "invitation", number)
    [date] = dates_of(Entry.objects.get(id=answer.entry).evidence)
    assert date.kind == "Answer to an invitation" and "declines" in date.answers
    gone = desk.receives(invitation(desk, method="CANCEL"))
    assert gone.ticket == number and dates_of(Entry.objects.get(id=gone.entry).evidence)[0].is_cancelled


def test_a_strangers_answer_opens_its_own_ticket(desk: Desk) -> None:
    """P8.2, S8: a UID can be guessed."""
    number = desk.receives(invitation(desk)).ticket
    assert desk.receives(invitation(desk, "wolfgang", "REPLY")).ticket != number


def test_a_mail_over_its_mailboxs_limit_is_a_ticket_without_its_files(desk: Desk) -> None:
    """P36.1: never skipped silently; the original has everything."""
    Mailbox.objects.update(size_limit_bytes=20_000)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address("petra"), desk.address("it"), "Big"
    mail.set_content("Look at the scan.")
    mail.add_attachment(b"x" * 30_000, "application", "pdf", filename="scan.pdf")
    delivery = desk.receives(mail.as_bytes())
    entry = Entry.objects.get(id=delivery.entry)
    assert (delivery.disposition, entry.attachments.count()) == ("ticket", 0)
    assert "Look at the scan." in entry.text
    [mark] = marks_of({"too_big": entry.evidence["too_big"]})
    assert "only in the original mail" in mark.words
    assert "too big" not in desk.sent("acknowledgement")[0].letter().decode()


def _with_a_scan(desk: Desk, who: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address(who), desk.address("it"), "Big"
    mail.set_content("Look at the scan.")
    mail.add_attachment(b"x" * 3_000, "application", "pdf", filename="scan.pdf")
    return mail.as_bytes()


def test_where_the_mailbox_says_so_its_sender_is_told(desk: Desk) -> None:
    """P36.1: in one mail, which is the acknowledgement as well; and nobody who is not proven."""
    Mailbox.objects.update(size_limit_bytes=2_000, answers_too_big=True)
    desk.receives(_with_a_scan(desk, "petra"))
    [mail] = desk.sent("acknowledgement")
    letter = read_letter(mail.letter())
    assert "too big" in letter.subject or "zu groß" in letter.subject
    desk.receives(_with_a_scan(desk, "marta"), trusted=False)
    assert "too big" not in desk.sent("acknowledgement")[-1].letter().decode()


def test_nobody_is_told_that_files_are_missing_where_there_were_none(desk: Desk) -> None:
    """P36.1: of a long text nothing is missing."""
    Mailbox.objects.update(size_limit_bytes=2_000, answers_too_big=True)
    delivery = desk.receives(desk.letter("petra", text="x" * 3_000))
    [mail] = desk.sent("acknowledgement")
    assert "too big" not in (subject := read_letter(mail.letter()).subject) and "zu groß" not in subject
    assert "too_big" not in Entry.objects.get(id=delivery.entry).evidence


def test_what_the_mail_told_goes_with_its_person(desk: Desk) -> None:
    """P41.2"""
    desk.receives(invitation(desk))
    forget_writings(desk.person("petra"))
    assert not Entry.objects.exclude(evidence={}).exists()


def test_an_answer_waits_as_long_as_its_ticket_does(desk: Desk) -> None:
    """P13.3: after the grace time an answer opens a successor, an invitation's too."""
    number = desk.receives(invitation(desk)).ticket
    ticket = Ticket.objects.get(number=number)
    tickets.reply(ticket, Writing(text="Done."), actor=desk.actor("anna"))
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    with desk.later(days=timedelta(days=30).days):
        assert desk.receives(invitation(desk, method="REPLY")).ticket != number


def test_a_sender_who_only_looks_like_somebody_is_seen_through(desk: Desk) -> None:
    """S26: beside the entry, in words."""
    letter = desk.letter(f'"{desk.address("petra")}" <x@evil.example>', subject="Urgent payment")
    entry = Entry.objects.get(id=desk.receives(letter, trusted=False).entry)
    assert entry.evidence["pretences"] == [["other_address", desk.address("petra")]]
    marks = marks_of(entry.evidence)
    assert ("red", f"The sender's name shows another address: {desk.address('petra')}") in [
        (mark.colour, mark.words) for mark in marks
    ]


def fetched(desk: Desk, account: MailAccount, raw: bytes) -> Delivery:
    """Mail from a mail server's folder, as fetching keeps it."""
    names = f"imap:{account.pk}:it@{account.imap_host}:INBOX:1:{next(_uids)}"
    envelope = Envelope(
        raw=raw, size_bytes=len(raw), mail_from="evil@evil.example", recipients=(desk.address("it"),), via="imap",
        source="imap INBOX", transaction=names, is_trusted_relay=False, received_at=clock.now(),
    )  # fmt: skip
    [number] = keep([envelope])
    desk.works()
    return Delivery.objects.get(id=number)


def test_a_mail_server_that_vouches_for_nobody_carries_no_forged_word(desk: Desk, behind_a_server: None) -> None:
    """S7: a provider that writes no such header leaves the sender's own on top, under whatever name he likes."""
    account = MailAccount.objects.create(name="Post", imap_host="imap.firma.example", user="it", created_at=clock.now())
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    answered = {"In-Reply-To": f"<{desk.sent('notice')[-1].message_id}>"}

    def word(of: str) -> bytes:
        return desk.letter("anna", text="Pay me.", headers={**answered, "Authentication-Results": f"{of}; dmarc=pass"})

    assert fetched(desk, account, word(OURS)).disposition != "reply"
    account.auth_serv_id = "mx.provider.example"
    account.save()
    assert fetched(desk, account, word(OURS)).disposition != "reply"
    said = fetched(desk, account, word("mx.provider.example"))
    assert (said.disposition, said.ticket) == ("reply", ticket.number)


@pytest.mark.parametrize(
    ("via", "source", "trusted", "believed"),
    [
        ("smtp", "203.0.113.9", False, False),
        ("lmtp", "203.0.113.9", False, False),
        ("smtp", "10.0.0.9", False, True),
        ("smtp", "127.0.0.1", False, True),
        ("lmtp", "127.0.0.1", False, True),
        ("smtp", "203.0.113.9", True, True),
        ("pipe", "", False, True),
        ("folder", "/srv/mail", False, True),
    ],
)
def test_our_servers_word_counts_only_from_where_it_stands(
    settings: object, via: str, source: str, trusted: bool, believed: bool
) -> None:
    """S7: whoever may hand us mail (listen_allow_from) is not yet the server that writes the header always."""
    ours = replace(proving.settings.HAUSPOST, auth_serv_id=OURS, auth_serv_from=(*LOOPBACK, ip_network("10.0.0.0/24")))
    settings.HAUSPOST = ours  # type: ignore[attr-defined]
    delivery = Delivery(via=via, source=source, is_trusted_relay=trusted)
    assert proving.voucher_of(delivery) == (OURS if believed else "")


def test_exchange_online_vouches_where_an_administrator_says_so(desk: Desk) -> None:
    """S7: its word has no name; of what may be somebody else's nothing counts, whatever is ticked."""
    account = MailAccount.objects.create(
        name="Microsoft 365", kind="microsoft", imap_host="outlook.office365.com", user="it", created_at=clock.now()
    )

    def mail(domain: str, **parts: str) -> bytes:
        found = FOUND.replace("firma.example", domain)
        return at_microsoft(results=found, **parts).replace(
            b"From: <a@firma.example>", f"From: <{desk.address('petra')}>\r\nMessage-ID: <{next(_uids)}@x>".encode()
        )

    def told(raw: bytes) -> dict[str, object]:
        return Entry.objects.get(id=fetched(desk, account, raw).entry).evidence

    assert told(mail("lindner.example")) == {}
    account.believes_unnamed_results = True
    account.save()
    found = told(mail("lindner.example"))
    assert found == {"spf": "pass", "dkim": "pass", "dmarc": "pass", "by": "Microsoft 365"}
    assert [mark.words for mark in marks_of(found)] == ["Sender confirmed"]
    # It has read another sender than we do; and the sender's own line below that of the front end.
    assert told(mail("evil.example")) == {}
    assert told(mail("lindner.example", about=INSIDE)) == {}
    account.kind = "other"
    account.save()
    assert told(mail("lindner.example")) == {}


@pytest.mark.parametrize(
    ("results", "proof"),
    [
        ("auth=pass (cram-md5) smtp.auth=petra.lang@lindner.example smtp.mailfrom=x@y.example", "mail"),
        ("auth=pass smtp.auth=PETRA.Lang@lindner.example; spf=fail; dkim=fail; dmarc=fail", "mail"),
        ("auth=pass smtp.auth=p.lang@private.example", "mail"),
        ("auth=pass smtp.auth=marta.nowak@lindner.example", "none"),
        ("auth=pass smtp.auth=petra", "none"),
        ("auth=pass", "none"),
        ("auth=fail smtp.auth=petra.lang@lindner.example", "none"),
        ('auth=pass smtp.mailfrom="a smtp.auth=petra.lang@lindner.example b" smtp.auth=eve', "none"),
        ('auth=pass smtp.mailfrom="a smtp.auth=petra.lang@lindner.example b"', "none"),
        ('spf=pass smtp.helo="x; auth=pass smtp.auth=petra.lang@lindner.example"', "none"),
        ("spf=pass (x; auth=pass smtp.auth=petra.lang@lindner.example)", "none"),
        ("spf=pass smtp.helo=x; dmarc=pass; dmarc=fail header.from=lindner.example", "none"),
    ],
)
def test_who_signed_in_to_our_own_server_is_proven_by_their_name(
    desk: Desk, behind_a_server: None, results: str, proof: str
) -> None:
    """S7, RFC 8601 2.7.4: by the very address in From, or another one of the same person; never by somebody else's."""
    Address.objects.create(
        address="p.lang@private.example", person=desk.person("petra"), created_at=clock.now(), is_main=False
    )
    headers = {"Authentication-Results": f"{OURS}; {results}"}
    entry = Entry.objects.get(id=desk.receives(desk.letter("petra", headers=headers), trusted=False).entry)
    assert entry.proof == ("authenticated mail" if proof == "mail" else "none"), entry.evidence
    if proof == "mail":
        assert entry.evidence["auth"] == "pass"
        assert [(mark.colour, mark.words) for mark in marks_of(entry.evidence)] == [("green", "Sender confirmed")]
        assert desk.sent("acknowledgement")


def test_whoever_signed_in_speaks_for_one_sender_only(desk: Desk, behind_a_server: None) -> None:
    """S7: of two in From nobody knows which one it is."""
    headers = {"Authentication-Results": f"{OURS}; auth=pass smtp.auth=petra.lang@lindner.example"}
    raw = desk.letter("petra", headers=headers).replace(b"\nTo:", b", marta.nowak@lindner.example\nTo:", 1)
    assert Entry.objects.get(id=desk.receives(raw, trusted=False).entry).proof == "none"
