"""Categories by API: renamed, moved with what lies below, archived and taken back, like on their page."""

from hauspost.records.catalogue.models import Category
from tests.desk import Desk
from tests.doors.calling import Program


def test_a_category_is_renamed_moved_and_archived_with_its_branch(desk: Desk) -> None:
    """P38.1: the verbs of the page; only administrators, and the tree stays a tree."""
    karim = Program.of(desk, "karim", "places:read", "places:write")
    for key, parent in (("machines", None), ("lathe", "machines"), ("spindle", "lathe"), ("metal", None)):
        karim.post("categories", {"key": key, "words": {"en": key.title()}, "parent": parent})
    Program.of(desk, "deniz").patch("categories/lathe", {"words": {"en": "x"}}, 403)

    karim.patch("categories/lathe", {"words": {"en": "Lathes"}, "parent": "metal", "default_team": "facilities"})

    told = {row["key"]: row for row in karim.get("categories")["things"]}
    assert (told["spindle"]["more"]["path"], told["lathe"]["more"]["default_team"]) == (
        "Metal › Lathes › Spindle",
        "facilities",
    )
    assert karim.patch("categories/metal", {"parent": "spindle"}, 422)["errors"][0]["field"] == "parent"
    karim.post("categories/metal/archiving", status=200)
    assert Category.objects.filter(key__in=("metal", "lathe", "spindle"), archived_at__isnull=True).count() == 0
    assert karim.delete("categories/lathe/archiving", 422)["errors"][0]["field"] == "parent"
    karim.delete("categories/metal/archiving")
    assert Category.objects.filter(key__in=("metal", "lathe", "spindle"), archived_at__isnull=True).count() == 3
    karim.patch("categories/nowhere", {"words": {"en": "x"}}, 404)
