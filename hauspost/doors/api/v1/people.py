"""Persons: find them, add them, say what has changed."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Path, Query

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import Caller, known_caller
from hauspost.doors.api.finding import keyed, needed, person_for
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Key, Number, ShortLine, Uid
from hauspost.doors.api.shapes.people import (
    AbsenceAsked,
    Absences,
    AbsenceTold,
    AddressAsked,
    AddressTold,
    MergingAsked,
    PersonAsked,
    PersonChange,
    PersonDone,
    PersonKept,
    PersonPage,
    PersonTold,
    RoleAsked,
    RoleTold,
    SeatAsked,
)
from hauspost.doors.api.telling import named, person_named
from hauspost.duties.privacy.merging import merge_persons, undo_merge
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people import actions
from hauspost.records.people.absences import today
from hauspost.records.people.models import Absence, Address, Department, Person, Team, sort_key_of
from hauspost.records.places.actions import seat, unseat
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.knowing import persons_known_to

routes = Routes("People")


class PersonFilter(Paged):
    """What a list of persons may be narrowed by."""

    q: ShortLine | None = None
    department: Key | None = None


@routes.get("/people", scope="people:read", gives=PersonPage)
def list_people(request: HttpRequest, asked: Query[PersonFilter]) -> PersonPage:
    """Find people, by name

    Whose name or address begins like `q`. Agents find the company's people, administrators also those who left;
    whoever has no desk finds nobody but themselves.
    """
    caller = known_caller(request)
    found = persons_known_to(caller.actor)
    if asked.q:
        found = found.filter(_named_like(asked.q))
    if asked.department:
        found = found.filter(department__key=asked.department)
    limit = asked.limit
    rows = list(_whole(_behind(found, before_of(asked.cursor)).order_by("sort_key", "id"))[: limit + 1])
    following = str(rows[limit - 1].pk) if len(rows) > limit else None
    return PersonPage(people=[_told(row, caller) for row in rows[:limit]], next=following)


@routes.get("/people/{uid}", scope="people:read", gives=PersonTold)
def read_person(request: HttpRequest, uid: Path[Uid]) -> PersonTold:
    """Read one person"""
    caller = known_caller(request)
    return _told(_person(uid, caller), caller)


@routes.post("/people", scope="people:write", gives=PersonDone)
def add_person(request: HttpRequest, asked: PersonAsked) -> PersonDone:
    """Let the desk know a person

    Agents add whom they speak with, by name, address, language and phone; administrators say all of it.
    """
    caller = known_caller(request)
    fields = _fields(asked, caller, without={"name", "address"})
    if not caller.actor.is_administrator and fields.keys() - {"language", "phone"}:
        raise NotAllowed
    return _done(actions.add_person(asked.name, asked.address, actor=caller.actor, **fields))


@routes.patch("/people/{uid}", scope="people:write", gives=PersonDone)
def change_person(request: HttpRequest, uid: Path[Uid], asked: PersonChange) -> PersonDone:
    """Say what has changed about a person

    Only the fields that are sent change. Other rights end the person's sessions. Administrators only; everybody may
    change their own language and time zone.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    sent = asked.model_fields_set
    if sent <= {"language", "time_zone"} and person == caller.person:
        wanted = {name: getattr(asked, name) if name in sent else getattr(person, name) for name in _PREFERENCES}
        return _done(actions.set_preferences(person, actor=caller.actor, **wanted))
    return _done(actions.change_person(person, actor=caller.actor, **_fields(asked, caller)))


_PREFERENCES = ("language", "time_zone")


@routes.post("/people/{uid}/addresses", scope="people:write", gives=PersonDone, status=200)
def add_address(request: HttpRequest, uid: Path[Uid], asked: AddressAsked) -> PersonDone:
    """Give a person one more address

    The old ones still recognise their mail. Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    actions.add_address(person, asked.address, actor=caller.actor, kind=asked.kind, is_main=asked.is_main)
    return _done(person)


@routes.put("/people/{uid}/addresses/{address}/main", scope="people:write", gives=PersonDone)
def make_main_address(request: HttpRequest, uid: Path[Uid], address: Path[ShortLine]) -> PersonDone:
    """Let mail to a person go to this address from now on

    Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    actions.make_main_address(_address(person, address), actor=caller.actor)
    return _done(person)


