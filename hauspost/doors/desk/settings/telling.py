"""The record of a person, a team or a place in words: who changed what, when, from what to what."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from markupsafe import Markup, escape

from hauspost.doors.ui import formats
from hauspost.duties.intake import telling as mail
from hauspost.duties.privacy.audit import by_whom, is_uid, names_known_to, shown
from hauspost.duties.privacy.audit_words import TOLD
from hauspost.ground.history.models import Event
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Address, Department, Membership, Person, Team
from hauspost.records.places.models import Location, Site

PAGE = 50
_KEYED: Mapping[str, Any] = {
    "department": Department,
    "team": Team,
    "site": Site,
    "location": Location,
    "locations": Location,
    "parent": Location,
    "branch": Category,
    "categories": Category,
}
# Fields that mean something else in one noun's record than in the others': what they are called here.
_MEANT: Mapping[str, Mapping[str, str]] = {"category": {"parent": "branch", "type": "ticket_type"}}
_CHOICES: Mapping[str, Mapping[str, Any]] = {
    **mail.CHOICES,
    "role": dict(Membership.Role.choices),
    "kind": {**mail.CHOICES["kind"], **dict(Address.Kind.choices)},
    "ticket_type": dict(TicketType.choices),
}

FIELDS: Mapping[str, Callable[[], str]] = {
    **mail.FIELDS,
    "name": lambda: _("Name"),
    "address": lambda: _("Address"),
    "department": lambda: _("Department"),
    "cost_centre": lambda: _("Cost centre"),
    "line_manager": lambda: _("Line manager"),
    "language": lambda: _("Language"),
    "time_zone": lambda: _("Time zone"),
    "phone": lambda: _("Phone"),
    "external_key": lambda: _("Key in another system"),
    "is_administrator": lambda: _("administrator"),
    "is_auditor": lambda: _("auditor"),
    "sees_department": lambda: _("sees the department"),
    "is_external": lambda: _("from outside"),
    "is_integration": lambda: _("program"),
    "site": lambda: _("Site"),
    "location": lambda: _("Location"),
    "parent": lambda: _("Lies in"),
    "locations": lambda: _("With what lies in it"),
    "branch": lambda: _("Lies below"),
    "categories": lambda: _("With what lies below it"),
    "ticket_type": lambda: _("Type"),
    "postal_address": lambda: _("Postal address"),
    "country": lambda: _("Country"),
    "words": lambda: _("Name"),
    "is_confidential": lambda: _("confidential"),
    "acknowledges": lambda: _("acknowledges requests"),
    "handover_needs_note": lambda: _("handing over needs a note"),
    "watches_handed_on": lambda: _("keeps reading what it handed on"),
    "asks_satisfaction": lambda: _("asks about satisfaction"),
    "takes_commands": lambda: _("takes commands by mail"),
    "role": lambda: _("Role"),
    "technician": lambda: _("technician"),
    "is_technician": lambda: _("technician"),
    "kind": lambda: _("Kind"),
    "main": lambda: _("main address"),
    "is_main": lambda: _("main address"),
    "team": lambda: _("Team"),
    "person": lambda: _("Person"),
    "deputy": lambda: _("Deputy"),
    "starts_on": lambda: _("From"),
    "ends_on": lambda: pgettext("last day", "To"),
    "list": lambda: _("List"),
    "count": lambda: _("Number"),
    "bounces": lambda: _("Bounces"),
    "into": lambda: _("Merged into"),
    "double": lambda: _("Double"),
    "parts": lambda: _("Erased contents"),
    "token name": lambda: _("Name"),
    "scopes": lambda: _("Scopes"),
    "expires_at": lambda: _("Expires"),
    "archived": lambda: _("archived"),
    "sessions": lambda: _("Sessions"),
    "tokens": lambda: _("Tokens"),
    "links": lambda: _("Links"),
    "method": lambda: _("Way"),
    "factor": lambda: _("Second factor"),
    "type": lambda: _("Kind"),
    "tries": lambda: _("Tries"),
}
# Ways to sign in, as the record calls them.
_WAYS: Mapping[str, Callable[[], str]] = {
    "password": lambda: _("Password"),
    "code": lambda: _("Mailed code"),
    "passkey": lambda: _("Passkey"),
    "totp": lambda: _("Authenticator app"),
    "recovery": lambda: _("Recovery code"),
    "second factor": lambda: _("Second factor"),
}
_BEFORE = " before"
# What the machine needs to undo a merge tells a reader nothing.
_UNTOLD = frozenset(
    {"key", "addresses", "roles", "reports", "filled", "manager", "made_main", "workplace", "absences", "deputy_for",
     "tickets", "tickets_kept", "token"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a page shows it."""

    at: datetime
    words: Markup
    details: list[tuple[str, str, str]]
    # What it was about, as the record names it: "person:…", "setting:team:it".
    stream: str = ""


@dataclass(frozen=True)
class _Names:
    people: Mapping[str, str]
    keyed: Mapping[tuple[str, str], str]


def of_person(person: Person, before: int = 0) -> tuple[list[Line], int]:
    """What was changed about a person, newest first, and where the next page begins; roles stand with their teams."""
    roles = Q(stream__name__startswith="setting:team:", kind__startswith="team.role_", data__contains=str(person.uid))
    return told(Q(stream__name=person.stream) | roles, before)


def of_stream(stream: str, before: int = 0) -> tuple[list[Line], int]:
    """What was changed about a team, a department or a place."""
    return told(Q(stream__name=stream), before)


