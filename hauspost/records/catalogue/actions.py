"""Changing what tickets can be about."""

from collections.abc import Mapping

from django.db import transaction

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.text.words import in_language
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.actions import refuse_taken_key
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team


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
    """Add a kind of matter to the tree. Records "category.added". Raises NotAllowed."""
    if not actor.is_administrator:
        raise NotAllowed
    refuse_taken_key(Category, key)
    if default_type not in {"", *TicketType.values}:
        raise Invalid("type", ", ".join(TicketType.values))
    path = dict(words)
    if parent is not None:
        path = {language: f"{in_language(parent.path_words, language)} › {text}" for language, text in words.items()}
    category = Category.objects.create(
        key=key,
        words=dict(words),
        parent=parent,
        path_key=f"{parent.path_key}/{key}" if parent else key,
        path_words=path,
        default_type=default_type,
        default_team=default_team,
    )
    after = {
        "words": dict(words),
        "parent": parent.key if parent else None,
        "type": default_type,
        "team": default_team.key if default_team else None,
    }
    record("category.added", f"setting:category:{key}", actor=actor, data={"before": {}, "after": after})
    return category
