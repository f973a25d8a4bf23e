"""Two rows that are one person become one, and two again where that was a mistake (P25.2, P25.6)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.duties.privacy import holds
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people import actions as people
from hauspost.records.people.actions import KEEP
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Absence, Address, Membership, Person, Team
from hauspost.records.people.refusals import LineManagerCircle
from hauspost.records.places.models import Workplace
from hauspost.records.tickets.actions.persons import Moved, give_back, held_by, replace_person

# From the weakest to the strongest.
ROLES = ("read_only", "agent", "dispatcher", "lead")
# What a person takes over from the double where they lack it themselves.
FILLED = ("phone", "language", "time_zone", "department", "cost_centre", "external_key")
# What nobody gets through a merge.
RIGHTS = ("is_administrator", "is_auditor", "sees_department")


class CannotMerge(Refused):
    """These two cannot become one, or not any more two."""

    code = "cannot-merge"
    words = gettext_lazy("%(double)s and %(into)s: %(why)s")


@dataclass(frozen=True)
class RoleChange:
    """What the person may do in a team before and after; "" is nothing."""

    team: Team
    before: str
    after: str


@dataclass(frozen=True)
class MergePreview:
    """What would move from the double to the person, and what would be dropped."""

    double: Person
    into: Person
    addresses: list[str] = field(default_factory=list)
    # How many tickets name the double as requester, affected, assignee, technician; and how many it follows.
    tickets: Mapping[str, int] = field(default_factory=dict)
    following: int = 0
    roles: list[RoleChange] = field(default_factory=list)
    # Fields of the person that are empty and get the double's value; by the names of `change_person`.
    filled: list[str] = field(default_factory=list)
    # Rights over everything that the double has and the person does not get: the fields' names.
    rights_dropped: list[str] = field(default_factory=list)
    absences: int = 0
    reports: int = 0
    moves_workplace: bool = False


@dataclass(frozen=True)
class Undone:
    """How many tickets went back to the double, how many stay, and what else stays because it was changed since."""

    tickets: int = 0
    tickets_kept: int = 0
    kept: list[str] = field(default_factory=list)


def preview(double: Person, into: Person, *, actor: Actor | None = None) -> MergePreview:
    """What a merge would do; changes nothing. Raises CannotMerge."""
    _refuse(double, into, actor)
    held = held_by(double)
    return MergePreview(
        double=double,
        into=into,
        addresses=list(double.addresses.order_by("-is_main", "id").values_list("address", flat=True)),
        tickets={name: len(numbers) for name, numbers in held.fields.items()},
        following=len(held.following),
        roles=[RoleChange(team, before, after) for team, before, after in _role_changes(double, into)],
        filled=_filled(double, into),
        rights_dropped=[name for name in RIGHTS if getattr(double, name) and not getattr(into, name)],
        absences=Absence.objects.filter(person=double).count(),
        reports=Person.objects.filter(line_manager=double).exclude(id=into.id).count(),
        moves_workplace=_moves_workplace(double, into),
    )


@transaction.atomic
def merge_persons(double: Person, into: Person, *, actor: Actor) -> MergePreview:
    """Let two rows be the one person they are: whatever was the double's is the person's from now on.

    Addresses, requests, assignments, what is followed, roles (the stronger one), workplace, absences and reports move;
    entries keep their author; the double's rights over everything are dropped. The double's sessions, links and
    tokens end. Records "person.merged" with all that `undo_merge` needs, "person.double_taken_in", and one event a
    ticket. Raises NotAllowed, CannotMerge, LastAdministrator.
    """
    if not actor.is_administrator:
        raise NotAllowed
    double, into = _locked(double, into)
    seen = preview(double, into, actor=actor)
    people.refuse_last_administrator(double)
    data: dict[str, Any] = {"into": str(into.uid)}
    data["filled"], data["manager"] = seen.filled, _fill(double, into, seen.filled, actor)
    data["addresses"], data["made_main"] = _move_addresses(double, into)
    data["roles"] = _move_roles(double, into, actor)
    data["workplace"] = _move_workplace(double, into)
    data["absences"], data["deputy_for"] = _move_absences(double, into)
    data["reports"] = _move_reports(double, into, actor)
    data["tickets"] = asdict(replace_person(double, into, actor=actor))
    double.merged_into = into
    double.save(update_fields=["merged_into"])
    people.close_ways_in(double)
    record("person.merged", double.stream, actor=actor, data=data)
    record("person.double_taken_in", into.stream, actor=actor, data={"double": str(double.uid)})
    return seen


def can_undo(double: Person) -> bool:
    """Was it merged, and are both still there?"""
    into = double.merged_into
    return (
        into is not None
        and double.erased_at is None
        and into.erased_at is None
        and into.merged_into_id is None
        and _merge_event(double) is not None
    )


@transaction.atomic
def undo_merge(double: Person, *, actor: Actor) -> Undone:
    """Let two persons be two again: what was moved goes back where nobody has changed it since.

    Sessions, links and tokens stay ended; what came after the merge stays with the person. Records
    "person.merge_undone" and one event a ticket. Raises NotAllowed, CannotMerge.
    """
    if not actor.is_administrator:
        raise NotAllowed
    into = double.merged_into
    if into is None or not can_undo(double):
        why = _("this merge cannot be undone any more")
        raise CannotMerge(double=double.name, into=into.name if into is not None else "–", why=why)
    double, into = _locked(double, into)
    event = _merge_event(double)
    assert event is not None
    data = data_of(event)
    double.merged_into = None
    double.session_version += 1
    double.save(update_fields=["merged_into", "session_version"])
    kept = _return_addresses(double, into, data["addresses"], data["made_main"])
    kept += _return_roles(double, into, data["roles"], actor)
    kept += _return_workplace(double, into, data["workplace"])
    Absence.objects.filter(id__in=data["absences"], person=into).update(person=double)
    Absence.objects.filter(id__in=data["deputy_for"], deputy=into).update(deputy=double)
    for report in Person.objects.filter(uid__in=data["reports"], line_manager=into, erased_at__isnull=True):
        if report.merged_into_id is None and double.is_active:
            people.change_person(report, line_manager=double, actor=actor)
    _unfill(double, into, data["filled"], data["manager"], actor)
    back, stay = give_back(double, into, Moved(**data["tickets"]), actor=actor)
    undone = {"into": str(into.uid), "tickets": back, "tickets_kept": stay}
    record("person.merge_undone", double.stream, actor=actor, data=undone)
    record("person.double_given_back", into.stream, actor=actor, data={"double": str(double.uid)})
    return Undone(back, stay, kept)


def doubles_of(person: Person) -> list[Person]:
    """Every row that was merged into this person, also by way of another one: an erasure takes them along."""
    found: list[Person] = []
    level = [person]
    while level:
        level = list(Person.objects.filter(merged_into__in=level).order_by("id"))
        found += level
    return found


def _locked(double: Person, into: Person) -> tuple[Person, Person]:
    """Both rows as they are now, under their locks; always in the same order, so that nobody waits in a circle."""
    rows = Person.objects.select_for_update(of=("self",)).select_related("merged_into", "department")
    found = {row.id: row for row in rows.filter(id__in=[double.id, into.id]).order_by("id")}
    return found[double.id], found[into.id]


def _merge_event(double: Person) -> Event | None:
    return Event.objects.filter(stream__name=double.stream, kind="person.merged").order_by("-seq").first()


def _refuse(double: Person, into: Person, actor: Actor | None) -> None:
    """Raises CannotMerge with the reason."""
    why = ""
    if double.id == into.id:
        why = _("this is the same person already")
    elif double.merged_into_id is not None or double.erased_at is not None:
        why = _("%(name)s was merged or erased already") % {"name": double.name}
    elif not into.is_active:
        why = _("%(name)s is no longer active; reactivate the person first") % {"name": into.name}
    elif double.is_integration or into.is_integration:
        why = _("a program is no person; take its roles and tokens away instead")
    elif double.addresses.filter(address=people.UNKNOWN).exists():
        why = _("this one stands for all whose mails name nobody")
    elif actor is not None and actor.who == double:
        why = _("the double is you; ask another administrator")
    elif holds.standing().filter(person=double).exists():
        why = _("a legal hold keeps %(name)s; place one on the other person and lift this one") % {"name": double.name}
    if why:
        raise CannotMerge(double=double.name, into=into.name, why=why)


# What a person takes over where they lack it.


def _filled(double: Person, into: Person) -> list[str]:
    return [name for name in FILLED if getattr(double, name) and not getattr(into, name)]


def _fill(double: Person, into: Person, names: list[str], actor: Actor) -> list[str | None]:
    """Answers the person's line manager before and since, as uids."""
    values = {name: getattr(double, name) for name in names}
    before = into.line_manager
    if "external_key" in values:
        # It is unique: the double lets go of it first.
        people.change_person(double, external_key="", actor=actor)
    if into.line_manager_id == double.id or (into.line_manager_id is None and double.line_manager_id is not None):
        values["line_manager"] = _manager_from(double, into)
    if values:
        people.change_person(into, actor=actor, **values)
    return [str(one.uid) if one is not None else None for one in (before, into.line_manager)]


