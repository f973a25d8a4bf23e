"""CSV that spreadsheets open as it is: semicolons, UTF-8 with its mark, and no cell that becomes a formula (S15)."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

MARK = b"\xef\xbb\xbf"
# What begins a formula in a spreadsheet, also in the full-width forms that some of them fold.
_FORMULA = frozenset("=+-@＝＋－＠")
_SHIFTING = frozenset("\t\r\n")
_AT_ONCE = 200


def safe_cell(value: object) -> str | int | float:
    """A value as a cell: numbers stay numbers, moments are ISO 8601, and text never begins a formula.

    An apostrophe stands before text that would: spreadsheets show the text and count nothing. Whoever reads the file
    with a program finds the apostrophe there.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).replace("\0", "")
    begins = text.lstrip()[:1]
    is_formula = begins in _FORMULA or text[:1] in _SHIFTING
    return f"'{text}" if text and is_formula else text


def csv_bytes(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The rows as pieces of a CSV file, made while they are read; the first piece begins with the mark of UTF-8."""
    line = _Line()
    # All text in quotes: also a spreadsheet that takes another sign for the separator splits no cell into a formula.
    writer = csv.writer(line, delimiter=";", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    piece = [MARK]
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        piece.append(line.written.encode("utf-8", "replace"))
        if len(piece) > _AT_ONCE:
            yield b"".join(piece)
            piece = []
    if piece:
        yield b"".join(piece)


class _Line:
    """What the writer of the standard library writes to: keeps the last line only."""

    written = ""

    def write(self, line: str) -> None:
        self.written = line
