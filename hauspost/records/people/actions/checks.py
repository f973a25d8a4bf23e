"""What the verbs of people check before they act."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import (
    Named,
)


def refuse_unknown_zone(time_zone: str) -> None:
    """Raises Invalid for a time zone that does not exist; "" is the company's."""
    try:
        if time_zone:
            ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise Invalid("time zone", f"{time_zone!r} is not one; use a name like Europe/Berlin") from fault


def refuse_taken_key(model: type[Named], key: str) -> None:
    """Raises Invalid when the company has something of this kind and key already, archived or not."""
    if model._default_manager.filter(key=key).exists():
        raise Invalid("key", f"{key!r} is taken; choose another one")


def only_administrators(actor: Actor) -> None:
    if not actor.is_administrator:
        raise NotAllowed
