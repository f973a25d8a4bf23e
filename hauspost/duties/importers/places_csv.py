"""Sites, buildings, floors and rooms from a table and back: a row a place, named by its way from the outside in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.duties.importers import table
from hauspost.duties.importers._known import Path, Places, shown, way_of
from hauspost.duties.importers._places_doing import WantedPlace, carry_out
from hauspost.duties.importers.plan import FieldChange, Plan, Planned, Rejected
from hauspost.duties.importers.refusals import WrongColumns
from hauspost.duties.importers.table import Row, folded
from hauspost.ground.csv import csv_bytes
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions import refuse_unknown_zone
from hauspost.records.places.models import Location, Site

__all__ = ["FIELDS", "LABELS", "carry_out", "export_places", "plan_places", "recognise", "template"]

MOST_GO_PERCENT = 10
STEPS = ("site", "building", "floor", "room")
FIELDS: Mapping[str, Any] = {
    "site": gettext_lazy("Site"),
    "building": gettext_lazy("Building"),
    "floor": gettext_lazy("Floor"),
    "room": gettext_lazy("Room"),
    "key": gettext_lazy("Key"),
    "name_en": gettext_lazy("Name in English"),
    "name_de": gettext_lazy("Name in German"),
    "time_zone": gettext_lazy("Time zone"),
    "country": gettext_lazy("Country"),
    "postal_address": gettext_lazy("Postal address"),
}
LABELS: Mapping[str, Any] = {**FIELDS, "parent": gettext_lazy("Lies in"), "archived": gettext_lazy("Archived")}
WORDS: Mapping[str, Sequence[str]] = {
    "site": ("Standort", "Niederlassung", "Site"),
    "building": ("Gebäude", "Haus", "Building"),
    "floor": ("Etage", "Stockwerk", "Geschoss", "Floor", "Storey"),
    "room": ("Raum", "Zimmer", "Büro", "Room"),
    "key": ("Schlüssel", "Kürzel", "Key", "Code"),
    "name_en": ("Englischer Name", "Name (en)", "Name auf Englisch", "Name in English"),
    "name_de": ("Deutscher Name", "Name (de)", "Name auf Deutsch", "Name in German"),
    "time_zone": ("Zeitzone", "Time zone"),
    "country": ("Land", "Country"),
    "postal_address": ("Anschrift", "Postanschrift", "Adresse", "Postal address", "Address"),
}


@dataclass(frozen=True)
class PlaceRow:
    """What one row says of the place at the end of its way."""

    line: int
    path: Path
    key: str
    words: Mapping[str, str]
    # Of sites only: time_zone, country, postal_address, where the file has them.
    about: Mapping[str, str]


def recognise(headers: list[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which column is which field, {header: field}; `given` overrides. Raises WrongColumns."""
    return table.recognise(headers, WORDS, given)


def template() -> Iterator[bytes]:
    """A file with the headings alone, to fill in."""
    return csv_bytes([[str(name) for name in FIELDS.values()]])


def plan_places(
    content: bytes,
    *,
    mapping: Mapping[str, str] | None = None,
    archive_missing: bool = False,
    new_departments: bool = True,
) -> Plan:
    """What an import of this file would do; changes nothing.

    A place is found by its key, else by its way from the outside in. `archive_missing` archives the places that the
    file does not name. Without `new_departments` nothing is created. Raises Unreadable, WrongColumns.
    """
    read = table.read_table(content)
    columns = recognise(list(read.headers), mapping)
    if "site" not in columns.values():
        raise WrongColumns(why=_("there is no column with the site"))
    planning = _Planning(Places.read(), new_departments)
    planning.plan(read.rows, {name: header for header, name in columns.items()})
    archived, stops = planning.missing() if archive_missing else ((), ())
    return Plan(
        columns=columns,
        ignored=tuple(header for header in read.headers if header not in columns),
        # The outermost first: what lies in it finds it there, with the key its own row gives it.
        created=tuple(sorted(planning.created, key=lambda one: len(one.wanted.path))),
        changed=tuple(planning.changed),
        archived=archived,
        unchanged=planning.unchanged,
        rejected=tuple(planning.rejected),
        new_places=tuple(name for way, name in planning.along.items() if way not in planning.planned),
        stops=stops,
        makes={"aliases": planning.known.aliases},
    )


