"""The list of people: searched and filtered, a page at a time; and adding somebody."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hauspost.doors.desk.choices import sites, teams
from hauspost.doors.desk.settings import choices
from hauspost.doors.desk.settings.finding import Asked, matching, page_of
from hauspost.doors.desk.settings.forms import Form, picked
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.pages import page
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.models import Department, Membership, Person
from hauspost.records.places.actions import seat
from hauspost.records.places.models import Site

SECTION = "settings-people"


@dataclass(frozen=True, slots=True)
class Row:
    """One person in the list: where they belong, what they may, and whether they are gone."""

    uid: str
    name: str
    address: str
    where: str
    roles: list[tuple[str, str]]
    marks: list[tuple[str, str]]
    is_gone: bool


def row_of(person: Person) -> Row:
    """A person whose addresses, department, workplace and memberships were read along."""
    names = dict(Membership.Role.choices)
    main = next((one.address for one in person.addresses.all() if one.is_main), "")
    workplace = getattr(person, "workplace", None)
    where = [person.department.name if person.department else "", workplace.site.name if workplace else ""]
    given = [(one.team.name, str(names[one.role])) for one in person.memberships.all() if not one.team.archived_at]
    marks = [
        (person.is_administrator, _("administrator"), "red"),
        (person.is_auditor, _("auditor"), "plum"),
        (person.sees_department, _("sees the department"), ""),
        (person.is_integration, _("program"), ""),
        (person.is_external, _("external"), "plum"),
        (person.deactivated_at is not None, _("deactivated"), "amber"),
    ]
    return Row(
        str(person.uid),
        person.name,
        main,
        " · ".join(filter(None, where)),
        sorted(given),
        [(words, colour) for on, words, colour in marks if on],
        person.deactivated_at is not None,
    )


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/people. A request of htmx for more gets the further rows alone."""
    asked, actor = Asked.of(request.GET), actor_of(request)
    found = page_of(matching(asked, actor), request.GET.get("after", ""))
    context: dict[str, Any] = {
        "rows": [row_of(person) for person in found.rows],
        "more": url(SECTION, **asked.query(), after=found.after) if found.after else "",
        "may_change": actor.is_administrator,
    }
    if request.headers.get("HX-Request"):
        return page(request, "desk/settings/_people_rows.html", **context)
    return settings_page(
        request,
        "desk/settings/people.html",
        section=SECTION,
        asked=asked,
        narrowed=bool(asked.query()),
        from_start=url(SECTION, **asked.query()) if request.GET.get("after") else "",
        kinds=choices.kinds(),
        departments=choices.departments(asked.department),
        sites=sites(),
        teams=teams(),
        filter_roles=choices.roles_and_rights(),
        **context,
    )


_NEW = ("name", "address", "department", "site", "language", "phone", "external_key")


@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/people/new."""
    form = Form(dict.fromkeys(_NEW, ""))
    status = 200
    if request.method == "POST":
        form = Form.sent(request, form.values)
        try:
            person = _add(form, request)
        except Refused as refused:
            form.refusing(refused, at="address")
            status = refused.status
        else:
            messages.success(request, _("%(name)s was added.") % {"name": person.name})
            return HttpResponseRedirect(url("settings-person", person.uid))
    return settings_page(
        request,
        "desk/settings/person_new.html",
        section=SECTION,
        status=status,
        form=form,
        departments=choices.departments(),
        sites=sites(),
        languages=choices.languages(),
    )


def _add(form: Form, request: HttpRequest) -> Person:
    """Add somebody as typed, with a place of work when one is given."""
    actor = actor_of(request)
    if not form.value("name"):
        raise Invalid("name", _("write a name"))
    with transaction.atomic():
        person = actions.add_person(
            form.value("name"),
            form.value("address") or None,
            actor=actor,
            department=picked(Department, form.value("department"), "department"),
            language=form.value("language"),
            phone=form.value("phone")[:60],
            external_key=form.value("external_key"),
        )
        site = picked(Site, form.value("site"), "site")
        if site is not None:
            seat(person, site=site, location=None, actor=actor)
    return person
