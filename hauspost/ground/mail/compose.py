"""Writes a letter: from what the desk wants to say to the bytes that any mail program shows correctly."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import quote

from hauspost.ground.mail._compose_headers import (
    Mailbox,
    NotSendable,
    ascii_domain,
    is_sendable,
    mailbox_list,
    parameter,
    text_header,
)
from hauspost.ground.mail._compose_parts import Part, file_part, multipart, text_part

__all__ = ["File", "Mailbox", "NotSendable", "Outgoing", "ascii_domain", "automatic_headers", "compose", "is_sendable"]

# Our own signed id once more, in a header that servers leave alone when they write a Message-ID of their own (P7.5).
OWN_ID_HEADER = "Hauspost-Id"

_REFERENCES_KEPT = 20
_ID = re.compile(r"[!-;=?-~]{1,900}")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_OURS = re.compile(
    r"from|to|cc|bcc|sender|reply-to|subject|date|message-id|in-reply-to|references|return-path|received|mime-version"
    r"|content-.*|resent-.*|hauspost-id",
    re.IGNORECASE,
)
_CID = re.compile(r"[^\s<>\"\x00-\x20\x7f-\U0010ffff]{1,200}")


@dataclass(frozen=True)
class File:
    """A file that goes with a letter; one with a `content_id` stands inside its HTML as `cid:<content_id>`."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A letter before it is written; all ids are without their angle brackets, `date` is aware."""

    from_: Mailbox
    to: Sequence[Mailbox]
    subject: str
    text: str
    message_id: str
    date: datetime
    cc: Sequence[Mailbox] = ()
    html: str = ""
    inline: Sequence[File] = ()
    files: Sequence[File] = ()
    in_reply_to: str = ""
    references: Sequence[str] = ()
    headers: Sequence[tuple[str, str]] = ()
    reply_to: Mailbox | None = None


def automatic_headers(how: Literal["auto-replied", "auto-generated"]) -> tuple[tuple[str, str], ...]:
    """The headers by which other systems know that no person typed this, so that none answers it (P7.1, RFC 3834).

    "auto-replied" is for acknowledgements and other automatic answers, "auto-generated" for notices.
    """
    told = (("Auto-Submitted", how), ("X-Auto-Response-Suppress", "All"))
    return (*told, ("Precedence", "bulk")) if how == "auto-replied" else told


def compose(outgoing: Outgoing) -> bytes:
    """The letter as bytes: CRLF, 7 bit unless an address itself is not, mixed(related(alternative, inline), files).

    An inline picture that the HTML does not use becomes a normal attachment (P52.1). Nothing in subject, names or file
    names can add a header (S20). Raises NotSendable for an address, id or header name that no mail can carry.
    """
    body = _body(outgoing)
    lines = [*_headers(outgoing), "MIME-Version: 1.0", *body.headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body.content


def _headers(outgoing: Outgoing) -> Iterable[str]:
    yield "From: " + mailbox_list([outgoing.from_], len("From: "))
    yield "To: " + (mailbox_list(outgoing.to, len("To: ")) or "undisclosed-recipients:;")
    if outgoing.cc:
        yield "Cc: " + mailbox_list(outgoing.cc, len("Cc: "))
    if outgoing.reply_to:
        yield "Reply-To: " + mailbox_list([outgoing.reply_to], len("Reply-To: "))
    yield "Subject: " + text_header(outgoing.subject, len("Subject: "))
    yield "Date: " + format_datetime(outgoing.date)
    own = _own_id(outgoing.message_id)
    yield f"Message-ID: <{own}>"
    if answered := _ids([outgoing.in_reply_to]):
        yield f"In-Reply-To: {answered[0]}"
    if thread := _ids(outgoing.references):
        # The first names the thread, the last ones its newest turns; programs cope without the middle (RFC 5322 3.6.4).
        kept = thread if len(thread) <= _REFERENCES_KEPT else [thread[0], *thread[1 - _REFERENCES_KEPT :]]
        yield "References: " + "\r\n ".join(kept)
    yield f"{OWN_ID_HEADER}: <{own}>"
    for name, value in outgoing.headers:
        if not _HEADER_NAME.fullmatch(name) or _OURS.fullmatch(name):
            raise NotSendable(f"{name!r} cannot be added as a header")
        yield f"{name}: " + text_header(value, len(name) + 2)


def _own_id(message_id: str) -> str:
    if not _ID.fullmatch(message_id) or message_id.count("@") != 1:
        raise NotSendable(f"{message_id!r} is not a Message-ID")
    return message_id


def _ids(ids: Iterable[str]) -> list[str]:
    """Foreign ids as they may stand in a header; what is not one is left out, and each is named once."""
    bare = (one.strip().removeprefix("<").removesuffix(">") for one in ids)
    return [f"<{one}>" for one in dict.fromkeys(bare) if _ID.fullmatch(one)]


def _body(outgoing: Outgoing) -> Part:
    """The tree of parts, with no level that would hold only one."""
    boundary = _boundary(outgoing)
    shown = [file for file in outgoing.inline if _is_shown(file, outgoing.html)]
    files = [file for file in outgoing.inline if file not in shown] + list(outgoing.files)
    body = text_part("plain", outgoing.text)
    if outgoing.html:
        html = text_part("html", outgoing.html)
        body = multipart("alternative", [body, html], boundary + "a") if outgoing.text.strip() else html
    if shown:
        kind = body.headers[0].split(";")[0].removeprefix("Content-Type: ")
        parts = [body, *(file_part(file.name, file.content_type, file.content, file.content_id) for file in shown)]
        body = multipart("related", parts, boundary + "r", parameter("type", kind))
    if files:
        body = multipart(
            "mixed", [body, *(file_part(file.name, file.content_type, file.content) for file in files)], boundary + "m"
        )
    return body


def _is_shown(file: File, html: str) -> bool:
    if not _CID.fullmatch(file.content_id):
        return False
    return any(
        re.search(rf"cid:{re.escape(spelling)}(?![\w.@%-])", html, re.IGNORECASE)
        for spelling in {file.content_id, quote(file.content_id), quote(file.content_id, safe="@")}
    )


def _boundary(outgoing: Outgoing) -> str:
    """A line that occurs in no part: it hangs on everything said, so no text can have foreseen it.

    `=_` cannot stand in base64 or quoted-printable (RFC 2045 6.7).
    """
    said = "\0".join([outgoing.message_id, outgoing.subject, outgoing.text, outgoing.html])
    return "=_" + hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=15).hexdigest()
