"""Forgetting a person's mails in the journal; their dispositions stay, so that the sums still add up."""

from django.db.models import Q, QuerySet

from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Entry


def mails_of(person: Person, addresses: list[str]) -> QuerySet[Delivery]:
    """The deliveries that a person sent, and those by which an agent passed on what they wrote (P30)."""
    theirs = Q(person_uid=str(person.uid)) | Q(sender__in=addresses) | Q(mail_from__in=addresses)
    theirs |= Q(id__in=Entry.objects.filter(author=person, delivery__isnull=False).values("delivery"))
    return Delivery.objects.filter(theirs)


def forget_mails(person: Person, addresses: list[str]) -> list[Blob]:
    """Let raw mail, sender and subject go. Answers bytes nobody needs any more; in the caller's transaction."""
    released: list[Blob] = []
    rows = mails_of(person, addresses)
    for delivery_id in list(rows.exclude(blob="").values_list("id", flat=True)):
        released += files.release(f"delivery:{delivery_id}")
    # What has not been read yet would come back as a ticket: it goes, too.
    rows.filter(disposed_at__isnull=True).update(disposition="discarded", because="erased", disposed_at=clock.now())
    rows.update(raw=None, blob="", sender="", subject="", mail_from="", source="", detail="", sha256="")
    return released


def forget_mails_of_ticket(number: int) -> list[Blob]:
    """The same for every mail that went into a ticket, whoever sent it; what is left says that it came, and when."""
    released: list[Blob] = []
    rows = Delivery.objects.filter(ticket=number)
    for delivery_id in list(rows.exclude(blob="").values_list("id", flat=True)):
        released += files.release(f"delivery:{delivery_id}")
    rows.update(
        raw=None, blob="", sender="", subject="", mail_from="", source="", detail="", sha256="", person_uid="",
        message_id_hash=None, content_hash=None,
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
