"""Returned mail: who was not reached, why, for good or for now, and which of our letters it was (RFC 3464, and "
"others)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ._charsets import decode
from ._headers import Headers, decoded, read_headers
from ._mime import Part, leaves
from ._reasons import action_of, is_for_good, status_in
from .raw import Raw

_ADDRESS = re.compile(
    r"(?<![\w.+=-])[\w.+=&#*'/!%$?^{|}~-]{1,100}@[A-Za-z0-9\u0080-\uffff][\w.-]{0,200}", re.ASCII | re.IGNORECASE
)
_MESSAGE_ID = re.compile(r"^[ \t>]{0,20}Message-I[dD]:[ \t]{0,10}\r?\n?[ \t]{0,10}<([^<>\s]{3,400})>", re.MULTILINE)
_SUSPECT_SENDER = re.compile(
    r"mailer[-_ ]?daemon|post_?master|mail\.?delivery|mail delivery|mail ?system|delivery (?:sub)?system|maildaemon|"
    r"mdaemon|"
    r"bounce|undeliver|mmdf|system administrator|microsoft ?exchange|mail ?administrator|daemon|ndr administrator|"
    r"mail deliver|mta",
    re.IGNORECASE,
)
_SUSPECT_SUBJECT = re.compile(
    r"undeliver|not (?:be )?deliver|deliver(?:y|ing|ed)|returned|return(?:ing|ed)?:? mail|mail.{0,20}fail|fail(?:ed|"
    r"ure)|bounce|non-?remis|unzustellbar|"
    r"could not be|cannot be|can't be|non recapitabile|no se (?:ha )?pud|n[ãa]o entregue|kan niet|niezwr[óo]c|nedoru|"
    r"rejected|nicht zugestellt|"
    r"mail (?:system )?error|mail error|warning|nondeliver|non-deliver|error|blocked|not member|notify:|недоставлен|"
    r"不达|退信|送達|配信|delayed|zustell|rückl|échec|mislukt|erreur|dsn|user unknown|unknown (?:user|address)|problem",
    re.IGNORECASE,
)
# Where the letter that comes back begins, within the text of the report.
_ORIGINAL_BELOW = re.compile(
    r"^[ \t>|*#=_-]{0,40}(?!the original message was received)(?:(?:below|this|following|here).{0,60}(?:copy|header|"
    r"message)|(?:the )?(?:original|unsent|returned|undelivered|rejected|bounced) "
    r"(?:message|mail|e-?mail|text)|message headers? follow|message (?:text|body|header|contents?).{0,20}follow|"
    r"header of the original|"
    r"(?:copy|text|headers|body|start|contents?|first \d+ (?:lines|bytes)) of (?:the |your )?(?:original |returned |"
    r"rejected |bounced |undeliver\w+ )?(?:message|mail|header)|"
    r"original message headers|ursprüngliche|original mail info|message details|the (?:body|text|header) of|"
    r"received:|return-path:|from mailer-daemon )"
    r"[^\n]{0,120}$",
    re.IGNORECASE | re.MULTILINE,
)
_LEADS_LINE = re.compile(
    r"[ \t>*|\u2022-]{0,12}(?:mailto:)?[\"']?<{0,2}(?P<address>[^\s<>;,:\"'()\[\]]{1,100}@[^\s<>;,:\"'()\[\]]{2,200})"
)
_NAMED = re.compile(
    r"(?:rcpt to|recipients?(?: ?address)?(?: was)?|original address|failed recipient|deliver(?:ed|ing|"
    r"y)?(?: (?:this|your|the) (?:e-?)?(?:mail|message))? to|"
    r"(?:mail|message|sent|send|addressed|delivery|routed?|failed) (?:message )?to|addresse?e?s?|user(?:name)?|"
    r"account|mailbox|to(?= ?:)|for(?= <)|empfänger|destinataire)"
    r"[ \t]{0,4}(?:is|was)?[ \t]{0,3}[:=]?[ \t]{0,10}[\"'(\[]?(?:rfc822;[ \t]?|smtp:|"
    r"mailto:)?<{0,2}(?P<address>[^\s<>;,:\"'()\[\]]{1,100}@[^\s<>;,:\"'()\[\]]{2,200})",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"(?<![\d.])[45]\d\d[ -](?:\d\.\d+\.\d+)?|not (?:be )?(?:deliver|reach|sent)|undeliver|unable to|unknown|fail|"
    r"reject|refus|invalid|"
    r"no such|does ?n[o']t|not exist|error|full|quota|denied|blocked|delay|not member|エラー|送信でき|"
    r"配信でき|не может|"
    r"wasn't able|did not like|"
    r"couldn't|could not|cannot|can't|gave up|given up|returned|bounced|nicht|deferred|problem|time|spam|not found|"
    r"disabled",
    re.IGNORECASE,
)
# Addresses that a report names beside those not reached.
_NOT_REACHED_BY = re.compile(r"(?:mail\s{1,3}from:\s?<?|\(?generated (?:from|by) )[^\s<>()]{1,300}>?", re.IGNORECASE)
_NO_RECIPIENT = re.compile(
    r"(?:mailer-daemon|postmaster|abuse|support|help|admin(?:istrator)?|noreply|no-reply|mail-?noreply)@", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient of a returned mail.

    `action` is "failed" (refused for good), "expired" (given up after days: the address may be right), "delayed" (still
    being tried) or what the report says ("delivered", "relayed", "expanded"). `is_hard`: the address itself is wrong.
    """

    recipient: str
    status: str
    action: str
    diagnostic: str
    is_hard: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery status mail says."""

    is_dsn: bool = False
    is_bounce: bool = False
    bounces: tuple[Bounce, ...] = ()
    original_id: str = ""
    is_feedback: bool = False


_STATUS_KINDS = ("message/delivery-status", "message/global-delivery-status")
_ORIGINAL_KINDS = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/rfc822-headers",
    "message/global-headers",
)


def read_report(root: Part, *, sender: str, subject: str, return_path: str | None, text: str) -> Report:
    """Read a delivery status: the standard parts first, then the many older forms. `text` is the readable body."""
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
    if is_feedback:
        return Report(original_id=_original_id(original, root), is_feedback=True)
    words, returned = _parted(_NOT_REACHED_BY.sub("", text[:60_000]))
    bounces = [bounce for part in reports for bounce in _fields(part.content(), words)]
    if not bounces:
        if (
            not reports
            and "bouncedRecipients" not in words[:3000]
            and not _is_suspect(root.headers, sender, subject, return_path)
        ):
            return Report()
        bounces = _from_words(root, words, returned, original, subject)
    if not bounces and not reports:
        return Report()
    return Report(
        is_dsn=True,
        is_bounce=any(bounce.action == "failed" for bounce in bounces),
        bounces=tuple(bounces),
        original_id=_original_id(original, root),
    )


def _is_suspect(headers: Headers, sender: str, subject: str, return_path: str | None) -> bool:
    if headers.has("x-failed-recipients") or (return_path is not None and "mailer-daemon" in return_path.lower()):
        return True
    return return_path == "" or bool(_SUSPECT_SENDER.search(sender) or _SUSPECT_SUBJECT.search(subject))


def _parted(text: str) -> tuple[str, str]:
    """The report's own words, and what it quotes of the letter that came back."""
    found = _ORIGINAL_BELOW.search(text)
    # "Below is a copy" may come first thing; a report has something to say before.
    while found and not _ADDRESS.search(text, 0, found.start()) and found.end() < len(text) // 2:
        later = _ORIGINAL_BELOW.search(text, found.end())
        if not later:
            break
        found = later
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _fields(content: bytes, words: str) -> list[Bounce]:
    """The recipients of a message/delivery-status: blocks of fields, parted by empty lines (RFC 3464 2.3)."""
    content = content[:500_000]
    bounces: dict[str, Bounce] = {}
    position = 0
    while position < len(content) and len(bounces) < 500:
        fields, after = read_headers(content, position, len(content), maximum=100_000)
        if after <= position:
            break
        position = after
        recipient = _wished(fields)
        if not recipient:
            continue
        action = decoded(fields.first("action")).lower().partition(" ")[0].strip(".;,()")
        diagnostic = decoded(fields.first("diagnostic-code"))[:2000]
        status = status_in(decoded(fields.first("status"))) or status_in(diagnostic)
        if status.endswith(".0.0") and status_in(diagnostic):
            status = status_in(diagnostic)
        told = f"{diagnostic} {_about(recipient, words) if len(diagnostic) < 20 else ''}"
        bounces.setdefault(recipient.lower(), _bounce(recipient, status, action, diagnostic, told))
    return list(bounces.values())


