"""A mail passed on inside another one: where it begins, what its header says of it, and its own words (P30.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ._lines import HtmlLine, laid_out
from ._quote_words import ADDRESS, FORWARDED, ORIGINAL, RULE, header_kind
from .markup import Token, marked_html, without_marks

_MOST_LINES = 3000  # above the mail that is passed on; nobody writes more before it
_LONGEST_LINE, _LONGEST_VALUE, _MOST_HEADER_LINES = 1000, 20_000, 80
_ESSENTIAL = frozenset(("from", "date", "to", "subject"))
_COPY_WORDS = "cc kopie copie copia kopia dw cópia kopi bilgi копия копія 抄送 副本 참조 másolat kap kopio"
_COPIES = frozenset(_COPY_WORDS.split())
_UNSEEN = {0xA0: " ", 0x200E: None, 0x200F: None, 0x200B: None, 0xFEFF: None, 0x202F: " "}
_EDGES = " \t>|*_"
_QUOTED_ONCE = re.compile(r" ?> ?")
_NAMED = re.compile(r"[ \t>|*_]{0,8}[^\W\d_][\w ()/-]{0,30}:\s")
_VOID = frozenset(("br", "img", "hr", "col", "wbr"))


@dataclass(frozen=True, slots=True)
class Passed:
    """A mail passed on. `above` and `body` are text or safe HTML, as it was asked for.

    `header` holds what its header says under "from", "date", "to", "cc", "subject"; `is_marked` tells whether words
    like "Forwarded message" stand above it, which a quoted mail has not.
    """

    above: str
    header: dict[str, str] = field(default_factory=dict)
    body: str = ""
    is_marked: bool = False


class _Row(NamedTuple):
    text: str
    depth: int = 0
    has_gap: bool = False


def passed_on_in_text(text: str) -> Passed | None:
    """The first mail passed on in a plain text, or None."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = [_Row(line[:_LONGEST_LINE].translate(_UNSEEN), _depth(line)) for line in lines]
    found = _find(rows)
    if found is None:
        return None
    start, header, end, is_marked = found
    body = lines[end:]
    if rows[end - 1].depth:
        # Apple's programs put ">" before the mail that they pass on.
        body = [_QUOTED_ONCE.sub("", line, count=1) if line.lstrip().startswith(">") else line for line in body]
    return Passed("\n".join(lines[:start]).strip(), header, "\n".join(body).strip("\n"), is_marked)


def passed_on_in_html(html: str) -> Passed | None:
    """The first mail passed on in an HTML body, or None; both halves are safe and well-formed."""
    stream, laid = laid_out(marked_html(html))
    rows = [_Row(line.text[:_LONGEST_LINE].translate(_UNSEEN), line.depth, line.has_gap) for line in laid]
    found = _find(rows)
    if found is None:
        return None
    start, header, end, is_marked = found
    return Passed(
        _html_of(stream, laid, range(start)), header, _html_of(stream, laid, range(end, len(laid))), is_marked
    )


def _find(rows: Sequence[_Row]) -> tuple[int, dict[str, str], int, bool] | None:
    """Where it begins, its header, where its words begin, and whether it is marked as passed on.

    Above it a person's own words may stand, but no quotation: what is passed on in there, somebody else did.
    """
    for index, row in enumerate(rows[:_MOST_LINES]):
        if not row.text.strip():
            continue
        if FORWARDED.match(row.text):
            after = _next_words(rows, index + 1)
            header, end = _header(rows, after)
            return (index, header, end, True) if _is_header(header) else None
        kind = header_kind(row.text)
        if kind and kind != "other":
            header, end = _header(rows, index)
            if _is_header(header):
                return _with_rule(rows, index), header, end, False
        if row.depth:
            return None
    return None


def _next_words(rows: Sequence[_Row], index: int) -> int:
    while index < len(rows) and not rows[index].text.strip(_EDGES):
        index += 1
    return index


