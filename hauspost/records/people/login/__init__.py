"""Signing in: password, mailed code, passkey, second factor; slowed down where somebody guesses (S22)."""

from django.contrib.sessions.models import Session

from hauspost.ground import clock
from hauspost.records.people.login.attempts import PER_ACCOUNT, PER_PEER, WINDOW, forget_attempts, forget_old_attempts
from hauspost.records.people.login.backend import AddressBackend
from hauspost.records.people.login.refusals import TooManyTries, WrongLogin
from hauspost.records.people.login.session import Next, sign_in

__all__ = [
    "PER_ACCOUNT", "PER_PEER", "WINDOW", "AddressBackend", "Next", "TooManyTries", "WrongLogin", "forget_attempts",
    "forget_old_attempts", "forget_what_expired", "sign_in",
]  # fmt: skip


def forget_what_expired() -> int:
    """Drop ended sessions, with the codes that waited in them, and tries that no longer count; daily, by the worker."""
    return forget_old_attempts() + Session.objects.filter(expire_date__lt=clock.now()).delete()[0]
