"""Second factors: an authenticator app (TOTP), recovery codes, passkeys. Kept in the tables of allauth.mfa."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.db import locked, storable
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed, NotFound
from hauspost.records.people._hashes import hash_of
from hauspost.records.people.actor import Actor
from hauspost.records.people.factors import passkeys
from hauspost.records.people.factors._sealing import seal, unseal
from hauspost.records.people.factors.refusals import AlreadySetUp, FactorNeeded, FactorUnreadable, WrongFactor
from hauspost.records.people.models import Membership, Person, SignInAttempt

PERIOD_SECONDS = 30
RECOVERY_CODES = 10
MOST_PASSKEYS = 20
_NAME_LENGTH = 60
_Type = Authenticator.Type


@dataclass(frozen=True)
class Passkey:
    """One passkey as its person sees it."""

    id: int
    name: str
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What a person has besides a password."""

    app_since: datetime | None
    passkeys: list[Passkey]
    recovery_codes_left: int

    @property
    def any(self) -> bool:
        """Is there one at all? Recovery codes alone are none."""
        return self.app_since is not None or bool(self.passkeys)


def factors_of(person: Person) -> Factors:
    """A person's second factors, in one query."""
    app_since, left, keys = None, 0, []
    for row in Authenticator.objects.filter(user=person).order_by("id"):
        if row.type == _Type.TOTP:
            app_since = row.created_at
        elif row.type == _Type.RECOVERY_CODES:
            left = len(row.data["hashes"])
        else:
            keys.append(Passkey(row.pk, row.data["name"], row.created_at, row.last_used_at))
    return Factors(app_since, keys, left)


def needs_factor(person: Person) -> bool:
    """Does the company demand a second factor of this person (the setting `second_factor`)?"""
    mode = settings.HAUSPOST.second_factor
    if mode == "optional":
        return False
    if person.is_administrator:
        return True
    return mode == "agents" and (person.is_auditor or Membership.objects.filter(person=person).exists())


# The authenticator app


def new_app_secret() -> str:
    """A fresh secret for an authenticator app, sealed; it counts once a code of it was typed."""
    return seal(base64.b32encode(secrets.token_bytes(20)).decode())


def app_link(person: Person, address: str, sealed: str) -> tuple[str, str]:
    """What the app scans (otpauth) and what can be typed instead, in groups of four. Raises FactorUnreadable."""
    secret = unseal(sealed)
    label = f"Hauspost {settings.HAUSPOST.public_host}"
    query = urlencode({"secret": secret, "issuer": label}, quote_via=quote)
    link = f"otpauth://totp/{quote(label)}:{quote(address or person.name)}?{query}"
    return link, " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


@transaction.atomic
def add_app(person: Person, sealed: str, code: str, *, actor: Actor) -> list[str]:
    """Let an authenticator app count as second factor, once it shows the right code. Records "person.factor_added".

    Answers fresh recovery codes, or none when there are some. Raises WrongFactor, AlreadySetUp, FactorUnreadable,
    NotAllowed.
    """
    _lock(person, actor)
    if Authenticator.objects.filter(user=person, type=_Type.TOTP).exists():
        raise AlreadySetUp
    counter = _counter_of(unseal(sealed), code, after=0)
    if counter is None:
        raise WrongFactor
    data = {"secret": sealed, "last": counter}
    Authenticator.objects.create(user=person, type=_Type.TOTP, data=data, created_at=clock.now())
    record("person.factor_added", person.stream, actor=actor, data={"type": "totp"})
    return _first_recovery_codes(person, actor)


@transaction.atomic
def remove_app(person: Person, *, actor: Actor) -> None:
    """Take the authenticator app away. Records "person.factor_removed". Raises FactorNeeded, NotFound, NotAllowed."""
    _lock(person, actor)
    _remove(person, Authenticator.objects.filter(user=person, type=_Type.TOTP).first(), "totp", actor)


def check_factor(person: Person, code: str) -> str:
    """By which factor this code is right, "totp" or "recovery"; each code counts once. Raises WrongFactor,
    FactorUnreadable.
    """
    plain = "".join(code.split()).replace("-", "").lower()
    with transaction.atomic():
        rows = {row.type: row for row in locked(Authenticator.objects.filter(user=person)).exclude(type=_Type.WEBAUTHN)}
        recovery = rows.get(_Type.RECOVERY_CODES)
        if recovery is not None and (used := _recovery_hash(plain)) in recovery.data["hashes"]:
            recovery.data["hashes"].remove(used)
            return _used(recovery, "recovery")
        app = rows.get(_Type.TOTP)
        if app is not None and len(plain) == 6 and plain.isascii() and plain.isdigit():
            counter = _counter_of(unseal(app.data["secret"]), plain, after=app.data["last"])
            if counter is not None:
                app.data["last"] = counter
                return _used(app, "totp")
    raise WrongFactor


# Recovery codes


@transaction.atomic
def make_recovery_codes(person: Person, *, actor: Actor) -> list[str]:
    """Ten new recovery codes, told once and kept as hashes; the old ones end. Records "person.recovery_codes_made".

    Raises NotFound when there is no factor to recover from, NotAllowed.
    """
    _lock(person, actor)
    if not factors_of(person).any:
        raise NotFound
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _number in range(RECOVERY_CODES)]
    Authenticator.objects.filter(user=person, type=_Type.RECOVERY_CODES).delete()
    data = {"hashes": [_recovery_hash(code) for code in codes]}
    Authenticator.objects.create(user=person, type=_Type.RECOVERY_CODES, data=data, created_at=clock.now())
    record("person.recovery_codes_made", person.stream, actor=actor)
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


