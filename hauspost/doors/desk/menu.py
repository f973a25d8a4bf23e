"""All ways of the desk on one page, and this person's own settings."""

from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.preferences import zones
from hauspost.ground.refusals import Refused
from hauspost.records.people.actions import set_preferences
from hauspost.records.people.models import Person


@at_the_desk
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/menu; POST keeps language and time zone."""
    actor = actor_of(request)
    refused = ""
    if request.method == "POST":
        assert isinstance(actor.who, Person)
        zone = request.POST.get("time_zone", "")
        try:
            set_preferences(
                actor.who,
                language=request.POST.get("language", ""),
                time_zone=zone if zone in available_timezones() else "",
                actor=actor,
            )
            return HttpResponseRedirect(reverse("desk-menu"))
        except Refused as fault:
            refused = str(fault)
    return desk_page(
        request,
        "desk/menu.html",
        current="menu",
        refused=refused,
        status=422 if refused else 200,
        languages=settings.LANGUAGES,
        zones=zones(actor.who.time_zone if actor.who else ""),
    )
