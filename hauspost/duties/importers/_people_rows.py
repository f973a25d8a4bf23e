"""The rows of a table of people: which columns there are, what each row says, and which rows contradict each other."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.duties.importers.plan import Rejected
from hauspost.duties.importers.refusals import WrongColumns
from hauspost.duties.importers.table import Row, Table
from hauspost.ground.refusals import Refused
from hauspost.records.people import actions as people

# The fields in the order of an export, and what they are called.
FIELDS: Mapping[str, Any] = {
    "external_key": gettext_lazy("Personnel number"),
    "name": gettext_lazy("Name"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "address": gettext_lazy("E-mail"),
    "more_addresses": gettext_lazy("Further addresses"),
    "phone": gettext_lazy("Phone"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "department": gettext_lazy("Department"),
    "cost_centre": gettext_lazy("Cost centre"),
    "line_manager": gettext_lazy("Line manager"),
    "site": gettext_lazy("Site"),
    "building": gettext_lazy("Building"),
    "floor": gettext_lazy("Floor"),
    "room": gettext_lazy("Room"),
}
# By which headings a field is recognised, in German and English; case, spaces and signs do not matter.
WORDS: Mapping[str, Sequence[str]] = {
    "external_key": (
        "Personalnummer", "Personal-Nr", "Pers.-Nr", "PersNr", "Mitarbeiternummer", "Mitarbeiter-ID", "Schlüssel",
        "Personnel number", "Employee number", "Employee ID", "Staff number", "External ID", "Key",
    ),
    "name": ("Name", "Vollständiger Name", "Anzeigename", "Mitarbeiter", "Full name", "Display name", "Employee"),
    "first_name": ("Vorname", "Rufname", "First name", "Given name", "Forename"),
    "last_name": ("Nachname", "Familienname", "Last name", "Surname", "Family name"),
    "address": (
        "E-Mail", "Mail", "E-Mail-Adresse", "Mailadresse", "Email address", "Mail address", "Address", "Adresse",
    ),
    "more_addresses": (
        "weitere Adressen", "weitere E-Mail-Adressen", "Alias", "Aliase", "Further addresses", "Other addresses",
        "Aliases",
    ),
    "phone": ("Telefon", "Telefonnummer", "Tel", "Durchwahl", "Rufnummer", "Phone", "Phone number", "Telephone"),
    "language": ("Sprache", "Language"),
    "time_zone": ("Zeitzone", "Time zone"),
    "department": ("Abteilung", "Bereich", "Organisationseinheit", "Department", "Unit"),
    "cost_centre": ("Kostenstelle", "KST", "Cost centre", "Cost center"),
    "line_manager": (
        "Vorgesetzter", "Vorgesetzte", "Vorgesetzte/r", "Führungskraft", "Manager", "Line manager", "Reports to",
        "Supervisor",
    ),
    "site": ("Standort", "Niederlassung", "Site", "Office"),
    "building": ("Gebäude", "Haus", "Building"),
    "floor": ("Etage", "Stockwerk", "Geschoss", "Floor", "Storey"),
    "room": ("Raum", "Zimmer", "Büro", "Room"),
}  # fmt: skip

_LANGUAGES = {"de": "de", "deutsch": "de", "german": "de", "en": "en", "englisch": "en", "english": "en"}
PLACE = ("site", "building", "floor", "room")


@dataclass(frozen=True)
class PersonRow:
    """What one row says; None is "there is no such column", "" an empty cell."""

    line: int
    name: str
    key: str | None = None
    address: str | None = None
    more: tuple[str, ...] = ()
    plain: Mapping[str, str] = field(default_factory=dict)  # phone, cost_centre, language, time_zone
    department: str | None = None
    manager: str | None = None
    # From the outside in, as far as it goes: (("site", "Hamburg"), ("room", "204")).
    place: tuple[tuple[str, str], ...] | None = None


def read_rows(table: Table, columns: Mapping[str, str]) -> tuple[list[PersonRow], list[Rejected]]:
    """The rows that can be used, and those that cannot with the reason. Raises WrongColumns."""
    _refuse_missing(columns)
    by_field = {name: header for header, name in columns.items()}
    rows, rejected = [], []
    for row in table.rows:
        try:
            rows.append(_read(row, by_field))
        except Refused as refused:
            rejected.append(
                Rejected(
                    row.line, _label(row, by_field), str(refused), _("Correct it in the file and import it again.")
                )
            )
    return _without_doubles(rows, rejected), rejected


def said_in(table: Table, columns: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """Every personnel number and main address that stands in the table, whatever else is wrong with its row."""
    by_field = {name: header for header, name in columns.items()}
    keys = {row.cells.get(by_field.get("external_key", ""), "") for row in table.rows}
    written = {row.cells.get(by_field.get("address", ""), "") for row in table.rows}
    return keys, {text.rstrip(".").lower() for text in written}


def _refuse_missing(columns: Mapping[str, str]) -> None:
    there = set(columns.values())
    if not there & {"name", "last_name"}:
        raise WrongColumns(why=_("there is no column with the name"))
    if not there & {"external_key", "address"}:
        raise WrongColumns(why=_("there is neither a personnel number nor an address, so nobody could be found again"))


def _read(row: Row, by_field: Mapping[str, str]) -> PersonRow:
    def cell(name: str) -> str | None:
        return row.cells.get(by_field[name], "") if name in by_field else None

    plain = {name: text for name in ("phone", "cost_centre") if (text := cell(name)) is not None}
    if language := cell("language"):
        plain["language"] = _language(language)
    if time_zone := cell("time_zone"):
        people.refuse_unknown_zone(time_zone)
        plain["time_zone"] = time_zone
    return PersonRow(
        line=row.line,
        name=_name(cell("name"), cell("first_name"), cell("last_name")),
        key=cell("external_key"),
        address=_address(cell("address"), cell("external_key")),
        more=tuple(people.normal(one) for one in re.split(r"[\s;,|]+", cell("more_addresses") or "") if one),
        plain=plain,
        department=cell("department"),
        manager=cell("line_manager"),
        place=_place(cell),
    )


def _label(row: Row, by_field: Mapping[str, str]) -> str:
    """By what a human finds the row, whatever is wrong with it."""
    said = (
        row.cells.get(by_field[name], "")
        for name in ("name", "last_name", "external_key", "address")
        if name in by_field
    )
    return next((text for text in said if text), "")


class _Unusable(Refused):
    """A cell that nothing can be made of."""

    code = "unusable-cell"
    status = 422
    words = gettext_lazy("%(why)s")


def _name(name: str | None, first: str | None, last: str | None) -> str:
    """First name before last name; personnel systems call the last name "Name", or write "Lang, Petra"."""
    if first is not None:
        full = f"{first} {last if last else name or ''}".strip()
    else:
        full = name if name else last or ""
        before, comma, after = full.partition(",")
        if comma and before.strip() and after.strip() and "," not in after:
            full = f"{after.strip()} {before.strip()}"
    if not full:
        raise _Unusable(why=_("There is no name."))
    return full


def _address(address: str | None, key: str | None) -> str | None:
    if not address:
        if not key:
            raise _Unusable(why=_("There is neither a personnel number nor an address."))
        return address
    return people.normal(address)


def _language(text: str) -> str:
    tag = _LANGUAGES.get(text.casefold()) or _LANGUAGES.get(text.casefold()[:2] if text[2:3] in "-_" else "")
    if tag is None:
        raise _Unusable(why=_("“%(text)s” is none of the languages here; write de or en.") % {"text": text[:40]})
    return tag


def _place(cell: Any) -> tuple[tuple[str, str], ...] | None:
    texts = {kind: cell(kind) for kind in PLACE}
    if all(text is None for text in texts.values()):
        return None
    path = tuple((kind, text) for kind, text in texts.items() if text)
    if path and path[0][0] != "site":
        raise _Unusable(why=_("The row names a place (%(kind)s) but no site.") % {"kind": FIELDS[path[0][0]]})
    return path


def _without_doubles(rows: Sequence[PersonRow], rejected: list[Rejected]) -> list[PersonRow]:
    """P25.1: what is there twice is for a human to tell apart; none of the rows is taken."""
    keys = Counter(row.key for row in rows if row.key)
    addresses = Counter(address for row in rows for address in {row.address, *row.more} if address)
    kept = []
    for row in rows:
        twice = row.key if row.key and keys[row.key] > 1 else None
        twice = twice or next((one for one in (row.address, *row.more) if one and addresses[one] > 1), None)
        if twice is None:
            kept.append(row)
            continue
        reason = _("%(what)s stands in more than one row.") % {"what": twice}
        rejected.append(Rejected(row.line, row.name, reason, _("Keep the row that is right.")))
    return kept
