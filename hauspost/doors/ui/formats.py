"""Moments, spans, sizes and numbers as a reader of this page writes them (P44.3)."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext, pgettext
from markupsafe import Markup, escape

from hauspost.doors.ui.folding import folded
from hauspost.ground.clock import now

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONATE = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip
_DAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")}


def _tongue() -> str:
    return "de" if (get_language() or "en").startswith("de") else "en"


def _here(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_current_timezone())


def day(moment: datetime | date | None) -> str:
    """23.11.2026 or 23 Nov 2026, in the reader's zone."""
    if moment is None:
        return ""
    return _day(_here(moment) if isinstance(moment, datetime) else moment, _tongue())


def _day(on: date, tongue: str) -> str:
    if tongue == "de":
        return f"{on.day:02}.{on.month:02}.{on.year}"
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def clock(moment: datetime | None) -> str:
    """14:05, in the reader's zone."""
    return f"{_here(moment):%H:%M}" if moment else ""


def exact_time(moment: datetime | None) -> str:
    """14:05:09, in the reader's zone."""
    return f"{_here(moment):%H:%M:%S}" if moment else ""


def when(moment: datetime | None) -> str:
    """23.11.2026, 14:05 or 23 Nov 2026, 14:05."""
    return f"{day(moment)}, {clock(moment)}" if moment else ""


def brief(moment: datetime | None) -> str:
    """As short as a list allows: 09:41, Yesterday, Fri, 12 Nov, 12.11.2025."""
    return _brief(_here(moment), _here(now()), _tongue()) if moment else ""


