"""Where people usually work."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground.history.actions import NewEvent, record, record_many
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.places.models import Location, Site, Workplace


@transaction.atomic
def seat(person: Person, *, site: Site, location: Location | None, actor: Actor) -> None:
    """Say where a person usually works. Records "person.seated". Raises NotAllowed, Invalid (location elsewhere)."""
    if not actor.is_administrator:
        raise NotAllowed
    _refuse_elsewhere(site, location)
    old = Workplace.objects.select_related("site", "location").filter(person=person).first()
    if old is not None and (old.site_id, old.location_id) == (site.id, location.id if location else None):
        return
    before = _recorded(old)
    row = old or Workplace(person=person)
    row.site, row.location = site, location
    row.save()
    record("person.seated", person.stream, actor=actor, data={"before": before, "after": _recorded(row)})


@transaction.atomic
def seat_many(seats: Sequence[tuple[Person, Site, Location | None]], *, actor: Actor) -> None:
    """Say where many people usually work, in a handful of queries. Records "person.seated", once a person who moves.

    Raises NotAllowed, Invalid (location elsewhere).
    """
    if not actor.is_administrator:
        raise NotAllowed
    has = set(Workplace.objects.filter(person__in=[one[0] for one in seats]).values_list("person_id", flat=True))
    fresh = []
    for person, site, location in seats:
        if person.id in has:
            seat(person, site=site, location=location, actor=actor)
            continue
        _refuse_elsewhere(site, location)
        fresh.append(Workplace(person=person, site=site, location=location))
    Workplace.objects.bulk_create(fresh)
    events = [NewEvent("person.seated", row.person.stream, {"before": {}, "after": _recorded(row)}) for row in fresh]
    record_many(events, actor=actor)


@transaction.atomic
def unseat(person: Person, *, actor: Actor) -> None:
    """Say that a person has no usual place of work. Records "person.seated". Raises NotAllowed."""
    if not actor.is_administrator:
        raise NotAllowed
    old = Workplace.objects.select_related("site", "location").filter(person=person).first()
    if old is not None:
        old.delete()
        record("person.seated", person.stream, actor=actor, data={"before": _recorded(old), "after": {}})


def _refuse_elsewhere(site: Site, location: Location | None) -> None:
    if location is not None and location.site_id != site.id:
        raise Invalid("location", _("%(name)s belongs to another site") % {"name": location.name})


def _recorded(row: Workplace | None) -> dict[str, Any]:
    return {"site": row.site.key, "location": row.location.key if row.location else None} if row is not None else {}


def forget_workplace(person: Person) -> None:
    """Where an erased person worked; called by the erasure duty in its transaction."""
    Workplace.objects.filter(person=person).delete()
