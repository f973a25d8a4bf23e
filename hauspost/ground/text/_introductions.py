"""Where a quote begins: "On Monday, Ada wrote:" and "From: … Sent: … To: …", recognised line by line."""

from typing import NamedTuple

from ._quote_words import (
    ADDRESS,
    CLAUSE,
    COMPARES,
    GROUPWISE_RULE,
    HAS_DATE,
    HAS_TIME,
    HAS_YEAR,
    LAST_WORDS,
    NAME_AND_ADDRESS,
    NEW_SENTENCE,
    OF_ONESELF,
    ORIGINAL,
    RULE,
    RULE_WITH_WORDS,
    SMALL_WORDS,
    VERB,
    VERB_AT_END,
    bare_header_kind,
    header_kind,
    opens_introduction,
)

MOST_LINES = 20_000  # lines in which a quote is looked for; what stands below them is shown (S19)
_LONGEST_INTRODUCTION = 6  # lines
_LONGEST_HEADER = 24  # lines
_SHORT = 12  # words of an introduction that has no date


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
    if first.text.startswith(">>>") and GROUPWISE_RULE.match(first.text) and HAS_DATE.search(first.text):
        return index + 1
    opens = opens_introduction(first.text)
    if opens and ":  " in first.text and _is_run_into_quote(first.text):
        return index + 1
    if opens or _names_first(lines, index):
        return _wrapped_introduction(lines, index, opens=opens)
    own = first.text.strip()
    if first.depth or not _ends(own):
        return 0
    return index + 1 if _is_introduction(own, opens=False, is_followed=_is_followed(lines, index + 1)) else 0


def _wrapped_introduction(lines: list[Line], index: int, *, opens: bool) -> int:
    """The same for one that may go on below."""
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
        if position > index and _opens_another(text, own):
            break
        text = f"{text} {own}" if text else own
        if len(text) > 700:
            break
        ends = _ends(text)
        if ends or (opens and text.endswith(">") and text.count("<") == text.count(">")):
            if _is_introduction(text, opens=opens, is_followed=_is_followed(lines, position + 1)):
                return position + 1
            if ends:
                return 0
    return 0


def _is_followed(lines: list[Line], index: int) -> bool:
    after = next_words(lines, index)
    return after < len(lines) and is_marked(lines[after])


def _is_run_into_quote(text: str) -> bool:
    """Yahoo's programs for telephones let the quoted words follow on the same line, after some spaces."""
    head = text.partition(":  ")[0].lstrip() + ":"
    return (
        "@" in head and bool(VERB_AT_END.search(head[-60:])) and _is_introduction(head, opens=True, is_followed=False)
    )


def _names_first(lines: list[Line], index: int) -> bool:
    """Whether an introduction may begin with the name, and go on below: "Ada <ada@example.org> schrieb am"."""
    text = lines[index].text.rstrip()
    if text.endswith("<"):
        return True
    below = lines[index + 1].text.strip() if index + 1 < len(lines) else ""
    if "@" in text:
        is_verb_below = len(below) <= 30 and bool(VERB.match(below)) and _ends(below)
        return bool(ADDRESS.search(text)) and (is_verb_below or bool(HAS_DATE.search(text) or VERB.search(text)))
    return below.startswith("<") and "@" in below and len(text) <= 80 and text[-1:] not in ".,:;!?"


def _opens_another(text: str, own: str) -> bool:
    """Whether a line begins an introduction of its own, rather than going on with "… schrieb am Dienstag"."""
    if not opens_introduction(own) or not HAS_DATE.search(own):
        return False
    is_complete = bool(VERB.search(own) or ADDRESS.search(own))
    if not HAS_DATE.search(text):
        # "Am", "On Monday," and "Ada <ada@example.org> schrieb am" may stand alone before the date.
        return len(text.split()) > 2 and ("@" not in text or is_complete)
    return is_complete or not _ends(own)


