"""Every page of the house, for whom it is, and how an attacker would ask for it: a new page must be entered here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from hauspost.records.people.models import Mailbox, Person
from tests.security.planting import Field, Planted

# What opens a page: nothing, a session, a desk, one ticket at the desk, one ticket as its requester, one delivery, the
# mail room, being administrator (or auditor), the right to follow one's department, the link of a mail (which stands in
# the address, so that its forms need no token); or it exists in a demo only, or for a program with a token of its own
# (tests/security/test_api_matrix.py).
GATES = (
    "open",
    "session",
    "department",
    "link",
    "desk",
    "team",
    "ticket",
    "own ticket",
    "delivery",
    "mailroom",
    "administrator",
    "auditor",
    "demo",
    "token",
)
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
    for card in ("assignee", "team", "status", "classification", "impact", "visit", "subject", "participants", "links", "elsewhere", "tags")
)  # fmt: skip
_SEARCHES = (
    "?q=canary", "?q=canarysubject*", "?q=canarynotehr1", "?q=canarynotefileit1", "?q=canarytagit1", "?q=canarytextfacilities1",
    "?q=canarynamehr5", "?q=canaryheldit", "?q=7100001", "?q=%237200001", "?q=7300001", "?q=canarysubjecthr1", "?q=About",
    "?q=%22Something+about%22",
)  # fmt: skip

_PEOPLE = (
    "", "?words=petra", "?words=canaryperson", "?words=canarynamehr5", "?kind=external", "?kind=all&role=lead&team=hr",
    "?after=x", "?after=1",
)  # fmt: skip

TABLE: Mapping[str, Route] = {
    "health": Route("open", queries=("", "?of=web", "?echo=1.a.b")),
    # Who asks from elsewhere than metrics_allow_from is told that there is no such page: tests/doors/test_health.py.
    "metrics": Route("open"),
    "home": Route("open"),
    "sign-in": Route("open", "GET POST", {"address": "x@x.example", "password": "guessed"}, ("", "?next=/desk/mine")),
    "sign-in-code": Route("open", "GET POST", {"code": "12345678"}, ("", "?code=12345678", "?code=%3Cb%3E")),
    "sign-in-factor": Route("open", "GET POST", {"code": "123456"}),
    "sign-in-passkey": Route("open", "GET POST", {"credential": "{}"}),
    "sign-out": Route("open", "POST", {}),
    "security": Route("session"),
    "confirmation": Route("session", "GET POST", {"step": "password", "password": "guessed"}, ("", "?next=//evil.example")),
    "own-password": Route("session", "GET POST", {"password": "x", "again": "x"}),
    "authenticator": Route("session", "GET POST", {"code": "123456"}),
    "authenticator-removal": Route("session", "POST", {}),
    "recovery-codes": Route("session", "POST", {}),
    "passkeys": Route("session", "GET POST", {"name": "x", "credential": "{}"}),
    "passkey-name": Route("session", "POST", {"name": "x"}),
    "passkey-removal": Route("session", "POST", {}),
    "other-sessions": Route("session", "POST", {}),
    "first-administrator": Route("open", "GET POST", {"name": "x", "address": "x@x.example", "password": "a" * 20}),
    "look": Route("session", "POST", {"theme": "dark"}),
    "portal": Route("session", "GET POST", {"about": "other", "subject": "", "text": "x"}, ("", "?part=places&site=hamburg")),
    "my-tickets": Route("session", queries=_LISTS),
    "shared-tickets": Route("session", queries=_LISTS),
    "department-tickets": Route("department", queries=_LISTS),
    "me": Route("session", "GET POST", {"language": "xx"}),
    "my-ticket": Route("own ticket"),
    "my-answers": Route("own ticket", "POST", {"text": "I was here"}),
    "my-confirmation": Route("own ticket", "POST", {}),
    "my-reopening": Route("own ticket", "POST", {}),
    "my-rating": Route("own ticket", "POST", {"score": "1", "words": "I was here"}),
    "my-links": Route("session", "POST", {}),
    "link": Route("link"),
    "link-answers": Route("link", "POST", {"text": "I was here"}),
    "link-confirmation": Route("link", "POST", {}),
    "link-reopening": Route("link", "POST", {}),
    "link-rating": Route("link", "POST", {"score": "1"}),
    "link-file": Route("link", queries=("", "?inline=1"), nested=("file",)),
    "my-file": Route("own ticket", queries=("", "?inline=1"), nested=("file",)),
    "desk": Route("desk"),
    "settings": Route("auditor"),
    "settings-people": Route("auditor", queries=_PEOPLE),
    "settings-person-new": Route("administrator", "GET POST", {"name": "x", "address": "x@x.example"}),
    "settings-person": Route("auditor", queries=("", "?change=details", "?change=role&team=it", "?change=x")),
    "settings-person-history": Route("auditor", queries=("", "?before=99999", "?before=x")),
    "settings-person-sight": Route("auditor", queries=("", "?ticket=7200001", "?ticket=x")),
    "settings-person-details": Route("administrator", "POST", {"name": "I was here"}),
    "settings-person-place": Route("administrator", "POST", {"place": ""}),
    "settings-person-rights": Route("administrator", "POST", {"is_administrator": "1"}),
    "settings-person-addresses": Route("administrator", "POST", {"address": "new@x.example", "kind": "personal"}),
    "settings-address-main": Route("administrator", "POST", {}),
    "settings-address-removal": Route("administrator", "POST", {}),
    "settings-person-roles": Route("administrator", "POST", {"team": "hr", "role": "lead"}),
    "settings-role-removal": Route("administrator", "POST", {}),
    "settings-person-absences": Route("administrator", "POST", {"starts_on": "2030-01-01", "ends_on": "2030-01-02"}),
    "settings-absence-removal": Route("administrator", "POST", {}),
    "settings-person-sessions": Route("administrator", "POST", {}),
    "settings-people-together": Route("administrator", "GET POST", {"change": "deactivation", "uid": "x"}),
    "settings-person-deactivation": Route("administrator", "GET POST", {"to": ""}),
    "settings-person-merging": Route(
        "administrator", "GET POST", {"into": "mira.kowalski@lindner.example"}, ("", "?into=canarynamehr5")
    ),
    "settings-person-unmerging": Route("administrator", "POST", {}),
    "settings-person-reactivation": Route("administrator", "POST", {}),
    "settings-import": Route("administrator", "GET POST", {"subject": "people"}),
    "settings-import-one": Route("administrator", "GET POST", {"shown": "x"}),
    "settings-export": Route("administrator", "POST", {}),
    "settings-roles": Route("auditor"),
    "settings-teams": Route("auditor"),
    "settings-team-new": Route("administrator", "GET POST", {"de": "Neu"}),
    "settings-team": Route("auditor", queries=("", "?change=ways", "?change=member", "?change=mailbox")),
    "settings-team-ways": Route("administrator", "POST", {"de": "Neu"}),
    "settings-team-members": Route("administrator", "POST", {"person": "mira.kowalski@lindner.example", "role": "lead"}),
    "settings-team-mailboxes": Route("administrator", "POST", {"address": "new@lindner.example"}),
    "settings-team-archive": Route("administrator", "POST", {}),
    "settings-departments": Route("auditor"),
    "settings-department-new": Route("administrator", "GET POST", {"de": "Neu"}),
    "settings-department": Route("auditor"),
    "settings-department-details": Route("administrator", "POST", {"de": "Neu"}),
    "settings-department-archive": Route("administrator", "POST", {}),
    "settings-categories": Route("auditor"),
    "settings-category-new": Route("administrator", "GET POST", {"de": "Neu"}, ("", "?parent=access", "?parent=%3Cb%3E")),
    "settings-category": Route("auditor"),
    "settings-category-details": Route("administrator", "POST", {"de": "Neu"}),
    "settings-category-archive": Route("administrator", "POST", {}),
    "settings-places": Route("auditor"),
    "settings-site-new": Route("administrator", "GET POST", {"de": "Neu"}),
    "settings-site": Route("auditor", queries=("", "?change=site", "?change=location")),
    "settings-site-details": Route("administrator", "POST", {"de": "Neu"}),
    "settings-site-locations": Route("administrator", "POST", {"de": "Neu", "kind": "room"}),
    "settings-site-archive": Route("administrator", "POST", {}),
    "settings-location": Route("auditor"),
    "settings-location-details": Route("administrator", "POST", {"de": "Neu", "kind": "room"}),
    "settings-location-archive": Route("administrator", "POST", {}),
    "audit": Route("auditor", queries=("", "?who=canary", "?words=canary", "?since=2026-01-01&until=x", "?group=seen")),
    "audit-export": Route("auditor", "POST", {}),
    "emergency": Route("auditor"),
    "retention": Route("administrator"),
    "retention-adding": Route("administrator", "POST", {"months": "12", "what": "delete"}),
    "retention-rule": Route("administrator"),
    "retention-starting": Route("administrator", "POST", {"seen_it": "1"}),
    "retention-pausing": Route("administrator", "POST", {}),
    "retention-removing": Route("administrator", "POST", {}),
    "holds": Route("administrator", "POST", {"on": "7200001", "reason": "Court"}),
    "hold-lifting": Route("administrator", "POST", {}),
    "privacy": Route("administrator", queries=("", "?person=canarynamehr5", "?person=petra.lang%40lindner.example")),
    "privacy-person": Route("administrator"),
    "privacy-export": Route("administrator", "POST", {}),
    "privacy-erasure": Route("administrator", "POST", {"name": "Marta Nowak"}),
    "emergency-opening": Route("administrator", "POST", {"number": "7200001", "reason": "Because I want to know"}),
    "desk-menu": Route("desk", "GET POST", {"language": "xx"}),
    "mine": Route("desk", queries=_LISTS),
    "open": Route("desk", queries=_LISTS),
    "waiting": Route("desk", queries=_LISTS),
    "snoozed": Route("desk", queries=_LISTS),
    "closed": Route("desk", queries=_LISTS),
    "followed": Route("desk", queries=_LISTS),
    "absent": Route("mailroom", queries=_LISTS),
    "absences": Route("desk", "GET POST", {"starts_on": "x", "ends_on": "x", "who": "x"}),
    "absence-removal": Route("desk", "POST", {}),
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
    "ticket-as-of": Route("ticket", queries=("", "?at=2026-01-01T00:00", "?at=x")),
    "ticket-dossier": Route("ticket", "POST", {}),
    "replies": Route("ticket", "POST", {"text": "I was here"}),
    "notes": Route("ticket", "POST", {"text": "I was here", "kept_file": "1"}),
    "composer": Route("ticket", "POST", {"text": "x", "write": "note"}),
    "undo": Route("ticket", "POST", {}, nested=("entry",)),
    "release": Route("ticket", "POST", {"as_participant": "1"}, entry="held", nested=("entry",)),
    "passed-on": Route("ticket", "POST", {}, entry="held", nested=("entry",)),
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
    "elsewhere": Route("ticket", "POST", {"number": "INC0012345", "domain": "supplier.example"}),
    "elsewhere-removal": Route("ticket", "POST", {"number": "INC0012345"}),
    "spam": Route("ticket", "POST", {}),
    "links": Route("ticket", "POST", {"number": "7200001", "kind": "related"}),
    "link-removal": Route("ticket", "POST", {"kind": "related"}, nested=("other",)),
    "tags": Route("ticket", "POST", {"tag": "washere"}),
    "tag-removal": Route("ticket", "POST", {"tag": "canarytagit1"}),
    "settings-backups": Route("auditor"),
    "settings-backups-asked": Route("administrator", "POST", {"kind": "backup"}),
    "notices": Route("desk"),
    "notices-reading": Route("desk", "POST", {}),
    "presence": Route("desk", "POST", {"shown": "7200001"}),
    "ledger": Route("mailroom", queries=("", "?words=canary", "?sender=canaryperson", "?disposition=ticket", "?before=99999")),
    "quarantine": Route("mailroom"),
    "unchecked": Route("mailroom", queries=("", "?before=99999")),
    "unchecked-judging": Route("mailroom", "POST", {"delivery": "1", "verdict": "discard"}),
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
    "export": Route("desk", "POST", {"list": "team:hr"}),
    "table-export": Route("administrator", "POST", {}),
    "my-tickets-export": Route("session", "POST", {"list": "my-tickets"}),
    "tokens": Route("session"),
    "token-new": Route("session", "GET POST", {"name": "x", "scopes": "tickets:read"}),
    "token-removal": Route("session", "POST", {}),
    "settings-programs": Route("administrator", "GET POST", {"name": ""}),
    "settings-program": Route("administrator"),
    "settings-program-token": Route("administrator", "GET POST", {"name": "x"}),
    "settings-token-removal": Route("administrator", "POST", {}),
    "settings-mailboxes": Route("auditor"),
    "settings-mailbox-new": Route("administrator", "GET POST", {"address": "new@lindner.example", "team": "it"}),
    "settings-mailbox": Route("auditor", queries=("", "?change=intake", "?change=replies", "?change=key", "?change=x")),
    "settings-mailbox-archive": Route("administrator", "POST", {}),
    "settings-mailbox-basics": Route("administrator", "POST", {"team": "facilities"}),
    "settings-mailbox-intake": Route("administrator", "POST", {"welcomes": "people"}),
    "settings-mailbox-replies": Route("administrator", "POST", {"sender_name": "team"}),
    "settings-mailbox-watch": Route("administrator", "POST", {"quiet_after_hours": "3"}),
    "settings-mailbox-aliases": Route("administrator", "POST", {"alias": "new@lindner.example"}),
    "settings-mailbox-alias": Route("administrator", "POST", {"may_send": "1"}),
    "settings-mailbox-alias-removal": Route("administrator", "POST", {}),
    "settings-mailbox-folders": Route("administrator", "GET POST", {"account": "1", "folder": "INBOX"}),
    "settings-mailbox-folder": Route("administrator", "GET POST", {"afterwards": "flag"}),
    "settings-mailbox-folder-pausing": Route("administrator", "POST", {}),
    "settings-mailbox-folder-removal": Route("administrator", "POST", {}),
    "settings-mailbox-keys": Route("administrator", "POST", {"key_password": "x"}),
    "settings-mailbox-key-removal": Route("administrator", "POST", {}),
    "settings-mailbox-receiving": Route("administrator", "POST", {}),
    "settings-mailbox-sending": Route("administrator", "POST", {}),
    "settings-mailbox-trial": Route("administrator", "POST", {}),
    "settings-mailbox-arrival": Route("administrator", queries=("", "?mails=1-2-3", "?mails=x")),
    "settings-mail-servers": Route("administrator"),
    "settings-mail-server-new": Route("administrator", "GET POST", {"name": "x"}, ("", "?kind=other", "?kind=microsoft")),
    "settings-mail-server": Route("administrator", queries=("", "?change=details", "?change=login")),
    "settings-mail-server-details": Route("administrator", "POST", {"name": "x"}),
    "settings-mail-server-login": Route("administrator", "POST", {"client_id": "x"}),
    "settings-mail-server-receiving": Route("administrator", "POST", {}),
    "settings-mail-server-sending": Route("administrator", "POST", {}),
    "settings-mail-server-resumption": Route("administrator", "POST", {}),
    "settings-mail-server-archive": Route("administrator", "POST", {}),
    "settings-mail-server-authorisation": Route("administrator"),
    "settings-mail-authorised": Route("administrator", queries=("", "?state=x&code=y", "?state=x&error=access_denied")),
    "api-docs": Route("session"),
    "api-schema": Route("session"),
    "api": Route("token"),
    "api-start": Route("demo"),
    "api-nowhere": Route("demo"),
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
    inside = {"folder", "alias", "mailbox_key"} & set(patterns()[name].pattern.converters)
    makers: Mapping[str, Callable[[], Any]] = {
        "number": lambda: planted.number,
        "entry": lambda: _entry(inner, TABLE[name].entry),
        "file": lambda: inner.files()[_file_kind(name, inner)],
        "uid": lambda: field.desk.person("ines" if name.endswith("confirmation") else "marta").uid,
        "other": lambda: field["hr"].number if inner.key != "hr1" else field["it"].number,
        "delivery": lambda: planted.delivery.id,
        "mail": lambda: 1,
        "pending": lambda: field.parked,
        "rule": lambda: field.rule,
        "hold": lambda: field.hold,
        "key": lambda: field.tickets and planted.ticket.team.key,
        "name": lambda: "1700000000.M1P1Q1.host",
        "token": lambda: "guessed",
        "passkey": lambda: 1,
        "address": lambda: 1,
        "absence": lambda: 1,
        "department": lambda: "it",
        "site": lambda: "koeln",
        "location": lambda: "h-tor-3",
        "category": lambda: "docking",
        "table": lambda: "programs",
        "upload": lambda: "guessed",
        "subject": lambda: "people",
        "program": lambda: Person.objects.get(is_integration=True).uid,
        "row": lambda: 1,
        "path": lambda: "tickets",
        "mailbox": lambda: Mailbox.objects.get(team__key="it" if inside else planted.ticket.team.key).pk,
        "folder": lambda: field.folder,
        "alias": lambda: field.alias,
        "mailbox_key": lambda: 1,
        "server": lambda: field.server,
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
