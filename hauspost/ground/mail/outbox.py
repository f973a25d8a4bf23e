"""The queue of outgoing mail: written in the verb's transaction, sent by the worker, followed to every recipient."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from hauspost.ground import clock, hot
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.db import locked, storable
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.mail._couriers import Couriers
from hauspost.ground.mail._dispatch import due, send_due
from hauspost.ground.mail._lanes import Lanes
from hauspost.ground.mail._rerouting import send_by
from hauspost.ground.mail._sending import Courier
from hauspost.ground.mail._telling import tell
from hauspost.ground.mail.compose import NotSendable, Outgoing, compose, is_sendable
from hauspost.ground.mail.models import RAW_LIMIT, OutgoingMail, OutgoingMailQuerySet, OutgoingRecipient
from hauspost.ground.refusals import Refused

__all__ = [
    "CannotBeSent", "Courier", "Delivery", "Lanes", "NobodyReached", "QueueFigures", "cancel", "connection_pool",
    "delivery_states", "due", "erase_letters",
    "forget_letters_about", "has_a_way_of_its_own", "is_configured", "note_bounce", "queue", "queue_figures",
    "retry_all",
    "retry_now", "send_by", "send_due",
]  # fmt: skip

_PROTOCOL = re.compile(r"(?:smtp|lmtp|x-[a-z0-9-]{1,40})\s{0,5};\s{0,5}", re.IGNORECASE)

_State = OutgoingMail.State
_Step = OutgoingRecipient.State


class NobodyReached(Refused):
    """A mail without recipients is not kept (P5.3)."""

    code = "nobody-reached"
    status = 422
    words = _("This will reach nobody. Name at least one recipient.")


class CannotBeSent(Refused):
    """No mail can be written like this; `reason` names the address or header."""

    code = "cannot-be-sent"
    status = 422
    words = _("This mail cannot be sent: %(reason)s. Correct it and try again.")


class Delivery(NamedTuple):
    """How far one mail came for one recipient, as the ticket page shows it (P5.1)."""

    entry: int
    mail_id: int
    mail_state: str
    not_before: datetime
    perhaps_twice: bool
    address: str
    person_uid: str
    state: str
    reply_code: int
    reply_text: str
    changed_at: datetime


@dataclass(frozen=True)
class QueueFigures:
    """The queue at a glance (P5.6): how many wait, how many of them were tried in vain, how many were given up."""

    waiting: int
    delayed: int
    failed: int
    oldest_waiting_at: datetime | None


def queue(
    outgoing: Outgoing,
    *,
    kind: str,
    stream: str,
    about: int,
    entry: int,
    envelope_from: str,
    recipients: Sequence[tuple[str, str]],
    not_before: datetime | None = None,
    account: MailAccount | None = None,
) -> OutgoingMail:
    """Write a letter and lay it into the queue, in the caller's transaction; `recipients` are (address, person uid).

    `envelope_from` is "" for the null sender, else a plain address that gets the mail's signed token when it leaves.
    `not_before` leaves time to undo (P6.4). It leaves by the account's mail server, else by the house's. Raises
    NobodyReached (P5.3), CannotBeSent.
    """
    reached = _distinct(recipients)
    try:
        raw = compose(outgoing)
    except NotSendable as error:
        raise CannotBeSent(reason=str(error)) from error
    moment = clock.now()
    mail = OutgoingMail(
        created_at=moment,
        kind=OutgoingMail.Kind(kind),
        stream=stream,
        about=about,
        entry=entry,
        person_uid=reached[0][1] if len(reached) == 1 else "",
        message_id=outgoing.message_id,
        account=account,
        envelope_from=envelope_from,
        size_bytes=len(raw),
        not_before=not_before or moment,
        next_try_at=not_before or moment,
    )
    with transaction.atomic(savepoint=False):
        _insert(mail, raw)
        hot.put_all(
            [
                OutgoingRecipient(mail=mail, address=address, person_uid=person_uid, changed_at=moment)
                for address, person_uid in reached
            ]
        )
    return mail


def cancel(mail: OutgoingMail | int) -> bool:
    """Undo a mail that nobody has got (P6.4). False when it already left, is leaving, or may have left."""
    number = _number(mail)
    reached = OutgoingRecipient.objects.filter(mail=OuterRef("pk"), handed_over_at__isnull=False)
    with transaction.atomic():
        held_back = OutgoingMail.objects.filter(~Exists(reached), pk=number, state=_State.QUEUED, perhaps_twice=False)
        if held_back.update(state=_State.CANCELLED, next_try_at=None, give_up_at=None):
            OutgoingRecipient.objects.filter(mail=number).update(state=_Step.CANCELLED, changed_at=clock.now())
        is_cancelled = OutgoingMail.objects.filter(pk=number, state=_State.CANCELLED).exists()
    if is_cancelled and isinstance(mail, OutgoingMail):
        mail.state = _State.CANCELLED
    return is_cancelled


def retry_now(mail: OutgoingMail | int) -> bool:
    """Send a waiting or failed mail with the worker's next look (P5.6). False when there is nothing to send."""
    return _retry(OutgoingMail.objects.filter(pk=_number(mail))) > 0