def told(which: Q, before: int, reader: Actor = SYSTEM) -> tuple[list[Line], int]:
    """The events that fit, in words, newest first, and where the next page begins. Named is whom a reader may know."""
    found = Event.objects.filter(which, **({"id__lt": before} if before else {})).order_by("-id")
    found = found.select_related("stream").prefetch_related("parts")
    rows = list(found[: PAGE + 1])
    page = rows[:PAGE]
    read = [(row, json.loads(row.actor), _meant(row.kind, shown(row.kind, json.loads(row.data)))) for row in page]
    names = _names([(actor, data) for _row, actor, data in read], reader)
    lines = [_line(row, actor, data, names) for row, actor, data in read]
    return lines, page[-1].id if len(rows) > PAGE else 0


def _meant(kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event's data with its fields called by what they mean."""
    names = _MEANT.get(kind.partition(".")[0], {})
    if not names:
        return data
    return {
        name: {names.get(field, field): now for field, now in values.items()} if isinstance(values, dict) else values
        for name, values in data.items()
    }


def _line(row: Event, actor: Mapping[str, str], data: Mapping[str, Any], names: _Names) -> Line:
    sentence = TOLD.get(row.kind, lambda: _("%(who)s: %(kind)s"))()
    who = Markup("<b>{}</b>").format(by_whom(actor, names.people) or "Hauspost")
    words = Markup(escape(sentence)) % {"who": who, "kind": row.kind}
    texts = {part.name: part.content for part in row.parts.all()}
    return Line(row.occurred_at, words, _told_texts(texts) + _details(data, names), row.stream.name)


def _told_texts(texts: Mapping[str, str | None]) -> list[tuple[str, str, str]]:
    """Personal texts, what was beside what is; None was erased."""
    told = []
    for name, text in texts.items():
        if name.removesuffix(_BEFORE) != name and name.removesuffix(_BEFORE) in texts:
            continue
        was = texts.get(f"{name}{_BEFORE}", "")
        told.append((_label(name), _("(erased)") if was is None else was, _text(text)))
    return told


def _text(text: str | None) -> str:
    return _("(erased)") if text is None else " | ".join(text.splitlines()) or _("none")


def _details(data: Mapping[str, Any], names: _Names) -> list[tuple[str, str, str]]:
    """What was and what is, field by field; what did not change is not told."""
    before, after = data.get("before"), data.get("after")
    beside = {name: value for name, value in data.items() if not isinstance(value, dict)}
    if not isinstance(before, dict) or not isinstance(after, dict):
        before, after = {}, beside
    # Of several folders, which one it was; of a role, whose it is.
    told = [
        (_label(name), "", _value(name, data[name], names))
        for name in ("account", "folder", "person")
        if name in beside and name not in after
    ]
    for name, now in after.items():
        was = before.get(name)
        if name in _UNTOLD or was == now or (was is None and now in ("", None, False, [], {})):
            continue
        told.append((_label(name), "" if was in (None, "") else _value(name, was, names), _value(name, now, names)))
    return told


def _label(name: str) -> str:
    if name in FIELDS:
        return FIELDS[name]()
    # Personal texts are named in words, fields as in the database.
    plain = name.removesuffix(_BEFORE).replace(" ", "_")
    known = FIELDS[plain]() if plain in FIELDS else plain.replace("_", " ")
    return _("%(field)s, before") % {"field": known} if name.endswith(_BEFORE) else known


def _value(name: str, value: Any, names: _Names) -> str:
    if value in (None, ""):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "size_limit_bytes":
        return formats.size(value) if value else _("as for the whole desk")
    if name == "parts":
        return str(len(value))
    if isinstance(value, dict):
        return " / ".join(_text(str(text)) for text in value.values())
    if isinstance(value, list):
        return ", ".join(_value(name, one, names) for one in value)
    if isinstance(value, str) and value in names.people:
        return names.people[value]
    if name == "person":
        return _("somebody")
    if name in ("method", "factor", "type") and value in _WAYS:
        return _WAYS[value]()
    if name in _KEYED:
        return names.keyed.get((name, value), str(value))
    if name in _CHOICES:
        return str(_CHOICES[name].get(value, value))
    return _moment(name, _text(str(value)))


def _moment(name: str, text: str) -> str:
    if name.endswith("_on"):
        return formats.day(parse_date(text))
    return formats.when(parse_datetime(text)) if name.endswith("_at") else text


def _names(events: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], reader: Actor) -> _Names:
    """Persons and company things that these events name; a query for each kind that occurs."""
    uids: set[str] = set()
    keys: dict[str, set[str]] = {}
    for actor, data in events:
        uids |= {who.removeprefix("person:") for who in actor.values() if str(who).startswith("person:")}
        for values in (data, data.get("before"), data.get("after")):
            if isinstance(values, dict):
                uids |= {one for one in _flat(values.values()) if is_uid(one)}
                for name in _KEYED.keys() & values.keys():
                    keys.setdefault(name, set()).update(_flat([values[name]]))
    keyed = {
        (name, row.key): row.name
        for name, wanted in keys.items()
        for row in _KEYED[name].objects.filter(key__in=wanted)
    }
    return _Names(names_known_to(reader, uids), keyed)


def _flat(values: Iterable[Any]) -> list[str]:
    found = []
    for value in values:
        found += (
            [value]
            if isinstance(value, str)
            else [one for one in value if isinstance(one, str)]
            if isinstance(value, list)
            else []
        )
    return found
