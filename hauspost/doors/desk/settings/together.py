"""One change for several people: first what will happen, to whom, then it happens to all of them or to nobody."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from hauspost.doors.desk.choices import teams
from hauspost.doors.desk.settings import choices
from hauspost.doors.desk.settings.forms import Form, needed, one_of, picked
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.people import SECTION
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Refused
from hauspost.records.people import actions
from hauspost.records.people.actor import Actor
from hauspost.records.people.login.session import go_on_with_new_rights
from hauspost.records.people.models import Department, Membership, Person, Team
from hauspost.records.places.actions import seat, unseat
from hauspost.records.places.models import Site
from hauspost.records.tickets.knowing import without_secret_strangers
from hauspost.records.tickets.models import Ticket

# So many at once: what is more is a case for an import, which shows it field by field.
MOST = 200
Change = Callable[[Sequence[Person], Form, Actor], None]


class StillBusy(Refused):
    """Somebody of those chosen has open work that has to be handed over first (P25.5)."""

    code = "still-busy"
    words = gettext_lazy(
        "Nobody was deactivated: open work is left with %(names)s. Deactivate them one by one, and hand it over there."
    )


@for_administrators
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/people/together?change=…&uid=…: what will happen; POST does it."""
    actor = actor_of(request)
    sent = request.POST if request.method == "POST" else request.GET
    kind = sent.get("change", "")
    people = _chosen(sent.getlist("uid"), actor)
    if not people or kind not in _DO:
        messages.warning(request, _("Choose at least one person, and what is to be changed."))
        return HttpResponseRedirect(url(SECTION))
    form, status = Form(dict(_FIELDS[kind])), 200
    if request.method == "POST":
        form = Form.sent(request, form.values)
        try:
            with transaction.atomic():
                _DO[kind](people, form, actor)
        except Refused as refused:
            form.refusing(refused)
            status = refused.status
        else:
            if kind == "role":
                go_on_with_new_rights(request, people)
            done = ngettext("%(count)s person was changed.", "%(count)s persons were changed.", len(people))
            messages.success(request, done % {"count": len(people)})
            return HttpResponseRedirect(url(SECTION))
    return settings_page(
        request,
        "desk/settings/together.html",
        section=SECTION,
        status=status,
        kind=kind,
        people=people,
        busy=_still_busy(people) if kind == "deactivation" else [],
        form=form,
        departments=choices.departments(),
        sites=_sites(),
        teams=teams(),
        roles=choices.roles(),
    )


_FIELDS = {
    "department": {"department": ""},
    "site": {"site": ""},
    "role": {"team": "", "role": "agent", "is_technician": ""},
    "deactivation": {},
}


def _chosen(uids: Sequence[str], actor: Actor) -> list[Person]:
    wanted = []
    for uid in uids[:MOST]:
        try:
            wanted.append(UUID(uid))
        except ValueError:
            continue
    found = without_secret_strangers(actor).filter(uid__in=wanted, merged_into__isnull=True, erased_at__isnull=True)
    return list(found.select_related("department", "workplace__site").order_by("sort_key", "id"))


def _sites() -> list[tuple[str, str]]:
    return [(site.key, site.name) for site in Site.objects.active()]


def _still_busy(people: Sequence[Person]) -> list[Person]:
    """Who still has open tickets: they are deactivated one by one, so that somebody takes them over."""
    named = Q(assignee__in=people) | Q(technician__in=people)
    rows = Ticket.objects.open().filter(named).order_by().values_list("assignee", "technician").distinct()
    busy = {one for row in rows for one in row}
    return [person for person in people if person.id in busy]


def _set_department(people: Sequence[Person], form: Form, actor: Actor) -> None:
    department = picked(Department, form.value("department"), "department")
    for person in people:
        actions.change_person(person, department=department, actor=actor)


def _set_site(people: Sequence[Person], form: Form, actor: Actor) -> None:
    site = picked(Site, form.value("site"), "site")
    for person in people:
        workplace = getattr(person, "workplace", None)
        if site is None:
            unseat(person, actor=actor)
        elif workplace is None or workplace.site_id != site.id:
            # Whoever works there already keeps the room.
            seat(person, site=site, location=None, actor=actor)


def _give_role(people: Sequence[Person], form: Form, actor: Actor) -> None:
    team = needed(Team, form.value("team"), "team")
    role = one_of(Membership.Role.values, form.value("role"), "role")
    for person in people:
        actions.give_role(person, team, role, is_technician=bool(form.value("is_technician")), actor=actor)


def _deactivate(people: Sequence[Person], form: Form, actor: Actor) -> None:
    busy = _still_busy(people)
    if busy:
        raise StillBusy(names=", ".join(person.name for person in busy[:5]))
    for person in people:
        if person.deactivated_at is None:
            actions.deactivate(person, actor=actor)


_DO: dict[str, Change] = {
    "department": _set_department,
    "site": _set_site,
    "role": _give_role,
    "deactivation": _deactivate,
}
