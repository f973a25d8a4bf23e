"""Reading a table as spreadsheets and personnel systems write it: whatever its encoding and separator."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from hauspost.duties.importers.refusals import Unreadable, WrongColumns
from hauspost.ground.csv import safe_cell
from hauspost.ground.db import storable

MOST_ROWS = 200_000
MOST_COLUMNS = 200
_SEPARATORS = ";,\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file where it begins, and its cells by header."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The headers as they were written, and the rows in their order; empty rows are left out."""

    headers: Sequence[str]
    rows: Sequence[Row] = field(repr=False)


def read_table(content: bytes) -> Table:
    """The table in a file: UTF-8 with or without its mark, UTF-16 with it, else Windows-1252; separators ; , tab |.

    Raises Unreadable.
    """
    text = _decoded(content)
    first, _newline, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\r?", first.strip("\ufeff"))
    skipped = 0
    if told:
        # A spreadsheet's own word for its separator.
        text, skipped = rest, 1
    separator = told[1] if told else _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    headers: list[str] = []
    rows: list[Row] = []
    line = 1 + skipped
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1 + skipped
            if not any(cell.strip() for cell in cells):
                continue
            if not headers:
                headers = _headers(cells)
                continue
            rows.append(Row(begins, {name: _cell(text) for name, text in zip(headers, cells, strict=False) if name}))
            if len(rows) > MOST_ROWS:
                raise Unreadable(why=_("it has more than %(most)s rows; split it") % {"most": MOST_ROWS})
    except csv.Error as fault:
        raise Unreadable(why=_("line %(line)s is broken (%(fault)s)") % {"line": line, "fault": fault}) from fault
    if not headers:
        raise Unreadable(why=_("it is empty; the first line has to name the columns"))
    return Table([name for name in headers if name], rows)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Bytes that Windows-1252 does not know become U+FFFD and are seen in the preview.
        return content.decode("cp1252", "replace")


def _separator(text: str) -> str:
    """The one that parts the line of headers into most columns."""
    line = next((one for one in text.splitlines() if one.strip()), "")
    outside = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=outside.count)


def _headers(cells: Sequence[str]) -> list[str]:
    names = [_cell(cell)[:120] for cell in cells]
    if len(names) > MOST_COLUMNS:
        raise Unreadable(why=_("it has more than %(most)s columns") % {"most": MOST_COLUMNS})
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            raise Unreadable(why=_("the column “%(name)s” is there twice") % {"name": name})
        seen.add(name)
    return names


def _cell(text: str) -> str:
    clean = " ".join(storable(text.replace("\0", "")).split())
    # The apostrophe that our own export puts before what a spreadsheet would calculate (S15).
    return clean[1:] if clean[:1] == "'" and safe_cell(clean[1:]) == clean else clean


def folded(text: str) -> str:
    """A heading or a name as it is compared: without case, accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if one.isalnum())


def recognise(
    headers: Iterable[str], known: Mapping[str, Sequence[str]], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Which column is which field: {header: field}, by the words known of each field, and as `given` says.

    `given` names columns that are called otherwise; an empty field leaves a column out. Raises WrongColumns.
    """
    wanted = {folded(header): wish.strip() for header, wish in (given or {}).items()}
    by_word = {folded(word): name for name, words in known.items() for word in (name, *words)}
    names = list(headers)
    here = {folded(header) for header in names}
    if strangers := [header for header in (given or {}) if folded(header) not in here]:
        raise WrongColumns(why=_("there is no column “%(name)s”") % {"name": strangers[0]})
    if strangers := [wish for wish in wanted.values() if wish and wish not in known]:
        fields = {"name": strangers[0], "known": ", ".join(known)}
        raise WrongColumns(why=_("there is no field “%(name)s”; the fields are %(known)s") % fields)
    found: dict[str, str] = {}
    for header in names:
        wish = wanted.get(folded(header), by_word.get(folded(header), ""))
        if not wish:
            continue
        if wish in found.values():
            if folded(header) not in wanted:
                continue  # The first one that fits; others can be named.
            found = {other: name for other, name in found.items() if name != wish}
        found[header] = wish
    return found
