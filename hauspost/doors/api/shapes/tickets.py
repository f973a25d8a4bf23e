"""Tickets and their entries as they go out."""

from typing import Any
from uuid import UUID

from pydantic import Field

from hauspost.doors.api.shapes.common import Named, PersonNamed, Told, ToldMoment

_HREF = Field(description="Its address.", examples=["https://help.firma.example/api/v1/tickets/4821"])


class DeskFields(Told):
    """What only the desk sees of a ticket."""

    type: str = Field(examples=["incident"])
    category: Named | None
    impact: int = Field(description="1 low to 3 high.")
    urgency: int = Field(description="1 low to 3 high.")
    priority: int = Field(description="1 low, 2 normal, 3 high, 4 critical: from impact and urgency.")
    site: Named | None
    location: Named | None
    department: Named | None
    affected: PersonNamed | None
    work_place: str = Field(description="`remote`, `on_site` or empty.")
    technician: PersonNamed | None
    planned_at: ToldMoment | None
    wake_at: ToldMoment | None = Field(description="Snoozed until then.")
    impact_people: int | None
    impact_percent: int | None
    impact_from: ToldMoment | None
    impact_to: ToldMoment | None
    channel: str = Field(examples=["mail"])
    intake_address: str
    answered_at: ToldMoment | None
    awaits_reply: bool
    version: int = Field(description="Raised with every change.")
    tags: list[str]
    legal_hold_since: ToldMoment | None = Field(description="Nothing of it goes while a legal hold stands on it.")


class TicketTold(Told):
    """A ticket, as the caller sees it; `desk` is null where the caller sees it as requester, participant or so."""

    number: int
    href: str = _HREF
    subject: str
    state: str = Field(description="The kind of its status.", examples=["open"])
    status: Named
    team: Named
    requester: PersonNamed
    assignee: PersonNamed | None = Field(description="Null also where `desk` is.")
    planned_at: ToldMoment | None = Field(description="When somebody comes, while a visit is planned.")
    opened_at: ToldMoment
    changed_at: ToldMoment
    resolved_at: ToldMoment | None
    closed_at: ToldMoment | None
    seen_as: str = Field(
        description="As what the caller sees it: agent, helper, sharing, emergency, auditor; requester, participant, "
        "department.",
        examples=["agent"],
    )
    desk: DeskFields | None


class TicketPage(Told):
    """Some tickets, the newest first."""

    tickets: list[TicketTold]
    next: str | None = Field(
        description="The `cursor` of the next page; null at the end. A page may be short, even empty, and still have a "
        "next one: so much was looked at."
    )


class FileTold(Told):
    """A file of an entry."""

    id: int
    name: str
    content_type: str
    size_bytes: int
    sha256: str | None = Field(description="Of its bytes; null when they were erased with their person.")
    is_inline: bool
    href: str


class RecipientTold(Told):
    """How far a reply came on its way to one address."""

    address: str
    state: str = Field(examples=["handed_over"])
    changed_at: ToldMoment


class EntryDeskFields(Told):
    """What only the desk sees of an entry."""

    author_address: str
    channel: str
    proof: str = Field(description="How sure it is who wrote: session, token, authenticated mail, …, none.")
    is_automatic: bool
    held_because: str = Field(description="Why it waits to be released; empty when it does not.")
    leaves_at: ToldMoment | None = Field(description="Until then a reply can be taken back.")
    taken_back_at: ToldMoment | None
    sent_to: list[RecipientTold]
    original: str | None = Field(description="Where the mail lies as it came, byte for byte.")


class EntryTold(Told):
    """One entry in a ticket: the request, a reply, or an internal note."""

    seq: int = Field(description="Its number within the ticket.")
    href: str
    kind: str = Field(description="request (the requester's side), reply, or note.")
    is_public: bool
    is_from_desk: bool
    author: PersonNamed | None
    author_name: str
    at: ToldMoment
    text: str
    html: str | None = Field(description="As safe HTML; only where one entry is asked for.")
    files: list[FileTold]
    desk: EntryDeskFields | None


class EntryPage(Told):
    """The entries of a ticket, the oldest first."""

    entries: list[EntryTold]
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")


class ParticipantTold(Told):
    """Somebody who follows the ticket."""

    person: PersonNamed
    role: str = Field(examples=["participant"])
    is_confirmed: bool


class Participants(Told):
    """Who follows the ticket."""

    participants: list[ParticipantTold]


