"""Letting personal parts go from the record: contents and salts are dropped, every chain still verifies."""

from collections.abc import Collection

from django.db.models import QuerySet

from hauspost.ground.history.models import EventPart

# The events that declare, in their data's "parts", which parts were erased; a part gone without one is a break.
DECLARING = ("person.erased", "ticket.expired")


def erase_parts(person_uid: str) -> list[int]:
    """Drop content and salt of every part of a person; answers the parts, for the event that declares the erasure.

    Without its salt nobody can try out what a digest stood for.
    """
    return _erase(EventPart.objects.filter(person_uid=person_uid, salt__isnull=False))


def erase_parts_of(stream: str, *, keep: Collection[str] = ()) -> list[int]:
    """The same for everything personal in one stream, whoever's it is; `keep` names parts that stay."""
    return _erase(_parts_of(stream, keep))


def erase_parts_kept(held: str, rows: Collection[int]) -> list[int]:
    """The same for what some rows keep themselves, as it was changed there by an erasure."""
    return _erase(EventPart.objects.filter(held=held, held_id__in=rows, salt__isnull=False))


def count_parts(person_uid: str) -> int:
    """How many parts would go."""
    return EventPart.objects.filter(person_uid=person_uid, salt__isnull=False).count()


def _parts_of(stream: str, keep: Collection[str]) -> "QuerySet[EventPart]":
    return EventPart.objects.filter(event__stream__name=stream, salt__isnull=False).exclude(name__in=keep)


def _erase(parts: "QuerySet[EventPart]") -> list[int]:
    ids = list(parts.order_by("id").values_list("id", flat=True))
    # By their ids: an update cannot look into other tables.
    for start in range(0, len(ids), 500):
        EventPart.objects.filter(id__in=ids[start : start + 500]).update(salt=None, content=None)
    return ids
