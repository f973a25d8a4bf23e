"""The record of a person, a team or a place in words: who changed what, when, from what to what."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from hauspost.ground.history.models import Event
from hauspost.records.people.actions import names_of
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Address, Department, Membership, Person, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.knowing import without_secret_strangers

PAGE = 50
_KEYED: Mapping[str, Any] = {
    "department": Department,
    "team": Team,
    "site": Site,
    "location": Location,
    "parent": Location,
}
_CHOICES: Mapping[str, Mapping[str, Any]] = {
    **mail.CHOICES,
    "role": dict(Membership.Role.choices),
    "kind": {**mail.CHOICES["kind"], **dict(Address.Kind.choices)},
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
    "count": lambda: _("Number"),
    "bounces": lambda: _("Bounces"),
    "into": lambda: _("Merged into"),
    "double": lambda: _("Double"),
    "cost centre": lambda: _("Cost centre"),
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
TOLD: Mapping[str, Callable[[], str]] = {
    **mail.KINDS,
    "person.added": lambda: _("%(who)s added the person"),
    "person.renamed": lambda: _("%(who)s changed the name"),
    "person.changed": lambda: _("%(who)s changed the details"),
    "person.preferences": lambda: _("%(who)s changed language and time zone"),
    "person.deactivated": lambda: _("%(who)s deactivated the person; sessions, tokens and links ended"),
    "person.reactivated": lambda: _("%(who)s let the person act again"),
    "person.password_set": lambda: _("%(who)s set a new password; all sessions ended"),
    "person.signed_out": lambda: _("%(who)s ended all sessions"),
    "person.signed_in": lambda: _("%(who)s signed in"),
    "person.sign_in_failed": lambda: _("A sign-in failed"),
    "person.factor_added": lambda: _("%(who)s set up a second factor"),
    "person.factor_renamed": lambda: _("%(who)s renamed a second factor"),
    "person.factor_removed": lambda: _("%(who)s removed a second factor"),
    "person.factors_reset": lambda: _("%(who)s took all second factors away; sessions ended"),
    "person.recovery_codes_made": lambda: _("%(who)s made new recovery codes"),
    "person.links_revoked": lambda: _("%(who)s made the mailed links void"),
    "person.seated": lambda: _("%(who)s changed the place of work"),
    "person.merged": lambda: _("%(who)s merged two persons"),
    "person.merge_undone": lambda: _("%(who)s undid the merging"),
    "person.double_taken_in": lambda: _("%(who)s merged a double into this person"),
    "person.double_given_back": lambda: _("%(who)s took a double out again"),
    "person.exported": lambda: _("%(who)s exported everything about the person"),
    "person.erased": lambda: _("%(who)s erased the person"),
    "address.added": lambda: _("%(who)s added an address"),
    "address.removed": lambda: _("%(who)s removed an address"),
    "address.changed": lambda: _("%(who)s changed the kind of an address"),
    "address.made_main": lambda: _("%(who)s chose another main address"),
    "address.verified": lambda: _("%(who)s proved by a mailed code to read this address"),
    "address.bouncing": lambda: _("Mail to the address came back again and again"),
    "absence.added": lambda: _("%(who)s entered an absence"),
    "absence.ended": lambda: _("%(who)s ended an absence"),
    "team.role_given": lambda: _("%(who)s gave a role"),
    "team.role_taken": lambda: _("%(who)s took a role away"),
    "team.added": lambda: _("%(who)s added the team"),
    "team.changed": lambda: _("%(who)s changed the team"),
    "team.archived": lambda: _("%(who)s archived the team"),
    "team.restored": lambda: _("%(who)s took the team back from the archive"),
    "ticket.dossier_made": lambda: _("%(who)s made a dossier of it"),
    "ticket.emergency_access": lambda: _("%(who)s opened emergency access"),
    "person.seen": lambda: _("%(who)s looked at the person"),
    "settings.seen": lambda: _("%(who)s looked at this page of the settings"),
    "audit.exported": lambda: _("%(who)s took the audit log out of the house"),
    "people.exported": lambda: _("%(who)s took the list of people out of the house"),
    "places.exported": lambda: _("%(who)s took the list of places out of the house"),
    "list.exported": lambda: _("%(who)s took a list out of the house"),
    "category.added": lambda: _("%(who)s added the category"),
    "status.added": lambda: _("%(who)s added the status"),
    "desk.restored": lambda: _("%(who)s restored this Hauspost from a backup"),
    "hold.placed": lambda: _("%(who)s placed a legal hold"),
    "hold.lifted": lambda: _("%(who)s lifted a legal hold"),
    "retention.rule_added": lambda: _("%(who)s added a retention rule"),
    "retention.rule_paused": lambda: _("%(who)s paused a retention rule"),
    "retention.rule_started": lambda: _("%(who)s started a retention rule"),
    "retention.rule_removed": lambda: _("%(who)s removed a retention rule"),
    "ticket.expired": lambda: _("%(who)s let the ticket's texts go: its retention period was over"),
    "mailbox.added": lambda: _("%(who)s added an intake address"),
    "token.given": lambda: _("%(who)s gave an access token"),
    "token.revoked": lambda: _("%(who)s revoked an access token"),
    "department.added": lambda: _("%(who)s added the department"),
    "department.changed": lambda: _("%(who)s changed the department"),
    "department.archived": lambda: _("%(who)s archived the department"),
    "department.restored": lambda: _("%(who)s took the department back from the archive"),
    "site.added": lambda: _("%(who)s added the site"),
    "site.changed": lambda: _("%(who)s changed the site"),
    "site.archived": lambda: _("%(who)s archived the site"),
    "site.restored": lambda: _("%(who)s took the site back from the archive"),
    "location.added": lambda: _("%(who)s added the place"),
    "location.changed": lambda: _("%(who)s changed the place"),
    "location.archived": lambda: _("%(who)s archived the place"),
    "location.restored": lambda: _("%(who)s took the place back from the archive"),
}
# What the machine needs to undo a merge tells a reader nothing.
_UNTOLD = frozenset(
    {"key", "addresses", "roles", "reports", "filled", "manager", "made_main", "workplace", "absences", "deputy_for",
     "tickets", "tickets_kept", "token"}
)  # fmt: skip

# Kinds whose before and after would name again whom they made nobody.
NAMELESS = frozenset({"ticket.expired"})


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
    read = [(row, json.loads(row.actor), shown(row.kind, json.loads(row.data))) for row in page]
    names = _names([(actor, data) for _row, actor, data in read], reader)
    lines = [_line(row, actor, data, names) for row, actor, data in read]
    return lines, page[-1].id if len(rows) > PAGE else 0


def shown(kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of an event's data a reader may see."""
    return {**data, "before": {}, "after": {}} if kind in NAMELESS else data


