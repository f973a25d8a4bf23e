"""What somebody wrote now, and what he only quotes: mails parted for the eye, never cut (P4).

One mechanism for text and HTML: both become lines, each line is recognised as words, quote or signature, and the
pieces are put together again. Whatever is not clearly quoted counts as written now. Every step is linear in the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ._introductions import Line, header_block, introduction, is_marked, next_words, with_rule_before
from ._lines import HtmlLine, laid_out
from ._quote_words import (
    FORWARDED,
    HEADER_LINE,
    NOTES_RULE,
    ORIGINAL,
)
from .markup import Token, marked_html, without_marks
from .signatures import mark_signatures

SAID, QUOTE, SIGNATURE, FORWARD = "said", "quote", "signature", "forward"

_LONGEST_LINE = 600  # characters of a line that are looked at

# Direction marks that Windows Mail strews over dates, and hard spaces.
_UNSEEN = {0xA0: " ", 0x200E: None, 0x200F: None, 0x200B: None, 0xFEFF: None}

_RULES = tuple("-_=~─—–")


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring lines of one kind: "said", "quote", "signature" or "forward"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """A mail's words (text or safe HTML), parted. `visible` and `quoted` together hold all of `whole`.

    `said` is the author's own words alone: without a mail passed on, which is visible all the same (P4.4).
    """

    visible: str = ""
    quoted: str = ""
    whole: str = ""
    said: str = ""
    pieces: tuple[Piece, ...] = ()
    is_forward: bool = False


def fold_text(text: str, *, sent: str = "") -> Folded:
    """Part a plain text. `sent` is what we wrote before: lines amid its quotation that are not in it are shown "
    "(P4.2)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    looked_at = [Line(line[:_LONGEST_LINE], _prefix_depth(line)) for line in lines]
    kinds = _kinds(looked_at, sent)
    said = _text_of(lines, kinds, (SAID,))
    if not said and FORWARD in kinds:
        said = _text_of(lines, _without_header(looked_at, kinds), (FORWARD,))
    if _is_all_folded(looked_at, kinds):
        return Folded(visible=text, whole=text, said=said, pieces=_pieces(lines, [SAID] * len(lines)))
    return Folded(
        visible=_text_of(lines, kinds, (SAID, FORWARD)),
        quoted=_text_of(lines, kinds, (QUOTE, SIGNATURE)),
        whole=text,
        said=said,
        pieces=_pieces(lines, kinds),
        is_forward=FORWARD in kinds,
    )


def fold_html(html: str, *, sent: str = "") -> Folded:
    """Part an HTML body; the halves are safe and well-formed. Structure counts first, words second."""
    canonical = marked_html(html)
    stream, laid = laid_out(canonical)
    whole = without_marks(canonical)
    lines = _as_lines(laid)
    kinds = _kinds(lines, sent)
    texts = [line.text.replace("\xa0", " ") for line in laid]
    is_forward = FORWARD in kinds
    if not is_forward and QUOTE not in kinds and SIGNATURE not in kinds:
        return Folded(visible=whole, whole=whole, said=whole, pieces=_pieces(texts, kinds))
    said = _html_of(stream, laid, kinds, (SAID,))
    if is_forward and SAID not in (kind for kind, text in zip(kinds, texts, strict=True) if text.strip()):
        said = _html_of(stream, laid, _without_header(lines, kinds), (FORWARD,))
    if _is_all_folded(lines, kinds):
        return Folded(visible=whole, whole=whole, said=said, pieces=_pieces(texts, [SAID] * len(texts)))
    return Folded(
        visible=_html_of(stream, laid, kinds, (SAID, FORWARD)),
        quoted=_html_of(stream, laid, kinds, (QUOTE, SIGNATURE)),
        whole=whole,
        said=said,
        pieces=_pieces(texts, kinds),
        is_forward=is_forward,
    )


