"""Header lines: found, unfolded and decoded one by one, so that a broken one spoils no other."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ._charsets import codec_of, decode, storable
from ._transfer import base64_bytes
from .raw import Raw

_ENCODED = re.compile(rb"=\?([^?\s]{0,60})\?([bBqQ])\?")
# An encoded word that was encoded once more: only the inner one is what somebody wrote.
_ENCODED_TWICE = re.compile(r"\s*(?:=\?[^?\s]{0,60}\?[bBqQ]\?[^?]{0,2000}\?=\s*){1,50}")
_NAME = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_WELL_KNOWN = re.compile(
    rb"(?:received|from|to|subject|date|message-id|mime-version|content-type|content-transfer-encoding|return-path|delivered-to|"
    rb"x-[a-z0-9-]{3,60}|reply-to|cc|references|in-reply-to)[ \t]*:",
    re.IGNORECASE,
)
# Not from amid white space, or a long row of it would be gone through again for each of its places.
_FOLD = re.compile(rb"(?<![ \t])[ \t]*\r?\n[ \t]*")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(slots=True)
class Headers:
    """The header lines of one part, in order, by lower-case name, still as bytes."""

    lines: list[tuple[str, bytes]] = field(default_factory=list)
    charset: str = ""  # what raw 8-bit headers are probably written in: the body's charset

    def all(self, name: str) -> list[bytes]:
        """Every value of that name, in order."""
        return [value for known, value in self.lines if known == name]

    def first(self, name: str) -> bytes:
        """The first value of that name, or nothing."""
        for known, value in self.lines:
            if known == name:
                return value
        return b""

    def text(self, name: str) -> str:
        """The first value of that name, decoded, on one line, without control characters (S20)."""
        value = self.first(name)
        return decoded(value, self.charset) if value else ""

    def has(self, name: str) -> bool:
        """Whether the header is there at all, be it empty."""
        return name in [known for known, _ in self.lines]


def read_headers(raw: Raw, start: int, end: int, *, maximum: int) -> tuple[Headers, int]:
    """The headers from `start`, and where the body begins. At most `maximum` bytes are looked at."""
    headers = Headers()
    lines = headers.lines
    position = start
    end = min(end, len(raw))
    limit = min(end, start + maximum)
    name, value_start = "", 0
    while position < limit:
        newline = raw.find(b"\n", position, limit)
        after = limit if newline < 0 else newline + 1
        first = raw[position]
        if first in b" \t" and name and raw[position:after].strip():
            position = after
            continue
        if name:
            lines.append((name, _unfolded(raw[value_start:position])))
            name = ""
        if first in b"\r\n" and not raw[position:after].strip():
            return headers, after
        found = _NAME.match(raw, position, after)
        if found:
            name = found.group()[:-1].rstrip().decode("ascii").lower()
            value_start = found.end()
        elif first in b" \t" and not raw[position:after].strip():
            return headers, after
        elif (lines and raw[position : position + 2] == b"--") or not _is_header_later(raw, after, limit):
            # A delimiter is never amid headers, whatever follows it.
            return headers, position
        position = after
    if name:
        lines.append((name, _unfolded(raw[value_start:position])))
    return headers, position


def _is_header_later(raw: Raw, position: int, limit: int) -> bool:
    """Whether a line that is no header stands amid headers, rather than being the body's first."""
    for _ in range(8):
        newline = raw.find(b"\n", position, limit)
        if newline < 0 or not raw[position:newline].strip():
            return False
        if _WELL_KNOWN.match(raw, position, newline):
            return True
        position = newline + 1
    return False


def _unfolded(value: bytes) -> bytes:
    value = value.strip()
    return _FOLD.sub(b" ", value) if b"\n" in value else value


def decoded(value: bytes, charset: str = "") -> str:
    """A header's text: encoded words (RFC 2047) and raw 8-bit bytes alike, white space and control characters tamed.

    Encoded words decode wherever they stand, also within quotes and when a character is split over two of
    them (P21.3); raw bytes decode as UTF-8, else by `charset` (P21.2).
    """
    text = decode(value, fallback=charset) if b"=?" not in value else "".join(_pieces(value, charset))
    if text[:2] == "=?" and b"=?" in value and _ENCODED_TWICE.fullmatch(text):
        text = "".join(_pieces(text.encode("utf-8", "replace"), charset))
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text.replace("\t", " "))
    return text.strip()


def decoded_again(text: str, charset: str = "") -> str:
    """Decode what is already text once more: some programs encode twice or hide encoded words in parameters."""
    return decoded(text.encode("utf-8", "replace"), charset) if "=?" in text else text


def _pieces(value: bytes, charset: str) -> Iterator[str]:
    position = 0
    pending, pending_name = b"", ""
    length = len(value)
    while position < length:
        found = _ENCODED.search(value, position)
        if not found:
            break
        stop = _end_of_word(value, found)
        if stop < 0:
            break
        between = value[position : found.start()]
        name = found.group(1).decode("ascii", "replace").lower()
        if between.strip() or (pending and name != pending_name):
            if pending:
                yield _word_text(pending, pending_name, charset)
                pending = b""
            if between.strip():
                yield decode(between, fallback=charset)
        elif not pending and position == 0:
            yield decode(between, fallback=charset)
        pending += _word_bytes(value[found.end() : stop], found.group(2))
        pending_name = name
        position = stop + 2
    if pending:
        yield _word_text(pending, pending_name, charset)
    if position < length:
        yield decode(value[position:], fallback=charset)


