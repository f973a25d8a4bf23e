"""Invitations in mails: what, when, where, by whom, and whether it is an answer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Invitation:
    """One event of a calendar part; start and end are dates for whole days, None where missing or unreadable."""

    title: str
    start: datetime | date | None
    end: datetime | date | None
    place: str
    organiser: str
    method: str  # REQUEST, REPLY, CANCEL …
    uid: str = ""
    attendees: tuple[tuple[str, str], ...] = ()  # address and PARTSTAT, which a REPLY carries


def read_invitations(data: bytes) -> tuple[Invitation, ...]:
    """The events of a calendar part, at most 20; a damaged calendar has none."""
    if len(data) > 1_000_000 or b"BEGIN:VEVENT" not in data.upper():
        return ()
    import icalendar  # a quarter of a second to import, and few mails need it

    try:
        calendar = icalendar.Calendar.from_ical(data)
        method = str(calendar.get("METHOD", "")).upper()
        return tuple(_invitation(event, method) for event in calendar.walk("VEVENT")[:20])
    except Exception:
        return ()


def _invitation(event: Any, method: str) -> Invitation:
    attendees = event.get("ATTENDEE") or []
    return Invitation(
        title=str(event.get("SUMMARY", ""))[:1000],
        start=_moment(event, "DTSTART"),
        end=_moment(event, "DTEND"),
        place=str(event.get("LOCATION", ""))[:1000],
        organiser=_address(event.get("ORGANIZER", "")),
        method=method,
        uid=str(event.get("UID", ""))[:1000],
        attendees=tuple(
            (_address(attendee), str(getattr(attendee, "params", {}).get("PARTSTAT", "")))
            for attendee in (attendees if isinstance(attendees, list) else [attendees])[:200]
        ),
    )


def _moment(event: Any, name: str) -> datetime | date | None:
    value = getattr(event.get(name), "dt", None)
    return value if isinstance(value, date) else None


def _address(value: Any) -> str:
    text = str(value)
    return text[7:] if text[:7].lower() == "mailto:" else text
