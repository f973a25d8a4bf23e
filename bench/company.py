"""The bench's company: forty teams, three hundred people and their places, founded through the verbs."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from bench.texts import person_name
from hauspost.records.catalogue.actions import add_category
from hauspost.records.catalogue.models import Category
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Address, Mailbox, Membership, Person, Team
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site, Workplace
from hauspost.records.tickets.company import add_first_statuses
from hauspost.records.tickets.models import Status

SUBJECTS = ("it", "facilities", "hr", "purchasing", "finance", "fleet", "safety", "production")
TOWNS = ("Cologne", "Hamburg", "Vienna", "Munich", "Leipzig")
PEOPLE, DESK = 300, 120
_CATEGORIES = ("printer", "network", "account", "workplace", "building", "vehicle", "contract", "machine", "order")


@dataclass(frozen=True)
class Company:
    """The company as it stands in the database."""

    teams: Sequence[Team]
    # The intake address of a team, by its id.
    intake: dict[int, str]
    # Those who may answer in a team, by its id.
    agents: dict[int, Sequence[Person]]
    requesters: Sequence[Person]
    # A person's main address and workplace, by their id.
    addresses: dict[int, str]
    seats: dict[int, tuple[Site, Location | None]]
    categories: Sequence[Category]
    statuses: dict[str, Status]
    # Works in the two largest teams only; dispatches in all forty.
    agent: Person
    dispatcher: Person


def found() -> Company:
    """Found the company in an empty database."""
    with transaction.atomic():
        add_first_statuses(actor=SYSTEM)
        sites = _sites()
        teams = [_team(subject, town) for subject in SUBJECTS for town in TOWNS]
        for kind in _CATEGORIES:
            branch = add_category(kind, {"en": kind.title(), "de": kind.title()}, actor=SYSTEM)
            for leaf in ("broken", "missing", "question"):
                words = {"en": f"{kind} {leaf}", "de": f"{kind} {leaf}"}
                add_category(f"{kind}-{leaf}", words, parent=branch, default_type="incident", actor=SYSTEM)
        for number in range(PEOPLE):
            _employ(number, sites, teams)
    return read()


def read() -> Company:
    """The company that was founded."""
    teams = list(Team.objects.order_by("id"))
    persons = {person.id: person for person in Person.objects.select_related("department").order_by("id")}
    roles = Membership.objects.order_by("id").values_list("team_id", "person_id", "role")
    everyone = list(persons.values())
    return Company(
        teams=teams,
        intake={box.team_id: box.address.address for box in Mailbox.objects.select_related("address")},
        agents={
            team.id: [persons[who] for at, who, role in roles if at == team.id and role == "agent"] for team in teams
        },
        requesters=everyone[DESK:PEOPLE],
        addresses=dict(Address.objects.filter(person__isnull=False, is_main=True).values_list("person_id", "address")),
        seats={row.person_id: (row.site, row.location) for row in Workplace.objects.select_related("site", "location")},
        categories=list(Category.objects.exclude(parent=None).order_by("id")),
        statuses={status.kind: status for status in Status.objects.order_by("-position")},
        agent=everyone[1],
        dispatcher=everyone[0],
    )


def _sites() -> list[tuple[Site, Sequence[Location]]]:
    made: list[tuple[Site, Sequence[Location]]] = []
    for town in TOWNS:
        key = town.lower()
        site = places.add_site(key, {"en": town, "de": town}, time_zone="Europe/Berlin", country="DE", actor=SYSTEM)
        floors = [
            places.add_location(
                f"{key}-{floor}", {"en": f"Floor {floor}", "de": f"{floor}. OG"}, site=site, kind="floor", actor=SYSTEM
            )
            for floor in range(1, 4)
        ]
        made.append((site, floors))
    return made


def _team(subject: str, town: str) -> Team:
    key = f"{subject}-{town.lower()}"
    words = {"en": f"{subject.upper() if len(subject) < 3 else subject.title()} {town}"}
    team = people.add_team(key, words, language="de", actor=SYSTEM)
    people.add_mailbox(f"{key}@{settings.HAUSPOST.mail_domain}", team, name=words["en"], actor=SYSTEM)
    return team


def _employ(number: int, sites: Sequence[tuple[Site, Sequence[Location]]], teams: Sequence[Team]) -> None:
    person = people.add_person(
        person_name(number),
        f"person{number:03d}@{settings.HAUSPOST.mail_domain}",
        actor=SYSTEM,
        language="en" if number % 4 == 3 else "de",
        verified=True,
    )
    site, floors = sites[number % len(sites)]
    places.seat(person, site=site, location=floors[number % len(floors)], actor=SYSTEM)
    if number == 0:
        for team in teams:
            people.give_role(person, team, "dispatcher", actor=SYSTEM)
    elif number < DESK:
        # The first agent works in the two largest teams, everybody else in two that lie apart.
        for team in {teams[(number - 1) % len(teams)], teams[(number * 7 - 6) % len(teams)]}:
            people.give_role(person, team, "agent", actor=SYSTEM)
