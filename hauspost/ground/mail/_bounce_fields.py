"""Delivery status fields (RFC 3464), wherever they stand: in their own part, or amid a report's words."""

import re
from collections.abc import Iterator

from ._headers import Headers, decoded, read_headers

MAX_RECIPIENTS = 500
_MOST_BLOCKS = 2000
_ADDRESS = re.compile(
    r"(?<![\w.+=-])[\w.+=&#*'/!%$?^{|}~-]{1,100}@[A-Za-z0-9\u0080-\uffff][\w.-]{0,200}", re.ASCII | re.IGNORECASE
)
_RECIPIENT = ("original-recipient", "final-recipient", "x-actual-recipient")
# Nobody writes a letter to these; a report that names them as recipients means the one beside them.
_NO_RECIPIENT = re.compile(
    r"(?:mailer-daemon|postmaster|abuse|support|help|admin(?:istrator)?|noreply|no-reply|mail-?noreply)@", re.IGNORECASE
)


def recipient_fields(content: bytes) -> Iterator[tuple[str, Headers]]:
    """The recipients of a status report with their fields; blocks are parted by empty lines, or ought to be (2.3)."""
    content = content[:500_000]
    position, count = 0, 0
    for _ in range(_MOST_BLOCKS):
        fields, after = read_headers(content, position, len(content), maximum=100_000)
        if after <= position or count >= MAX_RECIPIENTS:
            break
        position = after
        for block in _blocks(fields):
            recipient = _wished(block)
            if recipient:
                count += 1
                yield recipient, block


def _blocks(fields: Headers) -> Iterator[Headers]:
    """Some programs forget the empty line between two recipients: a field that names one again begins the next."""
    block = Headers()
    for name, value in fields.lines:
        if name in _RECIPIENT[:2] and block.has(name):
            yield block
            block = Headers()
        block.lines.append((name, value))
    yield block


def _wished(fields: Headers) -> str:
    """Whom the letter was for: the address we wrote to, which a server may have rewritten since."""
    for name in _RECIPIENT:
        address = _typed_address(fields.first(name))
        if (address and not _NO_RECIPIENT.match(address)) or (address and name == "final-recipient"):
            return address
    return ""


def _typed_address(value: bytes) -> str:
    """ "rfc822; jo@example.org" as an address."""
    text = decoded(value)
    text = text.partition(";")[2] or text
    found = _ADDRESS.search(text.strip().strip("<>").strip())
    return found.group().strip(".'") if found else ""


def addresses_in(text: str) -> list[str]:
    """Every address of a text, in order, as it is written there."""
    return [found.strip(".'=") for found in _ADDRESS.findall(text)]


def first_address(text: str) -> str:
    """The first address of a text, or nothing."""
    found = _ADDRESS.search(text)
    return found.group().strip(".'=") if found else ""


def is_no_recipient(address: str) -> bool:
    """Whether this is a role that reports name beside those who were not reached."""
    return bool(_NO_RECIPIENT.match(address))
