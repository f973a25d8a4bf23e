"""Keys and tokens: the key ring outside the database that signs what we send out, and random link tokens."""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hauspost.ground import clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAC_FLOOR_BYTES = 12  # 96 bit: fewer can be guessed by a patient sender (S7).
_SECRET_BYTES = 32
_TOKEN_BYTES = 20
_TOKEN = re.compile(r"[a-z2-7]{32}")
_BASE32 = re.compile(r"[a-z2-7]*")
# Also within an address that a mail filter has wrapped into one of its own.
_IN_LINK = re.compile(r"((?:/|%2F)(?:t|first)(?:/|%2F))[a-z2-7]{32}(?![a-z2-7])", re.IGNORECASE)


class KeyRingFault(RuntimeError):
    """The key file cannot be used; the words name the file and the next step, never a key (S21)."""


@dataclass(frozen=True)
class _Keys:
    """One reading of the key file: ids to secrets, the newest last."""

    secrets: dict[str, bytes]
    seals: dict[str, bytes]
    # Public halves only: of the keys this desk had before it was restored without them.
    former: dict[str, bytes]
    stamp: tuple[int, int]


class KeyRing:
    """The keys of one Hauspost: the newest signs, all of them verify, so that old mail keeps finding its ticket."""

    def __init__(self, path: Path) -> None:
        """Read the key file, or make it when there is none. Raises KeyRingFault."""
        self.path = path
        if not path.exists():
            _make(path)
        self._keys = _read(path)

    def mac(self, purpose: str, payload: bytes, size: int = MAC_FLOOR_BYTES) -> tuple[str, bytes]:
        """Sign a payload for one purpose; the key's id goes with the token, so that the key may change (S7)."""
        if not MAC_FLOOR_BYTES <= size <= 32:
            raise ValueError(f"a signature has {MAC_FLOOR_BYTES} to 32 bytes, not {size}")
        key_id = next(reversed(self._keys.secrets))
        return key_id, _hmac(self._keys.secrets[key_id], purpose, payload)[:size]

    def macs(self, purpose: str, payload: bytes, size: int = MAC_FLOOR_BYTES) -> list[bytes]:
        """What each of our keys would have signed it with, the newest first: for looking up what was kept signed."""
        secrets_ = reversed(self._keys.secrets.values())
        return [_hmac(secret, purpose, payload)[:size] for secret in secrets_]

    def verify(self, purpose: str, payload: bytes, key_id: str, mac: bytes) -> bool:
        """Whether one of our keys made this signature for this purpose; anything odd is simply no."""
        if not isinstance(mac, bytes) or not MAC_FLOOR_BYTES <= len(mac) <= 32:
            return False
        secret = self._known("secrets", key_id)
        return secret is not None and hmac.compare_digest(_hmac(secret, purpose, payload)[: len(mac)], mac)

    def sign_seal(self, content: bytes) -> tuple[str, bytes]:
        """Seal the record's heads: an Ed25519 signature that anybody may check with the public key (RFC 8032)."""
        key_id = next(reversed(self._keys.seals))
        return key_id, _private(self._keys.seals[key_id]).sign(content)

    def verify_seal(self, content: bytes, key_id: str, signature: bytes) -> bool:
        """Whether this seal is ours and fits the content."""
        private = self._known("seals", key_id)
        public = self._known("former", key_id) if private is None else _public(private)
        return public is not None and verify_seal_with(public, content, signature)

    def public_keys(self) -> dict[str, bytes]:
        """The public halves of the seal keys, 32 raw bytes each, for an auditor who keeps them elsewhere."""
        return self._keys.former | {key_id: _public(key) for key_id, key in self._keys.seals.items()}

    def key_ids(self) -> list[str]:
        """The ids of all keys, for the backup to name them; never the keys."""
        return [*self._keys.secrets, *self._keys.seals]

    def add_key(self) -> str:
        """A new signing key, say after a leak; the old ones go on verifying. Returns its id."""
        return self._added("keys", _new_key)["id"]

    def know_former(self, key_id: str, public_key: bytes) -> None:
        """Let seals verify that were made with a key which this desk no longer has; its public half is enough."""
        key = {"id": key_id, "public": base64.b64encode(public_key).decode("ascii")}
        self._added("former", lambda taken: key)

    def _added(self, shelf: str, make: Callable[[set[str]], dict[str, str]]) -> dict[str, str]:
        lock = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = _parsed(self.path)
            key = make({key["id"] for keys in content.values() for key in keys})
            content[shelf].append(key)
            written = _write_beside(self.path, {"version": 1, **content})
            os.replace(written, self.path)
            _sync_folder(self.path.parent)
        finally:
            os.close(lock)
        self._keys = _read(self.path)
        return key

    def _known(self, shelf: str, key_id: str) -> bytes | None:
        if not isinstance(key_id, str):
            return None
        found: bytes | None = getattr(self._keys, shelf).get(key_id)
        if found is None and _stamp(self.path) != self._keys.stamp:
            # Another process has added a key since we read the file.
            self._keys = _read(self.path)
            found = getattr(self._keys, shelf).get(key_id)
        return found


