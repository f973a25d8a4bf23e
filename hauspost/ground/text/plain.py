"""From HTML to readable text and back, and the one-line preview that lists show."""

import re
from urllib.parse import quote

from ._lines import laid_out, text_of_lines
from .markup import escaped, marked_html

_MANY_LINES = re.compile(r"\n{3,}")
_ADDRESS = re.compile(
    r"(?P<web>https?://[^\s<>\"\u201c\u201d\u201e]{1,2000})|"
    r"(?P<mail>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
)
_PARAGRAPH_GAP = re.compile(r"\n[ \t]*\n\s*")


def text_of_html(html: str) -> str:
    """Readable text of any HTML: blocks on lines of their own, list items marked, nothing invisible."""
    return text_of_lines(laid_out(marked_html(html))[1])


def tidy(text: str) -> str:
    """Text without spaces at line ends and without more than one empty line in a row."""
    lines = [line.rstrip(" \t") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def html_of_text(text: str) -> str:
    """Plain text as HTML: escaped, addresses linked, paragraphs at empty lines, line ends and indents kept."""
    paragraphs = [
        paragraph
        for paragraph in _PARAGRAPH_GAP.split(text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
        if paragraph.strip()
    ]
    return "".join(f"<p>{_lines(paragraph)}</p>" for paragraph in paragraphs)


def _lines(paragraph: str) -> str:
    out: list[str] = []
    position = 0
    for found in _ADDRESS.finditer(paragraph):
        out.append(_kept_spaces(paragraph[position : found.start()]))
        address = found.group().rstrip(".,;:!?'")
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")")
        rest = found.group()[len(address) :]
        target = address if found.lastgroup == "web" else "mailto:" + quote(address, safe="@+")
        out.append(
            f'<a href="{escaped(target)}" rel="noopener noreferrer nofollow">{escaped(address)}</a>{escaped(rest)}'
        )
        position = found.end()
    out.append(_kept_spaces(paragraph[position:]))
    return "".join(out)


def _kept_spaces(text: str) -> str:
    text = escaped(text).replace("\t", "    ")
    if "  " in text or "\n " in text:
        text = text.replace("\n ", "\n&nbsp;").replace("  ", " &nbsp;")
    return text.replace("\n", "<br>")


def preview(text: str, length: int = 160) -> str:
    """The first words on one line, cut at a word where that costs little, with an ellipsis."""
    line = " ".join(text[: length * 8].split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > length * 2 // 3 else cut).rstrip(" ,;:-") + "…"
