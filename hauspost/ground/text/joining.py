"""Several HTML bodies of one mail as one: each made whole before, so that none swallows or dresses what follows it."""

import functools
from collections.abc import Sequence

import nh3

from ._allowed import DROPPED, TAGS
from .weight import is_too_heavy

# What the sanitiser asks for later, and the names by which mail programs mark their quotes.
_ATTRIBUTES = (
    "class id style type cite dir lang align valign width height bgcolor color face size border title alt hidden href "
    "src cellpadding cellspacing colspan rowspan name start"
)


def joined_html(bodies: Sequence[str]) -> str:
    """The bodies one below the other. An open tag or comment ends with its own body."""
    return "\n".join(f"<div>{_whole(body)}</div>" for body in bodies)


def _whole(body: str) -> str:
    return body if is_too_heavy(body) else _cleaner().clean(body)


@functools.cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags={*TAGS, "style"},
        clean_content_tags=set(DROPPED) - {"style"},
        attributes={"*": set(_ATTRIBUTES.split())},
        generic_attribute_prefixes={"data-"},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel=None,
    )
