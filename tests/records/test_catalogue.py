"""The tree of categories: added, renamed, moved with all below, archived and taken back."""

import pytest

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.catalogue import actions
from hauspost.records.catalogue.models import Category
from hauspost.records.catalogue.reading import team_for
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from tests.desk import Desk


def category(key: str) -> Category:
    return Category.objects.select_related("parent", "default_team").get(key=key)


def test_a_branch_moves_with_all_below_it(desk: Desk) -> None:
    port = actions.add_category("port", {"de": "Anschluss"}, parent=category("docking"), actor=SYSTEM)
    assert port.path_words == {
        "de": "Arbeitsplatz › Dockingstation › Anschluss",
        "en": "Workplace › Docking station › Anschluss",
    }

    actions.change_category(category("docking"), parent=category("access"), actor=desk.actor("karim"))

    moved = category("port")
    assert moved.path_key == "access/docking/port"
    assert moved.path_words["en"] == "Access › Docking station › Anschluss"
    event = Event.objects.filter(stream__name="setting:category:docking").order_by("seq").last()
    assert event is not None and event.kind == "category.changed"
    assert data_of(event) == {"before": {"parent": "workplace"}, "after": {"parent": "access"}}
    actions.change_category(category("access"), words={"en": "Rights", "de": "Rechte"}, actor=SYSTEM)
    assert category("port").path_words["de"] == "Rechte › Dockingstation › Anschluss"
    actions.change_category(category("docking"), parent=None, actor=SYSTEM)
    assert category("port").path_key == "docking/port"


def test_no_two_of_one_name_stand_beside_each_other(desk: Desk) -> None:
    """In whichever language: nobody could tell them apart in a choice."""
    workplace, docking = category("workplace"), category("docking")
    with pytest.raises(Invalid, match="Arbeitsplatz is the name of another category there"):
        actions.add_category("again", {"en": "ARBEITSPLATZ"}, actor=SYSTEM)
    with pytest.raises(Invalid, match="is the name of another"):
        actions.change_category(category("access"), words={"en": "Access", "de": "Arbeitsplatz"}, actor=SYSTEM)
    inner = actions.add_category("inner", {"en": "Workplace"}, parent=docking, actor=SYSTEM)
    with pytest.raises(Invalid, match="is the name of another"):
        actions.change_category(inner, parent=None, actor=SYSTEM)
    # An archived one is in no choice; it comes back under another name.
    actions.archive_category(workplace, actor=SYSTEM)
    actions.add_category("again", {"en": "Workplace"}, actor=SYSTEM)
    with pytest.raises(Invalid, match="is the name of another"):
        actions.restore_category(category("workplace"), actor=SYSTEM)
    actions.change_category(category("workplace"), words={"en": "Desks"}, actor=SYSTEM)
    actions.restore_category(category("workplace"), actor=SYSTEM)


def test_tickets_keep_their_category_and_new_ones_go_where_it_leads(desk: Desk) -> None:
    docking = category("docking")
    actions.change_category(docking, default_team=desk.team("facilities"), default_type="service_request", actor=SYSTEM)
    assert team_for(category("docking")) == desk.team("facilities")
    actions.change_category(docking, default_team=None, actor=SYSTEM)
    assert team_for(category("docking")) == desk.team("it"), "the branch above leads there"
    events = Event.objects.filter(stream__name="setting:category:docking", kind="category.changed").order_by("seq")
    assert [set(data_of(one)["after"]) for one in events] == [{"type", "team"}, {"team"}]


def test_no_branch_lies_below_itself_and_no_tree_grows_too_deep(desk: Desk) -> None:
    workplace = category("workplace")
    for parent in (workplace, category("docking")):
        with pytest.raises(Invalid, match="lies below it"):
            actions.change_category(workplace, parent=parent, actor=SYSTEM)
    at = workplace
    with pytest.raises(Invalid, match="too deep"):
        for place in range(9):
            at = actions.add_category(f"{'long' * 14}{place}", {"en": "Deep"}, parent=at, actor=SYSTEM)
    assert category("docking").path_key == "workplace/docking"


def test_what_is_archived_goes_with_all_below_and_comes_back_with_it(desk: Desk) -> None:
    actions.archive_category(category("screen"), actor=SYSTEM)
    actions.archive_category(category("workplace"), actor=SYSTEM)
    assert not Category.objects.active().filter(path_key__startswith="workplace").exists()
    with pytest.raises(Invalid, match="restore it first"):
        actions.restore_category(category("docking"), actor=SYSTEM)
    for act in (
        lambda: actions.add_category("new", {"en": "New"}, parent=category("workplace"), actor=SYSTEM),
        lambda: actions.change_category(category("access"), parent=category("workplace"), actor=SYSTEM),
    ):
        with pytest.raises(Invalid, match="is archived"):
            act()
    actions.restore_category(category("workplace"), actor=SYSTEM)
    active = set(Category.objects.active().values_list("key", flat=True))
    assert {"workplace", "docking"} <= active and "screen" not in active


def test_only_administrators_change_categories(desk: Desk) -> None:
    anna, docking = desk.actor("anna"), category("docking")
    for act in (
        lambda: actions.add_category("new", {"en": "New"}, actor=anna),
        lambda: actions.change_category(docking, words={"en": "New"}, actor=anna),
        lambda: actions.archive_category(docking, actor=anna),
        lambda: actions.restore_category(docking, actor=anna),
    ):
        with pytest.raises(NotAllowed):
            act()
    team = people.add_team("old", {"en": "Old"}, actor=SYSTEM)
    people.archive_team(team, actor=SYSTEM)
    with pytest.raises(Invalid, match="is archived"):
        actions.change_category(docking, default_team=team, actor=SYSTEM)
