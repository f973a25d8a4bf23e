"""A person's own settings: language, time zone, and how this browser shows Hauspost."""

from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hauspost.doors.portal.frame import portal_page
from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.doors.ui.preferences import zones
from hauspost.ground.refusals import Refused
from hauspost.records.people.actions import set_preferences
from hauspost.records.people.models import Person


@signed_in
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET and POST /me."""
    actor, refused = actor_of(request), ""
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
            return HttpResponseRedirect(reverse("me"))
        except Refused as fault:
            refused = str(fault)
    return portal_page(
        request,
        "portal/me.html",
        current="me",
        status=422 if refused else 200,
        refused=refused,
        languages=settings.LANGUAGES,
        zones=zones(actor.who.time_zone if isinstance(actor.who, Person) else ""),
    )
