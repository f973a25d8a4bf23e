"""Secrets that must be read again, unreadable without the key beside the database (S12)."""

import base64
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac

from hauspost.records.people.factors.refusals import FactorUnreadable

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def seal(secret: str) -> str:
    """The secret as it may stand in the database or in a session."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises FactorUnreadable when the key is another one, say after a restore without it."""
    from cryptography.fernet import InvalidToken

    try:
        return _box().decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError, UnicodeError) as fault:
        raise FactorUnreadable from fault


def _box() -> "Fernet":
    from cryptography.fernet import Fernet

    key = salted_hmac("hauspost second factors", "", settings.SECRET_KEY, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
