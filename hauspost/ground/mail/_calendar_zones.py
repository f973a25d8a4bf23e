"""Which time zone a calendar means: an IANA name, a Windows name, or the rules that it brings along itself."""

import functools
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ._calendar_lines import Component

_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?$")
_STATED_OFFSET = re.compile(r"\(?(?:UTC|GMT) ?([+-]\d{1,2}):?(\d{2})\)?", re.IGNORECASE)
_DAY = re.compile(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)$")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Change(NamedTuple):
    """From when in a year another offset holds, by local time before the change."""

    offset: timedelta
    offset_before: timedelta
    first: datetime
    month: int = 0  # 0: at `first` once, and never again
    week: int = 0  # 2: the second such day of the month; -1: its last
    weekday: int = 0


class Zones:
    """The zones of one calendar. Nothing is kept beyond it: two calendars may mean two things by one name."""

    def __init__(self, parts: Sequence[Component]) -> None:
        self._defined: dict[str, list[_Change]] = {}
        for part in parts[:200]:
            if part.name in ("STANDARD", "DAYLIGHT") and part.inside and (change := _change(part)):
                self._defined.setdefault(part.inside.text("TZID").strip('"'), []).append(change)

    def in_utc(self, moment: datetime, name: str) -> datetime:
        """A local time in UTC; naive as before where the name says nothing to us."""
        name = name.strip().strip('"')
        if not name:
            return moment
        zone = _known(name)
        if zone is not None:
            return moment.replace(tzinfo=zone).astimezone(UTC)
        offset = _offset_of(self._defined.get(name, ()), moment)
        if offset is None and (stated := _STATED_OFFSET.match(name)):
            hours = int(stated.group(1))
            offset = timedelta(hours=hours, minutes=int(stated.group(2)) * (-1 if hours < 0 else 1))
        return moment if offset is None else (moment - offset).replace(tzinfo=UTC)


@functools.lru_cache(maxsize=256)
def _known(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, be it behind a vendor's prefix ("/mozilla.org/2005/Europe/Berlin"), or of Windows'."""
    parts = name.strip("/").split("/")
    for candidate in ("/".join(parts[-3:]), "/".join(parts[-2:]), parts[-1]):
        try:
            return ZoneInfo(candidate)
        except (ValueError, OSError):  # also ZoneInfoNotFoundError, which is a KeyError
            continue
        except KeyError:
            continue
    # A quarter of a second to import, and few calendars need it.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    known = WINDOWS_TO_OLSON.get(name)
    return ZoneInfo(known) if known else None


def _change(part: Component) -> _Change | None:
    offset, before = _offset(part.text("TZOFFSETTO")), _offset(part.text("TZOFFSETFROM"))
    if offset is None or before is None:
        return None
    try:
        first = datetime.strptime(part.text("DTSTART")[:15], "%Y%m%dT%H%M%S")
    except ValueError:
        first = datetime(1970, 1, 1)
    rule = dict(entry.partition("=")[::2] for entry in part.text("RRULE").upper().split(";"))
    day = _DAY.match(rule.get("BYDAY", ""))
    month = rule.get("BYMONTH", "")
    if rule.get("FREQ") != "YEARLY" or not day or not month.isdecimal() or not 1 <= int(month[:3]) <= 12:
        return _Change(offset, before, first)
    return _Change(offset, before, first, int(month), int(day.group(1) or 1), _DAYS.index(day.group(2)))


def _offset(text: str) -> timedelta | None:
    hit = _OFFSET.match(text)
    if not hit:
        return None
    offset = timedelta(hours=int(hit.group(2)), minutes=int(hit.group(3)))
    return -offset if hit.group(1) == "-" else offset


def _offset_of(changes: Sequence[_Change], moment: datetime) -> timedelta | None:
    """The offset that the last change before that local time brought."""
    if not changes:
        return None
    past = [(onset, change) for change in changes for onset in _onsets(change, moment) if onset <= moment]
    if past:
        return max(past, key=lambda one: one[0])[1].offset
    return min(changes, key=lambda change: change.first).offset_before


def _onsets(change: _Change, moment: datetime) -> list[datetime]:
    if not change.month:
        return [change.first]
    onsets = []
    for year in (moment.year, moment.year - 1):
        try:
            onsets.append(_day_of_month(change, year))
        except ValueError:
            continue
    return onsets


def _day_of_month(change: _Change, year: int) -> datetime:
    """The second Sunday of March, or the last one of October, at the hour of the change."""
    at = change.first.time()
    if change.week > 0:
        first = datetime.combine(datetime(year, change.month, 1), at)
        return first + timedelta(days=(change.weekday - first.weekday()) % 7 + 7 * (change.week - 1))
    after = datetime(year + change.month // 12, change.month % 12 + 1, 1)
    last = datetime.combine(after - timedelta(days=1), at)
    return last - timedelta(days=(last.weekday() - change.weekday) % 7 + 7 * (-change.week - 1))
