"""Sound mails to be spoiled: the corpora where they are, our own letters, and MIME trees made up by chance."""

import base64
import binascii
import json
import os
import quopri
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent.parent
LETTERS = ROOT / "tests" / "letters"

_WORDS = [
    "Der",
    "Drucker",
    "am",
    "Tor",
    "3",
    "druckt",
    "nicht.",
    "Grüße",
    "aus",
    "Köln!",
    "Please",
    "help,",
    "see",
    "below.",
    "Скачать",
    "файл",
    "日本語",
    "ümlaut",
    "http://example.org/a?b=c&d=e",
    "ada@example.org",
    ">",
    "quoted",
    "|",
    "pipe",
    "<b>bold</b>",
    "=41",
    "==",
    "begin",
    "644",
    "x",
    "--",
    "Am",
    "Montag",
    "schrieb",
]
_CHARSETS = (
    "utf-8",
    "iso-8859-1",
    "windows-1252",
    "us-ascii",
    "utf-16",
    "iso-2022-jp",
    "gb2312",
    "koi8-r",
    "utf-7",
    "x-unknown",
)
_HTML = (
    "<p>{}</p>", "<div>{}<br></div>", "<table><tr><td style='color:red;background:url(//x)'>{}</td></tr></table>", "<b><i>{}</i></b>",
    "<blockquote type=cite>{}</blockquote>", "<div class=gmail_quote>On Mon, Ben &lt;b@x.org&gt; wrote:<blockquote>{}</blockquote></div>",
    "<img src='cid:a@b' alt='{}'>", "<img src=//evil.example/x.png>{}", "<script>{}</script>", "<style>p{{x:url(y)}}</style>{}",
    "<a href='javascript:x'>{}</a>", "<div id=divRplyFwdMsg>From: x<br>Sent: y<br>{}</div>", "<svg onload=x>{}</svg>", "{}&nbsp;&auml;&#x41;", "<!--{}-->",
    '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==">',
)  # fmt: skip
_QUOTES = (
    "{}\n\nOn Mon, 4 Mar 2024 at 10:12, Ben <b@x.org> wrote:\n> {}\n> {}\n{}",
    "{}\n\nAm 04.03.2024 um 10:12 schrieb Ben:\n> {}\n>> {}\n\n-- \n{}",
    "{}\n\n-----Original Message-----\nFrom: Ben\nSent: Monday\nTo: Ada\nSubject: x\n\n{}\n{}\n{}",
    "{}\n________________________________\nVon: Ben\nGesendet: Montag\nAn: Ada\nBetreff: x\n\n{}\n{}\n{}",
    "{}\nbegin 644 x.txt\n#:&D*\n`\nend\n{}\n{}{}",
    "{} \n{} \n> {} \n> {} ",
)
_KINDS = (
    "application/pdf", "image/png", "application/octet-stream", "message/rfc822", "text/calendar", "application/ms-tnef",
    "application/pkcs7-mime", "application/pkcs7-signature", "text/csv", "message/delivery-status", "text/rfc822-headers", "text/enriched",
    "application/rtf", "message/disposition-notification", "application/pgp-encrypted",
)  # fmt: skip
_MULTIPARTS = ("mixed", "alternative", "related", "report", "signed", "digest", "parallel", "encrypted", "x-odd")
_NAMES = (
    "bericht.pdf",
    "Übersicht März.xlsx",
    "../../etc/passwd",
    "CON",
    "",
    "a" * 300,
    "x\u202egpj.exe",
    "=?utf-8?q?=C3=BC.txt?=",
    "winmail.dat",
    "smime.p7m",
)


def sound_mails(corpora: Path | None) -> list[bytes]:
    """Our own letters always, and the corpora's mails, in an order that stays."""
    mails = [path.read_bytes() for path in sorted(LETTERS.glob("**/*.eml"))]
    for listing in sorted(corpora.glob("*/corpus.json")) if corpora else ():
        for case in json.loads(listing.read_text(encoding="utf-8")):
            content = (listing.parent / case["file"]).read_bytes()
            if case["input"] == "tnef":
                content = _as_attachment("application/ms-tnef", "winmail.dat", content)
            elif case["input"] != "rfc822":
                content = _as_words(case["input"], content)
            mails.append(content)
    return mails