def _with_rule(rows: Sequence[_Row], index: int) -> int:
    """A rule above the header, or "Original message", belongs to it."""
    before = index - 1
    while before >= 0 and not rows[before].text.strip():
        before -= 1
    text = rows[before].text if before >= 0 else ""
    if RULE.match(text) or ORIGINAL.match(text) or text == "---":
        return before
    return index


def _is_header(header: dict[str, str]) -> bool:
    """A sender, and two more kinds of line: prose has none of that."""
    return "from" in header and len(_ESSENTIAL & set(header)) >= 3


def _header(rows: Sequence[_Row], start: int) -> tuple[dict[str, str], int]:
    """The header lines from `start` on, wrapped ones joined, and where the words after them begin."""
    header: dict[str, str] = {}
    last, end = "", start
    for index in range(start, min(start + _MOST_HEADER_LINES, len(rows))):
        row = rows[index]
        text = row.text.strip(_EDGES)
        if not text:
            continue
        name, value = _line(row.text)
        # An empty line ends the header, unless a line of a kind that is still missing follows.
        is_apart = index > end and len(_ESSENTIAL & set(header)) >= 2
        if name and name not in header and not (is_apart and name == "other"):
            header[name] = value[:_LONGEST_VALUE]
            last, end = name, index + 1
        elif name == "other" or (not name and _is_unknown(rows, index, header)):
            last, end = "other", index + 1
        elif last and not is_apart and not name and _goes_on(header, last, row, rows[index - 1]):
            header[last] = f"{header.get(last, '')} {text}".strip()[:_LONGEST_VALUE]
            end = index + 1
        else:
            break
    header.pop("other", None)
    return header, end


def _is_unknown(rows: Sequence[_Row], index: int, header: dict[str, str]) -> bool:
    """A header line of a kind that nobody told us of, as one that we know and still miss comes right after it."""
    if not header or not _NAMED.match(rows[index].text) or index + 1 >= len(rows):
        return False
    after, _ = _line(rows[index + 1].text)
    return after not in ("", "other") and after not in header


def _line(text: str) -> tuple[str, str]:
    """What a header line tells, with copies apart from the rest of the others, and its value."""
    name, colon, value = text.replace("：", ":", 1).partition(":")
    word = name.strip(_EDGES).casefold()
    # Thunderbird says "Kopie (CC)".
    kind = "cc" if word in _COPIES or word.endswith("(cc)") else header_kind(text)
    return (kind, value.strip().strip("*_").strip()) if colon and kind else ("", "")


def _goes_on(header: dict[str, str], last: str, row: _Row, before: _Row) -> bool:
    """Whether a line without a name goes on with the value above, rather than being the first of the mail's words."""
    value = header.get(last, "")
    if not value and last != "other":
        return True
    if row.has_gap:
        return False
    if last in ("to", "cc", "from"):
        return value.endswith((",", ";", "<")) or value.count("<") > value.count(">") or _is_folded(row, before)
    return _is_folded(row, before)


def _is_folded(row: _Row, before: _Row) -> bool:
    """A line that is indented below one that is full goes on with it."""
    return row.text[:1] in (" ", "\t") and (len(before.text) > 60 or bool(ADDRESS.search(row.text)))


def _depth(line: str) -> int:
    stripped = line.lstrip(" \t\xa0\ufeff")
    return len(stripped) - len(stripped.lstrip("> ")) if stripped.startswith(">") else 0


def _html_of(stream: Sequence[Token], laid: Sequence[HtmlLine], wanted: range) -> str:
    """Some of the lines as HTML: all elements around them stay, those that become empty are dropped."""
    out: list[str] = []
    opened: list[int] = []
    for number, line in enumerate(laid):
        for text, name, is_end, attributes in stream[line.start : line.end]:
            if not name or name in _VOID:
                if number in wanted:
                    out.append(f"<{name}{attributes}>" if name else text)
            elif not is_end:
                opened.append(len(out))
                out.append(f"<{name}{attributes}>")
            elif opened:
                start = opened.pop()
                if all(not piece or piece.isspace() for piece in out[start + 1 :]):
                    del out[start:]
                else:
                    out.append(f"</{name}>")
    return without_marks("".join(out)).strip()
