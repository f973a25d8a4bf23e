"""Bytes to text, whatever charset a mail names, misnames or forgets."""

import codecs
import re
from functools import lru_cache

# Names that programs write and Python does not know, and names whose text in practice is written in
# a superset: Outlook calls windows-1252 iso-8859-1, Chinese mailers call GBK gb2312.
_WIDER = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "iso88591": "cp1252",
    "8859-1": "cp1252",
    "iso-8859": "cp1252",
    "cp819": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "gb2312": "gb18030",
    "iso-gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "euc-cn": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "cp943c": "cp932",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "euc-kr": "cp949",
    "korean": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "mac": "mac_roman",
    "cp-850": "cp850",
    "cp-437": "cp437",
    "ibm-850": "cp850",
    "dos-850": "cp850",
    "cp-1252": "cp1252",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode-2-0-utf-8": "utf-8",
    "unicode": "utf-16",
    "unicodefffe": "utf-16-be",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "iso-10646": "utf-16",
    "visual": "iso8859-8",
    "logical": "cp1255",
    "csiso88598i": "cp1255",
    "csgb2312": "gb18030",
    "gb": "gb18030",
    "x-ansi": "cp1252",
    "utf8mb4": "utf-8",
    "utf-8mb4": "utf-8",
    "csutf8": "utf-8",
    "utf-8-mac": "utf-8",
    "koi8": "koi8-r",
    "x-koi8-r": "koi8-r",
    "win-1251": "cp1251",
    "windows1251": "cp1251",
    "cp-1251": "cp1251",
    "ansi": "cp1252",
    "winlatin1": "cp1252",
    "iso-ir-100": "cp1252",
    "ansi_x3.110-1983": "cp1252",
}
# Charsets by the number that Windows gives them.
_CODE_PAGES = {
    "1200": "utf-16-le",
    "1201": "utf-16-be",
    "1361": "johab",
    "10000": "mac_roman",
    "10007": "mac_cyrillic",
    "10029": "mac_latin2",
    "20866": "koi8-r",
    "20932": "euc_jp",
    "20936": "gb18030",
    "21866": "koi8-u",
    "50220": "iso2022_jp",
    "50221": "iso2022_jp",
    "50222": "iso2022_jp",
    "51932": "euc_jp",
    "51936": "gb18030",
    "51949": "cp949",
    "52936": "hz",
    "54936": "gb18030",
    "65000": "utf-7",
    "65001": "utf-8",
    "932": "cp932",
    "936": "gb18030",
    "5601": "cp949",
}
# What a name that nobody knows has in it: "utf8-mac", "windows-1252http-equivcontent-type", "eucJP-ms".
_WITHIN = (
    (re.compile(r"utf-?8"), "utf-8"),
    (re.compile(r"iso-?2022-?jp"), "iso2022_jp"),
    (re.compile(r"shift.?jis|sjis|x-mac-japanese"), "cp932"),
    (re.compile(r"euc-?jp"), "euc_jp"),
    (re.compile(r"gb-?18030|gbk|gb-?2312|gb_2312|cn-gb|chinesesimp"), "gb18030"),
    (re.compile(r"big-?5|chinesetrad"), "big5hkscs"),
    (re.compile(r"ks_?c_?5601|euc-?kr|iso-ir-149|mac-korean"), "cp949"),
    (re.compile(r"koi8-?r?u"), "koi8-u"),
    (re.compile(r"koi8"), "koi8-r"),
    (re.compile(r"mac-?(?:ce|centraleurroman)"), "mac_latin2"),
    (re.compile(r"8859-?8"), "cp1255"),
)
_NUMBERED = re.compile(r"(?:windows|win|cp|ibm|dos|ms|x)[-_]?(\d{3,5})|^(\d{3,5})$")
_ISO_8859 = re.compile(r"8859[-_]?(1[0-6]|[1-9])(?!\d)")
_SAY_NOTHING = {
    "",
    "us-ascii",
    "ascii",
    "ansi_x3.4-1968",
    "ansi_x3.4-1986",
    "iso646-us",
    "us",
    "646",
    "7bit",
    "8bit",
    "binary",
    "unknown",
    "unknown-8bit",
    "x-unknown",
    "x-user-defined",
    "default",
    "none",
    "default_charset",
    "_autodetect",
    "_autodetect_all",
    "quoted-printable",
    "base64",
}
_NOT_FOR_TEXT = {
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "raw_unicode_escape",
    "mbcs",
    "oem",
    "unicode-escape",
}
_META = re.compile(rb"<meta[^>]{0,300}?charset\s{0,8}=\s{0,8}[\"']?\s{0,8}([A-Za-z0-9_:.\-]{2,40})", re.IGNORECASE)
# Codecs in which plain ASCII bytes may stand for something else.
_MORE_THAN_ASCII = ("utf-16", "utf_16", "utf-32", "utf_32", "utf-7", "iso2022", "hz")
_ONE_BYTE = ("cp125", "iso8859", "koi8", "mac", "cp437", "cp85", "cp86")
_JIS_ESCAPES = re.compile(rb"\x1b(\$[@B]|\$\([@BD]|\([BJIH])")
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(data: bytes, charset: str = "", *, html: bool = False, fallback: str = "") -> str:
    """Text of some bytes, never raising and never cutting: what cannot be read becomes U+FFFD.

    In this order: the declared charset, the HTML's own meta, UTF-8, `fallback` (say the body's charset for a
    raw header), windows-1252 (P21.1). NUL bytes and lone surrogates are replaced, for the sake of databases (P21.5).
    """
    codec = codec_of(charset)
    if data.isascii() and not codec.startswith(_MORE_THAN_ASCII) and b"\0" not in data and b"\x1b$" not in data:
        return data.decode("ascii")
    if not codec and html:
        meta = _META.search(data, 0, 4096)
        codec = codec_of(meta.group(1).decode("ascii")) if meta else ""
    if not codec and b"\x1b$" in data and data.isascii():
        codec = "iso2022_jp"
    if codec:
        return storable(_by(codec, data))
    for likely in ("utf-8", "gb18030" if _looks_chinese(data) else codec_of(fallback), "cp1252"):
        if likely:
            try:
                return storable(data.decode(likely))
            except (UnicodeError, ValueError):
                continue
    return storable(_windows_text(data))


