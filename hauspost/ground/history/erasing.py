"""Letting a person's parts go from the record: contents and salts are dropped, every chain still verifies."""

from hauspost.ground.history.models import EventPart


def erase_parts(person_uid: str) -> list[int]:
    """Drop content and salt of every part of a person; answers the parts, for the event that declares the erasure.

    Without its salt nobody can try out what a digest stood for.
    """
    rows = EventPart.objects.filter(person_uid=person_uid, salt__isnull=False).order_by("id")
    ids = list(rows.values_list("id", flat=True))
    rows.update(salt=None, content=None)
    return ids


def count_parts(person_uid: str) -> int:
    """How many parts would go."""
    return EventPart.objects.filter(person_uid=person_uid, salt__isnull=False).count()
