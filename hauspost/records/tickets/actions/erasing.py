"""Forgetting what a person wrote and asked for; called by the erasure duty, in its transaction."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.history.erasing import erase_parts_kept
from hauspost.ground.search import actions as search
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets.indexing import index_entry
from hauspost.records.tickets.models import Attachment, Entry, Participant, Satisfaction, Ticket
from hauspost.records.tickets.reading import TicketQuerySet
from hauspost.records.tickets.writing import sealed_evidence

ERASED = "…"
_MOST = 200
# Of shorter ones nobody can be known again, and too many other words would go.
_SHORTEST_NAME = 4


def forget_writings(person: Person) -> list[Blob]:
    """Empty the person's entries and requests: words, names, subjects, files, what they said of how it went.

    Answers bytes nobody needs any more.
    """
    released: list[Blob] = []
    for entry in Entry.objects.filter(author=person).order_by("id"):
        released += files.release(entry.owner)
        Attachment.objects.filter(entry=entry).update(blob=None, name=ERASED, content_type="", content_id="")
        search.forget(entry.ticket_id, entry.id)
    Entry.objects.filter(author=person).update(
        text="",
        html="",
        quoted_html="",
        author_name="",
        author_address="",
        subject="",
        message_id="",
        recipients=[],
        evidence={},
    )
    Ticket.objects.filter(requester=person).update(subject="")
    Satisfaction.objects.filter(person=person).update(words="")
    return released


def forget_mentions(person: Person, addresses: list[str], names: list[str]) -> list[int]:
    """Take the person's name and addresses out of what others' entries say of their mail, and of the index.

    Answers the parts of the record that are erased with it. Within others' free text they are only reported.
    """
    renamed = []
    for ticket in tickets_of(person).select_related("requester"):
        for entry in Entry.objects.filter(ticket=ticket):
            kept = [one for one in entry.recipients if not _is(one, person, addresses)]
            if kept != entry.recipients:
                entry.recipients = kept
                entry.save(update_fields=["recipients"])
            if entry.author_id == person.id:
                continue
            if (subject := without_names(entry.subject, [*names, *addresses])) != entry.subject:
                entry.subject = subject
                entry.save(update_fields=["subject"])
                renamed.append(entry.id)
            if entry.seq == 1 or entry.id in renamed:
                index_entry(ticket, entry, list(entry.attachments.values_list("name", flat=True)))
    parts = erase_parts_kept("author", renamed)
    return parts + _forget_in_evidence({word.casefold() for word in (*names, *addresses) if word})


def tickets_of(person: Person) -> TicketQuerySet:
    """What the person asked for, is affected by, follows or wrote in."""
    theirs = Q(requester=person) | Q(affected=person) | Q(number__in=_followed(person))
    return Ticket.objects.filter(theirs | Q(number__in=Entry.objects.filter(author=person).values("ticket")))


def without_names(subject: str, names: Iterable[str]) -> str:
    """A subject without these full names and addresses: our own notices, which it answers, put them there."""
    for name in names:
        if len(name) >= _SHORTEST_NAME:
            subject = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ERASED, subject, flags=re.IGNORECASE)
    return subject


def _forget_in_evidence(words: set[str]) -> list[int]:
    looked = ((entry, evidence, _without(evidence, words)) for entry, evidence in _with_evidence())
    changed = {entry: kept for entry, evidence, kept in looked if kept != evidence}
    for entry, kept in changed.items():
        Entry.objects.filter(id=entry).update(evidence=kept)
    return erase_parts_kept("evidence", changed)


def _with_evidence() -> Iterator[tuple[int, Any]]:
    return Entry.objects.exclude(evidence={}).order_by("id").values_list("id", "evidence").iterator()


def _without(told: Any, words: set[str]) -> Any:
    """The same with nothing where a name or address of these stood alone; what is said about somebody stays."""
    if isinstance(told, dict):
        return {name: "" if _is_one(value, words) else _without(value, words) for name, value in told.items()}
    if isinstance(told, list):
        return [ERASED if _is_one(value, words) else _without(value, words) for value in told]
    return told


def _is_one(told: Any, words: set[str]) -> bool:
    return isinstance(told, str) and told.strip().casefold() in words


def _naming_in_evidence(words: list[str]) -> list[int]:
    """The entries whose evidence would still name somebody by these words: a date's title, a certificate's issuer."""
    wanted = {word.casefold() for word in words}
    found = []
    for entry, evidence in _with_evidence():
        left = sealed_evidence(_without(evidence, wanted)).casefold()
        if any(word in left for word in wanted):
            found.append(entry)
    return found[:_MOST]


def _followed(person: Person) -> list[int]:
    return list(Participant.objects.filter(person=person).values_list("ticket_id", flat=True))


def _is(recipient: dict[str, str], person: Person, addresses: list[str]) -> bool:
    return recipient.get("person") == str(person.uid) or recipient.get("address") in addresses


def mentions_by_others(person: Person, words: list[str], reader: Actor) -> list[str]:
    """Where others' words still name the person: their free text is theirs, so it is reported, not changed.

    Of tickets of confidential teams the reader hears only that there are some (P33.3).
    """
    if not words:
        return []
    # Subjects in the person's own tickets lose the name with them.
    subject = _naming(words, "subject") & ~Q(ticket__in=tickets_of(person).values("number"))
    told = _naming(words, "text", "html") | subject | Q(id__in=_naming_in_evidence(words))
    entries = Entry.objects.filter(told).exclude(author=person)
    files_named = Attachment.objects.filter(_naming(words, "name")).exclude(entry__author=person)
    subjects = Ticket.objects.filter(_naming(words, "subject")).exclude(requester=person)
    open_to = not_secret_to(reader)
    numbers = Ticket.objects.filter(open_to).values("number")
    found = [
        _("#%(number)s, entry %(entry)s: names the person") % {"number": ticket, "entry": seq}
        for ticket, seq in entries.filter(ticket__in=numbers)
        .order_by("ticket_id", "seq")
        .values_list("ticket_id", "seq")[:_MOST]
    ]
    files_open = files_named.filter(entry__ticket__in=numbers).order_by("id")
    found += [
        _("#%(number)s: the name of a file names the person") % {"number": ticket}
        for ticket in dict.fromkeys(files_open.values_list("entry__ticket_id", flat=True)[:_MOST])
    ]
    found += [
        _("#%(number)s: its subject names the person") % {"number": number}
        for number in subjects.filter(open_to).order_by("number").values_list("number", flat=True)[:_MOST]
    ]
    secret = (
        entries.exclude(ticket__in=numbers).exists()
        or files_named.exclude(entry__ticket__in=numbers).exists()
        or subjects.exclude(open_to).exists()
    )
    return [*found, _("Tickets of confidential teams name the person: ask their leads")] if secret else found


def _naming(words: list[str], *fields: str) -> Q:
    naming = Q()
    for word in words:
        for field in fields:
            naming |= Q(**{f"{field}__icontains": word})
    return naming


def told_to(reader: Actor, tickets: TicketQuerySet, *, most: int) -> list[str]:
    """Their numbers in words; of confidential teams' tickets only that there are some (P33.3)."""
    open_to = not_secret_to(reader)
    numbers = tickets.filter(open_to).order_by("number").values_list("number", flat=True)[:most]
    found = [f"#{number}" for number in numbers]
    is_more = not reader.is_system and tickets.exclude(open_to).exists()
    return [*found, _("in confidential teams")] if is_more else found


def not_secret_to(reader: Actor) -> Q:
    """The tickets whose number a reader may hear: not those of confidential teams they are not in."""
    return Q() if reader.is_system else Q(team__is_confidential=False) | Q(team__in=reader.teams_with("read"))
