"""Every page of Hauspost, opened by everybody, with everybody's ids (P6.2, P11.1-P11.5, S5, S23).

A new address makes these tests fail until `ROUTES` says how to build its arguments and who may come in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Max
from django.http.response import HttpResponseBase
from django.test import TestCase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.history.models import Event, Pending
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.actions import NewTicket
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.writing import Writing
from tests.security.estate import (
    COMMON,
    DESK,
    MAILROOM,
    MAY_KNOW,
    ROLES,
    UNKNOWN,
    Estate,
    Marked,
    actor,
    opened,
    plain,
    text_of,
)

Told = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """One address: how it is asked, who comes in at all, which ids it takes, and a form that would be taken."""

    methods: str
    door: str  # everybody | signed in | desk | mailroom | administrator | demo
    ids: tuple[str, ...] = ()
    form: Told = field(default_factory=dict)
    queries: tuple[str, ...] = ("",)
    # Rights that a reader of the ticket needs for it, beyond reading.
    writes: bool = False


_LISTS = ("", "?before=1-1", f"?before={2**40}000-{UNKNOWN}")
_TICKET = (
    "", "?write=reply", "?write=note", "?part=side", "?part=composer&write=reply", "?part=composer&write=note",
    "?part=side&change=participants", "?list=open", "?list=team:hr", "?list=team:it&before=1-1", "?earlier=99",
    "?write=reply&again={undone}",
    *(f"?change={card}" for card in (
        "assignee", "team", "status", "classification", "impact", "visit", "subject", "snooze", "requester", "links",
    )),
)  # fmt: skip


def _card(*ids: str, **form: str) -> Route:
    return Route("POST", "desk", ("ticket", *ids), form, writes=True)


ROUTES: dict[str, Route] = {
    "home": Route("GET", "everybody"),
    "sign-in": Route("GET POST", "everybody", form={"address": "nobody@lindner.example", "password": "wrong"}),
    "sign-out": Route("POST", "everybody"),
    "first-administrator": Route("GET POST", "everybody", ("token",), {"name": "X", "address": "x@lindner.example"}),
    "look": Route("POST", "signed in", form={"theme": "dark"}),
    "portal": Route("GET POST", "signed in", form={"subject": "", "text": "x"}),
    "my-tickets": Route("GET", "signed in", queries=_LISTS),
    "shared-tickets": Route("GET", "signed in", queries=_LISTS),
    "my-ticket": Route("GET", "signed in", ("mine",)),
    "my-answers": Route("POST", "signed in", ("mine",), {"text": "probe"}, writes=True),
    "my-confirmation": Route("POST", "signed in", ("mine",), writes=True),
    "my-reopening": Route("POST", "signed in", ("mine",), writes=True),
    "my-file": Route("GET", "signed in", ("mine", "file"), queries=("", "?inline=1")),
    "me": Route("GET POST", "signed in", form={"language": "en", "time_zone": ""}),
    "desk": Route("GET", "desk"),
    "desk-menu": Route("GET POST", "desk", form={"language": "en", "time_zone": ""}),
    **{name: Route("GET", "desk", queries=_LISTS) for name in ("mine", "open", "waiting", "snoozed", "closed")},
    "team": Route("GET", "desk", ("team",), queries=_LISTS),
    "search": Route("GET", "desk", queries=(f"?q={COMMON}", "?q=qx", f"?q={COMMON}&before=99", "?q=")),
    "people": Route("GET", "desk", queries=("?q=pe", "?requester=ma")),
    "triage": Route("GET", "desk"),
    "sorting": Route("GET", "desk", ("ticket",)),
    "filing": _card(who="me", work_place="remote"),
    "new-ticket": Route("GET POST", "desk", form={"subject": "", "team": "hr"}),
    "ticket": Route("GET", "desk", ("ticket",), queries=_TICKET),
    "replies": _card(text="probe"),
    "notes": _card(text="probe"),
    "composer": Route("POST", "desk", ("ticket",), {"text": "probe", "write": "reply"}),
    "undo": _card("entry"),
    "release": _card("entry"),
    "original": Route("GET", "desk", ("ticket", "entry")),
    "original-file": Route("GET", "desk", ("ticket", "entry")),
    "original-body": Route("GET", "desk", ("ticket", "entry")),
    "file": Route("GET", "desk", ("ticket", "file"), queries=("", "?inline=1")),
    "assignee": _card(assignee=""),
    "handing": _card(team="hr"),
    "status": _card(status="waiting-third"),
    "closure": _card(kind="closed"),
    "reopening": _card(),
    "classification": _card(impact="3", urgency="3"),
    "impact": _card(people="9", percent="100"),
    "snooze": _card(**{"for": "tomorrow"}),
    "waking": _card(),
    "visit": _card(work_place="remote"),
    "subject": _card(subject="probe"),
    "requester": _card(requester="mira.kowalski@lindner.example"),
    "participants": _card(person="mira.kowalski@lindner.example", role="participant"),
    "participant-confirmation": _card("person"),
    "participant-removal": _card("person"),
    "links": _card(number="{other}", kind="related"),
    "link-removal": _card("other", kind="related"),
    "tags": _card(tag="probe"),
    "tag-removal": _card(tag="{tag}"),
    "ledger": Route("GET", "mailroom", queries=("", "?words=qx", "?sender=lindner.example", "?disposition=answer")),
    "quarantine": Route("GET", "mailroom", queries=("", "?before=99")),
    "quarantine-retry": Route("POST", "mailroom"),
    **{
        name: Route("GET" if name in ("delivery", "delivery-file", "delivery-body") else "POST", "mailroom", ("delivery",))
        for name in (
            "delivery", "delivery-file", "delivery-body", "delivery-retry", "delivery-ticket", "delivery-discarding",
        )
    },
    "outgoing": Route("GET", "administrator"),
    "outgoing-retry-all": Route("POST", "administrator"),
    "outgoing-retry": Route("POST", "administrator", ("mail",)),
    "reactions": Route("GET", "administrator"),
    "reaction-retry": Route("POST", "administrator", ("pending",)),
    "reaction-dropping": Route("POST", "administrator", ("pending",)),
    "demo-mailbox": Route("GET", "demo"),
    "demo-mail": Route("GET", "demo", ("name",)),
    "demo-mail-body": Route("GET", "demo", ("name",)),
}  # fmt: skip


@contextmanager
def undone() -> Iterator[None]:
    """What happens in here did not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()


