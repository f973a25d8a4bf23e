"""The way of every mail: kept before it is acknowledged, then read, judged and filed, or set aside in sight."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.db.models import F

from hauspost.duties.intake import filing, ledger, reading, rules, unsealing
from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.rules.welcome import ACCEPTED
from hauspost.ground import clock, db, hot, tokens
from hauspost.ground.files.actions import read_blob, store, use
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import record
from hauspost.ground.mail.addresses import read_plus_address, read_verp
from hauspost.ground.mail.letter import Letter, read_head, read_letter
from hauspost.ground.outages import OUTAGES, is_outage
from hauspost.ground.refusals import NotAllowed, NotFound, Refused
from hauspost.ground.wake import wake
from hauspost.records.people.actions import our_addresses
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Ticket

log = logging.getLogger("hauspost.intake")

RAW_IN_ROW = 64 * 1024
TRIES = 3
_FREE = hot.Question(
    lambda delivery: db.skip_locked(Delivery.objects.filter(id=delivery, disposed_at__isnull=True)).values_list("id")[
        :1
    ]
)
SET_ASIDE = ("quarantine", "spam", "unchecked", "refused", "discarded", "bounce", "automatic", "own", "duplicate")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One accepted mail: its bytes (or the file it was spooled to) and for whom it is."""

    raw: bytes | Path
    size_bytes: int
    mail_from: str
    recipients: tuple[str, ...]
    via: str
    source: str
    transaction: str
    is_trusted_relay: bool
    received_at: datetime


def keep(envelopes: Sequence[Envelope]) -> list[int]:
    """Store accepted mails durably, many in one commit; only afterwards may they be acknowledged (P2.1).

    Each recipient is a delivery of its own. A transaction that is known already (a file seen again) is not kept twice.
    Answers the ids of the deliveries.
    """
    prepared = [(envelope, *_stored(envelope)) for envelope in envelopes]
    with transaction.atomic():
        known = _known([identity(envelope.transaction) for envelope in envelopes])
        rows, blobs = [], []
        for envelope, raw, blob, sha256 in prepared:
            for recipient in dict.fromkeys(address.strip().lower()[:320] for address in envelope.recipients):
                if (identity(envelope.transaction), recipient) in known:
                    continue
                known.add((identity(envelope.transaction), recipient))
                rows.append(_row(envelope, recipient, raw, blob.sha256 if blob else "", sha256))
                blobs.append(blob)
        Delivery.objects.bulk_create(rows)
        for row, blob in zip(rows, blobs, strict=True):
            if blob is not None:
                use(blob, f"delivery:{row.id}")
        transaction.on_commit(wake)
    return [row.id for row in rows]


def _stored(envelope: Envelope) -> tuple[bytes | None, Blob | None, str]:
    """Big mails become stored files before the transaction; small ones lie in their row."""
    if isinstance(envelope.raw, bytes) and len(envelope.raw) <= RAW_IN_ROW:
        return envelope.raw, None, hashlib.sha256(envelope.raw).hexdigest()
    blob = store(envelope.raw)
    return None, blob, blob.sha256


def _known(transactions: Sequence[str]) -> set[tuple[str, str]]:
    return set(Delivery.objects.filter(transaction__in=transactions).values_list("transaction", "recipient"))


def identity(transaction_name: str) -> str:
    """The name of a transaction as it is kept; a long one by its beginning and its digest."""
    if len(transaction_name) <= 255:
        return transaction_name
    return transaction_name[:180] + hashlib.sha256(transaction_name.encode("utf-8", "surrogatepass")).hexdigest()


def _mailbox_of(recipient: str) -> str:
    """The intake address that a recipient means: a signed plus-address leads to its base."""
    if recipient.startswith("postmaster"):
        return ""
    ring = tokens.ring()
    if "+" in recipient and read_verp(recipient, ring) is not None:
        return ""
    plus = read_plus_address(recipient, ring) if "+" in recipient else None
    return plus.base if plus is not None else recipient


def _row(envelope: Envelope, recipient: str, raw: bytes | None, blob: str, sha256: str) -> Delivery:
    return Delivery(
        received_at=envelope.received_at,
        via=envelope.via,
        source=envelope.source[:255],
        transaction=identity(envelope.transaction),
        recipient=recipient,
        mailbox=_mailbox_of(recipient),
        mail_from=envelope.mail_from.lower()[:320],
        is_trusted_relay=envelope.is_trusted_relay,
        raw=raw,
        blob=blob,
        size_bytes=envelope.size_bytes,
        sha256=sha256,
    )


def is_ours(address: str) -> bool:
    """Do we take mail for this address? Intake addresses, their signed plus-addresses, our return paths, postmaster."""
    clean = address.strip().lower()
    if clean == "postmaster" or clean.startswith("postmaster@"):
        return True
    ours = our_addresses()
    if clean in ours:
        return True
    ring = tokens.ring()
    plus = read_plus_address(clean, ring)
    return (plus is not None and plus.base in ours) or read_verp(clean, ring) is not None


