"""What HTML of a mail may keep: elements, attributes, style properties; and what mail programs call their quotes."""

import functools
import re
from urllib.parse import urlsplit

MARK = "\x01"  # begins the value of every mark, and is taken out of all that comes from outside


def _listed(words: str) -> list[str]:
    return words.split()


TAGS = frozenset(
    _listed(
        "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col "
        "colgroup dd del dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img "
        "ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong sub sup table "
        "tbody td tfoot th thead time tr tt u ul var wbr"
    )
)
# Dropped with all that is in them.
DROPPED = frozenset(
    _listed(
        "applet audio canvas embed frame frameset head iframe math noembed noframes noscript object script "
        "select style svg template title video xml xmp"
    )
)
ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align", "valign", "class", "id", "name"},
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
_STYLES = frozenset(
    _listed(
        "background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width "
        "border-collapse border-color border-left border-left-color border-left-style border-left-width "
        "border-radius border-right border-right-color border-right-style border-right-width border-spacing "
        "border-style border-top border-top-color border-top-style border-top-width border-width caption-side "
        "clear color direction empty-cells float font font-family font-size font-style font-variant font-weight "
        "height letter-spacing line-height list-style-type margin margin-bottom margin-left margin-right "
        "margin-top max-height max-width min-height min-width overflow-wrap padding padding-bottom "
        "padding-left padding-right padding-top table-layout text-align text-decoration text-decoration-color "
        "text-decoration-line text-decoration-style text-indent text-transform vertical-align white-space "
        "width word-break word-spacing word-wrap"
    )
)
_STYLE_VALUE = re.compile(r"(?:[\w\s.,%#'\"+/-]|(?:rgba?|hsla?)\([\d\s.,%/deg]{1,60}\)){1,300}")
_LINK = re.compile(r"\s*(?:https?://|mailto:|tel:)", re.IGNORECASE)
# What mail programs name their quotes, quote headers and signatures: q, everything inside is quoted; r, everything
# from here on is quoted; c, it holds a quote and perhaps answers; h, the line that introduces a quote; s, a signature;
# f, this holds a mail passed on.
_NAMES_OF_MARKS = {
    "c": "gmail_quote gmail_quote_container protonmail_quote bluemail_quote missive_quote front-blockquote",
    "f": ("isforwardcontent moz-forward-container"),
    "h": (
        "airmail_ext_on airmail_on gmail_attr moz-cite-prefix moz-email-headers-table quote-header reply-intro "
        "replyintro "
        "tutanota_quote_attr gmail_quote_attribution canaryheader"
    ),
    "q": (
        "__pbconvbody aqm-original canaryblockquote cf_quote cm_quote crm-quote edo-original_message fairemail_quote "
        "fd_quoted freshdesk_quote geary-quote hey_quote hmquote isreplycontent mb_quote mimestream-quote ntes_quote "
        "olk_src_body_section origbody pm_quote polymail-quote quoted-text quoted_body quoted_body_id quoted_header "
        "skypequote spark_quote superhuman_quote tmo_quote trix-quote tutanota_quote wisestamp_quote yahoo_quoted "
        "yahooquoted ymailquoted zendesk_quote zmail_extra zmail_quote"
    ),
    "r": (
        "__pbconvhr divrplyfwdmsg divrplyfwdmsg1 hmreplyforward mail-editor-reference-message-container "
        "ms-outlook-mobile-reference-message outlook_messageheader outlookmessageheader stopspelling zwchr"
    ),
    "s": "bloop_sign canarysig gmail_signature_prefix blue_signature mobile_signature",
}
_MARKS = {name: mark for mark, names in _NAMES_OF_MARKS.items() for name in names.split()}
# The same for `name`, which web.de, GMX and Spark use.
_MARKS_BY_NAME = {"quote": "q", "messagereplysection": "c", "messagesignaturesection": "s"}
_NAMES_SIGNATURE = re.compile(r"signature(?:_?block|section|text|wrapper|container)?$")


def allowed(tag: str, name: str, value: str) -> str | None:
    """An attribute as it may stay, or None; names and ids survive only as marks."""
    if name == "style":
        return _harmless_style(value) if len(value) < 4000 else None
    if name in ("class", "id"):
        return _mark_of(value)
    if name == "name":
        mark = _MARKS_BY_NAME.get(value.strip().lower())
        return MARK + mark if mark else None
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
        mark = _MARKS.get(word, "")
        if not mark and word.startswith("yahoo_quoted"):
            mark = "q"
        if not mark and (_NAMES_SIGNATURE.search(word) or word.startswith("ms-outlook-mobile-signature")):
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
