"""Sites, and the buildings, floors and rooms in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.forms import text_of
from hauspost.doors.desk.settings import choices, telling
from hauspost.doors.desk.settings.forms import Form, key_of, one_of, words_of
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.places import actions
from hauspost.records.places.models import Location, Site

SECTION = "settings-places"
_NEW_SITE: Mapping[str, str] = {
    "de": "", "en": "", "postal_address": "", "country": "", "time_zone": "", "key": "",
}  # fmt: skip
_SYMBOLS = {"building": "building", "floor": "layers", "room": "door-closed"}


@dataclass(frozen=True)
class Node:
    """A location in the tree of its site, with what lies in it."""

    key: str
    name: str
    symbol: str
    kind: str
    is_archived: bool
    inside: "list[Node]"


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/places."""
    rows = sorted(Site.objects.all(), key=lambda site: (site.archived_at is not None, site.name.casefold()))
    return settings_page(
        request,
        "desk/settings/places.html",
        section=SECTION,
        sites=rows,
        may_change=actor_of(request).is_administrator,
    )


@for_administrators
@require_http_methods(["GET", "POST"])
def new_site(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/places/new."""
    form, status = Form({**_NEW_SITE, "time_zone": settings.TIME_ZONE}), 200
    if request.method == "POST":
        form = Form.sent(request, _NEW_SITE)
        try:
            words = words_of(form.values)
            site = actions.add_site(key_of(form, words, Site), words, actor=actor_of(request), **_about(form.values))
        except Refused as refused:
            form.refusing(refused, at="key")
            status = refused.status
        else:
            messages.success(request, _("%(name)s was added.") % {"name": site.name})
            return HttpResponseRedirect(url("settings-site", site.key))
    return settings_page(
        request,
        "desk/settings/site_new.html",
        section=SECTION,
        status=status,
        form=form,
        zones=choices.zones(form.value("time_zone")),
    )


def _about(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name] for name in ("time_zone", "country", "postal_address")}


@for_auditors
@require_GET
def site(request: HttpRequest, site: str) -> HttpResponse:
    """GET /desk/settings/places/<site>; `change=site` opens its form, `change=location` one for a new location."""
    found = _site_for(site)
    card = request.GET.get("change", "") if actor_of(request).is_administrator else ""
    if card == "site":
        return _site_page(request, found, card, Form.showing(_site_fields(found)))
    if card == "location":
        start = {**_new_location(), "parent": request.GET.get("parent", "")[:60]}
        if start["parent"]:
            start["kind"] = "room"
        return _site_page(request, found, card, Form(start))
    return _site_page(request, found)


def _site_fields(found: Site) -> dict[str, str]:
    return {
        "de": found.words.get("de", ""),
        "en": found.words.get("en", ""),
        "postal_address": found.postal_address,
        "country": found.country,
        "time_zone": found.time_zone,
    }


def _new_location() -> dict[str, str]:
    return {"de": "", "en": "", "kind": "building", "parent": "", "key": ""}


def _site_page(
    request: HttpRequest, found: Site, card: str = "", form: Form | None = None, status: int = 200
) -> HttpResponse:
    return settings_page(
        request,
        "desk/settings/site.html",
        section=SECTION,
        status=status,
        site=found,
        here=url("settings-site", found.key),
        tree=tree_of(found),
        card=card,
        form=form,
        may_change=actor_of(request).is_administrator,
        zones=choices.zones(found.time_zone) if card == "site" else [],
        kinds=Location.Kind.choices,
        parents=choices.inside(found) if card == "location" else [],
        lines=telling.of_stream(f"setting:site:{found.key}")[0],
    )


def tree_of(found: Site) -> list[Node]:
    """Everything in a site, from buildings to rooms, by name; one query."""
    rows = list(Location.objects.filter(site=found))
    kinds = dict(Location.Kind.choices)

    def inside(parent: int | None) -> list[Node]:
        mine = [row for row in rows if row.parent_id == parent]
        mine.sort(key=lambda row: (row.archived_at is not None, row.name.casefold()))
        return [
            Node(
                row.key, row.name, _SYMBOLS[row.kind], str(kinds[row.kind]), row.archived_at is not None, inside(row.id)
            )
            for row in mine
        ]

    return inside(None)


@for_administrators
@require_POST
def site_change(request: HttpRequest, site: str) -> HttpResponse:
    """POST …/places/<site>/details."""
    found = _site_for(site)
    current = _site_fields(found)
    form = Form.sent(request, current)
    try:
        values = form.met(current)
        actions.change_site(found, words=words_of(values), actor=actor_of(request), **_about(values))
    except Refused as refused:
        return _site_page(request, found, "site", form.refusing(refused, current=current), refused.status)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(url("settings-site", found.key))


@for_administrators
@require_POST
def locations(request: HttpRequest, site: str) -> HttpResponse:
    """POST …/places/<site>/locations: one more building, floor or room."""
    found, actor = _site_for(site), actor_of(request)
    form = Form.sent(request, _new_location())
    try:
        words = words_of(form.values)
        parent = _parent(form.value("parent"), found)
        kind = one_of(Location.Kind.values, form.value("kind"), "kind")
        actions.add_location(key_of(form, words, Location), words, site=found, kind=kind, parent=parent, actor=actor)
    except Refused as refused:
        return _site_page(request, found, "location", form.refusing(refused, at="key"), refused.status)
    messages.success(request, _("%(name)s was added.") % {"name": next(iter(words.values()))})
    return HttpResponseRedirect(url("settings-site", found.key) + "#locations")


def _parent(key: str, found: Site) -> Location | None:
    if not key:
        return None
    parent = Location.objects.filter(site=found, key=key).first()
    if parent is None:
        raise Invalid("parent", _("choose one of the list"))
    return parent


@for_auditors
@require_GET
def location(request: HttpRequest, location: str) -> HttpResponse:
    """GET /desk/settings/locations/<key>."""
    found = _location_for(location)
    return _location_page(request, found, Form.showing(_location_fields(found)))


@for_administrators
@require_POST
def location_change(request: HttpRequest, location: str) -> HttpResponse:
    """POST /desk/settings/locations/<key>/details."""
    found = _location_for(location)
    current = _location_fields(found)
    form = Form.sent(request, current)
    try:
        values = form.met(current)
        parent = _parent(values["parent"], found.site)
        actions.change_location(
            found,
            words=words_of(values),
            kind=one_of(Location.Kind.values, values["kind"], "kind"),
            parent=parent,
            actor=actor_of(request),
        )
    except Refused as refused:
        form.refusing(refused, current=current, choices=_pairs(found))
        return _location_page(request, found, form, refused.status)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(url("settings-site", found.site.key) + "#locations")


def _location_fields(found: Location) -> dict[str, str]:
    return {
        "de": found.words.get("de", ""),
        "en": found.words.get("en", ""),
        "kind": found.kind,
        "parent": found.parent.key if found.parent else "",
    }


def _pairs(found: Location) -> dict[str, Any]:
    return {"kind": Location.Kind.choices, "parent": choices.inside(found.site, without=found)}


def _location_page(request: HttpRequest, found: Location, form: Form, status: int = 200) -> HttpResponse:
    return settings_page(
        request,
        "desk/settings/location.html",
        section=SECTION,
        status=status,
        form=form,
        location=found,
        pairs=_pairs(found),
        lines=telling.of_stream(f"setting:location:{found.key}")[0],
        may_change=actor_of(request).is_administrator,
    )


@for_administrators
@require_POST
def archive(request: HttpRequest, site: str = "", location: str = "") -> HttpResponse:
    """POST …/archive of a site or a location: `restore` takes it back."""
    actor, back = actor_of(request), text_of(request, "restore")
    try:
        if site:
            (actions.restore_site if back else actions.archive_site)(_site_for(site), actor=actor)
        else:
            (actions.restore_location if back else actions.archive_location)(_location_for(location), actor=actor)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-site", site) if site else url("settings-location", location))


def _site_for(key: str) -> Site:
    found = Site.objects.filter(key=key).first()
    if found is None:
        raise Http404
    return found


def _location_for(key: str) -> Location:
    found = Location.objects.select_related("site", "parent__parent__parent").filter(key=key).first()
    if found is None:
        raise Http404
    return found