def ring() -> KeyRing:
    """This Hauspost's key ring, read once per process and made on first use. Raises KeyRingFault."""
    from django.conf import settings

    return _ring_in(settings.HAUSPOST.data)


def public_keys() -> dict[str, bytes]:
    """The public seal keys of this Hauspost by id."""
    return ring().public_keys()


def verify_seal_with(public_key: bytes, content: bytes, signature: bytes) -> bool:
    """Whether a seal fits its content by this public key, for an auditor who has no key file."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def base32(content: bytes) -> str:
    """Bytes as lower-case letters and 2–7, without padding: survives mail servers that change case (RFC 4648)."""
    return base64.b32encode(content).decode("ascii").rstrip("=").lower()


def unbase32(text: str) -> bytes | None:
    """The bytes again; None for anything that `base32` would not have written."""
    if not isinstance(text, str) or not _BASE32.fullmatch(text):
        return None
    try:
        content = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
    # The last letter carries spare bits: only one spelling of a token is the token.
    return content if base32(content) == text else None


def new_token() -> str:
    """A random token of 160 bit for a link; only its `token_hash` is stored (S12)."""
    return base32(secrets.token_bytes(_TOKEN_BYTES))


def without_link_tokens(text: str) -> str:
    """A text in which our own links open nothing any more: for what an answer quotes of our mail (S12)."""
    return _IN_LINK.sub(r"\1…", text)


def token_hash(token: object, purpose: str = "link") -> str:
    """What is stored of a link token and looked up again: 64 hexadecimal digits, different for every purpose (S12).

    Whatever `new_token` cannot have made (nothing, whitespace, another type, another shape) gets a value that was
    never stored and will never be, so a look-up by it finds nothing.
    """
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return secrets.token_hex(32)
    return hashlib.sha256(f"hauspost token for {purpose}\0{token}".encode()).hexdigest()


@lru_cache(maxsize=16)
def _ring_in(data: Path) -> KeyRing:
    return KeyRing(data / "keys.json")


def _hmac(secret: bytes, purpose: str, payload: bytes) -> bytes:
    name = purpose.encode()
    return hmac.digest(secret, len(name).to_bytes(2, "big") + name + payload, "sha256")


def _private(raw: bytes) -> "Ed25519PrivateKey":
    # Imported here: cryptography takes 50 ms that a page without a seal need not spend.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(raw)


def _public(raw: bytes) -> bytes:
    return _private(raw).public_key().public_bytes_raw()


def _make(path: Path) -> None:
    """Write the first key file; when another process is faster, its file stands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = _new_key(set())
    written = _write_beside(path, {"version": 1, "keys": [key], "seals": [_new_key({key["id"]})]})
    try:
        os.link(written, path)
    except FileExistsError:
        pass
    finally:
        written.unlink()
    _sync_folder(path.parent)


def _new_key(taken: set[str]) -> dict[str, str]:
    key_id = base32(secrets.token_bytes(2))[:3]
    while key_id in taken:
        key_id = base32(secrets.token_bytes(2))[:3]
    secret = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")
    return {"id": key_id, "secret": secret, "created_at": clock.now().isoformat(timespec="seconds")}


def _write_beside(path: Path, content: Mapping[str, object]) -> Path:
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    return beside


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> _Keys:
    stamp = _stamp(path)
    content = _parsed(path)
    return _Keys(
        secrets={key["id"]: base64.b64decode(key["secret"]) for key in content["keys"]},
        seals={key["id"]: base64.b64decode(key["secret"]) for key in content["seals"]},
        former={key["id"]: base64.b64decode(key["public"]) for key in content["former"]},
        stamp=stamp,
    )


def _parsed(path: Path) -> dict[str, list[dict[str, str]]]:
    # A damaged file is never replaced by a new one: that would silently void every token and seal ever given out.
    next_step = "Restore it from the backup; Hauspost does not make new keys over old ones."
    try:
        content = json.loads(path.read_text("ascii"))
        for shelf in ("keys", "seals"):
            keys = content[shelf]
            if not keys or any(len(base64.b64decode(key["secret"])) != _SECRET_BYTES or not key["id"] for key in keys):
                raise KeyRingFault(f"{path}: the key file has no usable {shelf}. {next_step}")
        former = content.get("former", [])
        if any(not base64.b64decode(key["public"]) or not key["id"] for key in former):
            raise KeyRingFault(f"{path}: the key file has no usable former keys. {next_step}")
    except OSError as error:
        raise KeyRingFault(f"{path}: the key file cannot be read ({error.strerror}). {next_step}") from None
    except (ValueError, KeyError, TypeError):
        raise KeyRingFault(f"{path}: the key file is damaged. {next_step}") from None
    return {"keys": content["keys"], "seals": content["seals"], "former": former}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)