class LinkTold(Told):
    """Another ticket that this one has to do with, and that the caller sees."""

    kind: str = Field(examples=["duplicate"])
    direction: str = Field(description="`out`: this ticket is <kind> of the other; `in`: the other one is.")
    number: int
    subject: str
    state: str
    href: str


class Links(Told):
    """The links of a ticket."""

    links: list[LinkTold]


class SpamDone(Told):
    """The tickets that were marked, or taken back; those that were so already are not named."""

    numbers: list[int]


class ElsewhereTold(Told):
    """The ticket's number in another system."""

    number: str
    domain: str


class Elsewhere(Told):
    """The ticket's numbers in other systems."""

    numbers: list[ElsewhereTold]


class Tags(Told):
    """The words on a ticket."""

    tags: list[str]


class EventTold(Told):
    """One thing that happened, from the sealed record; persons by uid, company things by key."""

    seq: int
    kind: str = Field(examples=["ticket.assigned"])
    occurred_at: ToldMoment
    recorded_at: ToldMoment
    actor: dict[str, str] = Field(examples=[{"who": "person:6f1c…", "via": "web", "proof": "session"}])
    data: dict[str, Any] = Field(description="What the event keeps: before and after of every changed field.")
    digest: str = Field(description="Its seal in the hash chain, hexadecimal.")


class EventPage(Told):
    """The record of a ticket, the oldest first."""

    events: list[EventTold]
    next: str | None


class TicketThen(Told):
    """A ticket as it stood at a moment, read back from its record: persons by uid, company things by key."""

    at: ToldMoment
    is_there: bool = Field(description="Had it been opened?")
    subject: str
    fields: dict[str, Any] = Field(examples=[{"status": "open", "assignee": None, "impact": 2}])
    tags: list[str]
    participants: dict[str, bool] = Field(description="Who followed it, by uid, and whether confirmed.")
    entries: list[int] = Field(description="The entries that were there, by `seq`.")


class HitTold(Told):
    """A ticket that was found, with the words around the hit."""

    ticket: TicketTold
    excerpt: str
    marked: list[str] = Field(description="The pieces of the excerpt that are hits.")


class Hits(Told):
    """What was found, the newest first."""

    hits: list[HitTold]
    next: str | None


class TicketDone(Told):
    """A change of a ticket is done. Says where it is, not what is in it: that takes the scope to read."""

    number: int = Field(examples=[4821])
    href: str = _HREF
    state: str = Field(examples=["open"])
    version: int = Field(examples=[7])


class EntryDone(Told):
    """An entry is written."""

    number: int = Field(examples=[4821])
    seq: int = Field(examples=[3])
    kind: str = Field(examples=["reply"])
    href: str = Field(examples=["https://help.firma.example/api/v1/tickets/4821/entries/3"])
    leaves_at: ToldMoment | None = Field(None, description="Until then a reply can be taken back.")


class AlarmDone(Told):
    """What became of an alarm."""

    outcome: str = Field(
        description="opened, attached (to the standing ticket), counted (the same words again within ten minutes), "
        "reopened, resolved, or nothing (no such alarm stood).",
        examples=["opened"],
    )
    number: int | None = Field(description="Its ticket.", examples=[4821])
    href: str | None
    times: int = Field(description="How often the alarm has come.", examples=[1])


class NoticeTold(Told):
    """One thing the caller was told."""

    id: int
    kind: str = Field(examples=["ticket.answered"])
    number: int | None = Field(description="Of which ticket; null when it is about the house.")
    subject: str
    at: ToldMoment
    is_read: bool


class Notices(Told):
    """The newest notices, of tickets that the caller may still see."""

    notices: list[NoticeTold]


class NoticesRead(Told):
    """So many notices were unread and are read now."""

    read: int


class Me(Told):
    """Who calls, and what for."""

    uid: UUID
    name: str
    language: str
    time_zone: str
    is_administrator: bool
    is_auditor: bool
    is_integration: bool
    roles: dict[str, str] = Field(description="Role by team.", examples=[{"it": "agent"}])
    token: "TokenTold"


class MeDone(Told):
    """Your own settings are kept."""

    uid: UUID
    href: str


class LinksEnded(Told):
    """The links in your mails open nothing any more."""

    ended: int


class TokenTold(Told):
    """The token that was used; its secret is told once, when it is made."""

    name: str
    begins: str
    scopes: list[str]
    expires_at: ToldMoment | None
