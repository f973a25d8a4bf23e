"""From what a mail server gives out to what intake keeps; and what stands for a mail that stays there."""

import base64
import re
from collections.abc import Iterable, Iterator
from email.utils import getaddresses
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.duties.intake import fetching
from hauspost.duties.intake.actions import Envelope, identity
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground import clock, tokens
from hauspost.ground.mail.addresses import read_verp
from hauspost.ground.mail.letter import read_letter

_HEAD_BYTES = 64 * 1024
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "to")
# What tells how the body was written; the one we write is another.
_OF_BODY = re.compile(rb"(?:content-[\w-]+|mime-version):", re.IGNORECASE)


def whole_name(row: FetchedFolder, uid_validity: int, uid: int) -> str:
    """The name under which a mail is kept, that was fetched whole."""
    return identity(fetching.name_of(row, uid_validity, uid))


def left_name(row: FetchedFolder, uid_validity: int, uid: int) -> str:
    """The name for what stands for a mail that stays on its server."""
    return identity(fetching.left_name_of(row, uid_validity, uid))


def envelope(row: FetchedFolder, name: str, raw: bytes | Path, size_bytes: int) -> Envelope:
    """A fetched mail as intake takes it. Nobody told us its envelope: what its last server wrote down is one."""
    headers = _headers_of(raw if isinstance(raw, bytes) else _beginning_of(raw))
    sender = next(_addresses(headers, ("return-path",)), None)
    return Envelope(
        raw=raw,
        size_bytes=size_bytes,
        mail_from=next(_addresses(headers, ("from",)), "") if sender is None else sender,
        recipients=(_return_path_in(headers) or row.mailbox.address.address,),
        via="imap",
        source=f"{row.account.imap_host} {row.folder}",
        transaction=name,
        is_trusted_relay=False,
        received_at=clock.now(),
    )


def stand_in(beginning: bytes, why: str, left_bytes: int = 0) -> bytes:
    """A mail with the headers and the first text of one that stays on its server, and why it does (P36.1).

    `left_bytes` is how big that one is, when that is the reason.
    """
    head, _middle, _body = beginning.replace(b"\r\n", b"\n").partition(b"\n\n")
    kept = [field for field in re.split(rb"\n(?![ \t])", head) if field and not _OF_BODY.match(field)]
    text = read_letter(beginning).text if beginning else ""
    body = base64.encodebytes(f"[{why}]\n\n{text}\n".encode("utf-8", "replace"))
    ours = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64"
    mark = [b"%s: %d" % (fetching.LEFT_HEADER, left_bytes)] if left_bytes else []
    return b"\n".join([*mark, *kept, ours, b"", body]).replace(b"\n", b"\r\n")


def too_big(row: FetchedFolder, size_bytes: int, limit_bytes: int) -> str:
    """In the language of the mailbox."""
    with translation.override(_language_of(row)):
        return _(
            "This mail has %(size)s MB, more than the %(limit)s MB that are taken here. Only its beginning was read: "
            "what was attached was left in the mailbox %(mailbox)s, as it is too big."
        ) % {"size": _megabytes(size_bytes), "limit": _megabytes(limit_bytes), "mailbox": row.mailbox.address.address}


def not_given(row: FetchedFolder, uid: int) -> str:
    """The same for a mail that its server cannot give out."""
    with translation.override(_language_of(row)):
        return _(
            "The mail server could not give out this mail (UID %(uid)s in the folder %(folder)s), though it was asked "
            "several times. It was left in the mailbox %(mailbox)s: look for it there."
        ) % {"uid": uid, "folder": row.folder, "mailbox": row.mailbox.address.address}


def _language_of(row: FetchedFolder) -> str:
    return row.mailbox.language or row.mailbox.team.language or settings.LANGUAGE_CODE


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f}".removesuffix(".0")


def _beginning_of(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(_HEAD_BYTES)


def _headers_of(raw: bytes) -> str:
    head = re.split(rb"\r?\n\r?\n", raw[:_HEAD_BYTES], maxsplit=1)[0]
    return re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace"))


def _addresses(headers: str, names: Iterable[str]) -> Iterator[str]:
    """What stands in these headers; "" for the null sender."""
    for name in names:
        for line in re.findall(rf"^{name}:(.*)$", headers, re.IGNORECASE | re.MULTILINE):
            if line.strip() == "<>":
                yield ""
            for _name, address in getaddresses([line[:5000]]):
                if re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
                    yield address


def _return_path_in(headers: str) -> str:
    """One of our own return paths: what came to it is a bounce, and names the letter that did (P14.1)."""
    ring = tokens.ring()
    found = (one for one in _addresses(headers, _DELIVERED) if "+" in one and read_verp(one.lower(), ring) is not None)
    return next(found, "")
