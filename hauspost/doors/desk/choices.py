"""What the forms of a ticket's cards offer; read only when a card is opened."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from hauspost.ground.text.words import in_language
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.actor import RIGHTS
from hauspost.records.people.models import Membership, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.models import Level, Link, Status, WorkPlace

Pairs = list[tuple[Any, str]]


def agents_of(team_id: int, *, technicians: bool = False) -> Pairs:
    """The members of a team who may work on its tickets, by name."""
    roles = [role for role, rights in RIGHTS.items() if "reply" in rights]
    rows = Membership.objects.filter(
        team_id=team_id, role__in=roles, person__deactivated_at__isnull=True, person__merged_into__isnull=True
    ).order_by("-is_technician" if technicians else "person__sort_key", "person__sort_key")
    return [(str(uid), name) for uid, name in rows.values_list("person__uid", "person__name")]


def teams(within: Sequence[int] | None = None) -> Pairs:
    """All teams; a ticket may be handed to any of them."""
    found = Team.objects.active()
    if within is not None:
        found = found.filter(id__in=within)
    return [(team.key, team.name) for team in found]


def statuses() -> Pairs:
    """The company's states, in their order."""
    found = Status.objects.filter(archived_at__isnull=True).order_by("position", "id")
    return [(status.key, status.name) for status in found]


def categories() -> Pairs:
    """The tree of categories as paths."""
    language = get_language() or settings.LANGUAGE_CODE
    rows = Category.objects.active().values_list("key", "path_words", "path_key")
    return sorted(
        ((key, in_language(words, language, settings.LANGUAGE_CODE) or key) for key, words, _path in rows),
        key=lambda pair: pair[1].casefold(),
    )


def sites() -> Pairs:
    """The company's sites."""
    return [(site.key, site.name) for site in Site.objects.active()]


def locations(site_id: int | None) -> Pairs:
    """The buildings, floors and rooms of a site, as paths from the outside in."""
    if site_id is None:
        return []
    rows = {row.id: row for row in Location.objects.filter(site_id=site_id, archived_at__isnull=True).order_by("id")}

    def path(row: Location) -> str:
        names, at = [row.name], row
        while at.parent_id in rows and len(names) < 6:
            at = rows[at.parent_id]
            names.insert(0, at.name)
        return " › ".join(names)

    return sorted(((row.key, path(row)) for row in rows.values()), key=lambda pair: pair[1].casefold())


def types() -> Pairs:
    """Incident or service request."""
    return [(value, str(words)) for value, words in TicketType.choices]


def levels() -> Pairs:
    """Low, medium, high."""
    return [(value, str(words)) for value, words in Level.choices]


def work_places() -> Pairs:
    """Remotely or on site."""
    return [(value, str(words)) for value, words in WorkPlace.choices]


def link_kinds() -> Pairs:
    """How two tickets can be related."""
    return [(value, str(words)) for value, words in Link.Kind.choices]
