"""Making a place that a file names, with all it lies in."""

from django.conf import settings

from hauspost.duties.importers._known import Path, Places, words_of
from hauspost.records.people.actions import key_from
from hauspost.records.people.actor import Actor
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site


def make_path(path: Path, known: Places, *, actor: Actor, key: str = "") -> tuple[Site, Location | None]:
    """The place at the end of a path from the outside in; what of it is not known is added and learnt.

    `key` is what the last one will be called by; without it, one is made from the name.
    """
    site, location, depth = known.find(path)
    for step, (kind, name) in enumerate(path[depth:], start=depth + 1):
        given = key if step == len(path) else ""
        words = {settings.LANGUAGE_CODE: name}
        if site is None:
            site = places.add_site(given or key_from(name, Site), words, time_zone=settings.TIME_ZONE, actor=actor)
            known.site_by_id[site.id] = site
            for word in words_of(site):
                known.sites.setdefault(word, site)
            continue
        parent, called = location, given or key_from(f"{site.key} {name}", Location)
        location = places.add_location(called, words, site=site, kind=kind, parent=parent, actor=actor)
        known.by_id[location.id] = location
        for word in words_of(location):
            known.locations.setdefault((site.id, parent.id if parent else 0, word), location)
    assert site is not None
    return site, location
