"""The record of a ticket in words: every event a line that a colleague would say (P54, glossary)."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markupsafe import Markup, escape

from hauspost.doors.desk.naming import Names, field_name, names_of_values
from hauspost.doors.desk.reasons import rule_in_words
from hauspost.doors.ui import formats
from hauspost.ground.history.models import Event
from hauspost.records.tickets.models import Link, Participant

# Follow from others, or are the machine's own: they are not told one by one.
_UNTOLD = frozenset(
    {"state", "version", "changed_at", "opened_at", "answered_at", "resolved_at", "closed_at", "awaits_reply",
     "intake_address", "channel"}
)  # fmt: skip
MOST = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the timeline shows it."""

    at: datetime
    words: Markup
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    kind: str
    at: datetime
    actor: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def before(self) -> Mapping[str, Any]:
        return self.data.get("before") or {}

    @property
    def after(self) -> Mapping[str, Any]:
        return self.data.get("after") or {}


def timeline(stream: str, known_people: Mapping[str, str]) -> list[Line]:
    """The events of a stream in words, oldest first; two queries, three when they name people not yet known."""
    rows = Event.objects.filter(stream__name=stream).order_by("-seq")[:MOST]
    events = [
        _Event(kind, at, json.loads(actor), json.loads(data))
        for kind, at, actor, data in rows.values_list("kind", "occurred_at", "actor", "data")
    ]
    names = _names(events, known_people)
    # When its time was over the persons went: what stands before names nobody any more, though the record has uids.
    expired = next((place for place, event in enumerate(events) if event.kind == "ticket.expired"), len(events))
    nobody = Names({}, names.keyed)
    lines = []
    for place, event in reversed(list(enumerate(events))):
        told = _TELL.get(event.kind, _told_plainly)(event, names if place < expired else nobody)
        if told is not None:
            words = Markup(" · ").join([told, *_way(event)])
            lines.append(Line(event.at, words, event.kind in ("mail.failed", "mail.bounced")))
    return lines


def _way(event: _Event) -> list[Markup]:
    """How it came about, where that is not a person at a page."""
    who = event.actor.get("who", "")
    if who == "rule":
        return [escape(_("rule “%(name)s”") % {"name": rule_in_words(event.actor.get("name", ""))})]
    if event.actor.get("via") == "mail" and who.startswith("person:"):
        return [escape(_("by e-mail"))]
    return []


def _names(events: list[_Event], known: Mapping[str, str]) -> Names:
    changes = [values for event in events for values in (event.before, event.after)]
    return names_of_values(changes, {uid for event in events for uid in _uids(event)}, known)


def _uids(event: _Event) -> set[str]:
    found = {
        event.actor.get("who", "").removeprefix("person:"),
        event.data.get("person"),
        event.data.get("participant"),
    }
    found |= set(event.data.get("people") or ())
    return {uid for uid in found if isinstance(uid, str)}


def _bold(words: object) -> Markup:
    return Markup("<b>{}</b>").format(words)


def _say(sentence: str, **parts: object) -> Markup:
    """A translated sentence with its parts in bold; everything is escaped."""
    return Markup(escape(sentence)) % {name: _bold(part) for name, part in parts.items()}


def _who(event: _Event, names: Names) -> str:
    who = event.actor.get("who", "")
    if who.startswith("person:"):
        return names.person(who)
    return {"system": "Hauspost", "rule": "Hauspost", "import": _("Import")}.get(who, "Hauspost")


_ORDER = ("type", "category", "priority", "impact", "urgency", "site", "location", "work_place", "technician",
          "planned_at", "impact_people", "impact_percent", "impact_from", "impact_to")  # fmt: skip


def _place(field: str) -> int:
    return _ORDER.index(field) if field in _ORDER else len(_ORDER)


def _changes(event: _Event, names: Names, skip: Iterable[str] = ()) -> list[Markup]:
    told = []
    for field in sorted(event.after, key=_place):
        before, after = event.before.get(field), event.after[field]
        if field in _UNTOLD or field in skip or before == after:
            continue
        label, now = field_name(field), names.value(field, after)
        if before in (None, "") or field in ("wake_at", "planned_at"):
            told.append(Markup("{}: {}").format(label, _bold(now)))
        else:
            told.append(Markup("{}: {} → {}").format(label, names.value(field, before), _bold(now)))
    return told