class _Planning:
    """The plan while it is made."""

    def __init__(self, known: Places, creates: bool) -> None:
        self.known, self.creates = known, creates
        self.created: list[Planned] = []
        self.changed: list[Planned] = []
        self.unchanged = 0
        self.rejected: list[Rejected] = []
        self.sites = {one.key: one for one in known.site_by_id.values()}
        self.locations = {one.key: one for one in known.by_id.values()}
        # Which rows named a place already, by its id and by its way.
        self.seen: set[tuple[str, int]] = set()
        # What stands in the file, whatever is wrong with its row: that is not missing.
        self.named: set[tuple[str, int]] = set()
        self.planned: set[tuple[str, ...]] = set()
        self.along: dict[tuple[str, ...], str] = {}

    def plan(self, rows: Sequence[Row], by_field: Mapping[str, str]) -> None:
        """Go through the rows in their order."""
        for row in self._read(rows, by_field):
            try:
                self._plan_row(row)
            except Invalid as wrong:
                self._reject(row.line, shown(row.path), str(wrong), _("Correct it in the file and import it again."))
        for cells in rows:
            self._name(_path_in(cells, by_field), cells.cells.get(by_field.get("key", ""), ""))

    def _name(self, path: Path, key: str) -> None:
        by_key = [keyed[key] for keyed in (self.sites, self.locations) if key in keyed]
        self.named.update(_id_of(place) for place in by_key)
        for end in range(1, len(path) + 1):
            site, location, depth = self.known.find(path[:end])
            if depth == end and (found := location or site) is not None:
                self.named.add(_id_of(found))

    def _read(self, rows: Sequence[Row], by_field: Mapping[str, str]) -> list[PlaceRow]:
        """What the rows say; by their keys, the file's own names for places are known from now on."""
        found = []
        for row in rows:
            try:
                found.append(_read(row, by_field))
            except Invalid as wrong:
                name = " › ".join(row.cells.get(by_field[step], "") for step in STEPS if step in by_field)
                self._reject(row.line, name, str(wrong), _("Correct it in the file and import it again."))
        for one in found:
            place = self._by_key(one)
            if place is not None and _fits(place, one):
                self.known.aliases.setdefault(way_of(one.path), place)
        return found

    def _reject(self, line: int, name: str, reason: str, what_to_do: str) -> None:
        self.rejected.append(Rejected(line, name.strip(" ›"), reason, what_to_do))

    def _plan_row(self, row: PlaceRow) -> None:
        place = self._meant(row)
        way = way_of(row.path)
        if way in self.planned or (place is not None and _id_of(place) in self.seen):
            self._reject(row.line, shown(row.path), _("The place stands in more than one row."), _("Keep one of them."))
        elif place is None:
            self._plan_new(row, way)
        elif not _fits(place, row):
            reason = _("The key %(key)s belongs to %(name)s, which is something else.")
            known = {"key": row.key, "name": place.name}
            self._reject(row.line, shown(row.path), reason % known, _("Correct the key."))
        else:
            self.seen.add(_id_of(place))
            self._plan_change(row, place)

    def _meant(self, row: PlaceRow) -> Site | Location | None:
        """The place that a row means: by its key, else by its way."""
        by_key = self._by_key(row)
        if by_key is not None:
            return by_key
        site, location, depth = self.known.find(row.path)
        return (location or site) if depth == len(row.path) else None

    def _by_key(self, row: PlaceRow) -> Site | Location | None:
        return (self.sites.get(row.key) if len(row.path) == 1 else self.locations.get(row.key)) if row.key else None

    def _plan_new(self, row: PlaceRow, way: tuple[str, ...]) -> None:
        if not self.creates:
            reason = _("There is no place %(name)s.") % {"name": shown(row.path)}
            self._reject(row.line, shown(row.path), reason, _("Add it, or correct the name."))
            return
        self.planned.add(way)
        for end in range(1, len(row.path)):
            # What it lies in is used, whether the file has a row for it or not.
            site, location, depth = self.known.find(row.path[:end])
            if depth == end and (found := location or site) is not None:
                self.seen.add(_id_of(found))
            else:
                self.along[way[:end]] = shown(row.path[:end])
        wanted = WantedPlace(row.path, row.key, _words(row), row.about, len(row.path) == 1)
        changes = [FieldChange(kind, "", name) for kind, name in row.path]
        changes += [FieldChange(name, "", text) for name, text in _told(row).items() if text]
        self.created.append(Planned(row.line, shown(row.path), tuple(changes), None, wanted))

    def _plan_change(self, row: PlaceRow, place: Site | Location) -> None:
        changes = []
        words = dict(place.words)
        asked = dict(row.words)
        if folded(row.path[-1][1]) not in {folded(text) for text in (*words.values(), *asked.values())}:
            asked = _words(row)
        for language, text in asked.items():
            if text and words.get(language, "") != text:
                changes.append(FieldChange(f"name_{language}", words.get(language, ""), text))
                words[language] = text
        about = {}
        if isinstance(place, Site):
            before = {"time_zone": place.time_zone, "country": place.country, "postal_address": place.postal_address}
            for field, text in row.about.items():
                if text != before[field] and not (field == "time_zone" and not text):
                    about[field] = text
                    changes.append(FieldChange(field, before[field].replace("\n", ", "), text.replace("\n", ", ")))
        moves_to = self._moves_to(row, place, changes)
        if place.archived_at is not None:
            changes.append(FieldChange("archived", _("yes"), _("no")))
        if not changes:
            self.unchanged += 1
            return
        wanted = WantedPlace(row.path, row.key, words, about, isinstance(place, Site), moves_to)
        self.changed.append(Planned(row.line, place.name, tuple(changes), place.id, wanted))

    def _moves_to(self, row: PlaceRow, place: Site | Location, changes: list[FieldChange]) -> Path | None:
        if isinstance(place, Site):
            return None
        around = row.path[:-1]
        site, parent, depth = self.known.find(around)
        if depth == len(around) and site is not None and site.id != place.site_id:
            raise Invalid("site", _("a place stays at its site; archive it there and add it here"))
        if depth == len(around) and (parent.id if parent else None) == place.parent_id:
            return None
        if site is None or site.id != place.site_id:
            raise Invalid("site", _("a place stays at its site; archive it there and add it here"))
        before = self.known.path_of(place.site, place)[:-1]
        changes.append(FieldChange("parent", shown(before), shown(around)))
        return around

    def missing(self) -> tuple[tuple[Planned, ...], tuple[str, ...]]:
        """The places that the file does not name and nothing in it lies in; and why somebody has to agree first."""
        there = self.seen | self.named
        used = set(there)
        for location in self.known.by_id.values():
            if _id_of(location) in there:
                used.add(("site", location.site_id))
                above = self.known.by_id.get(location.parent_id or 0)
                while above is not None and _id_of(above) not in used:
                    used.add(_id_of(above))
                    above = self.known.by_id.get(above.parent_id or 0)
        everything: list[Site | Location] = [*self.known.site_by_id.values(), *self.known.by_id.values()]
        active = [one for one in everything if one.archived_at is None]
        gone = [one for one in active if _id_of(one) not in used]
        stops: tuple[str, ...] = ()
        if active and len(gone) * 100 > len(active) * MOST_GO_PERCENT:
            numbers = {"gone": len(gone), "all": len(active), "percent": round(len(gone) * 100 / len(active))}
            stops = (_("%(gone)s of %(all)s places (%(percent)s %%) are missing and would be archived") % numbers,)
        change = (FieldChange("archived", _("no"), _("yes")),)
        # The innermost first: a site takes along what lies in it, and then there would be nothing left to tell.
        gone.sort(key=lambda one: -len(self._path(one)))
        planned = [
            Planned(
                0,
                shown(self._path(one)),
                change,
                one.id,
                WantedPlace(self._path(one), one.key, {}, {}, isinstance(one, Site)),
            )
            for one in gone
        ]
        return tuple(planned), stops

    def _path(self, place: Site | Location) -> Path:
        if isinstance(place, Site):
            return self.known.path_of(place, None)
        return self.known.path_of(place.site, place)


