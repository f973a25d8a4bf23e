"""The cards' forms: each a noun that is posted, one verb, and the page again. Two edits that meet are shown (P24.3)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hauspost.doors.desk.away import tell_if_away
from hauspost.doors.desk.forms import chosen, keyed, moment_of, needed, number_of, person_of, text_of, uid_of
from hauspost.doors.desk.frame import at_the_desk, desk_page
from hauspost.doors.desk.naming import field_name
from hauspost.doors.desk.sheet import ticket_for
from hauspost.doors.desk.ticket import ticket_page
from hauspost.doors.ui import formats
from hauspost.doors.ui.acting import actor_of, back_to
from hauspost.duties.intake.forwarding import give_to_sender
from hauspost.ground import clock
from hauspost.ground.refusals import Invalid, NotFound, Refused
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Level, Link, Participant, Priority, Status, Ticket, WorkPlace
from hauspost.records.tickets.refusals import Changed

# (request, ticket, actor, what the fields were when the form was made; then what the address names) -> None
Change = Callable[..., None]


def of_card(card: str) -> "Callable[[Change], Callable[..., HttpResponseBase]]":
    """Make a change a page: what is refused comes back in the card's form, with everything that was typed."""

    def made(change: Change) -> Callable[..., HttpResponseBase]:
        @at_the_desk
        @require_POST
        @wraps(change)
        def view(request: HttpRequest, number: int, **rest: Any) -> HttpResponse:
            actor = actor_of(request)
            ticket, _view = ticket_for(number, actor)
            try:
                change(request, ticket, actor, _based_on(request), **rest)
            except Changed as changed:
                return conflict(request, ticket, changed)
            except NotFound:
                raise
            except Refused as refused:
                typed = {name: request.POST.get(name, "") for name in request.POST}
                return ticket_page(request, number, change=card, typed=typed, refused=refused, status=refused.status)
            return back_to(request, reverse("ticket", args=[number]))

        return view

    return made


def _based_on(request: HttpRequest) -> dict[str, Any] | None:
    """What the fields were when the form was made; None when somebody has seen both values and chose."""
    if request.POST.get("knowing"):
        return None
    try:
        based_on = json.loads(request.POST.get("based_on", ""))
    except ValueError:
        return None
    return based_on if isinstance(based_on, dict) else None


def conflict(request: HttpRequest, ticket: Ticket, changed: Changed) -> HttpResponse:
    """Somebody else was quicker: both values beside each other, and a choice."""
    pairs = [
        (field_name(name), _in_words(name, now), _in_words(name, wanted))
        for name, (now, wanted) in changed.about["conflicts"].items()
    ]
    kept = [
        (name, text)
        for name, texts in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "based_on")
        for text in texts
    ]
    answer = desk_page(
        request,
        "desk/conflict.html",
        status=409,
        ticket=ticket,
        pairs=pairs,
        kept=kept,
        target=request.path,
        back=request.POST.get("next", "") or reverse("ticket", args=[ticket.number]),
    )
    return _whole(request, answer)