def deliver_next(limit: int = 20) -> int:
    """Deliver what waits, the oldest first; answers how many came to their disposition."""
    waiting = list(Delivery.objects.filter(disposed_at__isnull=True).order_by("id")[:limit])
    return sum(deliver(row) for row in waiting)


def deliver(row: Delivery) -> bool:
    """Bring one waiting mail to its disposition; False when somebody else has it.

    A mail that cannot be read or filed is set aside with its reason (P1.1); a database that fails, or a full disk,
    leaves it waiting.
    """
    try:
        return _deliver(row)
    except OUTAGES:
        raise
    except Exception as fault:  # The loop must go on: one bad mail stops no other (P1).
        if is_outage(fault):
            log.error("delivery %s waits: %s", row.id, fault)
            return False
        if isinstance(fault, IntegrityError) and _may_try_again(row.id):
            return True
        log.exception("delivery %s could not be filed", row.id)
        _quarantine(row.id, type(fault).__name__, str(fault)[:500])
        return True


def _deliver(row: Delivery) -> bool:
    # Read outside the transaction: parsing holds no lock (P55.1).
    letter = as_came = reading.read_delivery(row, read_letter)
    told: dict[str, Any] = {}
    if unsealing.is_sealed(letter):
        letter, told = unsealing.open_sealed(row, letter)
    closed = as_came if told.get("decrypted") else None
    case = Case(row, letter, raw=lambda: raw_of(row), told=told, closed=closed)
    # Who really wrote is asked of name servers, perhaps.
    _ = case.evidence
    with transaction.atomic():
        if not _FREE.is_true(row.id):
            return False
        # Copies of one mail that come at once are judged one after the other.
        db.hold(b"mail" + case.identity)
        _dispose(case, _judge(case))
    return True


def _may_try_again(delivery_id: int) -> bool:
    """Two workers that meet at the same new person or file: the second finds it there when it comes again."""
    return bool(
        Delivery.objects.filter(id=delivery_id, disposition="waiting", tries__lt=TRIES).update(tries=F("tries") + 1)
    )


def _judge(case: Case) -> Verdict:
    if case.letter.fault:
        return Verdict("quarantine", case.letter.fault)
    verdict = rules.judge(case)
    if verdict is None:
        verdict = filing.file(case)
    elif verdict.disposition == "flood":
        verdict = filing.flood(case, verdict)
    # Only the mail that opened the ticket says who else it was sent to; answers let nobody read it.
    opens = verdict.disposition == "ticket" or (verdict.disposition == "duplicate" and case.opened_by_twin)
    if verdict.ticket is not None and opens and case.also_sent_to:
        tickets.also_send_to(verdict.ticket, case.also_sent_to, actor=SYSTEM)
    return verdict


_JUDGED = (
    "sender", "subject", "message_id_hash", "content_hash", "person_uid", "disposition", "because", "disposed_at",
    "detail", "ticket", "entry", "tries", "fault",
)  # fmt: skip


def _dispose(case: Case, verdict: Verdict) -> None:
    row, letter = case.delivery, case.letter
    row.sender = case.sender[:320]
    row.subject = letter.subject[:500].replace("\0", "")
    row.message_id_hash, row.content_hash = case.identity, case.content_hash
    row.person_uid = str(case.known_sender.uid) if case.known_sender else _author_uid(verdict)
    row.disposition, row.because, row.disposed_at = verdict.disposition, verdict.because[:40], clock.now()
    row.detail = " · ".join(text for text in (verdict.detail, row.detail) if text)
    row.ticket, row.entry = verdict.ticket, verdict.entry
    row.fault = letter.fault if letter.fault in reading.HARD_FAULTS else ""
    row.tries += 1
    hot.change(row, _JUDGED)
    if verdict.entry is None:
        # Nothing in a ticket's record tells of it: the mail room's own record does.
        _record(row, "delivery.disposed", SYSTEM)


def _author_uid(verdict: Verdict) -> str:
    from hauspost.records.tickets.models import Entry

    if verdict.entry is None:
        return ""
    uid = Entry.objects.filter(id=verdict.entry).values_list("author__uid", flat=True).first()
    return str(uid) if uid else ""


def _record(row: Delivery, kind: str, actor: Actor) -> None:
    data = {"disposition": row.disposition, "because": row.because, "ticket": row.ticket, "sha256": row.sha256}
    record(kind, f"delivery:{row.id}", actor=actor, data=data)


def _quarantine(delivery_id: int, because: str, detail: str) -> None:
    with transaction.atomic():
        # Another worker may have filed it while we could not read it.
        row = Delivery.objects.select_for_update().filter(id=delivery_id, disposed_at__isnull=True).first()
        if row is None:
            return
        letter = _head_of(row, because)
        row.sender = letter.sender.address.lower()[:320] if letter.sender else ""
        row.subject = letter.subject[:500].replace("\0", "")
        row.disposition, row.because, row.detail, row.disposed_at = "quarantine", because[:40], detail, clock.now()
        row.tries += 1
        row.save()
        _record(row, "delivery.disposed", SYSTEM)


