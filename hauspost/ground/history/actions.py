"""Writing the record: every verb calls `record` once, in its own transaction."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from hauspost.ground import clock, hot, tokens
from hauspost.ground.history import _chain
from hauspost.ground.history.models import Event, EventPart, Pending, Stream


class Acting(Protocol):
    """Whoever acts: a person, a rule, the system or an import."""

    def stamp(self) -> dict[str, str]:
        """Who, on whose behalf, by which way and with what proof, without names or addresses."""


@dataclass(frozen=True)
class _System:
    def stamp(self) -> dict[str, str]:
        return {"who": "system"}


SYSTEM: Acting = _System()


@dataclass(frozen=True, slots=True)
class Part:
    """A personal text that enters the chain as its own salted digest; `held` when its noun keeps the text."""

    name: str
    content: str
    person_uid: str = ""
    held: str = ""
    held_id: int = 0


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One of many events that are recorded together."""

    kind: str
    stream: str
    data: Mapping[str, Any] = field(default_factory=dict)
    parts: Sequence[Part] = ()


_LOCKED = hot.Question(lambda name: Stream.objects.select_for_update().filter(name=name))
MAX_DEPTH = 5  # P37.1: a chain of reactions to reactions ends here.

_follows: Callable[[str], Sequence[str]] = lambda kind: ()  # noqa: E731
_wake: Callable[[], None] = lambda: None  # noqa: E731
_depth: ContextVar[int] = ContextVar("depth", default=0)


def start(*, follows: Callable[[str], Sequence[str]], wake: Callable[[], None]) -> None:
    """Give history, once at start-up, the table of reactions and the waker: the house's one inversion."""
    global _follows, _wake
    _follows, _wake = follows, wake


@contextmanager
def reacting(depth: int) -> Iterator[None]:
    """Mark everything recorded inside as the consequence of an event of this depth."""
    token = _depth.set(depth + 1)
    try:
        yield
    finally:
        _depth.reset(token)


def record(
    kind: str,
    stream: str,
    *,
    actor: Acting,
    data: Mapping[str, Any] | None = None,
    parts: Sequence[Part] = (),
    occurred_at: datetime | None = None,
    new: bool = False,
) -> Event:
    """Append one event to a stream, sealed into its chain, with the reactions that have to follow.

    Call it inside the verb's transaction. `new` says that the stream begins with this event (saves a look-up).
    `data` holds before and after of every changed field: str, int, bool, None, lists, dicts; persons as uid.
    """
    recorded_at = clock.now()
    chain = None if new else _LOCKED.first(stream)
    previous = bytes(chain.head) if chain else _chain.genesis(stream)
    seq = chain.count + 1 if chain else 1
    event, sealed = _sealed(
        NewEvent(kind, stream, data or {}, parts),
        seq,
        previous,
        _chain.canonical(actor.stamp()),
        recorded_at,
        occurred_at,
    )
    event.stream = chain = _move_head(chain, stream, seq, bytes(event.digest))
    hot.put(event)
    for part in sealed:
        part.event = event
    hot.put_all(sealed)
    _let_follow(event, chain)
    return event


def record_many(events: Sequence[NewEvent], *, actor: Acting) -> None:
    """Append many events at once, in the order given, with a handful of queries: for imports and merges.

    Call it inside the verb's transaction, with some hundred at a time.
    """
    recorded_at, stamp = clock.now(), _chain.canonical(actor.stamp())
    names = {one.stream for one in events}
    rows = Stream.objects.select_for_update().filter(name__in=names).order_by("name")
    known = {row.name: row for row in rows}
    heads = {name: (row.count, bytes(row.head)) for name, row in known.items()}
    made, parts = [], []
    for one in events:
        count, head = heads.get(one.stream, (0, b""))
        event, sealed = _sealed(one, count + 1, head or _chain.genesis(one.stream), stamp, recorded_at)
        heads[one.stream] = (count + 1, bytes(event.digest))
        made.append(event)
        parts += sealed
    streams = _move_heads(known, heads)
    for one, event in zip(events, made, strict=True):
        event.stream = streams[one.stream]
    Event.objects.bulk_create(made)
    EventPart.objects.bulk_create(parts)
    for event in made:
        _let_follow(event, event.stream)


def _sealed(
    new: NewEvent, seq: int, previous: bytes, stamp: str, recorded_at: datetime, occurred_at: datetime | None = None
) -> tuple[Event, list[EventPart]]:
    """An event with its parts as they enter the chain; not yet saved, its stream not yet set."""
    salted = [(part, secrets.token_bytes(16)) for part in new.parts]
    digests = [(part.name, part.person_uid, _chain.part_digest(salt, part.content)) for part, salt in salted]
    text = _chain.canonical(new.data)
    event = Event(
        seq=seq,
        version=_chain.VERSION,
        kind=new.kind,
        actor=stamp,
        occurred_at=occurred_at or recorded_at,
        recorded_at=recorded_at,
        data=text,
        digest=_chain.event_digest(
            version=_chain.VERSION,
            previous=previous,
            seq=seq,
            kind=new.kind,
            actor=stamp,
            occurred_at=occurred_at or recorded_at,
            recorded_at=recorded_at,
            data=text,
            parts=digests,
        ),
    )
    parts = [
        EventPart(
            event=event,
            position=position,
            name=part.name,
            person_uid=part.person_uid,
            digest=digests[position][2],
            salt=salt,
            content=None if part.held else part.content,
            held=part.held,
            held_id=part.held_id,
        )
        for position, (part, salt) in enumerate(salted)
    ]
    return event, parts


def _move_heads(known: Mapping[str, Stream], heads: Mapping[str, tuple[int, bytes]]) -> dict[str, Stream]:
    """The streams with their new heads, by name; those that begin now are made."""
    rows = []
    for name, (count, head) in heads.items():
        row = known.get(name) or Stream(name=name)
        row.mac_key, row.mac = tokens.ring().mac("head", _chain.head_payload(name, count, head), size=32)
        row.count, row.head = count, head
        rows.append(row)
    fresh, moved = [row for row in rows if row.pk is None], [row for row in rows if row.pk is not None]
    Stream.objects.bulk_create(fresh)
    # Not bulk_update: its CASE of some hundred WHENs costs twice as much as all the rest.
    told = ["count", "head", "mac", "mac_key"]
    Stream.objects.bulk_create(moved, update_conflicts=True, unique_fields=["name"], update_fields=told)
    return {row.name: row for row in rows}


def _move_head(chain: Stream | None, name: str, count: int, head: bytes) -> Stream:
    key_id, mac = tokens.ring().mac("head", _chain.head_payload(name, count, head), size=32)
    if chain is None:
        chain = Stream(name=name, count=count, head=head, mac=mac, mac_key=key_id)
        hot.put(chain)
        return chain
    chain.count, chain.head, chain.mac, chain.mac_key = count, head, mac, key_id
    hot.change(chain, ("count", "head", "mac", "mac_key"))
    return chain


def _let_follow(event: Event, chain: Stream) -> None:
    depth = _depth.get()
    reactions = _follows(event.kind) if depth <= MAX_DEPTH else ()
    if reactions:
        hot.put_all([Pending(event=event, stream=chain, reaction=reaction, depth=depth) for reaction in reactions])
        transaction.on_commit(_wake)
