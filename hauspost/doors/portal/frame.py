"""The frame of every portal page."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.pages import page


def portal_page(
    request: HttpRequest, template: str, /, *, current: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """A whole page of the portal."""
    actor = actor_of(request)
    has_desk = actor.is_agent or actor.is_administrator
    return page(request, template, status=status, current=current, has_desk=has_desk, **more)
