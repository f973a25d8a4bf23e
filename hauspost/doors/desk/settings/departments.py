"""Departments: their names and cost centres."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.forms import text_of
from hauspost.doors.desk.settings import telling
from hauspost.doors.desk.settings.forms import Form, key_of, words_of
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Refused
from hauspost.records.people import actions
from hauspost.records.people.models import Department

SECTION = "settings-departments"
_NEW = {"de": "", "en": "", "cost_centre": "", "key": ""}


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/departments."""
    rows = sorted(Department.objects.all(), key=lambda one: (one.archived_at is not None, one.name.casefold()))
    return settings_page(
        request,
        "desk/settings/departments.html",
        section=SECTION,
        rows=rows,
        may_change=actor_of(request).is_administrator,
    )


@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/departments/new."""
    form, status = Form(dict(_NEW)), 200
    if request.method == "POST":
        form = Form.sent(request, _NEW)
        try:
            words = words_of(form.values)
            cost_centre = form.value("cost_centre")
            made = actions.add_department(
                key_of(form, words, Department), words, cost_centre=cost_centre, actor=actor_of(request)
            )
        except Refused as refused:
            form.refusing(refused, at="key")
            status = refused.status
        else:
            messages.success(request, _("%(name)s was added.") % {"name": made.name})
            return HttpResponseRedirect(url(SECTION))
    return settings_page(
        request,
        "desk/settings/department.html",
        section=SECTION,
        status=status,
        form=form,
        department=None,
        target=request.path,
    )


@for_auditors
@require_GET
def one(request: HttpRequest, department: str) -> HttpResponse:
    """GET /desk/settings/departments/<key>."""
    found = _department_for(department)
    return _page(request, found, Form.showing(_fields(found)))


@for_administrators
@require_POST
def details(request: HttpRequest, department: str) -> HttpResponse:
    """POST /desk/settings/departments/<key>/details."""
    found = _department_for(department)
    current = _fields(found)
    form = Form.sent(request, current)
    try:
        values = form.met(current)
        actions.change_department(
            found, words=words_of(values), cost_centre=values["cost_centre"], actor=actor_of(request)
        )
    except Refused as refused:
        return _page(request, found, form.refusing(refused, current=current), refused.status)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(url(SECTION))


def _fields(found: Department) -> dict[str, str]:
    return {"de": found.words.get("de", ""), "en": found.words.get("en", ""), "cost_centre": found.cost_centre}


def _page(request: HttpRequest, found: Department, form: Form, status: int = 200) -> HttpResponse:
    return settings_page(
        request,
        "desk/settings/department.html",
        section=SECTION,
        status=status,
        form=form,
        department=found,
        target=url("settings-department-details", found.key),
        people=list(found.people.active().by_name()[:9]),
        lines=telling.of_stream(f"setting:department:{found.key}")[0],
        may_change=actor_of(request).is_administrator,
    )


@for_administrators
@require_POST
def archive(request: HttpRequest, department: str) -> HttpResponse:
    """POST …/departments/<key>/archive: `restore` takes it back."""
    found, actor = _department_for(department), actor_of(request)
    verb = actions.restore_department if text_of(request, "restore") else actions.archive_department
    try:
        verb(found, actor=actor)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-department", found.key))


def _department_for(key: str) -> Department:
    found = Department.objects.filter(key=key).first()
    if found is None:
        raise Http404
    return found
