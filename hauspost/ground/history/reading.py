"""Reading events: for the timeline, the audit log and the reactions."""

import json
from typing import Any

from hauspost.ground.history.models import Event


def data_of(event: Event) -> dict[str, Any]:
    """What the event keeps: before and after, and what was true at that moment."""
    return dict(json.loads(event.data))


def actor_of(event: Event) -> dict[str, str]:
    """Who did it, as stamped."""
    return dict(json.loads(event.actor))


def person_of(event: Event) -> str:
    """The uid of the person who did it; "" for the system and rules."""
    who = actor_of(event).get("who", "")
    return who.partition(":")[2] if who.startswith("person:") else ""


def texts_of(event: Event) -> list[str]:
    """The event's own short texts that were not erased."""
    return [content for content in event.parts.order_by("position").values_list("content", flat=True) if content]


def ticket_number(event: Event) -> int:
    """The number of the ticket in whose stream the event stands; 0 for other streams."""
    kind, _, key = event.stream.name.partition(":")
    return int(key) if kind == "ticket" else 0
