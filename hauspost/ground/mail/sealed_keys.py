"""Key files that an administrator gives for a mailbox: what they hold, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from . import _pgp, _smime
from ._charsets import decode
from ._limited import NotInstalled, OverLimit, run, workplace
from ._pgp import PgpKey
from ._smime import SmimeKey
from .sealed_words import NotAKey

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class SealedKeyInfo:
    """What may be shown of a key: whose it is, until when, and its public part (PEM, or armoured)."""

    kind: str  # "smime" or "pgp"
    addresses: tuple[str, ...]
    fingerprint: str
    not_after: datetime | None
    public: str


def read_smime_key(data: bytes, password: str = "") -> tuple[SmimeKey, SealedKeyInfo]:
    """A certificate and its private key from PKCS #12 or PEM; the password is needed no more afterwards.

    Raises NotAKey.
    """
    if len(data) > _LONGEST:
        raise NotAKey("not-a-key")
    is_pem = b"-----BEGIN" in data
    key, certificates = _from_pem(data, password) if is_pem else _from_p12(data, password)
    if key is None:
        raise NotAKey("no-private-key" if certificates or is_pem else "not-a-key")
    if not certificates:
        raise NotAKey("no-certificate")
    return _smime_key(key, certificates)


def read_pgp_key(data: bytes, password: str = "") -> tuple[PgpKey, SealedKeyInfo]:
    """A private PGP key, armoured or not; the password is needed no more afterwards. Raises NotAKey."""
    if len(data) > _LONGEST or not data.strip():
        raise NotAKey("not-a-key")
    try:
        with workplace() as folder:
            try:
                return _pgp_key(folder, data, password)
            finally:
                _pgp.end_agent(folder)
    except NotInstalled:
        raise NotAKey("no-gpg") from None
    except OverLimit:
        raise NotAKey("over-limit") from None


def _from_pem(data: bytes, password: str) -> "tuple[PrivateKeyTypes | None, Sequence[x509.Certificate]]":
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        certificates = x509.load_pem_x509_certificates(data) if b"BEGIN CERTIFICATE" in data else []
    except ValueError:
        raise NotAKey("not-a-key") from None
    if b"PRIVATE KEY-----" not in data:
        return None, certificates
    try:
        return load_pem_private_key(_block(data), password.encode() if password else None), certificates
    except TypeError:
        # Without a password where one is needed; with one where none is, it is simply not used.
        if not password:
            raise NotAKey("needs-password") from None
        return load_pem_private_key(_block(data), None), certificates
    except ValueError:
        raise NotAKey("wrong-password" if password else "not-a-key") from None
    except Exception:  # of the library's own kinds, for keys that it does not know
        raise NotAKey("not-a-key") from None


def _block(data: bytes) -> bytes:
    """The private key alone, of a PEM file in any order."""
    end = data.index(b"PRIVATE KEY-----")
    start = data.rindex(b"-----BEGIN", 0, end)
    stop = data.find(b"-----END", end)
    return data[start : data.find(b"-----", stop + 8) + 5] if stop >= 0 else data[start:]


def _from_p12(data: bytes, password: str) -> "tuple[PrivateKeyTypes | None, Sequence[x509.Certificate]]":
    from cryptography.hazmat.primitives.serialization import pkcs12

    if data[:1] != b"\x30":
        raise NotAKey("not-a-key")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password.encode() if password else None)
    except ValueError:
        return _from_old_p12(data, password)
    except Exception:
        return _from_old_p12(data, password)
    return key, [*([certificate] if certificate else []), *others]


def _from_old_p12(data: bytes, password: str) -> "tuple[PrivateKeyTypes | None, Sequence[x509.Certificate]]":
    """PKCS #12 with the weak ciphers of old Windows, which only openssl still reads; or a wrong password."""
    try:
        with workplace() as folder:
            (folder / "file").write_bytes(data)
            # In a file, not among the arguments, which all users of the machine can see.
            (folder / "password").write_text(password + "\n")
            arguments = ["openssl", "pkcs12", "-in", "file", "-passin", "file:password", "-nodes", "-legacy"]
            done = run(arguments, folder)
    except NotInstalled:
        raise NotAKey("no-openssl") from None
    except OverLimit:
        raise NotAKey("over-limit") from None
    if not done.is_good:
        is_password = "password" in done.told.lower() or "mac verify" in done.told.lower()
        raise NotAKey(("wrong-password" if password else "needs-password") if is_password else "not-a-key")
    return _from_pem(done.out, "")


def _smime_key(key: "PrivateKeyTypes", certificates: "Sequence[x509.Certificate]") -> tuple[SmimeKey, SealedKeyInfo]:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    def public(one: "PrivateKeyTypes | x509.Certificate") -> bytes:
        return one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    own = next((one for one in certificates if public(one) == public(key)), None)
    if own is None:
        raise NotAKey("other-certificate")
    pem = own.public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    told = _smime.described(own)
    info = SealedKeyInfo("smime", told.addresses, told.fingerprint, told.not_after, pem)
    return SmimeKey(pem, private), info


def _pgp_key(folder: Path, data: bytes, password: str) -> tuple[PgpKey, SealedKeyInfo]:
    # Its agent would measure for seconds how slowly to derive keys from passwords, and no password is set here.
    (folder / "gpg-agent.conf").write_text("s2k-count 65536\n")
    run([*_pgp.GPG, "--import"], folder, stdin=data)
    listed = decode(run([*_pgp.GPG, "--with-colons", "--list-secret-keys"], folder).out, "utf-8")
    rows = [line.split(":") for line in listed.splitlines()]
    keys = [row for row in rows if row[0] == "sec"]
    if not keys:
        public = decode(run([*_pgp.GPG, "--with-colons", "--list-keys"], folder).out, "utf-8")
        raise NotAKey("no-private-key" if "\npub:" in "\n" + public else "not-a-key")
    if len(keys) > 1:
        raise NotAKey("several-keys")
    fingerprint = next(row[9] for row in rows if row[0] == "fpr")
    if password:
        _take_password_off(folder, fingerprint, password)
    secret = run([*_pgp.GPG, "--armor", "--export-secret-keys", fingerprint], folder)
    if not secret.is_good or b"PRIVATE KEY BLOCK" not in secret.out:
        raise NotAKey("wrong-password" if password else "needs-password")
    addresses = tuple(
        address
        for row in rows
        if row[0] == "uid" and row[1] not in ("r", "e")
        for _, address in [_pgp.person(row[9])]
        if address
    )
    armoured = _armoured(run([*_pgp.GPG, "--armor", "--export", fingerprint], folder).out)
    info = SealedKeyInfo("pgp", tuple(dict.fromkeys(addresses)), fingerprint, _pgp.moment(keys[0][6]), armoured)
    return PgpKey(_armoured(secret.out)), info


def _take_password_off(folder: Path, fingerprint: str, password: str) -> None:
    """gpg asks for the old password, then for a new one, which is empty; for each part of the key again."""
    if "\n" in password:
        raise NotAKey("wrong-password")
    arguments = [one for one in _pgp.GPG if one not in ("--batch", "--passphrase", "")]
    answers = (password + "\n" * 12).encode()
    run([*arguments, "--command-fd", "0", "--passwd", fingerprint], folder, stdin=answers)


def _armoured(out: bytes) -> str:
    """An armoured key as gpg wrote it, without the lines of its status."""
    text = decode(out, "utf-8")
    return text[text.index("-----BEGIN") :]
