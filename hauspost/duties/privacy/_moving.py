"""What moves from a double to the person it is, part by part, and each part's way back (P25.2, P25.6)."""

from typing import Any

from hauspost.records.people import actions as people
from hauspost.records.people.actions import KEEP
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Absence, Address, Membership, Person, Team
from hauspost.records.people.refusals import LineManagerCircle
from hauspost.records.places.models import Workplace

# From the weakest to the strongest.
ROLES = ("read_only", "agent", "dispatcher", "lead")
# What a person takes over from the double where they lack it themselves.
FILLED = ("phone", "language", "time_zone", "department", "cost_centre", "external_key")


# What a person takes over where they lack it.


def filled(double: Person, into: Person) -> list[str]:
    """What the person lacks and the double has; the fields' names."""
    return [name for name in FILLED if getattr(double, name) and not getattr(into, name)]


def fill(double: Person, into: Person, names: list[str], actor: Actor) -> list[str | None]:
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


def unfill(double: Person, into: Person, names: list[str], manager: list[str | None], actor: Actor) -> None:
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


def move_addresses(double: Person, into: Person) -> tuple[list[list[Any]], int]:
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


def return_addresses(double: Person, into: Person, moved: list[list[Any]], made_main: int) -> list[str]:
    """Give them back; answers those that stay, as the person's mail would go nowhere without them."""
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


def role_changes(double: Person, into: Person) -> list[tuple[Team, str, str]]:
    """Per team of the double: the person's role before and after, the stronger one of both."""
    own = dict(Membership.objects.filter(person=into).values_list("team_id", "role"))
    rows = Membership.objects.filter(person=double, team__archived_at__isnull=True).select_related("team")
    return [
        (row.team, own.get(row.team_id, ""), max(own.get(row.team_id, row.role), row.role, key=ROLES.index))
        for row in rows.order_by("team_id")
    ]


def move_roles(double: Person, into: Person, actor: Actor) -> list[dict[str, Any]]:
    """The stronger role of both in each team; answers what each had and has."""
    moved = []
    rows = {row.team_id: row for row in Membership.objects.filter(person=into)}
    theirs = {row.team_id: row for row in Membership.objects.filter(person=double)}
    for team, _before, after in role_changes(double, into):
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


def return_roles(double: Person, into: Person, moved: list[dict[str, Any]], actor: Actor) -> list[str]:
    """Give both what they had; answers the teams where somebody has changed it since."""
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


def moves_workplace(double: Person, into: Person) -> bool:
    """Has only the double one?"""
    has = Workplace.objects.filter(person=double).exists()
    return has and not Workplace.objects.filter(person=into).exists()


def move_workplace(double: Person, into: Person) -> dict[str, Any] | None:
    """Answers where it is, None where nothing moves."""
    if not moves_workplace(double, into):
        return None
    row = Workplace.objects.select_related("site", "location").get(person=double)
    row.person = into
    row.save(update_fields=["person"])
    return _place(row)


def return_workplace(double: Person, into: Person, moved: dict[str, Any] | None) -> list[str]:
    """Give it back; answers the site where it was changed since."""
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


def move_absences(double: Person, into: Person) -> tuple[list[int], list[int]]:
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


def move_reports(double: Person, into: Person, actor: Actor) -> list[str]:
    """Answers who reports to the person now, by uid."""
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
