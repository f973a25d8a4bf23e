"""Being away: one's own absences with who stands in, and for team leads those of their people (P48.1)."""

from collections.abc import Iterator, Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.person_changes import enter_absence
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people.absences import today
from hauspost.records.people.actions import end_absence, may_set_absence
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Absence, Person

_FIELDS = {"who": "", "starts_on": "", "ends_on": "", "deputy": ""}


@at_the_desk
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/absences; POST enters one more."""
    actor = actor_of(request)
    people = [_oneself(actor), *_led_by(actor)]
    form, status = Form(dict(_FIELDS)), 200
    if request.method == "POST":
        form = Form.sent(request, _FIELDS)
        try:
            enter_absence(_who(form.value("who"), people), form.values, actor)
        except Refused as refused:
            form.refusing(refused, at="deputy")
            status = refused.status
        else:
            messages.success(request, _("The absence is entered."))
            return HttpResponseRedirect(url("absences"))
    return desk_page(
        request,
        "desk/absences.html",
        current="menu",
        status=status,
        form=form,
        rows=_absences(people),
        today=today(),
        people=[(str(one.uid), one.name) for one in people] if len(people) > 1 else [],
    )


def table(actor: Actor, sent: Mapping[str, str]) -> Iterator[list[object]]:
    """The same absences as rows for a file, after a row of headings."""
    yield [_("Person"), _("First day"), _("Last day"), _("Deputy")]
    for row in _absences([_oneself(actor), *_led_by(actor)]):
        yield [row.person.name, row.starts_on, row.ends_on, row.deputy.name if row.deputy else ""]


@at_the_desk
@require_POST
def removal(request: HttpRequest, absence: int) -> HttpResponse:
    """POST /desk/absences/<id>/removal: somebody is back, or does not go."""
    actor = actor_of(request)
    found = Absence.objects.filter(id=absence).select_related("person").first()
    if found is None or not may_set_absence(found.person, actor):
        raise Http404
    end_absence(found, actor=actor)
    messages.success(request, _("The absence is over."))
    return HttpResponseRedirect(url("absences"))


def _oneself(actor: Actor) -> Person:
    assert actor.who is not None
    return actor.who


def _led_by(actor: Actor) -> list[Person]:
    """Who works in the teams that this person leads."""
    teams = actor.teams_with("lead")
    if not teams:
        return []
    found = Person.objects.active().filter(memberships__team__in=teams).exclude(pk=_oneself(actor).pk)
    return list(found.distinct().by_name())


def _who(uid: str, people: list[Person]) -> Person:
    if not uid:
        return people[0]
    found = next((one for one in people if str(one.uid) == uid), None)
    if found is None:
        raise Invalid("who", _("choose one of the list"))
    return found


def _absences(people: list[Person]) -> list[Absence]:
    """The running and coming absences of oneself, then of the others."""
    rows = Absence.objects.filter(person__in=people, ends_on__gte=today()).select_related("person", "deputy")
    return sorted(rows, key=lambda row: (row.person_id != people[0].pk, row.starts_on, row.person.sort_key))
