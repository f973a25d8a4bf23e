"""Secrets that must be read again, unreadable in the database without the key that lies beside it (S12, S21)."""

import base64
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class SealedOtherwise(Exception):
    """Sealed with another key, say before a restore without the key file, or damaged."""


def seal(secret: str, purpose: str) -> str:
    """The secret as it may stand in the database; "" stays "". What was sealed for one purpose opens for no other."""
    return _box(purpose).encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed. Raises SealedOtherwise when the key is another one."""
    from cryptography.fernet import InvalidToken

    if not sealed:
        return ""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError, UnicodeError) as fault:
        raise SealedOtherwise from fault


def _box(purpose: str) -> "Fernet":
    from cryptography.fernet import Fernet

    key = salted_hmac(f"hauspost {purpose}", "", settings.SECRET_KEY, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
