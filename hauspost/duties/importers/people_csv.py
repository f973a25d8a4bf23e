"""People from a table and back: planned from file and database alone, then carried out, as often as wanted."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.duties.importers import table
from hauspost.duties.importers._known import Company
from hauspost.duties.importers._people_doing import carry_out
from hauspost.duties.importers._people_plan import Planning
from hauspost.duties.importers._people_rows import FIELDS, PLACE, WORDS, read_rows, said_in
from hauspost.duties.importers.plan import FieldChange, Plan, Planned
from hauspost.ground.csv import csv_bytes
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of
from hauspost.ground.text.words import in_language
from hauspost.records.people.models import Address, Named, Person
from hauspost.records.places.models import Location, Workplace

__all__ = ["FIELDS", "LABELS", "carry_out", "export_people", "plan_people", "recognise", "template"]

# What the fields of a plan's changes are called.
LABELS: Mapping[str, Any] = {**FIELDS, "active": gettext_lazy("Active")}
# P25.3: more than this share of the managed people at once is asked about.
MOST_LEAVE_PERCENT = 10
_OUT = tuple(name for name in FIELDS if name not in ("first_name", "last_name"))


def recognise(headers: list[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which column is which field, {header: field}; `given` overrides. Raises WrongColumns."""
    return table.recognise(headers, WORDS, given)


def plan_people(
    content: bytes,
    *,
    mapping: Mapping[str, str] | None = None,
    archive_missing: bool = False,
    new_departments: bool = True,
) -> Plan:
    """What an import of this file would do; changes nothing.

    Persons are found by their personnel number, else by their full address where nobody else has it (P25.1).
    `archive_missing` deactivates who has a personnel number that is not in the file any more; whoever has none is
    managed here and is not touched (P25.4). Without `new_departments` no departments, sites and locations are made.
    Raises Unreadable, WrongColumns.
    """
    read = table.read_table(content)
    columns = recognise(list(read.headers), mapping)
    rows, rejected = read_rows(read, columns)
    company = Company.read()
    planning = Planning(company, new_departments, _left_by_import(company))
    planning.plan(rows)
    named = _named_in(read, columns, company) if archive_missing else set()
    archived, stops = _missing(company, planning.seen | named) if archive_missing else ((), ())
    return Plan(
        columns=columns,
        ignored=tuple(header for header in read.headers if header not in columns),
        created=tuple(planning.created),
        changed=tuple(planning.changed),
        archived=archived,
        unchanged=planning.unchanged,
        rejected=tuple(sorted([*rejected, *planning.rejected], key=lambda one: one.line)),
        noted=tuple(sorted(planning.noted, key=lambda one: one.line)),
        new_departments=tuple(name for name, _centres in planning.departments.values()),
        new_places=tuple(" › ".join(name for _kind, name in path) for path in planning.places.values()),
        stops=stops,
        makes={
            "departments": [
                (name, next(iter(centres)) if len(centres) == 1 else "")
                for name, centres in planning.departments.values()
            ],
            "places": list(planning.places.values()),
        },
    )


def _left_by_import(company: Company) -> frozenset[int]:
    """Whose last deactivation was an import's; one query, and none where nobody left."""
    left = {one.stream: one.id for one in company.people.values() if one.deactivated_at is not None}
    if not left:
        return frozenset()
    found: dict[int, bool] = {}
    rows = Event.objects.filter(kind="person.deactivated").select_related("stream").order_by("id")
    for event in rows.iterator():
        if event.stream.name in left:
            found[left[event.stream.name]] = actor_of(event).get("who") == "import"
    return frozenset(person for person, by_import in found.items() if by_import)


def _named_in(read: table.Table, columns: Mapping[str, str], company: Company) -> set[int]:
    """Whom the file names by number or address, also in rows that are left alone: whoever is in it has not left."""
    keys, addresses = said_in(read, columns)
    by_key = {company.by_key[key].id for key in keys if key in company.by_key}
    holders = (company.addresses[address].person_id for address in addresses if address in company.addresses)
    return by_key | {one for one in holders if one is not None}


def _missing(company: Company, seen: set[int]) -> tuple[tuple[Planned, ...], tuple[str, ...]]:
    """Who would be deactivated, and why somebody has to agree first."""
    managed = [one for one in company.people.values() if one.external_key and one.is_active]
    gone = [one for one in managed if one.id not in seen]
    stops = []
    if managed and len(gone) * 100 > len(managed) * MOST_LEAVE_PERCENT:
        numbers = {"gone": len(gone), "all": len(managed), "percent": round(len(gone) * 100 / len(managed))}
        stops.append(_("%(gone)s of %(all)s people (%(percent)s %%) are missing and would be deactivated") % numbers)
    leaving = {one.id for one in gone}
    administrators = [one for one in company.people.values() if one.is_active and one.is_administrator]
    if administrators and all(one.id in leaving for one in administrators):
        stops.append(_("no administrator would be left"))
    change = (FieldChange("active", _("yes"), _("no")),)
    planned = tuple(
        Planned(0, one.name, change, one.id) for one in sorted(gone, key=lambda one: (one.sort_key, one.id))
    )
    return planned, tuple(stops)


def template() -> Iterator[bytes]:
    """A file with the headings alone, to fill in."""
    return csv_bytes([[str(FIELDS[name]) for name in _OUT]])


def export_people() -> Iterator[bytes]:
    """Everybody of the company who is active, as a CSV file that can be imported again (S15).

    Without programs, and without strangers: that one of them wrote may be a confidential team's secret (P11.1).
    """
    return csv_bytes(_export())


def _export() -> Iterator[list[object]]:
    yield [str(FIELDS[name]) for name in _OUT]
    here = Person.objects.active().filter(is_integration=False, is_external=False)
    people = here.select_related("department", "line_manager").by_name()
    addresses: dict[int, list[str]] = {}
    for person_id, address in (
        Address.objects.filter(person__isnull=False).order_by("-is_main", "id").values_list("person_id", "address")
    ):
        addresses.setdefault(person_id or 0, []).append(address)
    main = set(Address.objects.filter(is_main=True, person__isnull=False).values_list("person_id", flat=True))
    seats = {row.person_id: row for row in Workplace.objects.select_related("site", "location")}
    places = {row.id: row for row in Location.objects.all()}
    for person in people:
        theirs = addresses.get(person.id, [])
        first = theirs[:1] if person.id in main else []
        manager = person.line_manager
        yield [
            person.external_key,
            person.name,
            "".join(first),
            " ".join(theirs[len(first) :]),
            person.phone,
            person.language,
            person.time_zone,
            _called(person.department),
            person.cost_centre or (person.department.cost_centre if person.department else ""),
            (manager.external_key or next(iter(addresses.get(manager.id, [])), "")) if manager else "",
            *_seat(seats.get(person.id), places),
        ]


def _seat(seat: Workplace | None, places: Mapping[int, Location]) -> list[str]:
    by_kind: dict[str, str] = {}
    if seat is not None:
        by_kind["site"] = _called(seat.site)
        location = seat.location
        while location is not None and location.kind not in by_kind:
            by_kind[location.kind] = _called(location)
            location = places.get(location.parent_id or 0)
    return [by_kind.get(kind, "") for kind in PLACE]


def _called(named: Named | None) -> str:
    """Its name in the company's language: whoever exports, the file says the same."""
    return in_language(named.words, settings.LANGUAGE_CODE, settings.LANGUAGE_CODE) if named is not None else ""
