"""S/MIME by `openssl cms`: who signed, and what was encrypted for one of our keys (RFC 8551)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ._charsets import storable
from ._limited import Done, NotInstalled, OverLimit, run, workplace
from ._signature import Signature, best_address

if TYPE_CHECKING:
    from cryptography import x509

_MOST_ANCHORS = 20_000_000  # bytes of a trust store
_VERIFY_ERROR = re.compile(r"Verify error: ?([^\n]{1,200})")
_REASONS = (
    ("has expired", "expired"),
    ("not yet valid", "not_yet_valid"),
    ("revoked", "revoked"),
    ("purpose", "wrong_purpose"),
    ("self-signed", "unknown_issuer"),
    ("self signed", "unknown_issuer"),
    ("local issuer", "unknown_issuer"),
    ("issuer", "unknown_issuer"),
)


@dataclass(frozen=True, slots=True)
class SmimeKey:
    """A certificate and its private key, neither with a password."""

    certificate_pem: str
    private_key_pem: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A checked signature and, of an opaque one, the words that were signed."""

    signature: Signature
    content: bytes = b""


def verify(
    signature: bytes,
    content: bytes | None,
    *,
    sender: str,
    trust: Path | None,
    at: datetime | None,
) -> Verified:
    """Check a signature in DER, detached from `content` or with the words inside.

    Trust: a PEM file or a folder of them; None asks the system's own store. Never raises for bad signatures.
    """
    try:
        with workplace() as folder:
            (folder / "signature").write_bytes(signature)
            arguments = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature"]
            arguments += ["-signer", "signer", "-out", "content"]
            if content is not None:
                (folder / "detached").write_bytes(content)
                arguments += ["-content", "detached"]
            if at:
                arguments += ["-attime", str(int(at.timestamp()))]
            chain = run([*arguments, *_anchors(trust, folder)], folder)
            # Does it at least fit the words? The same without asking who vouches for the signer.
            fits = chain if chain.is_good else run([*arguments, "-noverify"], folder)
            return _judged(folder, chain, fits, sender)
    except NotInstalled:
        return Verified(Signature("smime", "cannot_check", reason="no_openssl"))
    except OverLimit:
        return Verified(Signature("smime", "cannot_check", reason="over_limit"))


def decrypt(envelope: bytes, keys: Sequence[SmimeKey]) -> tuple[bytes | None, str]:
    """What an envelope in DER holds, opened by the first of our keys that fits; else None and why, as a code."""
    if not keys:
        return None, "no_key"
    try:
        with workplace() as folder:
            (folder / "envelope").write_bytes(envelope)
            reason = "no_key"
            for key in keys:
                (folder / "certificate").write_text(key.certificate_pem)
                (folder / "key").write_text(key.private_key_pem)
                arguments = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope"]
                arguments += ["-recip", "certificate", "-inkey", "key", "-out", "content"]
                done = run(arguments, folder)
                # What came out before a fault is not the letter: half of it may be the attacker's (EFAIL).
                if done.is_good:
                    return (folder / "content").read_bytes(), ""
                reason = reason if "no matching recipient" in done.told else "damaged"
            return None, reason
    except NotInstalled:
        return None, "no_openssl"
    except OverLimit:
        return None, "over_limit"


def _anchors(trust: Path | None, folder: Path) -> list[str]:
    """Whom to trust, as arguments. A company may trust one certificate of its own without its whole chain."""
    if trust is None:
        return []
    files = sorted(trust.iterdir()) if trust.is_dir() else [trust] if trust.is_file() else []
    pem, size = [], 0
    for file in files:
        if file.suffix.lower() in (".pem", ".crt", ".cer") or file == trust:
            content = file.read_bytes()
            size += len(content)
            if size <= _MOST_ANCHORS and b"-----BEGIN" in content:
                pem.append(content)
    (folder / "anchors").write_bytes(b"\n".join(pem))
    return ["-CAfile", "anchors", "-no-CApath", "-no-CAstore", "-partial_chain"]


def _judged(folder: Path, chain: Done, fits: Done, sender: str) -> Verified:
    signer = _signer(folder / "signer", sender)
    if not fits.is_good:
        is_changed = "verification failure" in fits.told or "verify error" in fits.told
        state, reason = ("broken", "changed") if is_changed else ("cannot_check", "damaged")
        return Verified(replace(signer, state=state, reason=reason))
    content = (folder / "content").read_bytes()
    if chain.is_good:
        return Verified(replace(signer, state="valid"), content)
    told = _VERIFY_ERROR.search(chain.told)
    reason = next((code for words, code in _REASONS if told and words in told.group(1)), "unknown_issuer")
    return Verified(replace(signer, state="untrusted", reason=reason), content)


def _signer(file: Path, sender: str) -> Signature:
    """What the certificate that signed says of its owner; of several that all signed, the sender's."""
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(file.read_bytes())[:5]
    except (OSError, ValueError):
        return Signature("smime", "cannot_check")
    told = [described(certificate) for certificate in certificates]
    one = next((one for one in told if best_address(one.addresses, sender)[1]), told[0])
    address, matches = best_address(one.addresses, sender)
    return Signature(
        "smime",
        "cannot_check",
        signer_name=one.name,
        signer_address=address,
        matches_sender=matches,
        issuer=one.issuer,
        not_before=one.not_before,
        not_after=one.not_after,
        fingerprint=one.fingerprint,
    )


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of its owner and its issuer."""

    name: str
    addresses: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    fingerprint: str  # SHA-256, in hexadecimal digits


def described(certificate: "x509.Certificate") -> Certificate:
    """What a certificate says; what it says wrongly is left out."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    return Certificate(
        name=_part(certificate.subject, x509.NameOID.COMMON_NAME),
        addresses=_addresses(certificate),
        issuer=_part(certificate.issuer, x509.NameOID.COMMON_NAME)
        or _part(certificate.issuer, x509.NameOID.ORGANIZATION_NAME),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(SHA256()).hex(),
    )


def _part(name: "x509.Name", which: "x509.ObjectIdentifier") -> str:
    found = name.get_attributes_for_oid(which)
    return storable(str(found[0].value))[:200] if found else ""


def _addresses(certificate: "x509.Certificate") -> tuple[str, ...]:
    """The mail addresses that its issuer vouches for."""
    from cryptography import x509

    found: list[str] = []
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found += names.get_values_for_type(x509.RFC822Name)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        pass
    found += [str(one.value) for one in certificate.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)]
    return tuple(dict.fromkeys(storable(address)[:320] for address in found[:50]))
