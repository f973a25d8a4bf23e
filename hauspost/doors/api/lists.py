"""Lists of tickets for programs: what they may ask, as far as the caller may see it (P11.4, P38.3)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from hauspost.doors.api.callers import Caller
from hauspost.doors.api.shapes.common import Key, Moment, ShortLine, Uid
from hauspost.duties.routing.absence import assigned_to_absent
from hauspost.ground.refusals import Invalid
from hauspost.records.people.absences import today
from hauspost.records.tickets.actions.relations import tag_word
from hauspost.records.tickets.models import Status, Ticket

MOST = 200

SeenAs = Literal["agent", "sharing", "helper", "requester", "participant", "department"]
StatusKind = Literal[
    "new", "open", "waiting_requester", "waiting_third", "waiting_date", "planned", "resolved", "closed"
]


class Paged(Schema):
    """Which page of a list."""

    cursor: ShortLine | None = Field(None, description="The `next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST, description="How many on a page.")


class TicketFilter(Schema):
    """What a list of tickets may be narrowed by."""

    seen_as: SeenAs | None = Field(
        None,
        description="Whose tickets: those of your teams (`agent`, the default with a desk), of others that your teams "
        "may read (`sharing`), that you help on (`helper`), that you asked for (`requester`, the default without a "
        "desk), that you follow (`participant`), or of your department (`department`).",
    )
    state: Literal["open", "done"] | None = Field(None, description="Open, or resolved and closed; both without it.")
    status_kind: list[StatusKind] = Field(default_factory=list, description="May be given several times.")
    status: Key | None = None
    team: Key | None = None
    assignee: Uid | Literal["me", "none", "absent"] | None = Field(
        None,
        description="Desk only, like all that follow. `absent`: away today, or gone; for those who sort mail.",
    )
    snoozed: bool | None = Field(None, description="Asleep until a moment, or not.")
    requester: Uid | None = None
    category: Key | None = Field(None, description="It and the ones below it.")
    type: Literal["incident", "service_request"] | None = None
    priority: list[Annotated[int, Field(ge=1, le=4)]] = Field(default_factory=list)
    site: Key | None = None
    department: Key | None = None
    tag: ShortLine | None = None
    opened_from: Moment | None = None
    opened_to: Moment | None = None
    changed_from: Moment | None = None
    changed_to: Moment | None = None


# Whoever asks sees these only as desk: a filter would tell what the answer hides (P11.4).
_DESK_ONLY = ("assignee", "snoozed", "requester", "category", "type", "priority", "site", "department", "tag")
AT_DESK = ("agent", "sharing", "helper")


def seen_as(asked: TicketFilter, caller: Caller) -> SeenAs:
    """As what the caller sees the tickets of a list."""
    return asked.seen_as or ("agent" if caller.actor.is_agent else "requester")


def tickets_of(asked: TicketFilter, caller: Caller) -> "QuerySet[Ticket]":
    """The tickets that somebody asks for, as far as they may see them. Raises Invalid."""
    whose = seen_as(asked, caller)
    if whose not in AT_DESK:
        for name in _DESK_ONLY:
            if getattr(asked, name) not in (None, []):
                raise Invalid(name, _("only the desk can ask for this"))
    found: QuerySet[Ticket] = _gates(caller)[whose]()
    for name, narrow in _NARROWING.items():
        value = getattr(asked, name)
        if value is not None and value != []:
            found = narrow(found, value, caller)
    return found


def _gates(caller: Caller) -> Mapping[str, Callable[[], "QuerySet[Ticket]"]]:
    tickets, actor, person = Ticket.objects, caller.actor, caller.person
    return {
        "agent": lambda: tickets.at_desk_of(actor),
        "sharing": lambda: tickets.shared_with_teams_of(actor),
        "helper": lambda: tickets.helped_by(person),
        "requester": lambda: tickets.of_requester(person),
        "participant": lambda: tickets.shared_with(person),
        "department": lambda: tickets.of_department(person),
    }


def _assignee(found: "QuerySet[Ticket]", value: str, caller: Caller) -> "QuerySet[Ticket]":
    if value == "none":
        return found.filter(assignee__isnull=True)
    if value == "absent":
        if not caller.actor.teams_with("mailroom") and not caller.actor.is_administrator:
            raise Invalid("assignee", _("only the desk can ask for this"))
        return found.filter(number__in=assigned_to_absent(caller.actor, on=today()).values("number"))
    return found.filter(assignee__uid=caller.person.uid if value == "me" else value)


def _category(found: "QuerySet[Ticket]", value: str, caller: Caller) -> "QuerySet[Ticket]":
    below = Q(category__path_key__startswith=f"{value}/") | Q(category__path_key__contains=f"/{value}/")
    return found.filter(Q(category__key=value) | below)


Narrow = Callable[["QuerySet[Ticket]", Any, Caller], "QuerySet[Ticket]"]
_NARROWING: Mapping[str, Narrow] = {
    "state": lambda found, value, _c: found.filter(resolved_at__isnull=value == "open"),
    "status_kind": lambda found, value, _c: found.filter(state__in=value),
    "status": lambda found, value, _c: found.filter(status__in=Status.objects.filter(key=value)),
    "team": lambda found, value, _c: found.filter(team__key=value),
    "assignee": _assignee,
    "snoozed": lambda found, value, _c: found.filter(wake_at__isnull=not value),
    "requester": lambda found, value, _c: found.filter(requester__uid=value),
    "category": _category,
    "type": lambda found, value, _c: found.filter(type=value),
    "priority": lambda found, value, _c: found.filter(priority__in=value),
    "site": lambda found, value, _c: found.filter(site__key=value),
    "department": lambda found, value, _c: found.filter(department__key=value),
    "tag": lambda found, value, _c: found.filter(tags__word=tag_word(value)),
    "opened_from": lambda found, value, _c: found.filter(opened_at__gte=value),
    "opened_to": lambda found, value, _c: found.filter(opened_at__lt=value),
    "changed_from": lambda found, value, _c: found.filter(changed_at__gte=value),
    "changed_to": lambda found, value, _c: found.filter(changed_at__lt=value),
}


def before_of(cursor: str | None) -> int:
    """The number that a cursor stands for; 0 for none. Raises Invalid."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise Invalid("cursor", _("give the “next” of the page before, as it is"))
    return int(cursor)