@lru_cache(maxsize=512)
def codec_of(charset: str) -> str:
    """The Python codec that reads this charset best; "" where the name says nothing that we could use."""
    name = charset.strip(" \t\r\n\"';<>").lower()
    name = name.partition("*")[0].removeprefix("charset=").replace(" ", "-")
    if name in _SAY_NOTHING or len(name) > 40:
        return ""
    if name in ("iso-2022-jp", "iso2022-jp", "csiso2022jp", "iso-2022-jp-ms", "cp50220", "cp50221"):
        return "iso2022_jp"
    if name in _WIDER:
        return _WIDER[name]
    for candidate in (
        name,
        name.replace("_", "-"),
        name.removeprefix("x-"),
        name.replace("windows", "cp").replace("-", ""),
    ):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError, UnicodeError):
            continue
        is_text = getattr(found, "_is_text_encoding", True)
        if not is_text or found.name in _NOT_FOR_TEXT or candidate in _NOT_FOR_TEXT:
            return ""
        return "" if found.name == "ascii" else _WIDER.get(found.name, found.name)
    return _codec_within(name)


def _codec_within(name: str) -> str:
    """The charset that a misspelt or decorated name most likely means, or ""."""
    for pattern, codec in _WITHIN:
        if pattern.search(name):
            return codec
    if part := _ISO_8859.search(name):
        return _WIDER.get(f"iso-8859-{part.group(1)}") or f"iso8859-{part.group(1)}"
    if number := _NUMBERED.search(name):
        digits = number.group(1) or number.group(2)
        if 28591 <= int(digits) <= 28606:
            return codec_of(f"iso-8859-{int(digits) - 28590}")
        return _CODE_PAGES.get(digits) or (codec_of(f"cp{digits}") if _is_code_page(digits) else "")
    return ""