def _with_changes(event: _Event, names: Names) -> Markup | None:
    """An entry stands in the record itself; here only what changed with it."""
    told = _changes(event, names, skip=("wake_at",))
    if event.data.get("reopened"):
        return _say(_("Reopened by the answer of %(who)s"), who=_who(event, names))
    return Markup(", ").join(told) if told else None


def _opened(event: _Event, names: Names) -> Markup | None:
    team = names.value("team", event.after.get("team"))
    if event.data.get("by desk"):
        return _say(_("%(who)s opened the ticket for team %(team)s"), who=_who(event, names), team=team)
    return _say(_("Opened for team %(team)s"), team=team)


def _told_plainly(event: _Event, names: Names) -> Markup | None:
    told = _changes(event, names)
    if not told:
        return None
    return Markup("{}: {}").format(_bold(_who(event, names)), Markup(", ").join(told))


def _assigned(event: _Event, names: Names) -> Markup | None:
    who, uid = _who(event, names), event.after.get("assignee")
    if "assignee" not in event.after:
        return _told_plainly(event, names)
    if uid is None:
        return _say(_("%(who)s took the assignee off"), who=who)
    if event.actor.get("who") == f"person:{uid}":
        return _say(_("%(who)s took the ticket"), who=who)
    return _say(_("%(who)s assigned it to %(assignee)s"), who=who, assignee=names.person(uid))


def _handed(event: _Event, names: Names) -> Markup | None:
    team = names.value("team", event.after.get("team"))
    return _say(_("%(who)s handed it to team %(team)s"), who=_who(event, names), team=team)


def _emergency(event: _Event, names: Names) -> Markup | None:
    until = parse_datetime(event.data.get("until") or "")
    return _say(_("%(who)s opened emergency access until %(until)s"), who=_who(event, names), until=formats.when(until))


def _status(event: _Event, names: Names) -> Markup | None:
    status = names.value("status", event.after.get("status"))
    until = event.after.get("wake_at")
    if until:
        moment = formats.when(parse_datetime(until))
        return _say(
            _("%(who)s set it to %(status)s until %(until)s"), who=_who(event, names), status=status, until=moment
        )
    return _say(_("%(who)s set it to %(status)s"), who=_who(event, names), status=status)


def _snoozed(event: _Event, names: Names) -> Markup | None:
    moment = formats.when(parse_datetime(event.after.get("wake_at") or ""))
    return _say(_("%(who)s snoozed it until %(until)s"), who=_who(event, names), until=moment)


def _requester(event: _Event, names: Names) -> Markup | None:
    new, old = names.person(event.after.get("requester")), names.person(event.before.get("requester"))
    return _say(_("%(who)s changed the requester from %(old)s to %(new)s"), who=_who(event, names), old=old, new=new)


def _person(sentence: Callable[[], str]) -> "Callable[[_Event, Names], Markup | None]":
    def told(event: _Event, names: Names) -> Markup | None:
        return _say(sentence(), who=_who(event, names), person=names.person(event.data.get("person")))

    return told


def _proposed(event: _Event, names: Names) -> Markup | None:
    people = [names.person(uid) for uid in event.data.get("people") or ()]
    sentence = ngettext(
        "%(people)s was in copy and waits to be confirmed",
        "%(people)s were in copy and wait to be confirmed",
        len(people),
    )
    return _say(sentence, people=formats.listing(people))


def _added(event: _Event, names: Names) -> Markup | None:
    role = str(dict(Participant.Role.choices).get(event.data.get("role", ""), ""))
    person = names.person(event.data.get("person"))
    return _say(_("%(who)s added %(person)s (%(role)s)"), who=_who(event, names), person=person, role=role)


def _linked(sentence: Callable[[], str]) -> "Callable[[_Event, Names], Markup | None]":
    def told(event: _Event, names: Names) -> Markup | None:
        kind = str(dict(Link.Kind.choices).get(event.data.get("kind", ""), ""))
        # Not the number: whoever reads this may not know of the other ticket (P11.1); the card of links shows it.
        return _say(sentence(), who=_who(event, names), kind=kind)

    return told


def _tagged(sentence: Callable[[], str]) -> "Callable[[_Event, Names], Markup | None]":
    def told(event: _Event, names: Names) -> Markup | None:
        return _say(sentence(), who=_who(event, names), tag=event.data.get("tag", ""))

    return told


