"""The names behind what the record keeps: persons by uid, company things by key, fields and choices in words."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.conf import settings
from django.db.models import TextField, Value
from django.db.models.functions import Cast
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hauspost.doors.ui import formats
from hauspost.ground.text.words import in_language
from hauspost.records.catalogue.models import Category, TicketType
from hauspost.records.people.actions import names_of
from hauspost.records.people.models import Department, Team
from hauspost.records.places.models import Location, Site
from hauspost.records.tickets.models import Channel, Level, Priority, Status, WorkPlace

PERSONS = ("requester", "affected", "assignee", "technician")
KEYED: Mapping[str, Any] = {
    "team": Team,
    "category": Category,
    "site": Site,
    "location": Location,
    "department": Department,
    "status": Status,
}
CHOICES: Mapping[str, Any] = {
    "type": TicketType, "impact": Level, "urgency": Level, "priority": Priority, "channel": Channel,
    "work_place": WorkPlace,
}  # fmt: skip
MOMENTS = ("planned_at", "wake_at", "impact_from", "impact_to")


@dataclass(frozen=True)
class Names:
    """The names behind the uids and keys that events hold."""

    people: Mapping[str, str]
    keyed: Mapping[tuple[str, str], str]

    def person(self, uid: str | None) -> str:
        return self.people.get((uid or "").removeprefix("person:"), "") or _("somebody")

    def value(self, field: str, value: Any) -> str:
        if value in (None, ""):
            return _("none")
        if field in PERSONS:
            return self.person(value)
        if field in KEYED:
            return self.keyed.get((field, value), str(value))
        if field in CHOICES:
            return str(dict(CHOICES[field].choices).get(value, value))
        if field in MOMENTS:
            return formats.when(parse_datetime(value))
        if field == "impact_percent":
            return f"{value}\u00a0%"
        return str(value)


def names_of_values(changes: Iterable[Mapping[str, Any]], uids: Iterable[str], known: Mapping[str, str]) -> Names:
    """The names that these recorded values and persons need; at most two queries beyond what is `known` by uid."""
    wanted: set[str] = {uid for uid in uids if len(uid) == 36}
    keys: dict[str, set[str]] = {}
    for values in changes:
        wanted |= {uid for uid in (values.get(field) for field in PERSONS) if isinstance(uid, str)}
        for field in KEYED.keys() & values.keys():
            if values[field]:
                keys.setdefault(field, set()).add(values[field])
    missing = wanted - known.keys()
    people = {**known, **(names_of(sorted(missing)) if missing else {})}
    return Names(people, _keyed(keys))


# Names of company things by language, field and key. They change rarely, so a minute's age does no harm.
_told: dict[tuple[str, str, str], tuple[str, float]] = {}
_FRESH_SECONDS = 60


def _keyed(keys: Mapping[str, set[str]]) -> dict[tuple[str, str], str]:
    """Names by field and key, read in one query what is not known yet."""
    language, at = get_language() or settings.LANGUAGE_CODE, monotonic()
    found: dict[tuple[str, str], str] = {}
    missing: dict[str, set[str]] = {}
    for field, wanted in keys.items():
        for key in wanted:
            name, until = _told.get((language, field, key), ("", 0.0))
            if until > at:
                found[field, key] = name
            else:
                missing.setdefault(field, set()).add(key)
    for field, key, said in _read(missing) if missing else ():
        found[field, key] = in_language(json.loads(said), language, settings.LANGUAGE_CODE) or key
        if len(_told) > 10_000:
            _told.clear()
        _told[language, field, key] = (found[field, key], at + _FRESH_SECONDS)
    return found


def _read(keys: Mapping[str, set[str]]) -> list[tuple[str, str, str]]:
    queries = [
        KEYED[field]
        .objects.filter(key__in=wanted)
        .annotate(
            said=Cast("path_words" if field == "category" else "words", TextField()),
            field=Cast(Value(field), TextField()),
        )
        .order_by()
        .values_list("field", "key", "said")
        for field, wanted in keys.items()
    ]
    return list(queries[0].union(*queries[1:], all=True) if len(queries) > 1 else queries[0])


FIELD_NAMES: Mapping[str, Callable[[], str]] = {
    "requester": lambda: _("Requester"),
    "affected": lambda: _("Affected"),
    "team": lambda: _("Team"),
    "assignee": lambda: _("Assignee"),
    "category": lambda: _("Category"),
    "type": lambda: _("Type"),
    "impact": lambda: _("Impact"),
    "urgency": lambda: _("Urgency"),
    "priority": lambda: _("Priority"),
    "site": lambda: _("Site"),
    "location": lambda: _("Location"),
    "department": lambda: _("Department"),
    "status": lambda: _("Status"),
    "work_place": lambda: _("Where"),
    "technician": lambda: _("Technician"),
    "planned_at": lambda: _("Planned for"),
    "wake_at": lambda: _("Snoozed until"),
    "impact_people": lambda: _("People affected"),
    "impact_percent": lambda: _("Hampered by"),
    "impact_from": lambda: _("Since"),
    "impact_to": lambda: _("Until"),
    "subject": lambda: _("Subject"),
    "at": lambda: _("Day and time"),
}


def field_name(field: str) -> str:
    """A field's name, as cards and events call it."""
    return FIELD_NAMES[field]() if field in FIELD_NAMES else field
