"""Signing in: by address and password, slowed down where somebody guesses, equal in words for known and unknown."""

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hauspost.ground import clock
from hauspost.ground.refusals import Refused
from hauspost.records.people.actions import known_person
from hauspost.records.people.models import Person, SignInAttempt

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_PEER = 50


class WrongLogin(Refused):
    """Address or password is wrong; which of them is not told (S22)."""

    code = "wrong-login"
    status = 401
    words = _("Address and password do not go together. Check both; after ten tries you have to wait 15 minutes.")


class TooManyTries(Refused):
    """Somebody guesses (S22)."""

    code = "too-many-tries"
    status = 429
    words = _("There were too many tries. Wait 15 minutes, then try again.")


class AddressBackend(BaseBackend):
    """Finds the person of a session; signing in itself goes through `sign_in`."""

    def get_user(self, user_id: int) -> Person | None:
        person = next(iter(Person.objects.filter(id=user_id)[:1]), None)
        return person if person is not None and person.is_active else None

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Person | None:
        address, password = credentials.get("address"), credentials.get("password")
        if not isinstance(address, str) or not isinstance(password, str):
            return None
        person = known_person(address)
        if person is None or not person.is_active or not person.has_usable_password():
            make_password(password)  # The same work as for a known address: time tells nothing (S22).
            return None
        return person if person.check_password(password) else None


def sign_in(request: HttpRequest, address: str, password: str) -> Person:
    """Begin a session. Raises WrongLogin, TooManyTries."""
    who, peer = _hash(address), str(request.META.get("REMOTE_ADDR", ""))[:64]
    since = clock.now() - WINDOW
    if (
        SignInAttempt.objects.filter(who_hash=who, at__gt=since).count() >= PER_ACCOUNT
        or SignInAttempt.objects.filter(peer=peer, at__gt=since).count() >= PER_PEER
    ):
        raise TooManyTries
    person = AddressBackend().authenticate(request, address=address, password=password)
    if person is None:
        SignInAttempt.objects.create(who_hash=who, peer=peer, at=clock.now())
        raise WrongLogin
    SignInAttempt.objects.filter(who_hash=who).delete()
    login(request, person, backend="hauspost.records.people.login.AddressBackend")
    return person


def forget_old_attempts() -> int:
    """Drop attempts that no longer count; the worker calls it daily."""
    return SignInAttempt.objects.filter(at__lt=clock.now() - WINDOW).delete()[0]


def _hash(address: str) -> str:
    return hashlib.sha256(address.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()


def forget_attempts(addresses: list[str]) -> None:
    """Drop what failed sign-ins tell of these addresses."""
    SignInAttempt.objects.filter(who_hash__in=[_hash(address) for address in addresses]).delete()
