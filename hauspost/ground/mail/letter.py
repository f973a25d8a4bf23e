"""From the bytes of a mail to a Letter: who, what, which files, which conversation, whether a machine wrote it. "
"Pure."""

import json
import logging
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Any

from hauspost.ground.text.quotes import Folded, fold_html, fold_text
from hauspost.ground.text.safe_html import SANITISER_VERSION

from ._addresses import MAX_MAILBOXES, Mailbox, count_recipients, read_mailboxes
from ._attachments import Attachment
from ._automatic import is_marked_spam, judge_origin
from ._body import Body, read_body
from ._bounce import Bounce, Report, read_report
from ._calendar import Attendee, Invitation, Recurrence, answered_by
from ._charsets import storable
from ._forwarded import Forwarded, Found, find_forwarded, is_passed_on
from ._headers import Headers
from ._mime import Part, Structure, read_structure
from ._subjects import bare_subject, is_answer, is_forward
from .raw import Raw

__all__ = [
    "Attachment",
    "Attendee",
    "Bounce",
    "Forwarded",
    "Invitation",
    "Letter",
    "Mailbox",
    "Recurrence",
    "bare_subject",
    "is_forward",
    "letter_as_json",
    "nested_letter",
    "read_head",
    "read_letter",
    "read_opened",
]

_log = logging.getLogger(__name__)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
_MOST_OF_MACS = 16_000_000  # bytes; no old Mac ever sent more
_MOST_OF_NESTED = 20_000_000  # bytes of a mail in a mail that are read
_ADDRESSES = ("to", "cc", "bcc", "from", "reply-to", "resent-to", "resent-cc")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as the desk understands it. Every text can be stored and shown; nothing in `html` loads or runs "
    "anything."""

    subject: str = ""
    from_: tuple[Mailbox, ...] = ()
    sender: Mailbox | None = None
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None
    # The body. `text` is always there if the mail has any words; `html` only if the mail has HTML.
    text: str = ""
    html: str = ""
    visible_text: str = ""
    quoted_text: str = ""
    visible_html: str = ""
    quoted_html: str = ""
    said_text: str = ""  # the sender's own words alone, for previews and notices; "" if he wrote none
    said_html: str = ""
    attachments: tuple[Attachment, ...] = ()
    calendar: tuple[Invitation, ...] = ()
    has_signature: bool = False
    has_encrypted: bool = False
    has_unopened_tnef: bool = False
    is_shortened: bool = False  # more words than can be shown; all of them are among the files (S19)
    is_forwarded: bool = False
    forwarded: Forwarded | None = None  # the mail that was passed on, where it is certain (P30.1)
    forwarded_address_hint: str = ""  # where it is not: the one address to be asked about, if there is one (P30.3)
    # Where it comes from.
    is_automatic: bool = False  # never answer it by itself (P7.2)
    automatic_reason: str = ""
    is_automatic_reply: bool = False  # it changes no state (P13.1)
    is_out_of_office: bool = False
    is_bounce: bool = False  # somebody was not reached for good
    is_dsn: bool = False  # any delivery status mail
    bounces: tuple[Bounce, ...] = ()
    bounce_of: str = ""
    is_feedback_report: bool = False
    is_spam: bool = False
    list_id: str = ""
    auto_submitted: str = ""
    return_path: str | None = None  # "" is the null path, None an unknown one
    authentication_results: tuple[str, ...] = ()
    received_count: int = 0
    own_headers: tuple[tuple[str, str], ...] = ()  # X-Hauspost-…, in order
    fault: str = ""  # which bound the mail broke; only headers are filled then
    sanitiser_version: int = SANITISER_VERSION


def read_letter(raw: Raw) -> Letter:
    """Read any bytes as a mail. Never raises for bad mail: one beyond the bounds of S19 has a `fault`.

    Faults: "too_many_parts", "too_deep", "headers_too_long", "too_many_recipients", "too_heavy" when memory did not
    suffice, and "unreadable" for what we did not foresee. The headers are filled as far as they can be read, for the
    quarantine to show.
    """
    try:
        structure = read_structure(_with_line_ends(raw))
        return _letter(structure)
    except Exception as broken:
        # Whatever is wrong with the mail or with us: it goes to the quarantine, and all the others go on.
        _log.warning("a mail of %d bytes could not be read", len(raw), exc_info=True)
        return read_head(raw, fault="too_heavy" if isinstance(broken, MemoryError) else "unreadable")


def read_head(raw: Raw, *, fault: str) -> Letter:
    """What the quarantine can show of a mail that defeats us: what its headers say."""
    try:
        head = raw[:100_000]
        structure = read_structure(head.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0] + b"\n\n")
        return Letter(**_from_headers(structure.root.headers), fault=fault)
    except Exception:
        return Letter(fault=fault)