def _whole(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """When htmx asked for a part: let the whole page take its place."""
    if request.headers.get("HX-Request"):
        answer["HX-Retarget"], answer["HX-Reselect"], answer["HX-Reswap"] = ".desk", ".desk", "outerHTML"
    return answer


def _in_words(name: str, value: Any) -> str:
    if value is None or value == "":
        return _("none")
    if isinstance(value, datetime):
        return formats.when(value)
    kinds: dict[str, Any] = {
        "impact": Level, "urgency": Level, "priority": Priority, "type": TicketType, "work_place": WorkPlace,
    }  # fmt: skip
    return str(dict(kinds[name].choices).get(value, value)) if name in kinds else str(value)


@of_card("assignee")
def assignee(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/assignee: somebody of the team, oneself ("me"), or nobody."""
    asked = text_of(request, "assignee")
    to = actor.who if asked == "me" else uid_of(asked, "assignee")
    actions.assign(ticket, to, actor=actor, based_on=based_on)
    tell_if_away(request, ticket, to)


@of_card("team")
def team(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/team: hand it over, with a note on why."""
    to = needed(Team, text_of(request, "team"), "team")
    actions.hand_to(ticket, to, actor=actor, note=text_of(request, "note"), based_on=based_on)


@of_card("status")
def status(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/status."""
    actions.set_status(
        ticket,
        needed(Status, text_of(request, "status"), "status"),
        actor=actor,
        until=moment_of(text_of(request, "until"), "wake_at"),
        based_on=based_on,
    )


@of_card("status")
def closure(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/closure: solved, or closed at once."""
    kind = "closed" if text_of(request, "kind") == "closed" else "resolved"
    actions.set_status(ticket, status_of(kind), actor=actor)


@of_card("status")
def spam(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/spam: it is none of ours; with `undo` it is after all (P35.3)."""
    if text_of(request, "undo"):
        actions.take_from_spam([ticket.number], actor=actor)
    else:
        actions.mark_as_spam([ticket.number], actor=actor)


@of_card("status")
def reopening(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/reopening."""
    actions.reopen(ticket, actor=actor)


@of_card("classification")
def classification(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/classification: only the fields that the form has."""
    sent = request.POST
    fields: dict[str, Any] = {}
    if "category" in sent:
        fields["category"] = keyed(Category, text_of(request, "category"), "category")
    if "type" in sent:
        fields["type"] = chosen(request, "type", ("", *TicketType.values))
    for name in ("impact", "urgency"):
        if name in sent:
            fields[name] = int(chosen(request, name, Level.values))
    if "site" in sent:
        fields["site"] = site = keyed(Site, text_of(request, "site"), "site")
        place = keyed(Location, text_of(request, "location"), "location")
        # The list of locations was made for the site before: a new site begins without one.
        moved = place is not None and (site is None or place.site_id != site.id) and site != ticket.site
        fields["location"] = None if moved else place
    if "work_place" in sent:
        fields["work_place"] = chosen(request, "work_place", ("", *WorkPlace.values))
    if "affected" in sent:
        asked = text_of(request, "affected")
        fields["affected"] = person_of(asked, "affected") if asked else None
    actions.catalogue(ticket, actor=actor, based_on=based_on, **fields)


@of_card("impact")
def impact(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/impact: how many, by how much, from when to when."""
    actions.set_impact(
        ticket,
        actor=actor,
        people=number_of(text_of(request, "people"), "impact_people", (0, 1_000_000)),
        percent=number_of(text_of(request, "percent"), "impact_percent", (0, 100)),
        since=moment_of(text_of(request, "since"), "impact_from"),
        until=moment_of(text_of(request, "until"), "impact_to"),
        based_on=based_on,
    )


@of_card("snooze")
def snooze(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/snooze: until a moment, or one of the offered ones."""
    until = _offered_moment(text_of(request, "for")) or moment_of(text_of(request, "until"), "wake_at")
    if until is None:
        raise Invalid(field_name("wake_at"), _("give a moment in the future"))
    actions.snooze(ticket, until, actor=actor)


def _offered_moment(word: str) -> datetime | None:
    """Tomorrow at eight, next Monday at eight, in the reader's zone."""
    today = timezone.localtime(clock.now()).replace(hour=8, minute=0, second=0, microsecond=0)
    if word == "tomorrow":
        return today + timedelta(days=1)
    if word == "monday":
        return today + timedelta(days=7 - today.weekday())
    return None


@of_card("snooze")
def waking(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/waking: end the snooze."""
    actions.wake(ticket, actor=actor)


@of_card("visit")
def visit(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/visit: who comes, and when."""
    planned_at = moment_of(text_of(request, "planned_at"), "planned_at")
    actions.plan(
        ticket,
        actor=actor,
        technician=uid_of(text_of(request, "technician"), "technician"),
        planned_at=planned_at,
        work_place=WorkPlace.ON_SITE if planned_at else chosen(request, "work_place", ("", *WorkPlace.values)),
        based_on=based_on,
    )


@of_card("subject")
def subject(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/subject."""
    actions.change_subject(ticket, text_of(request, "subject"), actor=actor, based_on=based_on)


@of_card("requester")
def requester(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/requester."""
    actions.change_requester(ticket, person_of(text_of(request, "requester"), "requester"), actor=actor)


@of_card("participants")
def participants(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/participants: add somebody."""
    actions.add_participant(
        ticket,
        person_of(text_of(request, "person"), "person"),
        actor=actor,
        role=chosen(request, "role", Participant.Role.values),
        from_now=bool(request.POST.get("from_now")),
    )


@of_card("participants")
def participant_confirmation(
    request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None, *, uid: str
) -> None:
    """POST …/participants/<uid>/confirmation."""
    person = uid_of(str(uid), "person")
    if person is None:
        raise NotFound
    actions.confirm_participant(ticket, person, actor=actor, with_history=bool(request.POST.get("with_history")))


@of_card("participants")
def participant_removal(
    request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None, *, uid: str
) -> None:
    """POST …/participants/<uid>/removal."""
    row = ticket.participants.select_related("person").filter(person__uid=uid).first()
    if row is None:
        raise NotFound
    actions.remove_participant(ticket, row.person, actor=actor)


@of_card("links")
def links(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/links: with another ticket's number."""
    number = number_of(text_of(request, "number").lstrip("#"), "number", (1, 999_999_999))
    if number is None:
        raise Invalid(_("Number"), _("give a ticket's number"))
    try:
        actions.link(ticket, number, chosen(request, "kind", Link.Kind.values), actor=actor)
    except NotFound as fault:
        raise Invalid(_("Number"), _("there is no such ticket that you may see")) from fault


@of_card("links")
def link_removal(
    request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None, *, other: int
) -> None:
    """POST …/links/<number>/removal."""
    kind = chosen(request, "kind", Link.Kind.values)
    if request.POST.get("side") == "other":
        actions.unlink(other, ticket.number, kind, actor=actor)
    else:
        actions.unlink(ticket, other, kind, actor=actor)


@of_card("elsewhere")
def elsewhere(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/elsewhere: under which number another system knows it."""
    actions.know_elsewhere(ticket, text_of(request, "number"), domain=text_of(request, "domain"), actor=actor)


@of_card("elsewhere")
def elsewhere_removal(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/elsewhere/removal."""
    actions.forget_elsewhere(ticket, text_of(request, "number"), actor=actor)


@of_card("tags")
def tags(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/tags: one word more."""
    actions.tag(ticket, text_of(request, "tag"), actor=actor)


@of_card("tags")
def tag_removal(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None) -> None:
    """POST …/tags/removal."""
    actions.untag(ticket, text_of(request, "tag"), actor=actor)


@of_card("requester")
def passed_on(
    request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None, *, entry: int
) -> None:
    """POST …/entries/<id>/sender: a mail that was passed on makes the ticket its sender's (P30.3)."""
    found = ticket.entries.select_related("ticket").filter(id=entry).first()
    if found is None:
        raise NotFound
    give_to_sender(found, actor=actor)


@of_card("requester")
def release(request: HttpRequest, ticket: Ticket, actor: Actor, based_on: dict[str, Any] | None, *, entry: int) -> None:
    """POST …/entries/<id>/release: a held mail joins the public record."""
    found = ticket.entries.filter(id=entry).first()
    if found is None:
        raise NotFound
    actions.release(found, actor=actor, as_participant=bool(request.POST.get("as_participant")))
