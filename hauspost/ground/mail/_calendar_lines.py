"""The lines of an iCalendar or vCalendar file: unfolded, taken apart, grouped by component; bounded and tolerant."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from ._charsets import decode, storable

_MOST_LINES, _LONGEST_LINE, _MOST_COMPONENTS = 20_000, 100_000, 500
_FOLD = re.compile(r"\r?\n[ \t]|\r(?!\n)")
_PARAMETER = re.compile(
    r";([A-Za-z0-9-]{1,60})=((?:\"[^\"\n]{0,2000}\"|[^\";:\n]{0,2000})(?:,(?:\"[^\"\n]{0,2000}\"|[^\";:,\n]{0,2000}))*+)"
)
_BARE = re.compile(r";(QUOTED-PRINTABLE|BASE64|8BIT)(?=[;:])", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([nN\\;,:\"])")
_SPAN = re.compile(
    r"([+-])?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Line:
    """NAME;PARAMETER=x:value, the name and its parameters' names in capitals, the value as it stands."""

    name: str
    parameters: dict[str, str]
    value: str


@dataclass(slots=True)
class Component:
    """BEGIN:NAME … END:NAME: its own lines, and of which component it is a part."""

    name: str
    lines: list[Line] = field(default_factory=list)
    inside: "Component | None" = None

    def line(self, name: str) -> Line | None:
        """The first line of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        """The first value of that name, or nothing."""
        line = self.line(name)
        return line.value.strip() if line else ""


def components(data: bytes, charset: str = "") -> list[Component]:
    """All components of a calendar, outer ones first. Lines outside of any are left out; what never ends, ends."""
    if b"BEGIN:V" not in data.upper() and b"\0" not in data:
        return []
    text = storable(decode(data, charset or "utf-8"))
    found: list[Component] = []
    opened: list[Component] = []
    for line in _lines(text):
        if line.name == "BEGIN" and len(found) < _MOST_COMPONENTS:
            opened.append(Component(line.value.strip().upper(), inside=opened[-1] if opened else None))
            found.append(opened[-1])
        elif line.name == "END":
            name = line.value.strip().upper()
            if any(component.name == name for component in opened):
                while opened.pop().name != name:
                    pass
        elif opened:
            opened[-1].lines.append(line)
    return found


def _lines(text: str) -> Iterator[Line]:
    rows = _FOLD.sub("", text).split("\n")[:_MOST_LINES]
    index = 0
    while index < len(rows):
        row = rows[index].rstrip("\r")[:_LONGEST_LINE]
        index += 1
        line = _line(row)
        if line is None:
            continue
        if line.parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
            value = line.value
            while value.endswith("=") and index < len(rows):
                value = value[:-1] + rows[index].rstrip("\r").lstrip(" \t")
                index += 1
            raw = binascii.a2b_qp(value.encode("utf-8", "replace"))
            line = Line(line.name, line.parameters, storable(decode(raw, line.parameters.get("CHARSET", ""))))
        yield line


def _line(row: str) -> Line | None:
    stop = next((at for at, character in enumerate(row[:80]) if character in ";:"), -1)
    if stop <= 0:
        return None
    name, parameters, position = row[:stop].strip().upper().rpartition(".")[2], {}, stop
    while hit := _PARAMETER.match(row, position):
        parameters[hit.group(1).upper()] = hit.group(2).strip().strip('"')
        position = hit.end()
    while hit := _BARE.match(row, position):
        parameters["ENCODING"] = hit.group(1).upper()
        position = hit.end()
        while more := _PARAMETER.match(row, position):
            parameters[more.group(1).upper()] = more.group(2).strip().strip('"')
            position = more.end()
    colon = row.find(":", position)
    return Line(name, parameters, row[colon + 1 :]) if colon >= 0 else None


def plain_text(line: Line | None) -> str:
    """A text value with its escapes undone."""
    if line is None:
        return ""
    text = _ESCAPE.sub(lambda hit: "\n" if hit.group(1) in "nN" else hit.group(1), line.value)
    return text.replace("\r\n", "\n").strip()


def span(text: str) -> timedelta | None:
    """A DURATION such as "PT1H30M"; None where it is none."""
    hit = _SPAN.fullmatch(text.strip())
    if not hit or not any(hit.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in hit.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if hit.group(1) == "-" else length
