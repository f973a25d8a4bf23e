"""A mail's HTML exactly as its sender wrote it, for a sandbox that runs and loads nothing."""

from ._charsets import decode
from ._mime import Part, leaves, read_structure
from .raw import Raw

# More than a browser would want to show in a frame.
_MOST_BYTES = 8_000_000


def words_as_sent(raw: Raw) -> tuple[str, str]:
    """The first HTML and the first plain text of a mail, untouched; "" for what it has not. Bounded as all reading."""
    found = {"text/html": "", "text/plain": ""}
    for part in leaves(read_structure(raw).root):
        if part.kind in found and not found[part.kind]:
            found[part.kind] = _decoded(part)
    return found["text/html"], found["text/plain"]


def _decoded(part: Part) -> str:
    return decode(part.beginning(_MOST_BYTES), part.charset, html=part.kind == "text/html")