def _id_of(place: Site | Location) -> tuple[str, int]:
    return ("site" if isinstance(place, Site) else "location", place.id)


def _fits(place: Site | Location, row: PlaceRow) -> bool:
    """Is what the key names of the kind that the row means?"""
    kind = row.path[-1][0]
    return kind == "site" if isinstance(place, Site) else kind == place.kind


def _words(row: PlaceRow) -> dict[str, str]:
    """A new name in the languages that the row has; what the way calls it is in the one that is missing."""
    free = [language for language in (settings.LANGUAGE_CODE, "de", "en") if language not in row.words]
    return {**({free[0]: row.path[-1][1]} if free else {}), **row.words}


def _told(row: PlaceRow) -> dict[str, str]:
    return {"key": row.key, **{f"name_{language}": text for language, text in row.words.items()}, **row.about}


def _path_in(row: Row, by_field: Mapping[str, str]) -> Path:
    return tuple((step, text) for step in STEPS if (text := row.cells.get(by_field.get(step, ""), "")))


def _read(row: Row, by_field: Mapping[str, str]) -> PlaceRow:
    cell = {name: row.cells.get(header, "") for name, header in by_field.items()}
    path = _path_in(row, by_field)
    if not path or path[0][0] != "site":
        raise Invalid("site", _("write which site it is"))
    about = {name: cell[name] for name in ("time_zone", "country", "postal_address") if name in cell}
    about = {name: text.replace(", ", "\n") if name == "postal_address" else text for name, text in about.items()}
    if "country" in about:
        about["country"] = about["country"].upper()
    refuse_unknown_zone(about.get("time_zone", ""))
    words = {language: cell[f"name_{language}"] for language in ("en", "de") if cell.get(f"name_{language}")}
    return PlaceRow(row.line, path, cell.get("key", ""), words, about if len(path) == 1 else {})


