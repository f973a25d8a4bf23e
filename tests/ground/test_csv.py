"""CSV for spreadsheets: what people wrote stays text, and never becomes a formula."""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from hauspost.ground.csv import csv_bytes, safe_cell


@pytest.mark.parametrize(
    "begins", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "  =", "\u00a0@", "\u3000＝"]
)
def test_text_that_would_be_a_formula_is_marked(begins: str) -> None:
    """S15: also behind spaces, and in full-width forms."""
    assert safe_cell(f"{begins}HYPERLINK(1)") == f"'{begins}HYPERLINK(1)"


@pytest.mark.parametrize("text", ["", "Printer stuck", "a=b", "1+1", "it's", "'=1", "Größe – 5", "#42"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


def test_numbers_stay_numbers_and_moments_can_be_sorted() -> None:
    """S15: -5 in a numeric column is a number, "-5" that somebody typed is text."""
    assert [safe_cell(value) for value in (-5, 0, 2.5, True, None)] == [-5, 0, 2.5, 1, ""]
    assert safe_cell("-5") == "'-5"
    assert safe_cell(datetime(2026, 11, 24, 9, 5, tzinfo=UTC)) == "2026-11-24 09:05+00:00"
    assert safe_cell(date(2026, 11, 24)) == "2026-11-24"


def test_a_file_opens_in_a_spreadsheet() -> None:
    rows = [("Number", "Subject"), (42, 'She said "no"; then\nleft'), (-1, "=1+1\0"), (7, "Müller \ud800")]
    file = b"".join(csv_bytes(rows))
    assert file.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert read == [["Number", "Subject"], ["42", 'She said "no"; then\nleft'], ["-1", "'=1+1"], ["7", "Müller ?"]]
    assert b'\r\n-1;"' in file


def test_long_lists_come_in_pieces() -> None:
    """P15.5: nothing waits for the last row."""
    read = 0

    def rows() -> object:
        nonlocal read
        for number in range(1000):
            read += 1
            yield (number,)

    pieces = csv_bytes(rows())  # type: ignore[arg-type]
    assert next(pieces).startswith(b"\xef\xbb\xbf0\r\n")
    assert read < 300
    assert b"".join(pieces).endswith(b"999\r\n")
