"""From the first step to a session: by password, mailed code or passkey, then the second factor where there is one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth import login, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people import factors
from hauspost.records.people.actions import end_sessions, known_person, set_password
from hauspost.records.people.actor import Actor, Proof
from hauspost.records.people.factors import passkeys
from hauspost.records.people.factors.refusals import PasskeyRefused, WrongFactor
from hauspost.records.people.login import attempts, codes
from hauspost.records.people.login.backend import AddressBackend, may_sign_in
from hauspost.records.people.login.refusals import SignInStale, WrongLogin
from hauspost.records.people.models import Address, Person

BACKEND = "hauspost.records.people.login.AddressBackend"
# From the first step to the second, and from a passkey's question to its answer.
STEP_LIVES = timedelta(minutes=10)
# So long after a sign-in or a confirmation passwords and factors may be changed.
FRESH = timedelta(minutes=10)
_PROOF, _PENDING, _ASKED, _NEW_APP, _JUDGED = "proof", "second_step", "passkey_asked", "new_app", "factor_not_needed"


class Next(StrEnum):
    """What a good first step leads to."""

    INSIDE = "inside"
    FACTOR = "second factor"


@dataclass(frozen=True)
class SignIn:
    """One sign-in of the past, as its person sees it."""

    at: datetime
    method: str
    factor: str


def sign_in(request: HttpRequest, address: str, password: str) -> Next:
    """The first step by address and password. Raises WrongLogin, TooManyTries."""
    attempts.refuse_guessing(request, address)
    person = AddressBackend().authenticate(request, address=address, password=password)
    if person is None:
        known = known_person(address)
        attempts.note_failure(request, address, known if may_sign_in(known) else None, "password")
        raise WrongLogin
    attempts.forget_failures(address)
    return _after_first_step(request, person, "password")


def sign_in_with_code(request: HttpRequest, code: str) -> Next:
    """The first step by a mailed code, which proves the address. Raises as `codes.check_code`."""
    person = codes.check_code(request, code)
    _verify_main_address(person)
    return _after_first_step(request, person, "code")


def person_at_second_step(request: HttpRequest) -> Person | None:
    """Who has done the first step in this browser and is asked for the second one; None for nobody, or too late."""
    kept = request.session.get(_PENDING)
    if not kept or kept["until"] <= clock.now().timestamp():
        return None
    person: Person | None = next(iter(Person.objects.filter(pk=kept["person"])), None)
    if person is None or not may_sign_in(person) or person.session_version != kept["version"]:
        return None
    return person


def sign_in_with_factor(request: HttpRequest, code: str) -> None:
    """The second step, by the app's code or a recovery code.

    Raises SignInStale, WrongFactor, FactorUnreadable, TooManyTries.
    """
    person = person_at_second_step(request)
    if person is None:
        raise SignInStale
    _begin(request, person, request.session[_PENDING]["method"], _checked_factor(request, person, code))


def ask_for_passkey(request: HttpRequest) -> dict[str, Any]:
    """What the browser needs to show a passkey: whoever confirms or is at the second step one of their own."""
    person = _signed_in(request) or person_at_second_step(request)
    options, state = passkeys.ask_to_show(person)
    _keep_asked(request, "show", state)
    return options


def sign_in_with_passkey(request: HttpRequest, answer: str) -> None:
    """Both factors at once, or the second step. Raises PasskeyRefused, TooManyTries."""
    attempts.refuse_guessing_peer(request)
    pending = person_at_second_step(request)
    person = _shown_passkey(request, answer, pending)
    _begin(request, person, request.session[_PENDING]["method"] if pending else "passkey", "passkey")


# What is asked again before something grave is changed


def is_fresh(request: HttpRequest, within: timedelta = FRESH) -> bool:
    """Was it proven in this session a moment ago who sits here?"""
    proof = request.session.get(_PROOF)
    return proof is not None and proof["at"] > (clock.now() - within).timestamp()


def confirm_with_password(request: HttpRequest, password: str) -> None:
    """Only for whoever has no second factor. Raises NotAllowed, WrongLogin, TooManyTries."""
    person = _person(request)
    if factors.factors_of(person).any:
        raise NotAllowed
    _check_own_password(request, person, password)
    _confirm(request, "password", "")


def confirm_with_code(request: HttpRequest, code: str) -> None:
    """By a mailed code, for whoever has no second factor. Raises NotAllowed, or as `codes.check_code`."""
    person = _person(request)
    if factors.factors_of(person).any or codes.check_code(request, code) != person:
        raise NotAllowed
    _confirm(request, "code", "")


def confirm_with_factor(request: HttpRequest, code: str) -> None:
    """By the app's code or a recovery code. Raises WrongFactor, FactorUnreadable, TooManyTries."""
    _confirm(request, "factor", _checked_factor(request, _person(request), code))