def export_places() -> Iterator[bytes]:
    """Every place in use, as a CSV file that can be imported again (S15)."""
    return csv_bytes(_export())


def _export() -> Iterator[list[object]]:
    yield [str(name) for name in FIELDS.values()]
    known = Places.read()
    inside: dict[tuple[int, int], list[Location]] = {}
    for location in known.by_id.values():
        if location.archived_at is None:
            inside.setdefault((location.site_id, location.parent_id or 0), []).append(location)
    for site in sorted(known.site_by_id.values(), key=lambda one: one.id):
        if site.archived_at is None:
            yield from _rows_of(site, None, known, inside)


def _rows_of(
    site: Site, location: Location | None, known: Places, inside: Mapping[tuple[int, int], Sequence[Location]]
) -> Iterator[list[object]]:
    """A place, and under it what lies in it."""
    by_kind = dict(known.path_of(site, location))
    place = location or site
    about = ["", "", ""] if location else [site.time_zone, site.country, site.postal_address.replace("\n", ", ")]
    yield [
        *(by_kind.get(step, "") for step in STEPS),
        place.key,
        place.words.get("en", ""),
        place.words.get("de", ""),
        *about,
    ]
    for below in sorted(inside.get((site.id, location.id if location else 0), ()), key=lambda one: one.id):
        yield from _rows_of(site, below, known, inside)
