"""Signed and encrypted mails: who signed them, and what they hold where we have the key (P22.5).

`openssl` and `gpg` do the work, each within bounds. What was encrypted as a whole is read as the mail's body. An
encrypted part amid others becomes a document of its own: joined with words around it that somebody else may have
written, it could be sent out by them, or by our own quoting reply (EFAIL).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from . import _pgp, _smime
from ._attachments import Attachment
from ._charsets import decode
from ._mime import Part, read_structure
from ._pgp import PgpKey
from ._signature import Signature
from ._smime import SmimeKey
from .letter import Letter, read_letter, read_opened
from .raw import Raw
from .sealed_keys import SealedKeyInfo, read_pgp_key, read_smime_key

__all__ = [
    "Opened",
    "PgpKey",
    "SealedKeyInfo",
    "Signature",
    "SmimeKey",
    "Trust",
    "open_letter",
    "read_pgp_key",
    "read_smime_key",
    "signature_as_dict",
]

MAX_SEALED = 40_000_000  # bytes of a mail; a bigger one stays closed
_MOST_LAYERS, _MOST_PARTS = 4, 10

_ENVELOPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SMIME_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
# The kinds of CMS that we know, by their object identifiers as they stand in DER.
_SIGNED = bytes.fromhex("06092a864886f70d010702")
_ENCRYPTED = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_ARMOUR_BEGINS = re.compile(r"-----BEGIN PGP (MESSAGE|SIGNED MESSAGE)-----\r?\n")
_ARMOUR_ENDS = {"MESSAGE": "-----END PGP MESSAGE-----", "SIGNED MESSAGE": "-----END PGP SIGNATURE-----"}
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe: certificates in a PEM file or folder (None: the system's own), and public PGP keys, armoured."""

    smime: Path | None = None
    pgp: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail as it is read with our keys. `note` is a code of `sealed_words`: what stayed closed, and why.

    `is_senders_own`: all that was decrypted was signed inside by the sender of the mail. Else anybody who has a copy of
    the sealed bytes may have sent them; a signature around them does not say that who signed could read them.
    """

    letter: Letter
    signature: Signature | None = None
    decrypted: str = ""  # "", "smime" or "pgp"
    note: str = ""
    is_senders_own: bool = False


@dataclass(slots=True)
class _Found:
    """What comes to light layer by layer."""

    inner: bytes | None = None  # the entity to read instead of the mail's own body
    signature: Signature | None = None
    inside: Signature | None = None  # of what was decrypted last
    decrypted: str = ""
    note: str = ""
    documents: list[bytes] = field(default_factory=list)
    is_within_text: bool = False  # then the mail's files are not sealed with it


@dataclass(frozen=True, slots=True)
class _Desk:
    """Our keys and whom we believe, for one mail of one sender."""

    keys: Sequence[SmimeKey | PgpKey]
    trust: Trust
    sender: str
    at: datetime | None

    @property
    def smime(self) -> list[SmimeKey]:
        return [key for key in self.keys if isinstance(key, SmimeKey)]

    @property
    def pgp(self) -> list[PgpKey]:
        return [key for key in self.keys if isinstance(key, PgpKey)]


def open_letter(
    raw: Raw,
    keys: Sequence[SmimeKey | PgpKey] = (),
    trust: Trust = Trust(),
    *,
    at: datetime | None = None,
    letter: Letter | None = None,
) -> Opened:
    """Read a mail with its mailbox's keys. `at` is when it came, for certificates that end; `letter` saves reading it.

    Never raises for what strangers send: what cannot be opened here stays a file, and the note says why. The headers
    are the outer ones, but for a subject that was protected inside.
    """
    letter = read_letter(raw) if letter is None else letter
    if letter.fault or not (letter.has_signature or letter.has_encrypted):
        return Opened(letter)
    if len(raw) > MAX_SEALED:
        return Opened(letter, note="too_big")
    raw = bytes(raw)
    # Of several senders none is the one who signed.
    sender = letter.sender.address if letter.sender and len(letter.from_) == 1 else ""
    desk = _Desk(keys, trust, sender, at)
    found = _Found()
    _peel(raw, desk, found)
    if found.inner is None and found.signature is None and not found.note:
        _open_armour(letter, desk, found)
    if found.inner is None:
        _open_parts(raw, desk, found)
    inside = found.inside
    is_own = inside is not None and inside.state == "valid" and inside.matches_sender and inside.covers_all
    opened = _read(raw, letter, found)
    return Opened(opened, found.signature, found.decrypted, found.note, bool(found.decrypted) and is_own)


def signature_as_dict(signature: Signature) -> dict[str, Any]:
    """A signature as JSON holds it; what is not known is left out."""
    told = asdict(signature)
    told["not_before"], told["not_after"] = (
        moment.isoformat() if moment else None for moment in (signature.not_before, signature.not_after)
    )
    return {name: value for name, value in told.items() if value not in (None, "")}


def _read(raw: bytes, letter: Letter, found: _Found) -> Letter:
    if found.inner is not None:
        files = letter.attachments if found.is_within_text else ()
        letter = read_opened(raw, *_unwrapped(found.inner), fallback=letter)
        letter = replace(letter, attachments=files + letter.attachments) if files else letter
    documents = tuple(
        Attachment("decrypted.eml" if number == 1 else f"decrypted-{number}.eml", "message/rfc822", document)
        for number, document in enumerate(found.documents, 1)
    )
    return replace(letter, attachments=letter.attachments + documents) if documents else letter


def _unwrapped(inner: bytes) -> tuple[bytes, str]:
    """The body to read, and the subject that was protected with it (RFC 8551 3.1, RFC 9788)."""
    root = read_structure(inner).root
    if root.kind == "message/rfc822":
        inner = root.content()
        return inner, read_structure(inner).root.headers.text("subject")
    is_protected = "protected-headers" in root.params or "hp" in root.params
    return inner, root.headers.text("subject") if is_protected else ""


def _peel(entity: bytes, desk: _Desk, found: _Found) -> None:
    """Open what was sealed as a whole, layer after layer: signed within encrypted, encrypted within signed."""
    for _ in range(_MOST_LAYERS):
        structure = read_structure(entity)
        root = structure.root
        if structure.fault:
            return
        kind = _seal_of(root)
        if kind in ("smime-signed", "pgp-signed"):
            signature = replace(_checked(entity, root, kind, desk), covers_all=len(root.children) == 2)
            found.signature = _better(found.signature, signature)
            found.inside = found.inside or (signature if found.decrypted else None)
            entity = entity[root.children[0].start : root.children[0].end]
        elif kind:
            inner = _opened(root, kind, desk, found)
            if inner is None:
                return
            entity = found.inner = inner
        else:
            return


def _better(before: Signature | None, inside: Signature) -> Signature:
    """Of two signatures the inner one, by whoever wrote the words; unless only the outer one could be checked."""
    return before if before and before.state == "valid" and inside.state != "valid" else inside


def _seal_of(part: Part) -> str:
    """How a part is sealed: "smime-signed", "pgp-signed", "smime-opaque", "smime-encrypted", "pgp-encrypted" or ""."""
    if part.kind == "multipart/signed" and len(part.children) >= 2:
        sealing = part.children[1].kind
        return "smime-signed" if sealing in _SMIME_SIGNATURES else "pgp-signed" if "pgp" in sealing else ""
    if _pgp_message(part) is not None:
        return "pgp-encrypted"
    if part.kind in _ENVELOPES or (not part.children and part.declared_name.lower().endswith(".p7m")):
        beginning = part.beginning(64)
        if _SIGNED in beginning:
            return "smime-opaque"
        return "smime-encrypted" if any(kind in beginning for kind in _ENCRYPTED) else ""
    return ""


def _pgp_message(part: Part) -> Part | None:
    """The encrypted half of PGP/MIME (RFC 3156), also where an Exchange made another multipart of it."""
    for position, child in enumerate(part.children[:-1]):
        if child.kind == "application/pgp-encrypted":
            others = [one for one in part.children[: position + 2] if one.children or one.content().strip()]
            is_whole = part.kind == "multipart/encrypted" or len(others) <= 2
            return part.children[position + 1] if is_whole and not part.children[position + 1].children else None
    return None


def _checked(entity: bytes, root: Part, kind: str, desk: _Desk) -> Signature:
    """Whether a detached signature fits its words, which were signed with line ends of CRLF (RFC 1847)."""
    words, sealing = root.children[0], root.children[1]
    content = _BARE_LINE_FEED.sub(b"\r\n", entity[words.start : words.end])
    if kind == "smime-signed":
        return _smime.verify(
            sealing.content(), content, sender=desk.sender, trust=desk.trust.smime, at=desk.at
        ).signature
    return _pgp.verify(sealing.content(), content, _public(desk), sender=desk.sender)


def _opened(part: Part, kind: str, desk: _Desk, found: _Found) -> bytes | None:
    """The words inside an envelope; where it stays closed, the note says why."""
    if kind == "smime-opaque":
        verified = _smime.verify(part.content(), None, sender=desk.sender, trust=desk.trust.smime, at=desk.at)
        found.signature = _better(found.signature, verified.signature)
        found.inside = found.inside or (verified.signature if found.decrypted else None)
        return verified.content or None
    if kind == "smime-encrypted":
        content, reason = _smime.decrypt(part.content(), desk.smime)
        signature = None
    else:
        message = _pgp_message(part)
        opened = _pgp.open_pgp(message.content() if message else b"", desk.pgp, desk.trust.pgp, sender=desk.sender)
        content, reason, signature = opened.content, opened.reason, opened.signature
    if content is None:
        found.note = reason
        return None
    found.decrypted, found.inside = kind.partition("-")[0], signature
    if signature:
        found.signature = _better(found.signature, signature)
    return content


def _public(desk: _Desk) -> list[str]:
    return [*desk.trust.pgp, *(key.armoured for key in desk.pgp)]


def _open_armour(letter: Letter, desk: _Desk, found: _Found) -> None:
    """PGP written right into a text. If that is all of the text, its inside is the body; else a document of its own."""
    text = letter.text
    hit = _ARMOUR_BEGINS.search(text)
    ending = _ARMOUR_ENDS[hit.group(1)] if hit else ""
    stop = text.find(ending, hit.end()) if hit else -1
    if not hit or stop < 0:
        return
    stop += len(ending)
    is_all = not (text[: hit.start()] + text[stop:]).strip()
    armour = text[hit.start() : stop].encode()
    opened = _pgp.open_pgp(armour, desk.pgp, _public(desk), sender=desk.sender)
    is_message = hit.group(1) == "MESSAGE"
    if opened.signature:
        found.signature = found.inside = replace(opened.signature, covers_all=is_all and not letter.html)
    if opened.content is None:
        found.note = opened.reason
        return
    found.decrypted = "pgp" if is_message else ""
    words = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + decode(opened.content, "utf-8").encode()
    if is_all:
        found.inner, found.is_within_text = words, True
    elif is_message:
        found.documents.append(words)
        found.note = "partly"


def _open_parts(raw: bytes, desk: _Desk, found: _Found) -> None:
    """Sealed parts amid others: signatures cover only themselves, and what is decrypted stands by itself."""
    structure = read_structure(raw)
    if structure.fault or _seal_of(structure.root):
        return
    for part in _sealed_parts(structure.root):
        kind = _seal_of(part)
        if kind in ("smime-signed", "pgp-signed"):
            signature = _checked(raw, part, kind, desk)
            found.signature = found.signature or replace(signature, covers_all=False)
        elif kind == "smime-opaque":
            verified = _smime.verify(part.content(), None, sender=desk.sender, trust=desk.trust.smime, at=desk.at)
            found.signature = found.signature or replace(verified.signature, covers_all=False)
        else:
            alone = _Found()
            content = _opened(part, kind, desk, alone)
            found.note = alone.note or found.note or "partly"
            if content is not None:
                found.documents.append(content)
                found.decrypted, found.inside = alone.decrypted, None


def _sealed_parts(root: Part) -> Iterator[Part]:
    waiting, count = list(root.children[::-1]), 0
    while waiting and count < _MOST_PARTS:
        part = waiting.pop()
        if _seal_of(part):
            count += 1
            yield part
        else:
            waiting.extend(part.children[::-1])
