"""Setting the company of tests/world.py up through the verbs: for the tests and for the demo."""

import pickle
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from hauspost.ground.history.models import Pending
from hauspost.records.catalogue.actions import add_category
from hauspost.records.catalogue.models import Category
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import Department, Person, Team
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.company import add_first_statuses
from tests import world


@dataclass
class Company:
    """The company as it stands in the database, by the keys of tests/world.py."""

    people: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)

    def actor(self, key: str) -> Actor:
        """A person of the cast, signed in."""
        return Actor(who=self.people[key], via="web", proof=Proof.SESSION)


def found_company(only: set[str] | None = None, password: str = "") -> Company:
    """Found the company; `only` names the employees to hire (with their teams), None hires all sixty."""
    company = Company()
    add_first_statuses(actor=SYSTEM)
    for site in world.SITES:
        country = site.holidays.partition("-")[0]
        company.sites[site.key] = places.add_site(
            site.key, {"en": site.en, "de": site.de}, time_zone=site.timezone, country=country, actor=SYSTEM
        )
    for place in world.LOCATIONS:
        company.locations[place.key] = places.add_location(
            place.key,
            {"en": place.en, "de": place.de},
            site=company.sites[place.site],
            kind=place.kind,
            parent=company.locations[place.parent] if place.parent else None,
            actor=SYSTEM,
        )
    for unit in world.DEPARTMENTS:
        company.departments[unit.key] = people.add_department(
            unit.key, {"en": unit.en, "de": unit.de}, cost_centre=unit.cost_centre, actor=SYSTEM
        )
    _hire(company, only, password)
    _set_up_teams(company)
    # That they got an address is told to administrators once, long ago.
    Pending.objects.filter(event__kind="mailbox.added").delete()
    return company


def _hire(company: Company, only: set[str] | None, password: str) -> None:
    waiting = [one for one in world.EMPLOYEES if only is None or one.key in only]
    while waiting:
        # Managers first, so that everybody's line manager is there.
        later = []
        for one in waiting:
            if one.manager and one.manager not in company.people and (only is None or one.manager in only):
                later.append(one)
                continue
            company.people[one.key] = _employ(company, one, password)
        waiting = later


def _employ(company: Company, one: Any, password: str) -> Person:
    person = people.add_person(
        one.name,
        one.address,
        actor=SYSTEM,
        language=one.language,
        phone=one.phone,
        department=company.departments[one.department],
        line_manager=company.people.get(one.manager) if one.manager else None,
        is_administrator="administrator" in one.rights,
        is_auditor="auditor" in one.rights,
        verified=True,
    )
    places.seat(
        person,
        site=company.sites[one.site],
        location=company.locations.get(one.location) if one.location else None,
        actor=SYSTEM,
    )
    if password:
        people.set_password(person, password, actor=SYSTEM)
    return person


def _set_up_teams(company: Company) -> None:
    for one in world.TEAMS:
        team = people.add_team(
            one.key,
            {"en": one.en, "de": one.de},
            is_confidential=one.confidential,
            language="de",
            actor=SYSTEM,
        )
        company.teams[one.key] = team
        people.add_mailbox(one.address, team, name=one.de, actor=SYSTEM)
        for member in one.members:
            if member.person in company.people:
                people.give_role(
                    company.people[member.person], team, member.role, is_technician=member.technician, actor=SYSTEM
                )
    for kind in world.CATEGORIES:
        company.categories[kind.key] = add_category(
            kind.key,
            {"en": kind.en, "de": kind.de},
            parent=company.categories[kind.parent] if kind.parent else None,
            default_type=kind.type,
            default_team=company.teams[kind.team],
            actor=SYSTEM,
        )


_kept: dict[frozenset[str], bytes] = {}


def company_at_once(only: set[str]) -> Company:
    """The same company, founded through the verbs once a run; later its rows are laid back as they were."""
    kept = _kept.get(frozenset(only))
    if kept is None:
        assert not Person.objects.exists(), "only an empty database shows what founding makes"
        company = found_company(only)
        _kept[frozenset(only)] = pickle.dumps((company, [list(model._base_manager.all()) for model in _models()]))
        return company
    company, rows = pickle.loads(kept)
    with transaction.atomic():
        for model, found in zip(_models(), rows, strict=True):
            model._base_manager.bulk_create(found)
        statements = connection.ops.sequence_reset_sql(no_style(), _models())
        if statements:
            with connection.cursor() as cursor:
                cursor.execute("".join(statements))
    assert isinstance(company, Company)
    return company


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("hauspost.")]
