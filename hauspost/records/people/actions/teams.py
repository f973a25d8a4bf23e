"""Departments, teams, roles and intake addresses."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.checks import only_administrators, refuse_taken_key
from hauspost.records.people.actions.persons import normal
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import (
    Address,
    Department,
    Mailbox,
    Membership,
    Person,
    Team,
)
from hauspost.records.people.refusals import AddressTaken


@transaction.atomic
def add_department(key: str, words: Mapping[str, str], *, cost_centre: str = "", actor: Actor) -> Department:
    """Add a unit of people. Records "department.added". Raises NotAllowed."""
    only_administrators(actor)
    refuse_taken_key(Department, key)
    department = Department.objects.create(key=key, words=dict(words), cost_centre=cost_centre)
    after = {"words": dict(words), "cost_centre": cost_centre}
    record("department.added", f"setting:department:{key}", actor=actor, data={"before": {}, "after": after})
    return department


@transaction.atomic
def add_team(
    key: str,
    words: Mapping[str, str],
    *,
    actor: Actor,
    is_confidential: bool = False,
    language: str = "",
    acknowledges: bool = True,
) -> Team:
    """Add a team that is responsible for tickets. Records "team.added". Raises NotAllowed."""
    only_administrators(actor)
    refuse_taken_key(Team, key)
    team = Team.objects.create(
        key=key, words=dict(words), is_confidential=is_confidential, language=language, acknowledges=acknowledges
    )
    after = {"words": dict(words), "is_confidential": is_confidential, "language": language}
    record("team.added", f"setting:team:{key}", actor=actor, data={"before": {}, "after": after})
    return team


@transaction.atomic
def give_role(person: Person, team: Team, role: str, *, actor: Actor, is_technician: bool = False) -> Membership:
    """Give a person a role in a team (P33.1). Records "team.role_given". Raises NotAllowed, Invalid."""
    only_administrators(actor)
    if role not in Membership.Role.values:
        raise Invalid("role", ", ".join(Membership.Role.values))
    row, _new = Membership.objects.update_or_create(
        person=person, team=team, defaults={"role": role, "is_technician": is_technician}
    )
    _end_sessions(person)
    data = {"person": str(person.uid), "role": role, "technician": is_technician}
    record("team.role_given", f"setting:team:{team.key}", actor=actor, data=data)
    return row


@transaction.atomic
def take_role(person: Person, team: Team, *, actor: Actor) -> None:
    """Take a person out of a team. Records "team.role_taken". Raises NotAllowed."""
    only_administrators(actor)
    Membership.objects.filter(person=person, team=team).delete()
    _end_sessions(person)
    record("team.role_taken", f"setting:team:{team.key}", actor=actor, data={"person": str(person.uid)})


def _end_sessions(person: Person) -> None:
    """Other rights, new sessions (S13)."""
    Person.objects.filter(id=person.id).update(session_version=F("session_version") + 1)


@transaction.atomic
def add_mailbox(address: str, team: Team, *, actor: Actor, name: str = "", language: str = "") -> Mailbox:
    """Let mail to an address become tickets of a team. Records "mailbox.added".

    Raises NotAllowed, NotAnAddress, AddressTaken (a person's address cannot be ours).
    """
    only_administrators(actor)
    clean = normal(address)
    row = Address.objects.filter(address=clean).first()
    if row is not None and row.kind != Address.Kind.OURS and row.person_id is not None:
        raise AddressTaken(address=clean)
    if row is not None and Mailbox.objects.filter(address=row).exists():
        raise Invalid("address", f"{clean} is an intake address already")
    row = row or Address(address=clean, created_at=clock.now())
    row.kind, row.person, row.is_main = Address.Kind.OURS, None, False
    row.save()
    mailbox = Mailbox.objects.create(address=row, team=team, name=name, language=language)
    after = {"address": clean, "team": team.key, "name": name, "language": language}
    record("mailbox.added", f"setting:mailbox:{clean}", actor=actor, data={"before": {}, "after": after})
    return mailbox


def our_addresses() -> frozenset[str]:
    """Every intake address that is in use."""
    rows = Mailbox.objects.filter(archived_at__isnull=True, team__archived_at__isnull=True)
    return frozenset(rows.values_list("address__address", flat=True))
