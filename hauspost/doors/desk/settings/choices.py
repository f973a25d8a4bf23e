"""What the forms of the settings offer."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.doors.desk.choices import Pairs
from hauspost.doors.ui import preferences
from hauspost.records.catalogue.models import Category
from hauspost.records.people.models import Address, Department, Membership, Team
from hauspost.records.places.models import Location, Site


def departments(chosen: str = "") -> Pairs:
    """The company's departments by name; an archived one only where it is still chosen."""
    rows = Department.objects.all()
    found = [(row.key, row.name) for row in rows if row.archived_at is None or row.key == chosen]
    return sorted(found, key=lambda pair: pair[1].casefold())


def teams(chosen: str = "") -> Pairs:
    """The teams by name; an archived one only where it is still chosen."""
    found = [(row.key, row.name) for row in Team.objects.all() if row.archived_at is None or row.key == chosen]
    return sorted(found, key=lambda pair: pair[1].casefold())


def kinds() -> Pairs:
    """Which persons a list shows."""
    return [
        ("active", _("active")),
        ("left", _("deactivated")),
        ("external", _("from outside")),
        ("integration", _("programs")),
        ("all", _("all")),
    ]


def roles() -> Pairs:
    """The roles in a team."""
    return [(value, str(words)) for value, words in Membership.Role.choices]


def roles_and_rights() -> Pairs:
    """Roles, the technician's mark, and the rights beyond teams; for filters."""
    return [
        *roles(),
        ("technician", _("technician")),
        ("administrator", _("administrator")),
        ("auditor", _("auditor")),
        ("department", _("sees the department")),
    ]


def address_kinds() -> Pairs:
    """What an address of a person can be."""
    return [(value, str(words)) for value, words in Address.Kind.choices if value != Address.Kind.OURS]


def languages() -> Pairs:
    """The languages of the house."""
    return list(settings.LANGUAGES)


def zones(chosen: str = "") -> list[tuple[Any, str]]:
    """The time zones to choose from."""
    return [(zone, zone.replace("_", " ")) for zone in preferences.zones(chosen)]


def places() -> Pairs:
    """Sites and everything in them, as paths from the outside in; the value says which of both it is."""
    rows = {row.id: row for row in Location.objects.filter(archived_at__isnull=True)}
    found: list[tuple[str, list[str]]] = []
    for site in Site.objects.active():
        found.append((f"site:{site.key}", [site.name]))
        found += [
            (f"location:{row.key}", [site.name, *_path(row, rows)]) for row in rows.values() if row.site_id == site.id
        ]
    found.sort(key=lambda pair: [name.casefold() for name in pair[1]])
    return [(value, " › ".join(names)) for value, names in found]


def inside(site: Site, without: Location | None = None) -> Pairs:
    """The buildings and floors of a site as paths: what something can lie in; not in itself or in what lies in it."""
    rows = {row.id: row for row in Location.objects.filter(site=site, archived_at__isnull=True)}
    found = []
    for row in rows.values():
        chain = _chain(row, rows)
        if row.kind != Location.Kind.ROOM and (without is None or without.id not in [one.id for one in chain]):
            found.append((row.key, " › ".join(one.name for one in chain)))
    return sorted(found, key=lambda pair: pair[1].casefold())


def branches(without: Category | None = None) -> Pairs:
    """What a category can lie below, as paths; not below itself or what lies below it."""
    rows = Category.objects.active()
    if without is not None:
        rows = rows.exclude(id=without.id).exclude(path_key__startswith=f"{without.path_key}/")
        if without.parent is not None:
            # An archived one only where it is still chosen.
            rows |= Category.objects.filter(id=without.parent.id)
    return sorted(((row.key, row.path) for row in rows), key=lambda pair: pair[1].casefold())


def _path(row: Location, rows: dict[int, Location]) -> list[str]:
    return [one.name for one in _chain(row, rows)]


def _chain(row: Location, rows: dict[int, Location]) -> list[Location]:
    """A location with what it lies in, from the outside in."""
    chain = [row]
    while row.parent_id in rows and len(chain) < 6:
        row = rows[row.parent_id]
        chain.insert(0, row)
    return chain
