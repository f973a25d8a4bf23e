"""Where a quote begins: "On Monday, Ada wrote:" and "From: … Sent: … To: …", recognised line by line."""

from typing import NamedTuple

from ._quote_words import (
    ADDRESS,
    HAS_DATE,
    HAS_TIME,
    HEADER_LINE,
    LAST_WORDS,
    OF_ONESELF,
    OPENS_INTRODUCTION,
    ORIGINAL,
    RULE,
    VERB,
    VERB_AT_END,
)

_LONGEST_INTRODUCTION = 6  # lines


class Line(NamedTuple):
    text: str
    depth: int  # how deep the mark-up says it is quoted; for text, the number of ">"
    marks: str = ""


def introduction(lines: list[Line], index: int) -> int:
    """Whether "On Monday, Ada wrote:" begins here, on up to six lines; 0, or the line after it."""
    first = lines[index]
    if "h" in first.marks:
        end = index + 1
        while end < len(lines) and "h" in lines[end].marks:
            end += 1
        return end
    opens = bool(OPENS_INTRODUCTION.match(first.text))
    may_wrap = (
        opens or bool(ADDRESS.search(first.text) and VERB.search(first.text)) or first.text.rstrip().endswith("<")
    )
    text = ""
    blanks = 0
    for position in range(index, min(index + _LONGEST_INTRODUCTION, len(lines))):
        line = lines[position]
        own = line.text.strip()
        if line.depth and not (text.count("<") > text.count(">") and len(own) < 60 and _ends(own)):
            break
        if not own:
            blanks += 1
            if blanks > 2 or not HAS_DATE.search(text):
                break
            continue
        if position > index and (not may_wrap or _opens_another(text, own)):
            break
        text = f"{text} {own}" if text else own
        if len(text) > 700:
            break
        if _ends(text):
            after = next_words(lines, position + 1)
            is_followed = after < len(lines) and is_marked(lines[after])
            return position + 1 if _is_introduction(text, opens=opens, is_followed=is_followed) else 0
    return 0


def _opens_another(text: str, own: str) -> bool:
    """Whether a line begins an introduction of its own, rather than going on with "… schrieb am Dienstag"."""
    if not OPENS_INTRODUCTION.match(own) or not HAS_DATE.search(own) or not HAS_DATE.search(text):
        return False
    return not _ends(own) or bool(VERB.search(own) or ADDRESS.search(own))


def _ends(text: str) -> bool:
    tail = text[-60:].rstrip(" \t\xa0*_-")
    if tail.endswith((":", "：")):
        return True
    last = tail[-25:].rpartition(" ")[2].rpartition(">")[2].lower()
    return last in LAST_WORDS


def _is_introduction(text: str, *, opens: bool, is_followed: bool) -> bool:
    has_verb = bool(VERB.search(text) or VERB_AT_END.search(text[-60:]))
    has_date = bool(HAS_DATE.search(text[:200]))
    has_address = bool(ADDRESS.search(text))
    if is_followed:
        return has_verb or (has_date and has_address)
    if OF_ONESELF.search(text):
        return False
    if has_verb:
        return has_date and (has_address or (opens and bool(HAS_TIME.search(text))))
    return has_date and has_address and text.rstrip("*_ ").endswith((">:", "):", "]:"))


def header_block(lines: list[Line], index: int) -> int:
    """Whether the header of another mail begins here: sender first or nearly so, three kinds of line; 0 or its end."""
    first = HEADER_LINE.match(lines[index].text)
    if not first or first.lastgroup == "other":
        return 0
    found: dict[str, int] = {}
    blanks = loose = 0
    end = index
    for position in range(index, min(index + 24, len(lines))):
        text = lines[position].text
        if not text.strip():
            blanks += 1
            if (blanks > 1 and len(found) >= 3) or blanks > 5:
                break
            continue
        hit = HEADER_LINE.match(text)
        if hit:
            name = hit.lastgroup or ""
            if name in found and name != "other" and name != "to":
                break
            found[name] = position
            end = position + 1
            loose = 0
        else:
            # A value that wraps, or stands in a table cell of its own.
            loose += 1
            if loose > 2 or (len(found) == 1 and loose > 1):
                break
    essential = len({"from", "date", "to", "subject"} & set(found))
    if (
        essential == 2
        and {"date", "to"} <= set(found)
        and HAS_TIME.search(lines[found["date"]].text)
        and ADDRESS.search(lines[found["to"]].text)
    ):
        return end
    names_mail = (
        "subject" in found
        or any(ADDRESS.search(lines[at].text) for at in found.values())
        or ("date" in found and bool(HAS_TIME.search(lines[found["date"]].text)))
    )
    is_header = "from" in found and (
        (essential >= 3 and names_mail)
        or (essential == 2 and bool(ADDRESS.search(lines[found["from"]].text)) and _has_rule_before(lines, index))
    )
    return end if is_header else 0


def _has_rule_before(lines: list[Line], index: int) -> bool:
    before = index - 1
    while before >= 0 and not lines[before].text.strip():
        before -= 1
    return before >= 0 and bool(
        RULE.match(lines[before].text) or "-" in lines[before].marks or ORIGINAL.match(lines[before].text)
    )


def with_rule_before(lines: list[Line], kinds: list[str], index: int) -> int:
    """The rule above a quoted header belongs to it."""
    before = index - 1
    while before >= 0 and not lines[before].text.strip():
        before -= 1
    return before if before >= 0 and RULE.match(lines[before].text) and kinds[before] == "said" else index


def is_marked(line: Line) -> bool:
    return line.depth > 0 or "b" in line.marks


def next_words(lines: list[Line], index: int) -> int:
    while index < len(lines) and not lines[index].text.strip() and not lines[index].depth:
        index += 1
    return index
