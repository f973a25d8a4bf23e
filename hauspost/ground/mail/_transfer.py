"""Transfer encodings undone, whole or piece by piece; both ways give the same bytes, whatever is wrong with them."""

import binascii
import hashlib
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

from .raw import Raw, pieces_of

_SIZE = 1 << 18
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_JUNK = bytes(byte for byte in range(256) if byte not in _ALPHABET + b"=")
_UU_NAMES = ("x-uuencode", "uuencode", "x-uue", "uue")
_SOFT_CR = re.compile(rb"(?<!=)(?:==)*+=\r")
# So many padding marks amid base64 are heeded; where there are more, they mean nothing.
_MOST_PADS = 1_000_000


@dataclass(eq=False, slots=True)
class Encoded:
    """A file that still lies encoded in its mail; it is decoded a piece at a time whenever somebody asks for it."""

    raw: Raw
    start: int
    end: int
    encoding: str = ""
    _measured: tuple[int, str] | None = field(default=None, repr=False)

    def pieces(self) -> Iterator[bytes]:
        """The decoded bytes, in order."""
        return decoded_pieces(self.raw, self.start, self.end, self.encoding)

    def beginning(self, size_bytes: int) -> bytes:
        """As many decoded bytes, or fewer when there are no more."""
        found = bytearray()
        for piece in self.pieces():
            found += piece
            if len(found) >= size_bytes:
                break
        return bytes(found[:size_bytes])

    @property
    def size_bytes(self) -> int:
        return self._measure()[0]

    @property
    def sha256(self) -> str:
        return self._measure()[1]

    def _measure(self) -> tuple[int, str]:
        if self._measured is None:
            size_bytes, digest = 0, hashlib.sha256()
            for piece in self.pieces():
                size_bytes += len(piece)
                digest.update(piece)
            self._measured = size_bytes, digest.hexdigest()
        return self._measured