def where_corpora_are() -> Path | None:
    """The folder of the corpora on this machine, if there is one."""
    folder = Path(os.environ.get("HAUSPOST_CORPORA") or ROOT.parent / "shared" / "corpora")
    return folder if folder.is_dir() else None


def made_up(chance: Random) -> bytes:
    """A mail nobody wrote, of any shape a mail may have."""
    heads = [
        f"From: {_text(chance, 2)} <{chance.choice(('ada', 'mailer-daemon', 'no-reply'))}@example.org>",
        "To: it@example.org, Team: a@x.org, b@x.org;",
        f"Subject: {_encoded_word(chance)}",
        f"Message-ID: <{chance.getrandbits(60)}@example.org>",
        "Date: Mon, 4 Mar 2024 10:12:00 +0100",
        *chance.sample(_MORE_HEADERS, chance.randint(0, 4)),
    ]
    return "\r\n".join(heads).encode() + b"\r\nMIME-Version: 1.0\r\n" + _part(chance, 0)


_MORE_HEADERS = (
    "Auto-Submitted: auto-replied", "List-Id: <l.example.org>", "In-Reply-To: <1@x>", "References: <1@x> <2@x>\r\n <3@x>", "Return-Path: <>",
    "Cc: =?iso-8859-1?q?J=F6rg?= <j@x.org>", "Reply-To: r@x.org", "X-Hauspost-Loop: 1", "Authentication-Results: mx; spf=pass; dkim=fail",
    "X-Spam-Flag: YES", "X-Failed-Recipients: gone@x.org", "Precedence: bulk", "Received: from a by b; Mon, 4 Mar 2024 10:12:00 +0100",
)  # fmt: skip


def _part(chance: Random, depth: int) -> bytes:
    if depth < 6 and chance.random() < (0.6 if depth < 2 else 0.25):
        return _multipart(chance, depth)
    return chance.choice((_plain, _plain, _html, _html, _file))(chance)


def _multipart(chance: Random, depth: int) -> bytes:
    boundary = f"b{chance.getrandbits(chance.choice((3, 40)))}".encode()
    subtype = chance.choice(_MULTIPARTS)
    extra = b"; report-type=delivery-status" if subtype == "report" else b""
    head = b'Content-Type: multipart/%s%s; boundary="%s"\r\n\r\npreamble\r\n' % (subtype.encode(), extra, boundary)
    parts = [b"--" + boundary + b"\r\n" + _part(chance, depth + 1) + b"\r\n" for _ in range(chance.randint(1, 4))]
    return head + b"".join(parts) + b"--" + boundary + b"--\r\nepilogue\r\n"


def _plain(chance: Random) -> bytes:
    text = chance.choice(_QUOTES).format(*(_text(chance, 12) for _ in range(4)))
    more = chance.choice(("", "; format=flowed", "; format=flowed; delsp=yes", "; name=x.txt"))
    return _encoded(chance, "text/plain", text, more)


def _html(chance: Random) -> bytes:
    text = "".join(chance.choice(_HTML).format(_text(chance, 6)) for _ in range(chance.randint(1, 8)))
    return _encoded(chance, "text/html", text, "")


def _encoded(chance: Random, kind: str, text: str, more: str) -> bytes:
    charset = chance.choice(_CHARSETS)
    try:
        data = text.encode(charset, "replace")
    except LookupError:
        data = text.encode()
    transfer, data = _transferred(chance, data)
    return (
        f"Content-Type: {kind}; charset={charset}{more}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n".encode()
        + data
    )


def _transferred(chance: Random, data: bytes) -> tuple[str, bytes]:
    transfer = chance.choice(("8bit", "7bit", "base64", "quoted-printable", "x-uuencode", "binary"))
    if transfer == "base64":
        return transfer, base64.encodebytes(data)
    if transfer == "quoted-printable":
        return transfer, quopri.encodestring(data)
    if transfer == "x-uuencode":
        lines = (binascii.b2a_uu(data[place : place + 45]) for place in range(0, len(data), 45))
        return transfer, b"begin 644 x\n" + b"".join(lines) + b"`\nend\n"
    return transfer, data


