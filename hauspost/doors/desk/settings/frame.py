"""The frame of every settings page: who may come in, and the sections at its side."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.ui.acting import View, actor_of
from hauspost.ground.history.sightings import note_sight
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the settings: its address by name, its words, and whether auditors may read it, too."""

    key: str
    label: Callable[[], str]
    about: Callable[[], str]
    symbol: str
    for_auditors: bool = False
    # Under which heading it stands; a key of GROUPS.
    group: str = "house"


# The headings of the sections, in their order.
GROUPS: dict[str, Callable[[], str]] = {
    "people": lambda: _("The company"),
    "mail": lambda: _("Mail"),
    "privacy": lambda: _("Privacy"),
    "house": lambda: _("This Hauspost"),
}
# The sections in their order; `key` is also the name of its page's address.
SECTIONS: tuple[Section, ...] = (
    Section(
        "settings-people",
        lambda: _("People"),
        lambda: _("Who asks, works and decides: names, addresses, roles, rights, absences."),
        "users-round",
        for_auditors=True,
        group="people",
    ),
    Section(
        "settings-teams",
        lambda: _("Teams"),
        lambda: _("Who answers what: members, intake addresses, confidential or not."),
        "headset",
        for_auditors=True,
        group="people",
    ),
    Section(
        "settings-roles",
        lambda: _("Roles"),
        lambda: _("What each role may do, in words."),
        "key-round",
        for_auditors=True,
        group="people",
    ),
    Section(
        "settings-departments",
        lambda: _("Departments"),
        lambda: _("Units of people and their cost centres."),
        "building-2",
        for_auditors=True,
        group="people",
    ),
    Section(
        "settings-places",
        lambda: _("Places"),
        lambda: _("Sites with their buildings, floors and rooms."),
        "map-pin",
        for_auditors=True,
        group="people",
    ),
    Section(
        "settings-categories",
        lambda: _("Categories"),
        lambda: _("What tickets are about, as a tree, and which team answers them."),
        "tags",
        for_auditors=True,
        group="people",
    ),
    Section(
        "settings-import",
        lambda: _("Import and export"),
        lambda: _("People and places from a file, with a preview; and back into one."),
        "file-up",
        group="people",
    ),
    Section(
        "settings-mailboxes",
        lambda: _("Mailboxes"),
        lambda: _("Addresses whose mail becomes tickets: who may write, how it comes, as whom the desk answers."),
        "mailbox",
        for_auditors=True,
        group="mail",
    ),
    Section(
        "settings-mail-servers",
        lambda: _("Mail servers"),
        lambda: _("Where mail is fetched and by what it leaves: Microsoft 365, Google, any other."),
        "server",
        group="mail",
    ),
    Section(
        "audit",
        lambda: _("Audit log"),
        lambda: _("Who saw and changed settings, roles and people, and what was taken out of the house."),
        "scroll-text",
        for_auditors=True,
        group="privacy",
    ),
    Section(
        "retention",
        lambda: _("Retention"),
        lambda: _("How long closed tickets are kept, and what a legal hold keeps longer."),
        "hourglass",
        group="privacy",
    ),
    Section(
        "privacy",
        lambda: _("Data of a person"),
        lambda: _("Hand it out as one file, or erase it for good."),
        "user-round-x",
        group="privacy",
    ),
    Section(
        "emergency",
        lambda: _("Emergency access"),
        lambda: _("One ticket of another team, for an hour, with a reason; and every time it happened."),
        "siren",
        for_auditors=True,
        group="privacy",
    ),
    Section(
        "settings-programs",
        lambda: _("Access for programs"),
        lambda: _("Integrations and their tokens: which program may act, as whom, for how long."),
        "plug",
    ),
    Section(
        "settings-backups",
        lambda: _("Backups"),
        lambda: _("Whether there are good ones, when the next one comes, and whether they can be restored."),
        "archive-restore",
        for_auditors=True,
    ),
)


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


def groups_of(actor: Actor) -> list[tuple[str, list[Section]]]:
    """The same, under their headings; a heading without sections is left out."""
    open_to = sections_of(actor)
    groups = [(words(), [one for one in open_to if one.group == key]) for key, words in GROUPS.items()]
    return [(words, sections) for words, sections in groups if sections]


def settings_page(
    request: HttpRequest, template: str, /, *, section: str, status: int = 200, **more: Any
) -> HttpResponse:
    """A page of the settings, with the sections at its side. That it was looked at, and at whom, is recorded."""
    if request.method == "GET" and section:
        _note_sight(section, more.get("somebody"), actor_of(request))
    return desk_page(
        request,
        template,
        current="settings",
        status=status,
        section=section,
        groups=groups_of(actor_of(request)),
        **more,
    )


def _note_sight(section: str, somebody: Person | None, actor: Actor) -> None:
    if somebody is not None:
        note_sight("person.seen", somebody.stream, actor=actor)
    else:
        note_sight("settings.seen", f"setting:{section}", actor=actor)


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
