"""A person's own settings: language, time zone, and how this browser shows Hauspost."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hauspost.doors.portal.frame import portal_page
from hauspost.doors.ui import preferences
from hauspost.doors.ui.acting import actor_of, signed_in


@signed_in
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET and POST /me."""
    actor, refused = actor_of(request), ""
    if request.method == "POST":
        refused = preferences.save(request)
        if not refused:
            return HttpResponseRedirect(reverse("me"))
    return portal_page(
        request,
        "portal/me.html",
        current="me",
        status=422 if refused else 200,
        refused=refused,
        languages=settings.LANGUAGES,
        zones=preferences.zones(actor.who.time_zone if actor.who else ""),
    )
