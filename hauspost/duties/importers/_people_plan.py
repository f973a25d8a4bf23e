"""From the rows of a table and what the desk knows: who would be created, who changed, and how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from hauspost.duties.importers._known import Company, KnownAddress, shown
from hauspost.duties.importers._people_rows import PersonRow
from hauspost.duties.importers.plan import FieldChange, Planned, Rejected
from hauspost.duties.importers.table import folded
from hauspost.records.people.models import Address, Person

# Who somebody is in this import: ("person", id) or, for those who are still to be created, ("line", line).
Who = tuple[str, int]


@dataclass(frozen=True)
class Wanted:
    """What has to be done for one person; only what differs is named."""

    # For `change_person` and `add_person`: texts.
    fields: Mapping[str, str] = field(default_factory=dict)
    # The department by its name; "" takes it away.
    department: str | None = None
    # Where they work; () takes it away.
    place: tuple[tuple[str, str], ...] | None = None
    main_address: str = ""
    more_addresses: tuple[str, ...] = ()
    # None takes the line manager away, where one is to be set.
    manager: Who | None = None
    sets_manager: bool = False
    reactivates: bool = False

    @property
    def is_nothing(self) -> bool:
        """Is there nothing to do?"""
        return self == Wanted()


@dataclass
class Planning:
    """The plan while it is made."""

    company: Company
    new_departments: bool
    # Persons whom an import has deactivated, and who therefore come back when they are in the file again.
    left_by_import: frozenset[int]
    created: list[Planned] = field(default_factory=list)
    changed: list[Planned] = field(default_factory=list)
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    noted: list[Rejected] = field(default_factory=list)
    # Names as they were first written, by what they are compared by; a department with the cost centres of its rows.
    departments: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    places: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    # Who is in the file: by person, and what each is called there.
    seen: set[int] = field(default_factory=set)
    names: dict[Who, str] = field(default_factory=dict)

    def plan(self, rows: Sequence[PersonRow]) -> None:
        """Go through the rows in their order."""
        found: dict[int, tuple[PersonRow, Person | None]] = {}
        for row in rows:
            fault = self._fault(row)
            if isinstance(fault, Rejected):
                self.rejected.append(fault)
            elif fault is not None and fault.id in self.seen:
                reason = _("Another row means %(name)s, too.") % {"name": fault.name}
                self.rejected.append(Rejected(row.line, row.name, reason, _("Keep the row that is right.")))
            else:
                found[row.line] = (row, fault)
                if fault is not None:
                    self.seen.add(fault.id)
        self._note_cost_centres(row for row, _person in found.values())
        managers = self._managers(found)
        for line, (row, person) in found.items():
            self._plan_row(row, person, managers.get(line))

    # Who is meant (P25.1).

    def _fault(self, row: PersonRow) -> Rejected | Person | None:
        """The person whom a row means, None for somebody new, or why a human has to look."""
        by_key = self.company.by_key.get(row.key) if row.key else None
        holder = self.company.addresses.get(row.address) if row.address else None
        if holder is not None and holder.kind == Address.Kind.OURS:
            reason = _("%(address)s is an intake address of this helpdesk.") % {"address": row.address}
            return Rejected(row.line, row.name, reason, _("Give the person's own address."))
        by_address = self.company.people.get(holder.person_id or 0) if holder is not None else None
        if by_key is not None:
            return self._by_key(row, by_key, by_address)
        if by_address is None:
            return None
        if row.key and by_address.external_key:
            reason = _("%(address)s belongs to %(name)s, who has another personnel number.")
            known = {"address": row.address, "name": by_address.name}
            return Rejected(row.line, row.name, reason % known, _("Correct the number, or merge the two persons."))
        return self._still_here(row, by_address)

    def _by_key(self, row: PersonRow, person: Person, by_address: Person | None) -> Rejected | Person:
        if by_address is not None and by_address.id != person.id:
            reason = _("%(address)s belongs to %(name)s.") % {"address": row.address, "name": by_address.name}
            return Rejected(row.line, row.name, reason, _("Correct the address, or merge the two persons."))
        return self._still_here(row, person)

    def _still_here(self, row: PersonRow, person: Person) -> Rejected | Person:
        if person.merged_into_id is not None:
            into = self.company.people.get(person.merged_into_id)
            reason = _("%(name)s was merged into %(into)s.") % {"name": person.name, "into": into.name if into else "–"}
            return Rejected(row.line, row.name, reason, _("Give that person's number or address."))
        if person.deactivated_at is not None and person.id not in self.left_by_import:
            reason = _("%(name)s was deactivated by hand.") % {"name": person.name}
            return Rejected(row.line, row.name, reason, _("Reactivate the person, or take the row out of the file."))
        return person

    # What would change.

    def _plan_row(self, row: PersonRow, person: Person | None, manager: Who | None) -> None:
        changes: list[FieldChange] = []
        note = _Noting(row, self.noted)
        fields = self._fields(row, person, changes)
        department = self._department(row, person, changes, note)
        place = self._place(row, person, changes, note)
        main = self._main_address(row, person, changes)
        more = self._more_addresses(row, person, changes, note)
        sets_manager = row.manager is not None and (manager is not None or not row.manager)
        before = ("person", person.line_manager_id) if person is not None and person.line_manager_id else None
        sets_manager = sets_manager and manager != before
        if sets_manager:
            changes.append(FieldChange("line_manager", self._name_of(before), self._name_of(manager)))
        reactivates = person is not None and person.deactivated_at is not None
        if reactivates:
            changes.insert(0, FieldChange("active", _("no"), _("yes")))
        wanted = Wanted(
            fields,
            department,
            place,
            main,
            more,
            manager if sets_manager else None,
            sets_manager,
            reactivates,
        )
        if person is None:
            self.created.append(Planned(row.line, row.name, tuple(changes), None, wanted))
        elif wanted.is_nothing:
            self.unchanged += 1
        else:
            self.changed.append(Planned(row.line, person.name, tuple(changes), person.id, wanted))

    def _fields(self, row: PersonRow, person: Person | None, changes: list[FieldChange]) -> dict[str, str]:
        asked = {"name": row.name, **row.plain}
        if row.key:
            asked["external_key"] = row.key
        if "cost_centre" in asked and self._is_of_department(row, asked["cost_centre"]):
            asked["cost_centre"] = ""
        fields = {}
        for name, text in asked.items():
            before = (getattr(person, name) or "") if person is not None else ""
            # Language and time zone are the person's own choice once they have one (P25.4).
            if text == before or (before and name in ("language", "time_zone")):
                continue
            fields[name] = text
            changes.append(FieldChange(name, before, text))
        return fields

    def _is_of_department(self, row: PersonRow, cost_centre: str) -> bool:
        """Is it the department's own? Then the person needs none."""
        unit = self.company.departments.get(folded(row.department or ""))
        if unit is not None:
            return unit.cost_centre == cost_centre
        return self.departments.get(folded(row.department or ""), ("", set()))[1] == {cost_centre}

    def _department(
        self, row: PersonRow, person: Person | None, changes: list[FieldChange], note: "_Noting"
    ) -> str | None:
        if row.department is None:
            return None
        before = person.department if person is not None else None
        if not row.department:
            if before is None:
                return None
            changes.append(FieldChange("department", before.name, ""))
            return ""
        unit = self.company.departments.get(folded(row.department))
        if unit is not None and before is not None and unit.id == before.id:
            return None
        if unit is not None and unit.archived_at is not None:
            note(_("The department %(name)s is archived.") % {"name": unit.name}, _("Restore it, or name another one."))
            return None
        if unit is None and not self.new_departments:
            note(_("There is no department %(name)s.") % {"name": row.department}, _("Add it, or correct the name."))
            return None
        changes.append(FieldChange("department", before.name if before else "", unit.name if unit else row.department))
        return row.department

    def _note_cost_centres(self, rows: Iterable[PersonRow]) -> None:
        """Departments that would be new, with the cost centres of their people: where it is one, it is theirs."""
        for row in rows:
            key = folded(row.department or "")
            if key and key not in self.company.departments and self.new_departments:
                _name, centres = self.departments.setdefault(key, (row.department or "", set()))
                if row.plain.get("cost_centre"):
                    centres.add(row.plain["cost_centre"])

    def _place(
        self, row: PersonRow, person: Person | None, changes: list[FieldChange], note: "_Noting"
    ) -> tuple[tuple[str, str], ...] | None:
        if row.place is None:
            return None
        before = self.company.seats.get(person.id) if person is not None else None
        told = shown(self.company.place_of(person.id)) if person is not None else ""
        if not row.place:
            if before is None:
                return None
            changes.append(FieldChange("site", told, ""))
            return ()
        site, location, depth = self.company.places.find(row.place)
        if depth == len(row.place) and site is not None:
            if before == (site.id, location.id if location is not None else None):
                return None
            gone = location if location is not None and location.archived_at else site if site.archived_at else None
            if gone is not None:
                note(_("%(name)s is archived.") % {"name": gone.name}, _("Restore it, or name another place."))
                return None
        elif not self.new_departments:
            note(_("There is no place %(name)s.") % {"name": shown(row.place)}, _("Add it, or correct the name."))
            return None
        else:
            for end in range(depth + 1, len(row.place) + 1):
                path = row.place[:end]
                self.places.setdefault(tuple(folded(name) for _kind, name in path), path)
        changes.append(FieldChange("site", told, shown(row.place)))
        return row.place

    def _main_address(self, row: PersonRow, person: Person | None, changes: list[FieldChange]) -> str:
        """The address that becomes the main one; "" leaves it."""
        if not row.address:
            return ""
        before = self.company.main.get(person.id, "") if person is not None else ""
        holder = self.company.addresses.get(row.address)
        theirs = person is not None and holder is not None and holder.person_id == person.id
        # Somebody who is managed here may read mail elsewhere than the file knows (P25.4).
        if row.address == before or (theirs and not row.key):
            return ""
        changes.append(FieldChange("address", before, row.address))
        return row.address

    def _more_addresses(
        self, row: PersonRow, person: Person | None, changes: list[FieldChange], note: "_Noting"
    ) -> tuple[str, ...]:
        fresh = []
        for address in dict.fromkeys(row.more):
            holder: KnownAddress | None = self.company.addresses.get(address)
            if address == row.address or (holder is not None and person is not None and holder.person_id == person.id):
                continue
            if holder is not None and (holder.person_id is not None or holder.kind == Address.Kind.OURS):
                note(_("%(address)s belongs to somebody else.") % {"address": address}, _("Correct the address."))
                continue
            fresh.append(address)
        if fresh:
            changes.append(FieldChange("more_addresses", "", ", ".join(fresh)))
        return tuple(fresh)

    # Line managers.

    def _managers(self, found: Mapping[int, tuple[PersonRow, Person | None]]) -> dict[int, Who]:
        """By line, who the line manager is; unknown ones and circles are noted and left out."""
        by_text: dict[str, Who] = {}
        for line, (row, person) in found.items():
            who = ("person", person.id) if person is not None else ("line", line)
            self.names[who] = row.name
            by_text |= dict.fromkeys([one for one in (row.key, row.address, *row.more) if one], who)
        managers: dict[int, Who] = {}
        for line, (row, _person) in found.items():
            if not row.manager:
                continue
            who_above = by_text.get(row.manager) or by_text.get(row.manager.lower()) or self._known_manager(row.manager)
            if who_above is None:
                reason = _("The line manager %(name)s is not known.") % {"name": row.manager}
                what = _("Name them by personnel number or address.")
                self.noted.append(Rejected(line, row.name, reason, what))
            else:
                managers[line] = who_above
        return self._without_circles(found, managers)

    def _known_manager(self, text: str) -> Who | None:
        person = self.company.by_key.get(text)
        if person is None:
            holder = self.company.addresses.get(text.lower())
            person = self.company.people.get(holder.person_id or 0) if holder is not None else None
        if person is None or person.deactivated_at is not None or person.merged_into_id is not None:
            return None
        return ("person", person.id)

    def _without_circles(
        self, found: Mapping[int, tuple[PersonRow, Person | None]], managers: dict[int, Who]
    ) -> dict[int, Who]:
        above: dict[Who, Who | None] = {
            ("person", one.id): ("person", one.line_manager_id) if one.line_manager_id else None
            for one in self.company.people.values()
        }
        for line, (row, person) in found.items():
            who: Who = ("person", person.id) if person is not None else ("line", line)
            if row.manager is not None:
                above[who] = managers.get(line) or (None if not row.manager else above.get(who))
        for line, (row, person) in found.items():
            who = ("person", person.id) if person is not None else ("line", line)
            if line in managers and _comes_back(who, above):
                above[who] = None
                del managers[line]
                reason = _("The line managers would be a circle.")
                self.noted.append(Rejected(line, row.name, reason, _("Name somebody else, or nobody.")))
        return managers

    def _name_of(self, who: Who | None) -> str:
        if who is None:
            return ""
        person = self.company.people.get(who[1]) if who[0] == "person" else None
        return self.names.get(who) or (person.name if person is not None else "")


@dataclass(frozen=True)
class _Noting:
    """Notes that one thing of a row is left alone."""

    row: PersonRow
    noted: list[Rejected]

    def __call__(self, reason: str, what_to_do: str) -> None:
        self.noted.append(Rejected(self.row.line, self.row.name, reason, what_to_do))


def _comes_back(who: Who, above: Mapping[Who, Who | None]) -> bool:
    seen: set[Who] = set()
    current = above.get(who)
    while current is not None and current not in seen:
        if current == who:
            return True
        seen.add(current)
        current = above.get(current)
    return False