def _brief(there: datetime, today: datetime, tongue: str) -> str:
    days = (today.date() - there.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    if days == 1:
        return gettext("Yesterday")
    if 1 < days < 7:
        return _DAYS[tongue][there.weekday()]
    if tongue == "de":
        return f"{there.day}.{there.month}." if there.year == today.year else f"{there:%d.%m.%y}"
    month = _MONTHS[there.month - 1]
    return f"{there.day} {month}" if there.year == today.year else f"{there.day} {month} {there.year}"


def brief_stamps(moments: Sequence[datetime]) -> list[Markup]:
    """The <time> elements of a list's rows; zone, language and present are asked for once."""
    zone, tongue = timezone.get_current_timezone(), _tongue()
    today, stamps = _here(now()), []
    for moment in moments:
        there = moment.astimezone(zone)
        shown, exact = _brief(there, today, tongue), _day(there, tongue)
        stamps.append(
            Markup(f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}" title="{exact}, {there:%H:%M}">{shown}</time>')
        )
    return stamps


def soon(moment: datetime | None) -> str:
    """A planned time, as short as a row allows: 14:45 today, Tue 14:00 this week, 12 Nov later."""
    if moment is None:
        return ""
    there, today = _here(moment), _here(now())
    days = (there.date() - today.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    if 0 < days < 7:
        return f"{_DAYS[_tongue()][there.weekday()]} {there:%H:%M}"
    return f"{there.day}.{there.month}." if _tongue() == "de" else f"{there.day} {_MONTHS[there.month - 1]}"


def entry_time(moment: datetime | None) -> str:
    """The time beside an entry: Today 08:02, Yesterday 17:30, 12 Nov, 17:30."""
    if moment is None:
        return ""
    there, today = _here(moment), _here(now())
    days = (today.date() - there.date()).days
    if days == 0:
        return gettext("Today %(time)s") % {"time": f"{there:%H:%M}"}
    if days == 1:
        return gettext("Yesterday %(time)s") % {"time": f"{there:%H:%M}"}
    if there.year == today.year:
        if _tongue() == "de":
            return f"{there.day}. {_MONATE[there.month - 1]}, {there:%H:%M}"
        return f"{there.day} {_MONTHS[there.month - 1]}, {there:%H:%M}"
    return when(moment)


def ago(moment: datetime | None) -> str:
    """How long since: just now, 5 min ago, 3 h ago, 4 days ago."""
    if moment is None:
        return ""
    passed = now() - moment
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 1:
        return gettext("just now")
    if minutes < 60:
        return gettext("%(count)s min ago") % {"count": minutes}
    if minutes < 24 * 60:
        return gettext("%(count)s h ago") % {"count": minutes // 60}
    days = minutes // (24 * 60)
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": number(days)}


def span(length: timedelta | None) -> str:
    """A length of time in words: 38 min, 2 h 18 min, 3 days."""
    if length is None:
        return ""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return gettext("%(count)s min") % {"count": minutes}
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        words = gettext("%(count)s h") % {"count": hours}
        return words + (" " + gettext("%(count)s min") % {"count": rest} if rest else "")
    days = minutes // (24 * 60)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": number(days)}


def number(count: Any, places: int = 0) -> str:
    """1.234,5 or 1,234.5."""
    if count is None:
        return ""
    plain = f"{count:,.{places}f}"
    return plain.translate(str.maketrans(",.", ".,")) if _tongue() == "de" else plain


def capped(count: int) -> str:
    """A counter that never grows wide: 999+ from a thousand on (P15.3)."""
    return "999+" if count > 999 else str(count)


def size(size_bytes: int | None) -> str:
    """A file's size: 412 kB, 1.3 MB."""
    if size_bytes is None:
        return ""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{number(size_bytes / 1000)} kB"
    return f"{number(size_bytes / 1_000_000, 1)} MB"


def stamp(moment: datetime | None, style: str = "brief") -> Markup:
    """A whole <time> element: short to read, exact on hover and for machines."""
    if moment is None:
        return Markup("")
    shown = {"brief": brief, "ago": ago, "entry": entry_time, "when": when}[style](moment)
    return Markup(f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}" title="{escape(when(moment))}">{escape(shown)}</time>')


def for_input(moment: datetime | None) -> str:
    """What <input type="datetime-local"> takes, in the reader's zone."""
    return f"{_here(moment):%Y-%m-%dT%H:%M}" if moment else ""


def initials(name: str) -> str:
    """Two letters for a person's face; none for a bare address's punctuation."""
    words = [word for word in re.split(r"[\s.@_,()-]+", name) if word and word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def tint(name: str) -> str:
    """One of the face colours, the same for the same name on every page."""
    return "abcd"[sum(name.encode()) % 4]


_PARAGRAPHS = re.compile(r"\n\s*\n")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs with its line breaks; addresses on the web become links (S26: shown as they are)."""
    blocks = []
    for block in _PARAGRAPHS.split(text.strip()):
        pieces, end = [], 0
        for link in _LINK.finditer(block):
            target = escape(link.group())
            pieces.append(escape(block[end : link.start()]))
            pieces.append(Markup(f'<a href="{target}" rel="noopener noreferrer nofollow" target="_blank">{target}</a>'))
            end = link.end()
        pieces.append(escape(block[end:]))
        blocks.append("<p>" + "".join(pieces).replace("\n", "<br>") + "</p>")
    return Markup("".join(blocks))


def plain_name(text: str) -> str:
    """A name without marks that turn the writing direction or hide (S26, P22.3)."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c == "‍")


def address(text: str) -> Markup:
    """A mail address that breaks after its @, and whose signed token is left out of sight."""
    local, at, domain = short_address(text).rpartition("@")
    return Markup("{}{}<wbr>{}").format(local, at, domain) if at else escape(text)


def short_address(text: str) -> str:
    """A mail address without its signed token: it+…@company.example."""
    local, at, domain = text.rpartition("@")
    base, plus, token = local.partition("+")
    return f"{base}+…@{domain}" if at and plus and len(token) > 12 else text


def listing(names: list[str]) -> str:
    """Anna, Ben and Cleo."""
    if len(names) < 2:
        return "".join(names)
    return pgettext("end of a listing", "%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


FILTERS: dict[str, Callable[..., Any]] = {
    "when": when,
    "date": day,
    "time": clock,
    "exact_time": exact_time,
    "ago": ago,
    "brief": brief,
    "soon": soon,
    "span": span,
    "stamp": stamp,
    "number": number,
    "capped": capped,
    "size": size,
    "for_input": for_input,
    "initials": initials,
    "tint": tint,
    "paragraphs": paragraphs,
    "plain_name": plain_name,
    "listing": listing,
    "address": address,
    "folded": folded,
}