def decoded_bytes(data: bytes, encoding: str) -> bytes:
    """The bytes with their transfer encoding undone, as far as it can be."""
    if encoding == "base64":
        return base64_bytes(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in _UU_NAMES:
        return uu_bytes(data) or data
    return data


def decoded_pieces(raw: Raw, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """The same from a place in a mail, in pieces."""
    if encoding == "base64":
        return _base64_pieces(raw, start, end)
    if encoding == "quoted-printable":
        return _quoted_pieces(raw, start, end)
    if encoding in _UU_NAMES:
        return _uu_or_plain_pieces(raw, start, end)
    return pieces_of(raw, start, end, _SIZE)


def base64_bytes(data: bytes) -> bytes:
    """Base64 with whatever junk, line ends, missing padding or padding amid it a program left in it."""
    try:
        return binascii.a2b_base64(data, strict_mode=b"\n" not in data)
    except (binascii.Error, ValueError):
        return b"".join(_lenient_pieces(b"", data, 0, len(data)))


@dataclass(slots=True)
class _Strict:
    """Python's own reading of base64, a piece at a time: it ends at proper padding and steps over any other mark."""

    carry: bytes = b""
    pads: int = 0
    stepped_over: int = 0
    is_done: bool = False

    def take(self, piece: bytes) -> bytes:
        """What the piece adds."""
        clean = piece.translate(None, _JUNK)
        if b"=" in clean and self.stepped_over < _MOST_PADS:
            clean = self._without_pads(clean)
        else:
            clean = self.carry + clean.replace(b"=", b"")
            self.pads = 0 if len(clean) > len(self.carry) else self.pads
        if self.is_done:
            return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
        whole = len(clean) // 4 * 4
        self.carry = clean[whole:]
        return binascii.a2b_base64(clean[:whole])

    def _without_pads(self, clean: bytes) -> bytes:
        runs = [self.carry]
        count = len(self.carry)
        for index, run in enumerate(clean.split(b"=")):
            if index:
                if count % 4 >= 2:
                    self.pads += 1
                    if count % 4 + self.pads >= 4:
                        self.is_done = True
                        break
                self.stepped_over += 1
            if run:
                self.pads = 0
                count += len(run)
                runs.append(run)
        return b"".join(runs)


def _base64_pieces(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    if raw.find(b"\n", start, end) < 0:
        yield from _lenient_pieces(b"", raw, start, end)
        return
    reader, is_decided = _Strict(), False
    position = start
    for piece in pieces_of(raw, start, end, _SIZE):
        before = reader.carry
        found = reader.take(piece)
        if reader.stepped_over and not reader.is_done and not is_decided:
            # Padding amid it: either it comes to a proper end all the same, or each run stands for itself.
            is_decided = True
            if not _ends_well(copy(reader), raw, position + len(piece), end):
                yield from _lenient_pieces(before, raw, position, end)
                return
        yield found
        if reader.is_done:
            return
        position += len(piece)
    yield _rest(reader.carry)


def _ends_well(reader: _Strict, raw: Raw, start: int, end: int) -> bool:
    for piece in pieces_of(raw, start, end, _SIZE):
        reader.take(piece)
        if reader.is_done:
            return True
    return not reader.carry


def _lenient_pieces(carry: bytes, raw: Raw, start: int, end: int) -> Iterator[bytes]:
    """Each run between padding marks by itself, its last characters completed or, if it is but one, dropped."""
    pads = 0
    for piece in pieces_of(raw, start, end, _SIZE):
        clean = piece.translate(None, _JUNK)
        runs = clean.split(b"=") if pads < _MOST_PADS else [clean.replace(b"=", b"")]
        pads += len(runs) - 1
        found = []
        for run in runs[:-1]:
            found.append(_rest(carry + run))
            carry = b""
        last = carry + runs[-1]
        whole = len(last) // 4 * 4
        carry = last[whole:]
        found.append(binascii.a2b_base64(last[:whole]))
        yield b"".join(found)
    yield _rest(carry)


def _rest(run: bytes) -> bytes:
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4)) if run else b""


def _quoted_pieces(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    carry, is_skipping = b"", False
    for piece in pieces_of(raw, start, end, _SIZE):
        if is_skipping:
            newline = piece.find(b"\n")
            if newline < 0:
                continue
            piece, is_skipping = piece[newline + 1 :], False
        data = carry + piece
        cut, is_skipping = _quoted_cut(data)
        yield binascii.a2b_qp(data[:cut])
        carry = b"" if is_skipping else data[cut:]
    if carry:
        yield binascii.a2b_qp(carry)


def _quoted_cut(data: bytes) -> tuple[int, bool]:
    """Where quoted-printable can be cut, and whether all up to the next LF is to be left out: behind a soft CR."""
    newline = data.rfind(b"\n")
    soft = _SOFT_CR.search(data, newline + 1)
    if soft:
        return soft.end() - 2, True
    if newline >= 0:
        return newline + 1, False
    mark = data.find(b"=", max(0, len(data) - 2))
    if mark < 0:
        return len(data), False
    # "==" stands for "=": of a row of them pairs are cut off, and what may begin a pair or a letter stays.
    first = len(data[:mark].rstrip(b"="))
    return first + (mark - first) // 2 * 2, False


def uu_bytes(data: bytes) -> bytes:
    """What stands between "begin" and "end"; nothing if a line of it cannot be read."""
    out = bytearray()
    for found in _uu_pieces(data, 0, len(data)):
        if found is None:
            return b""
        out += found
    return bytes(out)


def is_uu(raw: Raw, start: int, end: int) -> bool:
    """Whether a uuencoded file lies there, each line of which can be read."""
    is_there = False
    for found in _uu_pieces(raw, start, end):
        if found is None:
            return False
        is_there = is_there or bool(found)
    return is_there


def _uu_or_plain_pieces(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    if not is_uu(raw, start, end):
        yield from pieces_of(raw, start, end, _SIZE)
        return
    gathered = bytearray()
    for found in _uu_pieces(raw, start, end):
        gathered += found or b""
        if len(gathered) > _SIZE:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


def _uu_pieces(raw: Raw, start: int, end: int) -> Iterator[bytes | None]:
    """The bytes of each line; None for one that cannot be read."""
    is_inside = False
    for line in _lines(raw, start, end):
        if not is_inside:
            is_inside = line.startswith(b"begin ")
            continue
        bare = line.strip()
        if bare == b"end":
            return
        if bare not in (b"`", b""):
            yield _uu_line(line)


def _uu_line(line: bytes) -> bytes | None:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some programs leave a checksum, or white space, behind the line's own length.
        count = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:count])
        except binascii.Error:
            return None


def _lines(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    """The lines, without their ends; of an endless one its beginning."""
    carry = b""
    for piece in pieces_of(raw, start, end, _SIZE):
        data = carry + piece
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        yield from data[:cut].splitlines()
        carry = data[cut:] if len(data) - cut <= _SIZE else data[cut : cut + _SIZE] + data[-1:]
    yield from carry.splitlines()
