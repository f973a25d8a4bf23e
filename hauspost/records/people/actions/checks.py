"""What the verbs of people check before they act."""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.ground.db import storable
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Named

KEEP: Any = object()  # "leave this field as it is", where None means "none".


def refuse_unknown_zone(time_zone: str) -> None:
    """Raises Invalid for a time zone that does not exist; "" is the company's."""
    try:
        if time_zone:
            ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        reason = _("%(zone)s is no time zone; use a name like Europe/Berlin") % {"zone": time_zone[:60]}
        raise Invalid("time zone", reason) from fault


def refuse_unknown_language(language: str) -> None:
    """Raises Invalid for a language that Hauspost does not speak; "" is the company's."""
    known = [tag for tag, _name in settings.LANGUAGES]
    if language not in {"", *known}:
        raise Invalid("language", _("use one of %(known)s") % {"known": ", ".join(known)})


def refuse_taken_key(model: type[Named], key: str) -> None:
    """Raises Invalid when the company has something of this kind and key already, archived or not."""
    if not re.fullmatch(r"[-a-zA-Z0-9_]{1,60}", key):
        raise Invalid("key", _("1 to 60 letters without accents, digits, - and _"))
    if model._default_manager.filter(key=key).exists():
        raise Invalid("key", _("%(key)s is taken; choose another one") % {"key": key})


def one_line(text: str, longest: int) -> str:
    """A short text as it is kept: one line, storable, cut at its longest."""
    return " ".join(storable(text.replace("\0", "")).split())[:longest]


def only_administrators(actor: Actor) -> None:
    """Raises NotAllowed for everybody else."""
    if not actor.is_administrator:
        raise NotAllowed
