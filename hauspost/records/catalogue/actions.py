"""Changing what tickets can be about: the tree of categories."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.text.words import in_language
from hauspost.records.catalogue.models import LONGEST_PATH, Category, TicketType
from hauspost.records.people.actions import (
    KEEP,
    archive_named,
    change_named,
    clean_words,
    refuse_taken_key,
    restore_named,
)
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team

# What the record calls these fields.
_RECORDED_AS = {"default_type": "type", "default_team": "team"}


@transaction.atomic
def add_category(
    key: str,
    words: Mapping[str, str],
    *,
    parent: Category | None = None,
    default_type: str = "",
    default_team: Team | None = None,
    actor: Actor,
) -> Category:
    """Add a kind of matter to the tree. Records "category.added".

    Raises NotAllowed, Invalid (key taken; no name, or a sibling's; parent or team archived; too deep).
    """
    if not actor.is_administrator:
        raise NotAllowed
    refuse_taken_key(Category, key)
    _refuse_type(default_type)
    tree = _locked_tree()
    if parent is not None:
        parent = tree[parent.id]
    _refuse_archived("parent", parent)
    _refuse_archived("team", default_team)
    category = Category(
        key=key, words=clean_words(words), parent=parent, default_type=default_type, default_team=default_team
    )
    _refuse_a_siblings_name(category)
    _place(category)
    category.save()
    after = {
        "words": category.words,
        "parent": parent.key if parent else None,
        "type": default_type,
        "team": default_team.key if default_team else None,
    }
    record("category.added", f"setting:category:{key}", actor=actor, data={"before": {}, "after": after})
    return category


@transaction.atomic
def change_category(
    category: Category,
    *,
    actor: Actor,
    words: Mapping[str, str] = KEEP,
    parent: Category | None = KEEP,
    default_type: str = KEEP,
    default_team: Team | None = KEEP,
) -> Category:
    """Rename a kind of matter, move it with all below it, or let it lead elsewhere; what is not named stays.

    Tickets keep it. Records "category.changed". Raises NotAllowed, Invalid (no name, or a sibling's; parent archived,
    or below this one; team archived; too deep).
    """
    if default_type is not KEEP:
        _refuse_type(default_type)
    tree = _locked_tree()
    below = _below(category, tree.values())
    category.refresh_from_db()
    if default_team is not KEEP and default_team != category.default_team:
        _refuse_archived("team", default_team)
    if parent is not KEEP and parent is not None and parent.id != category.parent_id:
        parent = tree[parent.id]
        _refuse_archived("parent", parent)
        if parent.id == category.id or parent in below:
            raise Invalid("parent", _("%(name)s lies below it") % {"name": parent.name})
    asked = {"words": words, "parent": parent, "default_type": default_type, "default_team": default_team}
    was = (category.parent_id, category.words)
    change_named(category, asked, actor=actor, recorded_as=_RECORDED_AS)
    if (category.parent_id, category.words) != was:
        _refuse_a_siblings_name(category)
    _place_again(category, below)
    return category


@transaction.atomic
def archive_category(category: Category, *, actor: Actor) -> None:
    """Take it out of every choice, with all below it; its tickets keep it. Records "category.archived"."""
    along = [one for one in _below(category, Category.objects.all()) if one.archived_at is None]
    if archive_named(category, actor=actor, along={"categories": sorted(one.key for one in along)}):
        Category.objects.filter(id__in=[one.id for one in along]).update(archived_at=category.archived_at)


@transaction.atomic
def restore_category(category: Category, *, actor: Actor) -> None:
    """Let it be chosen again, with what went with it. Records "category.restored".

    Raises NotAllowed, Invalid (what it lies below is archived; a sibling has its name by now).
    """
    _locked_tree()
    now = Category.objects.select_related("parent").get(id=category.id)
    if now.parent is not None and now.parent.archived_at is not None:
        raise Invalid("parent", _("%(name)s is archived; restore it first") % {"name": now.parent.name})
    if now.archived_at is not None:
        _refuse_a_siblings_name(now)
    gone_at = now.archived_at
    below = _below(category, Category.objects.all())
    along = [one for one in below if gone_at is not None and one.archived_at == gone_at]
    if restore_named(category, actor=actor, along={"categories": sorted(one.key for one in along)}):
        Category.objects.filter(id__in=[one.id for one in along]).update(archived_at=None)


def _locked_tree() -> dict[int, Category]:
    """All of it, by id: two who move their branches below each other's at once would make a ring, or give one name."""
    return {one.id: one for one in Category.objects.select_for_update().order_by("id")}


def _refuse_a_siblings_name(category: Category) -> None:
    """Nobody could tell two of one name apart in a choice, in whichever language they are read."""
    names = {name.casefold() for name in category.words.values()}
    for other in Category.objects.active().filter(parent=category.parent_id).exclude(id=category.id):
        taken = next((name for name in other.words.values() if name.casefold() in names), None)
        if taken is not None:
            raise Invalid("words", _("%(name)s is the name of another category there") % {"name": taken})


def _below(category: Category, tree: Iterable[Category]) -> list[Category]:
    """All that lies below a category, from the top down."""
    found: list[Category] = []
    rows, level = list(tree), {category.id}
    while level:
        inside = [one for one in rows if one.parent_id in level]
        found += inside
        level = {one.id for one in inside}
    return found


def _place(category: Category) -> None:
    """Write down where a category lies: keys from the root, and words in every language that one of them has."""
    parent, own = category.parent, category.words
    category.path_key = f"{parent.path_key}/{category.key}" if parent else category.key
    if len(category.path_key) > LONGEST_PATH:
        raise Invalid("parent", _("the tree is too deep there; put it further up"))
    around: Mapping[str, str] = parent.path_words if parent else {}
    category.path_words = {
        language: " › ".join(in_language(words, language, settings.LANGUAGE_CODE) for words in (around, own) if words)
        for language in sorted({*around, *own})
    }


def _place_again(category: Category, below: list[Category]) -> None:
    """The same for a category that was renamed or moved, and for all below it."""
    rows = [category, *below]
    placed = {one.id: one for one in rows}
    for one in rows:
        if one is not category and one.parent_id is not None:
            one.parent = placed[one.parent_id]
        _place(one)
    Category.objects.bulk_update(rows, ["path_key", "path_words"])


def _refuse_type(default_type: str) -> None:
    if default_type not in {"", *TicketType.values}:
        raise Invalid("type", ", ".join(TicketType.values))


def _refuse_archived(field: str, thing: Category | Team | None) -> None:
    if thing is not None and thing.archived_at is not None:
        raise Invalid(field, _("%(name)s is archived") % {"name": thing.name})
