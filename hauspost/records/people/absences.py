"""Who is away on a day, and who stands in for them (P48.1)."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from hauspost.ground import clock
from hauspost.records.people.models import Absence, Person


def today() -> date:
    """The present day in the company's time zone, by which absences count."""
    return timezone.localdate(clock.now(), timezone.get_default_timezone())


def absences_of(person: Person, *, since: date | None = None) -> QuerySet[Absence]:
    """A person's running and coming absences, the next first; `since` another day than today looks back."""
    return (
        Absence.objects.filter(person=person, ends_on__gte=since or today())
        .select_related("deputy")
        .order_by("starts_on", "id")
    )


def on_day(day: date) -> QuerySet[Absence]:
    """The absences of all who are away on a day."""
    return Absence.objects.filter(ends_on__gte=day, starts_on__lte=day)


def who_is_absent(people: Iterable[Person | int], day: date) -> dict[int, Absence]:
    """Who of these persons (or ids) is away on a day: their absences by person id, deputies included; one query."""
    ids = {one.id if isinstance(one, Person) else one for one in people}
    return {row.person_id: row for row in on_day(day).filter(person_id__in=ids).select_related("deputy")}


def deputy_of(person: Person, *, on: date) -> Person | None:
    """Who stands in for somebody who is away: the deputy, or the deputy's deputy where that one is away, too.

    None when the person is there, or when the chain ends with nobody or with a leaver: then it is the team's.
    """
    seen, current = {person.id}, person
    while (absence := who_is_absent([current], on).get(current.id)) is not None:
        deputy = absence.deputy
        if deputy is None or not deputy.is_active or deputy.id in seen:
            return None
        seen.add(deputy.id)
        current = deputy
    return current if current.id != person.id else None
