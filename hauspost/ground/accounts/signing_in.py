"""With what we sign in at a mail server: OAuth tokens, renewed before they end, by one worker at a time (P10.1)."""

import logging
import time
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.accounts import oauth
from hauspost.ground.accounts.health import FETCHING, note_trouble, refuse_held
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import (
    AccountTrouble,
    AccountUnreachable,
    ClientRefused,
    NotAuthorised,
    SecretUnreadable,
    SignedOut,
)
from hauspost.ground.accounts.sealed import (
    Tokens,
    access_token_of,
    client_secret_of,
    forget_tokens,
    keep_tokens,
    oauthbearer,
    password_of,
    set_client_secret,
    set_password,
    without_secrets,
    xoauth2,
)
from hauspost.ground.db import locked

__all__ = [
    "AccountTrouble", "AccountUnreachable", "ClientRefused", "NotAuthorised", "SecretUnreadable", "SignedOut", "Tokens",
    "access_token", "client_secret_of", "forget_tokens", "keep_tokens", "oauthbearer", "password_of",
    "set_client_secret", "set_password", "without_secrets", "xoauth2",
]  # fmt: skip

log = logging.getLogger("hauspost.accounts")

# A token is renewed so long before its end, so that it does not end on its way.
_EARLY = timedelta(minutes=2)
# Whoever died over a renewal holds up the others no longer than this; more than the HTTP client's own time limit.
_TURN = timedelta(seconds=45)
_LOOK_AGAIN_SECONDS = 0.1
_TRIES_TO_KEEP = 6


def access_token(account: MailAccount, *, instead_of: str = "") -> str:
    """A token that opens the mailbox now; renewed when it is about to end, or is the one that a server refused.

    Several workers share one. One of them renews, the others wait for what it gets: a provider that takes each refresh
    token only once sees none twice. Not inside a transaction. Raises SignedOut (noted at once, P10.2), ClientRefused,
    AccountUnreachable, OnHold.
    """
    patience_ends = time.monotonic() + _TURN.total_seconds() + 5
    while True:
        now = MailAccount.objects.get(pk=account.pk)
        # A copy that renews a token which counts once would sign out the desk it was copied from.
        refuse_held(now)
        if (token := _usable(now, instead_of)) is not None:
            return token
        if not now.is_authorised:
            raise NotAuthorised(server=now.name)
        if _take_turn(now):
            try:
                if (token := _renewed(now.pk, instead_of)) is not None:
                    return token
            finally:
                MailAccount.objects.filter(pk=now.pk).update(renewing_until=None)
        elif time.monotonic() > patience_ends:
            raise AccountUnreachable(server=now.name, reason=_("its authorisation is just being renewed"))
        else:
            time.sleep(_LOOK_AGAIN_SECONDS)


def _usable(account: MailAccount, instead_of: str) -> str | None:
    if account.access_ends_at is None or account.access_ends_at - _EARLY <= clock.now():
        return None
    token = access_token_of(account)
    return token if token and token != instead_of else None


def _take_turn(account: MailAccount) -> bool:
    """No row stays locked while a provider is asked: on SQLite that would hold up every mail that arrives."""
    moment = clock.now()
    free = Q(renewing_until__isnull=True) | Q(renewing_until__lt=moment)
    return MailAccount.objects.filter(free, pk=account.pk).update(renewing_until=moment + _TURN) == 1


def _renewed(number: int, instead_of: str) -> str | None:
    """Ask the provider, unless somebody was quicker; None when it has to be looked at anew."""
    account = MailAccount.objects.get(pk=number)
    if (token := _usable(account, instead_of)) is not None:
        return token
    used = account.refresh_token_sealed
    try:
        is_app = account.grant == MailAccount.Grant.APP
        tokens = oauth.sign_in_as_app(account) if is_app else oauth.renew(account)
    except SignedOut as trouble:
        if not _note_signed_out(account, used, trouble):
            return None
        raise
    return tokens.access if _keep(account, used, tokens) else None


def _note_signed_out(account: MailAccount, used: str, trouble: SignedOut) -> bool:
    """False when somebody has authorised anew while the provider refused what we had."""
    with transaction.atomic():
        now = locked(MailAccount.objects.filter(pk=account.pk)).get()
        if now.refresh_token_sealed != used:
            return False
        note_trouble(now, trouble, FETCHING, signed_out=True)
    return True


def _keep(account: MailAccount, used: str, tokens: Tokens) -> bool:
    """Store what came: a new refresh token exists nowhere else, so a database away for a moment must not lose it."""
    for tries_left in reversed(range(_TRIES_TO_KEEP)):
        try:
            with transaction.atomic():
                now = locked(MailAccount.objects.filter(pk=account.pk)).get()
                # Authorised anew meanwhile: those tokens stand, ours may belong to somebody else.
                if now.refresh_token_sealed != used:
                    return False
                keep_tokens(now, tokens)
            return True
        except DatabaseError:
            if not tries_left:
                raise
            log.warning("the new tokens of mail server %s could not be stored; once more", account.pk)
            connection.close()
            time.sleep(2.0 ** (_TRIES_TO_KEEP - tries_left - 2))
    return False
