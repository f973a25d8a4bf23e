"""Erasing a person (GDPR, article 17): rows, record, search, mails and files; and what could not be cleaned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.intake import erasing as mails
from hauspost.duties.privacy import holds
from hauspost.duties.privacy.merging import doubles_of
from hauspost.duties.privacy.models import LegalHold
from hauspost.duties.privacy.refusals import HasOpenWork, Oneself
from hauspost.ground import db
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import record
from hauspost.ground.history.erasing import count_parts, erase_parts
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.refusals import NotAllowed
from hauspost.ground.search import actions as search
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.login import forget_attempts
from hauspost.records.people.models import Address, Person
from hauspost.records.places.actions import forget_workplace
from hauspost.records.tickets.actions import erasing as tickets
from hauspost.records.tickets.models import Attachment, Entry, Ticket

_MOST_TOLD = 20


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
    open_work: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def preview(person: Person, reader: Actor = SYSTEM) -> Preview:
    """What would go, doubles that were merged into the person included; and what would stay as other people's text.

    Of confidential teams the reader hears only that there is something (P33.3).
    """
    everyone = [person, *doubles_of(person)]
    uids = [str(one.uid) for one in everyone]
    addresses = list(Address.objects.filter(person__in=everyone).values_list("address", flat=True))
    words = _words([one.name for one in everyone], addresses)
    mails_in = reduce(or_, (mails.mails_of(one, addresses) for one in everyone))
    return Preview(
        name=person.name,
        addresses=addresses,
        requests=Ticket.objects.filter(requester__in=everyone).count(),
        entries=Entry.objects.filter(author__in=everyone).count(),
        files=Attachment.objects.filter(entry__author__in=everyone).count(),
        mails_in=mails_in.count(),
        mails_out=OutgoingMail.objects.filter(recipients__person_uid__in=uids).distinct().count(),
        parts=sum(count_parts(uid) for uid in uids),
        open_work=_open_work(person, reader),
        held=list(dict.fromkeys(what for one in everyone for what in holds.holding(one, reader))),
        left=tickets.mentions_by_others(person, words, reader) + _other_mails(addresses, words, everyone),
    )


def erase(person: Person, *, actor: Actor) -> list[str]:
    """Erase a person for good, with every double that was merged into them. Records "person.erased", once a row.

    Answers what could not be cleaned, line by line.

    Raises NotAllowed, Oneself, OnHold, HasOpenWork.
    """
    if not actor.is_administrator:
        raise NotAllowed
    if actor.who == person:
        raise Oneself
    everyone = [person, *doubles_of(person)]
    for one in everyone:
        holds.refuse_held(one, actor)
    work = _open_work(person, actor)
    if work:
        raise HasOpenWork(name=person.name, numbers=", ".join(work))
    names = [one.name for one in everyone]
    addresses = list(Address.objects.filter(person__in=everyone).values_list("address", flat=True))
    blobs: list[Blob] = []
    with transaction.atomic():
        for one in everyone:
            blobs += _forget(one, names, addresses, actor)
        servers = people.forget_in_mail_accounts(addresses)
    left = _remove_bytes(blobs)
    left += [_("Mail server %(name)s signs in as this person: change its mailbox") % {"name": name} for name in servers]
    search.scrub()
    if not db.clear_deleted():
        left.append(_("The log of the database: somebody was reading all the time. Restart Hauspost, which empties it"))
    words = _words(names, addresses)
    for one in everyone:
        left += tickets.mentions_by_others(one, words, actor)
    left += _other_mails([], words, [])
    left += _local_mailbox(words)
    return list(dict.fromkeys(left))


def _forget(person: Person, names: list[str], addresses: list[str], actor: Actor) -> list[Blob]:
    """One row and all that is told of it; answers bytes that nobody needs any more."""
    parts = erase_parts(str(person.uid))
    requests = list(Ticket.objects.filter(requester=person).values_list("number", flat=True))
    entries = list(Entry.objects.filter(author=person).values_list("id", flat=True))
    blobs = tickets.forget_writings(person)
    blobs += mails.forget_mails(person, addresses)
    blobs += outbox.erase_letters(str(person.uid), about=requests, entries=entries)
    mails.forget_names_in_subjects(list(tickets.tickets_of(person).values_list("number", flat=True)), names + addresses)
    people.forget_person(person)
    forget_attempts(addresses)
    forget_workplace(person)
    parts += tickets.forget_mentions(person, addresses, names)
    holds.forget_reasons(LegalHold.objects.filter(person=person))
    record("person.erased", person.stream, actor=actor, data={"parts": parts})
    return blobs


def _open_work(person: Person, reader: Actor) -> list[str]:
    """The numbers of what the person still has to do; of confidential teams' only that there is some (P33.3)."""
    work = Ticket.objects.filter(assignee=person).open()
    return tickets.told_to(reader, work, most=_MOST_TOLD)


def _words(names: list[str], addresses: list[str]) -> list[str]:
    """By what a person is recognised in other people's text."""
    return [word for word in dict.fromkeys([*names, *addresses]) if len(word) > 3]


def _other_mails(addresses: list[str], words: list[str], everyone: Sequence[Person]) -> list[str]:
    """Other people's mails that name the person."""
    theirs = {row for one in everyone for row in mails.mails_of(one, addresses).values_list("id", flat=True)}
    return [
        _("Delivery %(number)s: somebody else's mail names the person") % {"number": row}
        for row in mails.raw_mentions(words)
        if row not in theirs
    ]


def _remove_bytes(blobs: list[Blob]) -> list[str]:
    used = files.remove_now(blobs)
    return [_("File %(name)s…: others use the same bytes") % {"name": blob.sha256[:12]} for blob in used]


def _local_mailbox(words: list[str]) -> list[str]:
    """The demo keeps what it sent in a local mailbox; that is somebody's inbox and not ours to change."""
    folder = settings.HAUSPOST.outgoing_maildir
    if folder is None or not folder.exists():
        return []
    wanted = [word.lower().encode() for word in words]
    named = sum(
        any(word in path.read_bytes().lower() for word in wanted) for path in folder.rglob("*") if path.is_file()
    )
    return [_("%(count)s mails in %(folder)s: already delivered") % {"count": named, "folder": folder}] if named else []
