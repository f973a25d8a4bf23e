"""A person's own settings: language, time zone, how this browser shows Hauspost, and the links in one's mails."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hauspost.doors.portal.frame import person_of, portal_page
from hauspost.doors.ui import preferences
from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.records.people.actions import TICKET_LINK_LIVES, count_ticket_links, revoke_ticket_links


@signed_in
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET and POST /me."""
    person, refused = person_of(request), ""
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
        zones=preferences.zones(person.time_zone),
        live_links=count_ticket_links(person),
        days=TICKET_LINK_LIVES.days,
    )


@signed_in
@require_POST
def links(request: HttpRequest) -> HttpResponse:
    """POST /me/links: the links in my mails open nothing any more."""
    revoke_ticket_links(person_of(request), actor=actor_of(request))
    messages.success(request, _("The links in your mails no longer open anything."))
    return HttpResponseRedirect(reverse("me"))
