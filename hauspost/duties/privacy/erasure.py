"""Erasing a person (GDPR, article 17): rows, record, search, mails and files; and what could not be cleaned."""

from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hauspost.duties.intake import erasing as mails
from hauspost.ground import db
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import record
from hauspost.ground.history.erasing import count_parts, erase_parts
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.ground.search import actions as search
from hauspost.records.people import actions as people
from hauspost.records.people.actor import Actor
from hauspost.records.people.login import forget_attempts
from hauspost.records.people.models import Person
from hauspost.records.places.actions import forget_workplace
from hauspost.records.tickets.actions import erasing as tickets
from hauspost.records.tickets.models import Attachment, Entry, Ticket


class HasOpenWork(Refused):
    """Somebody who is responsible for open tickets cannot be erased yet."""

    code = "has-open-work"

    words = _("%(name)s is still responsible for open tickets (%(numbers)s). Assign them to somebody else first.")


@dataclass(frozen=True)
class Preview:
    """What an erasure would take away."""

    name: str
    addresses: list[str]
    requests: int
    entries: int
    files: int
    mails_in: int
    mails_out: int
    parts: int
    open_work: list[int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def preview(person: Person) -> Preview:
    """What would go, and what would stay because it is other people's text."""
    addresses = list(person.addresses.values_list("address", flat=True))
    words = _words(person.name, addresses)
    return Preview(
        name=person.name,
        addresses=addresses,
        requests=Ticket.objects.filter(requester=person).count(),
        entries=Entry.objects.filter(author=person).count(),
        files=Attachment.objects.filter(entry__author=person).count(),
        mails_in=mails.mails_of(person, addresses).count(),
        mails_out=OutgoingMail.objects.filter(recipients__person_uid=str(person.uid)).distinct().count(),
        parts=count_parts(str(person.uid)),
        open_work=_open_work(person),
        left=tickets.mentions_by_others(person, words) + _other_mails(person, addresses, words),
    )


def erase(person: Person, *, actor: Actor) -> list[str]:
    """Erase a person for good. Records "person.erased". Answers what could not be cleaned, line by line.

    Raises NotAllowed, HasOpenWork.
    """
    if not actor.is_administrator:
        raise NotAllowed
    work = _open_work(person)
    if work:
        raise HasOpenWork(name=person.name, numbers=", ".join(f"#{number}" for number in work[:20]))
    name, addresses = person.name, list(person.addresses.values_list("address", flat=True))
    with transaction.atomic():
        parts = erase_parts(str(person.uid))
        requests = list(Ticket.objects.filter(requester=person).values_list("number", flat=True))
        entries = list(Entry.objects.filter(author=person).values_list("id", flat=True))
        blobs = tickets.forget_writings(person)
        blobs += mails.forget_mails(person, addresses)
        blobs += outbox.erase_letters(str(person.uid), about=requests, entries=entries)
        people.forget_person(person)
        forget_attempts(addresses)
        forget_workplace(person)
        tickets.forget_mentions(person, addresses)
        record("person.erased", person.stream, actor=actor, data={"parts": parts})
    left = _remove_bytes(blobs)
    search.scrub()
    db.clear_deleted()
    words = _words(name, addresses)
    left += tickets.mentions_by_others(person, words)
    left += mails.raw_mentions(person, words)
    left += _local_mailbox(words)
    return left


def _open_work(person: Person) -> list[int]:
    return list(Ticket.objects.filter(assignee=person).open().order_by("number").values_list("number", flat=True))


def _words(name: str, addresses: list[str]) -> list[str]:
    """By what a person is recognised in other people's text."""
    return [word for word in dict.fromkeys([name, *addresses]) if len(word) > 3]


def _other_mails(person: Person, addresses: list[str], words: list[str]) -> list[str]:
    theirs = {f"delivery {number}:" for number in mails.mails_of(person, addresses).values_list("id", flat=True)}
    return [line for line in mails.raw_mentions(person, words) if f"{line.partition(':')[0]}:" not in theirs]


def _remove_bytes(blobs: list[Blob]) -> list[str]:
    used = files.remove_now(blobs)
    return [f"file {blob.sha256[:12]}…: others use the same bytes" for blob in used]


def _local_mailbox(words: list[str]) -> list[str]:
    """The demo keeps what it sent in a local mailbox; that is somebody's inbox and not ours to change."""
    folder = settings.HAUSPOST.outgoing_maildir
    if folder is None or not folder.exists():
        return []
    wanted = [word.lower().encode() for word in words]
    named = sum(
        any(word in path.read_bytes().lower() for word in wanted) for path in folder.rglob("*") if path.is_file()
    )
    return [f"{named} mails in {folder}: already delivered"] if named else []