def _end_of_word(value: bytes, found: "re.Match[bytes]") -> int:
    """Where `?=` ends this word; a Q word may wrongly hold question marks of its own."""
    stop = value.find(b"?=", found.end())
    if stop < 0:
        return -1
    if found.group(2) in b"qQ":
        # "=?utf-8?q?=C3=A4?=" is fine; "?=3D?=" means that the mark belonged to the text.
        while (
            re.match(rb"\?=[0-9A-Fa-f]{2}[^ \t]*\?=", value[stop : stop + 200]) and b"=?" not in value[stop : stop + 8]
        ):
            following = value.find(b"?=", stop + 2)
            if following < 0 or b" " in value[stop:following]:
                break
            stop = following
    return stop


def _word_bytes(payload: bytes, encoding: bytes) -> bytes:
    if encoding in b"bB":
        return base64_bytes(payload)
    return _quoted_bytes(payload.replace(b"_", b" "))


def _word_text(data: bytes, name: str, charset: str) -> str:
    return decode(data, name.partition("*")[0], fallback=charset)


def _quoted_bytes(data: bytes) -> bytes:
    return binascii.a2b_qp(data) if b"=" in data else data


def parameters(value: bytes, charset: str = "") -> tuple[str, dict[str, str]]:
    """The value and the parameters of a Content-Type or Content-Disposition (RFC 2045, RFC 2231, and what is sent).

    Continuations are joined, percent and encoded words decoded; at most 200 parameters are read.
    """
    fields = _with_its_head(_fields(value))
    head = decode(fields[0][0], fallback=charset).strip().strip('"').lower() if fields else ""
    plain: dict[str, str] = {}
    split: dict[str, list[tuple[int, bool, bytes]]] = {}
    for name_bytes, content in fields[1:]:
        name = name_bytes.decode("ascii", "replace").strip().lower()
        if "*" in name:
            base, _, rest = name.partition("*")
            number = rest.rstrip("*")
            split.setdefault(base, []).append(
                (int(number) if number.isdecimal() else 0, rest.endswith("*") or not rest, content)
            )
        elif name and name not in plain:
            plain[name] = decoded(content, charset)
    for name, sections in split.items():
        plain[name] = _joined(sections, charset)
    return head, plain


def _with_its_head(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The value first, also where its semicolon is missing ("text/plain charset=x") or it itself ("filename=x")."""
    if not fields or not fields[0][1]:
        return fields
    name, content = fields[0]
    words = name.split()
    if not words or (len(words) == 1 and b"/" in name):
        return fields
    return [(b" ".join(words[:-1]), b""), (words[-1], content), *fields[1:]]


def _fields(value: bytes) -> list[tuple[bytes, bytes]]:
    """Split at semicolons outside quotes, without regular expressions, in one pass."""
    fields: list[tuple[bytes, bytes]] = []
    position, length = 0, len(value)
    while position < length and len(fields) <= 200:
        name = bytearray()
        while position < length and value[position] not in b";=":
            name.append(value[position])
            position += 1
        if position >= length or value[position] == 0x3B:
            fields.append((bytes(name).strip(), b""))
            position += 1
            continue
        position += 1
        while position < length and value[position] in b" \t\r\n":
            position += 1
        if position < length and value[position] == 0x22:
            content, position = _quoted(value, position + 1)
            stop = value.find(b";", position)
            position = length if stop < 0 else stop + 1
        else:
            stop = value.find(b";", position)
            stop = length if stop < 0 else stop
            content, position = value[position:stop].strip(), stop + 1
        fields.append((bytes(name).strip(), content))
    return fields


def _quoted(value: bytes, position: int) -> tuple[bytes, int]:
    content = bytearray()
    length = len(value)
    while position < length and value[position] != 0x22:
        if value[position] == 0x5C and position + 1 < length and value[position + 1] in b'"\\':
            position += 1
        content.append(value[position])
        position += 1
    return bytes(content), position + 1


def _joined(sections: list[tuple[int, bool, bytes]], charset: str) -> str:
    """RFC 2231: the sections of one parameter in order; only starred ones are percent-encoded."""
    sections.sort(key=lambda section: section[0])
    name = charset
    data = bytearray()
    for index, (_, is_encoded, content) in enumerate(sections):
        if index == 0 and is_encoded and content.count(b"'") >= 2:
            named, _, rest = content.partition(b"'")
            content = rest.partition(b"'")[2]
            name = named.decode("ascii", "replace")
        data += _PERCENT.sub(lambda hit: bytes((int(hit.group(1), 16),)), content) if is_encoded else content
    if b"=?" in data:
        return decoded(bytes(data), name)
    text = decode(bytes(data), name) if codec_of(name) else decode(bytes(data), fallback=charset)
    return storable(_CONTROLS.sub(" ", text)).strip()
