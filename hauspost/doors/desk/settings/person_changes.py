"""The forms of a person's cards: each a noun that is posted, one verb, and the page again."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hauspost.doors.desk.frame import has_desk
from hauspost.doors.desk.settings.finding import person_for, somebody
from hauspost.doors.desk.settings.forms import Form, needed, one_of, picked
from hauspost.doors.desk.settings.frame import for_administrators, sees_settings
from hauspost.doors.desk.settings.person import CARDS, named, offered, person_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.actor import Actor
from hauspost.records.people.login.session import go_on_with_new_rights
from hauspost.records.people.models import Absence, Address, Department, Membership, Person, Team
from hauspost.records.places import actions as places
from hauspost.records.places.models import Location, Site

# (person, the values to save by field, what the address names beside the person) -> nothing
Change = Callable[..., None]

# The cards whose changes end sessions, as other rights need new ones.
_RIGHTS = frozenset({"role", "rights"})


def of_card(card: str, *, at: str = "") -> "Callable[[Change], Callable[..., HttpResponseBase]]":
    """Make a change a page: what is refused comes back in the card's form, with everything that was typed.

    `at` is the field of refusals that name none.
    """

    def made(change: Change) -> Callable[..., HttpResponseBase]:
        @for_administrators
        @require_POST
        @wraps(change)
        def view(request: HttpRequest, uid: str) -> HttpResponse:
            actor = actor_of(request)
            person = person_for(uid, actor)
            current = CARDS[card](person)
            form = Form.sent(request, current)
            try:
                with transaction.atomic():
                    change(person, form.met(current), actor)
            except Refused as refused:
                pairs = offered(card, person)
                form.refusing(refused, at=at, current=current, choices=pairs)
                return person_page(request, person, card, form, refused.status)
            return _done(request, person, card, _("Saved."))

        return view

    return made


def of_button(card: str) -> "Callable[[Change], Callable[..., HttpResponseBase]]":
    """Make a change without fields a page; a refusal is said above the page."""

    def made(change: Change) -> Callable[..., HttpResponseBase]:
        @for_administrators
        @require_POST
        @wraps(change)
        def view(request: HttpRequest, uid: str, **rest: Any) -> HttpResponse:
            actor = actor_of(request)
            person = person_for(uid, actor)
            try:
                change(person, actor, **rest)
            except Refused as refused:
                messages.error(request, str(refused))
            else:
                return _done(request, person, card, _("Done."))
            return _back(person, card)

        return view

    return made


def _done(request: HttpRequest, person: Person, card: str, words: str) -> HttpResponse:
    """Back to the person's page; whoever took it from themselves goes where they still work, signed in as before."""
    if card not in _RIGHTS or person.pk != request.user.pk:
        messages.success(request, words)
        return _back(person, card)
    go_on_with_new_rights(request, [person])
    now = Actor(who=Person.objects.get(pk=person.pk), via="web")
    if now.is_administrator:
        messages.success(request, words)
        return _back(person, card)
    messages.success(request, _("You are no administrator any more. You stay signed in."))
    if sees_settings(now):
        return _back(person, card)
    return HttpResponseRedirect(url("mine" if has_desk(now) else "portal"))


def _back(person: Person, card: str) -> HttpResponse:
    return HttpResponseRedirect(url("settings-person", person.uid) + f"#{card}")


@of_card("details")
def details(person: Person, values: dict[str, str], actor: Actor) -> None:
    """POST …/people/<uid>/details."""
    if not values["name"]:
        raise Invalid("name", _("write a name"))
    actions.change_person(
        person,
        actor=actor,
        name=values["name"],
        phone=values["phone"],
        department=_department(person, values["department"]),
        cost_centre=values["cost_centre"],
        line_manager=_line_manager(person, values["line_manager"], actor),
        language=values["language"],
        time_zone=values["time_zone"],
        external_key=values["external_key"],
    )


def _line_manager(person: Person, text: str, actor: Actor) -> Person | None:
    # Left as it was, it may be somebody who has left since, or one of two of the same name.
    return person.line_manager if text == named(person.line_manager) else somebody(text, "line_manager", actor)


