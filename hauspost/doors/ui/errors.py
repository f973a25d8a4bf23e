"""Error pages: each says what happened and what to do next, and none repeats the address that was asked (S26)."""

import logging
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.language import browser_language
from hauspost.doors.ui.pages import page
from hauspost.doors.ui.problems import is_for_a_program, problem
from hauspost.doors.ui.request_log import code_of
from hauspost.doors.ui.stale_forms import origin_seen, wrong_address
from hauspost.ground import logs
from hauspost.ground.refusals import Refused

_log = logging.getLogger("hauspost.pages")
_CODES = {400: "not-understood", 403: "not-allowed", 404: "not-found", 500: "server-error"}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: also a foreign Host header (S11), which names the two addresses (P18.1)."""
    if isinstance(exception, DisallowedHost) and not is_for_a_program(request):
        _know_language(request)
        _log.warning("foreign host")
        return wrong_address(request, origin_seen(request), status=400)
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
        _next_step(request),
        **({"way": (reverse("my-tickets"), _("My tickets"))} if _has_portal_only(request) else {}),
    )


def _next_step(request: HttpRequest) -> str:
    """The portal has no search, and who is not signed in has nothing to look in."""
    if _has_portal_only(request):
        return _("Check the address. What you asked for stands under “My tickets”.")
    if not _is_signed_in(request):
        return _("Check the address, or sign in.")
    return _("Check the address, or look for the ticket with the search.")


def _is_signed_in(request: HttpRequest) -> bool:
    # Before the middleware that knows the person there is none.
    return hasattr(request, "user") and request.user.is_authenticated


def _has_portal_only(request: HttpRequest) -> bool:
    if not _is_signed_in(request):
        return False
    actor = actor_of(request)
    return not (actor.is_agent or actor.is_administrator or (actor.who is not None and actor.who.is_auditor))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the code leads an administrator to the line in the log."""
    code = code_of(request)
    route = request.resolver_match.view_name if request.resolver_match else ""
    _log.error("server error, code %s", code, exc_info=True, extra=logs.facts(method=request.method, route=route))
    return _page(
        request,
        500,
        _("Something went wrong on our side"),
        _("Nothing you did before is lost. What you just tried was not saved."),
        _("Try again. If it happens again, give the administrator this code: %(code)s") % {"code": code},
    )


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """A verb said no: its own words, and the way back."""
    _log.info("refused", extra=logs.facts(because=refused.code, status=refused.status))
    return _page(request, refused.status, str(refused), "", "", code=refused.code)


def _page(request: HttpRequest, status: int, title: str, cause: str, next_step: str, **more: Any) -> HttpResponse:
    _know_language(request)
    if is_for_a_program(request):
        said = " ".join(str(words) for words in (cause or title, next_step) if words)
        return problem(status, str(more.get("code") or _CODES.get(status, "refused")), said)
    part = bool(request.headers.get("HX-Request"))
    return page(
        request,
        "ui/_refused.html" if part else "ui/error.html",
        status=status,
        title=title,
        cause=cause,
        next_step=next_step,
        number=status,
        incident=code_of(request),
        code=more.get("code", ""),
        way=more.get("way"),
    )


def _know_language(request: HttpRequest) -> None:
    if not hasattr(request, "LANGUAGE_CODE"):
        # The request broke before the middleware that knows the person: fall back to what the browser says.
        language = browser_language(request)
        request.LANGUAGE_CODE = language
        translation.activate(language)
