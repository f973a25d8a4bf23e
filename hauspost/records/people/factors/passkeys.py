"""Passkeys (WebAuthn): what the browser is asked, and whether its answer proves one of ours."""

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.db import locked
from hauspost.records.people.factors.refusals import PasskeyNotAdded, PasskeyRefused
from hauspost.records.people.models import Person

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData

_LARGEST = 20_000
# What the parsers of JSON, CBOR and keys raise for answers that no browser gives.
_NONSENSE = (
    ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, RecursionError,
    NotImplementedError, struct.error,
)  # fmt: skip


def passkeys_possible() -> bool:
    """Browsers make passkeys only for a host name, reached by https or on the machine itself."""
    url = urlsplit(settings.HAUSPOST.public_url)
    host = url.hostname or ""
    is_name = not host.replace(".", "").isdigit() and ":" not in host
    return is_name and (url.scheme == "https" or host == "localhost" or host.endswith(".localhost"))


def ask_to_create(person: Person, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser needs to make a passkey, and what we keep until it answers.

    The person stands in it by uid; the key is findable without a name, and unlocked by face, finger or PIN.
    """
    from fido2.webauthn import PublicKeyCredentialUserEntity, ResidentKeyRequirement, UserVerificationRequirement

    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=person.uid.bytes, name=name, display_name=person.name),
        credentials=[_credential(row) for row in passkeys_of(person)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), state


def created(answer: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The browser's new credential, as it is kept. Raises PasskeyNotAdded."""
    try:
        credential = _parsed(answer)
        _server().register_complete(state, credential)
    except _NONSENSE as fault:
        raise PasskeyNotAdded from fault
    return credential


def ask_to_show(person: Person | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser needs to show a passkey: any of ours, or one of this person's."""
    from fido2.webauthn import UserVerificationRequirement

    own = [_credential(row) for row in passkeys_of(person)] if person is not None else None
    options, state = _server().authenticate_begin(own, user_verification=UserVerificationRequirement.REQUIRED)
    return dict(options), state


def shown(answer: str, state: Mapping[str, Any], person: Person | None = None) -> Person:
    """Whose passkey was shown; only this person's, if one is given. Raises PasskeyRefused.

    A key whose counter went backwards has been copied; keys that keep no counter always say 0.
    """
    from fido2.webauthn import AuthenticationResponse

    try:
        said = _parsed(answer)
        found = person or _person_named(said)
        counter = AuthenticationResponse.from_dict(said).response.authenticator_data.counter
        with transaction.atomic():
            rows = list(locked(passkeys_of(found)))
            credentials = [_credential(row) for row in rows]
            used = _server().authenticate_complete(state, credentials, said)
            row = rows[credentials.index(used)]
            if counter and counter <= row.data.get("counter", 0):
                raise PasskeyRefused
            row.data["counter"], row.last_used_at = counter, clock.now()
            row.save(update_fields=["data", "last_used_at"])
    except _NONSENSE as fault:
        raise PasskeyRefused from fault
    return found


def passkeys_of(person: Person) -> Any:
    """A person's passkeys, oldest first."""
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).order_by("id")


def _person_named(said: Mapping[str, Any]) -> Person:
    from fido2.utils import websafe_decode

    uid = UUID(bytes=websafe_decode(said["response"]["userHandle"]))
    found: Person | None = Person.objects.filter(uid=uid).first()
    if found is None:
        raise LookupError("nobody by this uid")
    return found


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > _LARGEST:
        raise ValueError("larger than any credential")
    said = json.loads(answer)
    if not isinstance(said, dict):
        raise TypeError("not a credential")
    return said


def _credential(row: Any) -> "AttestedCredentialData":
    from fido2.webauthn import RegistrationResponse

    said = RegistrationResponse.from_dict(row.data["credential"])
    found: AttestedCredentialData | None = said.response.attestation_object.auth_data.credential_data
    assert found is not None
    return found


def _server() -> "Fido2Server":
    """Bound to the public URL, whatever host a request names (S11). Loaded late: it costs 9 MB."""
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    ours = settings.HAUSPOST.public_origin
    entity = PublicKeyCredentialRpEntity(id=settings.HAUSPOST.public_host, name="Hauspost")
    return Fido2Server(entity, verify_origin=lambda origin: origin == ours)
