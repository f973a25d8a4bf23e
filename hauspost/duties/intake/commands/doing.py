"""Doing what an agent ordered by mail, with that agent's rights and no others; each order apart (P29.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hauspost.duties.intake.commands.reading import WORDS, Order, day_parts, nearest, span_seconds
from hauspost.ground import clock
from hauspost.ground.refusals import Invalid, Refused
from hauspost.ground.text.words import sort_key
from hauspost.records.catalogue.models import Category
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Membership, Named, Person, Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import PRIORITIES, status_of
from hauspost.records.tickets.models import Priority, Status, Ticket

T = TypeVar("T")
N = TypeVar("N", bound=Named)

# "#wait 24.12." means the morning of that day.
MORNING = time(8)
_PRIORITIES = {
    Priority.LOW: ("low", "niedrig", "gering"),
    Priority.NORMAL: ("normal", "medium", "mittel"),
    Priority.HIGH: ("high", "hoch"),
    Priority.CRITICAL: ("critical", "urgent", "kritisch", "dringend"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of one order: `line` as it was written, and a sentence on what was done, or why not."""

    line: str
    is_done: bool
    words: str


def carry_out(ticket: Ticket, orders: Sequence[Order], *, actor: Actor) -> list[Outcome]:
    """Do the orders one after the other, handing over last: afterwards the agent may have no right any more."""
    return [_one(ticket.number, order, actor) for order in sorted(orders, key=lambda one: one.name == "team")]


def not_understood(orders: Sequence[Order]) -> list[Outcome]:
    """Where one line is unclear none is done: the agent says again what was meant."""
    outcomes = []
    for order in orders:
        if order.name:
            outcomes.append(Outcome(order.line, False, _("not done, as another line was not understood")))
            continue
        near = nearest(order.line)
        words = _("not understood; did you mean %(near)s?") % {"near": near} if near else _("not understood")
        outcomes.append(Outcome(order.line, False, words))
    return outcomes


def known_orders() -> list[str]:
    """Every order as it is written, for the help: the first words of both languages."""
    return [" · ".join(f"#{word}" for word in words[:2]) for words in WORDS.values()]


def _one(number: int, order: Order, actor: Actor) -> Outcome:
    try:
        # A refused order undoes itself, and the others stand.
        with transaction.atomic():
            words = _DOING[order.name](Ticket.objects.get(number=number), order.argument, actor)
    except Refused as refused:
        return Outcome(order.line, False, str(refused))
    return Outcome(order.line, True, words)


def _assign(ticket: Ticket, name: str, actor: Actor) -> str:
    if name.casefold() in ("me", "myself", "mich", "mir", "ich"):
        return _take(ticket, "", actor)
    if name.casefold() in ("nobody", "none", "niemand", "-"):
        tickets.assign(ticket, None, actor=actor)
        return _("assigned to nobody")
    person = _colleague(ticket, name)
    tickets.assign(ticket, person, actor=actor)
    return _("assigned to %(name)s") % {"name": person.name}


def _take(ticket: Ticket, _argument: str, actor: Actor) -> str:
    tickets.assign(ticket, actor.who, actor=actor)
    return _("assigned to you")


def _close(ticket: Ticket, _argument: str, actor: Actor) -> str:
    tickets.set_status(ticket, status_of(Status.Kind.CLOSED), actor=actor)
    return _("closed")


def _resolve(ticket: Ticket, _argument: str, actor: Actor) -> str:
    tickets.set_status(ticket, status_of(Status.Kind.RESOLVED), actor=actor)
    return _("resolved")


def _open(ticket: Ticket, _argument: str, actor: Actor) -> str:
    if ticket.is_open:
        tickets.set_status(ticket, status_of(Status.Kind.OPEN), actor=actor)
    else:
        tickets.reopen(ticket, actor=actor)
    return _("open")


def _priority(ticket: Ticket, word: str, actor: Actor) -> str:
    wanted = next((level for level, words in _PRIORITIES.items() if word.casefold() in words), None)
    if wanted is None:
        known = ", ".join(str(level.label) for level in _PRIORITIES)
        raise Invalid(_("priority"), _("use one of %(known)s") % {"known": known})
    impact, urgency = _levels_for(wanted, ticket)
    tickets.catalogue(ticket, impact=impact, urgency=urgency, actor=actor)
    return _("priority %(priority)s") % {"priority": wanted.label}


def _levels_for(wanted: int, ticket: Ticket) -> tuple[int, int]:
    """Impact and urgency that make a priority; as near as possible to what they are."""
    fitting = [
        (impact, urgency)
        for impact, row in PRIORITIES.items()
        for urgency, priority in row.items()
        if priority == wanted
    ]
    # The impact is a fact, the urgency a wish: sooner change the wish.
    return min(fitting, key=lambda pair: abs(pair[0] - ticket.impact) * 10 + abs(pair[1] - ticket.urgency))


