"""The mixed mails of the bench: text and HTML, a fifth with a 50 kB file, two fifths answers (pure)."""

import base64
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from bench.texts import Author

FILE_BYTES = 37_500  # 50 kB as base64


@dataclass(frozen=True)
class Correspondent:
    """Somebody who writes."""

    name: str
    address: str
    language: str


@dataclass(frozen=True)
class Asked:
    """A ticket that can be answered: who asked, the Message-ID of our mail, and to which signed address."""

    requester: Correspondent
    message_id: str
    subject: str
    reply_to: str
    text: str


@dataclass(frozen=True)
class Mail:
    """One mail on its way to the desk."""

    sender: str
    recipient: str
    raw: bytes


def mixed(
    number: int,
    *,
    seed: int,
    at: datetime,
    openings: Sequence[tuple[Correspondent, str]],
    asked: Sequence[Asked],
) -> list[Mail]:
    """So many mails in a shuffled, repeatable order. `openings` are (who, intake address) of new requests."""
    chance, author = random.Random(seed), Author(seed)
    found = []
    for position in range(number):
        is_answer = position % 5 in (1, 3)
        # One in five has a file, in every kind of mail alike.
        is_html, has_file = position % 2 == 0, position // 5 % 5 == position % 5
        if is_answer:
            about = asked[position % len(asked)]
            who, to, subject = about.requester, about.reply_to, f"Re: {about.subject}"
        else:
            who, to = openings[position % len(openings)]
            subject = author.subject(who.language)
        text = author.text(who.language, who.name)
        quoted = about.text if is_answer else ""
        headers = _headers(who, to, subject, f"{seed}.{position}.{chance.getrandbits(48):x}@mail.bench.example", at)
        if is_answer:
            headers += f"In-Reply-To: <{about.message_id}>\r\nReferences: <{about.message_id}>\r\n"
        raw = headers + _body(text, quoted, is_html, chance.randbytes(FILE_BYTES) if has_file else b"")
        found.append(Mail(who.address, to, raw.encode()))
    chance.shuffle(found)
    return found


def _headers(who: Correspondent, to: str, subject: str, message_id: str, at: datetime) -> str:
    """What a mail that passed two servers carries."""
    encoded = base64.b64encode(subject.encode()).decode()
    name = base64.b64encode(who.name.encode()).decode()
    when = format_datetime(at)
    hops = "".join(
        f"Received: from {one}.bench.example (10.1.2.{place}) by {other}.bench.example (10.1.2.{place + 1}) with ESMTPS\r\n"
        f" id 4f2b{place:08x}; {when}\r\n"
        for place, (one, other) in enumerate((("client", "mx1"), ("mx1", "mx2"), ("mx2", "desk")))
    )
    return (
        f"{hops}"
        "Authentication-Results: desk.bench.example; dkim=pass header.d=bench.example; spf=pass;\r\n dmarc=pass\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=bench.example; s=s1;\r\n"
        " h=from:subject:date:message-id:to:mime-version:content-type; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
        " b=" + "QpJ8" * 40 + "\r\n"
        f"From: =?utf-8?b?{name}?= <{who.address}>\r\nTo: <{to}>\r\nSubject: =?utf-8?b?{encoded}?=\r\nDate: {when}\r\n"
        f"Message-ID: <{message_id}>\r\nMIME-Version: 1.0\r\nX-Mailer: Bench 1.0\r\nAccept-Language: de-DE, en-US\r\n"
    )


def _body(text: str, quoted: str, is_html: bool, file: bytes) -> str:
    whole = text + (f"\n\nAm Montag schrieb der Helpdesk:\n{_marked(quoted)}" if quoted else "")
    content = _alternative(text, whole, quoted) if is_html else _part("text/plain", whole)
    if not file:
        return content
    encoded = base64.encodebytes(file).decode().replace("\n", "\r\n")
    return (
        'Content-Type: multipart/mixed; boundary="mixed-1"\r\n\r\n'
        f"--mixed-1\r\n{content}\r\n--mixed-1\r\n"
        'Content-Type: application/pdf; name="Rechnung.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="Rechnung.pdf"\r\n\r\n{encoded}\r\n--mixed-1--\r\n'
    )


def _alternative(text: str, whole: str, quoted: str) -> str:
    """As a common mail program writes it: a style sheet, paragraphs with classes, the quoted mail below a line."""
    paragraphs = "".join(
        f'<p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif">'
        f"{escape(line)}<o:p></o:p></span></p>\r\n"
        for line in text.split("\n")
    )
    below = (
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        f"<b>Von:</b> Helpdesk<br><b>Gesendet:</b> Montag<br><b>Betreff:</b> Anfrage</p></div><p>{escape(quoted)}</p>"
        if quoted
        else ""
    )
    html = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta charset="utf-8"><style><!--\r\n'
        "p.MsoNormal, li.MsoNormal {margin:0cm; font-size:11.0pt; font-family:Calibri,sans-serif;}\r\n"
        f'--></style></head><body lang="DE"><div class="WordSection1">{paragraphs}</div>{below}</body></html>'
    )
    return (
        'Content-Type: multipart/alternative; boundary="alt-1"\r\n\r\n'
        f"--alt-1\r\n{_part('text/plain', whole)}\r\n--alt-1\r\n{_part('text/html', html)}\r\n--alt-1--\r\n"
    )


def _part(kind: str, text: str) -> str:
    encoded = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"


def _marked(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))