def read_opened(raw: Raw, inner: bytes, subject: str, *, fallback: Letter) -> Letter:
    """A mail with another body than it came with: what was sealed in it. `subject` stands for its own, if there is one.

    Where the inside breaks a bound, `fallback` is what there is.
    """
    try:
        outer, structure = read_structure(_with_line_ends(raw)).root, read_structure(inner)
        if structure.fault:
            return fallback
        known = _from_headers(outer.headers)
        known["subject"] = subject or known["subject"]
        return _judged(outer, known, read_body(structure.root))
    except Exception:
        _log.warning("what was sealed in a mail of %d bytes could not be read", len(raw), exc_info=True)
        return fallback


def nested_letter(file: Attachment) -> Letter | None:
    """The mail that a file of a mail is, to be read by itself; None if it is none (P22.2)."""
    return read_letter(file.content) if _is_mail(file) and file.size_bytes <= _MOST_OF_NESTED else None


def _letter(structure: Structure, *, within: int = 0) -> Letter:
    root = structure.root
    headers = root.headers
    fault = structure.fault
    if count_recipients([value for name, value in headers.lines if name in _ADDRESSES]) > MAX_MAILBOXES:
        fault = fault or "too_many_recipients"
    if fault:
        return Letter(**_from_headers(headers, with_people=fault != "too_many_recipients"), fault=fault)
    if not headers.charset:
        headers.charset = _charset_of_body(root)
    known = _from_headers(headers)
    body = read_body(root)
    return _judged(root, known, body, within=within)


def _judged(root: Part, known: dict[str, Any], body: Body, *, within: int = 0) -> Letter:
    headers: Headers = root.headers
    sender: Mailbox | None = known["sender"]
    return_path: str | None = known["return_path"]
    origin = judge_origin(
        headers,
        subject=known["subject"],
        sender=sender.address if sender else "",
        return_path=return_path,
        kind="multipart/report" if headers.first("content-type").lower().startswith(b"multipart/report") else root.kind,
        report_type=root.params.get("report-type", "").lower(),
    )
    report: Report = read_report(
        root,
        sender=headers.text("from"),
        subject=known["subject"],
        return_path=return_path,
        text=body.text,
    )
    text, html = _folded(
        body,
        is_whole=report.is_dsn or is_forward(known["subject"]),
        answers=bool(known["in_reply_to"] or known["references"]) or is_answer(known["subject"]),
    )
    is_reply = origin.is_reply and not report.is_dsn and not report.is_feedback
    is_forwarded = text.is_forward or html.is_forward or is_forward(known["subject"])
    found = Found()
    if not (report.is_dsn or report.is_feedback or is_reply):
        found = _passed_on(headers, known["subject"], body, is_marked=text.is_forward or html.is_forward, within=within)
    return Letter(
        **known,
        text=body.text,
        html=html.whole,
        visible_text=text.visible,
        quoted_text=text.quoted,
        visible_html=html.visible,
        quoted_html=html.quoted,
        said_text=text.said,
        said_html=html.said,
        attachments=body.attachments,
        calendar=answered_by(body.calendar, sender.address if sender else ""),
        has_signature=body.has_signature,
        has_encrypted=body.has_encrypted,
        has_unopened_tnef=body.has_unopened_tnef,
        is_shortened=body.is_shortened,
        is_forwarded=is_forwarded,
        forwarded=found.forwarded,
        forwarded_address_hint=found.hint,
        is_automatic=origin.is_automatic or report.is_dsn or report.is_feedback,
        automatic_reason=origin.reason or ("report" if report.is_dsn or report.is_feedback else ""),
        is_automatic_reply=is_reply,
        is_out_of_office=origin.is_absence and is_reply,
        is_bounce=report.is_bounce,
        is_dsn=report.is_dsn,
        bounces=report.bounces,
        bounce_of=report.original_id,
        is_feedback_report=report.is_feedback,
        is_spam=is_marked_spam(headers),
    )


def _passed_on(headers: Headers, subject: str, body: Body, *, is_marked: bool, within: int) -> Found:
    """The mail that was passed on within the words, or else as the one mail among the files."""
    found = Found()
    if is_marked or is_forward(subject):
        sent = _moment_there(headers.text("date"))
        found = find_forwarded(subject=subject, text=body.text, html=body.html, is_marked=is_marked, sent=sent)
    mails = [file for file in body.attachments if _is_mail(file)]
    if found.forwarded or within or len(mails) != 1 or mails[0].size_bytes > _MOST_OF_NESTED:
        return found
    # One level only: what was passed on in a mail that was passed on is not asked for.
    inner = _letter(read_structure(mails[0].content), within=1)
    if inner.fault or not inner.sender or not is_passed_on(subject, body.text, inner.subject):
        return found
    return Found(
        Forwarded(
            inner.sender,
            inner.date,
            bare_subject(inner.subject) or bare_subject(subject),
            inner.to,
            inner.cc,
            text_above=body.text,
            html_above=body.html,
            text=inner.text,
            html=inner.html,
            is_attached=True,
            message_id=inner.message_id,
        )
    )