def _is_code_page(digits: str) -> bool:
    try:
        codecs.lookup(f"cp{digits}")
    except LookupError:
        return False
    return True


def storable(text: str) -> str:
    """The text without what PostgreSQL and JSON refuse: NUL and lone surrogates become U+FFFD (P21.5)."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = _LONE_SURROGATES.sub("\ufffd", text)
    return text


def _looks_chinese(data: bytes) -> bool:
    """Whether raw bytes are GB2312: only pairs, in the rows of its hanzi and marks, with trails that Cyrillic never "
    "has."""
    high = bytes(byte for byte in data if byte > 0x7F)
    if len(high) < 8 or len(high) % 2 or len(high) * 3 < len(data):
        return False
    runs = _HIGH_RUNS.findall(data)
    if any(len(run) % 2 for run in runs):
        return False
    leads, trails = high[::2], high[1::2]
    if not all(0xB0 <= lead <= 0xF7 or 0xA1 <= lead <= 0xA3 for lead in leads) or min(trails) < 0xA1:
        return False
    return sum(trail < 0xC0 for trail in trails) * 6 >= len(trails)


def _by(codec: str, data: bytes) -> str:
    if codec == "iso2022_jp":
        return _japanese(data)
    if codec.startswith(("utf-16", "utf_16")):
        return _sixteen_bit(codec, data)
    if not data.isascii() and codec.startswith(_ONE_BYTE):
        # A wrong label over correct UTF-8 is common; text in these charsets is hardly ever valid UTF-8.
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    if codec == "cp1252":
        return _windows_text(data)
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        pass
    if codec == "utf-8":
        return _broken_utf8(data)
    if not data.isascii():
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    try:
        return data.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return _windows_text(data)


def _sixteen_bit(codec: str, data: bytes) -> str:
    """UTF-16 without the mark that says which byte comes first, or what only calls itself UTF-16."""
    if b"\0" not in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")) and data.isascii():
        return data.decode("ascii")
    if codec in ("utf-16", "utf_16") and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16-be" if data[::2].count(0) > data[1::2].count(0) else "utf-16-le"
    return data.decode(codec, "replace")


def _windows_text(data: bytes) -> str:
    """windows-1252 with its five holes filled from Latin-1, as browsers do, so nothing is lost."""
    return data.decode("cp1252", "hauspost-latin1")


def _latin1_hole(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("hauspost-latin1", _latin1_hole)


def _broken_utf8(data: bytes) -> str:
    """Text called UTF-8 that is not: mostly UTF-8 keeps its readable part, else it is windows-1252 mislabelled."""
    text = data.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    right = sum(1 for character in text if character > "\x7f") - lost
    return text if right >= lost else _windows_text(data)


def _japanese(data: bytes) -> str:
    """ISO-2022-JP as written by Windows (CP50220): JIS cells are read through cp932, which knows ① and ㈱."""
    if not _JIS_ESCAPES.search(data):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("cp932", "replace")
    pieces = _JIS_ESCAPES.split(data)
    out = [pieces[0].decode("cp932", "replace")]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape in (b"$@", b"$B", b"$(@", b"$(B"):
            out.append(_jis_cells(piece))
        elif escape == b"$(D":
            out.append((b"\x1b$(D" + piece).decode("iso2022_jp_ext", "replace"))
        elif escape == b"(I":
            out.append(bytes(byte | 0x80 for byte in piece if byte > 0x20).decode("cp932", "replace"))
        else:
            out.append(piece.decode("cp932", "replace"))
    return "".join(out)


def _jis_cells(piece: bytes) -> str:
    shifted = bytearray()
    index, length = 0, len(piece)
    while index < length:
        row = piece[index] & 0x7F
        if row < 0x21 or row > 0x7E or index + 1 >= length:
            shifted.append(row)
            index += 1
            continue
        cell = piece[index + 1] & 0x7F
        lead = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
        trail = cell + (32 if cell > 95 else 31) if row % 2 else cell + 126
        shifted += bytes((lead, trail & 0xFF))
        index += 2
    return shifted.decode("cp932", "replace")