def _wished(fields: Headers) -> str:
    """Whom the letter was for: the address we wrote to, which a server may have rewritten since."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        address = _typed_address(fields.first(name))
        if (address and not _NO_RECIPIENT.match(address)) or (address and name == "final-recipient"):
            return address
    return ""


def _bounce(recipient: str, status: str, action: str, diagnostic: str, told: str) -> Bounce:
    action = action_of(action, status, told)
    return Bounce(recipient, status, action, diagnostic, action == "failed" and is_for_good(status, told))


def _typed_address(value: bytes) -> str:
    """ "rfc822; jo@example.org" as an address."""
    text = decoded(value)
    text = text.partition(";")[2] or text
    text = text.strip().strip("<>").strip()
    found = _ADDRESS.search(text)
    return found.group().strip(".'") if found else ""


def _from_words(root: Part, words: str, returned: str, original: Part | None, subject: str) -> list[Bounce]:
    """Recipients from what a report says to people: fields in the text, lines that begin with an address, commands "
    "quoted."""
    if "inal-recipient:" in words.lower() or "inal-recipient:" in returned.lower():
        lines = (words + "\n" + returned)[:60_000]
        block = lines.rfind("\n\n", 0, lines.lower().find("inal-recipient:"))
        found = _fields(lines[max(block, 0) :].lstrip("\n").encode("utf-8", "replace"), words)
        if found:
            return found
    others = _others(root)
    failed = root.headers.text("x-failed-recipients")
    recipients = _addresses(failed.replace(",", " ").split(), set())
    late, refused = _found_by_flufl(root.raw) if not recipients else ([], [])
    recipients = (
        recipients
        or _seen(_addresses(late + refused, others), words)
        or _led(words, others)
        or _told_to_programs(words)
    )
    if not recipients and _FAILURE.search(words + subject):
        recipients = _addressees(original, returned)
    action = "delayed" if late and not refused else ""
    if recipients and not _FAILURE.search(words + subject):
        return []
    bounces: list[Bounce] = []
    for recipient in recipients[:500]:
        told = _about(recipient, words) if len(recipients) > 1 else words
        told = f"{told} {subject}"
        bounces.append(
            _bounce(recipient, status_in(told), action, " ".join(_about(recipient, words).split())[:500], told)
        )
    return bounces


