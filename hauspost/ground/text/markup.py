"""Hostile HTML made canonical: bounded, its style sheets inlined, cleaned by an allow-list, cut into tokens.

What leaves here is well-formed, loads nothing and runs nothing. Marks of mail programs ("this is the quote")
survive as attributes that begin with a control character; `without_marks` takes them away before anything is shown.
"""

import functools
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import nh3

from ._allowed import ATTRIBUTES, DROPPED, MARK, TAGS, allowed
from .weight import MAX_LINES, is_too_heavy

if TYPE_CHECKING:
    from css_inline import CSSInliner

MAX_HTML = 2_000_000  # characters that are rendered; S19

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_STYLE_ELEMENT = re.compile(r"<style\b", re.IGNORECASE)
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:[^\">]++|\"[^\"]*+\")*+)>")
_MARKS = re.compile(r" (?:class|id|type|name)=\"" + MARK + r"[a-z]*\"")
_IMAGE = re.compile(r"<img((?:[^\">]++|\"[^\"]*+\")*+)>")
_ATTRIBUTE = re.compile(r" ([a-z]+)=\"([^\"]*+)\"")
_ROUGH = re.compile(r"<[^<>]{0,2000}>")
_TINY = frozenset(("0", "1", "2", "0px", "1px", "2px"))


class Token(NamedTuple):
    """Text (name "") or a tag of canonical HTML."""

    text: str
    name: str = ""
    is_end: bool = False
    attributes: str = ""


@functools.lru_cache(maxsize=1)  # a letter's HTML is asked for twice: as text, and folded
def marked_html(html: str) -> str:
    """Canonical, safe HTML that still carries the marks of mail programs."""
    html = _CONTROLS.sub("", html[:MAX_HTML])
    if is_too_heavy(html):
        return escaped_lines(_first_lines(rough_text(html)))
    if _STYLE_ELEMENT.search(html):
        html = _with_inlined_styles(html)
    html = _CLEANER.clean(html)
    if "<img" in html:
        html = _IMAGE.sub(_shown_image, html)
    return html


def without_marks(html: str) -> str:
    """The same HTML without the marks: only this is ever shown."""
    return _MARKS.sub("", html) if MARK in html else html


def tokens(html: str) -> Iterator[Token]:
    """Text and tags of canonical HTML, in order; text still escaped."""
    pieces = _TOKEN.split(html)
    yield Token(pieces[0])
    for index in range(1, len(pieces), 4):
        yield Token("", pieces[index + 1], pieces[index] == "/", pieces[index + 2])
        if pieces[index + 3]:
            yield Token(pieces[index + 3])


def attribute(attributes: str, name: str) -> str:
    """The value of an attribute in a canonical tag, or nothing."""
    start = attributes.find(f' {name}="')
    if start < 0:
        return ""
    start += len(name) + 3
    return unescaped(attributes[start : attributes.find('"', start)])


def unescaped(text: str) -> str:
    """Canonical HTML text as plain text; the cleaner escapes only these."""
    if "&" not in text:
        return text
    return (
        text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\xa0")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
    )


def escaped(text: str) -> str:
    """Text made harmless inside HTML and inside quoted attributes."""
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#39;")
    )


def escaped_lines(text: str) -> str:
    """Plain text as the simplest HTML, line by line."""
    return "<p>" + escaped(text.strip()).replace("\n", "<br>") + "</p>" if text.strip() else ""


def rough_text(html: str) -> str:
    """Text of HTML too heavy to be understood: tags cut out by pattern, in one pass."""
    for name in ("style", "script"):
        pieces = re.split(f"(?i)<(?=/?{name}\\b)", html)
        html = pieces[0] + "".join("<" + piece for piece in pieces[1:] if piece.startswith("/"))
    return unescaped(_ROUGH.sub(" ", html))


def _first_lines(text: str) -> str:
    """As many lines with words as can be laid out."""
    lines = (line for line in text.splitlines() if line.strip())
    return "\n".join(islice(lines, MAX_LINES))


def _with_inlined_styles(html: str) -> str:
    if html.count("{") * html.count("<") > 5_000_000:
        return html
    try:
        return _inliner().inline(html)
    except Exception:
        return html


@functools.cache
def _inliner() -> "CSSInliner":
    import css_inline

    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False)


def _shown_image(found: "re.Match[str]") -> str:
    """A picture that lies in the mail stays; one that lies elsewhere keeps its words alone, so that nothing is "
    "asked for."""
    values = dict(_ATTRIBUTE.findall(found.group(1)))
    source = values.get("src", "")
    if source.startswith("cid:"):
        return found.group()
    words = values.get("alt", "").strip()
    if not words and (not source.startswith(MARK) or values.get("width") in _TINY or values.get("height") in _TINY):
        return ""
    host = source.removeprefix(MARK)
    return f'<img alt="{words or host}" title="{host}">' if host else f'<img alt="{words}">'


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(DROPPED),
    attributes=ATTRIBUTES,
    attribute_filter=allowed,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    link_rel="noopener noreferrer nofollow",
)