def retry_all() -> int:
    """The same for every mail that waits or failed. Returns how many."""
    return _retry(OutgoingMail.objects.all())


def is_configured() -> bool:
    """Whether mail can leave at all; if not it stays queued, and the desk says so."""
    return has_a_way_of_its_own() or MailAccount.objects.active().exclude(smtp_host="").exists()


def has_a_way_of_its_own() -> bool:
    """Whether the house itself sends: by its mail server, or into a mailbox on this machine."""
    return bool(settings.HAUSPOST.outgoing_maildir or settings.HAUSPOST.outgoing_host)


def connection_pool() -> Couriers:
    """What is kept for `send_due`, so that mails share connections. A worker keeps `Lanes`, where no server waits."""
    return Couriers()


def note_bounce(
    mail_id: int, address: str, status: str, diagnostic: str, hard: bool, *, is_address_wrong: bool = True
) -> bool:
    """Note what another server reported about a mail that had left (P14.1); a delay changes only the state (P14.4).

    `hard`: it has not arrived and will not. `is_address_wrong`: not for a full mailbox, but as there is nobody (P14.2).
    Records "mail.bounced" or "mail.delayed". False when there is nothing new in it.
    """
    with transaction.atomic():
        mail = locked(OutgoingMail.objects.filter(pk=mail_id).defer("raw")).first()
        if mail is None:
            return False
        recipients = list(OutgoingRecipient.objects.filter(mail=mail).order_by("id"))
        named = [one for one in recipients if one.address.lower() == address.strip().lower()]
        # With one recipient it is that one, whatever address the mail was forwarded to.
        found = (named or (recipients if len(recipients) == 1 else []))[:1]
        text = storable(_reported(status, diagnostic))[:2000]
        if not found:
            return hard and _note_unknown_bounce(mail, status, text)
        return _note_bounce(mail, found[0], status, text, hard, is_address_wrong)


def delivery_states(
    entries: Iterable[int], kinds: Sequence[str] = (OutgoingMail.Kind.REPLY,)
) -> dict[int, list[Delivery]]:
    """How far the mails of these entries came, recipient by recipient, in one query (P5.1)."""
    rows = (
        OutgoingRecipient.objects.filter(mail__entry__in=list(entries), mail__kind__in=kinds)
        .order_by("mail_id", "id")
        .values_list(
            "mail__entry", "mail_id", "mail__state", "mail__not_before", "mail__perhaps_twice",
            "address", "person_uid", "state", "reply_code", "reply_text", "changed_at",
        )
    )  # fmt: skip
    states: dict[int, list[Delivery]] = defaultdict(list)
    for row in rows:
        states[row[0]].append(Delivery(*row))
    return dict(states)


def queue_figures() -> QueueFigures:
    """The numbers above the queue's list (P5.6)."""
    found = OutgoingMail.objects.waiting().aggregate(
        waiting=Count("id"), delayed=Count("give_up_at"), oldest=Min("created_at")
    )
    failed = OutgoingMail.objects.in_trouble().filter(next_try_at__isnull=True).count()
    return QueueFigures(found["waiting"], found["delayed"], failed, found["oldest"])


def erase_letters(person_uid: str, *, about: Sequence[int] = (), entries: Sequence[int] = ()) -> list[Blob]:
    """Forget what was mailed to a person, and what told others of these requests and entries of theirs.

    Contents and addresses go, times and states stay.

    What had not left is cancelled. A letter to several people goes as a whole, as it names all of them. Returns the
    stored bytes that no letter needs any more, for `files.remove_now` after the transaction.
    """
    with transaction.atomic():
        released: list[Blob] = []
        naming = Q(recipients__person_uid=person_uid) | Q(entry__in=entries) | Q(about__in=about)
        theirs = OutgoingMail.objects.filter(naming).distinct().defer("raw")
        mails = list(theirs.order_by("id"))
        for mail in mails:
            cancel(mail)
            if mail.blob_sha256:
                released += files.release(f"mail:{mail.pk}")
        OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(raw=None, blob_sha256="", last_error="")
        OutgoingRecipient.objects.filter(person_uid=person_uid).update(address=Cast("id", CharField()), reply_text="")
    return released


