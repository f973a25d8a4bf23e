"""Invitations in mails: what, when, where, by whom, how often, and who answered what.

A tolerant, bounded reader of its own: a stranger's calendar must neither cost more than its length, nor teach us a
time zone that the next mail would be read by.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from ._calendar_lines import Component, Line, components, plain_text, span
from ._calendar_zones import Zones

MAX_CALENDAR = 1_000_000  # bytes that are looked at
_MOST_EVENTS, _MOST_ATTENDEES = 20, 200
_KINDS = ("VEVENT", "VTODO")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "MINUTELY", "SECONDLY")


class Attendee(NamedTuple):
    """Who is invited, and his answer (PARTSTAT): NEEDS-ACTION, ACCEPTED, DECLINED, TENTATIVE, DELEGATED or ""."""

    address: str
    answer: str


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How often an event comes again, as RFC 5545 says it: "every 2 weeks on Monday" is WEEKLY, 2, ("MO",)."""

    frequency: str
    interval: int = 1
    days: tuple[str, ...] = ()  # MO … SU, with a number before it in a month or year: 1MO, -1FR
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | date | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """One event (or task) of a calendar part.

    Start and end are dates for whole days, the last day included; else moments in UTC, or naive ones where the
    calendar names no time zone, which count where the reader is. None where missing or unreadable.
    """

    title: str
    start: datetime | date | None
    end: datetime | date | None
    place: str
    organiser: str
    method: str  # REQUEST, REPLY, CANCEL …
    uid: str = ""
    attendees: tuple[Attendee, ...] = ()  # in a REPLY: who answered, and what
    organiser_name: str = ""
    description: str = ""
    comment: str = ""  # what the answering person wrote beside his answer
    status: str = ""  # CONFIRMED, TENTATIVE, CANCELLED
    sequence: int = 0  # rises with every change of the same event
    recurrence: Recurrence | None = None
    occurrence: datetime | date | None = None  # of a series this one is meant alone
    is_task: bool = False

    @property
    def is_cancelled(self) -> bool:
        """Whether it takes place no longer."""
        return self.method == "CANCEL" or self.status == "CANCELLED"


def read_invitations(data: bytes, *, charset: str = "", method: str = "") -> tuple[Invitation, ...]:
    """The events of a calendar part, at most 20; what is damaged is left out, never raised.

    `method` is what the part's own header says of it, for calendars that do not say so themselves.
    """
    found = components(data[:MAX_CALENDAR], charset)
    if not any(part.name in _KINDS for part in found):
        return ()
    zones = Zones(found)
    declared = next((part.text("METHOD") for part in found if part.name == "VCALENDAR"), "") or method
    events = [part for part in found if part.name in _KINDS][:_MOST_EVENTS]
    return tuple(_invitation(event, zones, declared.strip().upper()[:20]) for event in events)


def without_repeats(invitations: Iterable[Invitation]) -> tuple[Invitation, ...]:
    """Each event once: programs send the same calendar as a part and as a file."""
    known: dict[tuple[object, ...], Invitation] = {}
    for one in invitations:
        same = (one.uid, one.sequence, one.occurrence, one.start, one.title)
        before = known.get(same)
        if before is None:
            known[same] = one
        elif one.method and not before.method:
            known[same] = replace(before, method=one.method)
    return tuple(known.values())


def answered_by(invitations: tuple[Invitation, ...], address: str) -> tuple[Invitation, ...]:
    """Answers that name no mail address of the answering person are the sender's; Exchange's are of that kind."""
    if not any(one.method == "REPLY" for one in invitations):
        return invitations
    return tuple(
        replace(one, attendees=(Attendee(address, one.attendees[0].answer),))
        if one.method == "REPLY" and len(one.attendees) == 1 and "@" not in one.attendees[0].address
        else one
        for one in invitations
    )