def confirm_with_passkey(request: HttpRequest, answer: str) -> None:
    """By one of one's own passkeys. Raises PasskeyRefused, TooManyTries."""
    attempts.refuse_guessing_peer(request)
    _shown_passkey(request, answer, _person(request))
    _confirm(request, "passkey", "passkey")


def lacks_factor(request: HttpRequest) -> bool:
    """Does the company demand a second factor that this session has not shown? Costs no query once that is known."""
    mode = settings.HAUSPOST.second_factor
    if mode == "optional" or not request.user.is_authenticated:
        return False
    if request.session.get(_PROOF, {}).get("factor") or request.session.get(_JUDGED) == mode:
        return False
    if factors.needs_factor(_person(request)):
        return True
    # Other rights end the session (S13), so this holds as long as it does.
    request.session[_JUDGED] = mode
    return False


# A person's own password and factors


def needs_old_password(request: HttpRequest) -> bool:
    """Whoever just came in by a mailed code or a passkey may have forgotten the old one."""
    proof = request.session.get(_PROOF, {})
    return _person(request).has_usable_password() and not (is_fresh(request) and proof["by"] in ("code", "passkey"))


def change_password(request: HttpRequest, old: str, new: str) -> None:
    """One's own new password; every other session ends. Raises WrongLogin, Invalid, TooManyTries."""
    person = _person(request)
    if needs_old_password(request):
        _check_own_password(request, person, old)
    set_password(person, new, actor=_actor(person))
    update_session_auth_hash(request, person)


def end_other_sessions(request: HttpRequest) -> None:
    """Every session but this one ends with its next request. Records "person.signed_out"."""
    person = _person(request)
    end_sessions(person, actor=_actor(person))
    update_session_auth_hash(request, person)


def go_on_with_new_rights(request: HttpRequest, changed: Collection[Person]) -> None:
    """Whoever changed their own rights stays signed in here, where they did it; elsewhere they sign in anew (S13)."""
    person = _person(request)
    now = Person.objects.filter(pk=person.pk).first() if person in changed else None
    if now is not None and may_sign_in(now) and now.session_version != person.session_version:
        update_session_auth_hash(request, now)


def new_app(request: HttpRequest) -> str:
    """The sealed secret of the authenticator app that is being set up in this session."""
    if _NEW_APP not in request.session:
        request.session[_NEW_APP] = factors.new_app_secret()
    return str(request.session[_NEW_APP])


def add_app(request: HttpRequest, code: str) -> list[str]:
    """Let the app that is being set up count; this session has shown it. Raises as `factors.add_app`, TooManyTries."""
    person = _person(request)
    attempts.refuse_guessing_factor(request, person)
    try:
        fresh = factors.add_app(person, new_app(request), code, actor=_actor(person))
    except WrongFactor:
        attempts.note_wrong_factor(request, person)
        raise
    del request.session[_NEW_APP]
    _confirm(request, "factor", "totp")
    return fresh


def ask_for_new_passkey(request: HttpRequest) -> dict[str, Any]:
    """What the browser needs to make a passkey for whoever is signed in."""
    person = _person(request)
    options, state = passkeys.ask_to_create(person, main_address(person) or person.name)
    _keep_asked(request, "create", state)
    return options


def add_passkey(request: HttpRequest, name: str, answer: str) -> list[str]:
    """Keep the new passkey; this session has shown it. Raises as `factors.add_passkey`."""
    person = _person(request)
    fresh = factors.add_passkey(person, name, answer, dict(_asked(request, "create")), actor=_actor(person))
    _confirm(request, "passkey", "passkey")
    return fresh


