"""Forgetting what a person wrote and asked for; called by the erasure duty, in its transaction."""

from django.db.models import Q

from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.search import actions as search
from hauspost.records.people.models import Person
from hauspost.records.tickets.indexing import index_entry
from hauspost.records.tickets.models import Attachment, Entry, Participant, Ticket

ERASED = "…"


def forget_writings(person: Person) -> list[Blob]:
    """Empty the person's entries and requests: words, names, subjects, files. Answers bytes nobody needs any more."""
    released: list[Blob] = []
    for entry in Entry.objects.filter(author=person).order_by("id"):
        released += files.release(entry.owner)
        Attachment.objects.filter(entry=entry).update(blob=None, name=ERASED, content_type="", content_id="")
        search.forget(entry.ticket_id, entry.id)
    Entry.objects.filter(author=person).update(
        text="", html="", quoted_html="", author_name="", author_address="", subject="", message_id="", recipients=[]
    )
    Ticket.objects.filter(requester=person).update(subject="")
    return released


def forget_mentions(person: Person, addresses: list[str]) -> None:
    """Take the person's name and addresses out of what others' entries say of their recipients, and of the index."""
    tickets = Ticket.objects.filter(
        Q(requester=person) | Q(affected=person) | Q(number__in=_followed(person)) | Q(entries__author=person)
    ).distinct()
    for ticket in tickets.select_related("requester"):
        for entry in Entry.objects.filter(ticket=ticket):
            kept = [one for one in entry.recipients if not _is(one, person, addresses)]
            if kept != entry.recipients:
                entry.recipients = kept
                entry.save(update_fields=["recipients"])
            if entry.seq == 1 and entry.author_id != person.id:
                index_entry(ticket, entry, list(entry.attachments.values_list("name", flat=True)))


def _followed(person: Person) -> list[int]:
    return list(Participant.objects.filter(person=person).values_list("ticket_id", flat=True))


def _is(recipient: dict[str, str], person: Person, addresses: list[str]) -> bool:
    return recipient.get("person") == str(person.uid) or recipient.get("address") in addresses


def mentions_by_others(person: Person, words: list[str]) -> list[str]:
    """Where others' words still name the person: their free text is theirs, so it is reported, not changed."""
    found: list[str] = []
    naming = Q()
    for word in words:
        naming |= Q(text__icontains=word) | Q(html__icontains=word) | Q(subject__icontains=word)
    if not words:
        return found
    rows = Entry.objects.filter(naming).exclude(author=person).order_by("ticket_id", "seq")
    found += [f"#{ticket}, entry {seq}: names the person" for ticket, seq in rows.values_list("ticket_id", "seq")[:200]]
    named = Q()
    for word in words:
        named |= Q(name__icontains=word)
    files_named = Attachment.objects.filter(named).exclude(entry__author=person).order_by("id")
    found += [f"#{ticket}, file {name!r}" for ticket, name in files_named.values_list("entry__ticket_id", "name")[:200]]
    subjects = Q()
    for word in words:
        subjects |= Q(subject__icontains=word)
    others = Ticket.objects.filter(subjects).exclude(requester=person).values_list("number", flat=True)
    return found + [f"#{number}: its subject names the person" for number in others[:200]]