def _manager_from(double: Person, into: Person) -> Any:
    """The double's line manager for the person; KEEP or nobody where that would be a circle, or a leaver."""
    manager, own = double.line_manager, into.line_manager_id == double.id
    above = manager
    while above is not None and above.id != into.id:
        above = above.line_manager
    fits = manager is not None and manager.is_active and above is None
    return manager if fits else (None if own else KEEP)


def _unfill(double: Person, into: Person, names: list[str], manager: list[str | None], actor: Actor) -> None:
    """The person lets go of what is still the double's."""
    before, since = manager
    now = str(into.line_manager.uid) if into.line_manager is not None else None
    if before != since and now == since:
        again = Person.objects.active().filter(uid=before).first() if before else None
        people.change_person(into, line_manager=again, actor=actor)
    if "external_key" in names and into.external_key and double.external_key is None:
        key = into.external_key
        people.change_person(into, external_key="", actor=actor)
        people.change_person(double, external_key=key, actor=actor)
    same = [name for name in names if name != "external_key" and getattr(into, name) == getattr(double, name)]
    if same:
        empty = {name: None if name == "department" else "" for name in same}
        people.change_person(into, actor=actor, **empty)  # type: ignore[arg-type]


# Addresses.


def _move_addresses(double: Person, into: Person) -> tuple[list[list[Any]], int]:
    """All of them, each as [id, was it the main one]; and the id of the one that becomes the person's main, or 0."""
    rows = list(Address.objects.select_for_update(of=("self",)).filter(person=double).order_by("id"))
    has_main = into.addresses.filter(is_main=True).exists()
    made_main = 0
    moved = []
    for row in rows:
        moved.append([row.id, row.is_main])
        if row.is_main and not has_main:
            made_main = row.id
        row.person, row.is_main = into, row.id == made_main
        row.save(update_fields=["person", "is_main"])
    return moved, made_main


