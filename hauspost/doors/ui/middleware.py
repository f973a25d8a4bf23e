"""What every answer carries and every request gets: safe headers, the reader's language and zone, refusals in words."""

import secrets
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from hauspost.doors.ui import errors
from hauspost.doors.ui.language import browser_language
from hauspost.ground.refusals import Refused

Answer = Callable[[HttpRequest], HttpResponse]

_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; {mail_styles}script-src 'self' 'nonce-{nonce}'; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'"
)


class SafeHeaders:
    """A strict Content-Security-Policy and its companions on every answer that did not bring its own.

    A view that shows mail's HTML sets `request.shows_mail_html = True`: style attributes (and only they) are then
    allowed, after the sanitiser has looked at each property.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        headers = response.headers
        if "Content-Security-Policy" not in headers:
            mail_styles = "style-src-attr 'unsafe-inline'; " if getattr(request, "shows_mail_html", False) else ""
            headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce, mail_styles=mail_styles)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault(
            "Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"
        )
        if headers.get("Content-Type", "").startswith("text/html"):
            # Pages hold other people's words: no shared cache, and no page from the history after signing out.
            headers.setdefault("Cache-Control", "private, no-store")
        return response


class PersonsLanguageAndZone:
    """Pages in the person's language and time zone; before signing in, in the browser's."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user if request.user.is_authenticated else None
        language = getattr(person, "language", "") or browser_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        zone = getattr(person, "time_zone", "") or settings.TIME_ZONE
        try:
            timezone.activate(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError):
            timezone.deactivate()
        try:
            response = self.get_response(request)
        finally:
            translation.deactivate()
            timezone.deactivate()
        response.headers.setdefault("Content-Language", language)
        return response


class RefusalsInWords:
    """A refusal that no view caught becomes a page that names object, cause and next step (P54.1)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.refusal(request, exception) if isinstance(exception, Refused) else None
