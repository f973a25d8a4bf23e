"""Sites: the towns, plants and offices where the company works."""

import re
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground.db import storable
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actions import (
    KEEP,
    archive_named,
    change_named,
    clean_words,
    refuse_taken_key,
    refuse_unknown_zone,
    restore_named,
)
from hauspost.records.people.actor import Actor
from hauspost.records.places.models import Location, Site

LONGEST_POSTAL_ADDRESS = 500


@transaction.atomic
def add_site(
    key: str,
    words: Mapping[str, str],
    *,
    time_zone: str,
    country: str = "",
    postal_address: str = "",
    actor: Actor,
) -> Site:
    """Let the company work at one more place. Records "site.added". Raises NotAllowed, Invalid."""
    if not actor.is_administrator:
        raise NotAllowed
    refuse_taken_key(Site, key)
    fields = {
        "words": clean_words(words),
        "time_zone": _zone(time_zone),
        "country": _country(country),
        "postal_address": _lines(postal_address),
    }
    site = Site.objects.create(key=key, **fields)
    record("site.added", f"setting:site:{key}", actor=actor, data={"before": {}, "after": {"key": key, **fields}})
    return site


@transaction.atomic
def change_site(
    site: Site,
    *,
    actor: Actor,
    words: Mapping[str, str] = KEEP,
    time_zone: str = KEEP,
    country: str = KEEP,
    postal_address: str = KEEP,
) -> Site:
    """Say what has changed about a site; what is not named stays. Records "site.changed".

    Raises NotAllowed, Invalid.
    """
    asked = {
        "words": words,
        "time_zone": time_zone if time_zone is KEEP else _zone(time_zone),
        "country": country if country is KEEP else _country(country),
        "postal_address": postal_address if postal_address is KEEP else _lines(postal_address),
    }
    return change_named(site, asked, actor=actor)


@transaction.atomic
def archive_site(site: Site, *, actor: Actor) -> None:
    """Take a site out of every choice, with all that lies in it. Records "site.archived". Raises NotAllowed."""
    inside = Location.objects.filter(site=site, archived_at__isnull=True)
    keys = sorted(inside.values_list("key", flat=True))
    if archive_named(site, actor=actor, along={"locations": keys}):
        inside.update(archived_at=site.archived_at)


@transaction.atomic
def restore_site(site: Site, *, actor: Actor) -> None:
    """Let a site be chosen again, with the locations that went with it. Records "site.restored". Raises NotAllowed."""
    gone_at = Site.objects.values_list("archived_at", flat=True).get(id=site.id)
    inside = Location.objects.filter(site=site, archived_at=gone_at)
    keys = sorted(inside.values_list("key", flat=True)) if gone_at else []
    if restore_named(site, actor=actor, along={"locations": keys}):
        inside.update(archived_at=None)


def _zone(time_zone: str) -> str:
    refuse_unknown_zone(time_zone)
    if not time_zone:
        raise Invalid("time zone", _("choose one, like Europe/Berlin"))
    return time_zone


def _country(country: str) -> str:
    clean = country.strip().upper()
    if not re.fullmatch(r"([A-Z]{2})?", clean):
        raise Invalid("country", _("two letters, like DE or AT (ISO 3166)"))
    return clean


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in storable(text.replace("\0", "")).splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_POSTAL_ADDRESS]
