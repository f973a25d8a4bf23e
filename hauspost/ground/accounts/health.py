"""How a mail server fares: noted by whoever signs in there, seen in the settings, and told when it lasts (P10.2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import OnHold, SignedOut
from hauspost.ground.accounts.sealed import without_secrets
from hauspost.ground.db import locked, storable

# By what an account may fail: each in a line of its own behind its name, so that nobody mends the wrong one.
FETCHING: Final = "IMAP"
SENDING: Final = "SMTP"
_OTHER: Mapping[str, str] = {FETCHING: SENDING, SENDING: FETCHING}
# A mailbox that works is not written down again and again.
_NOTED_EVERY = timedelta(minutes=1)

_State = MailAccount.State


def note_good(account: MailAccount, way: str) -> None:
    """It let us in, for fetching or for sending; what is said of the other stays."""
    moment = clock.now()
    is_fresh = account.last_good_at is not None and moment - account.last_good_at < _NOTED_EVERY
    if is_fresh and account.state in (_State.WORKING, _State.FAILING) and not fault_of(account, way):
        return
    with transaction.atomic():
        now = locked(MailAccount.objects.filter(pk=account.pk)).first()
        other = fault_of(now, _OTHER[way], alone=True) if now is not None else ""
        if now is not None and other:
            _note(account, state=_State.FAILING, last_error=other, failing_since=now.failing_since, last_good_at=moment)
        else:
            _note(account, state=_State.WORKING, last_error="", failing_since=None, last_good_at=moment)


def note_trouble(account: MailAccount, error: Exception | str, way: str, *, signed_out: bool | None = None) -> None:
    """It did not. Trouble begins with its first time; a lost authorisation stays one until it is given again."""
    if isinstance(error, OnHold):
        # Nobody asked the server.
        return
    gone = isinstance(error, SignedOut) if signed_out is None else signed_out
    words = " ".join(storable(without_secrets(account, str(error))).split())
    with transaction.atomic():
        now = locked(MailAccount.objects.filter(pk=account.pk)).first()
        if now is None or (now.state == _State.SIGNED_OUT and not gone):
            return
        lines = sorted(filter(None, (f"{way}: {words}", fault_of(now, _OTHER[way], alone=True))))
        _note(
            account,
            state=_State.SIGNED_OUT if gone else _State.FAILING,
            last_error=words if gone else "\n".join(lines),
            failing_since=now.failing_since or clock.now(),
        )


def fault_of(account: MailAccount, way: str, *, alone: bool = False) -> str:
    """What an account that fails says of fetching or of sending; "" where that works as far as anybody knows.

    What was noted without a way concerns both; not where it is asked for `alone`.
    """
    if account.state != _State.FAILING:
        return ""
    without = () if alone else (line for line in account.last_error.splitlines() if not _is_of(line, *_OTHER))
    return "\n".join((*without, *(line for line in account.last_error.splitlines() if _is_of(line, way))))


def _is_of(line: str, *ways: str) -> bool:
    return line.startswith(tuple(f"{way}: " for way in ways))


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
