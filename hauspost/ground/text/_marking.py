"""Which lines of a mail are its author's, which a quote, which a mail passed on: read from top to bottom."""

from ._introductions import (
    MOST_LINES,
    Line,
    foreign_header,
    header_block,
    introduction,
    is_marked,
    next_words,
    notes_header,
    with_rule_before,
)
from ._quote_words import (
    FORWARDED,
    HAS_DATE,
    NOTES_RULE,
    ORIGINAL,
    RULE,
    RULE_WITH_WORDS,
    bare_header_kind,
    header_kind,
)
from ._signature_words import LINK

SAID, QUOTE, SIGNATURE, FORWARD = "said", "quote", "signature", "forward"

_RULES = tuple("-_=~─—–")
_COLONS = (":", "：")


def mark_quotes(lines: list[Line], kinds: list[str]) -> int:
    """Read the lines from top to bottom: what is neither introduced nor marked as a quote stays said.

    Tells where a quotation without marks begins, that goes on to the end.
    """
    index, count = 0, len(lines)
    has_said = has_quote = False
    marks_quotes: bool | None = None
    last_words = _last_words_before_indent(lines)
    has_one_mark = sum(1 for line in lines if line.depth) == 1
    code = _code_blocks(lines)
    while index < min(count, MOST_LINES):
        line = lines[index]
        if "r" in line.marks:
            if has_said:
                fill(kinds, index, count, QUOTE)
            return index if has_said else count
        if not line.text.strip() and not line.depth:
            index += 1
            continue
        if _passes_on(line):
            fill(kinds, index, count, FORWARD)
            return count
        if index in code:
            has_said = True
            index = code[index]
            continue
        is_indented = "b" in line.marks and has_said and index > last_words
        if (line.depth or is_indented) and not _is_groupwise(lines, index):
            if not has_quote and _is_own_quotation(lines, index, is_only=has_one_mark):
                index = _end_of_run(lines, index)
            else:
                index = _take_marked(lines, kinds, index)
                has_quote = True
            continue
        start, end, is_header = _heading(lines, kinds, index)
        if not end:
            has_said = True
            index += 1
            continue
        after = next_words(lines, end)
        is_followed = after < count and is_marked(lines[after])
        if is_followed and is_header and has_said:
            if marks_quotes is None:
                marks_quotes = _marks_its_quotes(lines, after)
            is_followed = marks_quotes
        if is_followed:
            fill(kinds, start, after, QUOTE)
            index = _take_marked(lines, kinds, after)
            has_quote = True
        elif has_said:
            fill(kinds, start, count, QUOTE)
            return start
        else:
            index = end
    return count


def _code_blocks(lines: list[Line]) -> dict[int, int]:
    """Where code begins and ends that somebody set between fences: nothing in it is a quote."""
    fences = [at for at, line in enumerate(lines) if line.text.startswith("```")]
    return {start: end + 1 for start, end in zip(fences[::2], fences[1::2], strict=False)}


def _last_words_before_indent(lines: list[Line]) -> int:
    """An indented block at the very end of an HTML mail is its quote, even if nobody says so: where it may begin.

    Unless its author shows something there: "The printer says:".
    """
    last = max((at for at, line in enumerate(lines) if line.text.strip() and "b" not in line.marks), default=-1)
    return len(lines) if last >= 0 and lines[last].text.rstrip().endswith(":") else last


def _passes_on(line: Line) -> bool:
    if "f" in line.marks:
        return True
    text = line.text
    may_be = text.lstrip(" \t>*")[:1] in _RULES or text.rstrip(" \t*")[-1:] in _COLONS
    return may_be and bool(FORWARDED.match(text))


def _is_own_quotation(lines: list[Line], index: int, *, is_only: bool) -> bool:
    """Whether somebody set ">" by himself: "The printer says:" above it, or in a sentence, "it takes > 5 minutes"."""
    own = lines[index].text.strip()
    if not own.startswith(">"):
        return False
    if is_only and own.endswith("<"):
        return True  # "> an arrow on both sides <"
    above = index - 1
    while above >= 0 and not lines[above].text.strip():
        above -= 1
    if above < 0 or lines[above].depth:
        return False
    text = lines[above].text.rstrip()
    if text.endswith(":"):
        return "@" not in text and not HAS_DATE.search(text)
    return is_only and above == index - 1


def _end_of_run(lines: list[Line], index: int) -> int:
    while index < len(lines) and lines[index].depth:
        index += 1
    return index


def _is_groupwise(lines: list[Line], index: int) -> bool:
    return lines[index].text.startswith(">>>") and introduction(lines, index) > 0


def _heading(lines: list[Line], kinds: list[str], index: int) -> tuple[int, int, bool]:
    """Where what heads a quotation begins (a rule may stand above this line) and ends, and whether it is a header
    rather than "On Monday, Ada wrote:"; the end is 0 if nothing heads one here."""
    line = lines[index]
    text = line.text
    if text.lstrip(" \t>*")[:1] in _RULES and _is_rule_over_quote(lines, index):
        return index, index + 1, True
    kind = header_kind(text)
    if kind and kind != "other":
        header = header_block(lines, index)
        if header:
            return with_rule_before(lines, kinds, index), header, True
    if "o" in line.marks and foreign_header(lines, index):
        return index, index + 1, True
    if kind == "to" or bare_header_kind(text) == "to":
        start = notes_header(lines, index)
        if start >= 0:
            return start, index + 1, True
    return index, introduction(lines, index), False


def _is_rule_over_quote(lines: list[Line], index: int) -> bool:
    """Whether a line of dashes says that a quoted mail is below it, or its header shows it in whatever language."""
    text = lines[index].text
    has_words = not RULE.match(text) and "-" not in lines[index].marks
    if has_words:
        if text.rstrip(" \t*:")[-1:] not in _RULES:
            return False
        if ORIGINAL.match(text) or NOTES_RULE.match(text):
            return True
        if not RULE_WITH_WORDS.match(text):
            return False
    after = next_words(lines, index + 1)
    return after < len(lines) and foreign_header(lines, after)


def _marks_its_quotes(lines: list[Line], index: int) -> bool:
    """Whether the program marks what it quotes, from here on: not if the quoted mail only began with a quote."""
    marked = sum(1 for line in lines[index:] if line.depth)
    return marked * 2 >= sum(1 for line in lines[index:] if line.text.strip())


def fill(kinds: list[str], start: int, end: int, kind: str) -> None:
    kinds[start:end] = [kind] * (end - start)


def _take_marked(lines: list[Line], kinds: list[str], start: int) -> int:
    """Mark a run of marked lines with the empty ones amid them; what follows is a person's again."""
    index = last = start
    while index < len(lines):
        if is_marked(lines[index]) or (index > start and _is_broken_link(lines, index)):
            last = index
        elif lines[index].text.strip():
            break
        index += 1
    fill(kinds, start, last + 1, QUOTE)
    return last + 1


def _is_broken_link(lines: list[Line], index: int) -> bool:
    """Whether a line amid marked ones is the rest of a link that some program wrapped without marking it."""
    own = lines[index].text.strip()
    if not own or len(own) > 300 or index + 1 >= len(lines) or not is_marked(lines[index - 1]):
        return False
    if not is_marked(lines[index + 1]):
        return False
    if own.endswith(">") and not LINK.sub("", own).strip(" >"):
        return True
    before = lines[index - 1].text
    opened = max(before.rfind("(http"), before.rfind("<http"))
    closer = ")" if before[opened : opened + 1] == "(" else ">"
    return opened >= 0 and closer not in before[opened:] and closer in own and " " not in own
