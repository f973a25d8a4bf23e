"""The frame of every portal page."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.pages import page
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person


def employee_of(request: HttpRequest) -> Actor:
    """Who is signed in, as somebody who asks or follows: what they do at a desk counts for nothing here (P11.5)."""
    return Actor.as_employee(person_of(request))


def person_of(request: HttpRequest) -> Person:
    """Who is signed in."""
    who = actor_of(request).who
    assert who is not None
    return who


def portal_page(
    request: HttpRequest, template: str, /, *, current: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """A whole page of the portal."""
    actor = actor_of(request)
    has_desk = actor.is_agent or actor.is_administrator
    return page(request, template, status=status, current=current, has_desk=has_desk, **more)
