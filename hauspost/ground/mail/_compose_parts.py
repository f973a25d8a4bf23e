"""The parts of a letter: texts and files, suitably encoded, and what holds them (RFC 2045–2049)."""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass

from hauspost.ground.mail._compose_headers import clean, encoded_words, parameter

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,60}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,120}")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9][A-Za-z0-9_.:-]{0,40})\"?", re.IGNORECASE)
# NUL may not occur in mail at all; other controls and long lines need quoted-printable.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f]|[^\n]{900}|[ \t]\n")
_HIGH = bytes(range(128, 256))
_LINE_BYTES = 57  # 76 characters of base64


@dataclass(frozen=True)
class Part:
    """One part: its header lines (the first is its Content-Type) and its encoded bytes, ending with CRLF."""

    headers: list[str]
    content: bytes


def text_part(subtype: str, text: str) -> Part:
    """Text as a part: untouched where it is plain ASCII, else quoted-printable or base64, whichever is shorter."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.endswith("\n"):
        text += "\n"
    if text.isascii() and not _UNSAFE.search(text):
        charset, encoding, content = "us-ascii", "7bit", text.replace("\n", "\r\n").encode("ascii")
    else:
        charset = "utf-8"
        octets = text.encode("utf-8", "replace")
        high = len(octets) - len(octets.translate(None, _HIGH))
        if 2 * high > len(octets) // 3:
            encoding, content = "base64", _base64_lines(octets.replace(b"\n", b"\r\n"))
        else:
            # b2a_qp breaks lines rightly only where line ends are bare LF.
            encoding, content = "quoted-printable", b2a_qp(octets, istext=True).replace(b"\n", b"\r\n")
    headers = [f'Content-Type: text/{subtype}; charset="{charset}"', f"Content-Transfer-Encoding: {encoding}"]
    return Part(headers, content)


def file_part(name: str, content_type: str, content: bytes, content_id: str = "") -> Part:
    """A file as a part: an attachment, or with a `content_id` a picture inside the HTML."""
    name = clean(name) or "file"
    kind = _safe_type(content_type, content)
    is_letter = kind == "message/rfc822"
    headers = [
        f"Content-Type: {kind}{_charset(kind, content_type)}{_name(name)}",
        f"Content-Transfer-Encoding: {'7bit' if is_letter else 'base64'}",
        f"Content-Disposition: {'inline' if content_id else 'attachment'}{parameter('filename', name)}",
    ]
    if content_id:
        headers.insert(2, f"Content-ID: <{content_id}>")
    return Part(headers, content if is_letter else _base64_lines(content))


def multipart(subtype: str, parts: Sequence[Part], boundary: str, parameters: str = "") -> Part:
    """Several parts as one."""
    pieces = []
    for part in parts:
        pieces += [b"--", boundary.encode(), b"\r\n", "\r\n".join(part.headers).encode(), b"\r\n\r\n", part.content]
        if not part.content.endswith(b"\r\n"):
            pieces.append(b"\r\n")
    pieces += [b"--", boundary.encode(), b"--\r\n"]
    return Part([f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"{parameters}'], b"".join(pieces))


def _safe_type(content_type: str, content: bytes) -> str:
    """The file's type where it is one; a letter that would have to be encoded goes as plain bytes (RFC 2046 5.2.1)."""
    found = _TYPE.match(clean(content_type))
    kind = found[0].lower() if found else ""
    if kind == "message/rfc822":
        fits = content.isascii() and b"\0" not in content and content.endswith(b"\r\n")
        fits = fits and content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")
        return kind if fits and max(map(len, content.split(b"\r\n"))) <= 998 else "application/octet-stream"
    return "application/octet-stream" if not kind or kind.startswith(("multipart/", "message/")) else kind


def _charset(kind: str, content_type: str) -> str:
    found = _CHARSET.search(content_type) if kind.startswith("text/") else None
    return f'; charset="{found[1].lower()}"' if found else ""


def _name(name: str) -> str:
    """The name once more, on the type: older Outlooks read only this, and only as an encoded word in quotes."""
    if name.isascii():
        return parameter("name", name) if len(name) <= 60 else ""
    return f';\r\n name="{encoded_words(name, len(" name="))}"'


def _base64_lines(content: bytes) -> bytes:
    lines = [b64encode(content[start : start + _LINE_BYTES]) for start in range(0, len(content), _LINE_BYTES)]
    return b"\r\n".join([*lines, b""])
