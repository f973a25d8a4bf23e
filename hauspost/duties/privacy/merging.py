"""Two rows that are one person become one, and two again where that was a mistake (P25.2, P25.6)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.duties.privacy import _moving as moving
from hauspost.duties.privacy import holds
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people import actions as people
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Absence, Person, Team
from hauspost.records.tickets.actions.persons import Moved, give_back, held_by, replace_person

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
        roles=[RoleChange(team, before, after) for team, before, after in moving.role_changes(double, into)],
        filled=moving.filled(double, into),
        rights_dropped=[name for name in RIGHTS if getattr(double, name) and not getattr(into, name)],
        absences=Absence.objects.filter(person=double).count(),
        reports=Person.objects.filter(line_manager=double).exclude(id=into.id).count(),
        moves_workplace=moving.moves_workplace(double, into),
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
    data["filled"], data["manager"] = seen.filled, moving.fill(double, into, seen.filled, actor)
    data["addresses"], data["made_main"] = moving.move_addresses(double, into)
    data["roles"] = moving.move_roles(double, into, actor)
    data["workplace"] = moving.move_workplace(double, into)
    data["absences"], data["deputy_for"] = moving.move_absences(double, into)
    data["reports"] = moving.move_reports(double, into, actor)
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
    kept = moving.return_addresses(double, into, data["addresses"], data["made_main"])
    kept += moving.return_roles(double, into, data["roles"], actor)
    kept += moving.return_workplace(double, into, data["workplace"])
    Absence.objects.filter(id__in=data["absences"], person=into).update(person=double)
    Absence.objects.filter(id__in=data["deputy_for"], deputy=into).update(deputy=double)
    for report in Person.objects.filter(uid__in=data["reports"], line_manager=into, erased_at__isnull=True):
        if report.merged_into_id is None and double.is_active:
            people.change_person(report, line_manager=double, actor=actor)
    moving.unfill(double, into, data["filled"], data["manager"], actor)
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
