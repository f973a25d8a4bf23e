"""Questions about what tickets are about."""

from hauspost.records.catalogue.models import Category
from hauspost.records.people.models import Team


def team_for(category: Category | None) -> Team | None:
    """Who is responsible: the category's team, else that of a branch above it; without any the first one.

    The first one's dispatcher hands it on. None when the company has no team yet.
    """
    if (found := team_of(category)) is not None:
        return found
    return Team.objects.active().filter(is_confidential=False).first() or Team.objects.active().first()


def team_of(category: Category | None) -> Team | None:
    """The category's team, else that of a branch above it; None where none of them has one."""
    at = category
    while at is not None:
        if at.default_team is not None and at.default_team.archived_at is None:
            return at.default_team
        at = at.parent
    return None