def _line(row: Event, actor: Mapping[str, str], data: Mapping[str, Any], names: _Names) -> Line:
    sentence = TOLD.get(row.kind, lambda: _("%(who)s: %(kind)s"))()
    who = Markup("<b>{}</b>").format(_who(actor, names))
    words = Markup(escape(sentence)) % {"who": who, "kind": row.kind}
    texts = {part.name: part.content or _("(erased)") for part in row.parts.all()}
    details = [(_label("name"), texts.pop("name before", ""), texts.pop("name"))] if "name" in texts else []
    details += [(_label(name), "", text) for name, text in texts.items()]
    return Line(row.occurred_at, words, details + _details(data, names), row.stream.name)


def _who(actor: Mapping[str, str], names: _Names) -> str:
    who = actor.get("who", "")
    if who.startswith("person:"):
        return names.people.get(who.removeprefix("person:")) or _("somebody")
    if who == "import":
        person = names.people.get(actor.get("for", "").removeprefix("person:"), "")
        return _("%(name)s, by an import") % {"name": person} if person else _("Import")
    return "Hauspost"


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
    return FIELDS[name]() if name in FIELDS else name.replace("_", " ")


def _value(name: str, value: Any, names: _Names) -> str:
    if value in (None, ""):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return " / ".join(str(text) for text in value.values())
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
    return _moment(name, str(value))


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


def is_uid(text: object) -> bool:
    """Does it look like a person's?"""
    return isinstance(text, str) and len(text) == 36 and text.count("-") == 4


def names_known_to(reader: Actor, uids: Collection[str]) -> Mapping[str, str]:
    """Names by uid, without strangers who have to do with confidential teams only: that, too, is theirs (P11.1)."""
    if reader.is_system or not uids:
        return names_of(sorted(uids))
    known = without_secret_strangers(reader).filter(uid__in=uids)
    return {str(uid): name for uid, name in known.values_list("uid", "name")}


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
