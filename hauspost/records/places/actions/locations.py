"""Locations: the buildings, floors and rooms of a site."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actions import (
    KEEP,
    archive_named,
    change_named,
    clean_words,
    refuse_taken_key,
    restore_named,
)
from hauspost.records.people.actor import Actor
from hauspost.records.places.models import Location, Site


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
    if not actor.is_administrator:
        raise NotAllowed
    refuse_taken_key(Location, key)
    _refuse_kind(kind)
    if site.archived_at is not None:
        raise Invalid("site", _("%(name)s is archived") % {"name": site.name})
    _refuse_parent(parent, site)
    location = Location.objects.create(key=key, words=clean_words(words), site=site, kind=kind, parent=parent)
    after = {"words": location.words, "site": site.key, "kind": kind, "parent": parent.key if parent else None}
    record("location.added", f"setting:location:{key}", actor=actor, data={"before": {}, "after": after})
    return location


@transaction.atomic
def change_location(
    location: Location,
    *,
    actor: Actor,
    words: Mapping[str, str] = KEEP,
    kind: str = KEEP,
    parent: Location | None = KEEP,
) -> Location:
    """Say what has changed about a building, floor or room; what is not named stays. Records "location.changed".

    It stays at its site. Raises NotAllowed, Invalid (parent elsewhere, archived, or inside this one).
    """
    if kind is not KEEP:
        _refuse_kind(kind)
    if parent is not KEEP and parent is not None:
        _refuse_parent(parent, location.site)
        if parent.id in {location.id, *(one.id for one in inside(location))}:
            raise Invalid("parent", _("%(name)s lies in it") % {"name": parent.name})
    return change_named(location, {"words": words, "kind": kind, "parent": parent}, actor=actor)


@transaction.atomic
def archive_location(location: Location, *, actor: Actor) -> None:
    """Take a location out of every choice, with all that lies in it. Records "location.archived"."""
    along = [one for one in inside(location) if one.archived_at is None]
    if archive_named(location, actor=actor, along={"locations": sorted(one.key for one in along)}):
        Location.objects.filter(id__in=[one.id for one in along]).update(archived_at=location.archived_at)


@transaction.atomic
def restore_location(location: Location, *, actor: Actor) -> None:
    """Let a location be chosen again, with what went with it. Records "location.restored".

    Raises NotAllowed, Invalid (what it lies in is archived).
    """
    now = Location.objects.select_related("site", "parent").get(id=location.id)
    around = now.parent if now.parent is not None and now.parent.archived_at else now.site
    if around.archived_at is not None:
        raise Invalid("parent", _("%(name)s is archived; restore it first") % {"name": around.name})
    gone_at = now.archived_at
    along = [one for one in inside(now) if gone_at is not None and one.archived_at == gone_at]
    if restore_named(location, actor=actor, along={"locations": sorted(one.key for one in along)}):
        Location.objects.filter(id__in=[one.id for one in along]).update(archived_at=None)


def inside(location: Location) -> list[Location]:
    """All that lies in a location, archived or not."""
    found: list[Location] = []
    level = [location.id]
    while level:
        rows = list(Location.objects.filter(parent_id__in=level))
        found += rows
        level = [row.id for row in rows]
    return found


def _refuse_kind(kind: str) -> None:
    if kind not in Location.Kind.values:
        raise Invalid("kind", ", ".join(Location.Kind.values))


def _refuse_parent(parent: Location | None, site: Site) -> None:
    if parent is None:
        return
    if parent.site_id != site.id:
        raise Invalid("parent", _("%(name)s belongs to another site") % {"name": parent.name})
    if parent.archived_at is not None:
        raise Invalid("parent", _("%(name)s is archived") % {"name": parent.name})