def _return_addresses(double: Person, into: Person, moved: list[list[Any]], made_main: int) -> list[str]:
    kept = []
    rows = {row.id: row for row in Address.objects.select_for_update(of=("self",)).filter(person=into)}
    for address_id, was_main in moved:
        row = rows.get(address_id)
        if row is None:
            continue
        if row.is_main and row.id != made_main:
            # It was made the person's main address since: without it their mail would go nowhere.
            kept.append(row.address)
            continue
        row.person, row.is_main = double, was_main
        row.save(update_fields=["person", "is_main"])
    return kept


# Roles.


def _role_changes(double: Person, into: Person) -> list[tuple[Team, str, str]]:
    """Per team of the double: the person's role before and after, the stronger one of both."""
    own = dict(Membership.objects.filter(person=into).values_list("team_id", "role"))
    rows = Membership.objects.filter(person=double, team__archived_at__isnull=True).select_related("team")
    return [
        (row.team, own.get(row.team_id, ""), max(own.get(row.team_id, row.role), row.role, key=ROLES.index))
        for row in rows.order_by("team_id")
    ]


def _move_roles(double: Person, into: Person, actor: Actor) -> list[dict[str, Any]]:
    moved = []
    rows = {row.team_id: row for row in Membership.objects.filter(person=into)}
    theirs = {row.team_id: row for row in Membership.objects.filter(person=double)}
    for team, _before, after in _role_changes(double, into):
        old, gone = rows.get(team.id), theirs[team.id]
        technician = gone.is_technician or (old is not None and old.is_technician)
        people.take_role(double, team, actor=actor)
        people.give_role(into, team, after, is_technician=technician, actor=actor)
        moved.append(
            {
                "team": team.key,
                "double": [gone.role, gone.is_technician],
                "before": [old.role, old.is_technician] if old is not None else None,
                "since": [after, technician],
            }
        )
    return moved


