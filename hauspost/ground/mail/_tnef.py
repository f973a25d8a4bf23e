"""winmail.dat opened (MS-OXTNEF): the files, the words and the messages inside, and what kind of message it is.

Nothing in it is compressed but the rich text, so what comes out is bounded by what came in; broken pieces are left
out, and everything before them is kept.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ._charsets import decode, storable
from ._rtf import charset_of, read_rtf, unpacked

SIGNATURE = b"\x78\x9f\x3e\x22"
_MOST_FILES, _MOST_PROPERTIES, _DEEPEST = 500, 5000, 8

# Attributes (MS-OXTNEF 2.1.3.2), without their types.
_FROM, _SUBJECT, _SENT, _CLASS, _BODY, _ID = 0x8000, 0x8004, 0x8005, 0x8008, 0x800C, 0x8009
_FILE_DATA, _FILE_TITLE, _FILE_STARTS, _FILE_PROPERTIES = 0x800F, 0x8010, 0x9002, 0x9005
_PROPERTIES, _CODE_PAGE, _TRANSPORT_NAME = 0x9003, 0x9007, 0x9001

# Property sets of Outlook (MS-OXPROPS 1.3.2), as their bytes lie.
APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
MEETING = bytes.fromhex("90dad86e0b451b1098da00aa003f1305")
_MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")
_SIZES = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_UNICODE, _OBJECT = 0x1F, 0x0D
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

Key = int | tuple[bytes, int | str]  # a property's number, or its set and its number or name there


class Value(NamedTuple):
    """A property: its type and its bytes."""

    kind: int
    data: bytes


Properties = dict[Key, Value]


@dataclass(frozen=True, slots=True)
class TnefFile:
    """One file. A message within is a TNEF stream again (`is_message`); `stand_in` is what old programs show for it."""

    name: str
    content: bytes
    content_type: str = ""
    content_id: str = ""
    is_message: bool = False
    stand_in: bytes = b""


@dataclass(frozen=True, slots=True)
class Tnef:
    """What a winmail.dat holds. `properties` are Outlook's own, for those who look for an appointment."""

    files: tuple[TnefFile, ...] = ()
    text: str = ""
    html: str = ""
    message_class: str = ""
    subject: str = ""
    sender_name: str = ""
    sender_address: str = ""
    sent: datetime | None = None
    message_id: str = ""
    to: str = ""
    cc: str = ""
    code_page: int = 1252
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class _File:
    title: bytes = b""
    data: bytes = b""
    transport_name: bytes = b""
    properties: Properties = field(default_factory=dict)


def read_tnef(data: bytes) -> Tnef | None:
    """The inside of a winmail.dat; None where it is none (P22.1)."""
    if data[:4] != SIGNATURE:
        return None
    known: dict[int, bytes] = {}
    properties: Properties = {}
    files: list[_File] = []
    for level, attribute, content in _attributes(data):
        if level == 2:
            if (attribute == _FILE_STARTS or not files) and len(files) < _MOST_FILES:
                files.append(_File())
            _take_into(files[-1], attribute, content)
        elif attribute == _PROPERTIES:
            properties |= _properties(content)
        else:
            known.setdefault(attribute, content)
    return _read(known, properties, files)


def words(properties: Properties, key: Key, code_page: int) -> str:
    """A property as text, or nothing."""
    value = properties.get(key)
    if value is None:
        return ""
    if value.kind == _UNICODE:
        text = value.data[: len(value.data) & ~1].decode("utf-16-le", "replace")
    else:
        text = decode(value.data.rstrip(b"\0"), charset_of(code_page))
    return storable(text.rstrip("\0"))


def moment(properties: Properties, key: Key) -> datetime | None:
    """A property as a moment, or None."""
    value = properties.get(key)
    if value is None or len(value.data) != 8:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int.from_bytes(value.data, "little") // 10)
    except OverflowError:
        return None


