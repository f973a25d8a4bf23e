"""The frame of every settings page: who may come in, and the sections at its side."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui.acting import View, actor_of
from hauspost.records.people.actor import Actor


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the settings: its address by name, its words, and whether auditors may read it, too."""

    key: str
    label: Callable[[], str]
    about: Callable[[], str]
    symbol: str
    for_auditors: bool = False


# The sections in their order; `key` is also the name of its page's address.
SECTIONS: tuple[Section, ...] = ()


def for_administrators(view: View) -> View:
    """Only for administrators; anybody else gets the same answer as for no page at all (S5)."""
    return _guarded(view, lambda actor: actor.is_administrator)


def for_auditors(view: View) -> View:
    """For administrators, and for auditors, who only read."""
    return _guarded(view, sees_settings)


def sees_settings(actor: Actor) -> bool:
    """Who finds anything in the settings."""
    return actor.is_administrator or (actor.who is not None and actor.who.is_active and actor.who.is_auditor)


def sections_of(actor: Actor) -> list[Section]:
    """The sections that this person may open."""
    return [section for section in SECTIONS if actor.is_administrator or section.for_auditors]


def settings_page(
    request: HttpRequest, template: str, /, *, section: str, status: int = 200, **more: Any
) -> HttpResponse:
    """A page of the settings, with the sections at its side."""
    return desk_page(
        request,
        template,
        current="settings",
        status=status,
        section=section,
        sections=sections_of(actor_of(request)),
        **more,
    )


@at_the_desk
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings: every section with a sentence on what it is for."""
    if not sees_settings(actor_of(request)):
        raise Http404
    return settings_page(request, "desk/settings/start.html", section="")


def _guarded(view: View, allowed: Callable[[Actor], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not allowed(actor_of(request)):
            raise Http404
        return view(request, *args, **named)

    return at_the_desk(guarded)
