"""Forgetting a person's mails in the journal; their dispositions stay, so that the sums still add up."""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock, hot, tokens
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.records.people.models import Person
from hauspost.records.tickets.actions.erasing import without_names
from hauspost.records.tickets.models import Entry

# Why a mail counts as a duplicate of one that was forgotten.
WAS_FORGOTTEN = "was forgotten"
_PURPOSE, _MARK_BYTES, _AT_ONCE = "forgotten mail", 16, 500
_FORGOTTEN = hot.Question(
    lambda mark, mailbox: (
        Delivery.objects.filter(message_id_hash=mark, mailbox=mailbox, content_hash=None)
        .order_by("id")
        .values_list("id", flat=True)
    )
)


def mails_of(person: Person, addresses: list[str]) -> QuerySet[Delivery]:
    """The deliveries that a person sent, and those by which an agent passed on what they wrote (P30)."""
    theirs = Q(person_uid=str(person.uid)) | Q(sender__in=addresses) | Q(mail_from__in=addresses)
    theirs |= Q(id__in=Entry.objects.filter(author=person, delivery__isnull=False).values("delivery"))
    return Delivery.objects.filter(theirs)


def forget_mails(person: Person, addresses: list[str]) -> list[Blob]:
    """Let raw mail, sender and subject go. Answers bytes nobody needs any more; in the caller's transaction."""
    rows = mails_of(person, addresses)
    # What has not been read yet would come back as a ticket: it goes, too.
    rows.filter(disposed_at__isnull=True).update(disposition="discarded", because="erased", disposed_at=clock.now())
    return _empty(rows)


def forget_names_in_subjects(numbers: Collection[int], names: Sequence[str]) -> None:
    """Take these names out of the subjects of others' mails in some tickets; in the caller's transaction."""
    rows = Delivery.objects.filter(ticket__in=numbers).exclude(subject="")
    for row, subject in rows.order_by("id").values_list("id", "subject"):
        kept = without_names(subject, names)
        if kept != subject:
            Delivery.objects.filter(id=row).update(subject=kept)


def forget_mails_of_ticket(number: int) -> list[Blob]:
    """The same for every mail that went into a ticket, whoever sent it; what is left says that it came, and when.

    On its server it may lie yet: by a mark that nobody can make without our key it is known when it is fetched anew.
    """
    return _empty(Delivery.objects.filter(ticket=number))


def twin_of_forgotten(identity: bytes, content_hash: bytes, mailbox: str) -> int | None:
    """The delivery of the same mail to the same mailbox that was forgotten: it is not to come back (P12.2, P41)."""
    for mark in tokens.ring().macs(_PURPOSE, identity + content_hash, _MARK_BYTES):
        found = _FORGOTTEN.first(mark, mailbox)
        if found is not None:
            return int(found)
    return None


def came_again(most: int) -> list[int]:
    """Copies of forgotten mails that still hold what was forgotten."""
    rows = Delivery.objects.filter(disposition="duplicate", because=WAS_FORGOTTEN).exclude(raw=None, blob="")
    return list(rows.order_by("id").values_list("id", flat=True)[:most])


def forget_again(rows: list[int]) -> list[Blob]:
    """Forget these, too. Answers bytes nobody needs any more."""
    with transaction.atomic():
        return _empty(Delivery.objects.filter(id__in=rows))


def _empty(rows: QuerySet[Delivery]) -> list[Blob]:
    """Nothing but dates and dispositions stays: a plain hash of who wrote what could be guessed back."""
    found = list(rows.only("id", "blob", "message_id_hash", "content_hash").order_by("id"))
    released = [blob for row in found if row.blob for blob in files.release(f"delivery:{row.id}")]
    for row in found:
        if row.message_id_hash is not None and row.content_hash is not None:
            payload = bytes(row.message_id_hash) + bytes(row.content_hash)
            row.message_id_hash = tokens.ring().mac(_PURPOSE, payload, _MARK_BYTES)[1]
    Delivery.objects.bulk_update(found, ["message_id_hash"], batch_size=_AT_ONCE)
    for at in range(0, len(found), _AT_ONCE):
        Delivery.objects.filter(id__in=[row.id for row in found[at : at + _AT_ONCE]]).update(
            raw=None, blob="", sender="", subject="", mail_from="", source="", detail="", sha256="", person_uid="",
            content_hash=None,
        )  # fmt: skip
    return released


def raw_mentions(words: list[str]) -> list[int]:
    """The deliveries whose raw mail names somebody by these words, in To, Cc or quotes: reported, not changed."""
    wanted = [word.lower().encode() for word in words if word]
    found: list[int] = []
    if not wanted:
        return found
    for delivery_id, raw in Delivery.objects.filter(raw__isnull=False).values_list("id", "raw").iterator():
        lowered = bytes(raw or b"").lower()
        if any(word in lowered for word in wanted):
            found.append(delivery_id)
    return found[:200]