def _as_lines(laid: Sequence[HtmlLine]) -> list[Line]:
    lines = [
        Line(
            line.text.translate(_UNSEEN)[:_LONGEST_LINE] or ("\ufffc" if line.has_picture else ""),
            line.depth or _prefix_depth(line.text),
            line.marks,
        )
        for line in laid
    ]
    _read_containers(lines)
    return lines


def _read_containers(lines: list[Line]) -> None:
    """Gmail and Proton put a quote, its introduction and the answers amid it into one element: part them.

    Before the first quote stands the introduction, after it a person's words; without any quote inside, all of it is
    one, unless it is a mail passed on.
    """
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _is_contained(lines[end]):
            end += 1
        if end == start:
            start += 1
            continue
        words = [at for at in range(start, end) if lines[at].text.strip()]
        quoted = next((at for at in words if lines[at].depth), end)
        if words and not FORWARDED.match(lines[words[0]].text):
            for at in range(start, quoted):
                line = lines[at]
                lines[at] = line._replace(marks=line.marks + "h") if quoted < end else line._replace(depth=1)
        elif words:
            for at in range(start, end):
                lines[at] = lines[at]._replace(depth=0)
        start = end


def _is_contained(line: Line) -> bool:
    return "c" in line.marks or ("q" in line.marks and line.depth > 0)


def _prefix_depth(line: str) -> int:
    """How many ">" stand before a line. A single one before a tag or an arrow is no quotation mark."""
    stripped = line.lstrip(" \t\xa0\ufeff")
    if not stripped.startswith(">") or stripped.rstrip().endswith("<<"):
        return 0
    depth = 0
    for character in stripped[:60]:
        if character == ">":
            depth += 1
        elif character != " ":
            break
    return depth


def _kinds(lines: list[Line], sent: str) -> list[str]:
    """The kind of every line."""
    kinds = [SAID] * len(lines)
    _mark_quotes(lines, kinds)
    if sent:
        _show_answers(lines, kinds, sent)
    mark_signatures([line.text for line in lines], [line.marks for line in lines], kinds)
    return kinds


def _is_all_folded(lines: list[Line], kinds: list[str]) -> bool:
    """Nothing but quotes and signatures: then nothing is folded, and all is shown (P4.3)."""
    return not any(
        kind in (SAID, FORWARD) and line.text.strip(" \t\xa0*_-=.") for kind, line in zip(kinds, lines, strict=True)
    )


def _without_header(lines: list[Line], kinds: list[str]) -> list[str]:
    """The kinds with the header of a mail passed on taken for quote, so that its words remain."""
    kinds = list(kinds)
    start = kinds.index(FORWARD)
    after = next_words(lines, start + 1)
    end = header_block(lines, after) if after < len(lines) else 0
    while end and end < len(lines) and lines[end].text.strip() and lines[end - 1].text.strip() != "":
        hit = HEADER_LINE.match(lines[end].text)
        if not hit and end - after > 8:
            break
        end += 1
    _fill(kinds, start, end or start + 1, QUOTE)
    return kinds


def _mark_quotes(lines: list[Line], kinds: list[str]) -> None:
    index, count = 0, len(lines)
    has_said = False
    # An indented block at the very end of an HTML mail is its quote, even if nobody says so.
    last_words = max((at for at, line in enumerate(lines) if line.text.strip() and "b" not in line.marks), default=-1)
    while index < count:
        line = lines[index]
        if "r" in line.marks and has_said:
            _fill(kinds, index, count, QUOTE)
            return
        if line.depth or ("b" in line.marks and has_said and index > last_words):
            index = _take_marked(lines, kinds, index)
            continue
        if not line.text.strip():
            index += 1
            continue
        begins_with_rule = line.text.lstrip(" \t\xa0>*")[:1] in _RULES
        has_colon = ":" in line.text or "：" in line.text
        if "f" in line.marks or ((begins_with_rule or has_colon) and FORWARDED.match(line.text)):
            _fill(kinds, index, count, FORWARD)
            return
        if begins_with_rule and (ORIGINAL.match(line.text) or NOTES_RULE.match(line.text)):
            if has_said:
                _fill(kinds, index, count, QUOTE)
                return
            index += 1
            continue
        header = header_block(lines, index) if has_colon else 0
        if header:
            if has_said:
                _fill(kinds, with_rule_before(lines, kinds, index), count, QUOTE)
                return
            index = header
            continue
        introduced = introduction(lines, index)
        if introduced:
            after = next_words(lines, introduced)
            if after < count and is_marked(lines[after]):
                _fill(kinds, index, after, QUOTE)
                index = _take_marked(lines, kinds, after)
                continue
            if has_said:
                _fill(kinds, index, count, QUOTE)
                return
            index = introduced
            continue
        has_said = True
        index += 1