def _file(chance: Random) -> bytes:
    kind, name = chance.choice(_KINDS), chance.choice(_NAMES)
    content = _INSIDE.get(kind, lambda chance: chance.randbytes(chance.randint(0, 300)))(chance)
    transfer, data = _transferred(chance, content)
    named = f'; name="{name}"' if name and chance.random() < 0.7 else ""
    disposition = chance.choice(("attachment", "inline", "odd"))
    return (
        f"Content-Type: {kind}{named}\r\nContent-Transfer-Encoding: {transfer}\r\n"
        f'Content-Disposition: {disposition}; filename="{name}"\r\nContent-ID: <a@b>\r\n\r\n'
    ).encode() + data


def _calendar(chance: Random) -> bytes:
    lines = [
        "BEGIN:VCALENDAR", f"METHOD:{chance.choice(('REQUEST', 'REPLY', 'CANCEL'))}", "BEGIN:VTIMEZONE", "TZID:Odd", "END:VTIMEZONE",
        "BEGIN:VEVENT", f"SUMMARY;LANGUAGE=de:{_text(chance, 4)}", "DTSTART;TZID=Europe/Berlin:20240304T101200", "DTEND:20240304T111200Z",
        "RRULE:FREQ=DAILY;COUNT=3", "ORGANIZER;CN=Ada:mailto:ada@example.org", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@x.org",
        f"DESCRIPTION:{_text(chance, 30)}", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return _spoiled(chance, "\r\n".join(lines).encode())


def _tnef(chance: Random) -> bytes:
    def attribute(level: int, identity: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, identity, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    properties = struct.pack("<I", 1) + struct.pack("<HHII", 0x1E, 0x1000, 1, 6) + b"Hello\0\0\0"
    files = [
        attribute(2, 0x00069002, bytes(14))
        + attribute(2, 0x00018010, b"a.txt\0")
        + attribute(2, 0x0006800F, b"Guten Tag")
        for _ in range(chance.randint(0, 3))
    ]
    return _spoiled(chance, struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00069003, properties) + b"".join(files))


def _envelope(chance: Random) -> bytes:
    """Signed data (PKCS #7) around a mail, of known length or not."""

    def element(tag: int, content: bytes) -> bytes:
        return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content

    inner = b"Content-Type: text/plain\r\n\r\n" + _text(chance, 8).encode()
    plain = bytes.fromhex("06092a864886f70d010701") + element(0xA0, element(chance.choice((0x04, 0x24)), inner))
    signed = element(0x02, b"\x01") + element(0x31, b"") + element(0x30, plain)
    return _spoiled(
        chance, element(0x30, bytes.fromhex("06092a864886f70d010702") + element(0xA0, element(0x30, signed)))
    )


_INSIDE: dict[str, Callable[[Random], bytes]] = {
    "text/calendar": _calendar,
    "application/ms-tnef": _tnef,
    "application/pkcs7-mime": _envelope,
    "message/rfc822": lambda chance: b"From: b@x.org\r\nSubject: inner\r\n" + _part(chance, 5),
    "message/delivery-status": lambda chance: _spoiled(
        chance,
        b"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; gone@x.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    ),
    "application/rtf": lambda chance: _spoiled(
        chance, rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}Gr\'fc\'dfe {\b x}\par}"
    ),
}


def _spoiled(chance: Random, content: bytes) -> bytes:
    """The inside of a file, often with some bytes changed: libraries and our own readers look into it."""
    raw = bytearray(content)
    for _ in range(chance.choice((0, 0, 1, 4, 20))):
        if raw:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw[: chance.choice((len(raw), len(raw), chance.randint(0, len(raw))))])


def _text(chance: Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _encoded_word(chance: Random) -> str:
    charset = chance.choice(_CHARSETS[:4])
    data = _text(chance, 3).encode(charset, "replace")
    if chance.random() < 0.5:
        return f"=?{charset}?b?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?q?{quopri.encodestring(data, header=True).decode('ascii', 'replace').strip()}?= tail"


def _as_attachment(kind: str, name: str, content: bytes) -> bytes:
    head = (
        f"From: a@x.org\r\nSubject: x\r\nContent-Type: {kind}; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(content)


def _as_words(kind: str, content: bytes) -> bytes:
    return (
        f"From: a@x.org\r\nSubject: Re: x\r\nContent-Type: text/{'html' if kind == 'html' else 'plain'}; charset=utf-8\r\n\r\n".encode()
        + content
    )


def digest_of(mails: Sequence[bytes]) -> str:
    """By what two runs know that they spoil the same mails."""
    import hashlib

    return hashlib.sha256(b"".join(hashlib.sha256(mail).digest() for mail in mails)).hexdigest()[:12]
