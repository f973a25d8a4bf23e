"""When the demo company works: office hours, weekends and roughly the public holidays of its three sites."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from tests import world

ZONE = ZoneInfo("Europe/Berlin")  # Vienna's clocks show the same.
OPENS, CLOSES = time(7, 0), time(17, 30)
OFFICE_DAY = timedelta(hours=10, minutes=30)
HEADQUARTERS = "koeln"
# Somebody who starts the demo at night or on a Sunday still finds fresh mail: the desk has been open for so long.
LATE_SHIFT = timedelta(hours=4)
# Steps that come sooner are counted in office hours, later ones in days.
SAME_DAY = timedelta(hours=12)

# (month, day) everywhere, and what only some sites keep; moving feasts in days after Easter Sunday.
FIXED = {(1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)}
FIXED_AT = {
    "DE-NW": {(10, 3), (11, 1)},
    "DE-HH": {(10, 3), (10, 31)},
    "AT-9": {(1, 6), (8, 15), (10, 26), (11, 1), (12, 8)},
}
MOVING = {1, 39, 50}
MOVING_AT = {"DE-NW": {-2, 60}, "DE-HH": {-2}, "AT-9": {60}}
HOLIDAYS_OF = {site.key: site.holidays for site in world.SITES}


@cache
def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian computus."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@cache
def is_working_day(day: date, site: str) -> bool:
    """Does anybody work at this site on this day?"""
    region = HOLIDAYS_OF[site]
    if day.weekday() >= 5 or (day.month, day.day) in FIXED | FIXED_AT[region]:
        return False
    return (day - easter(day.year)).days not in MOVING | MOVING_AT[region]


def opening(day: date) -> datetime:
    """When the offices open on a day."""
    return datetime.combine(day, OPENS, ZONE).astimezone(UTC)


def is_open(moment: datetime, site: str) -> bool:
    """Is it a moment of office hours at this site?"""
    local = moment.astimezone(ZONE)
    return OPENS <= local.time() < CLOSES and is_working_day(local.date(), site)


def in_office_hours(moment: datetime, site: str, dice: random.Random) -> datetime:
    """The moment itself, or some time in the first hours of the next working day."""
    if is_open(moment, site):
        return moment
    local = moment.astimezone(ZONE)
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    while not is_working_day(day, site):
        day += timedelta(days=1)
    return opening(day) + timedelta(seconds=dice.randrange(600, 9000))


def later(moment: datetime, after: timedelta, site: str, dice: random.Random) -> datetime:
    """`after` a moment, moved into office hours; short spans run on the next working day where this one ends."""
    if after >= SAME_DAY:
        return in_office_hours(moment + after, site, dice)
    closing = datetime.combine(moment.astimezone(ZONE).date(), CLOSES, ZONE).astimezone(UTC)
    if not is_open(moment, site) or moment + after < closing:
        return in_office_hours(moment + after, site, dice)
    return in_office_hours(closing, site, dice) + (after - (closing - moment)) / 2


def before(today: datetime, ago: timedelta) -> datetime:
    """So long before today, in office hours of the headquarters: a day is a working day. Never later for a longer ago."""
    left = OFFICE_DAY * ago.days + min(ago - timedelta(days=ago.days), OFFICE_DAY)
    for begins, ends in _shifts_back_from(today):
        if left <= ends - begins:
            return ends - left
        left -= ends - begins
    raise AssertionError("shifts go back for ever")


def _shifts_back_from(today: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = today.astimezone(ZONE).date()
    begins = opening(day) if is_open(today, HEADQUARTERS) else today - LATE_SHIFT
    yield begins, today
    while True:
        if is_working_day(day, HEADQUARTERS):
            ends = min(opening(day) + OFFICE_DAY, begins)
            if opening(day) < ends:
                yield opening(day), ends
        day -= timedelta(days=1)
