"""Departments: units of people, with their cost centres."""

from collections.abc import Mapping

from django.db import transaction

from hauspost.ground.history.actions import record
from hauspost.records.people.actions.checks import KEEP, one_line, only_administrators, refuse_taken_key
from hauspost.records.people.actions.named import archive_named, change_named, clean_words, restore_named
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Department

LONGEST_COST_CENTRE = 40


@transaction.atomic
def add_department(key: str, words: Mapping[str, str], *, cost_centre: str = "", actor: Actor) -> Department:
    """Add a unit of people. Records "department.added". Raises NotAllowed, Invalid."""
    only_administrators(actor)
    refuse_taken_key(Department, key)
    clean, centre = clean_words(words), one_line(cost_centre, LONGEST_COST_CENTRE)
    department = Department.objects.create(key=key, words=clean, cost_centre=centre)
    after = {"words": clean, "cost_centre": centre}
    record("department.added", f"setting:department:{key}", actor=actor, data={"before": {}, "after": after})
    return department


@transaction.atomic
def change_department(
    department: Department, *, actor: Actor, words: Mapping[str, str] = KEEP, cost_centre: str = KEEP
) -> Department:
    """Name a unit of people anew, or give it another cost centre. Records "department.changed".

    Raises NotAllowed, Invalid (no name).
    """
    if cost_centre is not KEEP:
        cost_centre = one_line(cost_centre, LONGEST_COST_CENTRE)
    return change_named(department, {"words": words, "cost_centre": cost_centre}, actor=actor)


@transaction.atomic
def archive_department(department: Department, *, actor: Actor) -> None:
    """Let nobody be put into it any more; who is in it stays until moved. Records "department.archived"."""
    archive_named(department, actor=actor)


@transaction.atomic
def restore_department(department: Department, *, actor: Actor) -> None:
    """Let it be chosen again. Records "department.restored". Raises NotAllowed."""
    restore_named(department, actor=actor)
