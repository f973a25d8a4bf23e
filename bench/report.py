"""The tables: each figure with its aim, and how it grew from the smaller desk to the larger."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.measuring import Figure
from bench.places import DATA, Desk

GROWTH_AIM = 1.3
# What each figure should stay under: CPU milliseconds, MB or seconds. Checked by the beginning of its name.
AIMS: Mapping[str, float] = {
    "mail, from 250 to filed and acknowledged": 8,
    "list": 4,
    "ticket with 10 entries": 5,
    "search": 10,
    "part:": 2.5,
    "reading alone": 1.5,
    "PSS of all processes, idle": 300,
    "first page after start": 2,
    "100 MB mail, memory above idle": 200,
}
# What a figure should reach: a second.
AT_LEAST: Mapping[str, float] = {
    "journal: 16 reused connections": 600,
    "journal: a connection each": 300,
    "journal: one connection": 100,
}
_NO_AIM = ("list, its counters anew",)


def keep(desk: Desk, part: str, figures: Sequence[Figure]) -> None:
    """Remember what was measured, so that a part measured alone finds its place in the table."""
    path = _path(desk)
    found = json.loads(path.read_text()) if path.exists() else {}
    found[part] = [figure.as_json() for figure in figures]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1))


def kept(desk: Desk) -> list[Figure]:
    """What was measured of a desk, by any run."""
    path = _path(desk)
    found = json.loads(path.read_text()) if path.exists() else {}
    return [
        Figure(**figure) for part in ("mail", "pages", "serving", "memory", "big") for figure in found.get(part, [])
    ]


def table(desk: Desk, smaller: Desk | None = None) -> str:
    """All figures of a desk; with growth where a smaller desk was measured."""
    before = {figure.name: figure for figure in kept(smaller)} if smaller else {}
    title = f"{desk.database}, {desk.tickets:,} tickets"
    if smaller:
        title += f" (growth from {smaller.tickets:,})"
    head = f"{'':46}{'CPU':>9}{'p95':>9}{'wall':>9}{'p95':>9}{'queries':>9}{'aim':>8}{'growth':>8}"
    lines = [_line(figure, before.get(figure.name)) for figure in kept(desk)]
    return "\n".join([title, "-" * len(head), head, *lines, ""])


def missed(figures: Iterable[Figure]) -> list[str]:
    """The figures that do not meet their aim."""
    return [figure.name for figure in figures if _is_missed(figure)]


def aim_of(name: str) -> float | None:
    """What a figure should stay under, or reach, if anything."""
    if name.startswith(_NO_AIM):
        return None
    if name in AT_LEAST:
        return AT_LEAST[name]
    return next((aim for begin, aim in AIMS.items() if name.startswith(begin)), None)


def _is_missed(figure: Figure) -> bool:
    aim = aim_of(figure.name)
    if aim is None:
        return False
    return figure.value < aim if figure.name in AT_LEAST else figure.value > aim


def _line(figure: Figure, before: Figure | None) -> str:
    numbers = (figure.value, figure.p95, figure.wall, figure.wall_p95)
    cells = [_number(one).rjust(9) for one in numbers]
    if figure.unit != "ms":
        cells[0] = f"{_number(figure.value)} {figure.unit}".rjust(9)
    aim = aim_of(figure.name)
    asked = "" if figure.queries is None else str(figure.queries)
    wanted = "" if aim is None else f"{'!' if _is_missed(figure) else ''}{_number(aim)}"
    return f"{figure.name:46}{''.join(cells)}{asked:>9}{wanted:>8}{_growth(figure, before):>8}"


def _growth(figure: Figure, before: Figure | None) -> str:
    if before is None or not before.value or not figure.unit:
        return ""
    times = before.value / figure.value if figure.unit == "/s" else figure.value / before.value
    return f"{'!' if times > GROWTH_AIM else ''}{times:.2f}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _path(desk: Desk) -> Path:
    return DATA / "results" / f"{desk.database}-{desk.tickets}.json"
