"""Who calls: the person or integration behind a bearer token, and what the token is made for."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.http import HttpRequest
from django.utils import translation

from hauspost.doors.api.refusals import ScopeMissing, TokenMissing, TokenNotValid, TooManyWrongTokens
from hauspost.doors.ui.language import browser_language
from hauspost.ground import clock
from hauspost.records.people.actions import note_use, token_of
from hauspost.records.people.actor import Actor, Proof
from hauspost.records.people.models import AccessToken, Person, SignInAttempt

WINDOW = timedelta(minutes=15)
WRONG_TOKENS_PER_PEER = 50


@dataclass(frozen=True)
class Caller:
    """Who acts through the API, and with which token."""

    actor: Actor
    token: AccessToken

    @property
    def person(self) -> Person:
        """The person or integration."""
        assert self.actor.who is not None
        return self.actor.who

    def may(self, scope: str) -> bool:
        """Is the token made for this?"""
        return scope in self.token.scopes

    def needs(self, scope: str) -> None:
        """Raises ScopeMissing."""
        if not self.may(scope):
            raise ScopeMissing(scope=scope)


def caller_of(request: HttpRequest) -> Caller:
    """Whoever the Authorization header proves; cookies do not count, so no other page can borrow a session (S23).

    Raises TokenMissing, TokenNotValid, TooManyWrongTokens. A valid token is never slowed down by the wrong ones of
    others behind the same address.
    """
    kind, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise TokenMissing
    row = token_of(token.strip())
    if row is None:
        _count_failure(request, token)
        raise TokenNotValid
    note_use(row)
    return Caller(Actor(who=row.person, via="api", proof=Proof.TOKEN), row)


def known_caller(request: HttpRequest) -> Caller:
    """The caller that the door has already asked for."""
    return cast(Caller, request.caller)  # type: ignore[attr-defined]


def speak(request: HttpRequest, person: Person | None) -> str:
    """Answer in the language that the program asks for, else in its person's; answers which it is."""
    asked = request.headers.get("Accept-Language", "").strip()
    language = browser_language(request)
    if not asked and person is not None and person.language:
        language = person.language
    translation.activate(language)
    request.LANGUAGE_CODE = language
    return language


def _count_failure(request: HttpRequest, token: str) -> None:
    peer, since = f"api {request.META.get('REMOTE_ADDR', '')}"[:64], clock.now() - WINDOW
    if SignInAttempt.objects.filter(peer=peer, at__gt=since).count() >= WRONG_TOKENS_PER_PEER:
        raise TooManyWrongTokens
    who = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    SignInAttempt.objects.create(who_hash=who, peer=peer, at=clock.now())