def number(properties: Properties, key: Key) -> int:
    """A property as a number, 0 where it is missing."""
    value = properties.get(key)
    return int.from_bytes(value.data[:4], "little") if value else 0


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Level, number and bytes of each attribute; checksums are not asked, as some programs write wrong ones."""
    position = 6
    while position + 9 <= len(data):
        level, attribute, length = struct.unpack_from("<BII", data, position)
        position += 9
        if level not in (1, 2):
            return
        yield level, attribute & 0xFFFF, data[position : position + length]
        position += length + 2


def _take_into(file: _File, attribute: int, content: bytes) -> None:
    if attribute == _FILE_DATA:
        file.data = content
    elif attribute == _FILE_TITLE:
        file.title = content
    elif attribute == _TRANSPORT_NAME:
        file.transport_name = content
    elif attribute == _FILE_PROPERTIES:
        file.properties |= _properties(content)


def _properties(data: bytes) -> Properties:
    """MAPI properties (MS-OXTNEF 2.1.3.4), as many as can be read."""
    found: Properties = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            kind, number_ = struct.unpack_from("<HH", data, position)
            position += 4
            key: Key = number_
            if number_ >= 0x8000:
                key, position = _name(data, position)
            value, position = _value(data, position, kind)
            found.setdefault(key, Value(kind & 0xFFF, value))
    except (struct.error, _Ends):
        pass
    return found


class _Ends(Exception):
    """The bytes end, or nobody knows how long the next value is."""


def _name(data: bytes, position: int) -> tuple[Key, int]:
    family = data[position : position + 16]
    (is_text,) = struct.unpack_from("<I", data, position + 16)
    (length,) = struct.unpack_from("<I", data, position + 20)
    position += 24
    if not is_text:
        return (family, length), position
    name = data[position : position + length].decode("utf-16-le", "replace").rstrip("\0")
    return (family, name), position + length + -length % 4


def _value(data: bytes, position: int, kind: int) -> tuple[bytes, int]:
    """The bytes of a property, of several values the first, and where the next property begins."""
    size = _SIZES.get(kind & 0xFFF)
    is_many = kind & 0x1000 or size is None
    count = 1
    if is_many:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    if count * 4 > len(data):
        raise _Ends
    first = b""
    for index in range(count):
        if size is None:
            (length,) = struct.unpack_from("<I", data, position)
            position += 4
        else:
            length = size
        if position + length > len(data) + 4:
            raise _Ends
        if not index:
            first = data[position : position + length]
        position += length + -length % 4
    return first, position


def _read(known: dict[int, bytes], properties: Properties, files: list[_File]) -> Tnef:
    page = int.from_bytes(known.get(_CODE_PAGE, b"")[:4], "little") or number(properties, 0x3FFD) or 1252

    def text_of(attribute: int, *keys: int) -> str:
        said = next((said for key in keys if (said := words(properties, key, page))), "")
        return said or decode(known.get(attribute, b"").rstrip(b"\0"), charset_of(page))

    text, html = _body(known, properties, page)
    name, address = _sender(known.get(_FROM, b""), properties, page)
    return Tnef(
        files=tuple(_file(file, page) for file in files),
        text=text,
        html=html,
        message_class=text_of(_CLASS, 0x1A),
        subject=text_of(_SUBJECT, 0x37, 0x0E1D),
        sender_name=name,
        sender_address=address,
        sent=moment(properties, 0x39) or moment(properties, 0x0E06) or _old_moment(known.get(_SENT, b"")),
        message_id=text_of(0, 0x1035).strip("<> "),
        to=text_of(0, 0x0E04),
        cc=text_of(0, 0x0E03),
        code_page=page,
        properties=properties,
    )


def _body(known: dict[int, bytes], properties: Properties, page: int) -> tuple[str, str]:
    """Text and HTML. The rich text is asked last: it is made from one of the others, or stands there alone."""
    text = words(properties, 0x1000, page) or decode(known.get(_BODY, b"").rstrip(b"\0"), charset_of(page))
    html = ""
    if stored := properties.get(0x1013):
        own_page = number(properties, 0x3FDE) or page
        charset = "utf-16le" if stored.kind == _UNICODE else charset_of(own_page)
        html = decode(stored.data.rstrip(b"\0"), charset, html=True)
    if not html.strip() and (stored := properties.get(0x1009)):
        rich_text, html = read_rtf(unpacked(stored.data))
        text = text if text.strip() else rich_text
    return storable(text), storable(html)


def _sender(triple: bytes, properties: Properties, page: int) -> tuple[str, str]:
    """Name and address of the sender; addresses of an Exchange directory ("/O=…") are none for us."""
    name = words(properties, 0x42, page) or words(properties, 0x0C1A, page)
    for key in (0x5D02, 0x5D01, 0x65, 0x0C1F):
        address = words(properties, key, page).strip()
        if "@" in address and not address.startswith("/"):
            return name, address
    try:
        _, _, name_length, address_length = struct.unpack_from("<4H", triple)
    except struct.error:
        return name, ""
    told = triple[8 : 8 + name_length].rstrip(b"\0")
    kind, _, address_told = triple[8 + name_length : 8 + name_length + address_length].rstrip(b"\0").partition(b":")
    address = decode(address_told, charset_of(page)) if kind.upper() == b"SMTP" else ""
    return name or decode(told, charset_of(page)), address


def _old_moment(data: bytes) -> datetime | None:
    """A date of seven numbers, without a zone: taken as UTC, as nothing better is known."""
    try:
        year, month, day, hour, minute, second = struct.unpack_from("<6H", data)
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (struct.error, ValueError):
        return None


def _file(file: _File, page: int) -> TnefFile:
    properties = file.properties
    told = [words(properties, key, page) for key in (0x3707, 0x3704)]
    told += [decode(raw.partition(b"\0")[0], charset_of(page)) for raw in (file.transport_name, file.title)]
    read = TnefFile(
        name=storable(next(filter(None, told), "")),
        content=file.data,
        content_type=words(properties, 0x370E, page).strip().lower(),
        content_id=words(properties, 0x3712, page).strip().strip("<>"),
    )
    inside = properties.get(0x3701)
    if inside is None:
        return read
    if inside.kind != _OBJECT:
        return replace(read, content=inside.data) if inside.data else read
    # An object is named by its interface, then come its bytes.
    content = inside.data[16:]
    is_message = inside.data[:16] == _MESSAGE_INTERFACE and content[:4] == SIGNATURE
    name = (is_message and words(properties, 0x3001, page)) or read.name
    return replace(read, name=name, content=content, is_message=is_message, stand_in=file.data)
