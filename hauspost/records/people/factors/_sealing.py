"""Secrets of second factors, sealed (S12)."""

from hauspost.ground import sealing
from hauspost.records.people.factors.refusals import FactorUnreadable

_PURPOSE = "second factors"


def seal(secret: str) -> str:
    """The secret as it may stand in the database or in a session."""
    return sealing.seal(secret, _PURPOSE)


def unseal(sealed: str) -> str:
    """What was sealed. Raises FactorUnreadable when the key is another one, say after a restore without it."""
    try:
        return sealing.unseal(sealed, _PURPOSE)
    except sealing.SealedOtherwise as fault:
        raise FactorUnreadable from fault
