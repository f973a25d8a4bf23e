"""Sites, buildings, floors and rooms, and where people work."""

from typing import Any

import pytest

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import SYSTEM
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site, Workplace
from tests.desk import Desk


@pytest.fixture
def plant(desk: Desk) -> Site:
    """A plant with a hall, a floor in it and a room on that."""
    site = places.add_site("plant", {"en": "Plant"}, time_zone="Europe/Berlin", actor=SYSTEM)
    above: Location | None = None
    for key, kind in (("hall", "building"), ("ground", "floor"), ("gate", "room")):
        above = places.add_location(key, {"en": key.title()}, site=site, kind=kind, parent=above, actor=SYSTEM)
    return site


def place(key: str) -> Location:
    return Location.objects.select_related("site", "parent").get(key=key)


def archived() -> set[str]:
    return set(Location.objects.filter(site__key="plant", archived_at__isnull=False).values_list("key", flat=True))


def last(stream: str) -> Event:
    return Event.objects.filter(stream__name=stream).order_by("seq").last()  # type: ignore[return-value]


def test_a_site_is_changed_and_recorded(desk: Desk, plant: Site) -> None:
    places.change_site(
        plant,
        words={"en": "Works", "de": "Werk"},
        country="at",
        postal_address=" Ring 1 \r\n\n 1010  Wien ",
        actor=desk.actor("karim"),
    )

    found = Site.objects.get(key="plant")
    assert (found.words, found.country, found.postal_address) == (
        {"en": "Works", "de": "Werk"},
        "AT",
        "Ring 1\n1010 Wien",
    )
    data = data_of(last("setting:site:plant"))
    assert set(data["before"]) == set(data["after"]) == {"words", "country", "postal_address"}
    before = Event.objects.count()
    places.change_site(plant, country="AT", actor=SYSTEM)
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    "wrong",
    [{"time_zone": "Mars/Phobos"}, {"time_zone": ""}, {"country": "Germany"}, {"words": {"en": "\0"}}, {"words": {}}],
)
def test_wrong_values_are_refused(desk: Desk, plant: Site, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        places.change_site(plant, actor=SYSTEM, **wrong)


def test_a_site_goes_with_all_that_lies_in_it_and_comes_back_with_what_went_along(desk: Desk, plant: Site) -> None:
    places.archive_location(place("gate"), actor=SYSTEM)
    places.archive_site(plant, actor=desk.actor("karim"))
    assert archived() == {"hall", "ground", "gate"}
    assert data_of(last("setting:site:plant")) == {"locations": ["ground", "hall"]}

    places.restore_site(Site.objects.get(key="plant"), actor=desk.actor("karim"))

    assert archived() == {"gate"}


def test_a_building_goes_with_its_rooms(desk: Desk, plant: Site) -> None:
    places.archive_location(place("hall"), actor=SYSTEM)
    assert archived() == {"hall", "ground", "gate"}
    with pytest.raises(Invalid):
        places.restore_location(place("gate"), actor=SYSTEM)

    places.restore_location(place("hall"), actor=SYSTEM)

    assert archived() == set()


def test_a_location_is_named_anew_and_moved_within_its_site(desk: Desk, plant: Site) -> None:
    other = places.add_location("hall-2", {"en": "Hall 2"}, site=plant, kind="building", actor=SYSTEM)

    places.change_location(place("ground"), words={"en": "Basement"}, parent=other, actor=desk.actor("karim"))

    assert place("gate").path == "Plant › Hall 2 › Basement › Gate"
    assert data_of(last("setting:location:ground"))["after"] == {"words": {"en": "Basement"}, "parent": "hall-2"}


def test_no_location_lies_in_itself_elsewhere_or_in_what_is_gone(desk: Desk, plant: Site) -> None:
    gone = places.add_location("gone", {"en": "Gone"}, site=plant, kind="building", actor=SYSTEM)
    places.archive_location(gone, actor=SYSTEM)
    elsewhere = Location.objects.exclude(site=plant).first()
    for parent in (place("hall"), place("gate"), elsewhere, gone):
        with pytest.raises(Invalid):
            places.change_location(place("hall"), parent=parent, actor=SYSTEM)
    with pytest.raises(Invalid):
        places.add_location("new", {"en": "New"}, site=plant, kind="room", parent=gone, actor=SYSTEM)
    places.archive_site(plant, actor=SYSTEM)
    with pytest.raises(Invalid):
        places.add_location("new", {"en": "New"}, site=plant, kind="room", actor=SYSTEM)


def test_where_somebody_works_is_recorded_where_it_changes(desk: Desk, plant: Site) -> None:
    petra = desk.person("petra")
    places.seat(petra, site=plant, location=place("gate"), actor=SYSTEM)
    before = Event.objects.count()
    places.seat(petra, site=plant, location=place("gate"), actor=SYSTEM)
    assert Event.objects.count() == before
    with pytest.raises(Invalid):
        places.seat(petra, site=desk.company.sites["wien"], location=place("gate"), actor=SYSTEM)

    places.unseat(petra, actor=SYSTEM)

    assert not Workplace.objects.filter(person=petra).exists()
    assert data_of(last(petra.stream)) == {"before": {"site": "plant", "location": "gate"}, "after": {}}


CHANGES: dict[str, Any] = {
    "a site": lambda site, a: places.change_site(site, country="DE", actor=a),
    "a site's end": lambda site, a: places.archive_site(site, actor=a),
    "a site's return": lambda site, a: places.restore_site(site, actor=a),
    "a location": lambda site, a: places.change_location(place("gate"), kind="floor", actor=a),
    "a location's end": lambda site, a: places.archive_location(place("gate"), actor=a),
    "a location's return": lambda site, a: places.restore_location(place("gate"), actor=a),
}


@pytest.mark.parametrize("name", CHANGES)
def test_only_administrators_change_places(desk: Desk, plant: Site, name: str) -> None:
    for who in ("sabine", "anna", "petra", "wolfgang"):
        with pytest.raises(NotAllowed):
            CHANGES[name](plant, desk.actor(who))
        with pytest.raises(NotAllowed):
            places.unseat(desk.person("petra"), actor=desk.actor(who))
        with pytest.raises(NotAllowed):
            places.seat_many([(desk.person("petra"), plant, None)], actor=desk.actor(who))
