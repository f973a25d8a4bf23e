"""Who was not reached, from what a report says to people."""

import re
from collections.abc import Iterable

from ._bounce_fields import MAX_RECIPIENTS, addresses_in, first_address, is_no_recipient
from ._charsets import decode
from ._headers import Headers, read_headers
from ._mime import Part

# What flufl.bounce is given to read.
_MOST_LINES, _MOST_BLOCKS = 2000, 200
# Where the letter that comes back begins, within the text of the report.
_ORIGINAL_BELOW = re.compile(
    r"^[ \t>|*#=_-]{0,40}(?!the original message was received)(?:(?:below|this|following|here).{0,60}(?:copy|header|"
    r"message)|(?:the )?(?:original|unsent|returned|undelivered|rejected|bounced) "
    r"(?:message|mail|e-?mail|text)|message headers? follow|message (?:text|body|header|contents?).{0,20}follow|"
    r"header of the original|"
    r"(?:copy|text|headers|body|start|contents?|first \d+ (?:lines|bytes)) of (?:the |your )?(?:original |returned |"
    r"rejected |bounced |undeliver\w{1,12} )?(?:message|mail|header)|"
    r"original message headers|ursprüngliche|original mail info|message details|the (?:body|text|header) of|"
    r"received:|return-path:|from mailer-daemon )"
    r"[^\n]{0,120}$",
    re.IGNORECASE | re.MULTILINE,
)
_LEADS_LINE = re.compile(
    r"[ \t>*|\u2022-]{0,12}(?:mailto:)?[\"']?<{0,2}(?P<address>[^\s<>;,:\"'()\[\]]{1,100}@[^\s<>;,:\"'()\[\]]{2,200})"
)
_OF_A_LIST = re.compile(
    r"(?:member of|post to|posting to|mail to)[^<\n@]{0,60}<(?P<address>[^\s<>@]{1,100}@[^\s<>]{2,200})>", re.IGNORECASE
)
_NAMED = re.compile(
    r"(?<!\w)(?:rcpt to|recipients?(?: ?address)?(?: was)?|original address|failed recipient|deliver(?:ed|ing|"
    r"y)?(?: (?:this|your|the) (?:e-?)?(?:mail|message))? to|"
    r"(?:mail|message|sent|send|addressed|delivery|routed?|failed) (?:message )?to|addresse?e?s?|user(?:name)?|"
    r"account|mailbox|mailing list|to(?= ?:)|for(?= <)|empfänger|destinataire|destinatario|宛先)(?![\w@.+-])"
    r"[ \t]{0,4}(?:is|was)?[ \t]{0,3}[:=]?[ \t]{0,10}[\"'(\[]?(?:rfc822;[ \t]?|smtp:|"
    r"mailto:)?<{0,2}(?P<address>[^\s<>;,:\"'()\[\]]{1,100}@[^\s<>;,:\"'()\[\]]{2,200})",
    re.IGNORECASE,
)
FAILURE = re.compile(
    r"(?<![\d.])[45]\d\d[ -](?:\d\.\d+\.\d+)?|not (?:be )?(?:deliver|reach|sent)|undeliver|unable to|unknown|fail|"
    r"reject|refus|invalid|"
    r"no such|does ?n[o']t|not exist|error|full|quota|denied|blocked|delay|not (?:a )?member|エラー|送信でき|"
    r"配信でき|не может|не доставл|"
    r"wasn't able|did not like|"
    r"couldn't|could not|cannot|can't|gave up|given up|returned|bounced|nicht|deferred|problem|time|spam|not found|"
    r"disabled|impossible|imposible|n'a pas pu|no se pudo|n[ãa]o (?:foi|p[ôo]de)|non è stato|niet|nie (?:można|"
    r"udało)|nelze|iletilemedi",
    re.IGNORECASE,
)
# Addresses that a report names beside those not reached.
_NOT_REACHED_BY = re.compile(r"(?:mail\s{1,3}from:\s?<?|\(?generated (?:from|by) )[^\s<>()]{1,300}>?", re.IGNORECASE)
_TO = re.compile(r"^[ \t>]{0,10}(?:RCPT )?To:([^\n]{1,500})", re.MULTILINE | re.IGNORECASE)


def parted(text: str) -> tuple[str, str]:
    """The report's own words, and what it quotes of the letter that came back."""
    text = _NOT_REACHED_BY.sub("", text[:60_000])
    found = _ORIGINAL_BELOW.search(text)
    # "Below is a copy" may come first thing; a report has something to say before.
    while found and not first_address(text[: found.start()]) and found.end() < len(text) // 2:
        later = _ORIGINAL_BELOW.search(text, found.end())
        if not later and text[: found.start()].strip():
            break
        found = later
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def recipients_in_words(
    root: Part, words: str, returned: str, original: Part | None, subject: str
) -> tuple[list[str], bool]:
    """Those not reached, and whether the mail to them is only late: a header of Exim's, known formats, then words."""
    others = _others(root.headers)
    entries = _led(words, others)
    failed = _sifted(root.headers.text("x-failed-recipients").replace(",", " ").split(), set())
    if failed:
        lowered = words.lower()
        known = [address for address in failed if address.lower() in lowered]
        return (failed if known or not entries else entries), False
    late, refused = _found_by_flufl(root.raw[:100_000])
    recipients = _in_order(_named_in(_sifted(late + refused, others), words), words) or entries
    if not recipients and FAILURE.search(words + subject):
        recipients = _addressees(original, returned)
    if recipients and not FAILURE.search(words + subject):
        return [], False
    return recipients[:MAX_RECIPIENTS], bool(late) and not refused


