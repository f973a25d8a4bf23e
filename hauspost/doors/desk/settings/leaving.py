"""Somebody leaves: what is still open is shown and handed over in the same step."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hauspost.doors.desk.rows import ticket_base
from hauspost.doors.desk.settings.finding import person_for
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.people import SECTION
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.routing.leaving import colleagues_for, let_go, open_work_of
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person


@for_administrators
@require_http_methods(["GET", "POST"])
def deactivation(request: HttpRequest, uid: str) -> HttpResponse:
    """GET …/people/<uid>/deactivation shows what ends and what is open; POST hands over and deactivates."""
    actor = actor_of(request)
    person = person_for(uid, actor)
    form, status = Form({"to": ""}), 200
    if request.method == "POST":
        form = Form.sent(request, form.values)
        try:
            _let_go(person, form, actor)
        except Refused as refused:
            form.refusing(refused, at="to")
            status = refused.status
        else:
            messages.success(
                request, _("%(name)s is deactivated. Sessions, tokens and links have ended.") % {"name": person.name}
            )
            return HttpResponseRedirect(url("settings-person", person.uid))
    work = open_work_of(person, reader=actor)
    return settings_page(
        request,
        "desk/settings/deactivation.html",
        section=SECTION,
        status=status,
        somebody=person,
        here=url("settings-person", person.uid),
        form=form,
        work=work,
        unseen=[(team.name, count) for team, count in work.unseen.items()],
        colleagues=[(str(one.uid), one.name) for one in colleagues_for(person)],
        ways_in=actions.ways_in(person),
        base=ticket_base(),
    )


def _let_go(person: Person, form: Form, actor: Actor) -> None:
    to = next((one for one in colleagues_for(person) if str(one.uid) == form.value("to")), None)
    if to is None and form.value("to"):
        raise Invalid("to", _("choose one of the list"))
    let_go(person, to=to, actor=actor)
