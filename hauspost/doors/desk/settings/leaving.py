"""Somebody leaves, or has left: what is still open is shown and handed over, in the same step or later."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from hauspost.doors.desk.rows import ticket_base
from hauspost.doors.desk.settings.finding import person_for
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.people import SECTION
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.routing.leaving import colleagues_for, hand_over_work, let_go, open_work_of
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets.actions.persons import HandedOver


@for_administrators
@require_http_methods(["GET", "POST"])
def deactivation(request: HttpRequest, uid: str) -> HttpResponse:
    """GET …/people/<uid>/deactivation shows what ends and what is open; POST hands over and deactivates.

    Of somebody who is deactivated already only the work is left to hand over.
    """
    actor = actor_of(request)
    person = person_for(uid, actor)
    form, status = Form({"to": ""}), 200
    if request.method == "POST":
        form = Form.sent(request, form.values)
        try:
            done = _let_go(person, form, actor)
        except Refused as refused:
            form.refusing(refused, at="to")
            status = refused.status
        else:
            messages.success(request, done)
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


def _let_go(person: Person, form: Form, actor: Actor) -> str:
    """Do it; answers in words what was done."""
    to = next((one for one in colleagues_for(person) if str(one.uid) == form.value("to")), None)
    if to is None and form.value("to"):
        raise Invalid("to", _("choose one of the list"))
    if person.deactivated_at is not None:
        return _handed(hand_over_work(person, to=to, actor=actor), to) or _("There was nothing left to hand over.")
    handed = let_go(person, to=to, actor=actor)
    ended = _("%(name)s is deactivated. Sessions, tokens and links have ended.") % {"name": person.name}
    return f"{ended} {_handed(handed, to)}".strip()


def _handed(handed: HandedOver, to: Person | None) -> str:
    """Who has the open work now, in words; "" when there was none."""
    words = []
    if handed.to_person and to is not None:
        many = ngettext("%(number)s ticket went to %(name)s.", "%(number)s tickets went to %(name)s.", handed.to_person)
        words.append(many % {"number": handed.to_person, "name": to.name})
    if handed.to_team:
        many = ngettext(
            "%(number)s ticket went back to its team.", "%(number)s tickets went back to their teams.", handed.to_team
        )
        words.append(many % {"number": handed.to_team})
    return " ".join(words)
