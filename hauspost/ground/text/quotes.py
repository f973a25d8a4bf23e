"""What somebody wrote now, and what he only quotes: mails parted for the eye, never cut (P4).

One mechanism for text and HTML: both become lines, each line is recognised as words, quote or signature, and the
pieces are put together again. Whatever is not clearly quoted counts as written now. Every step is linear in the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ._answers import show_answers
from ._introductions import Line, header_block, next_words
from ._lines import HtmlLine, laid_out
from ._marking import FORWARD, QUOTE, SAID, SIGNATURE, fill, mark_quotes
from ._quote_words import FORWARDED, POINTS_BELOW, header_kind
from .markup import Token, marked_html, without_marks
from .signatures import mark_signatures

_LONGEST_LINE = 600  # characters of a line that are looked at
_MOST_POINTING = 30  # lines, of an author's own, in which we look whether they point to the quotation

# Marks that nobody sees, which programs strew over dates and empty lines; and other spaces than the plain one.
_UNSEEN = dict.fromkeys(
    [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFE0F, 0xFEFF], None
) | dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")


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
    """Part a plain text. `sent` is what was written before in the conversation: lines amid its quotation that are
    not from it are shown (P4.2)."""
    text_lines = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text_lines.split("\n")
    seen = lines if text.isascii() else text_lines.translate(_UNSEEN).split("\n")
    looked_at = [Line(line[:_LONGEST_LINE], _prefix_depth(line)) for line in seen]
    kinds, is_whole = _kinds(looked_at, sent)
    said = _text_of(lines, kinds, (SAID,))
    if not said and FORWARD in kinds:
        said = _text_of(lines, _without_header(looked_at, kinds), (FORWARD,))
    if is_whole:
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
    kinds, is_whole = _kinds(lines, sent)
    texts = [line.text.replace("\xa0", " ") for line in laid]
    is_forward = FORWARD in kinds
    if not is_forward and QUOTE not in kinds and SIGNATURE not in kinds:
        return Folded(visible=whole, whole=whole, said=whole, pieces=_pieces(texts, kinds))
    said = _html_of(stream, laid, kinds, (SAID,))
    if is_forward and SAID not in (kind for kind, text in zip(kinds, texts, strict=True) if text.strip()):
        said = _html_of(stream, laid, _without_header(lines, kinds), (FORWARD,))
    if is_whole:
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


def _kinds(lines: list[Line], sent: str) -> tuple[list[str], bool]:
    """The kind of every line; and whether nothing may be folded.

    Nothing is folded where nothing else would remain (P4.3), or where the author says that the answers stand within
    an unmarked quotation: nobody could tell them from the quoted words (P4.2).
    """
    kinds = [SAID] * len(lines)
    unmarked = mark_quotes(lines, kinds)
    if sent:
        show_answers(lines, kinds, sent)
    mark_signatures([line.text for line in lines], [line.marks for line in lines], kinds)
    shown = [line.text for line, kind in zip(lines, kinds, strict=True) if kind in (SAID, FORWARD)]
    if not any(text.strip(" \t*_-=.") for text in shown):
        return kinds, True
    is_pointing = unmarked < len(lines) and any(POINTS_BELOW.search(text) for text in shown[:_MOST_POINTING])
    return kinds, is_pointing


def _without_header(lines: list[Line], kinds: list[str]) -> list[str]:
    """The kinds with the header of a mail passed on taken for quote, so that its words remain."""
    kinds = list(kinds)
    start = kinds.index(FORWARD)
    after = next_words(lines, start + 1)
    bare = [line._replace(text=line.text.lstrip("> \t")) for line in lines[: after + 40]]
    end = header_block(bare, after) if after < len(bare) else 0
    while end and end < len(bare) and bare[end].text.strip() and bare[end - 1].text.strip():
        if not header_kind(bare[end].text) and end - after > 8:
            break
        end += 1
    fill(kinds, start, end or start + 1, QUOTE)
    return kinds


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
