"""One line of the log for each request, and the code by which an error page finds its line (P54.1)."""

import logging
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hauspost.ground import logs

Answer = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger("hauspost.pages")

# Asked every few seconds by machines and open pages: worth a line only when something is wrong.
_DULL = frozenset({"health", "metrics", "presence"})


class RequestLog:
    """Tells method, route, status and time of every request; never the path, which may hold a token or a name (S21)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        code = code_of(request)
        with logs.about(request=code):
            response = self.get_response(request)
            route = request.resolver_match.view_name if request.resolver_match else ""
            if not ((route in _DULL and response.status_code < 400) or request.path.startswith(settings.STATIC_URL)):
                self._tell(request, response, route, time.perf_counter() - begun)
        response.headers["X-Request-ID"] = code
        return response

    def _tell(self, request: HttpRequest, response: HttpResponse, route: str, seconds: float) -> None:
        told: dict[str, object] = {
            "method": request.method if request.method in _METHODS else "other",
            "route": route or "-",
            "status": response.status_code,
            "ms": round(seconds * 1000),
        }
        # Only if the request has asked for the person anyway.
        person = getattr(request, "_cached_user", None)
        if person is not None and person.is_authenticated:
            told["person"] = str(person.uid)
        log.info("request", extra=logs.facts(**told))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def code_of(request: HttpRequest) -> str:
    """The request's own code: stands in each of its lines, and on the page that tells of an error."""
    code: str | None = getattr(request, "code", None)
    if code is None:
        code = request.code = secrets.token_hex(4)  # type: ignore[attr-defined]
    return code
