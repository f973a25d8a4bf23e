"""Returned mail: who was not reached, why, for good or for now, and which of our letters it was (RFC 3464 and kin)."""

import re
from dataclasses import dataclass

from ._bounce_fields import first_address, recipient_fields
from ._bounce_json import read_notice
from ._bounce_signs import is_from_a_daemon, is_from_a_machine
from ._bounce_words import paragraphs_about, parted, recipients_in_words
from ._charsets import decode
from ._headers import Headers, decoded, read_headers
from ._mime import Part, leaves, read_structure
from ._reasons import Told, judge

_MESSAGE_ID = re.compile(
    r"^[ \t>]{0,20}Message-ID:[ \t]{0,10}\r?\n?[ \t]{0,10}<([^<>\s]{3,400})>", re.MULTILINE | re.IGNORECASE
)
_ID = re.compile(r"<([^<>\s]{3,400})>")
_STATUS_KINDS = ("message/delivery-status", "message/global-delivery-status", "message/xdelivery-status")
_ORIGINAL_KINDS = (
    "message/rfc822",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/global",
    "message/rfc822-headers",
    "message/global-headers",
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient of a returned mail.

    `action` is "failed" (refused for good), "expired" (given up after days: the address may be right), "delayed" (still
    being tried) or what the report says ("delivered", "relayed", "expanded"). `is_hard`: the address itself is wrong;
    `reason` is one of `_reason_words.Reason`.
    """

    recipient: str
    status: str
    action: str
    diagnostic: str
    is_hard: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery status mail says."""

    is_dsn: bool = False
    is_bounce: bool = False
    bounces: tuple[Bounce, ...] = ()
    original_id: str = ""
    is_feedback: bool = False


def read_report(root: Part, *, sender: str, subject: str, return_path: str | None, text: str) -> Report:
    """Read a delivery status: the standard parts first, then the many older forms. `text` is the readable body."""
    reports, original, is_feedback = _parts(root)
    notice, rows = read_notice(text)
    if is_feedback or notice == "complaint":
        return Report(original_id=_original_id(original, root), is_feedback=True)
    is_suspect = bool(rows) or is_from_a_machine(root.headers, sender, subject, return_path, text)
    if not is_suspect and root.kind != "multipart/report":
        return Report()
    words, returned = parted(text)
    if is_suspect and not reports:
        reports = _reports_within(original)
    bounces = [bounce for part in reports for bounce in _from_fields(part.beginning(500_000), words)]
    bounces = bounces or _from_notice(rows)
    if not bounces and is_suspect:
        bounces = _from_words(root, words, returned, original, subject)
    if not bounces and not reports and not (is_suspect and is_from_a_daemon(sender)):
        return Report()
    return Report(
        is_dsn=True,
        is_bounce=any(bounce.action == "failed" for bounce in bounces),
        bounces=tuple(bounces),
        original_id=_original_id(original, root),
    )


def _parts(root: Part) -> tuple[list[Part], Part | None, bool]:
    """The status reports, the letter that came back, and whether this is a complaint (RFC 5965) instead."""
    reports: list[Part] = []
    original: Part | None = None
    is_feedback = root.params.get("report-type", "").lower() == "feedback-report"
    for part in leaves(root):
        if part.kind in _STATUS_KINDS:
            reports.append(part)
        elif part.kind in _ORIGINAL_KINDS:
            original = original or part
        elif part.kind == "message/feedback-report":
            is_feedback = True
    if original is not None and not reports:
        # Microsoft's complaints are the mail itself with a header more (JMRP).
        is_feedback = is_feedback or b"\nX-HmXmrOriginalRecipient:" in b"\n" + original.beginning(20_000)
    return reports, original, is_feedback


def _reports_within(original: Part | None) -> list[Part]:
    """The status reports of a report that a gateway returned within a report of its own."""
    if original is None or original.kind != "message/rfc822":
        return []
    inner = read_structure(original.beginning(1_000_000)).root
    return [part for part in leaves(inner) if part.kind in _STATUS_KINDS] if inner.kind == "multipart/report" else []


def _from_fields(content: bytes, words: str) -> list[Bounce]:
    """The recipients of a message/delivery-status, each judged with what the words say of it."""
    blocks: dict[str, tuple[str, Headers]] = {}
    for recipient, fields in recipient_fields(content):
        blocks.setdefault(recipient.lower(), (recipient, fields))
    about = paragraphs_about([recipient for recipient, _ in blocks.values()], words)
    bounces = []
    for key, (recipient, fields) in blocks.items():
        told = Told(
            action=_first_word(decoded(fields.first("action"))),
            status=decoded(fields.first("status")),
            diagnostic=decoded(fields.first("diagnostic-code"))[:2000],
            about=about[key],
            words=words if len(blocks) == 1 else "",
        )
        bounces.append(_bounce(recipient, told, told.diagnostic))
    return bounces


def _first_word(action: str) -> str:
    return action.lower().partition(" ")[0].strip(".;,()")


def _bounce(recipient: str, told: Told, diagnostic: str) -> Bounce:
    found = judge(told)
    return Bounce(recipient, found.status, found.action, diagnostic, found.is_hard, found.reason.value)


def _from_notice(rows: list[dict[str, str]]) -> list[Bounce]:
    bounces = []
    for row in rows:
        recipient = first_address(row["emailAddress"])
        if recipient:
            told = Told(action=row["action"], status=row["status"], diagnostic=row["diagnosticCode"])
            bounces.append(_bounce(recipient, told, told.diagnostic))
    return bounces


def _from_words(root: Part, words: str, returned: str, original: Part | None, subject: str) -> list[Bounce]:
    """Recipients from what a report says to people: fields amid the text, lines with an address, commands."""
    if "inal-recipient:" in words.lower() or "inal-recipient:" in returned.lower():
        lines = (words + "\n" + returned)[:60_000]
        block = lines.rfind("\n\n", 0, lines.lower().find("inal-recipient:"))
        found = _from_fields(lines[max(block, 0) :].lstrip("\n").encode("utf-8", "replace"), words)
        if found:
            return found
    recipients, is_late = recipients_in_words(root, words, returned, original, subject)
    about = paragraphs_about(recipients, words)
    bounces = []
    for recipient in recipients:
        near = about[recipient.lower()]
        told = Told(
            action="delayed" if is_late else "",
            about=near,
            words=f"{words[:6000]}\n{subject}" if len(recipients) == 1 or not near else subject,
        )
        bounces.append(_bounce(recipient, told, " ".join((near or words).split())[:500]))
    return bounces


def _original_id(original: Part | None, root: Part) -> str:
    """The Message-ID of the letter that came back: from the part that holds it, from its quoted header, else from what
    the report answers."""
    if original is not None:
        headers, _ = read_headers(original.beginning(200_000), 0, 200_000, maximum=200_000)
        found = decoded(headers.first("message-id")).strip("<> ")
        if found:
            return found
    own = decoded(root.headers.first("message-id")).strip("<> ")
    body = decode(root.raw[root.body : root.body + 200_000])
    quoted = next((found for found in _MESSAGE_ID.findall(body) if found != own), "")
    return quoted or next(iter(_ID.findall(root.headers.text("in-reply-to"))), "")