def _ends(text: str) -> bool:
    tail = text[-60:].rstrip(" \t*_-")
    if tail.endswith((":", "：")):
        return True
    last = tail[-25:].rpartition(" ")[2].rpartition(">")[2].lower()
    return last in LAST_WORDS


def _is_introduction(text: str, *, opens: bool, is_followed: bool) -> bool:
    ends, has_date = _ends(text), bool(HAS_DATE.search(text[:300]))
    # What cannot be one is told at once: the patterns below take long over many lines (S19).
    if not (has_date or (ends and is_followed)) or not (ends or is_followed):
        return False
    if NEW_SENTENCE.search(text) or CLAUSE.search(text):
        return False
    has_address = "@" in text and bool(ADDRESS.search(text))
    is_of_oneself = bool(OF_ONESELF.search(text)) and not has_address
    ends_with_verb = bool(VERB_AT_END.search(text[-60:]))
    has_verb = ends_with_verb or bool(VERB.search(text))
    if is_of_oneself:
        return False
    if not ends:  # "2011/4/7 Ada Brand <ada@example.org>" lacks the colon
        return has_address
    if is_followed:
        if has_date and (has_address or has_verb):
            return True
        return has_verb and len(text.split()) <= _SHORT and not COMPARES.match(text)
    if has_verb:
        return has_date and (has_address or (opens and bool(HAS_TIME.search(text)) and _tells_a_name(text)))
    ends_with_address = text.rstrip("*_ ").endswith((">:", "):", "]:"))
    return has_date and has_address and ends_with_address and _is_date_and_name(text)


def _is_date_and_name(text: str) -> bool:
    """Whether only a name stands between the date and the address, and no words of a log or a sentence."""
    address = ADDRESS.search(text)
    return _is_name(_after_last_digit(text[: address.start()] if address else text).split())


def _tells_a_name(text: str) -> bool:
    """Whether a name and the verb are all that follows the date: no sentence about what a server wrote somewhere."""
    return _is_name(VERB.sub(" ", _after_last_digit(text).rstrip(":：*_ ")).replace(",", " ").split())


def _after_last_digit(text: str) -> str:
    return text[max((at for at, character in enumerate(text) if character.isdigit()), default=-1) + 1 :]


def _is_name(words: list[str]) -> bool:
    """Names begin with capitals, but for the small words in them; a login name may stand alone."""
    others = [word for word in words if word.isalpha() and word not in SMALL_WORDS]
    return len(others) == 1 or not any(word.islower() for word in others)


def header_block(lines: list[Line], index: int) -> int:
    """Whether the header of another mail begins here: sender first or nearly so, three kinds of line; 0 or its end."""
    first = header_kind(lines[index].text)
    if not first or first == "other":
        return 0
    if first == "from" and _is_header_in_one_line(lines[index].text):
        return index + 1
    found: dict[str, int] = {}
    gap = blanks = loose = 0
    end = index
    for position in range(index, min(index + _LONGEST_HEADER, len(lines))):
        text = lines[position].text
        if not text.strip():
            gap += 1
            blanks += 1
            if (gap > 1 and len(found) >= 3) or gap > 5 or blanks > 10:
                break
            continue
        gap = 0
        name = header_kind(text)
        if name:
            if name in found and name not in ("other", "to"):
                break
            found[name] = position
            end = position + 1
            loose = 0
        else:
            # A value that wraps, or stands in a table cell of its own.
            loose += 1
            if loose > 2 or (len(found) == 1 and loose > 1):
                break
    return end if _is_header(lines, index, found) else 0


