"""Mail's HTML made fit to stand in our own pages: it runs nothing, loads nothing and claims no name of ours."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from .markup import escaped, marked_html, unescaped, without_marks

SANITISER_VERSION = 1  # raise it when the rules change: stored mails are then made anew from their originals

_PICTURE = re.compile(r"<img((?:[^\">]++|\"[^\"]*+\")*+)>")
_SOURCE = re.compile(r" src=\"cid:([^\"]*+)\"")


def safe_html(html: str) -> str:
    """The HTML as it may be shown inline: allow-listed tags, styles without addresses, links that tell nobody.

    Remote pictures become words; pictures inside the mail keep `src="cid:…"` until `point_pictures` gives them an
    address. HTML nested too deep to be cleaned in good time comes back as plain lines. At most 2 MB are read.
    """
    return without_marks(marked_html(html))


def point_pictures(html: str, addresses: Mapping[str, str]) -> str:
    """Give the pictures of safe HTML their addresses, by Content-ID; a picture without one becomes its words.

    Ids are compared without angle brackets, percent-encoding and case (P20.1).
    """
    if "cid:" not in html:
        return html
    known = {plain_id(name): address for name, address in addresses.items()}

    def pointed(found: "re.Match[str]") -> str:
        source = _SOURCE.search(found.group(1))
        if not source:
            return found.group()
        address = known.get(plain_id(unescaped(source.group(1))))
        if address is None:
            words = re.search(r" alt=\"([^\"]*+)\"", found.group(1))
            return f"<span>[{words.group(1)}]</span>" if words and words.group(1) else ""
        return found.group().replace(source.group(), f' src="{escaped(address)}"')

    return _PICTURE.sub(pointed, html)


def plain_id(content_id: str) -> str:
    """A Content-ID in the form in which two spellings of it are equal."""
    return unquote(content_id).strip().strip("<>").lower()
