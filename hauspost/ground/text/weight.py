"""Whether HTML would cost out of proportion to clean: nested too deep, or multiplying when it is repaired."""

import re

MAX_DEPTH = 300
MAX_TAGS = 100_000
# What the cleaner has to write as "&amp;" or "&nbsp;", and what begins with the same byte.
_LOOKED_UP = re.compile("[&\x80-\xbf]")
_SHORT = 1000
MAX_LINES = 50_000
_MOST_LOOKED_AT = 50_000_000_000  # characters, at some 150,000 in a microsecond
_MAX_REBUILT = 300_000  # elements that open formatting could multiply into
_FORMATTING_WORDS = "a b big code em font i nobr s small strike strong tt u"
_FORMATTING = frozenset(_FORMATTING_WORDS.split())
_UNCOUNTED_WORDS = (
    "area base br col embed hr img input link meta param source track wbr basefont bgsound frame "
    "p li td th tr dt dd tbody thead tfoot colgroup option optgroup rp rt html head body"
)
_UNCOUNTED = frozenset(_UNCOUNTED_WORDS.split())
_RAW_TEXT = frozenset(("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"))
# A start or end tag, exactly as a browser ends it; possessive, so that it never tries twice.
_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)((?:[\s/]++|=?[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)?+)*+)>"
)
_COMMENT_END = re.compile(r"--!?>")


def is_too_heavy(html: str) -> bool:
    """Whether cleaning that HTML would cost out of proportion: nested too deep, multiplying when repaired, or endless.

    Tags are counted as a browser finds them; closing tags count only for what is open, so that stray ones hide nothing.
    """
    if _has_endless_text(html):
        return True
    count = html.count("<")
    if count < MAX_DEPTH:
        return _has_giant_tag(html)
    if count > MAX_TAGS:
        return True
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
            if html[position + 1 : position + 2].isalpha() or (
                html[position + 1 : position + 2] == "/" and html[position + 2 : position + 3].isalpha()
            ):
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


def _has_endless_text(html: str) -> bool:
    """For some characters the cleaner goes through all of their text again; each line of a <pre> is laid out."""
    if html.count("\n") > MAX_LINES and "<pre" in html.lower():
        return True
    if len(html) * len(html) < _MOST_LOOKED_AT:
        return False
    looked_at = 0
    for text in html.split("<"):
        if len(text) > _SHORT:
            looked_at += sum(1 for _ in _LOOKED_UP.finditer(text)) * len(text)
    return looked_at > _MOST_LOOKED_AT


def _after_comment(html: str, position: int) -> int:
    if html.startswith(("<!-->", "<!--->"), position):
        return html.find(">", position) + 1
    end = _COMMENT_END.search(html, position + 4)
    return end.end() if end else len(html)


def _has_giant_tag(html: str) -> bool:
    """A tag with thousands of attributes is compared attribute by attribute: quadratic in the cleaner."""
    for piece in html.split("<")[1:]:
        if len(piece) > 2000 and piece[0].isalpha() and _attributes_in(piece) > 1000:
            found = _TAG.match("<" + piece)
            if not found or _attributes_in(found.group(3)) > 1000:
                return True
    return False


def _attributes_in(text: str) -> int:
    return len(text.replace("/", " ").split())