def _elsewhere(sentence: Callable[[], str]) -> "Callable[[_Event, Names], Markup | None]":
    def told(event: _Event, names: Names) -> Markup | None:
        return _say(sentence(), who=_who(event, names), number=event.data.get("number", ""))

    return told


def _rated(event: _Event, names: Names) -> Markup | None:
    return _say(_("%(who)s gave %(score)s of 5"), who=_who(event, names), score=event.data.get("score", ""))


def _only_who(sentence: Callable[[], str]) -> "Callable[[_Event, Names], Markup | None]":
    def told(event: _Event, names: Names) -> Markup | None:
        return _say(sentence(), who=_who(event, names))

    return told


def _reopened(event: _Event, names: Names) -> Markup | None:
    """A reply that did not arrive opens a done ticket; of an open one it says only that the desk has to act again."""
    if "status" not in event.after:
        return _say(_("A reply did not arrive: the ticket waits for the desk again"))
    return _say(_("%(who)s reopened the ticket"), who=_who(event, names))


def _mail(sentence: Callable[[], str]) -> "Callable[[_Event, Names], Markup | None]":
    def told(event: _Event, names: Names) -> Markup | None:
        reason = str(event.data.get("reply_text") or event.data.get("diagnostic") or event.data.get("error") or "")
        uid = event.data.get("person")
        person = names.person(uid) if uid else _("a recipient")
        told = _say(sentence(), person=person)
        return Markup("{}: {}").format(told, reason) if reason else told

    return told


def _silent(event: _Event, names: Names) -> Markup | None:
    return None


_TELL: Mapping[str, Callable[[_Event, Names], Markup | None]] = {
    "ticket.opened": _opened,
    "ticket.answered": _with_changes,
    "ticket.replied": _with_changes,
    "ticket.noted": _with_changes,
    "entry.taken_back": _only_who(lambda: _("%(who)s took a reply back before it left")),
    "entry.released": _only_who(lambda: _("%(who)s released a held mail")),
    "ticket.assigned": _assigned,
    "ticket.handed": _handed,
    "ticket.catalogued": _told_plainly,
    "ticket.status": _status,
    "ticket.emergency_access": _emergency,
    "ticket.expired": lambda event, names: _say(_("Its retention period is over: persons and words are gone")),
    "hold.placed": _only_who(lambda: _("%(who)s placed a legal hold")),
    "hold.lifted": _only_who(lambda: _("%(who)s lifted the legal hold")),
    "ticket.reopened": _reopened,
    "ticket.impact": _told_plainly,
    "ticket.snoozed": _snoozed,
    "ticket.woken": _only_who(lambda: _("Its time has come: woken by %(who)s")),
    "ticket.planned": _told_plainly,
    "ticket.requester_changed": _requester,
    "ticket.subject_changed": _only_who(lambda: _("%(who)s gave it another subject")),
    "participant.added": _added,
    "participant.confirmed": _person(lambda: _("%(who)s confirmed %(person)s as participant")),
    "participant.removed": _person(lambda: _("%(who)s removed %(person)s from the ticket")),
    "participant.proposed": _proposed,
    "ticket.linked": _linked(lambda: _("%(who)s linked another ticket (%(kind)s)")),
    "ticket.unlinked": _linked(lambda: _("%(who)s took a link off (%(kind)s)")),
    "ticket.also_sent": lambda event, names: _say(_("The mail went to other teams, too: they read along")),
    "ticket.known_elsewhere": _elsewhere(lambda: _("%(who)s noted its number elsewhere: %(number)s")),
    "ticket.forgotten_elsewhere": _elsewhere(lambda: _("%(who)s took the number elsewhere %(number)s off")),
    "ticket.spam": _only_who(lambda: _("%(who)s marked it as spam")),
    "ticket.not_spam": _only_who(lambda: _("%(who)s took it from the spam")),
    "ticket.tagged": _tagged(lambda: _("%(who)s tagged it %(tag)s")),
    "ticket.untagged": _tagged(lambda: _("%(who)s took the tag %(tag)s off")),
    "ticket.dossier_made": _only_who(lambda: _("%(who)s made a dossier of it")),
    "ticket.rated": _rated,
    "mail.handed_over": _silent,
    "mail.failed": _mail(lambda: _("The mail to %(person)s could not be sent")),
    "mail.bounced": _mail(lambda: _("The mail to %(person)s came back")),
    "mail.delayed": _mail(lambda: _("The mail to %(person)s is delayed")),
}