def _is_mail(file: Attachment) -> bool:
    return file.content_type in ("message/rfc822", "message/global") or file.name.lower().endswith(".eml")


def _folded(body: Body, *, is_whole: bool, answers: bool) -> tuple[Folded, Folded]:
    """Text and HTML, each in what is shown and what is folded; reports and mails passed on are never folded (P4.4).

    What looks like a quotation in a mail that answers nothing is no quotation: a web form's "Von: …", a mail described.
    """
    text = fold_text(body.text)
    html = fold_html(body.html) if body.html else Folded()
    if is_whole or (not answers and _quotes(text)):
        text = replace(text, visible=text.whole, quoted="")
    if is_whole or (not answers and _quotes(html)):
        html = replace(html, visible=html.whole, quoted="")
    return text, html


def _quotes(folded: Folded) -> bool:
    return any(piece.kind == "quote" for piece in folded.pieces)


def _from_headers(headers: Headers, *, with_people: bool = True) -> dict[str, Any]:
    charset = headers.charset
    people: dict[str, tuple[Mailbox, ...]] = {}
    for name in ("from", "to", "cc", "reply-to"):
        people[name] = read_mailboxes(headers.all(name), charset) if with_people or name == "from" else ()
    references = _ids(headers, "references")
    return {
        "subject": headers.text("subject"),
        "from_": people["from"],
        "sender": next((box for box in people["from"] if box.address), None),
        "to": _usable(people["to"]),
        "cc": _usable(people["cc"]),
        "reply_to": _usable(people["reply-to"]),
        "message_id": _one_id(headers.text("message-id")),
        "in_reply_to": _ids(headers, "in-reply-to"),
        "references": references,
        "date": _moment(headers.text("date")),
        "list_id": headers.text("list-id"),
        "auto_submitted": headers.text("auto-submitted"),
        "return_path": _return_path(headers),
        "authentication_results": tuple(_plain(value) for value in headers.all("authentication-results")),
        "received_count": len(headers.all("received")),
        "own_headers": tuple(
            (name, _plain(value)) for name, value in headers.lines if name.startswith(("x-hauspost-", "hauspost-"))
        ),
    }


def _with_line_ends(raw: Raw) -> Raw:
    """A mail of old Macs, whose lines end with a carriage return alone, gets line ends that end lines."""
    if raw.find(b"\n") >= 0 or raw.find(b"\r") < 0 or len(raw) > _MOST_OF_MACS:
        return raw
    return raw[:].replace(b"\r", b"\n")


def _charset_of_body(root: Part) -> str:
    """The charset of the first text part: raw 8-bit headers are most likely written in it too (P21.2)."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.main == "text" and part.charset:
            return part.charset
        waiting.extend(reversed(part.children))
    return ""


def _usable(boxes: tuple[Mailbox, ...]) -> tuple[Mailbox, ...]:
    return tuple(box for box in boxes if box.address)


def _plain(value: bytes) -> str:
    return storable(value.decode("utf-8", "replace"))


def _one_id(text: str) -> str:
    found = _MESSAGE_ID.search(text)
    return found.group(1) if found else text.strip("<> \t")[:998]


def _ids(headers: Headers, name: str) -> tuple[str, ...]:
    """Message-IDs of a header, each once, in order; free text around them (as In-Reply-To may have) is left out."""
    text = " ".join(_plain(value) for value in headers.all(name))
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(text)[:2000]))


def _return_path(headers: Headers) -> str | None:
    if not headers.has("return-path"):
        return None
    return headers.text("return-path").strip("<> \t")


def _moment(text: str) -> datetime | None:
    """A Date header as aware UTC; None where it is missing or absurd."""
    there = _moment_there(text)
    try:
        return there.astimezone(UTC) if there else None
    except OverflowError:
        return None


def _moment_there(text: str) -> datetime | None:
    """The same in the zone in which it was written."""
    try:
        parts = parsedate_tz(text[:200])
        if not parts:
            return None
        zone = timezone(timedelta(seconds=parts[9] or 0))
        return datetime(*parts[:5], min(parts[5], 59), tzinfo=zone)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def letter_as_json(letter: Letter) -> str:
    """The letter for people and scripts to read: files by size and SHA-256 instead of their bytes."""
    return json.dumps(_jsonable(letter), ensure_ascii=False, indent=2)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Attachment):
        return {
            "name": value.name,
            "content_type": value.content_type,
            "size_bytes": value.size_bytes,
            "sha256": value.sha256,
            "content_id": value.content_id,
            "is_inline": value.is_inline,
            "declared_name": value.declared_name,
        }
    if is_dataclass(value):
        return {item.name.rstrip("_"): _jsonable(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_jsonable(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value
