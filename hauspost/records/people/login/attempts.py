"""Slowing down whoever guesses or has mail sent, by account and by place; alike for known and unknown (S22)."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.records.people._hashes import hash_of
from hauspost.records.people.actor import Actor
from hauspost.records.people.login.refusals import TooManyMails, TooManyTries
from hauspost.records.people.models import Person, SignInAttempt

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_PEER = 50
# Six digits are fewer than a password: whoever guesses them has the first factor already.
PER_FACTOR = 5
MAIL_WINDOW = timedelta(hours=1)
MAILS_PER_ACCOUNT = 5
# A whole company may sit behind one address.
MAILS_PER_PEER = 200

_MAIL, _FACTOR = "mail", "factor"


def peer_of(request: HttpRequest) -> str:
    """Where a request comes from; what a proxy of ours says of it was read before."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def refuse_guessing(request: HttpRequest, address: str) -> None:
    """Raises TooManyTries for an account or a place with too many failed sign-ins."""
    if _many(hash_of(address), PER_ACCOUNT) or _is_guessing_peer(request):
        raise TooManyTries


def refuse_guessing_peer(request: HttpRequest) -> None:
    """The same, by place alone. Raises TooManyTries."""
    if _is_guessing_peer(request):
        raise TooManyTries


def refuse_guessing_factor(request: HttpRequest, person: Person) -> None:
    """The same for second factors. Raises TooManyTries."""
    if _many(hash_of(str(person.uid), _FACTOR), PER_FACTOR) or _is_guessing_peer(request):
        raise TooManyTries


@transaction.atomic
def note_failure(request: HttpRequest, address: str, person: Person | None, method: str) -> None:
    """Count a sign-in that failed. Records "person.sign_in_failed" for the first and the last one of a window."""
    _note(request, hash_of(address), PER_ACCOUNT, person, method)


@transaction.atomic
def note_wrong_factor(request: HttpRequest, person: Person) -> None:
    """Count a second factor that was wrong; recorded alike."""
    _note(request, hash_of(str(person.uid), _FACTOR), PER_FACTOR, person, "second factor")


def note_wrong_passkey(request: HttpRequest) -> None:
    """Count a passkey that was none of ours: it names no account, so it counts for the place."""
    SignInAttempt.objects.create(who_hash=hash_of("passkey"), peer=peer_of(request), at=clock.now())


@transaction.atomic
def count_mail(request: HttpRequest, address: str) -> None:
    """Count a code that is asked for. Raises TooManyMails, alike for known and unknown addresses (S10, S22)."""
    who, peer, since = hash_of(address, _MAIL), f"{_MAIL} {peer_of(request)}", clock.now() - MAIL_WINDOW
    recent = SignInAttempt.objects.filter(at__gt=since)
    if recent.filter(who_hash=who).count() >= MAILS_PER_ACCOUNT or recent.filter(peer=peer).count() >= MAILS_PER_PEER:
        raise TooManyMails
    SignInAttempt.objects.create(who_hash=who, peer=peer, at=clock.now())


def forget_failures(address: str) -> None:
    """Let an account begin anew after a good sign-in."""
    SignInAttempt.objects.filter(who_hash=hash_of(address)).delete()


def forget_wrong_factors(person: Person) -> None:
    """The same for the second factor."""
    SignInAttempt.objects.filter(who_hash=hash_of(str(person.uid), _FACTOR)).delete()


def forget_attempts(addresses: list[str]) -> None:
    """Drop what failed sign-ins and codes tell of these addresses."""
    hashes = [hash_of(address, purpose) for address in addresses for purpose in ("", _MAIL)]
    SignInAttempt.objects.filter(who_hash__in=hashes).delete()


def forget_old_attempts() -> int:
    """Drop attempts that no longer count."""
    return SignInAttempt.objects.filter(at__lt=clock.now() - max(WINDOW, MAIL_WINDOW)).delete()[0]


def _many(who: str, most: int) -> bool:
    return SignInAttempt.objects.filter(who_hash=who, at__gt=clock.now() - WINDOW).count() >= most


def _is_guessing_peer(request: HttpRequest) -> bool:
    recent = SignInAttempt.objects.filter(peer=peer_of(request), at__gt=clock.now() - WINDOW)
    return recent.count() >= PER_PEER


def _note(request: HttpRequest, who: str, most: int, person: Person | None, method: str) -> None:
    SignInAttempt.objects.create(who_hash=who, peer=peer_of(request), at=clock.now())
    tries = SignInAttempt.objects.filter(who_hash=who, at__gt=clock.now() - WINDOW).count()
    if tries not in (1, most):
        return
    data: dict[str, Any] = {"method": method, "tries": tries}
    with transaction.atomic():
        if person is not None:
            record("person.sign_in_failed", person.stream, actor=Actor(who=person), data=data)
            return
        # Nobody has this address: the same is done and taken back, so that time tells nothing.
        record("person.sign_in_failed", f"person:{uuid.uuid4()}", actor=Actor(), data=data)
        transaction.set_rollback(True)