@routes.delete("/people/{uid}/addresses/{address}", scope="people:write", gives=PersonDone)
def remove_address(request: HttpRequest, uid: Path[Uid], address: Path[ShortLine]) -> PersonDone:
    """Take an address from a person

    Mail from it comes from a stranger then. Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    actions.remove_address(_address(person, address), actor=caller.actor)
    return _done(person)


@routes.put("/people/{uid}/workplace", scope="people:write", gives=PersonDone)
def set_workplace(request: HttpRequest, uid: Path[Uid], asked: SeatAsked) -> PersonDone:
    """Say where somebody usually works

    Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    seat(
        person,
        site=needed(Site, asked.site, "site"),
        location=keyed(Location, asked.location, "location"),
        actor=caller.actor,
    )
    return _done(person)


@routes.delete("/people/{uid}/workplace", scope="people:write", gives=PersonDone)
def remove_workplace(request: HttpRequest, uid: Path[Uid]) -> PersonDone:
    """Say that somebody has no usual place of work

    Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    unseat(person, actor=caller.actor)
    return _done(person)


@routes.delete("/people/{uid}/sessions", scope="people:write", gives=PersonDone)
def end_sessions(request: HttpRequest, uid: Path[Uid]) -> PersonDone:
    """Sign somebody out everywhere

    Oneself, and administrators. Tokens and links stay.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    actions.end_sessions(person, actor=caller.actor)
    return _done(person)


@routes.get("/people/{uid}/absences", scope="people:read", gives=Absences)
def list_absences(request: HttpRequest, uid: Path[Uid]) -> Absences:
    """List when somebody is away

    What is not over yet. Desk only, and oneself.
    """
    person = _person(uid, known_caller(request))
    rows = Absence.objects.filter(person=person, ends_on__gte=today()).select_related("deputy").order_by("starts_on")
    return Absences(
        absences=[
            AbsenceTold(
                id=row.pk,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                deputy=person_named(row.deputy) if row.deputy else None,
            )
            for row in rows
        ]
    )


@routes.post("/people/{uid}/absences", scope="people:write", gives=PersonDone, status=200)
def add_absence(request: HttpRequest, uid: Path[Uid], asked: AbsenceAsked) -> PersonDone:
    """Note that somebody is away, and who stands in

    Oneself, the lead of a team in which the person works, and administrators.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    deputy = person_for(asked.deputy, "deputy", caller) if asked.deputy is not None else None
    actions.add_absence(person, starts_on=asked.starts_on, ends_on=asked.ends_on, deputy=deputy, actor=caller.actor)
    return _done(person)


@routes.delete("/people/{uid}/absences/{absence}", scope="people:write", gives=PersonDone)
def end_absence(request: HttpRequest, uid: Path[Uid], absence: Path[Number]) -> PersonDone:
    """End an absence

    It ends yesterday, or is taken away where it has not begun.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    row = Absence.objects.filter(person=person, pk=absence).first()
    if row is None:
        raise NotFound
    actions.end_absence(row, actor=caller.actor)
    return _done(person)


@routes.post("/people/{uid}/merging", scope="people:write", gives=PersonDone, status=200)
def merge_person(request: HttpRequest, uid: Path[Uid], asked: MergingAsked) -> PersonDone:
    """Merge a double person into the one it is

    Addresses, requests, roles and the rest move; can be undone. Administrators only.
    """
    caller = known_caller(request)
    double = _person(uid, caller)
    if not caller.actor.is_administrator:
        raise NotAllowed
    into = person_for(asked.into, "into", caller)
    merge_persons(double, into, actor=caller.actor)
    return _done(into)


@routes.delete("/people/{uid}/merging", scope="people:write", gives=PersonDone)
def undo_merging(request: HttpRequest, uid: Path[Uid]) -> PersonDone:
    """Let two persons be two again

    `uid` is the double that was merged. Administrators only.
    """
    actor = known_caller(request).actor
    if not actor.is_administrator:
        raise NotFound
    double = Person.objects.filter(uid=uid, merged_into__isnull=False).first()
    if double is None:
        raise NotFound
    undo_merge(double, actor=actor)
    return _done(double)


