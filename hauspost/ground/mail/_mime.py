"""The parts of a mail: a bounded, non-recursive reader of MIME structure that cuts bytes and copies none needlessly."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ._charsets import storable
from ._headers import Headers, parameters, read_headers
from ._transfer import Encoded, decoded_bytes, is_uu
from .raw import MappedMail, Raw

MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_HEADER_BYTES = 1_000_000
# Bigger parts of a big mail are decoded only when they are stored, a piece at a time (P36.1).
_LEFT_ENCODED_ABOVE = 64 * 1024

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_UU_BEGIN = re.compile(rb"begin [0-7]{3,4} ([^\r\n]{1,300})\r?\n(?=[ -`])")
_MOST_UU = 50
_LONGEST_ABOVE = 1000
_AS_THEY_ARE = ("", "7bit", "8bit", "binary")


@dataclass(slots=True)
class Part:
    """One part of a mail: where it lies in the raw bytes, what its headers say, and its children."""

    raw: Raw
    start: int
    body: int
    end: int
    headers: Headers
    kind: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_params: dict[str, str] = field(default_factory=dict)
    children: list["Part"] = field(default_factory=list)
    depth: int = 0

    @property
    def main(self) -> str:
        """ "text" of "text/plain"."""
        return self.kind.partition("/")[0]

    @property
    def charset(self) -> str:
        """The declared charset, or nothing."""
        return self.params.get("charset", "")

    @property
    def encoding(self) -> str:
        """The transfer encoding in lower case, comments and semicolons dropped."""
        value = self.headers.first("content-transfer-encoding").decode("ascii", "replace").lower()
        return value.partition(";")[0].partition("(")[0].strip().strip("\"'")

    @property
    def declared_name(self) -> str:
        """The file name as the mail states it, wherever it states it."""
        return (
            self.disposition_params.get("filename")
            or self.params.get("name")
            or self.disposition_params.get("name")
            or self.params.get("filename")
            or ""
        )

    @property
    def content_id(self) -> str:
        """Content-ID without its angle brackets."""
        return storable(self.headers.first("content-id").decode("utf-8", "replace")).strip().strip("<>").strip()

    def source(self) -> bytes:
        """The body exactly as it stands in the mail, still encoded."""
        return self.raw[self.body : self.end]

    def content(self) -> bytes:
        """The body with its transfer encoding undone, as far as it can be."""
        return decoded_bytes(self.source(), self.encoding)

    def beginning(self, size_bytes: int) -> bytes:
        """The same, or its first bytes when it is longer; a big part is not decoded whole for that."""
        if self.end - self.body > _LEFT_ENCODED_ABOVE:
            return Encoded(self.raw, self.body, self.end, self.encoding).beginning(size_bytes)
        return self.content()[:size_bytes]

    def file(self) -> bytes | Encoded:
        """The content for an attachment: a big part of a big mail as it lies there."""
        if isinstance(self.raw, MappedMail) and self.end - self.body > _LEFT_ENCODED_ABOVE:
            return Encoded(self.raw, self.body, self.end, self.encoding)
        return self.content()


@dataclass(slots=True)
class Structure:
    """A mail taken apart; `fault` says which bound it broke, if any, and then it has no parts."""

    root: Part
    fault: str = ""


def read_structure(raw: Raw) -> Structure:
    """Take a mail apart within the bounds of S19. Faults: "too_many_parts", "too_deep", "headers_too_long"."""
    start = _first_header(raw)
    root = _read_part(raw, start, len(raw), depth=0)
    if root.body - start >= MAX_HEADER_BYTES:
        return Structure(root, "headers_too_long")
    waiting, count, header_bytes = [root], 0, 0
    while waiting:
        part = waiting.pop()
        count += 1
        header_bytes += part.body - part.start
        if count > MAX_PARTS:
            return _broken(root, "too_many_parts")
        if header_bytes >= MAX_HEADER_BYTES:
            return _broken(root, "headers_too_long")
        if part.main != "multipart":
            continue
        if part.depth >= MAX_DEPTH:
            return _broken(root, "too_deep")
        spans = _spans(part)
        if len(spans) + count > MAX_PARTS:
            return _broken(root, "too_many_parts")
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for begin, end in spans:
            part.children.append(_read_part(raw, begin, end, depth=part.depth + 1, default=default))
        if not spans:
            part.kind = "text/plain"
        waiting.extend(reversed(part.children))
    return Structure(root)


def leaves(part: Part) -> Iterator[Part]:
    """The parts that hold content, in the order of the mail."""
    waiting = [part]
    while waiting:
        current = waiting.pop()
        if current.children:
            waiting.extend(reversed(current.children))
        else:
            yield current


def _broken(root: Part, fault: str) -> Structure:
    root.children = []
    root.kind = "application/octet-stream"
    return Structure(root, fault)


def _first_header(raw: Raw) -> int:
    """Skip blank lines and the "From " line of an mbox, quoted or not, which some programs leave on top."""
    position, length = 0, len(raw)
    if raw[:3] == b"\xef\xbb\xbf":
        position = 3
    while position < length:
        newline = raw.find(b"\n", position)
        line = raw[position : min(newline if newline >= 0 else length, position + _LONGEST_ABOVE)]
        if len(line) == _LONGEST_ABOVE or (line.strip() and not line.startswith((b"From ", b">From "))):
            break
        if newline < 0:
            break
        position = newline + 1
    return position


def _read_part(raw: Raw, start: int, end: int, *, depth: int, default: str = "text/plain") -> Part:
    headers, body = read_headers(raw, start, end, maximum=MAX_HEADER_BYTES)
    part = Part(raw, start, body, end, headers, kind=default, depth=depth)
    declared = headers.first("content-type")
    if declared:
        kind, part.params = parameters(declared)
        headers.charset = part.params.get("charset", "")
        if not declared.isascii() or b"=?" in declared:
            kind, part.params = parameters(declared, headers.charset)
        part.kind = _known_type(kind, default)
    disposition = headers.first("content-disposition")
    if disposition:
        part.disposition, part.disposition_params = parameters(disposition, headers.charset)
    return part


def _known_type(kind: str, default: str) -> str:
    found = _TYPE.match(kind.replace(" ", ""))
    if found:
        for known in ("text/plain", "text/html"):
            if kind.startswith(known + "charset"):
                return known
        return found.group()
    if kind in ("text", "plain"):
        return "text/plain"
    if kind == "html":
        return "text/html"
    return default if not kind else "text/plain" if default == "text/plain" else default


def _spans(part: Part) -> list[tuple[int, int]]:
    """Where the children of a multipart lie. A missing or wrong boundary is guessed from the first delimiter line."""
    boundary = part.params.get("boundary", "").rstrip()
    spans = _between(part, b"--" + boundary.encode("utf-8", "replace")) if boundary else []
    if not spans:
        guess = _guessed(part)
        spans = _between(part, guess) if guess else []
    return spans


def _between(part: Part, delimiter: bytes) -> list[tuple[int, int]]:
    raw, end = part.raw, part.end
    spans: list[tuple[int, int]] = []
    begin = -1
    position = part.body
    length = len(delimiter)
    while len(spans) <= MAX_PARTS:
        found = raw.find(delimiter, position, end)
        if found < 0:
            break
        position = found + length
        if found > part.body and raw[found - 1] not in b"\r\n":
            continue
        newline = raw.find(b"\n", position, end)
        stop = end if newline < 0 else newline + 1
        rest = raw[position : min(stop, position + 300)]
        is_last = rest.startswith(b"--")
        # What follows on the line is ignored (RFC 2046 5.1.1), unless it makes another, longer boundary.
        if rest[2 * is_last :][:1] not in (b"", b"\r", b"\n", b" ", b"\t"):
            continue
        if begin >= 0:
            spans.append((begin, _before_newline(raw, begin, found)))
        begin = stop
        position = stop
        if is_last:
            # An epilogue follows, unless a program closed too early and goes on with more parts.
            begin = -1
    if begin >= 0 and begin < end:
        spans.append((begin, end))
    return spans


def _before_newline(raw: Raw, begin: int, found: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    if found - 1 >= begin and raw[found - 1] == 0x0A:
        found -= 1
        if found - 1 >= begin and raw[found - 1] == 0x0D:
            found -= 1
    return max(found, begin)


def _guessed(part: Part) -> bytes:
    position = part.body
    for _ in range(50):
        newline = part.raw.find(b"\n", position, part.end)
        line = part.raw[position : part.end if newline < 0 else newline].strip()
        if line.startswith(b"--") and 4 < len(line) <= 200 and line.strip(b"-") != b"":
            return line
        if newline < 0:
            break
        position = newline + 1
    return b""


def words_and_files(
    part: Part, most_bytes: int, *, may_hold_files: bool
) -> tuple[bytes, list[tuple[bytes, bytes | Encoded]], bool]:
    """The words of a text part, the uuencoded files that stand amid them with their names, and whether words are left.

    At most so many bytes of words, and at most 50 files.
    """
    data: Raw = part.beginning(most_bytes + 1)
    if not may_hold_files or (len(data) <= most_bytes and b"begin " not in data):
        return data[:most_bytes], [], len(data) > most_bytes
    start, end = 0, len(data)
    if end > most_bytes and part.encoding in _AS_THEY_ARE:
        # More than can be shown, but perhaps it is a big file and not many words.
        data, start, end = part.raw, part.body, part.end
    spans, places = _uu_places(data, start, end)
    words = b"".join(data[begin : min(stop, begin + most_bytes + 1)] for begin, stop in spans)
    files: list[tuple[bytes, bytes | Encoded]] = [
        (name, file if isinstance(data, MappedMail) else b"".join(file.pieces())) for name, file in places
    ]
    return words[:most_bytes], files, len(words) > most_bytes


def _uu_places(raw: Raw, start: int, end: int) -> tuple[list[tuple[int, int]], list[tuple[bytes, Encoded]]]:
    """Where the words lie around uuencoded files, and where those with their names."""
    words: list[tuple[int, int]] = []
    files: list[tuple[bytes, Encoded]] = []
    position = written = stop = start
    tries = 0
    while len(files) < _MOST_UU and tries < _MOST_UU and (begin := _uu_begin(raw, position, end)):
        line, body, name = begin
        if stop < body:
            stop = raw.find(b"\nend", body, end)
        if stop < 0:
            break
        if not is_uu(raw, line, stop + 4):
            position, tries = body, tries + 1
            continue
        words.append((written, line))
        files.append((name.strip(), Encoded(raw, line, stop + 4, "uuencode")))
        newline = raw.find(b"\n", stop + 1, end)
        position = written = end if newline < 0 else newline
    return [*words, (written, end)], files


def _uu_begin(raw: Raw, position: int, end: int) -> tuple[int, int, bytes] | None:
    """The next line "begin 644 name": where it and its content begin, and the name."""
    while (found := raw.find(b"begin ", position, end)) >= 0:
        position = found + 6
        if found == 0 or raw[found - 1] == 0x0A:
            line = _UU_BEGIN.match(raw, found, end)
            if line:
                return found, line.end(), line.group(1)
    return None
