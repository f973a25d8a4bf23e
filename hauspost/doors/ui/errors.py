"""Error pages: each says what happened and what to do next, and none repeats the address that was asked (S26)."""

import logging
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.doors.ui.language import browser_language
from hauspost.doors.ui.pages import page
from hauspost.ground.refusals import Refused

_log = logging.getLogger("hauspost.pages")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: also a foreign Host header (S11)."""
    return _page(
        request,
        400,
        _("The request could not be understood"),
        _("Something in the request is not what this page expects."),
        _("Go back, reload the page and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: signed in, but without the right."""
    return _page(
        request,
        403,
        _("You may not open this page"),
        _("Your account does not have the right for it."),
        _("Ask your team lead or an administrator for the right."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: does not exist or may not be known of; both look the same (S5)."""
    return _page(
        request,
        404,
        _("There is nothing here that you may see"),
        _("Either the address is wrong, or it belongs to something you have no access to."),
        _("Check the address, or look for the ticket with the search."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the code leads an administrator to the line in the log."""
    code = secrets.token_hex(4)
    _log.error("Server error, code %s, %s %s", code, request.method, request.path, exc_info=True)
    return _page(
        request,
        500,
        _("Something went wrong on our side"),
        _("Nothing you did before is lost. What you just tried was not saved."),
        _("Try again. If it happens again, give the administrator this code: %(code)s") % {"code": code},
    )


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """A verb said no: its own words, and the way back."""
    return _page(request, refused.status, str(refused), "", "", code=refused.code)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A stale or missing form token: name a wrong public URL (P18.1), keep the typed text (P18.3)."""
    seen = f"{request.scheme}://{request.META.get('HTTP_HOST', '')}"
    expected = settings.HAUSPOST.public_url.rstrip("/")
    origin = request.META.get("HTTP_ORIGIN", "")
    differs = not f"{expected}/".startswith(seen.rstrip("/") + "/") or (origin and not expected.startswith(origin))
    typed = [
        (name, text)
        for name, texts in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "password", "again")
        for text in texts
        if len(text) > 20
    ]
    return page(
        request,
        "ui/csrf.html",
        status=403,
        differs=differs,
        expected=expected,
        seen=origin or seen,
        typed=typed,
    )


def _page(request: HttpRequest, status: int, title: str, cause: str, next_step: str, **more: Any) -> HttpResponse:
    if not hasattr(request, "LANGUAGE_CODE"):
        # The request broke before the middleware that knows the person: fall back to what the browser says.
        language = browser_language(request)
        request.LANGUAGE_CODE = language
        translation.activate(language)
    part = bool(request.headers.get("HX-Request"))
    return page(
        request,
        "ui/_refused.html" if part else "ui/error.html",
        status=status,
        title=title,
        cause=cause,
        next_step=next_step,
        number=status,
        code=more.get("code", ""),
    )
