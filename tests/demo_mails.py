"""What people of the demo company and machines write to the desk, as the bytes their mail programs send."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, parseaddr
from html import escape

from tests import world
from tests.demo_calendar import ZONE
from tests.demo_files import CONTENT_TYPES, content_of
from tests.world import Attachment, Employee, Outsider

Writer = Employee | Outsider

OUTLOOK, THUNDERBIRD, PHONE = "Microsoft Outlook 16.0", "Mozilla Thunderbird", "iPhone Mail (22H20)"


@dataclass(frozen=True)
class Answered:
    """The desk's letter that is answered: what a mail program takes over from it."""

    message_id: str
    references: str
    subject: str
    reply_to: str
    sender: str
    written_at: str
    text: str


def read_answered(raw: bytes) -> Answered:
    """Open the desk's letter as the receiver's mail program does."""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    body = mail.get_body(("plain",))
    return Answered(
        message_id=str(mail["Message-ID"]).strip(),
        references=str(mail["References"] or "").strip(),
        subject=str(mail["Subject"]),
        reply_to=parseaddr(str(mail["Reply-To"] or mail["From"]))[1],
        sender=str(mail["From"]),
        written_at=mail["Date"].datetime.astimezone(ZONE).strftime("%d.%m.%Y %H:%M"),
        text=body.get_content().strip() if body is not None else "",
    )


def program_of(writer: Writer) -> str:
    """Everybody keeps to one mail program; some only ever write from the phone."""
    return random.Random(writer.key).choice((OUTLOOK, OUTLOOK, OUTLOOK, THUNDERBIRD, PHONE))


def letter(
    writer: Writer,
    to: str,
    subject: str,
    text: str,
    *,
    message_id: str,
    at: datetime,
    files: Sequence[Attachment] = (),
    headers: Sequence[tuple[str, str]] = (),
    quoted: tuple[str, str] = ("", ""),
) -> bytes:
    """A mail as it leaves the writer's program; Outlook writes HTML beside the text. `quoted`: text and HTML below."""
    program = program_of(writer)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = f'"{writer.name}" <{writer.address}>'
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at.astimezone(ZONE))
    mail["Message-ID"] = message_id
    mail["User-Agent" if program == THUNDERBIRD else "X-Mailer"] = program
    for name, value in headers:
        mail[name] = value
    mail.set_content(f"{text}\n\n{quoted[0]}".strip() + "\n", cte="quoted-printable")
    if program == OUTLOOK:
        page = f'<html><body lang=DE style="font-family:Calibri;font-size:11pt">{_html(text)}{quoted[1]}</body></html>'
        mail.add_alternative(page, subtype="html", cte="quoted-printable")
    for file in files:
        kind, _, subtype = CONTENT_TYPES[file.kind].partition("/")
        mail.add_attachment(content_of(file), maintype=kind, subtype=subtype, filename=file.name)
    return mail.as_bytes()


def answer(
    writer: Writer,
    to_what: Answered,
    text: str,
    *,
    message_id: str,
    at: datetime,
    quote: bool = False,
    automatic: bool = False,
    files: Sequence[Attachment] = (),
) -> bytes:
    """An answer to the desk's letter, in its thread; `quote` carries that letter below, `automatic` is an absence note."""
    references = f"{to_what.references} {to_what.message_id}".strip()
    headers = [("In-Reply-To", to_what.message_id), ("References", references)]
    german = writer.language == "de"
    subject = ("AW: " if german and program_of(writer) == OUTLOOK else "Re: ") + _bare(to_what.subject)
    if automatic:
        headers += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")]
        subject = ("Automatische Antwort: " if german else "Automatic reply: ") + _bare(to_what.subject)
    return letter(
        writer,
        to_what.reply_to,
        subject,
        text,
        message_id=message_id,
        at=at,
        files=files,
        headers=headers,
        quoted=_quoted(writer, to_what) if quote else ("", ""),
    )


def _bare(subject: str) -> str:
    return subject.removeprefix("Re: ")