def _invitation(event: Component, zones: Zones, method: str) -> Invitation:
    start = _moment(event.line("DTSTART"), zones)
    organiser = event.line("ORGANIZER")
    return Invitation(
        title=plain_text(event.line("SUMMARY"))[:1000],
        start=start,
        end=_end(event, start, zones),
        place=plain_text(event.line("LOCATION"))[:1000],
        organiser=_address(organiser),
        method=method,
        uid=event.text("UID")[:1000],
        attendees=_attendees(event),
        organiser_name=organiser.parameters.get("CN", "")[:200] if organiser else "",
        description=plain_text(event.line("DESCRIPTION"))[:20_000],
        comment=plain_text(event.line("COMMENT"))[:2000],
        status=event.text("STATUS").upper()[:20],
        sequence=_number(event.text("SEQUENCE")),
        recurrence=_recurrence(event.text("RRULE"), zones),
        occurrence=_moment(event.line("RECURRENCE-ID"), zones),
        is_task=event.name == "VTODO",
    )


def _attendees(event: Component) -> tuple[Attendee, ...]:
    found = [
        Attendee(_address(line), line.parameters.get("PARTSTAT", line.parameters.get("STATUS", "")).upper()[:20])
        for line in event.lines
        if line.name == "ATTENDEE"
    ]
    return tuple(found[:_MOST_ATTENDEES])


def _end(event: Component, start: datetime | date | None, zones: Zones) -> datetime | date | None:
    """Where it ends: stated, or by its length. A whole day's end is exclusive in calendars, and inclusive here."""
    end = _moment(event.line("DTEND") or event.line("DUE"), zones)
    if end is None and start is not None and (length := span(event.text("DURATION"))):
        try:
            end = start + length
        except OverflowError:
            return None
    if isinstance(end, datetime) or end is None:
        return end
    is_after = isinstance(start, date) and not isinstance(start, datetime) and end > start and event.name == "VEVENT"
    return end - timedelta(days=1) if is_after else end


def _moment(line: Line | None, zones: Zones) -> datetime | date | None:
    """A date or a moment: "20240304", "20240304T101200Z", or with a TZID; the separators of ISO 8601 are let pass."""
    if line is None:
        return None
    text = line.value.strip().replace("-", "").replace(":", "").upper()
    day, _, time = text.partition("T")
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:8]))
        if not time:
            return on
        seconds = min(int(time[4:6] or 0), 59) if time[4:6].isdigit() else 0
        moment = datetime(on.year, on.month, on.day, int(time[:2]), int(time[2:4]), seconds)
        if time.endswith("Z"):
            return moment.replace(tzinfo=UTC)
        return zones.in_utc(moment, line.parameters.get("TZID", ""))
    except (ValueError, OverflowError):
        return None


def _recurrence(text: str, zones: Zones) -> Recurrence | None:
    """The rule of a series, or nothing where it is none. It is told, never unrolled: that could go on for ever."""
    rule = {name.strip().upper(): value.strip() for name, _, value in (part.partition("=") for part in text.split(";"))}
    frequency = rule.get("FREQ", "").upper()
    if frequency not in _FREQUENCIES:
        return None
    count = _number(rule.get("COUNT", ""))
    until = rule.get("UNTIL", "")
    return Recurrence(
        frequency,
        interval=max(_number(rule.get("INTERVAL", "")), 1),
        days=tuple(day for day in rule.get("BYDAY", "").upper().split(",")[:60] if _is_day(day)),
        month_days=_numbers(rule.get("BYMONTHDAY", "")),
        months=_numbers(rule.get("BYMONTH", "")),
        count=count or None,
        until=_moment(Line("UNTIL", {}, until), zones) if until else None,
    )


def _is_day(text: str) -> bool:
    return text[-2:] in ("MO", "TU", "WE", "TH", "FR", "SA", "SU") and text[:-2].lstrip("+-").isdigit() | (
        len(text) == 2
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(",")[:60] if one.strip().lstrip("+-").isdecimal() and len(one) < 5)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _address(line: Line | None) -> str:
    """The mail address of a person in a calendar; some programs write it as a parameter beside another address."""
    if line is None:
        return ""
    value = line.value.strip()
    if value[:7].lower() == "mailto:":
        return value[7:].strip()[:320]
    given = line.parameters.get("EMAIL", "")
    return (given or value)[:320]