def paragraphs_about(recipients: list[str], words: str) -> dict[str, str]:
    """What a report says next to each address: from the line that names it to where another is named."""
    wanted = {recipient.lower() for recipient in recipients}
    lines = words.split("\n")
    named = [{address.lower() for address in addresses_in(line)} & wanted if "@" in line else set() for line in lines]
    about: dict[str, list[str]] = {recipient: [] for recipient in wanted}
    for number, here in enumerate(named):
        for recipient in here:
            if len(about[recipient]) < 60:
                about[recipient] += _paragraph(lines, named, number, recipient)
    return {recipient: "\n".join(dict.fromkeys(text)) for recipient, text in about.items()}


def _paragraph(lines: list[str], named: list[set[str]], number: int, recipient: str) -> list[str]:
    first = number
    while first > 0 and number - first < 2 and lines[first - 1].lstrip().startswith((">>>", "<<<", "...")):
        first -= 1
    last = number + 1
    while last < len(lines) and last - number < 14 and not (named[last] - {recipient}):
        last += 1
    return lines[first:last]


def _others(headers: Headers) -> set[str]:
    """Who writes the report and to whom: neither of them is the one who was not reached."""
    text = " ".join(headers.text(name) for name in ("from", "to", "return-path", "sender", "errors-to", "reply-to"))
    return {address.lower() for address in addresses_in(text)}


def _led(words: str, others: set[str]) -> list[str]:
    """The list that refuses, else what begins a line, is called a recipient, or stands where failure is spoken of."""
    lines = [line for line in words.split("\n") if "@" in line][:400]
    return (
        _sifted((hit.group("address") for line in lines for hit in _OF_A_LIST.finditer(line)), others)
        or _sifted((found.group("address") for line in lines if (found := _LEADS_LINE.match(line))), others)
        or _sifted((hit.group("address") for line in lines for hit in _NAMED.finditer(line)), others)
        or _sifted((address for line in lines if FAILURE.search(line) for address in addresses_in(line)), others)
    )


def _sifted(found: Iterable[str], others: set[str]) -> list[str]:
    kept: dict[str, str] = {}
    for text in found:
        address = first_address(text)
        if address and address.lower() not in others:
            kept.setdefault(address.lower(), address)
    likely = [address for address in kept.values() if not is_no_recipient(address)]
    return likely or list(kept.values())[:1]


def _named_in(recipients: list[str], words: str) -> list[str]:
    """Those that the report itself names, if it names any; the others may be ids, torn addresses, or senders below."""
    named = {address.lower() for address in addresses_in(words)}
    return [recipient for recipient in recipients if recipient.lower() in named] or recipients


def _in_order(recipients: list[str], words: str) -> list[str]:
    """As the report lists them."""
    places = {address.lower(): place for place, address in reversed(list(enumerate(addresses_in(words))))}
    return sorted(recipients, key=lambda recipient: places.get(recipient.lower(), len(places)))


def _addressees(original: Part | None, returned: str) -> list[str]:
    """Whom the letter that came back was for, by its own To."""
    if original is not None:
        headers, _ = read_headers(original.beginning(200_000), 0, 200_000, maximum=200_000)
        text = headers.text("to")
    else:
        found = _TO.search(returned)
        text = found.group(1) if found else ""
    return _sifted(text.replace(",", " ").split(), set())


def _found_by_flufl(raw: bytes) -> tuple[list[str], list[str]]:
    """What twenty years of odd formats look like, by way of flufl.bounce, which may itself stumble: (late, failed)."""
    from email import message_from_bytes

    from flufl.bounce import all_failures

    try:
        late, failed = all_failures(message_from_bytes(_bounded(raw)))
    except Exception:
        return [], []
    return sorted(map(_as_text, late - failed)), sorted(map(_as_text, failed))


def _bounded(raw: bytes) -> bytes:
    """A mail's beginning as others' patterns can bear it: at most 2000 lines, of at most a thousand bytes each, in few
    blocks: each of a status report becomes a message there, which hundreds of detectors walk through.
    """
    lines = [line[:1000] for line in raw.split(b"\n", _MOST_LINES)[:_MOST_LINES]]
    empty = [number for number, line in enumerate(lines) if not line.strip()]
    for number in reversed(empty[_MOST_BLOCKS:]):
        del lines[number]
    return b"\n".join(lines)


def _as_text(value: bytes | str) -> str:
    return decode(value) if isinstance(value, bytes) else value
