"""The ticket as it stood at any moment: its fields, entries and relations, read back from its record."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hauspost.ground.history.models import Event, EventPart
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.rebuilding import FIELDS


@dataclass(frozen=True)
class EntryThen:
    """An entry that was there, and whether its requester could see it."""

    id: int
    seq: int
    is_public: bool
    is_held: bool


@dataclass
class Then:
    """A ticket at one moment; company things as keys, persons as uids, as the record writes them."""

    at: datetime
    events: int = 0
    fields: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(FIELDS))
    subject: str = ""
    entries: list[EntryThen] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    # Who followed it: (uid, was confirmed).
    people: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Had the ticket been opened?"""
        return self.events > 0


def as_of(ticket: Ticket, moment: datetime) -> Then:
    """The ticket as everybody found it at a moment (UTC); texts that were erased since stay erased."""
    then = Then(at=moment)
    people: dict[str, bool] = {}
    tags: dict[str, None] = {}
    taken_back: set[int] = set()
    for kind, data in _until(ticket.stream, moment):
        then.events += 1
        then.fields.update({name: value for name, value in data.get("after", {}).items() if name in then.fields})
        _relate(kind, data, people, tags)
        if kind == "entry.taken_back":
            taken_back.add(data["entry"])
    then.subject = _subject(ticket.stream, moment)
    then.people, then.tags = list(people.items()), sorted(tags)
    then.entries = _entries(ticket, moment, taken_back)
    return then


def _until(stream: str, moment: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rows = Event.objects.filter(stream__name=stream, recorded_at__lte=moment).order_by("seq")
    for kind, data in rows.values_list("kind", "data").iterator():
        yield kind, json.loads(data)


def _relate(kind: str, data: Mapping[str, Any], people: dict[str, bool], tags: dict[str, None]) -> None:
    """Who follows, and which tags: what an event says of them."""
    if kind == "ticket.opened":
        people.update({one["person"]: one["confirmed"] for one in data.get("participants", ())})
    elif kind == "participant.proposed":
        people.update({uid: people.get(uid, False) for uid in data.get("people", ())})
    elif kind in ("participant.added", "participant.confirmed"):
        people[data["person"]] = True
    elif kind == "participant.removed":
        people.pop(data["person"], None)
    elif kind == "entry.released" and data.get("participant"):
        people[data["participant"]] = True
    elif kind == "ticket.requester_changed":
        # Who asks no longer merely takes part.
        people.pop(data.get("after", {}).get("requester") or "", None)
    elif kind in ("ticket.persons_merged", "ticket.persons_parted") and "follow" in data:
        for uid in (data["person"], data["double"]):
            people.pop(uid, None)
        people.update(dict(data["follow"]))
    elif kind == "ticket.tagged":
        tags[data["tag"]] = None
    elif kind == "ticket.untagged":
        tags.pop(data["tag"], None)


def _subject(stream: str, moment: datetime) -> str:
    parts = EventPart.objects.filter(event__stream__name=stream, event__recorded_at__lte=moment, name="subject")
    last = parts.order_by("-event__seq").values_list("content", flat=True)[:1]
    return next((content or "" for content in last), "")


def _entries(ticket: Ticket, moment: datetime, taken_back: set[int]) -> list[EntryThen]:
    rows = Entry.objects.filter(ticket=ticket, created_at__lte=moment).order_by("seq")
    released_later = _released_later(ticket.stream, moment)
    found = []
    for id_, seq, kind, held_because, leaves_at in rows.values_list("id", "seq", "kind", "held_because", "leaves_at"):
        if seq in taken_back:
            continue
        # Still held today, or released only later.
        is_held = bool(held_because) or seq in released_later
        is_public = kind != Entry.Kind.NOTE and not is_held and (leaves_at is None or leaves_at <= moment)
        found.append(EntryThen(id_, seq, is_public, is_held))
    return found


def _released_later(stream: str, moment: datetime) -> set[int]:
    later = Event.objects.filter(stream__name=stream, recorded_at__gt=moment, kind="entry.released")
    return {json.loads(data)["entry"] for data in later.values_list("data", flat=True)}
