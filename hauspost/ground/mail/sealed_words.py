"""What became of a sealed mail or key, in words for people: of the codes that `sealed` gives."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused

# Why a mail stayed closed, a signature is not trusted, or could not be looked at.
REASONS: dict[str, Any] = {
    "no_openssl": _("Cannot be opened here: openssl is not installed. Ask whoever runs this server to install it."),
    "no_gpg": _("Cannot be opened here: gpg is not installed. Ask whoever runs this server to install it."),
    "no_key": _("Encrypted, and none of the team's keys opens it. The encrypted file is kept."),
    "damaged": _("Damaged, or made in a way that cannot be read here. The file is kept."),
    "over_limit": _("Opening it took too much time or memory and was stopped. The file is kept."),
    "too_big": _("Too big to be opened here. The file is kept."),
    "partly": _("Only a part of this mail was encrypted. It stands in a file of its own."),
    "changed": _("The words were changed after they were signed."),
    "unknown_issuer": _("The certificate comes from somebody whom this helpdesk does not trust."),
    "expired": _("The certificate or key had expired."),
    "signature_expired": _("The signature itself has expired."),
    "not_yet_valid": _("The certificate was not valid yet."),
    "revoked": _("The certificate or key was revoked."),
    "wrong_purpose": _("The certificate was not issued for mail."),
    "unknown_key": _("The key that signed is not known here."),
}
STATES: dict[str, Any] = {
    "valid": _("Signed by %(who)s"),
    "untrusted": _("Signed by %(who)s, but not confirmed"),
    "broken": _("The signature does not fit"),
    "unknown_key": _("Signed with an unknown key"),
    "cannot_check": _("Signed, but the signature could not be checked"),
}
_KEYS: dict[str, Any] = {
    "wrong-password": _("The password does not open this key. Check it and try again."),
    "needs-password": _("This key is protected by a password. Enter it."),
    "not-a-key": _(
        "This file holds no key that can be read. Give a .p12, .pfx or .pem file for S/MIME, or a .asc file for PGP."
    ),
    "no-private-key": _(
        "This file holds no private key, so nothing could be decrypted with it. Export the key with its private part."
    ),
    "no-certificate": _("This file holds a private key without its certificate. Export both together."),
    "other-certificate": _("The private key in this file belongs to another certificate. Export both together."),
    "several-keys": _("This file holds several private keys. Export the one of this mailbox alone."),
    "no-openssl": _("S/MIME keys of this kind cannot be read here: openssl is not installed."),
    "no-gpg": _("PGP keys cannot be read here: gpg is not installed. Ask whoever runs this server to install it."),
    "over-limit": _("Reading this key took too long and was stopped."),
}


class NotAKey(Refused):
    """An administrator's file is no key that we can use; `code` says why."""

    status = 422

    def __init__(self, code: str) -> None:
        self.code, self.words = code, _KEYS[code]
        super().__init__()


def reason_in_words(code: str) -> str:
    """A note or a signature's reason for people; "" for a code that has nothing to say."""
    return str(REASONS.get(code, ""))


def signature_in_words(state: str, who: str) -> str:
    """What a signature is worth, in one line."""
    return str(STATES.get(state, STATES["cannot_check"])) % {"who": who}