def _others(root: Part) -> set[str]:
    """Who writes the report and to whom: neither of them is the one who was not reached."""
    text = " ".join(
        root.headers.text(name) for name in ("from", "to", "return-path", "sender", "errors-to", "reply-to")
    )
    return {address.lower() for address in _ADDRESS.findall(text)}


def _led(words: str, others: set[str]) -> list[str]:
    lines = [line for line in words.split("\n") if "@" in line][:400]
    led = (found.group("address") for line in lines if (found := _LEADS_LINE.match(line)))
    recipients = _addresses(led, others)
    if not recipients:
        recipients = _addresses((hit.group("address") for line in lines for hit in _NAMED.finditer(line)), others)
    if not recipients:
        recipients = _addresses(
            (hit.group() for line in lines if _FAILURE.search(line) for hit in _ADDRESS.finditer(line)), others
        )
    return recipients


def _addresses(found: Iterable[str], others: set[str]) -> list[str]:
    kept: dict[str, str] = {}
    for text in found:
        hit = _ADDRESS.search(text)
        address = hit.group().strip(".'=") if hit else ""
        if address and address.lower() not in others:
            kept.setdefault(address.lower(), address)
    likely = [address for address in kept.values() if not _NO_RECIPIENT.match(address)]
    return likely or list(kept.values())[:1]


def _seen(recipients: list[str], words: str) -> list[str]:
    """Those that the report itself names, if it names any; the others may be ids or senders of the letter below."""
    lowered = words.lower()
    return [recipient for recipient in recipients if recipient.lower() in lowered] or recipients


def _told_to_programs(words: str) -> list[str]:
    """Amazon's notices of bounces are JSON, sometimes JSON within JSON."""
    if not words.lstrip().startswith("{") or "bouncedRecipients" not in words:
        return []
    named = words.partition("bouncedRecipients")[2].partition("]")[0]
    return _addresses(re.findall(r"emailAddress\W{1,10}([^\"\\]{3,300})", named), set())


def _addressees(original: Part | None, returned: str) -> list[str]:
    """Whom the letter that came back was for, by its own To."""
    text = ""
    if original is not None:
        headers, _ = read_headers(original.content(), 0, 200_000, maximum=200_000)
        text = headers.text("to")
    else:
        found = re.search(r"^[ \t>]{0,10}(?:RCPT )?To:([^\n]{1,500})", returned, re.MULTILINE | re.IGNORECASE)
        text = found.group(1) if found else ""
    return _addresses(text.replace(",", " ").split(), set())


def _about(recipient: str, words: str) -> str:
    """What the report says next to an address: its line and some that follow."""
    start = words.lower().find(recipient.lower())
    if start < 0:
        return words[:2000]
    return words[max(words.rfind("\n", 0, start), 0) : start + 800]


def _found_by_flufl(raw: Raw) -> tuple[list[str], list[str]]:
    """What twenty years of odd formats look like, by way of flufl.bounce, which may itself stumble: (late, failed)."""
    from email import message_from_bytes

    from flufl.bounce import all_failures

    try:
        late, failed = all_failures(message_from_bytes(_bounded(raw)))
    except Exception:
        return [], []
    return sorted(map(_address, late - failed)), sorted(map(_address, failed))


def _bounded(raw: Raw) -> bytes:
    """As much of a mail as others' patterns can bear: 100 kB in lines of at most a thousand bytes."""
    lines = raw[:100_000].split(b"\n")
    return b"\n".join(line[:1000] for line in lines) if max(map(len, lines)) > 1000 else raw[:100_000]


def _address(value: bytes | str) -> str:
    return decode(value) if isinstance(value, bytes) else value


def _original_id(original: Part | None, root: Part) -> str:
    """The Message-ID of the letter that came back: from the part that holds it, else from its quoted header."""
    if original is not None:
        headers, _ = read_headers(original.content(), 0, 200_000, maximum=200_000)
        found = decoded(headers.first("message-id")).strip("<> ")
        if found:
            return found
    own = decoded(root.headers.first("message-id")).strip("<> ")
    body = decode(root.raw[root.body : root.body + 200_000])
    return next((found for found in _MESSAGE_ID.findall(body) if found != own), "")