def recent_sign_ins(person: Person, most: int = 8) -> list[SignIn]:
    """When and how somebody signed in, the latest first, as the record has it."""
    events = Event.objects.filter(stream__name=person.stream, kind="person.signed_in").order_by("-seq")[:most]
    return [SignIn(event.recorded_at, data["method"], data["factor"]) for event in events for data in [data_of(event)]]


def main_address(person: Person) -> str:
    """A person's main address; "" for none."""
    return next(iter(Address.objects.filter(person=person, is_main=True).values_list("address", flat=True)), "")


def _after_first_step(request: HttpRequest, person: Person, method: str) -> Next:
    if not factors.factors_of(person).any:
        _begin(request, person, method, "")
        return Next.INSIDE
    # A key that somebody else knew before is worth nothing at the second step (S13).
    request.session.cycle_key()
    request.session[_PENDING] = {
        "person": person.pk,
        "version": person.session_version,
        "method": method,
        "until": int((clock.now() + STEP_LIVES).timestamp()),
    }
    if not request.user.is_authenticated:
        request.session.set_expiry(int(STEP_LIVES.total_seconds()))
    return Next.FACTOR


@transaction.atomic
def _begin(request: HttpRequest, person: Person, method: str, factor: str) -> None:
    """The session itself. Records "person.signed_in": how, not from where (S22, P26.4)."""
    for key in (_PENDING, _ASKED, _JUDGED, _NEW_APP):
        request.session.pop(key, None)
    codes.forget_code(request)
    request.session.set_expiry(None)
    login(request, person, backend=BACKEND)
    request.session[_PROOF] = {"at": int(clock.now().timestamp()), "by": method, "method": method, "factor": factor}
    record("person.signed_in", person.stream, actor=_actor(person), data={"method": method, "factor": factor})


def _confirm(request: HttpRequest, by: str, factor: str) -> None:
    before = request.session.get(_PROOF, {"method": "", "factor": ""})
    moment = int(clock.now().timestamp())
    request.session[_PROOF] = {**before, "at": moment, "by": by, "factor": factor or before["factor"]}


def _checked_factor(request: HttpRequest, person: Person, code: str) -> str:
    attempts.refuse_guessing_factor(request, person)
    try:
        kind = factors.check_factor(person, code)
    except WrongFactor:
        attempts.note_wrong_factor(request, person)
        raise
    attempts.forget_wrong_factors(person)
    return kind


def _check_own_password(request: HttpRequest, person: Person, password: str) -> None:
    """Raises WrongLogin, TooManyTries; counted like a second factor, as the address is no secret here."""
    attempts.refuse_guessing_factor(request, person)
    if not person.check_password(password):
        attempts.note_wrong_factor(request, person)
        raise WrongLogin
    attempts.forget_wrong_factors(person)


def _shown_passkey(request: HttpRequest, answer: str, person: Person | None) -> Person:
    try:
        found = passkeys.shown(answer, _asked(request, "show"), person)
        if not may_sign_in(found):
            raise PasskeyRefused
    except PasskeyRefused:
        attempts.note_wrong_passkey(request)
        raise
    return found


def _keep_asked(request: HttpRequest, what: str, state: Mapping[str, Any]) -> None:
    until = int((clock.now() + STEP_LIVES).timestamp())
    request.session[_ASKED] = {"what": what, "state": state, "until": until}
    if not request.user.is_authenticated:
        request.session.set_expiry(int(STEP_LIVES.total_seconds()))


def _asked(request: HttpRequest, what: str) -> Mapping[str, Any]:
    """What the browser was asked; a question is answered once. Empty, so that no answer fits, when there is none."""
    kept = request.session.pop(_ASKED, None)
    if not kept or kept["what"] != what or kept["until"] <= clock.now().timestamp():
        return {}
    state: Mapping[str, Any] = kept["state"]
    return state


@transaction.atomic
def _verify_main_address(person: Person) -> None:
    """A typed code proves who reads the address it went to. Records "address.verified", once."""
    if Address.objects.filter(person=person, is_main=True, is_verified=False).update(is_verified=True):
        record("address.verified", person.stream, actor=_actor(person))


def _signed_in(request: HttpRequest) -> Person | None:
    return request.user if request.user.is_authenticated else None


def _person(request: HttpRequest) -> Person:
    person = _signed_in(request)
    if person is None:
        raise NotAllowed
    return person


def _actor(person: Person) -> Actor:
    return Actor(who=person, via="web", proof=Proof.SESSION)
