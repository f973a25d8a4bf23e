"""The audit log: who saw and changed settings, roles and people, who signed in, what left the house (S13, P26.4)."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hauspost.duties.privacy.audit_words import GROUPS, NAMELESS, NOUNS, TOLD
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event, EventPart
from hauspost.records.people.actions import names_of
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, sort_key_of
from hauspost.records.tickets.actions.erasing import not_secret_to
from hauspost.records.tickets.knowing import without_secret_strangers
from hauspost.records.tickets.models import Ticket

_MAIL_SERVER = "setting:mail-server:"
_MOST_EXPORTED = 100_000
_AT_ONCE = 500


@dataclass(frozen=True)
class Asked:
    """What the auditor looks for: by whom, which group, about whom or what, from which day to which."""

    who: str = ""
    group: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the log, as far as its reader may know of it."""

    id: int
    at: datetime
    kind: str
    # What the record keeps of who did it; and the name of a person, where the reader may know it.
    actor: Mapping[str, str]
    name: str
    stream: str
    about: str
    data: Mapping[str, Any]
    # Whom the data names by uid, as far as the reader may know them.
    names: Mapping[str, str]
    # Personal texts by name; None where they were erased. Only on a page.
    texts: Mapping[str, str | None] = field(default_factory=dict)


def which(asked: Asked, reader: Actor) -> Q:
    """Everything but what tickets and mails record of themselves, and confidential teams' tickets (P33.3)."""
    # By whole kinds, which the index knows, on both databases; a test holds that every kind is told there.
    found = Q(kind__in=[kind for kind in TOLD if kind.startswith(_prefixes(asked.group))])
    # Every emergency access is told, as on its own page.
    told_anyway = ~Q(stream__name__startswith="ticket:") | Q(kind="ticket.emergency_access")
    found &= told_anyway | Q(stream__name__in=_open_tickets(reader))
    zone = timezone.get_current_timezone()
    if asked.since:
        found &= Q(occurred_at__gte=datetime.combine(asked.since, time(), zone))
    if asked.until:
        found &= Q(occurred_at__lt=datetime.combine(asked.until + timedelta(days=1), time(), zone))
    if asked.who:
        uids = [str(uid) for uid in _persons(asked.who)]
        by_whom = Q()
        for uid in uids:
            by_whom |= Q(actor__contains=f"person:{uid}")
        found &= by_whom if uids else Q(pk=0)
    if asked.words:
        about = Q(stream__name__icontains=asked.words) | Q(kind__icontains=asked.words)
        inside = Q(data__icontains=asked.words)
        for uid in _persons(asked.words):
            about |= Q(stream__name=f"person:{uid}")
            inside |= Q(data__contains=str(uid))
        # Nobody is found again by what was emptied.
        found &= about | (inside & ~Q(kind__in=NAMELESS))
    return found


def _open_tickets(reader: Actor) -> "QuerySet[Ticket, str]":
    """The streams of the tickets whose number this reader may hear."""
    name = Concat(Value("ticket:"), Cast("number", CharField()), output_field=CharField())
    return Ticket.objects.filter(not_secret_to(reader)).values_list(name, flat=True)


def _prefixes(group: str) -> tuple[str, ...]:
    return GROUPS[group][1] if group else tuple(one for _words, kinds in GROUPS.values() for one in kinds)


def _persons(words: str) -> list[Any]:
    """Up to twenty persons of this name or address."""
    named = Person.objects.filter(Q(sort_key__startswith=sort_key_of(words)) | Q(name__icontains=words))
    found = list(named.values_list("uid", flat=True)[:20])
    return found or list(Person.objects.filter(addresses__address=words.lower()).values_list("uid", flat=True)[:20])


def page(asked: Asked, reader: Actor, *, before: int, limit: int) -> tuple[list[Line], int]:
    """Lines of the log, the newest first, and where the next page begins (0: nowhere).

    A page may be short: what is about somebody the reader may not know of is left out (P11.1).
    """
    rows = _rows(which(asked, reader), before, limit + 1)
    lines = _lines(rows[:limit], reader)
    texts: dict[int, dict[str, str | None]] = {}
    parts = EventPart.objects.filter(event__in=[line.id for line in lines]).order_by("event_id", "position")
    for event, name, content in parts.values_list("event_id", "name", "content"):
        texts.setdefault(event, {})[name] = content
    return [replace(line, texts=texts.get(line.id, {})) for line in lines], rows[limit - 1][0] if len(
        rows
    ) > limit else 0


@transaction.atomic
def export(asked: Asked, *, actor: Actor, sections: Mapping[str, str] | None = None) -> Iterator[list[object]]:
    """What was asked for, as rows of a file; that it was taken out is recorded, too. Records "audit.exported".

    `sections` are words for pages of the settings, which the record knows by their keys.
    """
    record("audit.exported", "setting:audit", actor=actor, data={"group": asked.group})
    return _cells(asked, actor, sections or {})