@dataclass(frozen=True)
class Ask:
    """One address with its ids: the ticket they begin with, and whether every id belongs to that ticket."""

    name: str
    path: str
    ticket: str  # "" for none, "unknown"
    nested: str = ""  # whose entry or file: "own", another ticket's name, "unknown"
    kind: str = ""
    delivery: str = ""

    @property
    def about(self) -> Route:
        return ROUTES[self.name]


def asks(estate: Estate, name: str) -> Iterator[Ask]:
    """A route with every combination of ids worth trying."""
    route = ROUTES[name]
    if not route.ids:
        yield Ask(name, reverse(name), "")
    elif route.ids[0] in ("ticket", "mine"):
        for whose, marked in (*estate.tickets.items(), ("unknown", None)):
            number = marked.number if marked else UNKNOWN
            for nested, kind, value in _nested(estate, route, marked):
                yield Ask(name, reverse(name, args=[number, *value]), whose, nested, kind)
    elif route.ids[0] == "delivery":
        for whose, marked in estate.tickets.items():
            for kind, delivery in zip(("request", "answer", "held"), marked.deliveries, strict=True):
                yield Ask(name, reverse(name, args=[delivery]), "", "own", kind, delivery=whose)
        yield Ask(name, reverse(name, args=[UNKNOWN]), "", delivery="unknown")
    else:
        values: dict[str, list[Any]] = {
            "token": ["nothing", "%20", "x" * 43],
            "team": ["it", "facilities", "hr", "no-such-team"],
            "mail": [*OutgoingMail.objects.values_list("id", flat=True)[:2], UNKNOWN],
            "pending": [*Pending.objects.values_list("id", flat=True)[:2], UNKNOWN],
            "name": ["1.mail", "..", "%2e%2e%2fkeys.json"],
        }
        for value in values[route.ids[0]]:
            yield Ask(name, reverse(name, args=[value]), "", kind=str(value))


def _nested(estate: Estate, route: Route, marked: Marked | None) -> Iterator[tuple[str, str, list[Any]]]:
    """Whose, what, and the ids behind the ticket's own."""
    what = route.ids[1] if len(route.ids) > 1 else ""
    if not what:
        yield "own", "", []
    elif what == "person":
        for who in ("ines", "marta", "mira"):
            yield "own", who, [estate.desk.person(who).uid]
    elif what == "other":
        for name, other in estate.tickets.items():
            yield "own", name, [other.number]
        yield "own", "unknown", [UNKNOWN]
    else:
        for name, other in estate.tickets.items():
            ids = other.entries if what == "entry" else other.files
            for kind, id_ in ids.items():
                # Of another ticket, one public and one internal thing are enough.
                if other is marked or kind in ("request", "note", "file", "notefile"):
                    yield "own" if other is marked else name, kind, [id_]
        yield "unknown", "", [UNKNOWN]


def forms(estate: Estate, ask: Ask) -> Told:
    """The form as somebody would send it who may."""
    marked = estate.tickets.get(ask.ticket)
    other = estate.tickets["staff" if ask.ticket != "staff" else "first"]
    filled = {"{other}": str(other.number), "{tag}": marked.canary("tag") if marked else "x"}
    return {name: filled.get(value, value) for name, value in ask.about.form.items()}