def _return_roles(double: Person, into: Person, moved: list[dict[str, Any]], actor: Actor) -> list[str]:
    kept = []
    teams = {team.key: team for team in Team.objects.active().filter(key__in=[one["team"] for one in moved])}
    for one in moved:
        team = teams.get(one["team"])
        now = Membership.objects.filter(person=into, team=team).first() if team is not None else None
        if team is None or now is None or [now.role, now.is_technician] != one["since"] or not double.is_active:
            kept.append(team.name if team is not None else one["team"])
            continue
        if one["before"] is None:
            people.take_role(into, team, actor=actor)
        else:
            people.give_role(into, team, one["before"][0], is_technician=one["before"][1], actor=actor)
        people.give_role(double, team, one["double"][0], is_technician=one["double"][1], actor=actor)
    return kept


# Where they work, when they are away, who reports to them.


def _moves_workplace(double: Person, into: Person) -> bool:
    has = Workplace.objects.filter(person=double).exists()
    return has and not Workplace.objects.filter(person=into).exists()


def _move_workplace(double: Person, into: Person) -> dict[str, Any] | None:
    if not _moves_workplace(double, into):
        return None
    row = Workplace.objects.select_related("site", "location").get(person=double)
    row.person = into
    row.save(update_fields=["person"])
    return _place(row)


def _return_workplace(double: Person, into: Person, moved: dict[str, Any] | None) -> list[str]:
    if moved is None:
        return []
    row = Workplace.objects.select_related("site", "location").filter(person=into).first()
    if row is None or _place(row) != moved or Workplace.objects.filter(person=double).exists():
        return [row.site.name] if row is not None else []
    row.person = double
    row.save(update_fields=["person"])
    return []


def _place(row: Workplace) -> dict[str, Any]:
    return {"site": row.site.key, "location": row.location.key if row.location is not None else None}


def _move_absences(double: Person, into: Person) -> tuple[list[int], list[int]]:
    """Those that do not overlap the person's own; and those in which the double stands in for others."""
    own = list(Absence.objects.filter(person=into))
    moved = [
        row.id
        for row in Absence.objects.filter(person=double).order_by("id")
        if row.deputy_id != into.id
        and not any(one.starts_on <= row.ends_on and one.ends_on >= row.starts_on for one in own)
    ]
    Absence.objects.filter(id__in=moved).update(person=into)
    stands_in = Absence.objects.filter(deputy=double)
    deputy_for = list(stands_in.exclude(person=into).values_list("id", flat=True))
    Absence.objects.filter(id__in=deputy_for).update(deputy=into)
    # Nobody stands in for themselves.
    Absence.objects.filter(deputy=double).update(deputy=None)
    return moved, deputy_for


def _move_reports(double: Person, into: Person, actor: Actor) -> list[str]:
    moved = []
    reports = Person.objects.filter(line_manager=double, merged_into__isnull=True, erased_at__isnull=True)
    for report in reports.exclude(id=into.id).order_by("id"):
        try:
            people.change_person(report, line_manager=into, actor=actor)
        except LineManagerCircle:
            people.change_person(report, line_manager=None, actor=actor)
        else:
            moved.append(str(report.uid))
    return moved
