"""A stream and the seals that cover it, written out so that anybody can compute them again."""

import base64
from collections.abc import Mapping
from typing import Any

from hauspost.ground import tokens
from hauspost.ground.history import _chain
from hauspost.ground.history.models import Event, EventPart, Seal
from hauspost.ground.history.verification import Keeper


def events_of(stream: str, keepers: Mapping[str, Keeper]) -> list[dict[str, Any]]:
    """Every event of a stream with its parts and the texts that nouns keep themselves; erased parts stay empty."""
    parts: dict[int, list[EventPart]] = {}
    for part in EventPart.objects.filter(event__stream__name=stream).order_by("event_id", "position"):
        parts.setdefault(part.event_id, []).append(part)
    contents = _kept(parts, keepers)
    return [
        {
            "version": event.version,
            "seq": event.seq,
            "kind": event.kind,
            "actor": event.actor,
            "occurred_at": _chain.moment(event.occurred_at),
            "recorded_at": _chain.moment(event.recorded_at),
            "data": event.data,
            "digest": bytes(event.digest).hex(),
            "parts": [_part(part, contents) for part in parts.get(event.id, [])],
        }
        for event in Event.objects.filter(stream__name=stream).order_by("seq")
    ]


def _kept(parts: Mapping[int, list[EventPart]], keepers: Mapping[str, Keeper]) -> dict[tuple[str, int], str | None]:
    wanted: dict[str, list[int]] = {}
    for rows in parts.values():
        for part in rows:
            if part.held and part.salt is not None:
                wanted.setdefault(part.held, []).append(part.held_id)
    return {(held, id_): text for held, ids in wanted.items() for id_, text in keepers[held](ids).items()}


def _part(part: EventPart, contents: Mapping[tuple[str, int], str | None]) -> dict[str, Any]:
    is_there = part.salt is not None
    content = contents.get((part.held, part.held_id), "") if part.held else part.content
    return {
        "name": part.name,
        "person": part.person_uid,
        "digest": bytes(part.digest).hex(),
        "salt": bytes(part.salt).hex() if part.salt is not None else None,
        "held": part.held,
        "content": (content or "") if is_there else None,
    }


def seals_of(stream: str) -> list[dict[str, Any]]:
    """The seals that name a stream's head, whole, as they are needed to check their signatures."""
    keys = tokens.ring().public_keys()
    return [
        {
            "number": seal.number,
            "sealed_at": _chain.moment(seal.sealed_at),
            "previous": bytes(seal.previous).hex(),
            "lines": seal.lines.split("\n"),
            "digest": bytes(seal.digest).hex(),
            "key": seal.key_id,
            "public_key": base64.b64encode(keys.get(seal.key_id, b"")).decode(),
            "signature": base64.b64encode(bytes(seal.signature)).decode(),
        }
        for seal in Seal.objects.filter(lines__contains=f"{stream} ").order_by("number")
        if any(line.rsplit(" ", 2)[0] == stream for line in seal.lines.split("\n"))
    ]
