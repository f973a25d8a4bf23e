"""Rendering: one function that gives every page its frame."""

from functools import lru_cache
from typing import Any, cast

from django.contrib.messages import get_messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from jinja2 import Environment
from markupsafe import Markup

THEMES = ("auto", "light", "dark")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return cast(Environment, cast(Jinja2, engines["jinja2"]).env)


class Csrf:
    """The hidden field of every form on a page; computed once, and only where a form stands."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self._field: Markup | None = None

    def __html__(self) -> str:
        if self._field is None:
            self._field = Markup(f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(self.request)}">')
        return self._field

    def __str__(self) -> str:
        return self.__html__()


def page(request: HttpRequest, template: str, /, status: int = 200, **context: Any) -> HttpResponse:
    """Answer with a page or a part of one. Rendered by Jinja2 directly: no context processors, no signals."""
    frame = {
        "request": request,
        "person": _person(request),
        "csrf": Csrf(request),
        "nonce": getattr(request, "csp_nonce", ""),
        "language": getattr(request, "LANGUAGE_CODE", "en"),
        "theme": theme(request),
        "keys_on": request.COOKIES.get("hauspost_keys") != "off",
        "messages_waiting": lambda: get_messages(request) if hasattr(request, "_messages") else (),
    }
    text = _environment().get_template(template).render(frame | context)
    return HttpResponse(text, status=status)


def _person(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    try:
        return user if user is not None and user.is_authenticated else None
    except DatabaseError:
        # An error page must still come when the database does not.
        return None


def theme(request: HttpRequest) -> str:
    """Light, dark, or as the device says."""
    chosen = request.COOKIES.get("hauspost_theme", "auto")
    return chosen if chosen in THEMES else "auto"
