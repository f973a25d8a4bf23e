"""Keys in a backup: closed with a passphrase (scrypt, AES-256-GCM), so that whoever finds the file finds nothing."""

import base64
import json
import os
from collections.abc import Mapping

from hauspost.duties.keeping.refusals import PassphraseTooShort, WrongKey

LEAST_CHARACTERS = 12
# 64 MB and some tenths of a second for each guess (RFC 7914).
_COST, _BLOCK, _LANES = 1 << 16, 8, 1
_DEAREST = 1 << 20
_PURPOSE = b"hauspost backup keys 1"


def refuse_short(passphrase: str) -> None:
    """Whether a passphrase is long enough. Raises PassphraseTooShort."""
    if len(passphrase) < LEAST_CHARACTERS:
        raise PassphraseTooShort(least=LEAST_CHARACTERS)


def close(contents: Mapping[str, bytes], passphrase: str) -> bytes:
    """The files by name, readable with the passphrase only. Raises PassphraseTooShort."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    refuse_short(passphrase)
    salt, nonce = os.urandom(16), os.urandom(12)
    plain = json.dumps({name: base64.b64encode(content).decode() for name, content in contents.items()}).encode()
    key = _key(passphrase, salt, _COST, _BLOCK, _LANES)
    box = {
        "kdf": "scrypt",
        "n": _COST,
        "r": _BLOCK,
        "p": _LANES,
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "box": base64.b64encode(AESGCM(key).encrypt(nonce, plain, _PURPOSE)).decode(),
    }
    return json.dumps(box, indent=1).encode()


def open_box(closed: bytes, passphrase: str) -> dict[str, bytes]:
    """The files again. Raises WrongKey, also for a box that was altered: the two cannot be told apart."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        box = json.loads(closed)
        cost, block, lanes = int(box["n"]), int(box["r"]), int(box["p"])
        if not 2 <= cost <= _DEAREST or not 1 <= block <= 16 or not 1 <= lanes <= 4:
            raise ValueError("a price that nobody asks")
        key = _key(passphrase, base64.b64decode(box["salt"]), cost, block, lanes)
        plain = AESGCM(key).decrypt(base64.b64decode(box["nonce"]), base64.b64decode(box["box"]), _PURPOSE)
        return {name: base64.b64decode(content) for name, content in json.loads(plain).items()}
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise WrongKey(what="The passphrase") from None


def _key(passphrase: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=cost, r=block, p=lanes).derive(passphrase.encode())