@routes.put("/people/{uid}/roles/{team}", scope="people:write", gives=PersonDone)
def give_role(request: HttpRequest, uid: Path[Uid], team: Path[Key], asked: RoleAsked) -> PersonDone:
    """Give a person a role in a team

    Their sessions end. Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    actions.give_role(person, _team(team), asked.role, actor=caller.actor, is_technician=asked.is_technician)
    return _done(person)


@routes.delete("/people/{uid}/roles/{team}", scope="people:write", gives=PersonDone)
def take_role(request: HttpRequest, uid: Path[Uid], team: Path[Key]) -> PersonDone:
    """Take a person out of a team

    Their sessions end. Administrators only.
    """
    caller = known_caller(request)
    person = _person(uid, caller)
    actions.take_role(person, _team(team), actor=caller.actor)
    return _done(person)


def _whole(people: "QuerySet[Person]") -> "QuerySet[Person]":
    """With all that is told of a person, in a fixed number of questions."""
    joined = people.select_related("department", "line_manager", "workplace__site", "workplace__location")
    return joined.prefetch_related("addresses", "memberships__team")


def _behind(people: "QuerySet[Person]", last: int) -> "QuerySet[Person]":
    """Those behind the last one of the page before, by name."""
    at: Any = Person.objects.filter(pk=last).values_list("sort_key", "pk").first() if last else None
    if at is None:
        return people
    return people.filter(Q(sort_key__gt=at[0]) | Q(sort_key=at[0], pk__gt=at[1]), sort_key__gte=at[0])


def _named_like(words: str) -> Q:
    key, lower = sort_key_of(words), words.strip().lower()
    by_address = Address.objects.filter(address__startswith=lower, person__isnull=False).values("person")
    found = Q(pk__in=by_address) if lower else Q(pk__in=[])
    return found | Q(sort_key__startswith=key) | Q(sort_key__contains=f" {key}") if key else found


def _person(uid: str, caller: Caller) -> Person:
    """Raises NotFound alike for nobody and for whom the caller may not know of."""
    found = _whole(persons_known_to(caller.actor).filter(uid=uid)).first()
    if found is None:
        raise NotFound
    return found


def _address(person: Person, address: str) -> Address:
    found = person.addresses.filter(address=address.strip().lower()).first()
    if found is None:
        raise NotFound
    return found


def _team(key: str) -> Team:
    found = Team.objects.filter(key=key, archived_at__isnull=True).first()
    if found is None:
        raise NotFound
    return found


def _fields(
    asked: PersonAsked | PersonChange, caller: Caller, without: set[str] | frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The fields that were sent, as the verbs take them. Raises Invalid."""
    fields = {name: getattr(asked, name) for name in asked.model_fields_set - without}
    if "department" in fields:
        fields["department"] = keyed(Department, fields["department"], "department")
    if fields.get("line_manager") is not None:
        fields["line_manager"] = person_for(fields["line_manager"], "line_manager", caller)
    return fields


def _done(person: Person) -> PersonDone:
    return PersonDone(uid=person.uid, href=address_of(f"people/{person.uid}"))


def _told(person: Person, caller: Caller) -> PersonTold:
    addresses = sorted(person.addresses.all(), key=lambda row: row.pk)
    seat = getattr(person, "workplace", None)
    sees_all = caller.actor.is_administrator or caller.person.is_auditor
    return PersonTold(
        uid=person.uid,
        href=address_of(f"people/{person.uid}"),
        name=person.name,
        address=next((row.address for row in addresses if row.is_main), None),
        phone=person.phone,
        department=named(person.department) if person.department else None,
        site=named(seat.site) if seat else None,
        location=named(seat.location) if seat and seat.location else None,
        is_external=person.is_external,
        is_active=person.is_active,
        kept=_kept(person, addresses) if sees_all else None,
    )


def _kept(person: Person, addresses: list[Address]) -> PersonKept:
    roles = sorted(person.memberships.all(), key=lambda row: row.team.key)
    return PersonKept(
        language=person.language,
        time_zone=person.time_zone,
        external_key=person.external_key,
        cost_centre=person.cost_centre,
        line_manager=person_named(person.line_manager) if person.line_manager else None,
        is_administrator=person.is_administrator,
        is_auditor=person.is_auditor,
        sees_department=person.sees_department,
        is_integration=person.is_integration,
        deactivated_at=person.deactivated_at,
        addresses=[AddressTold(address=row.address, kind=row.kind, is_main=row.is_main) for row in addresses],
        roles=[RoleTold(team=row.team.key, role=row.role, is_technician=row.is_technician) for row in roles],
    )
