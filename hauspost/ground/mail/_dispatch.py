"""The worker's side of the outbox: claims what is due, lets it leave outside any transaction, notes the outcome."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet

from hauspost.ground import clock
from hauspost.ground.db import skip_locked, storable
from hauspost.ground.files.refusals import BytesMissing, NoSuchBlob
from hauspost.ground.mail._couriers import AccountServer, Couriers
from hauspost.ground.mail._sending import Answer, Courier, Outcome, Overtaken, Parcel, Unreachable
from hauspost.ground.mail._telling import tell
from hauspost.ground.mail.addresses import verp
from hauspost.ground.mail.guard import much_memory
from hauspost.ground.mail.models import OutgoingMail, OutgoingRecipient
from hauspost.ground.tokens import ring

GIVE_UP_AFTER = timedelta(hours=24)  # P5.2
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
# How long a worker may be silent over a letter before another one takes it; longer than any wait for a server.
LEASE = timedelta(minutes=10)

_TRIES_TO_SETTLE = 4
_BIG = 4_000_000

log = logging.getLogger("hauspost.mail")

_State = OutgoingMail.State
_Step = OutgoingRecipient.State
_EVENTS = {_Step.HANDED_OVER: "mail.handed_over", _Step.FAILED: "mail.failed", _Step.DELAYED: "mail.delayed"}


def send_due(courier: Couriers | Courier | None = None, limit: int = 20) -> int:
    """Send what is due, outside any transaction (P55.1). Returns how many mails were handled; more may be due.

    With `connection_pool()` the connections are kept until nothing is due, without it they are made for this call
    alone; a single courier takes the house's letters. Where nothing is configured mail stays queued.
    """
    couriers = courier if isinstance(courier, Couriers) else Couriers(courier)
    try:
        return sum(send_some(account, couriers, limit) for account in waiting_for(kept=couriers.busy))
    finally:
        if courier is None:
            couriers.close()


def waiting_for(kept: Collection[int | None] = ()) -> list[int | None]:
    """The accounts whose letters may leave now, the house's (None) first; and those that are `kept`."""
    # A look costs no write lock; most of the time there is nothing.
    due_now = OutgoingMail.objects.due(clock.now()).order_by().values_list("account", flat=True).distinct()
    return sorted({*due_now, *kept}, key=lambda account: account or 0)


def send_some(account: int | None, couriers: Couriers, limit: int = 20) -> int:
    """Send what is due by one mail server; answers how many mails were handled."""
    taker = couriers.of(account)
    mails = due(limit, account) if taker else []
    unreachable = ""
    for mail in mails:
        if not unreachable and taker:
            unreachable = _send(mail, taker)
        if unreachable:
            # Every other mail would only wait for the same server.
            _settle(mail, _all_alike(mail, Answer("delayed", 0, unreachable)))
    if not mails:
        couriers.rest(account)
    return len(mails)


def due(limit: int, account: int | None = None) -> list[OutgoingMail]:
    """Claim the mails that may leave now by this server, the longest due first; nobody else gets them meanwhile."""
    moment = clock.now()
    rows = OutgoingMail.objects.due(moment).filter(account=account)
    if not rows.exists():
        return []
    with transaction.atomic():
        waiting = rows.order_by("next_try_at", "id").prefetch_related("recipients")
        mails = list(skip_locked(waiting)[:limit])
        OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
            state=_State.SENDING, claimed_at=moment, next_try_at=moment + LEASE, tries=F("tries") + 1
        )
        # Whoever had these before died with the answer still out: the mail may have arrived.
        doubtful = [mail.pk for mail in mails if mail.leaving_at is not None]
        if doubtful:
            OutgoingMail.objects.filter(pk__in=doubtful).update(perhaps_twice=True, leaving_at=None)
    for mail in mails:
        mail.state, mail.claimed_at, mail.next_try_at = _State.SENDING, moment, moment + LEASE
        mail.tries += 1
        mail.perhaps_twice, mail.leaving_at = mail.perhaps_twice or mail.leaving_at is not None, None
    return mails


def _send(mail: OutgoingMail, taker: Courier) -> str:
    """Let one claimed mail leave, and note what became of it. Returns why nobody could be reached, else ""."""
    try:
        outcome = _hand_over(mail, taker)
    except Unreachable as error:
        return str(error)
    except Overtaken:
        log.warning("Mail %s was taken over by another worker.", mail.pk)
        return ""
    except Exception as error:
        # One letter that cannot be read must not hold up the others behind it.
        log.exception("Mail %s could not be sent.", mail.pk)
        # Its server may have taken it, though: what broke may have been on our side, after the answer.
        words = f"could not be sent: {type(error).__name__}"
        outcome = _all_alike(mail, Answer("delayed", 0, words), perhaps_left=mail.leaving_at is not None)
    is_first = not any(one.handed_over_at for one in mail.recipients.all())
    _settle(mail, outcome)
    if isinstance(taker, AccountServer) and is_first and any(one.handed_over_at for one in mail.recipients.all()):
        _keep_copy(mail, taker)
    return ""


def _keep_copy(mail: OutgoingMail, taker: AccountServer) -> None:
    """P31.3: tried once; that it failed is noted, and changes nothing about the letter."""
    if fault := taker.keep_copy(_letter_of(mail)):
        words = storable(f"sent, but no copy lies in the mailbox: {fault}")
        OutgoingMail.objects.filter(pk=mail.pk, last_error="").update(last_error=words)


