"""OAuth 2.0 with mail providers: authorise in the browser (code and PKCE), renew, sign in as the program itself."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from django.utils.translation import gettext as _

from hauspost.ground import clock, http
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountUnreachable, ClientRefused, NotAuthorised, SignedOut
from hauspost.ground.accounts.sealed import (
    Tokens,
    client_secret_of,
    keep_tokens,
    refresh_token_of,
    without_secrets,
)

# What a provider that tells no lifetime is taken to mean (RFC 6749 5.1 only recommends telling it).
_USUAL_LIFE = timedelta(minutes=30)
_LONGEST_LIFE = timedelta(days=1)
# Errors after which only a person can help: RFC 6749 5.2, and OpenID's and Microsoft's for a sign-in that is needed.
_PERSON_NEEDED = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
_LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class AuthorisationRequest(NamedTuple):
    """Where to send the browser; state and verifier wait in the session until it comes back."""

    url: str
    state: str
    verifier: str


@dataclass(frozen=True)
class Endpoints:
    """Where a provider is asked, and for what."""

    authorise_url: str
    token_url: str
    scopes: str
    # For its page where a person agrees.
    extra: Mapping[str, str]


def endpoints_of(account: MailAccount) -> Endpoints:
    """The provider's own ones; what the account names itself (another provider, a national cloud) comes first."""
    known = _KNOWN[MailAccount.Kind(account.kind)](account)
    return Endpoints(
        authorise_url=account.authorise_url or known.authorise_url,
        token_url=account.token_url or known.token_url,
        scopes=account.scopes or known.scopes,
        extra=known.extra,
    )


def authorisation_request(account: MailAccount, redirect_uri: str) -> AuthorisationRequest:
    """Begin an authorisation. It needs nothing that was stored before, so it mends every state (P10.4).

    Raises ClientRefused when client id or addresses are missing.
    """
    known = endpoints_of(account)
    if not account.client_id or not known.authorise_url or not known.token_url:
        raise ClientRefused(server=account.name, reason=_("client id or addresses of the provider are missing"))
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": account.client_id,
        "redirect_uri": redirect_uri,
        "scope": known.scopes,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **known.extra,
    }
    joint = "&" if urlsplit(known.authorise_url).query else "?"
    return AuthorisationRequest(known.authorise_url + joint + urlencode(asked), state, verifier)


def tokens_for_code(account: MailAccount, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """What the code that came with the browser is worth. Asks the provider: not inside a transaction.

    Raises SignedOut (a code too old, or used before), ClientRefused, AccountUnreachable.
    """
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    tokens = _ask(account, asked)
    if not tokens.refresh and not account.refresh_token_sealed:
        reason = _("it gave no refresh token; the scope offline_access, or access_type=offline, is missing")
        raise ClientRefused(server=account.name, reason=reason)
    return tokens


def take_code(account: MailAccount, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """End an authorisation: change the code for tokens and keep them; the record is the caller's verb's."""
    tokens = tokens_for_code(account, code, verifier, redirect_uri)
    keep_tokens(account, tokens, is_new=True)
    return tokens


def renew(account: MailAccount) -> Tokens:
    """A new access token for the refresh token; perhaps with another refresh token. Nothing is stored yet."""
    if not (token := refresh_token_of(account)):
        raise NotAuthorised(server=account.name)
    return _ask(account, {"grant_type": "refresh_token", "refresh_token": token})


def sign_in_as_app(account: MailAccount) -> Tokens:
    """A token for the program itself, for the mailboxes that its administrator named (P10.6). Nothing is stored yet."""
    if not account.client_secret_sealed:
        raise NotAuthorised(server=account.name)
    return _ask(account, {"grant_type": "client_credentials", "scope": endpoints_of(account).scopes})


def _microsoft(account: MailAccount) -> Endpoints:
    is_app = account.grant == MailAccount.Grant.APP
    # Whoever agrees may come from any company; a program belongs to one.
    tenant = quote(account.tenant.strip() or "organizations", safe="")
    base = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
    delegated = "openid email offline_access " + " ".join(
        f"https://outlook.office.com/{one}" for one in ("IMAP.AccessAsUser.All", "SMTP.Send")
    )
    scopes = "https://outlook.office365.com/.default" if is_app else delegated
    # Who administers Hauspost is seldom who may open the mailbox: let them choose (P31.3).
    return Endpoints(f"{base}/authorize", f"{base}/token", scopes, {"prompt": "select_account"})


def _google(account: MailAccount) -> Endpoints:
    # Without "consent" Google gives a refresh token only the first time.
    extra = {"access_type": "offline", "prompt": "consent select_account"}
    scopes = "openid email https://mail.google.com/"
    return Endpoints(
        "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token", scopes, extra
    )


def _other(account: MailAccount) -> Endpoints:
    return Endpoints("", "", "", {})


_KNOWN = {MailAccount.Kind.MICROSOFT: _microsoft, MailAccount.Kind.GOOGLE: _google, MailAccount.Kind.OTHER: _other}


def _ask(account: MailAccount, asked: Mapping[str, str]) -> Tokens:
    token_url = endpoints_of(account).token_url
    if not account.client_id or not token_url:
        raise ClientRefused(server=account.name, reason=_("client id or addresses of the provider are missing"))
    body = {**asked, "client_id": account.client_id}
    if secret := client_secret_of(account):
        # In the body, as Microsoft and Google want it; RFC 6749 2.3.1 leaves the choice to the server.
        body["client_secret"] = secret
    try:
        answer = http.fetch(
            token_url,
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode({name: value for name, value in body.items() if value}).encode(),
        )
    except http.HttpFault as fault:
        raise AccountUnreachable(server=account.name, reason=str(fault).rstrip(".")) from None
    told = _told(answer)
    if answer.is_good and isinstance(access := told.get("access_token"), str) and access:
        return Tokens(access, clock.now() + _life(told), _text(told, "refresh_token"), _who(told))
    raise _trouble(account, answer.status, told)


def _told(answer: http.Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _life(told: Mapping[str, Any]) -> timedelta:
    try:
        seconds = float(told.get("expires_in") or 0)
    except (TypeError, ValueError):
        seconds = 0
    return min(timedelta(seconds=seconds), _LONGEST_LIFE) if 0 < seconds < 1e9 else _USUAL_LIFE


def _who(told: Mapping[str, Any]) -> str:
    """Who agreed, from the id token: it came straight from the provider over TLS (OpenID Connect Core 3.1.3.7)."""
    try:
        middle = _text(told, "id_token").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return str(claims.get("preferred_username") or claims.get("email") or "")
    except (ValueError, IndexError, AttributeError):
        return ""


def _trouble(account: MailAccount, status: int, told: Mapping[str, Any]) -> Exception:
    error = _text(told, "error")
    said = without_secrets(account, f"{error}: {_text(told, 'error_description')}".strip(": "))
    if status >= 500 or status == 429 or error in _LATER or (not error and status not in (400, 401, 403)):
        reason = _("its provider answers %(answer)s") % {"answer": f"{status} {said}".strip()}
        return AccountUnreachable(server=account.name, reason=reason)
    if error in _PERSON_NEEDED:
        return SignedOut(server=account.name, reason=said)
    return ClientRefused(server=account.name, reason=said or str(status))