# Passkeys


@transaction.atomic
def add_passkey(person: Person, name: str, answer: str, state: dict[str, Any], *, actor: Actor) -> list[str]:
    """Let a new passkey sign this person in. Records "person.factor_added". Answers fresh recovery codes, or none.

    Raises PasskeyNotAdded, Invalid (name), NotAllowed.
    """
    _lock(person, actor)
    clean = _clean_name(name)
    rows = list(passkeys.passkeys_of(person))
    if len(rows) >= MOST_PASSKEYS:
        raise Invalid("passkey", _("20 are the most; remove one first"))
    data = {"name": clean, "credential": passkeys.created(answer, state), "counter": 0}
    Authenticator.objects.create(user=person, type=_Type.WEBAUTHN, data=data, created_at=clock.now())
    record("person.factor_added", person.stream, actor=actor, data={"type": "passkey"})
    return _first_recovery_codes(person, actor)


@transaction.atomic
def rename_passkey(person: Person, number: int, name: str, *, actor: Actor) -> None:
    """Call a passkey something else. Records "person.factor_renamed". Raises NotFound, Invalid (name), NotAllowed."""
    _lock(person, actor)
    clean, row = _clean_name(name), passkeys.passkeys_of(person).filter(id=number).first()
    if row is None:
        raise NotFound
    if row.data["name"] == clean:
        return
    row.data["name"] = clean
    row.save(update_fields=["data"])
    record("person.factor_renamed", person.stream, actor=actor, data={"type": "passkey"})


@transaction.atomic
def remove_passkey(person: Person, number: int, *, actor: Actor) -> None:
    """Let a passkey open nothing any more. Records "person.factor_removed".

    Raises FactorNeeded, NotFound, NotAllowed.
    """
    _lock(person, actor)
    _remove(person, passkeys.passkeys_of(person).filter(id=number).first(), "passkey", actor)


# All of them


@transaction.atomic
def reset_factors(person: Person, *, actor: Actor) -> bool:
    """Let somebody who lost phone and codes begin anew; sessions end. Records "person.factors_reset".

    False when there was nothing to reset. Raises NotAllowed: only administrators.
    """
    if not actor.is_administrator:
        raise NotAllowed
    row = locked(Person.objects.filter(pk=person.pk)).get()
    if not forget_factors(row):
        return False
    row.session_version += 1
    row.save(update_fields=["session_version"])
    person.session_version = row.session_version
    record("person.factors_reset", person.stream, actor=actor)
    return True


def forget_factors(person: Person) -> int:
    """Drop every factor of a person who leaves, is merged or erased; in the caller's verb. Answers how many."""
    SignInAttempt.objects.filter(who_hash=hash_of(str(person.uid), "factor")).delete()
    return int(Authenticator.objects.filter(user=person).delete()[0])


def _lock(person: Person, actor: Actor) -> None:
    """Only oneself; one change of a person's factors at a time."""
    if actor.who != person or not person.is_active:
        raise NotAllowed
    locked(Person.objects.filter(pk=person.pk)).get()


def _remove(person: Person, row: Any, kind: str, actor: Actor) -> None:
    if row is None:
        raise NotFound
    row.delete()
    if not factors_of(person).any:
        if needs_factor(person):
            raise FactorNeeded
        Authenticator.objects.filter(user=person).delete()
    record("person.factor_removed", person.stream, actor=actor, data={"type": kind})


def _first_recovery_codes(person: Person, actor: Actor) -> list[str]:
    if Authenticator.objects.filter(user=person, type=_Type.RECOVERY_CODES).exists():
        return []
    return make_recovery_codes(person, actor=actor)


def _used(row: Any, kind: str) -> str:
    row.last_used_at = clock.now()
    row.save(update_fields=["data", "last_used_at"])
    return kind


def _counter_of(secret: str, code: str, *, after: int) -> int | None:
    """The step of time whose code this is: now, one before or one after, and later than the last one used."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.hotp import HOTP

    plain = "".join(code.split())
    # RFC 6238 with SHA-1, as every app assumes.
    hotp, now = HOTP(base64.b32decode(secret), 6, SHA1()), int(clock.now().timestamp()) // PERIOD_SECONDS
    for counter in (now, now - 1, now + 1):
        if counter > after and secrets.compare_digest(hotp.generate(counter), plain.encode("utf-8", "replace")):
            return counter
    return None


def _recovery_hash(code: str) -> str:
    plain = "".join(code.split()).replace("-", "").lower()
    return hashlib.sha256(f"hauspost recovery code\0{plain}".encode("utf-8", "replace")).hexdigest()


def _clean_name(name: str) -> str:
    clean = " ".join(storable(name).split())[:_NAME_LENGTH]
    if not clean:
        raise Invalid("name", _("write by which device or key you know it"))
    return clean


__all__ = [
    "MOST_PASSKEYS",
    "PERIOD_SECONDS",
    "RECOVERY_CODES",
    "FactorUnreadable",
    "Factors",
    "Passkey",
    "add_app",
    "add_passkey",
    "app_link",
    "check_factor",
    "factors_of",
    "forget_factors",
    "make_recovery_codes",
    "needs_factor",
    "new_app_secret",
    "remove_app",
    "remove_passkey",
    "rename_passkey",
    "reset_factors",
]  # fmt: skip
