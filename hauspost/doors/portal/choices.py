"""What the request form offers to choose from: kinds of matters, sites and their places, departments."""

from dataclasses import dataclass

from hauspost.records.catalogue.models import Category
from hauspost.records.people.models import Department
from hauspost.records.places.models import Location, Site

_SYMBOLS = {
    "workplace": "monitor", "building": "building-2", "network": "network", "hr": "users-round", "account": "key-round",
    "accounts": "key-round", "access": "key-round", "software": "app-window", "print": "printer", "printing": "printer",
    "phone": "phone", "hardware": "laptop", "facilities": "wrench", "personal": "users-round", "telephony": "phone",
    "security": "shield-check", "it-security": "shield-check",
}  # fmt: skip
_MOST_NAMES = 6
_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Tile:
    """One kind of matter to choose: a root of the company's categories, and what lies below it (key, words)."""

    key: str
    words: str
    examples: str
    symbol: str
    kinds: list[tuple[str, str]]


def tiles() -> list[Tile]:
    """The roots of the tree of categories, with everything below each."""
    rows = list(Category.objects.active().order_by("path_key"))
    found = []
    for root in sorted((row for row in rows if row.parent_id is None), key=lambda row: row.id):
        below = [row for row in rows if row.path_key.startswith(f"{root.path_key}/")]
        examples = ", ".join([row.name for row in below if row.parent_id == root.id][:_MOST_EXAMPLES])
        # The root stands on its tile; here only the way from there.
        kinds = [(row.key, row.path.removeprefix(f"{root.path} › ")) for row in below]
        found.append(Tile(root.key, root.name, examples, _SYMBOLS.get(root.key, "circle-question-mark"), kinds))
    return found


def sites() -> list[tuple[str, str]]:
    """The company's sites: key and name."""
    return [(site.key, site.name) for site in Site.objects.active()]


def places_of(site: str) -> list[tuple[str, str]]:
    """The buildings, floors and rooms of a site, by its key, as paths from the outside in."""
    if not site:
        return []
    rows = {row.id: row for row in Location.objects.filter(site__key=site, archived_at__isnull=True)}
    return sorted(((row.key, _path(row, rows)) for row in rows.values()), key=lambda place: place[1].casefold())


def _path(row: Location, rows: dict[int, Location]) -> str:
    names, at = [row.name], row
    while at.parent_id in rows and len(names) < _MOST_NAMES:
        at = rows[at.parent_id]
        names.insert(0, at.name)
    return " › ".join(names)


def departments() -> list[tuple[str, str]]:
    """The company's departments by name: key and name."""
    rows = Department.objects.filter(archived_at__isnull=True)
    return sorted(((row.key, row.name) for row in rows), key=lambda one: one[1].casefold())
