"""Categories: the tree of what tickets are about, and which team each leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.choices import Pairs, types
from hauspost.doors.desk.forms import text_of
from hauspost.doors.desk.settings import choices, telling
from hauspost.doors.desk.settings.forms import Form, key_of, one_of, picked, words_of
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.catalogue import actions
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team
from hauspost.records.tickets.knowing import MOST_COUNTED, teams_counted_for
from hauspost.records.tickets.models import Ticket

SECTION = "settings-categories"
_NEW: Mapping[str, str] = {"de": "", "en": "", "parent": "", "team": "", "type": "", "key": ""}


@dataclass(frozen=True)
class Node:
    """A category in the tree: where it leads, how many open tickets are about it, and what lies below it."""

    row: Category
    team: str
    type: str
    open: int
    below: "list[Node]"


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/categories."""
    actor = actor_of(request)
    tree = tree_for(actor)
    return settings_page(
        request,
        "desk/settings/categories.html",
        section=SECTION,
        tree=tree,
        may_change=actor.is_administrator,
    )


def tree_for(reader: Actor) -> list[Node]:
    """The whole tree by name, what is archived last; three queries."""
    rows = list(Category.objects.select_related("default_team"))
    rows.sort(key=lambda row: (row.archived_at is not None, row.name.casefold()))
    open_, kinds = _open_by_category(teams_counted_for(reader)), dict(types())

    def below(parent: int | None) -> list[Node]:
        return [
            Node(
                row,
                row.default_team.name if row.default_team else "",
                kinds.get(row.default_type, ""),
                open_.get(row.id, 0),
                below(row.id),
            )
            for row in rows
            if row.parent_id == parent
        ]

    return below(None)


def _open_by_category(teams: set[int]) -> dict[int | None, int]:
    # By team: that reads an index of open tickets alone, however many are closed.
    found = Ticket.objects.filter(team_id__in=teams).open().order_by()
    return dict(found.values_list("category").annotate(Count("number")))


def _used(category: Category, teams: set[int]) -> int:
    """How many tickets have it, of the first thousand that are looked at: a page shows 999+ for more."""
    first = Ticket.objects.filter(category=category).order_by().values_list("team_id", flat=True)[:MOST_COUNTED]
    return sum(team in teams for team in first)


@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/categories/new; `parent` is what it shall lie below."""
    form, status = Form({**_NEW, "parent": request.GET.get("parent", "")[:60]}), 200
    if request.method == "POST":
        form = Form.sent(request, _NEW)
        try:
            words = words_of(form.values)
            made = actions.add_category(
                key_of(form, words, Category), words, actor=actor_of(request), **_about(form.values)
            )
        except Refused as refused:
            form.refusing(_at_the_name(refused), at="key")
            status = refused.status
        else:
            messages.success(request, _("%(name)s was added.") % {"name": made.name})
            return HttpResponseRedirect(url(SECTION))
    return settings_page(
        request,
        "desk/settings/category.html",
        section=SECTION,
        status=status,
        form=form,
        category=None,
        pairs=_pairs(None),
        target=url("settings-category-new"),
    )


def _at_the_name(refused: Refused) -> Refused:
    """What is wrong with the name stands where it is written first."""
    is_name = isinstance(refused, Invalid) and refused.about["field"] == "words"
    return Invalid("de", refused.about["reason"]) if is_name else refused


def _about(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "parent": picked(Category, values["parent"], "parent"),
        "default_type": one_of(["", *TicketType.values], values["type"], "type"),
        "default_team": picked(Team, values["team"], "team"),
    }


@for_auditors
@require_GET
def one(request: HttpRequest, category: str) -> HttpResponse:
    """GET /desk/settings/categories/<key>."""
    found = _category_for(category)
    return _page(request, found, Form.showing(_fields(found)))


@for_administrators
@require_POST
def details(request: HttpRequest, category: str) -> HttpResponse:
    """POST /desk/settings/categories/<key>/details: other names, another branch, another team."""
    found = _category_for(category)
    current = _fields(found)
    form = Form.sent(request, current)
    try:
        values = form.met(current)
        actions.change_category(found, words=words_of(values), actor=actor_of(request), **_changed(values, current))
    except Refused as refused:
        form.refusing(_at_the_name(refused), current=current, choices=_pairs(found))
        return _page(request, _category_for(category), form, refused.status)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(url(SECTION))


def _fields(found: Category) -> dict[str, str]:
    return {
        "de": found.words.get("de", ""),
        "en": found.words.get("en", ""),
        "parent": found.parent.key if found.parent else "",
        "team": found.default_team.key if found.default_team else "",
        "type": found.default_type,
    }


def _changed(values: Mapping[str, str], current: Mapping[str, str]) -> dict[str, Any]:
    """What leads elsewhere now; what stays may be archived by now, and nobody is asked to choose it anew."""
    asked = _about({**values, **{name: "" for name in ("parent", "team") if values[name] == current[name]}})
    if values["parent"] == current["parent"]:
        del asked["parent"]
    if values["team"] == current["team"]:
        del asked["default_team"]
    return asked


def _pairs(found: Category | None) -> dict[str, Pairs]:
    team = found.default_team.key if found and found.default_team else ""
    return {"parent": choices.branches(without=found), "team": choices.teams(team), "type": types()}


def _page(request: HttpRequest, found: Category, form: Form, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    teams = teams_counted_for(actor)
    return settings_page(
        request,
        "desk/settings/category.html",
        section=SECTION,
        status=status,
        form=form,
        category=found,
        pairs=_pairs(found),
        target=url("settings-category-details", found.key),
        open=_open_by_category(teams).get(found.id, 0),
        used=_used(found, teams),
        lines=telling.of_stream(f"setting:category:{found.key}")[0],
        may_change=actor.is_administrator,
    )


@for_administrators
@require_POST
def archive(request: HttpRequest, category: str) -> HttpResponse:
    """POST …/categories/<key>/archive: `restore` takes it back."""
    found, actor = _category_for(category), actor_of(request)
    verb = actions.restore_category if text_of(request, "restore") else actions.archive_category
    try:
        verb(found, actor=actor)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-category", found.key))


def _category_for(key: str) -> Category:
    found = Category.objects.select_related("parent", "default_team").filter(key=key).first()
    if found is None:
        raise Http404
    return found