def forget_letters_about(number: int) -> list[Blob]:
    """Forget every letter about a ticket that has run its time: contents, addresses, and whose they were.

    What had not left is cancelled. Answers stored bytes that no letter needs any more; in the caller's transaction.
    """
    released: list[Blob] = []
    letters = OutgoingMail.objects.filter(about=number)
    for mail in letters.defer("raw").order_by("id"):
        cancel(mail)
        if mail.blob_sha256:
            released += files.release(f"mail:{mail.pk}")
    letters.update(raw=None, blob_sha256="", last_error="", person_uid="")
    OutgoingRecipient.objects.filter(mail__about=number).update(
        address=Cast("id", CharField()), reply_text="", person_uid=""
    )
    return released


def _note_bounce(
    mail: OutgoingMail, recipient: OutgoingRecipient, status: str, text: str, hard: bool, is_address_wrong: bool
) -> bool:
    if recipient.state in (_Step.BOUNCED, _Step.FAILED, _Step.CANCELLED):
        return False
    if not hard and recipient.state == _Step.DELAYED:
        return False
    moment = clock.now()
    recipient.state = _Step.BOUNCED if hard else _Step.DELAYED
    # What bounces elsewhere has left here, also where the answer was lost: it is not sent again.
    recipient.handed_over_at = recipient.handed_over_at or moment
    # Our own server's yes is over; what stands in its place is the other one's word.
    recipient.reply_code, recipient.reply_text, recipient.changed_at = 0, text, moment
    recipient.save(update_fields=["state", "handed_over_at", "reply_code", "reply_text", "changed_at"])
    kind = "mail.bounced" if hard else "mail.delayed"
    tell(mail, kind, [recipient], status=status[:20], is_address_wrong=hard and is_address_wrong)
    return True


def _reported(status: str, diagnostic: str) -> str:
    """A report's words as its server said them: without the protocol's name (RFC 3464 2.3.6), the status once."""
    said = _PROTOCOL.sub("", diagnostic.strip())
    return said if status and status in said else f"{status} {said}".strip()


def _note_unknown_bounce(mail: OutgoingMail, status: str, text: str) -> bool:
    """A bounce that names none of several recipients: the record says so, and nobody's state changes."""
    if mail.last_error == text:
        return False
    OutgoingMail.objects.filter(pk=mail.pk).update(last_error=text)
    tell(mail, "mail.bounced", [], status=status[:20])
    return True


def _insert(mail: OutgoingMail, raw: bytes) -> None:
    if len(raw) <= RAW_LIMIT:
        mail.raw = raw
        hot.put(mail)
        return
    blob = files.store(raw)
    mail.blob_sha256 = blob.sha256
    hot.put(mail)
    files.use(blob, f"mail:{mail.pk}")


def _distinct(recipients: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    reached: dict[str, tuple[str, str]] = {}
    for address, person_uid in recipients:
        if not is_sendable(address):
            raise CannotBeSent(reason=repr(address))
        reached.setdefault(address.lower(), (address, person_uid))
    if not reached:
        raise NobodyReached
    return list(reached.values())


def _number(mail: OutgoingMail | int) -> int:
    return mail if isinstance(mail, int) else mail.pk


def _retry(mails: OutgoingMailQuerySet) -> int:
    moment = clock.now()
    is_there = Q(raw__isnull=False) | ~Q(blob_sha256="")
    failed = OutgoingRecipient.objects.filter(mail=OuterRef("pk"), state=_Step.FAILED)
    with transaction.atomic():
        # Within its time to undo a mail is not hurried.
        hurried = mails.waiting().filter(state=_State.QUEUED, not_before__lte=moment).update(next_try_at=moment)
        given_up = mails.in_trouble().filter(is_there, Exists(failed), state__in=(_State.FAILED, _State.PARTLY))
        again = list(locked(given_up).values_list("pk", flat=True))
        if again:
            OutgoingRecipient.objects.filter(mail__in=again, state=_Step.FAILED).update(
                state=_Step.QUEUED, changed_at=moment
            )
            OutgoingMail.objects.filter(pk__in=again).update(state=_State.QUEUED, next_try_at=moment, give_up_at=None)
    return hurried + len(again)
