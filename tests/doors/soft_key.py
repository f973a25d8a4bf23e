"""A passkey made of software: answers as a browser would, and on wish as a thief's would."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

_FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass
class SoftKey:
    """One passkey at one origin."""

    origin: str
    counter: int = 0
    user: str = ""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def creates(self, options: dict[str, Any], **instead: Any) -> str:
        """The browser's answer to `ask_to_create`."""
        asked = options["publicKey"]
        self.user = asked["user"]["id"]
        credential = AttestedCredentialData.create(
            Aaguid(b"\0" * 16), self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        data = AuthenticatorData.create(
            sha256(asked["rp"]["id"].encode()).digest(), _FLAGS | AuthenticatorData.FLAG.AT, self.counter, credential
        )
        said = self._client_data("webauthn.create", asked["challenge"], instead)
        attestation = AttestationObject.create("none", data, {})
        return self._answer({"clientDataJSON": websafe_encode(said), "attestationObject": websafe_encode(attestation)})

    def shows(self, options: dict[str, Any], *, flags: Any = _FLAGS, **instead: Any) -> str:
        """The browser's answer to `ask_to_show`; `instead` replaces what it says of origin, challenge, user."""
        asked = options["publicKey"]
        self.counter += 1 if self.counter else 0
        data = AuthenticatorData.create(sha256(asked["rpId"].encode()).digest(), flags, self.counter)
        said = self._client_data("webauthn.get", asked["challenge"], instead)
        signature = self.private.sign(data + sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(said),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": instead.get("user", self.user),
            }
        )

    def _client_data(self, kind: str, challenge: str, instead: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        told |= {name: value for name, value in instead.items() if name in told}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, str]) -> str:
        mine = websafe_encode(self.id)
        return json.dumps({"id": mine, "rawId": mine, "type": "public-key", "response": response})
