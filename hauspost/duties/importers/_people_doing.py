"""Carrying a plan for people out, through the verbs, some rows a transaction; a row that fails stops no other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.importers._known import Places, words_of
from hauspost.duties.importers._people_plan import Wanted, Who
from hauspost.duties.importers._place_making import make_path
from hauspost.duties.importers.plan import Done, Leaver, Plan, Planned, Rejected
from hauspost.duties.importers.refusals import NeedsConsent
from hauspost.duties.importers.table import folded
from hauspost.duties.routing.leaving import count_open_work
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people import actions as people
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Department, Person
from hauspost.records.people.refusals import AddressTaken, LineManagerCircle
from hauspost.records.places import actions as places

# So many rows commit together: others who write wait no longer than for these.
AT_ONCE = 100
Progress = Callable[[int], None]


def carry_out(plan: Plan, *, actor: Actor, confirmed: bool = False, progress: Progress | None = None) -> Done:
    """Do what a plan says; the record names the import, on behalf of the actor. `progress` hears of every row done.

    A row that fails, because something has changed since the plan was made, is told and left as it was. Run again,
    the same file does nothing more. Raises NotAllowed, NeedsConsent.
    """
    if not actor.is_administrator:
        raise NotAllowed
    if plan.stops and not confirmed:
        raise NeedsConsent(why="; ".join(plan.stops))
    importer = Actor(kind="import", name="people", via="import", on_behalf_of=actor.who)
    doing = _Doing(plan, importer, progress or (lambda done: None))
    doing.make_new_ones()
    created = sum(doing.create(level) for level in _managers_first(plan.created))
    changed = doing.each(plan.changed, doing.change)
    doing.untangle()
    archived = doing.each(plan.archived, doing.archive)
    return Done(created, changed, archived, tuple(doing.faults), tuple(doing.leavers))


def _managers_first(created: Sequence[Planned]) -> list[list[Planned]]:
    """Those who are new, so that nobody comes before their line manager; the plan holds no circles."""
    by_line = {one.line: one for one in created}
    levels: dict[int, int] = {}
    for one in created:
        chain = [one]
        while (above := _new_manager(chain[-1], by_line)) is not None and above.line not in levels:
            chain.append(above)
        base = levels[above.line] + 1 if above is not None else 0
        for steps, below in enumerate(reversed(chain)):
            levels[below.line] = base + steps
    found: list[list[Planned]] = [[] for _level in range(max(levels.values(), default=-1) + 1)]
    for one in created:
        found[levels[one.line]].append(one)
    return found


def _new_manager(one: Planned, by_line: Mapping[int, Planned]) -> Planned | None:
    manager = one.wanted.manager
    return by_line.get(manager[1]) if manager is not None and manager[0] == "line" else None


@dataclass
class _Doing:
    """One import at work."""

    plan: Plan
    importer: Actor
    progress: Progress
    departments: dict[str, Department] = field(default_factory=dict)
    known: Places = field(default_factory=Places)
    # Who became of the lines that were created.
    made: dict[int, Person] = field(default_factory=dict)
    # Whose line managers would be a circle while the others are not set yet.
    tangled: list[tuple[Planned, Person]] = field(default_factory=list)
    faults: list[Rejected] = field(default_factory=list)
    leavers: list[Leaver] = field(default_factory=list)

    def make_new_ones(self) -> None:
        """Departments, sites and locations that the rows will be put into."""
        with transaction.atomic():
            for unit in Department.objects.filter(archived_at__isnull=True).order_by("id"):
                self._learn(unit)
            for name, cost_centre in self.plan.makes.get("departments", ()):
                if folded(name) not in self.departments:
                    key = people.key_from(name, Department)
                    words = {settings.LANGUAGE_CODE: name}
                    self._learn(people.add_department(key, words, cost_centre=cost_centre, actor=self.importer))
            self.known = Places.read()
            for path in self.plan.makes.get("places", ()):
                make_path(path, self.known, actor=self.importer)

    def _learn(self, unit: Department) -> None:
        for word in words_of(unit):
            self.departments.setdefault(word, unit)

    def each(self, planned: Sequence[Planned], do: Callable[[Planned], None]) -> int:
        """Do one thing for each, some at a time; answers for how many it worked."""
        worked, rest = 0, iter(planned)
        while chunk := list(islice(rest, AT_ONCE)):
            with transaction.atomic():
                worked += sum(self._try(one, do) for one in chunk)
            self.progress(len(chunk))
        return worked

    def _try(self, one: Planned, do: Callable[[Planned], None]) -> bool:
        try:
            with transaction.atomic():
                do(one)
        except Refused as refused:
            what = _("Look at the person, and import the file again.")
            self.faults.append(Rejected(one.line, one.name, str(refused), what))
            # What the row had learnt of places was undone with it.
            self.known = Places.read()
            return False
        return True

    def create(self, planned: Sequence[Planned]) -> int:
        """Somebody new: many at once, and one by one where one of them does not fit."""
        worked = 0
        for start in range(0, len(planned), AT_ONCE):
            chunk = planned[start : start + AT_ONCE]
            try:
                with transaction.atomic():
                    self._create(chunk)
                worked += len(chunk)
            except Refused:
                self.known = Places.read()
                with transaction.atomic():
                    worked += sum(self._try(one, lambda one: self._create([one])) for one in chunk)
            self.progress(len(chunk))
        return worked

    def _create(self, planned: Sequence[Planned]) -> None:
        above = self._managers(planned)
        made = people.add_people([self._new(one, above) for one in planned], actor=self.importer)
        placed = [(person, one.wanted.place) for person, one in zip(made, planned, strict=True) if one.wanted.place]
        seats = [(person, *make_path(path, self.known, actor=self.importer)) for person, path in placed]
        places.seat_many(seats, actor=self.importer)
        self.made |= {one.line: person for person, one in zip(made, planned, strict=True)}

    def _new(self, one: Planned, above: Mapping[Who, Person]) -> people.NewPerson:
        wanted: Wanted = one.wanted
        manager = above.get(wanted.manager) if wanted.manager is not None else None
        return people.NewPerson(
            addresses=[address for address in (wanted.main_address, *wanted.more_addresses) if address],
            department=self.departments.get(folded(wanted.department or "")),
            line_manager=manager,
            **{"name": one.name, **wanted.fields},
        )

    def change(self, one: Planned) -> None:
        """Somebody who is here already."""
        wanted: Wanted = one.wanted
        person = Person.objects.select_related("department", "line_manager").get(id=one.about or 0)
        if wanted.reactivates:
            people.reactivate(person, actor=self.importer)
        fields: dict[str, Any] = dict(wanted.fields)
        if wanted.department is not None:
            fields["department"] = self.departments[folded(wanted.department)] if wanted.department else None
        if wanted.sets_manager:
            fields["line_manager"] = self._managers([one]).get(wanted.manager) if wanted.manager else None
        try:
            people.change_person(person, actor=self.importer, **fields)
        except LineManagerCircle:
            # Two may change places: first everything else, and the line managers when all the others are set.
            manager = fields.pop("line_manager")
            people.change_person(person, actor=self.importer, line_manager=None, **fields)
            self.tangled.append((one, manager))
        self._place_and_address(person, wanted)

    def untangle(self) -> None:
        """Set the line managers that would have been a circle for a moment."""
        with transaction.atomic():
            for one, manager in self.tangled:
                self._try(one, partial(self._set_manager, manager))

    def _set_manager(self, manager: Person, one: Planned) -> None:
        person = Person.objects.get(id=one.about or 0)
        people.change_person(person, line_manager=manager, actor=self.importer)

    def archive(self, one: Planned) -> None:
        """Somebody whom the file names no more (P25.5)."""
        person = Person.objects.get(id=one.about or 0)
        people.deactivate(person, actor=self.importer)
        if number := count_open_work(person):
            self.leavers.append(Leaver(str(person.uid), person.name, number))

    def _place_and_address(self, person: Person, wanted: Wanted) -> None:
        if wanted.main_address:
            row = Address.objects.filter(address=wanted.main_address).first()
            if row is None or row.person_id is None:
                people.add_address(person, wanted.main_address, is_main=True, actor=self.importer)
            elif row.person_id == person.id:
                people.make_main_address(row, actor=self.importer)
            else:
                raise AddressTaken(address=wanted.main_address)
        for address in wanted.more_addresses:
            people.add_address(person, address, actor=self.importer)
        if wanted.place:
            site, location = make_path(wanted.place, self.known, actor=self.importer)
            places.seat(person, site=site, location=location, actor=self.importer)
        elif wanted.place is not None:
            places.unseat(person, actor=self.importer)

    def _managers(self, planned: Sequence[Planned]) -> dict[Who, Person]:
        """The line managers whom these name; those who could not be created are left out."""
        names = {one.wanted.manager for one in planned if one.wanted.manager is not None}
        ids = [number for kind, number in names if kind == "person"]
        found: dict[Who, Person] = {("person", row.id): row for row in Person.objects.filter(id__in=ids)} if ids else {}
        return found | {who: self.made[who[1]] for who in names if who[0] == "line" and who[1] in self.made}
