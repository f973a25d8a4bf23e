"""Files in mails: harmless names, and what is inside S/MIME envelopes."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ._headers import decoded_again

_BIDI = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
_LONGEST = 150

_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/directory": ".vcf",
    "text/rtf": ".rtf",
    "application/rtf": ".rtf",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/pjpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/json": ".json",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/ms-tnef": ".dat",
    "application/vnd.ms-tnef": ".dat",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
}
_STEMS = {
    "text/calendar": "invitation",
    "text/html": "message",
    "text/rfc822-headers": "headers",
    "message/delivery-status": "delivery-status",
    "application/octet-stream": "file",
}


class Source(Protocol):
    """The bytes of a big file, wherever they lie: read in pieces, any number of times."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def pieces(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail: `name` is fit for any disk and page, `declared_name` is what the mail called it ("" if "
    "nothing).

    `held` is the content itself, or for a big file (P36.1) where it can be read from; ask for `pieces` then.
    """

    name: str
    content_type: str
    held: bytes | Source
    content_id: str = ""
    is_inline: bool = False
    declared_name: str = ""

    @property
    def content(self) -> bytes:
        """All the bytes; of a big file that is much memory."""
        return self.held if isinstance(self.held, bytes) else b"".join(self.held.pieces())

    @property
    def size_bytes(self) -> int:
        return len(self.held) if isinstance(self.held, bytes) else self.held.size_bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.held).hexdigest() if isinstance(self.held, bytes) else self.held.sha256

    def pieces(self) -> Iterator[bytes]:
        """The bytes, a big file's one piece after the other."""
        return iter((self.held,)) if isinstance(self.held, bytes) else self.held.pieces()


def harmless_name(declared: str, content_type: str = "", *, base: str = "") -> str:
    """A file name without folders, control and direction characters, reserved words or excess; never empty (P22.3)."""
    name = _CONTROLS.sub(" ", _BIDI.sub("", decoded_again(declared[:2000])))
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    name = " ".join(name.split()).strip(". ") if name.strip(". ") else ""
    if not name:
        stem = (
            harmless_name(base).removesuffix(".bin")
            if base
            else _STEMS.get(content_type, content_type.partition("/")[0])
        )
        ending = ".txt" if content_type.startswith(("text/", "message/")) else ".bin"
        return (stem or "file") + _ENDINGS.get(content_type, ending)
    if _RESERVED.match(name):
        name = "_" + name
    if len(name) > _LONGEST or len(name.encode("utf-8")) > 240:
        stem, dot, ending = name.rpartition(".")
        if not dot or len(ending) > 12:
            stem, dot, ending = name, "", ""
        stem = stem[: _LONGEST - len(ending) - 1]
        while len((stem + dot + ending).encode("utf-8")) > 240:
            stem = stem[:-1]
        name = stem.rstrip() + dot + ending
    return name


_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_PLAIN_DATA = bytes.fromhex("06092a864886f70d010701")


def signed_content(data: bytes) -> bytes | None:
    """The mail inside an S/MIME "signed-data" envelope (smime.p7m); None if it is none or encrypted (P22.5)."""
    outer = data.find(_SIGNED_DATA, 0, 64)
    if outer < 0:
        return None
    inner = data.find(_PLAIN_DATA, outer, outer + 400)
    if inner < 0:
        return None
    position = inner + len(_PLAIN_DATA)
    tag, start, end = _element(data, position)
    if tag != 0xA0:
        return None
    chunks: list[bytes] = []
    return b"".join(chunks) if _octets(data, start, end, chunks) else None


def _octets(data: bytes, start: int, end: int, chunks: list[bytes]) -> bool:
    """Gather an OCTET STRING, whole or (BER) in pieces, of known length or not."""
    pending = [(start, end)]
    while pending:
        position, end = pending.pop()
        while position < end:
            tag, start, stop = _element(data, position)
            if tag == 0x04:
                chunks.append(data[start:stop])
                position = stop
            elif tag == 0x24:
                pending.append((start, stop))
                if stop >= end:
                    break
                position = stop
            else:
                break
    return bool(chunks)


def _element(data: bytes, position: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of one DER or BER element; an indefinite length runs to the end."""
    if position + 2 > len(data):
        return 0, len(data), len(data)
    tag, length = data[position], data[position + 1]
    position += 2
    if length == 0x80:
        return tag, position, len(data)
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[position : position + count], "big")
        position += count
    return tag, position, min(position + length, len(data))
