"""What the company has set up: teams, departments, sites, locations, categories, statuses."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja import Path

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import keyed, needed
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Asked, Key
from hauspost.doors.api.shapes.people import (
    CategoryAsked,
    CategoryChange,
    DepartmentAsked,
    DepartmentChange,
    LocationAsked,
    LocationChange,
    SiteAsked,
    SiteChange,
    StatusAsked,
    TeamAsked,
    TeamChange,
    ThingDone,
    Things,
    ThingTold,
)
from hauspost.ground.refusals import NotFound
from hauspost.records.catalogue import actions as catalogue
from hauspost.records.catalogue.models import Category
from hauspost.records.people import actions as people
from hauspost.records.people.models import Department, Named, Team
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.company import add_status as add_a_status
from hauspost.records.tickets.models import Status

routes = Routes("Company")
N = TypeVar("N", bound=Named)
# Whoever works with tickets needs their keys.
READING = ("places:read", "tickets:read", "tickets:write", "people:read")


@routes.get("/teams", scope=READING, gives=Things)
def list_teams(request: HttpRequest) -> Things:
    """List the teams"""
    return _told(
        Team.objects.order_by("id"),
        lambda row: {"is_confidential": row.is_confidential, "language": row.language or None},
    )


@routes.post("/teams", scope="people:write", gives=ThingDone)
def add_team(request: HttpRequest, asked: TeamAsked) -> ThingDone:
    """Add a team

    Administrators only, like all changes here.
    """
    actor = known_caller(request).actor
    return _done("teams", people.add_team(asked.key, asked.words, actor=actor, **_beyond(asked)))


@routes.patch("/teams/{key}", scope="people:write", gives=ThingDone)
def change_team(request: HttpRequest, key: Path[Key], asked: TeamChange) -> ThingDone:
    """Say what has changed about a team"""
    actor = known_caller(request).actor
    return _done("teams", people.change_team(_one(Team.objects, key), actor=actor, **_sent(asked)))


@routes.post("/teams/{key}/archiving", scope="people:write", gives=ThingDone, status=200)
def archive_team(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Archive a team

    Its roles give no rights, its intake addresses take no mail.
    """
    return _turned("teams", _one(Team.objects, key), people.archive_team, request)


