"""Header values of a letter: names, subjects and file names made safe, encoded and folded (RFC 5322, 2047, 2231)."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

Mailbox = tuple[str, str]  # name ("" where there is none), address

_LINE = 76
_WORD = 75 - len("=?utf-8?q?") - len("?=")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BLANK = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONG_WORD = re.compile(r"[^ ]{70}")
# RFC 2047 5(3): the only characters that need no escape inside a display name.
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_QUOTED = [chr(byte) if byte in _PLAIN else "_" if byte == 32 else f"={byte:02X}" for byte in range(256)]
# A local part as people have it: atoms with dots, or a quoted string; other than ASCII needs SMTPUTF8 (RFC 6531).
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*|\"(?:[ !#-\[\]-~]|\\[ -~])+\"")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\u00a1-\U0010ffff-]*[A-Za-z0-9\u00a1-\U0010ffff])?)"
    r"(?:\.[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\u00a1-\U0010ffff-]*[A-Za-z0-9\u00a1-\U0010ffff])?)*"
    r"|\[[A-Za-z0-9.:]+\]"
)


class NotSendable(ValueError):
    """No mail can be written with this address, id or header; the words name it."""


def clean(text: str) -> str:
    """One line of text: line ends, controls and runs of space become one space, so no header can be added (S20)."""
    if not text.isascii():
        # Lone surrogates cannot be encoded, and no-break spaces are space enough in a header.
        text = text.encode("utf-8", "replace").decode()
    return _BLANK.sub(" ", text).strip()


def text_header(text: str, column: int) -> str:
    """A subject or other free text for a header; `column` is where it begins on its line."""
    text = clean(text)
    if not text.isascii() or "=?" in text or _LONG_WORD.search(text):
        return encoded_words(text, column)
    return text if column + len(text) <= _LINE else _folded(text, column)


def mailbox_list(mailboxes: Sequence[Mailbox], column: int) -> str:
    """`Name <address>` for each, one a line. Raises NotSendable."""
    columns = [column, *[1] * len(mailboxes)]
    return ",\r\n ".join(_mailbox(name, address, at) for (name, address), at in zip(mailboxes, columns, strict=False))


def is_sendable(address: str) -> bool:
    """Whether a mail can be sent to this address at all; says nothing of whether somebody reads there."""
    if not isinstance(address, str) or len(address) > 254:
        return False
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or _BLANK.search(domain):
        return False
    if any("\ud800" <= character <= "\udfff" for character in address):
        return False
    return len(local.encode()) <= 64 and ascii_domain(domain) is not None


@lru_cache(maxsize=1024)
def ascii_domain(domain: str) -> str | None:
    """The domain as the name system knows it (müller.example → xn--mller-kva.example); None if there is no such."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def parameter(name: str, value: str) -> str:
    """A parameter of Content-Type or Content-Disposition, in RFC 2231 form where it is long or not plain ASCII."""
    value = clean(value)
    if value.isascii() and len(value) <= 60:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n {name}="{escaped}"'
    pieces = list(_packed((_percent(character) for character in value), 60 - len(name), 60 - len(name)))
    if len(pieces) == 1:
        return f";\r\n {name}*=utf-8''{pieces[0]}"
    pieces[0] = f"utf-8''{pieces[0]}"
    return "".join(f";\r\n {name}*{index}*={piece}" for index, piece in enumerate(pieces))


def encoded_words(text: str, column: int) -> str:
    """The text as RFC 2047 words, folded, no character split: the shorter of its two spellings."""
    content = text.encode()
    quoted = [_quoted(character) for character in text]
    if sum(map(len, quoted)) <= (len(content) + 2) // 3 * 4:
        return "\r\n ".join(f"=?utf-8?q?{piece}?=" for piece in _packed(quoted, _WORD - column, _WORD))
    characters = [(character, len(character.encode())) for character in text]
    return "\r\n ".join(f"=?utf-8?b?{_base64(piece)}?=" for piece in _grouped(characters, _WORD - column, _WORD))


def _mailbox(name: str, address: str, column: int) -> str:
    if not is_sendable(address):
        raise NotSendable(f"{address!r} is not a mail address")
    local, _, domain = address.rpartition("@")
    written = f"{local}@{ascii_domain(domain) if local.isascii() else domain}"
    name = clean(name)
    if not name:
        return written
    phrase = _phrase(name, column)
    last = phrase.rpartition("\r\n")[2]
    room = _LINE - len(last) - (column if last is phrase or last == phrase else 0)
    return f"{phrase} <{written}>" if len(written) + 3 <= room else f"{phrase}\r\n <{written}>"


def _phrase(name: str, column: int) -> str:
    if not name.isascii() or "=?" in name or len(name) > 60:
        return encoded_words(name, column)
    if _ATOMS.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _folded(text: str, column: int) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and column + len(line) + 1 + len(word) > _LINE:
            lines.append(line)
            line, column = word, 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _packed(pieces: Iterable[str], first: int, room: int) -> Iterator[str]:
    """Join pieces that may not be split into lines of at most `room`, the first one of `first`."""
    line, limit = "", max(first, 12)
    for piece in pieces:
        if len(line) + len(piece) > limit:
            yield line
            line, limit = "", room
        line += piece
    yield line


def _grouped(characters: Iterable[tuple[str, int]], first: int, room: int) -> Iterator[str]:
    """Split text so that each piece in base64 fits into `room`."""
    line, size, limit = "", 0, max(first, 12) // 4 * 3
    for character, octets in characters:
        if size + octets > limit:
            yield line
            line, size, limit = "", 0, room // 4 * 3
        line += character
        size += octets
    yield line


def _quoted(character: str) -> str:
    return "".join([_QUOTED[byte] for byte in character.encode()])


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _percent(character: str) -> str:
    if character.isascii() and (character.isalnum() or character in "!#$&+-.^_`{}~"):
        return character
    return "".join([f"%{byte:02X}" for byte in character.encode()])
