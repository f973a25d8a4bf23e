"""Many persons at once, as an import brings them: the same as one by one, in a handful of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.history.actions import record_many
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.addresses import normal, take_address
from hauspost.records.people.actions.checks import (
    one_line,
    only_administrators,
    refuse_unknown_language,
    refuse_unknown_zone,
)
from hauspost.records.people.actions.persons import LONGEST_COST_CENTRE, LONGEST_KEY, Unsaved, new_person
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Department, Person
from hauspost.records.people.refusals import AddressTaken


@dataclass(frozen=True)
class NewPerson:
    """Somebody to be added; the first address is the main one."""

    name: str
    addresses: Sequence[str] = ()
    external_key: str = ""
    language: str = ""
    time_zone: str = ""
    phone: str = ""
    department: Department | None = None
    cost_centre: str = ""
    line_manager: Person | None = None


@transaction.atomic
def add_people(people: Sequence[NewPerson], *, actor: Actor) -> list[Person]:
    """Let the desk know many persons, with verified addresses and no rights. Records "person.added", once a person.

    All of them or none; some hundred at a time. Raises NotAllowed, NotAnAddress, AddressTaken, AddressIsOurs, Invalid
    (external key, language, time zone) for the first that does not fit.
    """
    only_administrators(actor)
    _refuse_taken_keys([key for one in people if (key := one_line(one.external_key, LONGEST_KEY))])
    made = [_unsaved(one) for one in people]
    Person.objects.bulk_create([person for person, _event in made])
    addresses = [[normal(address) for address in dict.fromkeys(one.addresses)] for one in people]
    _take([person for person, _event in made], addresses)
    record_many([event_of(theirs) for (_person, event_of), theirs in zip(made, addresses, strict=True)], actor=actor)
    return [person for person, _event in made]


def _unsaved(one: NewPerson) -> Unsaved:
    refuse_unknown_language(one.language)
    refuse_unknown_zone(one.time_zone)
    return new_person(
        one.name,
        phone=one.phone,
        external_key=one_line(one.external_key, LONGEST_KEY) or None,
        language=one.language,
        time_zone=one.time_zone,
        department=one.department,
        line_manager=one.line_manager,
        cost_centre=one_line(one.cost_centre, LONGEST_COST_CENTRE),
        is_external=False,
        is_administrator=False,
        is_auditor=False,
        sees_department=False,
    )


def _refuse_taken_keys(keys: Sequence[str]) -> None:
    taken = Person.objects.filter(external_key__in=keys).first()
    if taken is not None or len(set(keys)) < len(keys):
        name = taken.name if taken is not None else keys[0]
        raise Invalid("external_key", _("%(name)s has this key already") % {"name": name})


def _take(people: Sequence[Person], addresses: Sequence[Sequence[str]]) -> None:
    """Give each their addresses; those that stand here already without a person keep their kind."""
    wanted = [address for theirs in addresses for address in theirs]
    if len(set(wanted)) < len(wanted):
        raise AddressTaken(address=next(address for address in wanted if wanted.count(address) > 1))
    known = set(Address.objects.filter(address__in=wanted).values_list("address", flat=True))
    moment, fresh = clock.now(), []
    for person, theirs in zip(people, addresses, strict=True):
        for address in theirs:
            is_main = address == theirs[0]
            if address in known:
                take_address(person, address, is_main=is_main, verified=True)
            else:
                fresh.append(
                    Address(address=address, person=person, is_main=is_main, is_verified=True, created_at=moment)
                )
    Address.objects.bulk_create(fresh)