@routes.delete("/teams/{key}/archiving", scope="people:write", gives=ThingDone)
def restore_team(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Restore a team that was archived"""
    return _turned("teams", _one(Team.objects, key), people.restore_team, request)


@routes.get("/departments", scope=READING, gives=Things)
def list_departments(request: HttpRequest) -> Things:
    """List the departments"""
    return _told(Department.objects.order_by("id"), lambda row: {"cost_centre": row.cost_centre or None})


@routes.post("/departments", scope="people:write", gives=ThingDone)
def add_department(request: HttpRequest, asked: DepartmentAsked) -> ThingDone:
    """Add a department"""
    actor = known_caller(request).actor
    made = people.add_department(asked.key, asked.words, cost_centre=asked.cost_centre, actor=actor)
    return _done("departments", made)


@routes.patch("/departments/{key}", scope="people:write", gives=ThingDone)
def change_department(request: HttpRequest, key: Path[Key], asked: DepartmentChange) -> ThingDone:
    """Say what has changed about a department"""
    actor = known_caller(request).actor
    return _done("departments", people.change_department(_one(Department.objects, key), actor=actor, **_sent(asked)))


@routes.post("/departments/{key}/archiving", scope="people:write", gives=ThingDone, status=200)
def archive_department(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Archive a department

    Whoever is in it stays there until moved.
    """
    return _turned("departments", _one(Department.objects, key), people.archive_department, request)


@routes.delete("/departments/{key}/archiving", scope="people:write", gives=ThingDone)
def restore_department(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Restore a department that was archived"""
    return _turned("departments", _one(Department.objects, key), people.restore_department, request)


@routes.get("/sites", scope=READING, gives=Things)
def list_sites(request: HttpRequest) -> Things:
    """List the sites"""
    return _told(
        Site.objects.order_by("id"),
        lambda row: {
            "time_zone": row.time_zone,
            "country": row.country or None,
            "postal_address": row.postal_address or None,
        },
    )


@routes.post("/sites", scope="places:write", gives=ThingDone)
def add_site(request: HttpRequest, asked: SiteAsked) -> ThingDone:
    """Add a site"""
    actor = known_caller(request).actor
    beyond: dict[str, Any] = {"time_zone": asked.time_zone, **_beyond(asked)}
    return _done("sites", places.add_site(asked.key, asked.words, actor=actor, **beyond))


@routes.patch("/sites/{key}", scope="places:write", gives=ThingDone)
def change_site(request: HttpRequest, key: Path[Key], asked: SiteChange) -> ThingDone:
    """Say what has changed about a site"""
    actor = known_caller(request).actor
    return _done("sites", places.change_site(_one(Site.objects, key), actor=actor, **_sent(asked)))


@routes.post("/sites/{key}/archiving", scope="places:write", gives=ThingDone, status=200)
def archive_site(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Archive a site, with all that lies in it"""
    return _turned("sites", _one(Site.objects, key), places.archive_site, request)


@routes.delete("/sites/{key}/archiving", scope="places:write", gives=ThingDone)
def restore_site(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Restore a site that was archived"""
    return _turned("sites", _one(Site.objects, key), places.restore_site, request)


@routes.get("/locations", scope=READING, gives=Things)
def list_locations(request: HttpRequest) -> Things:
    """List the buildings, floors and rooms"""
    return _told(
        Location.objects.select_related("site", "parent").order_by("id"),
        lambda row: {"site": row.site.key, "kind": row.kind, "parent": row.parent.key if row.parent else None},
    )


@routes.post("/locations", scope="places:write", gives=ThingDone)
def add_location(request: HttpRequest, asked: LocationAsked) -> ThingDone:
    """Add a building, floor or room"""
    made = places.add_location(
        asked.key,
        asked.words,
        site=needed(Site, asked.site, "site"),
        kind=asked.kind,
        parent=keyed(Location, asked.parent, "parent"),
        actor=known_caller(request).actor,
    )
    return _done("locations", made)


@routes.patch("/locations/{key}", scope="places:write", gives=ThingDone)
def change_location(request: HttpRequest, key: Path[Key], asked: LocationChange) -> ThingDone:
    """Say what has changed about a location"""
    fields = _sent(asked)
    if "parent" in fields:
        fields["parent"] = keyed(Location, fields["parent"], "parent")
    location = _one(Location.objects.select_related("site"), key)
    return _done("locations", places.change_location(location, actor=known_caller(request).actor, **fields))


@routes.post("/locations/{key}/archiving", scope="places:write", gives=ThingDone, status=200)
def archive_location(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Archive a location, with all that lies in it"""
    return _turned("locations", _one(Location.objects, key), places.archive_location, request)


@routes.delete("/locations/{key}/archiving", scope="places:write", gives=ThingDone)
def restore_location(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Restore a location that was archived"""
    return _turned("locations", _one(Location.objects, key), places.restore_location, request)


@routes.get("/categories", scope=READING, gives=Things)
def list_categories(request: HttpRequest) -> Things:
    """List the categories, branch by branch"""
    return _told(
        Category.objects.select_related("parent", "default_team").order_by("path_key"),
        lambda row: {
            "path": row.path,
            "parent": row.parent.key if row.parent else None,
            "default_type": row.default_type or None,
            "default_team": row.default_team.key if row.default_team else None,
        },
    )


@routes.post("/categories", scope="places:write", gives=ThingDone)
def add_a_category(request: HttpRequest, asked: CategoryAsked) -> ThingDone:
    """Add a category"""
    made = catalogue.add_category(
        asked.key,
        asked.words,
        parent=keyed(Category, asked.parent, "parent"),
        default_type=asked.default_type,
        default_team=keyed(Team, asked.default_team, "default_team"),
        actor=known_caller(request).actor,
    )
    return _done("categories", made)


@routes.patch("/categories/{key}", scope="places:write", gives=ThingDone)
def change_a_category(request: HttpRequest, key: Path[Key], asked: CategoryChange) -> ThingDone:
    """Say what has changed about a category

    Moved below another one, it takes along what lies below it. Tickets keep it.
    """
    fields = _sent(asked)
    for name, model in (("parent", Category), ("default_team", Team)):
        if name in fields:
            fields[name] = keyed(model, fields[name], name)
    changed = catalogue.change_category(_one(Category.objects, key), actor=known_caller(request).actor, **fields)
    return _done("categories", changed)


@routes.post("/categories/{key}/archiving", scope="places:write", gives=ThingDone, status=200)
def archive_a_category(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Archive a category, with all that lies below it

    Its tickets keep it.
    """
    return _turned("categories", _one(Category.objects, key), catalogue.archive_category, request)


@routes.delete("/categories/{key}/archiving", scope="places:write", gives=ThingDone)
def restore_a_category(request: HttpRequest, key: Path[Key]) -> ThingDone:
    """Restore a category that was archived, with what went with it"""
    return _turned("categories", _one(Category.objects, key), catalogue.restore_category, request)


@routes.get("/statuses", scope=READING, gives=Things)
def list_statuses(request: HttpRequest) -> Things:
    """List the statuses, in their order"""
    return _told(Status.objects.order_by("position", "id"), lambda row: {"kind": row.kind, "position": row.position})


@routes.post("/statuses", scope="places:write", gives=ThingDone)
def add_status(request: HttpRequest, asked: StatusAsked) -> ThingDone:
    """Add a status of one of the fixed kinds"""
    words, actor = people.clean_words(asked.words), known_caller(request).actor
    return _done("statuses", add_a_status(asked.key, asked.kind, words, asked.position, actor=actor))


def _one(rows: Any, key: str) -> Any:
    """One thing by its key, archived or not. Raises NotFound."""
    found = rows.filter(key=key).first()
    if found is None:
        raise NotFound
    return found


def _sent(asked: Asked) -> dict[str, Any]:
    """The fields that were sent; what was not stays as it is."""
    return {name: getattr(asked, name) for name in asked.model_fields_set}


def _beyond(asked: Asked) -> dict[str, Any]:
    return {name: value for name, value in _sent(asked).items() if name not in ("key", "words")}


def _turned(noun: str, row: N, turn: Callable[..., None], request: HttpRequest) -> ThingDone:
    turn(row, actor=known_caller(request).actor)
    return _done(noun, row)


def _done(noun: str, row: Named) -> ThingDone:
    return ThingDone(key=row.key, href=address_of(noun))


def _told(rows: Iterable[N], more: Callable[[N], Mapping[str, Any]]) -> Things:
    return Things(
        things=[
            ThingTold(
                key=row.key,
                name=row.name,
                words=row.words,
                is_archived=row.archived_at is not None,
                more=dict(more(row)),
            )
            for row in rows
        ]
    )
