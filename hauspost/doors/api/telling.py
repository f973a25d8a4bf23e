"""Tickets and entries in words for programs: what the desk alone sees stands apart, and is null for all others."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from hauspost.doors.api.addresses import address_of, entry_address, ticket_address
from hauspost.doors.api.shapes.common import Named as NamedTold
from hauspost.doors.api.shapes.common import PersonNamed
from hauspost.doors.api.shapes.tickets import (
    DeskFields,
    EntryDeskFields,
    EntryDone,
    EntryTold,
    FileTold,
    RecipientTold,
    TicketDone,
    TicketTold,
)
from hauspost.duties.privacy import holds
from hauspost.ground.mail.outbox import Delivery, delivery_states
from hauspost.ground.text.plain import html_of_text
from hauspost.records.catalogue.models import Category
from hauspost.records.people.models import Named, Person
from hauspost.records.tickets.models import Attachment, Entry, Status, Tag, Ticket
from hauspost.records.tickets.reading import View, withheld_words

_NAMES = (
    "requester", "affected", "team", "assignee", "category", "site", "location", "department", "status", "technician",
)  # fmt: skip
T = TypeVar("T")
R = TypeVar("R")


def tickets_told(numbers: Sequence[int], views: dict[int, View]) -> list[TicketTold]:
    """Tickets in the order of their numbers; `views` as what each is seen. Two queries."""
    rows = {row.number: row for row in Ticket.objects.select_related(*_NAMES).filter(number__in=numbers)}
    at_desk = [number for number in numbers if views[number].sees_notes]
    tags: dict[int, list[str]] = {}
    held = holds.held_since(at_desk) if at_desk else {}
    if at_desk:
        for number, word in Tag.objects.filter(ticket__in=at_desk).order_by("word").values_list("ticket_id", "word"):
            tags.setdefault(number, []).append(word)
    return [ticket_told(rows[n], views[n], tags.get(n, []), held.get(n)) for n in numbers if n in rows]


def ticket_told(ticket: Ticket, view: View, tags: Sequence[str], held_since: datetime | None) -> TicketTold:
    """One ticket; since when a legal hold keeps it."""
    is_planned = ticket.state == Status.Kind.PLANNED
    return TicketTold(
        number=ticket.number,
        href=ticket_address(ticket.number),
        subject=ticket.subject,
        state=ticket.state,
        status=named(ticket.status),
        team=named(ticket.team),
        requester=person_named(ticket.requester),
        # Who works on it is the desk's, as in the portal (P11.4).
        assignee=_if(ticket.assignee, person_named) if view.sees_notes else None,
        planned_at=ticket.planned_at if is_planned else None,
        opened_at=ticket.opened_at,
        changed_at=ticket.changed_at,
        resolved_at=ticket.resolved_at,
        closed_at=ticket.closed_at,
        seen_as=view.role,
        desk=_desk_fields(ticket, tags, held_since) if view.sees_notes else None,
    )


def _desk_fields(ticket: Ticket, tags: Sequence[str], held_since: datetime | None) -> DeskFields:
    return DeskFields(
        type=ticket.type,
        category=_if(ticket.category, category_named),
        impact=ticket.impact,
        urgency=ticket.urgency,
        priority=ticket.priority,
        site=_if(ticket.site, named),
        location=_if(ticket.location, named),
        department=_if(ticket.department, named),
        affected=_if(ticket.affected, person_named),
        work_place=ticket.work_place,
        technician=_if(ticket.technician, person_named),
        planned_at=ticket.planned_at,
        wake_at=ticket.wake_at,
        impact_people=ticket.impact_people,
        impact_percent=ticket.impact_percent,
        impact_from=ticket.impact_from,
        impact_to=ticket.impact_to,
        channel=ticket.channel,
        intake_address=ticket.intake_address,
        answered_at=ticket.answered_at,
        awaits_reply=ticket.awaits_reply,
        version=ticket.version,
        tags=list(tags),
        legal_hold_since=held_since,
    )


def entries_told(ticket: Ticket, entries: Iterable[Entry], view: View, *, with_html: bool = False) -> list[EntryTold]:
    """Entries with their files, and at the desk with what became of them on their way out. Three queries."""
    rows = list(entries)
    ids = [row.id for row in rows if not view.withholds(row)]
    files: dict[int, list[FileTold]] = {}
    attached = Attachment.objects.filter(entry_id__in=ids).select_related("blob").order_by("entry_id", "position", "id")
    for file in attached:
        files.setdefault(file.entry_id, []).append(file_told(ticket.number, file))
    out = [row.id for row in rows if row.is_from_desk and row.kind == Entry.Kind.REPLY]
    states = delivery_states(out) if view.sees_notes and out else {}
    return [
        _entry_told(ticket, row, view, files.get(row.id, []), states.get(row.id, []), with_html=with_html)
        for row in rows
    ]


def _entry_told(
    ticket: Ticket,
    entry: Entry,
    view: View,
    files: list[FileTold],
    states: Sequence[Delivery],
    *,
    with_html: bool,
) -> EntryTold:
    href = entry_address(ticket.number, entry.seq)
    desk = None
    if view.sees_notes:
        desk = EntryDeskFields(
            author_address=entry.author_address,
            channel=entry.channel,
            proof=entry.proof or "none",
            is_automatic=entry.is_automatic,
            held_because=entry.held_because,
            leaves_at=entry.leaves_at,
            taken_back_at=entry.taken_back_at,
            sent_to=[RecipientTold(address=one.address, state=one.state, changed_at=one.changed_at) for one in states],
            original=f"{href}/original" if entry.delivery is not None else None,
        )
    return EntryTold(
        seq=entry.seq,
        href=href,
        kind=entry.kind,
        is_public=entry.is_public,
        is_from_desk=entry.is_from_desk,
        author=_if(entry.author, person_named),
        author_name=entry.author_name or (entry.author.name if entry.author else ""),
        at=entry.created_at,
        text=withheld_words() if view.withholds(entry) else entry.text,
        html=_html_told(entry, view) if with_html else None,
        files=files,
        desk=desk,
    )


def _html_told(entry: Entry, view: View) -> str:
    return html_of_text(withheld_words()) if view.withholds(entry) else entry.html + entry.quoted_html


def file_told(number: int, file: Attachment) -> FileTold:
    """A file, with the address of its bytes."""
    return FileTold(
        id=file.id,
        name=file.name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        sha256=file.blob.sha256 if file.blob is not None else None,
        is_inline=file.is_inline,
        href=address_of(f"tickets/{number}/files/{file.id}"),
    )


def ticket_done(ticket: Ticket) -> TicketDone:
    """That a change is done, without a word of the ticket."""
    return TicketDone(
        number=ticket.number, href=ticket_address(ticket.number), state=ticket.state, version=ticket.version
    )


def entry_done(entry: Entry) -> EntryDone:
    """That an entry is written, without a word of it."""
    return EntryDone(
        number=entry.ticket_id,
        seq=entry.seq,
        kind=entry.kind,
        href=entry_address(entry.ticket_id, entry.seq),
        leaves_at=entry.leaves_at,
    )


def named(thing: Named) -> NamedTold:
    """A thing of the company by key and name."""
    return NamedTold(key=thing.key, name=thing.name)


def category_named(category: Category) -> NamedTold:
    """A category by key, and its place in the tree."""
    return NamedTold(key=category.key, name=category.path)


def person_named(person: Person) -> PersonNamed:
    """A person by uid and name."""
    return PersonNamed(uid=person.uid, name=person.name)


def _if(thing: T | None, tell: Callable[[T], R]) -> R | None:
    return None if thing is None else tell(thing)