def _hand_over(mail: OutgoingMail, taker: Courier) -> Outcome:
    pending = _pending(mail)
    if not pending:
        return Outcome([])
    try:
        raw = _letter_of(mail)
    except (BytesMissing, NoSuchBlob):
        return _all_alike(mail, Answer("failed", 0, "its content is missing among the stored files"))
    if not raw:
        return _all_alike(mail, Answer("failed", 0, "its content was erased"))
    sender = verp(mail.envelope_from, mail.pk, ring()) if mail.envelope_from else ""
    name = f"{int(mail.created_at.timestamp())}.M{mail.pk}.hauspost"
    return taker.hand_over(Parcel(name, sender, [one.address for one in pending], raw), lambda: _may_leave(mail))


def _letter_of(mail: OutgoingMail) -> bytes:
    if mail.size_bytes < _BIG:
        return mail.letter()
    with much_memory():
        return mail.letter()


def _may_leave(mail: OutgoingMail) -> bool:
    """Note, durably, that the mail is leaving; no if another worker has taken it over or it was cancelled."""
    moment = clock.now()
    if _ours(mail).update(leaving_at=moment, next_try_at=moment + LEASE) != 1:
        return False
    mail.leaving_at = moment
    return True


def _settle(mail: OutgoingMail, outcome: Outcome) -> None:
    """Note the outcome of one try, with its events, in one transaction."""
    moment = clock.now()
    give_up_at = mail.give_up_at or moment + GIVE_UP_AFTER
    tried = _pending(mail)
    before = {one.pk: one.state for one in tried}
    for recipient, answer in zip(tried, outcome.answers, strict=True):
        _move(recipient, answer, moment, is_last_try=moment >= give_up_at)
    in_vain = [one for one in tried if one.handed_over_at is None]
    moved = {kind: [one for one in tried if one.state == step != before[one.pk]] for step, kind in _EVENTS.items()}
    mail.perhaps_twice = mail.perhaps_twice or outcome.perhaps_left
    mail.state = _state_of(mail)
    pause = _pause(moment - (give_up_at - GIVE_UP_AFTER))
    changes = {
        "state": mail.state,
        "next_try_at": min(moment + pause, give_up_at) if mail.state == _State.QUEUED else None,
        "give_up_at": None if mail.state == _State.SENT else give_up_at,
        "last_error": f"{in_vain[0].reply_code or ''} {in_vain[0].reply_text}".strip() if in_vain else "",
        "perhaps_twice": mail.perhaps_twice,
        "claimed_at": None,
        "leaving_at": None,
    }
    for tries_left in reversed(range(_TRIES_TO_SETTLE)):
        try:
            _write_down(mail, changes, tried, moved, may_have_left=outcome.perhaps_left or len(in_vain) < len(tried))
            return
        except DatabaseError:
            # What a server answered is known only here; a deadlock with somebody else must not lose it.
            if not tries_left:
                raise


@transaction.atomic
def _write_down(
    mail: OutgoingMail,
    changes: Mapping[str, Any],
    tried: Sequence[OutgoingRecipient],
    moved: Mapping[str, Sequence[OutgoingRecipient]],
    *,
    may_have_left: bool,
) -> None:
    if _ours(mail).update(**changes):
        _keep(tried)
        for kind, recipients in moved.items():
            if recipients:
                tell(mail, kind, recipients)
    elif may_have_left:
        # The lease ran out over a slow answer, and another worker is at it: both letters may arrive.
        OutgoingMail.objects.filter(pk=mail.pk).update(perhaps_twice=True)


def _move(recipient: OutgoingRecipient, answer: Answer, moment: datetime, *, is_last_try: bool) -> None:
    recipient.state = _Step(answer.state)
    recipient.reply_code, recipient.reply_text, recipient.changed_at = answer.code, storable(answer.text), moment
    if recipient.state == _Step.HANDED_OVER:
        recipient.handed_over_at = moment
    elif recipient.state == _Step.DELAYED and is_last_try:
        recipient.state = _Step.FAILED
        recipient.reply_text = f"given up after 24 hours: {recipient.reply_text}"


def _keep(tried: Sequence[OutgoingRecipient]) -> None:
    """One statement for all recipients that got the same answer."""
    alike = defaultdict(list)
    for one in tried:
        alike[one.state, one.reply_code, one.reply_text, one.handed_over_at, one.changed_at].append(one.pk)
    for (state, code, text, handed_over_at, changed_at), numbers in alike.items():
        # A bounce that arrived meanwhile knows more than our own server's answer.
        OutgoingRecipient.objects.filter(pk__in=numbers, handed_over_at__isnull=True).update(
            state=state, reply_code=code, reply_text=text, handed_over_at=handed_over_at, changed_at=changed_at
        )


def _state_of(mail: OutgoingMail) -> str:
    recipients = list(mail.recipients.all())
    if any(one.is_pending for one in recipients):
        return _State.QUEUED
    reached = sum(one.handed_over_at is not None for one in recipients)
    if reached == len(recipients):
        return _State.SENT
    return _State.PARTLY if reached else _State.FAILED


def _pause(trying: timedelta) -> timedelta:
    """How long to wait after a try in vain: the longer it has been tried, the longer, at most an hour."""
    return next((pause for pause in PAUSES if pause > trying), PAUSES[-1])


def _ours(mail: OutgoingMail) -> QuerySet[OutgoingMail]:
    """The mail's row, as long as it is this worker's: every claim counts one try, so no two claims are alike."""
    return OutgoingMail.objects.filter(pk=mail.pk, state=_State.SENDING, tries=mail.tries)


def _pending(mail: OutgoingMail) -> list[OutgoingRecipient]:
    return [one for one in mail.recipients.all() if one.is_pending]


def _all_alike(mail: OutgoingMail, answer: Answer, *, perhaps_left: bool = False) -> Outcome:
    return Outcome([answer] * len(_pending(mail)), perhaps_left)