def _is_header(lines: list[Line], index: int, found: dict[str, int]) -> bool:
    essential = {"from", "date", "to", "subject"} & set(found)

    def has_address(kind: str) -> bool:
        return kind in found and bool(ADDRESS.search(lines[found[kind]].text))

    def has_time(kind: str) -> bool:
        return kind in found and bool(HAS_TIME.search(lines[found[kind]].text))

    if essential == {"date", "to"}:
        return has_time("date") and has_address("to")
    if "from" not in found or len(essential) < 2:
        return False
    if len(essential) >= 3:  # and not a journey's or a form's: "From: Cologne, To: Hamburg, Date: 12 May"
        return any(has_address(kind) for kind in found) or has_time("date") or _has_rule_before(lines, index)
    if not has_address("from"):
        return False
    is_dated = has_time("date") and bool(HAS_YEAR.search(lines[found["date"]].text))
    return is_dated or _has_rule_before(lines, index)


def _is_header_in_one_line(text: str) -> bool:
    """ "From: Ada Sent: Monday To: IT Subject: Printer", as some programs write it when they drop the mark-up."""
    kinds: set[str] = set()
    words = text[:500].replace("*", " ").split()
    for at, word in enumerate(words):
        if word.endswith(":"):
            kinds.add(header_kind(word) or header_kind(" ".join(words[max(at - 1, 0) : at + 1])))
    return {"from", "subject"} <= kinds and len({"date", "to"} & kinds) > 0 and bool(HAS_DATE.search(text))


def foreign_header(lines: list[Line], index: int) -> bool:
    """Whether the lines below a rule are a mail's header in a language that we do not know: its shape tells.

    Three labels, a name with its address in the first or second of the values, a day with its time.
    """
    labels = blanks = 0
    has_address = has_time = False
    for line in lines[index : index + 10]:
        text = line.text.strip()
        if not text:
            blanks += 1
            if blanks > 3:
                break
            continue
        label, colon, value = text.replace("：", ":").partition(":")
        if not colon or len(label) > 30 or len(label.split()) > 3 or not value.strip():
            break
        labels += 1
        has_address = has_address or (labels <= 2 and bool(NAME_AND_ADDRESS.search(value)))
        has_time = has_time or bool(HAS_TIME.search(value) and HAS_YEAR.search(value))
    return labels >= 3 and has_address and has_time


def notes_header(lines: list[Line], index: int) -> int:
    """Where the header of old Notes begins, if the line at `index` is its "To"; else -1.

    Name and day stand above it without any word; "To", "cc" and "Subject" stand alone, their values below or beside.
    """
    if _notes_kind(lines[index].text) != "to":
        return -1
    kinds = {_notes_kind(line.text) for line in lines[index + 1 : index + 16]}
    if "subject" not in kinds or "other" not in kinds:
        return -1
    for above in range(index - 1, max(index - 6, -1), -1):
        if HAS_TIME.search(lines[above].text):
            name = above - 1
            return name if name >= 0 and lines[name].text.strip() and len(lines[name].text) < 80 else above
    return -1


def _notes_kind(text: str) -> str:
    return bare_header_kind(text) or header_kind(text)


def _has_rule_before(lines: list[Line], index: int) -> bool:
    if "t" in lines[index].marks or "o" in lines[index].marks:
        return True
    before = index - 1
    while before >= 0 and not lines[before].text.strip():
        before -= 1
    return before >= 0 and bool(
        RULE.match(lines[before].text) or "-" in lines[before].marks or ORIGINAL.match(lines[before].text)
    )


def with_rule_before(lines: list[Line], kinds: list[str], index: int) -> int:
    """The rule above a quoted header belongs to it, with the words in it."""
    before = index - 1
    while before >= 0 and not lines[before].text.strip():
        before -= 1
    if before < 0 or kinds[before] != "said":
        return index
    text = lines[before].text
    return before if "-" in lines[before].marks or RULE.match(text) or RULE_WITH_WORDS.match(text) else index


def is_marked(line: Line) -> bool:
    return line.depth > 0 or "b" in line.marks or "g" in line.marks


def next_words(lines: list[Line], index: int) -> int:
    while index < len(lines) and not lines[index].text.strip() and not lines[index].depth:
        index += 1
    return index