def _fill(kinds: list[str], start: int, end: int, kind: str) -> None:
    kinds[start:end] = [kind] * (end - start)


def _take_marked(lines: list[Line], kinds: list[str], start: int) -> int:
    """Mark a run of marked lines with the empty ones amid them; what follows is a person's again."""
    index = last = start
    while index < len(lines) and (is_marked(lines[index]) or not lines[index].text.strip()):
        if is_marked(lines[index]):
            last = index
        index += 1
    _fill(kinds, start, last + 1, QUOTE)
    return last + 1


def _show_answers(lines: list[Line], kinds: list[str], sent: str) -> None:
    """Within the quotation of what we sent, show the lines that we did not send (P4.2): no mark tells them "
    "otherwise."""
    known = f" {' '.join(_words(sent))} "
    quoted = [index for index, kind in enumerate(kinds) if kind == QUOTE]
    words = {index: _words(lines[index].text) for index in quoted}
    is_ours = {index: not words[index] or f" {' '.join(words[index])} " in known for index in quoted}
    full = [index for index in quoted if len(words[index]) > 2]
    ours = [index for index in full if is_ours[index]]
    if not ours or len(ours) * 2 < len(full):
        return  # it quotes something else
    for index in quoted:
        if ours[0] < index < ours[-1] and not is_ours[index] and not lines[index].depth:
            kinds[index] = SAID


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.casefold()).split()


def _text_of(lines: list[str], kinds: list[str], wanted: tuple[str, ...]) -> str:
    chosen = [line for line, kind in zip(lines, kinds, strict=True) if kind in wanted]
    out: list[str] = []
    for line in chosen:
        if line.strip() or (out and out[-1].strip()):
            out.append(line.rstrip())
    return "\n".join(out).strip("\n")


def _pieces(lines: list[str], kinds: list[str]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or kinds[index] != kinds[start]:
            text = "\n".join(lines[start:index]).strip("\n")
            if text.strip():
                pieces.append(Piece(kinds[start], text))
            start = index
    return tuple(pieces)


_VOID = frozenset(("br", "img", "hr", "col", "wbr"))


def _html_of(stream: list[Token], laid: Sequence[HtmlLine], kinds: list[str], wanted: tuple[str, ...]) -> str:
    """The wanted lines as HTML: all elements stay open and close as before, the emptied ones are dropped."""
    out: list[str] = []
    opened: list[int] = []  # where in `out` each open element stands
    for line, kind in zip(laid, kinds, strict=True):
        is_wanted = kind in wanted
        for index in range(line.start, line.end):
            text, name, is_end, attributes = stream[index]
            if not name:
                if is_wanted:
                    out.append(text)
            elif name in _VOID:
                if is_wanted:
                    out.append(f"<{name}{attributes}>")
            elif not is_end:
                opened.append(len(out))
                out.append(f"<{name}{attributes}>")
            elif opened:
                start = opened.pop()
                if len(out) == start + 1 or all(not piece or piece.isspace() for piece in out[start + 1 :]):
                    del out[start:]
                else:
                    out.append(f"</{name}>")
    return without_marks("".join(out))
