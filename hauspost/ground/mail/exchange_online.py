"""What Exchange Online found out about the sender of a mail in one of its mailboxes. Pure.

Its Authentication-Results begin without the server's name, against RFC 8601, so anybody could have written them. What
is its own is known by where it stands: between the hops within Microsoft and the line of the very front end that took
the mail from outside and that `X-MS-Exchange-Organization-AuthSource` names. Exchange takes such headers out of what
comes from elsewhere, so a sender can neither write that one nor guess its host.
"""

import re

from ._headers import Headers, decoded, read_headers
from .raw import Raw

MAX_HEADERS = 1_000_000
_BY = re.compile(
    r"from \S{1,255} \([^()]{0,400}\) by ([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9})(?: |$)", re.IGNORECASE
)
_WITHIN = (".outlook.com", ".office365.com", ".exchangelabs.com")
_FRONT = ".mail.protection.outlook.com"
_METHOD = re.compile(r"[a-z][a-z0-9-]{0,20} ?=", re.IGNORECASE)


def unnamed_results(raw: Raw) -> str:
    """Its topmost Authentication-Results, if they have no server's name and are Exchange Online's own; else ""."""
    headers, _body = read_headers(raw, 0, len(raw), maximum=MAX_HEADERS)
    names = [name for name, _value in headers.lines]
    if "authentication-results" not in names:
        return ""
    place = names.index("authentication-results")
    results = decoded(headers.lines[place][1])
    above = [_taker(value) for name, value in headers.lines[:place] if name == "received"]
    below = next((_taker(value) for name, value in headers.lines[place:] if name == "received"), "")
    if not (_METHOD.match(results) and above and all(host.endswith(_WITHIN) for host in above)):
        return ""
    front = _front_end(headers)
    is_its_own = bool(front) and below.endswith(_FRONT) and below.partition(".")[0] == front
    return results if is_its_own else ""


def _taker(received: bytes) -> str:
    """The host that wrote a Received line, in lower case; "" where it is not written as Exchange writes it."""
    found = _BY.match(decoded(received))
    return found[1].lower() if found else ""


def _front_end(headers: Headers) -> str:
    """The name of the host that took the mail from outside, without its domain; "" for mail from within.

    Whatever stands there twice, somebody else has written.
    """
    kinds = [decoded(value).lower() for value in headers.all("x-ms-exchange-organization-authas")]
    hosts = [decoded(value).lower() for value in headers.all("x-ms-exchange-organization-authsource")]
    if kinds != ["anonymous"] or len(hosts) != 1 or not hosts[0].endswith(".outlook.com"):
        return ""
    return hosts[0].partition(".")[0]
