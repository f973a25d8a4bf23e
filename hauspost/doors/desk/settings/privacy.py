"""Privacy: hand somebody's data out as one file, and erase a person for good."""

import tempfile
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.settings.finding import somebody
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.duties.privacy import erasure
from hauspost.duties.privacy.export import export
from hauspost.ground.refusals import Invalid, NotFound, Refused
from hauspost.records.people.models import Person
from hauspost.records.tickets.knowing import without_secret_strangers

_CONFIRMATION = {"name": ""}
_IN_MEMORY_BYTES = 10_000_000


@for_administrators
@require_GET
def show(request: HttpRequest) -> HttpResponseBase:
    """GET /desk/settings/privacy: find somebody by name or address."""
    asked, wrong = request.GET.get("person", "").replace("\0", "").strip()[:320], ""
    if asked:
        try:
            found = somebody(asked, "person", actor_of(request))
            return one(request, found.uid if found is not None else None)
        except Invalid as fault:
            wrong = str(fault.about["reason"])
    return settings_page(
        request,
        "desk/settings/privacy.html",
        section="privacy",
        status=422 if wrong else 200,
        asked=asked,
        wrong=wrong,
    )


@for_administrators
@require_GET
def one(request: HttpRequest, uid: Any) -> HttpResponse:
    """GET …/privacy/<uid>: what is held about the person, and what an erasure would take and leave."""
    return _person_page(request, _person(request, uid), Form.showing(_CONFIRMATION))


@for_administrators
@require_POST
def exporting(request: HttpRequest, uid: Any) -> HttpResponseBase:
    """POST …/privacy/<uid>/export: the file."""
    person = _person(request, uid)
    # Closed, and with that gone, by the response.
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    export(person, target, actor=actor_of(request))
    target.seek(0)
    answer = FileResponse(target, as_attachment=True, filename=f"{slugify(person.name) or 'person'}.zip")
    answer["Cache-Control"] = "no-store"
    return answer


@for_administrators
@require_POST
def erasing(request: HttpRequest, uid: Any) -> HttpResponse:
    """POST …/privacy/<uid>/erasure: after the name was typed; answers what could not be cleaned."""
    person, form = _person(request, uid), Form.sent(request, _CONFIRMATION)
    name = person.name
    try:
        if " ".join(form.value("name").split()).casefold() != " ".join(name.split()).casefold():
            raise Invalid("name", _("type the name as it stands above: %(name)s") % {"name": name})
        left = erasure.erase(person, actor=actor_of(request))
    except Refused as refused:
        return _person_page(request, person, form.refusing(refused), status=refused.status)
    messages.success(request, _("The person is erased."))
    return settings_page(request, "desk/settings/privacy_erased.html", section="privacy", left=left)


def _person(request: HttpRequest, uid: Any) -> Person:
    found: Person | None = without_secret_strangers(actor_of(request)).filter(uid=uid, erased_at__isnull=True).first()
    if found is None:
        raise NotFound
    return found


def _person_page(request: HttpRequest, person: Person, form: Form, status: int = 200) -> HttpResponse:
    seen, is_oneself = erasure.preview(person, actor_of(request)), person == actor_of(request).who
    return settings_page(
        request,
        "desk/settings/privacy_person.html",
        section="privacy",
        status=status,
        asked_for=person,
        seen=seen,
        form=form,
        may_go=not (seen.open_work or seen.held or is_oneself),
        is_oneself=is_oneself,
    )
