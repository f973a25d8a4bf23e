"""One person who stands there twice becomes one again: searched, previewed, confirmed, and undone if it was wrong."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from hauspost.doors.desk.settings import telling
from hauspost.doors.desk.settings.finding import person_for, somebody
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.people import SECTION
from hauspost.doors.desk.settings.person import named
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.formats import listing
from hauspost.duties.privacy import merging
from hauspost.ground.refusals import Refused
from hauspost.records.people.models import Membership, Person


@for_administrators
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, uid: str) -> HttpResponse:
    """GET …/people/<uid>/merging?into=… previews what moves; POST merges this person into the other."""
    actor = actor_of(request)
    double = person_for(uid, actor)
    sent = request.POST if request.method == "POST" else request.GET
    form, status, into, preview = Form({"into": sent.get("into", "").strip()[:400]}), 200, None, None
    try:
        into = somebody(form.value("into"), "into", actor)
        if into is not None and request.method == "POST":
            # Doubles often have one name; their addresses move with the merging.
            names = {"double": _apart(double), "name": _apart(into)}
            merging.merge_persons(double, into, actor=actor)
            words = _("%(double)s is now %(name)s. It can be undone on the page of %(double)s.")
            messages.success(request, words % names)
            return HttpResponseRedirect(url("settings-person", into.uid))
        preview = merging.preview(double, into, actor=actor) if into is not None else None
    except Refused as refused:
        form.refusing(refused, at="into")
        status, into = (refused.status if request.method == "POST" else 200), None
    return settings_page(
        request,
        "desk/settings/merging.html",
        section=SECTION,
        status=status,
        double=double,
        into=into,
        into_named=named(into),
        double_named=named(double),
        form=form,
        preview=preview,
        moving=_moving(preview) if preview else [],
        here=url("settings-person", double.uid),
    )


def _moving(seen: merging.MergePreview) -> list[tuple[str, str]]:
    """What moves, in words: a label and what it is."""
    roles = dict(Membership.Role.choices)
    fields = {name: words() for name, words in telling.FIELDS.items()}
    told = [(_("Addresses"), listing(seen.addresses))]
    labels = {
        "requester": _("Asked for"),
        "affected": _("Affected by"),
        "assignee": _("Assigned"),
        "technician": _("Visits"),
    }
    for name, count in seen.tickets.items():
        told.append((labels[name], _tickets(count) if count else ""))
    told.append((_("Takes part in"), _tickets(seen.following) if seen.following else ""))
    for change in seen.roles:
        before = str(roles[change.before]) if change.before else _("none")
        told.append((_("Role in %(team)s") % {"team": change.team.name}, f"{before} → {roles[change.after]}"))
    told.append((_("Taken over, as it is empty there"), listing([fields[name] for name in seen.filled])))
    told.append((_("Absences"), str(seen.absences or "")))
    told.append((_("Line manager of"), _people(seen.reports) if seen.reports else ""))
    told.append((_("Place of work"), _("moves along") if seen.moves_workplace else ""))
    told.append((_("Is dropped"), listing([fields[name] for name in seen.rights_dropped])))
    return [(label, words) for label, words in told if words]


def _apart(person: Person) -> str:
    """A person so that nobody takes them for another of the same name."""
    beside = person.external_key or (person.department.name if person.department else "")
    name = named(person)
    return name if name != person.name or not beside else f"{name} ({beside})"


def _tickets(count: int) -> str:
    return ngettext("%(num)s ticket", "%(num)s tickets", count) % {"num": count}


def _people(count: int) -> str:
    return ngettext("%(num)s person", "%(num)s persons", count) % {"num": count}


@for_administrators
@require_POST
def undoing(request: HttpRequest, uid: str) -> HttpResponse:
    """POST …/people/<uid>/unmerging: the merged person is a person of their own again."""
    actor = actor_of(request)
    double = person_for(uid, actor)
    try:
        undone = merging.undo_merge(double, actor=actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Undone: %(name)s is a person of their own again.") % {"name": double.name})
        stays = [*([_tickets(undone.tickets_kept)] if undone.tickets_kept else []), *undone.kept]
        if stays:
            messages.warning(request, _("Changed since, so it stays where it is: %(what)s") % {"what": listing(stays)})
    return HttpResponseRedirect(url("settings-person", double.uid))