def _quoted(writer: Writer, what: Answered) -> tuple[str, str]:
    """The letter before, as text and, by Outlook, as HTML."""
    german, name = writer.language == "de", parseaddr(what.sender)[0]
    if program_of(writer) == OUTLOOK:
        words = ("Von", "Gesendet", "An", "Betreff") if german else ("From", "Sent", "To", "Subject")
        values = (what.sender, what.written_at, f"{writer.name} <{writer.address}>", what.subject)
        rows = list(zip(words, values, strict=True))
        head = "<br>".join(f"<b>{word}:</b> {escape(value)}" for word, value in rows)
        line = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
        html = f'<div style="{line}"><p class=MsoNormal>{head}</p></div>{_html(what.text)}'
        return "_" * 32 + "\n" + "\n".join(f"{word}: {value}" for word, value in rows) + f"\n\n{what.text}", html
    day, _, hour = what.written_at.partition(" ")
    head = f"Am {day} um {hour} schrieb {name}:" if german else f"On {day} at {hour}, {name} wrote:"
    return head + "\n" + "\n".join(f"> {line}".rstrip() for line in what.text.splitlines()), ""


def _html(text: str) -> str:
    paragraphs = (escape(part).replace("\n", "<br>") for part in text.split("\n\n"))
    return "<div>" + "".join(f"<p class=MsoNormal>{part}</p>" for part in paragraphs) + "</div>"


def bounce(
    returned: bytes, recipient: str, return_path: str, status: str, words: str, *, message_id: str, at: datetime
) -> bytes:
    """A mail server brings the desk's letter back, with its reason (RFC 3464)."""
    head = returned.partition(b"\r\n\r\n")[0].decode("ascii", "replace").replace("\r\n", "\n")
    return _wired(
        f"""From: MAILER-DAEMON@mx.{world.DOMAIN} (Mail Delivery System)
To: {return_path}
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(at)}
Message-ID: {message_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="mx-report"

--mx-report
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.{world.DOMAIN}.

Your message could not be delivered to one recipient: {words}.

--mx-report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{world.DOMAIN}
Arrival-Date: {format_datetime(at)}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {words}

--mx-report
Content-Type: text/rfc822-headers

{head}

--mx-report--
"""
    )


def absence(writer: Writer, to: str, *, message_id: str, at: datetime) -> bytes:
    """A supplier's mail program is on holiday; nobody here knows what it answers."""
    text = (
        "Guten Tag,\n\nunser Büro ist bis Montag geschlossen. In dringenden Fällen hilft die Störungsnummer auf dem "
        "Gerät.\n\nMit freundlichen Grüßen\n" + writer.name
    )
    headers = [("Auto-Submitted", "auto-replied"), ("In-Reply-To", "<20250000.1@fax-gateway.example>")]
    return letter(writer, to, "Abwesenheit: Ihre Anfrage", text, message_id=message_id, at=at, headers=headers)


def spam(writer: Writer, to: str, *, message_id: str, at: datetime) -> bytes:
    """What the mail server in front of the desk has marked."""
    text = "Dear winner,\n\nyour parcel of GOLD waits since three days. Click and pay only the customs.\n\nPrize Parade"
    headers = [("X-Spam-Flag", "YES"), ("X-Spam-Score", "17.3")]
    return letter(writer, to, "You have WON (final notice 7)", text, message_id=message_id, at=at, headers=headers)


def broken(writer: Writer, to: str, *, message_id: str, at: datetime) -> bytes:
    """A mail that a faulty gateway has wrapped into itself sixty times: deeper than the desk reads."""
    head = f"""From: "{writer.name}" <{writer.address}>
To: {to}
Subject: Wartungsbericht (weitergeleitet)
Date: {format_datetime(at)}
Message-ID: {message_id}
MIME-Version: 1.0
"""
    layers = [f'Content-Type: multipart/mixed; boundary="layer{depth}"\n\n--layer{depth}\n' for depth in range(60)]
    return _wired(head + "".join(layers) + "Content-Type: text/plain\n\nWartungsbericht anbei.\n")


def _wired(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8", "replace")
