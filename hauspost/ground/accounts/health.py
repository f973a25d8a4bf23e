"""How a mail server fares: noted by whoever signs in there, seen in the settings, and told when it lasts (P10.2)."""

from datetime import timedelta

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import OnHold, SignedOut
from hauspost.ground.accounts.sealed import without_secrets
from hauspost.ground.db import storable

# A mailbox that works is not written down again and again.
_NOTED_EVERY = timedelta(minutes=1)

_State = MailAccount.State


def note_good(account: MailAccount) -> None:
    """It let us in."""
    moment = clock.now()
    is_fresh = account.last_good_at is not None and moment - account.last_good_at < _NOTED_EVERY
    if account.state == _State.WORKING and is_fresh:
        return
    _note(account, state=_State.WORKING, last_error="", failing_since=None, last_good_at=moment)


def note_trouble(account: MailAccount, error: Exception | str, *, signed_out: bool | None = None) -> None:
    """It did not. Trouble begins with its first time; a lost authorisation stays one until it is given again."""
    if isinstance(error, OnHold):
        # Nobody asked the server.
        return
    gone = isinstance(error, SignedOut) if signed_out is None else signed_out
    words = storable(without_secrets(account, str(error)))
    moment = clock.now()
    rows = MailAccount.objects.filter(pk=account.pk)
    if not gone:
        rows = rows.exclude(state=_State.SIGNED_OUT)
    state = _State.SIGNED_OUT if gone else _State.FAILING
    since = Coalesce(F("failing_since"), Value(moment))
    if rows.update(state=state, last_error=words, failing_since=since):
        account.state, account.last_error, account.failing_since = state, words, account.failing_since or moment


def hold_all() -> list[MailAccount]:
    """Sign in nowhere any more, until each is let go on: this is a copy of a desk that may be at work (P40).

    Answers them.
    """
    accounts = MailAccount.objects.active()
    accounts.update(held_at=clock.now())
    return list(accounts)


def refuse_held(account: MailAccount) -> None:
    """Raises OnHold."""
    if account.held_at is not None:
        raise OnHold(server=account.name)


def _note(account: MailAccount, **fields: object) -> None:
    MailAccount.objects.filter(pk=account.pk).update(**fields)
    for name, value in fields.items():
        setattr(account, name, value)
