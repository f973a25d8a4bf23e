"""Who looked: reading what only few may read is an event of the record, too, once an hour a reader and thing."""

from datetime import timedelta

from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.history.actions import Acting, record
from hauspost.ground.history.models import Event

SAME_LOOK = timedelta(hours=1)


def note_sight(kind: str, stream: str, *, actor: Acting) -> None:
    """Record that somebody looked at something, unless the same look was noted within the hour."""
    who = actor.stamp().get("who", "")
    lately = Event.objects.filter(stream__name=stream, kind=kind, recorded_at__gt=clock.now() - SAME_LOOK)
    if lately.filter(actor__contains=f'"{who}"').exists():
        return
    with transaction.atomic():
        record(kind, stream, actor=actor)
