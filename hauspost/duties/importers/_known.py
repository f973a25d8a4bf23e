"""What the desk knows already, read in a handful of queries, so that a row of a file costs none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import F

from hauspost.duties.importers.table import folded
from hauspost.records.people.models import Address, Department, Named, Person
from hauspost.records.places.models import Location, Site, Workplace

# A way from the outside in: (("site", "Hamburg"), ("room", "204")); and how far one is known.
Path = tuple[tuple[str, str], ...]
Found = tuple[Site | None, Location | None, int]
_IN_USE_FIRST = F("archived_at").asc(nulls_first=True)


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address that somebody has already."""

    person_id: int | None
    kind: str
    is_main: bool


@dataclass
class Places:
    """Sites and locations by what they are called, in any language; under each, what lies in it."""

    sites: dict[str, Site] = field(default_factory=dict)
    site_by_id: dict[int, Site] = field(default_factory=dict)
    # By (site id, id of what it lies in or 0, folded name).
    locations: dict[tuple[int, int, str], Location] = field(default_factory=dict)
    by_id: dict[int, Location] = field(default_factory=dict)
    # What a file calls places that it names by their keys.
    aliases: dict[tuple[str, ...], Site | Location] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Places":
        """As the database has them now, archived ones included."""
        found = cls()
        for site in Site.objects.order_by(_IN_USE_FIRST, "id"):
            found.site_by_id[site.id] = site
            for word in words_of(site):
                found.sites.setdefault(word, site)
        rows = list(Location.objects.select_related("site").order_by(_IN_USE_FIRST, "id"))
        found.by_id = {row.id: row for row in rows}
        for row in rows:
            for word in words_of(row):
                found.locations.setdefault((row.site_id, row.parent_id or 0, word), row)
        return found

    def find(self, path: Path) -> Found:
        """How far a path from the outside in is known: the site, the innermost location, and how many steps fit."""
        way = way_of(path)
        site, location, begin = self._called_so(way)
        if site is None:
            site, begin = self.sites.get(way[0]) if way else None, 1
        if site is None:
            return None, None, 0
        for depth, (_kind, name) in enumerate(path[begin:], start=begin):
            below = self.locations.get((site.id, location.id if location else 0, folded(name)))
            if below is None:
                return site, location, depth
            location = below
        return site, location, len(path)

    def _called_so(self, way: tuple[str, ...]) -> Found:
        """The innermost place of a path that the file knows by its key, whatever it is called here until now."""
        for depth in range(len(way), 0, -1):
            if (place := self.aliases.get(way[:depth])) is not None:
                return (place, None, depth) if isinstance(place, Site) else (place.site, place, depth)
        return None, None, 0

    def path_of(self, site: Site, location: Location | None) -> Path:
        """The path of a place from the outside in, in the company's words."""
        inner: list[tuple[str, str]] = []
        while location is not None and len(inner) < 10:
            inner.insert(0, (location.kind, location.name))
            location = self.by_id.get(location.parent_id or 0)
        return (("site", site.name), *inner)


@dataclass
class Company:
    """Persons, addresses, departments and workplaces."""

    people: dict[int, Person]
    by_key: dict[str, Person]
    addresses: dict[str, KnownAddress]
    main: dict[int, str]
    departments: dict[str, Department]
    seats: dict[int, tuple[int, int | None]]
    places: Places

    @classmethod
    def read(cls) -> "Company":
        """As the database has it now."""
        people = {row.id: row for row in Person.objects.filter(erased_at__isnull=True).select_related("department")}
        addresses, main = {}, {}
        rows = Address.objects.values_list("address", "person_id", "kind", "is_main")
        for address, person_id, kind, is_main in rows.iterator():
            addresses[address] = KnownAddress(person_id, kind, is_main)
            if is_main and person_id is not None:
                main[person_id] = address
        departments: dict[str, Department] = {}
        for unit in Department.objects.order_by(_IN_USE_FIRST, "id"):
            for word in words_of(unit):
                departments.setdefault(word, unit)
        return cls(
            people=people,
            by_key={row.external_key: row for row in people.values() if row.external_key},
            addresses=addresses,
            main=main,
            departments=departments,
            seats={one: (site, place) for one, site, place in _seats()},
            places=Places.read(),
        )

    def place_of(self, person_id: int) -> Path:
        """Where somebody works, as a path; empty for nobody knows where."""
        seat = self.seats.get(person_id)
        if seat is None:
            return ()
        return self.places.path_of(self.places.site_by_id[seat[0]], self.places.by_id.get(seat[1] or 0))


def _seats() -> list[tuple[int, int, int | None]]:
    return list(Workplace.objects.values_list("person_id", "site_id", "location_id"))


def words_of(named: Named) -> list[str]:
    """By what a named thing is found: its words in every language, and its key."""
    words: Mapping[str, str] = named.words
    return [folded(text) for text in (*words.values(), named.key) if folded(text)]


def way_of(path: Path) -> tuple[str, ...]:
    """A path as it is compared."""
    return tuple(folded(name) for _kind, name in path)


def shown(path: Path) -> str:
    """A path from the outside in, as it is read: Hamburg › Hall 2 › 204."""
    return " › ".join(name for _kind, name in path)
