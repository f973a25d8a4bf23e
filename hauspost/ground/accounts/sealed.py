"""The secrets of a mail server's login: sealed in its row, opened for the moment of signing in, shown nowhere (S21)."""

import base64
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hauspost.ground import clock, sealing
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import SecretUnreadable

_PASSWORD, _CLIENT, _REFRESH, _ACCESS = (
    f"mail server {what}" for what in ("password", "client secret", "refresh token", "access token")
)

_LONGEST = 500


@dataclass(frozen=True)
class Tokens:
    """What a provider gave out: until when the first one opens the mailbox, "" for no refresh token, and who agreed."""

    access: str = field(repr=False)
    ends_at: datetime
    refresh: str = field(default="", repr=False)
    who: str = ""


def set_password(account: MailAccount, password: str) -> None:
    """Seal a password into the account; the caller saves. "" takes it away."""
    account.password_sealed = sealing.seal(password, _PASSWORD)


def set_client_secret(account: MailAccount, secret: str) -> None:
    """The same for the secret by which the provider knows this program."""
    account.client_secret_sealed = sealing.seal(secret, _CLIENT)


def forget_tokens(account: MailAccount) -> None:
    """Let no token open this mailbox any more, as when provider or program became another one; the caller saves."""
    account.refresh_token_sealed = account.access_token_sealed = ""
    account.access_ends_at = None


def password_of(account: MailAccount) -> str:
    """The password. Raises SecretUnreadable."""
    return _open(account, account.password_sealed, _PASSWORD)


def client_secret_of(account: MailAccount) -> str:
    """The secret of this program. Raises SecretUnreadable."""
    return _open(account, account.client_secret_sealed, _CLIENT)


def refresh_token_of(account: MailAccount) -> str:
    """What a new access token is asked for with. Raises SecretUnreadable."""
    return _open(account, account.refresh_token_sealed, _REFRESH)


def access_token_of(account: MailAccount) -> str:
    """The last access token, ended or not. Raises SecretUnreadable."""
    return _open(account, account.access_token_sealed, _ACCESS)


def keep_tokens(account: MailAccount, tokens: Tokens, *, is_new: bool = False) -> None:
    """Store what a provider gave out, in one statement; in the caller's transaction, if there is one (P10.1).

    Without a new refresh token the stored one stays. `is_new`: somebody has authorised just now.
    """
    fields: dict[str, Any] = {
        "access_token_sealed": sealing.seal(tokens.access, _ACCESS),
        "access_ends_at": tokens.ends_at,
    }
    if tokens.refresh:
        fields["refresh_token_sealed"] = sealing.seal(tokens.refresh, _REFRESH)
    if is_new:
        fields |= {"authorised_at": clock.now(), "authorised_by": tokens.who[:320]}
        fields |= {"state": MailAccount.State.NEW, "last_error": "", "failing_since": None}
    MailAccount.objects.filter(pk=account.pk).update(**fields)
    for name, value in fields.items():
        setattr(account, name, value)


def xoauth2(user: str, token: str) -> str:
    """What SASL XOAUTH2 says, before base64 (Microsoft's and Google's own way)."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def oauthbearer(user: str, token: str) -> str:
    """What SASL OAUTHBEARER says, before base64 (RFC 7628)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\x01auth=Bearer {token}\x01\x01"


def without_secrets(account: MailAccount, text: str) -> str:
    """A server's words on one line, without any secret of this account."""
    kept = (
        (account.password_sealed, _PASSWORD),
        (account.access_token_sealed, _ACCESS),
        (account.refresh_token_sealed, _REFRESH),
        (account.client_secret_sealed, _CLIENT),
    )
    found = []
    for sealed, purpose in kept:
        with suppress(sealing.SealedOtherwise):
            found.append(sealing.unseal(sealed, purpose))
    return cleaned(text, account.user, found)


def cleaned(text: str, user: str, secrets: Iterable[str]) -> str:
    """A server's words on one line, without these secrets in whatever spelling they came back (S21)."""
    for secret in filter(None, secrets):
        said = (f"\0{user}\0{secret}", f"{user}\0{user}\0{secret}", xoauth2(user, secret), oauthbearer(user, secret))
        for spelling in (*(base64.b64encode(one.encode()).decode() for one in (*said, secret)), secret):
            text = text.replace(spelling, "…")
    return " ".join(text.replace("\0", " ").split())[:_LONGEST]


def _open(account: MailAccount, sealed: str, purpose: str) -> str:
    try:
        return sealing.unseal(sealed, purpose)
    except sealing.SealedOtherwise:
        raise SecretUnreadable(server=account.name) from None