def _team(ticket: Ticket, name: str, actor: Actor) -> str:
    team = _named(list(Team.objects.active()), name, _("team"))
    tickets.hand_to(ticket, team, actor=actor)
    return _("handed to %(team)s") % {"team": team.name}


def _wait(ticket: Ticket, when: str, actor: Actor) -> str:
    if not when:
        tickets.set_status(ticket, status_of(Status.Kind.WAITING_REQUESTER), actor=actor)
        return _("waiting for the requester")
    until = _moment(when, actor)
    tickets.set_status(ticket, status_of(Status.Kind.WAITING_DATE), until=until, actor=actor)
    zone = ZoneInfo((actor.who.time_zone if actor.who else "") or settings.TIME_ZONE)
    return _("waiting until %(when)s") % {"when": date_format(localtime(until, zone), "SHORT_DATETIME_FORMAT")}


def _category(ticket: Ticket, name: str, actor: Actor) -> str:
    category = _named(list(Category.objects.active()), name, _("category"))
    tickets.catalogue(ticket, category=category, actor=actor)
    return _("category %(category)s") % {"category": category.path}


def _tag(ticket: Ticket, words: str, actor: Actor) -> str:
    for word in words.replace(",", " ").split():
        tickets.tag(ticket, word.lstrip("#"), actor=actor)
    return _("tagged %(words)s") % {"words": words}


def _help(_ticket: Ticket, _argument: str, _actor: Actor) -> str:
    return _("you can write: %(orders)s") % {"orders": ", ".join(known_orders())}


_DOING: dict[str, Callable[[Ticket, str, Actor], str]] = {
    "assign": _assign,
    "take": _take,
    "close": _close,
    "resolve": _resolve,
    "open": _open,
    "priority": _priority,
    "team": _team,
    "wait": _wait,
    "category": _category,
    "tag": _tag,
    "help": _help,
    # The text below became the note; there is nothing left to do.
    "note": lambda _ticket, _argument, _actor: _("kept as an internal note"),
}


def _colleague(ticket: Ticket, name: str) -> Person:
    """Somebody of the ticket's team by name, part of a name, or address. Raises Invalid."""
    rows = Membership.objects.filter(team_id=ticket.team_id, person__deactivated_at__isnull=True)
    people = [row.person for row in rows.exclude(role="read_only").select_related("person")]
    if "@" in name:
        found = [one for one in people if one.addresses.filter(address=name.strip("<>").lower()).exists()]
    else:
        found = _fitting([(one, [one.name]) for one in people], name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Invalid(_("assignee"), _("nobody in %(team)s is called %(name)s") % {"team": ticket.team, "name": name})
    names = ", ".join(one.name for one in found[:5])
    raise Invalid(_("assignee"), _("several people are called like that: %(names)s") % {"names": names})


def _named(rows: Sequence[N], name: str, field: str) -> N:
    """One of the company's things by key or by its name in any language. Raises Invalid."""
    found = _fitting([(row, [row.key, *row.words.values()]) for row in rows], name)
    if len(found) == 1:
        return found[0]
    names = ", ".join(row.name for row in (found or rows)[:10])
    raise Invalid(field, _("use one of %(known)s") % {"known": names})


def _fitting(candidates: Sequence[tuple[T, Sequence[str]]], name: str) -> list[T]:
    """Who is called exactly so; else whose name has words that begin so."""
    wanted = sort_key(name.strip().strip('"'))
    exact = [one for one, names in candidates if wanted in (sort_key(each) for each in names)]
    if exact or not wanted:
        return exact
    parts = wanted.split()
    return [
        one
        for one, names in candidates
        if any(all(any(word.startswith(part) for word in sort_key(each).split()) for part in parts) for each in names)
    ]


def _moment(when: str, actor: Actor) -> datetime:
    """The moment that "2d", "3h", "24.12." or "2026-12-24" means for this agent. Raises Invalid."""
    seconds = span_seconds(when)
    if seconds:
        return clock.now() + timedelta(seconds=seconds)
    zone = ZoneInfo((actor.who.time_zone if actor.who else "") or settings.TIME_ZONE)
    today = localtime(clock.now(), zone).date()
    parts = day_parts(when)
    try:
        if parts is not None:
            year, month, day = parts
            moment = datetime.combine(today.replace(year or today.year, month, day), MORNING, zone)
            # A day without its year is the next one of that name.
            if year is None and moment <= clock.now():
                moment = moment.replace(year=today.year + 1)
            if moment > clock.now():
                return moment
    except ValueError:
        pass
    raise Invalid(_("until"), _("write 2d, 3h, 1w or a day in the future like 2026-12-24"))
