"""The demo company holds together: everything it names exists, and every story can be played from start to outcome."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from tests import world
from tests.world import Story

CHANNELS = {"mail", "portal", "phone"}
LEVELS = {"low", "medium", "high"}
TYPES = {"incident", "service_request"}
ROLES = {"agent", "dispatcher", "lead", "read_only"}
OUTCOMES = {"new", "open", "waiting_requester", "waiting_third", "planned", "resolved", "closed"}
AUTHORS = {"requester", "agent", "dispatcher", "colleague", "participant"}
VERBS = {"reply", "note", "assign", "hand_to", "catalogue", "status", "impact"}
VERBS |= {"plan_visit", "participant", "reopen", "resolve", "close", "tag"}
SENDS = {"reply", "note", "reopen", "resolve", "plan_visit", "participant"}

PEOPLE = {employee.key: employee for employee in world.EMPLOYEES}
SITES = {site.key for site in world.SITES}
LOCATIONS = {location.key: location for location in world.LOCATIONS}
DEPARTMENTS = {department.key for department in world.DEPARTMENTS}
TEAMS = {team.key: team for team in world.TEAMS}
CATEGORIES = {category.key: category for category in world.CATEGORIES}
STORIES = world.stories()


def each_story(stories: list[Story]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("story", stories, ids=[story.key for story in stories])


def texts(story: Story) -> list[str]:
    return [text for opening in story.openings for text in opening] + [step.text for step in story.steps]


def test_the_company_has_its_size() -> None:
    assert (len(SITES), len(DEPARTMENTS), len(PEOPLE), len(TEAMS)) == (3, 8, 60, 3)
    assert 25 <= len(LOCATIONS) <= 30
    assert 28 <= len(CATEGORIES) <= 40
    assert len(STORIES) >= 110


@pytest.mark.parametrize(
    "table", ["SITES", "LOCATIONS", "DEPARTMENTS", "TEAMS", "CATEGORIES", "EMPLOYEES", "OUTSIDERS"]
)
def test_keys_are_unique(table: str) -> None:
    keys = [row.key for row in getattr(world, table)]
    assert len(keys) == len(set(keys))


def test_no_two_have_the_same_address_story_or_sticker() -> None:
    addresses = [row.address for table in (world.EMPLOYEES, world.OUTSIDERS, world.MAILBOXES) for row in table]
    for names in (addresses, [story.key for story in STORIES], [device.tag for device in world.DEVICES]):
        assert [name for name, count in Counter(names).items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z0-9.-]+@[a-z-]+\.example", address) for address in addresses)


def test_every_employee_has_a_place_a_department_and_a_way_up() -> None:
    for employee in world.EMPLOYEES:
        assert employee.language in {"de", "en"}
        assert employee.department in DEPARTMENTS
        assert LOCATIONS[employee.location].site == employee.site
        boss, climbed = employee, 0
        while boss.manager:
            boss, climbed = PEOPLE[boss.manager], climbed + 1
            assert climbed < 10, f"{employee.key} is their own manager"
        assert boss.key == "cornelia.lindner"


def test_places_categories_and_devices_hang_together() -> None:
    for location in world.LOCATIONS:
        assert location.site in SITES
        assert (location.parent is None) == (location.kind == "building")
        assert location.parent is None or LOCATIONS[location.parent].site == location.site
    for category in world.CATEGORIES:
        assert category.team in TEAMS
        assert category.type in TYPES
        assert category.parent is None or CATEGORIES[category.parent].team == category.team
    for device in world.DEVICES:
        assert device.site in SITES
        assert device.location is None or LOCATIONS[device.location].site == device.site


def test_teams_have_people_who_sort_and_people_who_work() -> None:
    for team in world.TEAMS:
        assert {member.role for member in team.members} <= ROLES
        assert len({member.person for member in team.members} & set(PEOPLE)) == len(team.members)
        assert any(member.role == "agent" for member in team.members)
        assert world.dispatcher_of(team.key).key in {member.person for member in team.members}
    assert [team.key for team in world.TEAMS if team.confidential] == ["hr"]
    assert [e.key for e in world.EMPLOYEES if "administrator" in e.rights] == ["karim.haddad"]
    assert [e.key for e in world.EMPLOYEES if "auditor" in e.rights] == ["wolfgang.vonhagen"]


@each_story(STORIES)
def test_a_story_names_only_what_exists(story: Story) -> None:
    assert story.language in {"de", "en"}
    assert story.channel in CHANNELS
    assert story.outcome in OUTCOMES
    assert story.type in TYPES
    assert {story.impact, story.urgency} <= LEVELS
    assert CATEGORIES[story.category].team == story.team
    assert set(story.sites) <= SITES
    assert set(story.departments) <= DEPARTMENTS
    assert not story.location or story.location in LOCATIONS
    assert not story.device or story.device in {device.kind for device in world.DEVICES}
    assert set(story.months) <= set(range(1, 13))
    for file in [*story.attachments, *(file for step in story.steps for file in step.attachments)]:
        assert file.kind in {"png", "txt", "pdf"}
        assert file.name.endswith("." + file.kind)


@each_story(STORIES)
def test_a_story_has_somebody_to_tell_it(story: Story) -> None:
    told_by = world.candidates(story)
    assert len(told_by) >= min(story.weight, 2)
    assert all(employee.language == story.language for employee in told_by)
    assert not story.device or all(world.devices_for(story, employee) for employee in told_by)


@each_story(STORIES)
def test_a_story_leaves_no_placeholder_open(story: Story) -> None:
    requester = world.candidates(story)[0]
    words = world.placeholders(story, requester, agent=world.ANNA, colleague=world.MARTA, device="K-P-101")
    for text in texts(story):
        filled = story.fill(text, **words)
        assert "{" not in filled
        assert "}" not in filled
    assert not any("{device}" in text for text in texts(story)) or story.device
    assert all(subject.strip() and body.strip() for subject, body in story.openings)


@each_story(STORIES)
def test_a_story_can_be_played_to_its_outcome(story: Story) -> None:
    """Walks the steps as a desk would: who may act, in which team, and which status remains."""
    status, team, assigned, joined, technicians = "new", story.team, "", False, False
    for step in story.steps:
        members = {member.person: member for member in TEAMS[team].members if member.role != "read_only"}
        assert step.by in AUTHORS
        assert step.do in VERBS
        assert step.after >= timedelta(0)
        assert step.text or step.do not in SENDS
        if step.by in {"agent", "colleague"}:
            assert assigned, "nobody has the ticket yet"
        if step.by == "participant":
            assert joined, "nobody has joined yet"
        match step.do:
            case "assign":
                assert step.to in {"agent", "self"} or step.to in members
                assigned, status = step.to, "open" if status == "new" else status
                technicians = any(m.technician for m in members.values())
            case "hand_to":
                assert step.team in TEAMS
                assert step.team != team
                team, assigned = step.team, ""
            case "catalogue":
                assert CATEGORIES[step.category].team == team
                assert {step.impact, step.urgency} <= LEVELS | {""}
                assert step.type in TYPES
            case "impact":
                assert step.affected is not None
            case "status":
                assert step.status in OUTCOMES
                status = step.status
            case "plan_visit":
                assert technicians
                assert step.begins_after > timedelta(0)
                assert step.minutes > 0
                assert not step.to or members[step.to].technician
                status = "planned"
            case "participant":
                assert step.to in {"manager", "colleague"} or step.to in PEOPLE
                joined = True
            case "reply" if step.by == "requester" and not step.automatic and status == "waiting_requester":
                status = "open"
            case "reopen":
                assert status in {"resolved", "closed"}
                status = "open"
            case "resolve":
                assert status not in {"resolved", "closed"}
                status = "resolved"
            case "close":
                assert status == "resolved"
                status = "closed"
    assert status == story.outcome


def test_today_has_its_share_and_the_past_is_done() -> None:
    today = [story for story in STORIES if story.opened_ago is not None]
    assert all(story.lasts <= story.opened_ago for story in today if story.opened_ago is not None)
    assert all(story.weight == 1 and story.months == () for story in today)
    assert sum(story.outcome == "new" for story in today) == 7
    assert 28 <= sum(story.outcome != "resolved" for story in today) <= 34
    assert all(story.outcome == "closed" for story in STORIES if story.opened_ago is None)


def test_there_are_enough_stories_for_a_year() -> None:
    assert sum(story.weight for story in STORIES) >= 250
    assert 0.25 <= sum(story.language == "en" for story in STORIES) / len(STORIES) <= 0.4
    assert sum(len(story.steps) - 2 >= 6 for story in STORIES) >= 15
    assert sum(step.do == "reopen" for story in STORIES for step in story.steps) >= 4
    assert sum(step.do == "hand_to" for story in STORIES for step in story.steps) >= 3
    assert sum(step.automatic for story in STORIES for step in story.steps) >= 3


@pytest.mark.parametrize("text", ["", "3", "2w", "h3", "1 h", "-3h"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        world.duration(text)


def test_durations_add_up() -> None:
    assert world.duration("1d4h30m") == timedelta(days=1, hours=4, minutes=30)
