"""Every page of the house, for whom it is, and how an attacker would ask for it: a new page must be entered here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.security.planting import Field, Planted

# What opens a page: nothing, a session, a desk, one ticket at the desk, one ticket as its requester, one delivery, the
# mail room, being administrator (or auditor); or it exists in a demo only.
GATES = ("open", "session", "desk", "team", "ticket", "own ticket", "delivery", "mailroom", "administrator", "auditor", "demo")
UNKNOWN = 987_654_321

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """One page: its gate, its methods, what a form of it sends, and addresses worth asking (`{number}` …)."""

    gate: str
    methods: str = "GET"
    sends: Mapping[str, str] | None = None
    queries: tuple[str, ...] = ("",)
    # The kind of entry whose id stands in the address.
    entry: str = "note"
    # Names in the address that must belong to the ticket in front of them.
    nested: tuple[str, ...] = ()


_LISTS = ("", "?before=99999999999999-1", "?before=x")
_CARDS = tuple(
    f"?change={card}"
    for card in ("assignee", "team", "status", "classification", "impact", "visit", "subject", "participants", "links", "tags")
)  # fmt: skip
_SEARCHES = (
    "?q=canary", "?q=canarysubject*", "?q=canarynotehr1", "?q=canarynotefileit1", "?q=canarytagit1", "?q=canarytextfacilities1",
    "?q=canarynamehr5", "?q=canaryheldit", "?q=7100001", "?q=%237200001", "?q=7300001", "?q=canarysubjecthr1", "?q=About",
    "?q=%22Something+about%22",
)  # fmt: skip

TABLE: Mapping[str, Route] = {
    "home": Route("open"),
    "sign-in": Route("open", "GET POST", {"address": "x@x.example", "password": "guessed"}, ("", "?next=/desk/mine")),
    "sign-out": Route("open", "POST", {}),
    "first-administrator": Route("open", "GET POST", {"name": "x", "address": "x@x.example", "password": "a" * 20}),
    "look": Route("session", "POST", {"theme": "dark"}),
    "portal": Route("session", "GET POST", {"about": "other", "subject": "", "text": "x"}),
    "my-tickets": Route("session", queries=_LISTS),
    "shared-tickets": Route("session", queries=_LISTS),
    "me": Route("session", "GET POST", {"language": "xx"}),
    "my-ticket": Route("own ticket"),
    "my-answers": Route("own ticket", "POST", {"text": "I was here"}),
    "my-confirmation": Route("own ticket", "POST", {}),
    "my-reopening": Route("own ticket", "POST", {}),
    "my-file": Route("own ticket", queries=("", "?inline=1"), nested=("file",)),
    "desk": Route("desk"),
    "settings": Route("auditor"),
    "desk-menu": Route("desk", "GET POST", {"language": "xx"}),
    "mine": Route("desk", queries=_LISTS),
    "open": Route("desk", queries=_LISTS),
    "waiting": Route("desk", queries=_LISTS),
    "snoozed": Route("desk", queries=_LISTS),
    "closed": Route("desk", queries=_LISTS),
    "search": Route("desk", queries=_SEARCHES),
    "people": Route("desk", queries=("?q=canary", "?requester=canaryname", "?q=canarynamehr5", "?q=canaryperson")),
    "triage": Route("desk"),
    "new-ticket": Route("desk", "GET POST", {"team": "hr", "subject": "x", "text": "x"}, ("", "?requester=canaryname")),
    "team": Route("team", queries=_LISTS),
    "sorting": Route("ticket"),
    "filing": Route("ticket", "POST", {"category": "", "work_place": "remote", "who": "team:facilities"}),
    "ticket": Route(
        "ticket",
        queries=("", "?list=open", "?list=team:hr", "?list=team:it", "?write=reply", "?write=note&again=1", "?part=side",
                 "?part=composer&write=reply", "?part=composer&write=note", "?earlier=2", *_CARDS),
    ),
    "replies": Route("ticket", "POST", {"text": "I was here"}),
    "notes": Route("ticket", "POST", {"text": "I was here", "kept_file": "1"}),
    "composer": Route("ticket", "POST", {"text": "x", "write": "note"}),
    "undo": Route("ticket", "POST", {}, nested=("entry",)),
    "release": Route("ticket", "POST", {"as_participant": "1"}, entry="held", nested=("entry",)),
    "original": Route("ticket", entry="request", nested=("entry",)),
    "original-file": Route("ticket", entry="request", nested=("entry",)),
    "original-body": Route("ticket", entry="request", nested=("entry",)),
    "file": Route("ticket", queries=("", "?inline=1"), nested=("file",)),
    "assignee": Route("ticket", "POST", {"assignee": "me"}),
    "handing": Route("ticket", "POST", {"team": "facilities"}),
    "status": Route("ticket", "POST", {"status": "resolved"}),
    "closure": Route("ticket", "POST", {"kind": "closed"}),
    "reopening": Route("ticket", "POST", {}),
    "classification": Route("ticket", "POST", {"impact": "3", "urgency": "3"}),
    "impact": Route("ticket", "POST", {"people": "3", "percent": "50"}),
    "snooze": Route("ticket", "POST", {"for": "tomorrow"}),
    "waking": Route("ticket", "POST", {}),
    "visit": Route("ticket", "POST", {"planned_at": "2030-01-01 10:00"}),
    "subject": Route("ticket", "POST", {"subject": "I was here"}),
    "requester": Route("ticket", "POST", {"requester": "mira.kowalski@lindner.example"}),
    "participants": Route("ticket", "POST", {"person": "mira.kowalski@lindner.example", "role": "helper"}),
    "participant-confirmation": Route("ticket", "POST", {"with_history": "1"}, nested=("uid",)),
    "participant-removal": Route("ticket", "POST", {}, nested=("uid",)),
    "links": Route("ticket", "POST", {"number": "7200001", "kind": "related"}),
    "link-removal": Route("ticket", "POST", {"kind": "related"}, nested=("other",)),
    "tags": Route("ticket", "POST", {"tag": "washere"}),
    "tag-removal": Route("ticket", "POST", {"tag": "canarytagit1"}),
    "notices": Route("desk"),
    "notices-reading": Route("desk", "POST", {}),
    "ledger": Route("mailroom", queries=("", "?words=canary", "?sender=canaryperson", "?disposition=ticket", "?before=99999")),
    "quarantine": Route("mailroom"),
    "quarantine-retry": Route("mailroom", "POST", {}),
    "delivery": Route("delivery"),
    "delivery-file": Route("delivery"),
    "delivery-body": Route("delivery"),
    "delivery-retry": Route("delivery", "POST", {}),
    "delivery-ticket": Route("delivery", "POST", {}),
    "delivery-discarding": Route("delivery", "POST", {}),
    "outgoing": Route("administrator"),
    "outgoing-retry-all": Route("administrator", "POST", {}),
    "outgoing-retry": Route("administrator", "POST", {}),
    "reactions": Route("administrator"),
    "reaction-retry": Route("administrator", "POST", {}),
    "reaction-dropping": Route("administrator", "POST", {}),
    "demo-mailbox": Route("demo"),
    "demo-mail": Route("demo"),
    "demo-mail-body": Route("demo"),
}  # fmt: skip


def patterns() -> dict[str, URLPattern]:
    """Every page by its name, from the resolver; a page without a name stands under its address."""

    def walk(inside: URLResolver) -> Iterator[URLPattern]:
        for one in inside.url_patterns:
            yield from walk(one) if isinstance(one, URLResolver) else [one]

    return {one.name or str(one.pattern): one for one in walk(get_resolver())}


def arguments(field: Field, name: str, planted: Planted, nested_in: Planted | None = None) -> Arguments:
    """What stands in the address for a planted ticket; nested ids come from `nested_in`."""
    inner = nested_in or planted
    makers: Mapping[str, Callable[[], Any]] = {
        "number": lambda: planted.number,
        "entry": lambda: _entry(inner, TABLE[name].entry),
        "file": lambda: inner.files()[_file_kind(name, inner)],
        "uid": lambda: field.desk.person("ines" if name.endswith("confirmation") else "marta").uid,
        "other": lambda: field["hr"].number if inner.key != "hr1" else field["it"].number,
        "delivery": lambda: planted.delivery.id,
        "mail": lambda: 1,
        "pending": lambda: field.parked,
        "key": lambda: field.tickets and planted.ticket.team.key,
        "name": lambda: "1700000000.M1P1Q1.host",
        "token": lambda: "guessed",
    }
    return {key: makers[key]() for key in patterns()[name].pattern.converters}


def _entry(planted: Planted, kind: str) -> int:
    if kind == "held":
        held = planted.ticket.entries.exclude(held_because="").first()
        return held.id if held is not None else planted.request.id
    return planted.note.id if kind == "note" and planted.note is not None else planted.request.id


def _file_kind(name: str, planted: Planted) -> str:
    return "note" if planted.note is not None and name == "my-file" else "request"


def address(name: str, given: Arguments) -> str:
    return reverse(name, kwargs=given)
