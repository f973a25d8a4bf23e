"""Being away from a day to a day, with somebody who stands in (P48.1)."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.absences import today
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Absence, Membership, Person
from hauspost.records.people.refusals import AbsenceOverlaps, DeputyCircle

LONGEST = timedelta(days=3 * 366)  # Parental leave and more; a slip of the pen in the year is longer.


def may_set_absence(person: Person, actor: Actor) -> bool:
    """The person, an administrator, or the lead of a team in which the person works."""
    if actor.is_administrator or (actor.who == person and person.is_active):
        return True
    led = [team for team, role in actor.roles().items() if role == Membership.Role.LEAD]
    return bool(led) and Membership.objects.filter(person=person, team_id__in=led).exists()


@transaction.atomic
def add_absence(
    person: Person, *, starts_on: date, ends_on: date, deputy: Person | None = None, actor: Actor
) -> Absence:
    """Note that somebody is away, both days included, and who stands in. Records "absence.added".

    Raises NotAllowed, Invalid, AbsenceOverlaps, DeputyCircle.
    """
    if not may_set_absence(person, actor):
        raise NotAllowed
    # Two that are noted at once see each other: their circle would have no one to notice it.
    list(Person.objects.select_for_update(of=("self",)).filter(id=person.id).values_list("id"))
    _refuse_days(starts_on, ends_on)
    if deputy is not None and (deputy.id == person.id or not deputy.is_active or deputy.is_integration):
        raise Invalid("deputy", _("choose a colleague who works here"))
    other = Absence.objects.filter(person=person, starts_on__lte=ends_on, ends_on__gte=starts_on).first()
    if other is not None:
        raise AbsenceOverlaps(name=person.name, starts_on=_day(other.starts_on), ends_on=_day(other.ends_on))
    if deputy is not None:
        _refuse_circle([person, deputy], starts_on, ends_on)
    row = Absence.objects.create(
        person=person, starts_on=starts_on, ends_on=ends_on, deputy=deputy, created_at=clock.now()
    )
    record("absence.added", person.stream, actor=actor, data={"before": {}, "after": _recorded(row)})
    return row


@transaction.atomic
def end_absence(absence: Absence, *, actor: Actor) -> None:
    """Somebody is back, or does not go: it ends yesterday, or is taken away where it has not begun.

    Records "absence.ended". Raises NotAllowed.
    """
    row = Absence.objects.select_for_update(of=("self",)).select_related("person", "deputy").get(id=absence.id)
    if not may_set_absence(row.person, actor):
        raise NotAllowed
    before, day = _recorded(row), today()
    if row.ends_on < day:
        return
    if row.starts_on >= day:
        row.delete()
        after = {}
    else:
        row.ends_on = day - timedelta(days=1)
        row.save(update_fields=["ends_on"])
        after = _recorded(row)
    record("absence.ended", row.person.stream, actor=actor, data={"before": before, "after": after})


def _refuse_days(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        raise Invalid("ends_on", _("the end lies before the beginning"))
    if ends_on < today():
        raise Invalid("ends_on", _("these days are over"))
    if ends_on - starts_on > LONGEST:
        raise Invalid("ends_on", _("at most three years; check the year"))


def _refuse_circle(chain: list[Person], starts_on: date, ends_on: date) -> None:
    """Follow the deputies through the days on which they are away themselves."""
    absences = Absence.objects.filter(
        person=chain[-1], starts_on__lte=ends_on, ends_on__gte=starts_on, deputy__isnull=False
    )
    for row in absences.select_related("deputy"):
        assert row.deputy is not None
        first, last = max(starts_on, row.starts_on), min(ends_on, row.ends_on)
        if row.deputy.id == chain[0].id:
            circle = " → ".join(one.name for one in [*chain, chain[0]])
            raise DeputyCircle(day=_day(first), circle=circle)
        if row.deputy not in chain:
            _refuse_circle([*chain, row.deputy], first, last)


def _day(day: date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def _recorded(row: Absence) -> dict[str, str | None]:
    return {
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "deputy": str(row.deputy.uid) if row.deputy is not None else None,
    }
