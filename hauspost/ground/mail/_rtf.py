"""Rich text as Outlook sends it: unpacked (MS-OXRTFCP), and turned back into the HTML or the text it was made from
(MS-OXRTFEX). Linear in its length, and never more than 10 MB."""

import re
import struct
from dataclasses import dataclass, field, replace

from hauspost.ground.text.markup import escaped

from ._charsets import codec_of, decode, storable

MAX_RTF = 10_000_000
_DEEPEST = 500
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]{1,10000})|\r|\n|\\"
)
# Groups that hold no words of the mail.
_HIDDEN = frozenset(
    b"fonttbl colortbl stylesheet info pict header footer headerl headerr headerf footerl footerr footerf footnote "
    b"listtable listoverridetable revtbl rsidtbl generator xmlnstbl themedata datastore objdata mhtmltag "
    b"filetbl".split()
)
_ENDS = {b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t"}
_SIGNS = {
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"endash": "–",
    b"emdash": "—", b"enspace": " ", b"emspace": " ", b"zwj": "\u200d", b"zwnj": "\u200c",
}  # fmt: skip
# Character sets of fonts, as the code pages that they mean.
_FONT_CHARSETS = {
    0: 1252, 77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255,
    178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250, 254: 437, 255: 850,
}  # fmt: skip
_CODE_PAGES = {
    65001: "utf-8", 65000: "utf-7", 1200: "utf-16le", 20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u",
    50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 51932: "euc-jp", 51949: "euc-kr",
    54936: "gb18030", 10000: "mac-roman", 936: "gbk", 932: "cp932", 949: "cp949",
}  # fmt: skip


@dataclass(slots=True)
class _Group:
    """What holds within one pair of braces."""

    is_hidden: bool = False
    is_tag: bool = False  # HTML as it was, to be written as it is
    is_fonts: bool = False
    is_shadow: bool = False  # \htmlrtf: what the RTF needed and the HTML did not say
    skip: int = 1  # how many characters stand in for a \u
    font: int = 0


@dataclass(slots=True)
class _Reading:
    out: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    group: _Group = field(default_factory=_Group)
    outer: list[_Group] = field(default_factory=list)
    fonts: dict[int, int] = field(default_factory=dict)
    code_page: int = 1252
    to_skip: int = 0
    is_star: bool = False
    is_html: bool = False


def charset_of(code_page: int) -> str:
    """The name of a Windows code page that `decode` understands; windows-1252 for one that nobody knows."""
    if 28591 <= code_page <= 28606:
        return f"iso-8859-{code_page - 28590}"
    name = _CODE_PAGES.get(code_page, f"cp{code_page}")
    return name if codec_of(name) else "windows-1252"


def unpacked(data: bytes) -> bytes:
    """The RTF in a PR_RTF_COMPRESSED property; nothing where it is none. It grows at most ninefold, to 10 MB."""
    if len(data) < 16:
        return b""
    length, kind = struct.unpack_from("<4xI4s", data)
    if kind == b"MELA":
        return data[16 : 16 + min(length, MAX_RTF)]
    if kind != b"LZFu":
        return b""
    limit = len(_DICTIONARY) + min(length, MAX_RTF)
    window = bytearray(_DICTIONARY)  # the window is what was written: both only ever grow by the same bytes
    position = 16
    while position < len(data) and len(window) < limit:
        flags = data[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                window += data[position : position + 1]
                position += 1
                continue
            reference = int.from_bytes(data[position : position + 2], "big")
            position += 2
            # An offset in a ring of 4096 bytes, told as a place in all that was written so far.
            back = (len(window) - (reference >> 4)) % 4096
            if position > len(data) or back == 0 or back > len(window):
                return bytes(window[len(_DICTIONARY) : limit])
            for _ in range((reference & 15) + 2):
                window.append(window[-back])
    return bytes(window[len(_DICTIONARY) : limit])


def read_rtf(data: bytes) -> tuple[str, str]:
    """Text and HTML of a rich text: HTML if it was made from HTML, else its words alone."""
    data = data[:MAX_RTF].replace(b"\0", b"")
    if data.lstrip()[:5] != rb"{\rtf":
        return "", ""
    reading = _Reading(is_html=rb"\fromhtml" in data[:2000])
    for hit in _TOKEN.finditer(data):
        if not _take(reading, hit):
            break
    _flush(reading)
    whole = "".join(reading.out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    whole = storable(whole)
    return ("", whole) if reading.is_html else (whole.strip("\n"), "")


def _take(reading: _Reading, hit: "re.Match[bytes]") -> bool:
    """Go on by one token; whether there is more to read."""
    word, number, code, sign, brace, words = hit.groups()
    if words is not None:
        _bytes(reading, words)
    elif code is not None:
        _bytes(reading, bytes([int(code, 16)]), is_code=True)
    elif brace is not None:
        _flush(reading)
        reading.to_skip, reading.is_star = 0, False
        if brace == b"{":
            if len(reading.outer) >= _DEEPEST:
                return False
            reading.outer.append(reading.group)
            reading.group = replace(reading.group)
        elif not reading.outer:
            return False
        else:
            reading.group = reading.outer.pop()
    elif word is not None:
        _word(reading, word, int(number) if number else None)
    elif sign == b"*":
        reading.is_star = True
    elif sign is not None:
        _flush(reading)
        if sign in (b"\r", b"\n"):
            _write(reading, "\n")
        elif sign == b"~":
            _write(reading, "\xa0")
        elif sign in (b"{", b"}", b"\\"):
            _bytes(reading, sign)
        elif sign == b"_":
            _write(reading, "\u2011")
    return True


def _bytes(reading: _Reading, words: bytes, *, is_code: bool = False) -> None:
    """Characters of the font's charset, gathered until they end, as one character may be two of them."""
    if reading.to_skip:
        skipped = 1 if is_code else min(reading.to_skip, len(words))
        reading.to_skip -= skipped
        words = words[skipped:]
    if words and not (reading.group.is_hidden or reading.group.is_shadow):
        reading.pending += words


def _word(reading: _Reading, word: bytes, number: int | None) -> None:
    _flush(reading)
    group, is_star = reading.group, reading.is_star
    reading.is_star = False
    if reading.to_skip:
        reading.to_skip = 0
    if word == b"htmltag":
        group.is_tag, group.is_hidden = True, False
    elif is_star or word in _HIDDEN:
        group.is_hidden, group.is_tag, group.is_fonts = True, False, word == b"fonttbl"
    elif word == b"htmlrtf":
        group.is_shadow = number != 0
    elif word == b"u" and number is not None:
        _write(reading, chr(number % 65536))
        reading.to_skip = group.skip
    elif word == b"uc":
        group.skip = min(max(number or 0, 0), 8)
    elif word == b"ansicpg":
        reading.code_page = number or 1252
    elif word == b"f":
        group.font = number or 0
    elif word == b"fcharset" and group.is_fonts and len(reading.fonts) < 2000:
        reading.fonts[group.font] = _FONT_CHARSETS.get(number or 0, reading.code_page)
    elif word == b"plain":
        group.font = 0
    elif word in _ENDS:
        _write(reading, _ENDS[word])
    elif word in _SIGNS:
        _write(reading, _SIGNS[word])


def _flush(reading: _Reading) -> None:
    if reading.pending:
        page = reading.code_page if reading.group.is_tag else reading.fonts.get(reading.group.font, reading.code_page)
        text = decode(bytes(reading.pending), charset_of(page))
        reading.pending.clear()
        _write(reading, text)


def _write(reading: _Reading, text: str) -> None:
    group = reading.group
    if not group.is_hidden and not group.is_shadow:
        reading.out.append(escaped(text) if reading.is_html and not group.is_tag else text)
