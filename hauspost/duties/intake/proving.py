"""What is known of who really sent a mail: our mail server's word, or our own check (S7)."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings

from hauspost.duties.intake import fetching
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.reading import within_bounds
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.config import is_within
from hauspost.ground.mail.exchange_online import unnamed_results
from hauspost.ground.mail.guard import OverBounds
from hauspost.ground.mail.letter import Letter
from hauspost.ground.mail.senders import Findings, can_check, check_sender

_MOST_SIGNED = 10_000_000
# No server writes as much; whoever made it do so has a reason.
_LONGEST = 20_000
METHODS = ("spf", "dkim", "dmarc", "auth")
# By whom something was found, where no name says so.
EXCHANGE_ONLINE = "Microsoft 365"
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[();"\\]|[^"\\();]+', re.DOTALL)
_PROPERTY = re.compile(r'(?<![\w.-])([a-z.-]{1,40})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s"]+)', re.IGNORECASE | re.DOTALL)


def evidence_of(
    delivery: Delivery, letter: Letter, its_bytes: Callable[[], bytes] | None, is_senders: Callable[[str], bool]
) -> dict[str, Any]:
    """What was found of each method, and by whom; {} where nobody looked.

    The word of a configured server counts before our own check of the bytes, which asks DNS and so runs
    outside any transaction. `is_senders` tells whether an address is that of whoever From names.
    """
    config = settings.HAUSPOST
    account = fetching.account_of(delivery) if delivery.via == "imap" else None
    server = _voucher_of(delivery, account)
    found: dict[str, Any] = dict(results_of(letter, server, is_senders))
    if found:
        return found | {"by": server}
    if account is not None and believes_unnamed(account) and its_bytes and letter.authentication_results:
        found = dict(_unnamed_results_of(letter, its_bytes()))
        return found | {"by": EXCHANGE_ONLINE} if found else {}
    if its_bytes and config.check_senders and delivery.via == "smtp" and not delivery.is_trusted_relay and can_check():
        # A signature covers all of a mail; checking it takes several times its memory. Of a big one SPF speaks alone.
        return _checked(delivery, letter, its_bytes() if delivery.size_bytes <= _MOST_SIGNED else b"")
    return {"by": "relay"} if delivery.is_trusted_relay else {}


def voucher_of(delivery: Delivery) -> str:
    """The name of the server whose word counts for this mail; "" where nobody's does."""
    account = fetching.account_of(delivery) if delivery.via == "imap" else None
    return _voucher_of(delivery, account) or (EXCHANGE_ONLINE if account and believes_unnamed(account) else "")


def _voucher_of(delivery: Delivery, account: MailAccount | None) -> str:
    """Whoever writes the topmost Authentication-Results has to be a server that writes it always.

    So it is the one that we fetch from, if somebody says so of it, or our own, where mail comes from it. Else a sender
    writes it himself.
    """
    if delivery.via == "imap":
        return account.auth_serv_id if account is not None else ""
    config = settings.HAUSPOST
    by_network = delivery.via in ("smtp", "lmtp") and not delivery.is_trusted_relay
    if by_network and not is_within(delivery.source, config.auth_serv_from):
        return ""
    return config.auth_serv_id


def believes_unnamed(account: MailAccount) -> bool:
    """Does Exchange Online's word count, which it writes without a name?"""
    return account.believes_unnamed_results and account.kind == MailAccount.Kind.MICROSOFT


def results_of(letter: Letter, auth_serv_id: str, is_senders: Callable[[str], bool]) -> dict[str, str]:
    """What our own server found, {"spf": "pass", "dmarc": "fail" …} (RFC 8601).

    Only the topmost Authentication-Results counts, and only with our server's name: those below may be forged.
    """
    if not auth_serv_id or not letter.authentication_results:
        return {}
    server, _, results = letter.authentication_results[0].partition(";")
    return _read(results, is_senders) if server.split()[:1] == [auth_serv_id] else {}


def _unnamed_results_of(letter: Letter, raw: bytes) -> dict[str, str]:
    """What Exchange Online found; of a mail whose sender it read in another way than we do, nothing."""
    results = unnamed_results(raw)
    named = [
        value.lower() for parts in _results(results) for name, value in _properties(parts) if name == "header.from"
    ]
    sender = letter.sender.address if letter.sender else ""
    if named != [sender.rpartition("@")[2].lower()]:
        return {}
    # Nobody signs in to the front end that takes mail from outside.
    return _read(results, lambda _address: False)


def _read(results: str, is_senders: Callable[[str], bool]) -> dict[str, str]:
    """Each method's verdict. Of several signatures one that is good is enough; of two DMARC verdicts the worse counts.

    Whoever has signed in to our own server (RFC 8601 section 2.7.4) is only known to be the sender if it is their name.
    """
    found: dict[str, str] = {}
    for result in _results(results):
        method, _, verdict = next(iter(result.lower().split()), "").partition("=")
        if method not in METHODS or not verdict:
            continue
        if method == "auth":
            names = [value for name, value in _properties(result) if name == "smtp.auth"]
            if verdict != "pass" or len(names) != 1 or not is_senders(names[0]):
                continue
        if method == "dmarc":
            verdict = verdict if found.get(method, "pass") == "pass" else found[method]
        elif found.get(method) == "pass":
            continue
        found[method] = verdict
    return found


def _results(text: str) -> list[str]:
    """One by one, without comments; a semicolon within quotes parts nothing."""
    found: list[list[str]] = [[]]
    depth = 0
    for piece in _PIECE.findall(text if len(text) <= _LONGEST else ""):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(depth - 1, 0)
        elif depth:
            continue
        elif piece == ";":
            found.append([])
        else:
            found[-1].append(piece)
    return ["".join(pieces) for pieces in found]


def _properties(result: str) -> list[tuple[str, str]]:
    return [(name.lower(), value.strip('"')) for name, value in _PROPERTY.findall(result)]


def _checked(delivery: Delivery, letter: Letter, raw: bytes) -> dict[str, Any]:
    def check() -> Findings:
        return check_sender(
            raw,
            header_from=letter.sender.address if letter.sender else "",
            mail_from=delivery.mail_from,
            peer=delivery.source,
        )

    try:
        seen = within_bounds(delivery, "sender", check)
    except OverBounds:
        # Whoever makes the check too dear has proven nothing.
        return {}
    found: dict[str, Any] = {"spf": seen.spf, "dkim": seen.dkim, "dmarc": seen.dmarc, "by": "us"}
    return found | {"aligned": True} if seen.aligned else found
