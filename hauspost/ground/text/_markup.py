"""Hostile HTML made canonical: bounded, its style sheets inlined, cleaned by an allow-list, cut into tokens.

What leaves here is well-formed, loads nothing and runs nothing. Marks of mail programs ("this is the quote")
survive as attributes that begin with a control character; `without_marks` takes them away before anything is shown.
"""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import nh3

MAX_HTML = 2_000_000  # characters that are rendered; S19
MAX_DEPTH = 300
_MAX_REBUILT = 300_000  # elements that open formatting could multiply into
_MAX_SHEET = 100_000

MARK = "\x01"

_TAGS = set(
    ["a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "dir", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr"]
)
_DROPPED = set(
    ["applet", "audio", "canvas", "embed", "frame", "frameset", "head", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg", "template", "title", "video", "xml", "xmp"]
)
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align", "valign", "class", "id"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "blockquote": {"type"},
    "font": {"color", "face", "size"},
    "table": {"width", "height", "border", "cellpadding", "cellspacing", "bgcolor", "rules"},
    "tr": {"bgcolor", "height"},
    "td": {"bgcolor", "width", "height", "colspan", "rowspan", "nowrap"},
    "th": {"bgcolor", "width", "height", "colspan", "rowspan", "nowrap", "scope"},
    "col": {"width", "span"},
    "colgroup": {"width", "span"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"width", "size", "noshade", "color"},
    "br": {"clear"},
    "del": {"datetime"},
    "ins": {"datetime"},
    "time": {"datetime"},
}
_STYLES = set(
    ["color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "font-variant", "line-height", "letter-spacing", "word-spacing", "text-align", "text-decoration", "text-decoration-line", "text-decoration-color", "text-decoration-style", "text-transform", "text-indent", "vertical-align", "white-space", "word-break", "word-wrap", "overflow-wrap", "direction", "width", "max-width", "min-width", "height", "max-height", "min-height", "padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "border", "border-top", "border-right", "border-bottom", "border-left", "border-color", "border-style", "border-width", "border-collapse", "border-spacing", "border-radius", "border-top-color", "border-top-style", "border-top-width", "border-right-color", "border-right-style", "border-right-width", "border-bottom-color", "border-bottom-style", "border-bottom-width", "border-left-color", "border-left-style", "border-left-width", "list-style-type", "table-layout", "caption-side", "empty-cells", "float", "clear"]
)
_STYLE_VALUE = re.compile(
    r"(?:[\w\s.,%#'\"+/-]|(?:rgba?|hsla?)\([\d\s.,%/deg]{1,60}\)){1,300}"
)
_LINK = re.compile(r"\s*(?:https?://|mailto:|tel:)", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

# What mail programs name their quotes, quote headers and signatures: q, everything inside is quoted; r, everything
# from here on is quoted; h, the line that introduces a quote; s, a signature; f, this holds a forwarded mail.
_MARK_NAMES = {
    "gmail_quote": "q", "gmail_quote_container": "q", "gmail_extra": "", "gmail_attr": "h", "gmail_signature": "s",
    "gmail_signature_prefix": "s", "yahoo_quoted": "q", "yahooquoted": "q", "protonmail_quote": "q",
    "protonmail_signature_block": "s", "tutanota_quote": "q", "zmail_extra": "q", "zmail_quote": "q",
    "moz-cite-prefix": "h", "moz-signature": "s", "moz-forward-container": "f", "moz-email-headers-table": "h",
    "divrplyfwdmsg": "r", "divrplyfwdmsg1": "r", "olk_src_body_section": "q", "outlookmessageheader": "r",
    "outlook_messageheader": "r", "reply-intro": "h", "replyintro": "h",
    "mail-editor-reference-message-container": "r", "ms-outlook-mobile-reference-message": "r",
    "ms-outlook-mobile-signature": "s", "ms-outlook-mobile-body-separator-line": "", "signature": "s",
    "stopspelling": "r", "freshdesk_quote": "q", "fd_quoted": "q", "zendesk_quote": "q", "quoted-text": "q",
    "gmail_default": "", "hmquote": "q", "hmreplyforward": "r", "ecxgmail_quote": "q", "skypequote": "q",
    "bloop_markup": "", "bloop_sign": "s", "applemailsignature": "s", "aolreplacedbody": "", "mb_quote": "q",
    "quote-header": "h", "isforwardcontent": "f", "front-signature": "s", "front-blockquote": "q",
    "missive_quote": "q", "airmail_ext_on": "h", "mimestream-quote": "q", "geary-quote": "q", "ntes_quote": "q",
    "isreplycontent": "q", "origbody": "q", "crm-quote": "q", "cf_quote": "q", "edo-signature": "s",
    "edo-original_message": "q", "tmo_quote": "q", "hey_quote": "q", "trix-quote": "q", "wisestamp_quote": "q",
}
_FORMATTING = frozenset(["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_UNCOUNTED = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "basefont", "bgsound", "frame", "p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "tfoot", "colgroup", "option", "optgroup", "rp", "rt", "html", "head", "body"]
)
_RAW_TEXT = frozenset(("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"))
# A start or end tag, exactly as a browser ends it; possessive, so that it never tries twice.
_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)((?:[\s/]++|=?[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)?+)*+)>"
)
_COMMENT_END = re.compile(r"--!?>")
_STYLE_ELEMENT = re.compile(r"<style\b", re.IGNORECASE)
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:[^\">]++|\"[^\"]*+\")*+)>")
_MARKS = re.compile(r" (?:class|id|type)=\"" + MARK + r"[a-z]*\"")
_IMAGE = re.compile(r"<img((?:[^\">]++|\"[^\"]*+\")*+)>")
_ATTRIBUTE = re.compile(r" ([a-z]+)=\"([^\"]*+)\"")
_ROUGH = re.compile(r"<[^<>]{0,2000}>")
_MARK = re.compile(r" (?:class|id|type)=\"" + MARK + r"([a-z]*)\"")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_VOID = frozenset(("col", "wbr"))
BLOCKS = frozenset(
    ["address", "article", "aside", "blockquote", "center", "dd", "dir", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul", "caption"]
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"])
_TINY = frozenset(("0", "1", "2", "0px", "1px", "2px"))


class Token(NamedTuple):
    """Text (name "") or a tag of canonical HTML."""

    text: str
    name: str = ""
    is_end: bool = False
    attributes: str = ""


def marked_html(html: str) -> str:
    """Canonical, safe HTML that still carries the marks of mail programs."""
    html = _CONTROLS.sub("", html[:MAX_HTML])
    if is_too_heavy(html):
        return escaped_lines(rough_text(html))
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
            if name in BLOCKS:
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
            if name in BLOCKS or own:
                end_line()
            if name == "blockquote" and not own and not _is_mere_indent(attributes):
                own = "b"  # a quote if it is introduced as one, else a person's own indent
            is_quote = "q" in own
            opened.append((name, int(is_quote), marks))
            depth += is_quote
            marks += own
            if "border-top" in attributes:
                marks += "t"
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


def text_of_lines(lines: list[HtmlLine]) -> str:
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
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\xa0").replace("&quot;", '"').replace("&amp;", "&")


def escaped(text: str) -> str:
    """Text made harmless inside HTML and inside quoted attributes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#39;")


def escaped_lines(text: str) -> str:
    """Plain text as the simplest HTML, line by line."""
    return "<p>" + escaped(text.strip()).replace("\n", "<br>") + "</p>" if text.strip() else ""


def rough_text(html: str) -> str:
    """Text of HTML too heavy to be understood: tags cut out by pattern, in one pass."""
    for name in ("style", "script"):
        pieces = re.split(f"(?i)<(?=/?{name}\\b)", html)
        html = pieces[0] + "".join("<" + piece for piece in pieces[1:] if piece.startswith("/"))
    return unescaped(_ROUGH.sub(" ", html))


def is_too_heavy(html: str) -> bool:
    """Whether cleaning that HTML would cost out of proportion: nested too deep, or multiplying when repaired.

    Tags are counted as a browser finds them; closing tags count only for what is open, so that stray ones hide nothing.
    """
    if html.count("<") < MAX_DEPTH:
        return _has_giant_tag(html)
    opened: dict[str, int] = {}
    depth = formatting = rebuilt = 0
    position, raw_text = 0, ""
    while True:
        position = html.find("<", position)
        if position < 0:
            return False
        if html.startswith("<!--", position) and not raw_text:
            position = _after_comment(html, position)
            continue
        found = _TAG.match(html, position)
        if not found:
            if html[position + 1 : position + 2].isalpha() or (html[position + 1 : position + 2] == "/" and html[position + 2 : position + 3].isalpha()):
                return False  # the tag never ends: a browser drops all that follows
            position += 1
            continue
        position = found.end()
        name = found.group(2).lower()
        if len(found.group(3)) > 2000 and _attributes_in(found.group(3)) > 300:
            return True
        if found.group(1):
            if raw_text and name != raw_text:
                continue
            raw_text = ""
            if opened.get(name):
                opened[name] -= 1
                depth -= 1
                formatting -= name in _FORMATTING
            continue
        rebuilt += formatting
        if name in _RAW_TEXT and not raw_text:
            raw_text = name
        if name in _UNCOUNTED:
            if rebuilt > _MAX_REBUILT:
                return True
            continue
        opened[name] = opened.get(name, 0) + 1
        depth += 1
        formatting += name in _FORMATTING
        if depth > MAX_DEPTH or rebuilt > _MAX_REBUILT:
            return True


def _after_comment(html: str, position: int) -> int:
    if html.startswith(("<!-->", "<!--->"), position):
        return html.find(">", position) + 1
    end = _COMMENT_END.search(html, position + 4)
    return end.end() if end else len(html)


def _has_giant_tag(html: str) -> bool:
    """A tag with thousands of attributes is compared attribute by attribute: quadratic in the cleaner."""
    for piece in html.split("<"):
        if len(piece) > 2000 and piece[0].isalpha() and _attributes_in(piece) > 1000:
            found = _TAG.match("<" + piece)
            if not found or _attributes_in(found.group(3)) > 1000:
                return True
    return False


def _attributes_in(text: str) -> int:
    return len(text.replace("/", " ").split())


def _with_inlined_styles(html: str) -> str:
    if html.count("{") * html.count("<") > 5_000_000:
        return html
    try:
        return _inliner().inline(html)
    except Exception:
        return html


@functools.cache
def _inliner():  # type: ignore[no-untyped-def]
    import css_inline

    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False)


def _allowed(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return _harmless_style(value) if len(value) < 4000 else None
    if name in ("class", "id"):
        return _mark_of(value)
    if name == "src":
        value = value.strip()
        if value[:4].lower() == "cid:":
            return "cid:" + value[4:]
        host = _host(value)
        return f"{MARK}{host}" if host else None
    if name == "href":
        return value.strip() if _LINK.match(value) else None
    if name == "type" and tag == "blockquote":
        return MARK + "q" if value.strip().lower() == "cite" else None
    return value if len(value) <= 300 else None


@functools.lru_cache(maxsize=2048)
def _mark_of(value: str) -> str | None:
    for word in value.lower().split():
        word = word.removeprefix("x_").removeprefix("x_").removeprefix("ecx")
        mark = _MARK_NAMES.get(word, "")
        if not mark and word.startswith("yahoo_quoted"):
            mark = "q"
        if not mark and word.startswith("ms-outlook-mobile-signature"):
            mark = "s"
        if mark:
            return MARK + mark
    return None


@functools.lru_cache(maxsize=4096)
def _harmless_style(value: str) -> str | None:
    """Only allow-listed properties with values of a closed alphabet: no url(), no escapes, no negative room."""
    kept: list[str] = []
    for declaration in value.split(";"):
        name, colon, content = declaration.partition(":")
        name = name.strip().lower()
        content = content.replace("!important", "").strip()
        if name == "background":
            name = "background-color"
        if not colon or name not in _STYLES or not _STYLE_VALUE.fullmatch(content):
            continue
        if content.count('"') % 2 or content.count("'") % 2:
            continue
        if name.startswith(("margin", "text-indent")) and "-" in content:
            continue
        if name == "background-color" and " " in content.strip() and "(" not in content:
            continue
        kept.append(f"{name}:{content}")
    return ";".join(kept) or None


def _host(address: str) -> str:
    try:
        parts = urlsplit(address if not address.startswith("//") else "https:" + address)
        return (parts.hostname or "")[:100] if parts.scheme.lower() in ("http", "https") else ""
    except ValueError:
        return ""


def _shown_image(found: "re.Match[str]") -> str:
    """A picture that lies in the mail stays; one that lies elsewhere keeps its words alone, so that nothing is asked for."""
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
    tags=_TAGS,
    clean_content_tags=_DROPPED,
    attributes=_ATTRIBUTES,
    attribute_filter=_allowed,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    link_rel="noopener noreferrer nofollow",
)
