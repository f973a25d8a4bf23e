"""Dates as mail programs write them for people, in their languages: "Montag, 4. März 2024 10:12"."""

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = (
    "january jan januar jänner jän janvier janv enero ene gennaio gen januari stycznia styczeń sty janeiro ledna "
    "leden led ocak oca tammikuuta tammikuu január ianuarie ian января янв січня gener",
    "february feb februar feber février févr fév febrero febbraio februari lutego luty lut fevereiro fev února "
    "únor úno şubat şub helmikuuta helmikuu február februarie февраля фев лютого febrer",
    "march mar märz mär mrz mars marzo maart mrt marca marzec março března březen bře mart maaliskuuta maaliskuu "
    "március márc martie марта мар березня març mars",
    "april apr avril avr abril abr aprile kwietnia kwiecień kwi dubna duben dub nisan nis huhtikuuta huhtikuu "
    "április ápr aprilie апреля апр квітня",
    "may mai mayo maggio mag mei maja maj maio května květen kvě mayıs toukokuuta toukokuu május máj мая май "
    "травня maig",
    "june jun juni juin junio giugno giu czerwca czerwiec cze junho června červen čvn haziran haz kesäkuuta "
    "kesäkuu június iunie июня июн червня juny",
    "july jul juli juillet juil julio luglio lug lipca lipiec lip julho července červenec čvc temmuz tem "
    "heinäkuuta heinäkuu július iulie июля июл липня juliol",
    "august aug août agosto ago augustus sierpnia sierpień sie srpna srpen srp ağustos ağu elokuuta elokuu "
    "augusztus august августа авг серпня agost",
    "september sep sept septembre septiembre settembre set września wrzesień wrz setembro září zář eylül eyl "
    "syyskuuta syyskuu szeptember szept septembrie сентября сен вересня setembre",
    "october oct oktober okt octobre octubre ottobre ott października październik paź outubro out října říjen říj "
    "ekim eki lokakuuta lokakuu október octombrie октября окт жовтня",
    "november nov novembre noviembre listopada listopad lis novembro listopadu kasım kas marraskuuta marraskuu "
    "noiembrie ноября ноя листопада",
    "december dec dezember dez décembre déc diciembre dic dicembre grudnia grudzień gru dezembro prosince "
    "prosinec pro aralık ara joulukuuta joulukuu decembrie декабря дек грудня desembre desember",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_ZONES = {"utc": 0, "gmt": 0, "z": 0, "wet": 0, "cet": 1, "mez": 1, "cest": 2, "mesz": 2, "bst": 1, "eet": 2, "eest": 3}
_ZONES |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "jst": 9, "msk": 3}

_TIME = re.compile(r"(?<!\d)(\d{1,2})[:h](\d{2})(?::(\d{2}))?(?!\d)(?:\s?([ap])\.?\s?m\b)?", re.IGNORECASE)
_TIME_WITH_DOT = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})()(?![\d.])(?:\s?([ap])\.?\s?m\b)?", re.IGNORECASE)
_OFFSET = re.compile(r"(?<!\d)([+-])(\d{1,2}):?(\d{2})(?!\d)|(?:utc|gmt)\s?([+-])(\d{1,2})(?!\d)", re.I)
_YEAR_FIRST = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[年년./-]\s?(\d{1,2})\s?[月월./-]\s?(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?((?:19|20)?\d\d)(?![\d:])")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_DAY = re.compile(r"(?<![\d:.])(\d{1,2})(?:st|nd|rd|th|er|º|ª)?(?![\d:h])", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{1,20}")


def moment_in_words(text: str, sent: datetime | None = None) -> datetime | None:
    """The moment that a date of a forwarded header means, in UTC; without a zone where nobody says which it is.

    Where it names no zone it is `sent`'s, as the one who passed the mail on saw it so: unless that is UTC, in which
    Exchange writes every mail's date, wherever its sender sits. None where it says no moment. Nothing can be passed on
    before it was written: of two ways to read 03/04, the one that is not later than `sent` holds.
    """
    text = text[:200]
    time = _TIME.search(text) or _TIME_WITH_DOT.search(text)
    rest = text[: time.start()] + " " + text[time.end() :] if time else text
    zone = _zone(rest) or (sent.tzinfo if sent and sent.utcoffset() else None)
    hour, minute = (int(time.group(1)), int(time.group(2))) if time else (0, 0)
    if time and time.group(4):
        hour = hour % 12 + (12 if time.group(4).lower() == "p" else 0)
    readings = []
    for year, month, day in _days(rest, is_american=bool(time and time.group(4))):
        try:
            readings.append(
                datetime(year, month, day, hour, minute, int(time.group(3) or 0) if time else 0, tzinfo=zone or UTC)
            )
        except (ValueError, OverflowError):
            continue
    possible = [one for one in readings if sent is None or one <= sent + timedelta(days=1)]
    try:
        found = (possible or readings)[0].astimezone(UTC) if readings else None
        return found if zone or found is None else found.replace(tzinfo=None)
    except OverflowError:
        return None


def _days(text: str, *, is_american: bool) -> list[tuple[int, int, int]]:
    """Year, month and day, in the order in which they are likely."""
    if found := _YEAR_FIRST.search(text):
        return [(int(found.group(1)), int(found.group(2)), int(found.group(3)))]
    if found := _DAY_FIRST.search(text):
        first, second, year = int(found.group(1)), int(found.group(3)), int(found.group(4))
        year += 2000 if year < 100 else 0
        ways = [(year, second, first), (year, first, second)]
        return ways[::-1] if is_american and found.group(2) == "/" else ways
    year_found = _YEAR.search(text)
    words = ((word, _MONTH_OF.get(word.group().casefold())) for word in _WORD.finditer(text))
    named = next(((word, month) for word, month in words if month), None)
    if not year_found or named is None:
        return []
    word, month = named
    days = [hit for hit in _DAY.finditer(text) if hit.start() != year_found.start()]
    if not days:
        return []
    nearest = min(days, key=lambda hit: min(abs(hit.end() - word.start()), abs(hit.start() - word.end())))
    return [(int(year_found.group(1)), month or 0, int(nearest.group(1)))]


def _zone(text: str) -> timezone | None:
    if found := _OFFSET.search(text):
        minutes = int(found.group(2) or found.group(5)) * 60 + int(found.group(3) or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if "-" in (found.group(1), found.group(4)) else minutes))
    for word in _WORD.findall(text):
        hours = _ZONES.get(word.casefold())
        if hours is not None and word.isupper():
            return timezone(timedelta(hours=hours))
    return None
