"""All ways of the desk on one page, and this person's own settings."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui import preferences
from hauspost.doors.ui.acting import actor_of


@at_the_desk
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/menu; POST keeps language and time zone."""
    actor = actor_of(request)
    refused = ""
    if request.method == "POST":
        refused = preferences.save(request)
        if not refused:
            return HttpResponseRedirect(reverse("desk-menu"))
    return desk_page(
        request,
        "desk/menu.html",
        current="menu",
        refused=refused,
        status=422 if refused else 200,
        languages=settings.LANGUAGES,
        zones=preferences.zones(actor.who.time_zone if actor.who else ""),
    )
