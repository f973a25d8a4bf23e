"""HTML as the lines that a reader sees, each knowing which tokens it is made of and how deep it is quoted."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ._allowed import MARK
from .markup import Token, tokens, unescaped

_BLOCK_WORDS = (
    "address article aside blockquote center dd dir div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header li "
    "main nav ol p pre section table tbody tfoot thead tr ul caption"
)
_BLOCKS = frozenset(_BLOCK_WORDS.split())
_PARAGRAPH_WORDS = "p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre"
_PARAGRAPHS = frozenset(_PARAGRAPH_WORDS.split())
_MARK = re.compile(r" (?:class|id|type|name)=\"" + MARK + r"([a-z]*)\"")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_VOID = frozenset(("col", "wbr"))


class HtmlLine(NamedTuple):
    """One line as a reader sees it: its text, which tokens it is made of, how deep in quotes, with which marks."""

    text: str
    start: int
    end: int
    depth: int = 0
    marks: str = ""
    has_gap: bool = False
    has_picture: bool = False


def laid_out(html: str) -> tuple[list[Token], list[HtmlLine]]:
    """Tokens of canonical HTML and the lines that they make on the screen; every token lies in one line."""
    stream: list[Token] = []
    lines: list[HtmlLine] = []
    opened: list[tuple[str, int, str]] = []  # element, its part in the quoting depth, the marks outside it
    words: list[str] = []
    start = depth = preformatted = 0
    marks = ""
    gap = has_picture = False

    def end_line(*, always: bool = False) -> None:
        nonlocal start, gap, has_picture
        text = "".join(words)
        if not preformatted:
            text = _SPACES.sub(" ", text).strip(" ")
        if text.strip() or always or has_picture:
            lines.append(HtmlLine(text, start, len(stream), depth, marks, gap, has_picture))
            start, gap, has_picture = len(stream), False, False
        words.clear()

    for token in tokens(html):
        text, name, is_end, attributes = token
        if not name:
            if preformatted and "\n" in text:
                pieces = text.split("\n")
                for piece in pieces[:-1]:
                    stream.append(Token(piece + "\n"))
                    words.append(unescaped(piece))
                    end_line(always=True)
                token, text = Token(pieces[-1]), pieces[-1]
            words.append(unescaped(text))
            stream.append(token)
        elif name == "br":
            stream.append(token)
            end_line(always=True)
        elif name == "img":
            has_picture = True
            stream.append(token)
        elif name == "hr":
            end_line()
            stream.append(token)
            if MARK in attributes:
                marks += _marks_in(attributes)
            lines.append(HtmlLine("---", start, len(stream), depth, marks + "-", gap))
            start, gap = len(stream), False
        elif name in _VOID:
            stream.append(token)
        elif is_end:
            if name in _BLOCKS:
                end_line()
            elif name in ("td", "th"):
                words.append(" ")
            stream.append(token)
            if opened:
                _, part, outside = opened.pop()
                depth -= part
                # "From here on" outlives the element that says so.
                marks = outside + ("r" if "r" in marks and "r" not in outside else "")
            gap = gap or name in _PARAGRAPHS
            preformatted -= name == "pre"
        else:
            own = _marks_in(attributes) if MARK in attributes else ""
            if name in _BLOCKS or own:
                end_line()
            if name == "blockquote" and not own and not _is_mere_indent(attributes):
                own = "b"  # a quote if it is introduced as one, else a person's own indent
            elif name == "blockquote" and own == "c" and "c" not in marks:
                own = "g"  # Gmail's button for a person's own quotation, outside of any answered mail
            is_quote = "q" in own or (name == "blockquote" and "c" in own)
            opened.append((name, int(is_quote), marks))
            depth += is_quote
            marks += own
            if "border-top" in attributes:
                # The line above a quoted header; Outlook's has a room of three points below it, in every language.
                marks += "o" if "padding:3" in attributes else "t"
            gap = gap or name in _PARAGRAPHS
            preformatted += name == "pre"
            stream.append(token)
            if name == "li":
                words.append("- ")
    end_line()
    if lines and lines[-1].end < len(stream):
        lines[-1] = lines[-1]._replace(end=len(stream))
    elif not lines:
        lines.append(HtmlLine("", 0, len(stream)))
    return stream, lines


def text_of_lines(lines: Sequence[HtmlLine]) -> str:
    """The lines as plain text, an empty line between paragraphs."""
    out: list[str] = []
    for line in lines:
        text = line.text.replace("\xa0", " ").rstrip()
        if (line.has_gap and out and out[-1]) and text:
            out.append("")
        if text or (out and out[-1]):
            out.append(text)
    return "\n".join(out).strip("\n")


def _marks_in(attributes: str) -> str:
    return "".join(found for found in _MARK.findall(attributes))


def _is_mere_indent(attributes: str) -> bool:
    """A blockquote that a person made with the indent button: Gmail and Outlook write it with this margin."""
    return "margin:0 0 0 40px" in attributes or "margin:0px 0px 0px 40px" in attributes