def fetched(estate: Estate, role: str, ask: Ask, query: str, **headers: str) -> HttpResponseBase:
    marked = estate.tickets.get(ask.ticket)
    undone_id = marked.entries["undone"] if marked else estate.tickets["staff"].entries["undone"]
    answer: HttpResponseBase = estate.browsers[role].get(ask.path + query.format(undone=undone_id), headers=headers)
    return answer


def comes_in(role: str, door: str) -> bool:
    """Does this door open for the role at all?"""
    return {
        "everybody": True,
        "signed in": role not in ("anonymous", "deactivated"),
        "desk": role in DESK,
        "mailroom": role in MAILROOM,
        "administrator": role == "administrator",
        "demo": False,
    }[door]


def reads(role: str, ask: Ask) -> bool:
    """May the role see the ticket at this door?"""
    known = MAY_KNOW.get(role, {}).get(ask.ticket)
    if known is None:
        return False
    if ask.about.ids[0] == "mine":
        return ask.ticket == "first" and role in ("requester", "participant", "helper")
    return role in DESK


def snapshot() -> dict[str, list[Any]]:
    """Every row of every table, sessions apart."""
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model is not Session
    }


def mark() -> tuple[Any, ...]:
    """A cheap sign that something was changed by a verb."""
    events = Event.objects.aggregate(Count("id"), Max("id"))
    return (*events.values(), Entry.objects.count(), Ticket.objects.aggregate(Max("version"))["version__max"])


def routes() -> list[str]:
    """The names of all addresses there are."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns)
            else:
                yield one.name or str(one.pattern)

    return sorted(walk(get_resolver().url_patterns))


def judged(
    estate: Estate, role: str, ask: Ask, query: str, answer: HttpResponseBase, nowhere: dict[tuple[str, str], str]
) -> list[str]:
    """What is wrong with an answer."""
    where = f"{role}: {ask.path}{query} ({ask.ticket or ask.delivery} {ask.nested} {ask.kind})"
    route, faults = ask.about, []
    if answer.status_code >= 500:
        faults.append(f"{where} broke: {answer.status_code}")
    shut_out = role in ("anonymous", "deactivated")
    mailroom = route.door in ("mailroom", "administrator")
    body = plain(answer, ask.path, quote(ask.path, safe=""))
    leaks = estate.leaks(role, body, mailroom=mailroom)
    faults += [f"{where} tells {leak}" for leak in leaks]
    if shut_out and route.door != "everybody":
        if answer.status_code not in (302, 204, 401):
            faults.append(f"{where} lets in: {answer.status_code}")
    elif not comes_in(role, route.door):
        if answer.status_code != 404:
            faults.append(f"{where} answers {answer.status_code}")
    closed = not comes_in(role, route.door) or (bool(ask.ticket) and not reads(role, ask)) or ask.nested not in ("", "own")
    if closed and not (shut_out and route.door == "everybody"):
        known = nowhere.setdefault((ask.name, query), body)
        if body != known and not (query == "(part)" and shut_out):
            faults.append(f"{where} differs from an unknown id: {answer.status_code}")
        if not shut_out and answer.status_code != 404:
            faults.append(f"{where} answers {answer.status_code}, not 404")
    return faults


def test_every_address_is_in_the_table() -> None:
    """S5: a new page is tested from its first day."""
    assert routes() == sorted(ROUTES)


class TestMatrix(TestCase):
    """The walks; the desk is built once for all of them, and everything is undone at the end."""

    built: ClassVar[Estate]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cache.clear()
        cls.built = opened()
        # Replies in their time to undo stay in it, however long the walk takes.
        cls.enterClassContext(clock.standing_at(clock.now()))

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cache.clear()

    def test_nothing_of_a_foreign_ticket_is_on_any_page_and_reading_changes_nothing(self) -> None:
        """P11.1, P11.2, P11.4, P11.5, S5, S23: all roles, all addresses, own and foreign ids, every way of asking."""
        estate = self.built
        before, faults, count = snapshot(), [], 0
        for role in ROLES:
            nowhere: dict[tuple[str, str], str] = {}
            for name, route in ROUTES.items():
                if "GET" not in route.methods:
                    continue
                # The unknown id first: its answer is what every forbidden one has to look like.
                tried = sorted(asks(estate, name), key=lambda ask: "unknown" not in (ask.ticket, ask.delivery))
                for ask in tried:
                    # Other ways of asking are for whoever comes in; the others meet the same closed door.
                    for query in route.queries if comes_in(role, route.door) else route.queries[:1]:
                        count += 1
                        answer = fetched(estate, role, ask, query)
                        faults += judged(estate, role, ask, query, answer, nowhere)
                    if route.door == "desk" and role in DESK and (not route.ids or name == "ticket"):
                        answer = fetched(estate, role, ask, "", **{"HX-Request": "true"})
                        faults += judged(estate, role, ask, "(part)", answer, nowhere)
        assert faults == []
        assert count > 2000
        assert snapshot() == before
