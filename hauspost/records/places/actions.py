"""Changing places."""

from collections.abc import Mapping

from django.db import transaction

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actions import refuse_taken_key, refuse_unknown_zone
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.places.models import Location, Site, Workplace


@transaction.atomic
def add_site(key: str, words: Mapping[str, str], *, time_zone: str, country: str = "", actor: Actor) -> Site:
    """Let the company work at one more place. Records "site.added". Raises NotAllowed."""
    _only_administrators(actor)
    refuse_taken_key(Site, key)
    refuse_unknown_zone(time_zone)
    site = Site.objects.create(key=key, words=dict(words), time_zone=time_zone, country=country)
    after = {"key": key, "words": dict(words), "time_zone": time_zone, "country": country}
    record("site.added", f"setting:site:{key}", actor=actor, data={"before": {}, "after": after})
    return site


@transaction.atomic
def add_location(
    key: str,
    words: Mapping[str, str],
    *,
    site: Site,
    kind: str,
    parent: Location | None = None,
    actor: Actor,
) -> Location:
    """Name a building, floor or room. Records "location.added". Raises NotAllowed, Invalid (parent elsewhere)."""
    _only_administrators(actor)
    refuse_taken_key(Location, key)
    if kind not in Location.Kind.values:
        raise Invalid("kind", ", ".join(Location.Kind.values))
    if parent is not None and parent.site_id != site.id:
        raise Invalid("parent", f"{parent.key} belongs to another site than {site.key}")
    location = Location.objects.create(key=key, words=dict(words), site=site, kind=kind, parent=parent)
    after = {"words": dict(words), "site": site.key, "kind": kind, "parent": parent.key if parent else None}
    record("location.added", f"setting:location:{key}", actor=actor, data={"before": {}, "after": after})
    return location


@transaction.atomic
def seat(person: Person, *, site: Site, location: Location | None, actor: Actor) -> None:
    """Say where a person usually works. Records "person.seated". Raises NotAllowed."""
    _only_administrators(actor)
    old = Workplace.objects.select_related("site", "location").filter(person=person).first()
    before = {"site": old.site.key, "location": old.location.key if old.location else None} if old else {}
    Workplace.objects.update_or_create(person=person, defaults={"site": site, "location": location})
    after = {"site": site.key, "location": location.key if location else None}
    record("person.seated", person.stream, actor=actor, data={"before": before, "after": after})


def _only_administrators(actor: Actor) -> None:
    if not actor.is_administrator:
        raise NotAllowed


def forget_workplace(person: Person) -> None:
    """Where an erased person worked; called by the erasure duty in its transaction."""
    Workplace.objects.filter(person=person).delete()