def _department(person: Person, key: str) -> Department | None:
    if person.department is not None and key == person.department.key:
        # It may have been archived since.
        return person.department
    return picked(Department, key, "department")


@of_card("place")
def place(person: Person, values: dict[str, str], actor: Actor) -> None:
    """POST …/people/<uid>/place."""
    kind, _colon, key = values["place"].partition(":")
    if kind == "location":
        location = needed(Location, key, "place")
        places.seat(person, site=location.site, location=location, actor=actor)
    elif kind == "site":
        places.seat(person, site=needed(Site, key, "place"), location=None, actor=actor)
    elif kind:
        raise Invalid("place", _("choose one of the list"))
    else:
        places.unseat(person, actor=actor)


@of_card("rights")
def rights(person: Person, values: dict[str, str], actor: Actor) -> None:
    """POST …/people/<uid>/rights."""
    actions.change_person(
        person,
        actor=actor,
        is_administrator=bool(values["is_administrator"]),
        is_auditor=bool(values["is_auditor"]),
        sees_department=bool(values["sees_department"]),
    )


@of_card("address", at="address")
def addresses(person: Person, values: dict[str, str], actor: Actor) -> None:
    """POST …/people/<uid>/addresses."""
    kind = one_of(actions.CHOSEN_KINDS, values["kind"], "kind")
    actions.add_address(person, values["address"], kind=kind, is_main=bool(values["is_main"]), actor=actor)


@of_button("address")
def address_main(person: Person, actor: Actor, address: int) -> None:
    """POST …/people/<uid>/addresses/<id>/main."""
    actions.make_main_address(_address(person, address), actor=actor)


@of_button("address")
def address_removal(person: Person, actor: Actor, address: int) -> None:
    """POST …/people/<uid>/addresses/<id>/removal."""
    actions.remove_address(_address(person, address), actor=actor)


def _address(person: Person, address: int) -> Address:
    found = Address.objects.filter(person=person, id=address).first()
    if found is None:
        raise Http404
    return found


@of_card("role", at="team")
def roles(person: Person, values: dict[str, str], actor: Actor) -> None:
    """POST …/people/<uid>/roles."""
    team = needed(Team, values["team"], "team")
    role = one_of(Membership.Role.values, values["role"], "role")
    actions.give_role(person, team, role, is_technician=bool(values["is_technician"]), actor=actor)


@of_button("role")
def role_removal(person: Person, actor: Actor, key: str) -> None:
    """POST …/people/<uid>/roles/<team>/removal."""
    team = Team.objects.filter(key=key, memberships__person=person).first()
    if team is None:
        raise Http404
    actions.take_role(person, team, actor=actor)


@of_card("absence", at="deputy")
def absences(person: Person, values: dict[str, str], actor: Actor) -> None:
    """POST …/people/<uid>/absences."""
    enter_absence(person, values, actor)


def enter_absence(person: Person, values: dict[str, str], actor: Actor) -> None:
    """Enter an absence as typed. Raises what `add_absence` raises, and Invalid for what is no day."""
    actions.add_absence(
        person,
        starts_on=_day(values["starts_on"], "starts_on"),
        ends_on=_day(values["ends_on"] or values["starts_on"], "ends_on"),
        deputy=somebody(values["deputy"], "deputy", actor),
        actor=actor,
    )


def _day(text: str, field: str) -> date:
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2200:
        raise Invalid(field, _("give a day, like 2026-12-24"))
    return found


@of_button("absence")
def absence_removal(person: Person, actor: Actor, absence: int) -> None:
    """POST …/people/<uid>/absences/<id>/removal."""
    found = Absence.objects.filter(person=person, id=absence).first()
    if found is None:
        raise Http404
    actions.end_absence(found, actor=actor)


@of_button("access")
def sessions(person: Person, actor: Actor) -> None:
    """POST …/people/<uid>/sessions: end them all."""
    actions.end_sessions(person, actor=actor)


@of_button("details")
def reactivation(person: Person, actor: Actor) -> None:
    """POST …/people/<uid>/reactivation."""
    actions.reactivate(person, actor=actor)