def _head_of(row: Delivery, fault: str) -> Letter:
    """Sender and subject of a mail that could not be read, if they can."""
    try:
        return read_head(reading.source_of(row), fault=fault)
    except Exception:  # Whatever it is, the mail is set aside all the same.
        log.exception("delivery %s: not even its headers could be read", row.id)
        return Letter(fault=fault)


def raw_of(row: Delivery) -> bytes:
    """The mail as it came, byte for byte. Raises NotFound when it was erased."""
    if row.raw is not None:
        return bytes(row.raw)
    if not row.blob:
        raise NotFound
    return read_blob(row.blob)


def raw_mail(delivery_id: int | None) -> BinaryIO:
    """The raw mail that brought an entry; who may see the entry is the caller's question. Raises NotFound."""
    row = Delivery.objects.filter(id=delivery_id).first() if delivery_id is not None else None
    if row is None:
        raise NotFound
    return reading.open_source(row)


def may_see_mailroom(actor: Actor) -> bool:
    """Dispatchers and team leads run the mail room; administrators see that it works."""
    return actor.is_administrator or bool(actor.teams_with("mailroom"))


def _set_aside(delivery_id: int, actor: Actor) -> Delivery:
    if not may_see_mailroom(actor):
        raise NotAllowed
    theirs = ledger.visible_to(actor).select_for_update()
    row = theirs.filter(id=delivery_id, disposition__in=SET_ASIDE).first()
    if row is None:
        raise NotFound
    return row


@transaction.atomic
def retry(delivery_id: int, *, actor: Actor) -> None:
    """Let a set-aside mail go its way again (P3.1). Records "delivery.retried". Raises NotAllowed, NotFound."""
    row = _set_aside(delivery_id, actor)
    row.disposition, row.because, row.detail, row.disposed_at = "waiting", "", "", None
    row.save(update_fields=["disposition", "because", "detail", "disposed_at"])
    _record(row, "delivery.retried", actor)
    transaction.on_commit(wake)


@transaction.atomic
def accept(delivery_id: int, *, actor: Actor) -> None:
    """Let in what waits to be checked, or was taken for spam (P35.1): it goes its way as if it had been welcome.

    Records "delivery.accepted". Raises NotAllowed, NotFound.
    """
    row = _set_aside(delivery_id, actor)
    if row.disposition not in ("unchecked", "spam"):
        raise NotFound
    row.disposition, row.because, row.detail, row.disposed_at = "waiting", ACCEPTED, "", None
    row.save(update_fields=["disposition", "because", "detail", "disposed_at"])
    _record(row, "delivery.accepted", actor)
    transaction.on_commit(wake)


@transaction.atomic
def mark_as_spam(delivery_id: int, *, actor: Actor) -> None:
    """Say that what waits to be checked is spam. Records "delivery.spam". Raises NotAllowed, NotFound."""
    row = _set_aside(delivery_id, actor)
    row.disposition, row.because, row.disposed_at = "spam", "by hand", clock.now()
    row.save(update_fields=["disposition", "because", "disposed_at"])
    _record(row, "delivery.spam", actor)


def retry_all(*, actor: Actor) -> int:
    """Try the whole quarantine again, after an upgrade for example (P3.4)."""
    if not may_see_mailroom(actor):
        raise NotAllowed
    theirs = ledger.visible_to(actor).filter(disposition="quarantine")
    ids = list(theirs.order_by("id").values_list("id", flat=True)[:1000])
    for delivery_id in ids:
        retry(delivery_id, actor=actor)
    return len(ids)


@transaction.atomic
def discard(delivery_id: int, *, actor: Actor) -> None:
    """Say that a set-aside mail needs nothing. It stays in the ledger. Records "delivery.discarded"."""
    row = _set_aside(delivery_id, actor)
    row.disposition, row.because, row.disposed_at = "discarded", "by hand", clock.now()
    row.save(update_fields=["disposition", "because", "disposed_at"])
    _record(row, "delivery.discarded", actor)


@transaction.atomic
def make_ticket(delivery_id: int, *, actor: Actor) -> Ticket:
    """Make a ticket of a set-aside mail by hand, with the raw mail attached (P3.1).

    Records "ticket.opened" and "delivery.filed_by_hand".

    Raises NotAllowed, NotFound, Refused when there is no intake address.
    """
    row = _set_aside(delivery_id, actor)
    case = Case(row, reading.with_files_stored(letter_of(row)))
    with_raw = filing.as_attachment(case, reading.source_file(row))
    verdict = filing.file_new(with_raw, actor)
    if verdict.ticket is None:
        raise Refused
    _dispose(case, verdict)
    _record(row, "delivery.filed_by_hand", actor)
    return Ticket.objects.get(number=verdict.ticket)


def letter_of(row: Delivery) -> Letter:
    """A delivery's mail, read again for people; of one that cannot be read, or not within bounds, its headers.

    Raises NotFound when it was erased.
    """
    raw = reading.source_of(row)
    if row.fault:
        return _head_of(row, row.fault)
    try:
        return read_letter(raw)
    except Exception:  # Whoever asks looks at the mail, and has the original beside it.
        log.exception("delivery %s could not be read", row.id)
        return _head_of(row, "unreadable")