def _cells(asked: Asked, reader: Actor, sections: Mapping[str, str]) -> Iterator[list[object]]:
    yield [_("When"), _("Who"), _("Way"), _("Kind"), pgettext("what an event was about", "About"), _("Details")]
    fits, told, before = which(asked, reader), 0, 0
    while told < _MOST_EXPORTED:
        rows = _rows(fits, before, _AT_ONCE)
        if not rows:
            return
        before, told = rows[-1][0], told + len(rows)
        for line in _lines(rows, reader):
            data = line.data
            if is_uid(data.get("person")):
                data = {**data, "person": line.names.get(data["person"], _("somebody"))}
            about = sections.get(line.stream.partition(":")[2], line.about)
            details = json.dumps(data, ensure_ascii=False)
            yield [
                timezone.localtime(line.at),
                by_whom(line.actor, line.names) or line.actor.get("who", ""),
                line.actor.get("via", ""),
                line.kind,
                about,
                details,
            ]


_Row = tuple[int, datetime, str, str, str, str]


def _rows(fits: Q, before: int, most: int) -> "list[_Row]":
    found = Event.objects.filter(fits, **({"id__lt": before} if before else {})).order_by("-id")
    return list(found.values_list("id", "occurred_at", "actor", "kind", "stream__name", "data")[:most])


def _lines(rows: "Sequence[_Row]", reader: Actor) -> list[Line]:
    stamps = [json.loads(row[2]) for row in rows]
    datas = [shown(row[3], json.loads(row[5])) for row in rows]
    uids = {text.removeprefix("person:") for stamp in stamps for text in stamp.values() if is_person(text)}
    names = names_known_to(reader, uids | {one for data in datas for one in _uids_in(data)})
    named = named_in([row[4] for row in rows], reader)
    lines = []
    for (number, at, _actor, kind, stream, _data), stamp, data in zip(rows, stamps, datas, strict=True):
        if stream.startswith("person:") and stream not in named:
            continue
        who = stamp.get("who", "")
        name = names.get(who.removeprefix("person:"), "") if is_person(who) else ""
        lines.append(Line(number, at, kind, stamp, name, stream, about(stream, named), data, names))
    return lines


def named_in(streams: Iterable[str], reader: Actor) -> Mapping[str, str]:
    """Names by stream; without strangers who have to do with confidential teams only: that, too, is theirs (P11.1).

    Mail servers, which the record knows by number, are named, too.
    """
    streams = list(streams)
    uids = {stream.partition(":")[2] for stream in streams if stream.startswith("person:")}
    servers = {stream.rpartition(":")[2] for stream in streams if stream.startswith(_MAIL_SERVER)}
    rows = MailAccount.objects.filter(pk__in=servers).values_list("pk", "name") if servers else ()
    named = {f"{_MAIL_SERVER}{pk}": name for pk, name in rows}
    return named | {f"person:{uid}": name for uid, name in names_known_to(reader, uids).items()}


def by_whom(stamp: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Who did it, in words: a person as far as `names` knows them, or whose import; "" when it was Hauspost itself."""
    who = stamp.get("who", "")
    if is_person(who):
        return names.get(who.removeprefix("person:")) or _("somebody")
    if who == "import":
        person = names.get(stamp.get("for", "").removeprefix("person:"), "")
        return _("%(name)s, by an import") % {"name": person} if person else _("Import")
    return ""


def about(stream: str, named: Mapping[str, str]) -> str:
    """What it was about, in words."""
    kind, _colon, key = stream.partition(":")
    if stream in named:
        return named[stream]
    if stream.startswith(_MAIL_SERVER):
        return key
    if kind == "ticket":
        return f"#{key}"
    noun, colon, which_one = key.partition(":")
    if not colon:
        return key
    return f"{NOUNS[noun]() if noun in NOUNS else noun} · {which_one.replace(':', ' · ')}"


def shown(kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of an event's data a reader may see."""
    return {**data, "before": {}, "after": {}} if kind in NAMELESS else data


def is_uid(text: object) -> bool:
    """Does it look like a person's?"""
    return isinstance(text, str) and len(text) == 36 and text.count("-") == 4


def is_person(text: object) -> bool:
    """Is it a person, as the record names those who act?"""
    return isinstance(text, str) and text.startswith("person:")


def _uids_in(value: Any) -> Iterator[str]:
    """Whatever in an event's data may be a person."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _uids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _uids_in(inner)
    elif is_uid(value):
        yield value


def names_known_to(reader: Actor, uids: Collection[str]) -> Mapping[str, str]:
    """Names by uid, without strangers who have to do with confidential teams only: that, too, is theirs (P11.1)."""
    if reader.is_system or not uids:
        return names_of(sorted(uids))
    known = without_secret_strangers(reader).filter(uid__in=uids)
    return {str(uid): name for uid, name in known.values_list("uid", "name")}
