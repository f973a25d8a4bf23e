"""A person's language and zone, and how this browser shows Hauspost: light or dark, letters as keys (P45.1)."""

from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from hauspost.doors.ui.acting import actor_of, back_to, signed_in
from hauspost.doors.ui.pages import THEMES
from hauspost.ground.refusals import Refused
from hauspost.records.people.actions import KEEP, set_preferences

_A_YEAR = 365 * 24 * 3600


@signed_in
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Keep the look for this browser, in two cookies that say nothing about the person."""
    answer = back_to(request, reverse("home"))
    for cookie, field, allowed in (("hauspost_theme", "theme", THEMES), ("hauspost_keys", "keys", ("on", "off"))):
        chosen = request.POST.get(field, "")
        if chosen in allowed:
            answer.set_cookie(
                cookie,
                chosen,
                max_age=_A_YEAR,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
                path=settings.SESSION_COOKIE_PATH,
            )
    return answer


def zones(chosen: str) -> list[str]:
    """The time zones to choose from: those of continents and oceans, and the one that is chosen."""
    continents = (
        "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/",
        "Pacific/",
    )  # fmt: skip
    return sorted({zone for zone in available_timezones() if zone.startswith(continents)} | ({chosen} - {""}))


def save(request: HttpRequest) -> str:
    """Keep the person's language and time zone from a form; answers the words of a refusal, or "" when it is done."""
    actor = actor_of(request)
    assert actor.who is not None
    zone = request.POST.get("time_zone", "")
    known = zone if zone in available_timezones() else ""
    # Only the desk's page asks for it.
    asked = request.POST.get("forwards_for_others", "")
    forwards = asked == "yes" if asked in ("yes", "no") else KEEP
    try:
        language = request.POST.get("language", "")
        set_preferences(actor.who, language=language, time_zone=known, forwards_for_others=forwards, actor=actor)
    except Refused as fault:
        return str(fault)
    return ""
