"""What is known of who really sent a mail: our mail server's word, or our own check (S7)."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from hauspost.duties.intake import fetching
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.reading import within_bounds
from hauspost.ground.config import is_within
from hauspost.ground.mail.guard import OverBounds
from hauspost.ground.mail.letter import Letter
from hauspost.ground.mail.senders import Findings, can_check, check_sender

_MOST_SIGNED = 10_000_000
METHODS = ("spf", "dkim", "dmarc")


def evidence_of(delivery: Delivery, letter: Letter, its_bytes: Callable[[], bytes] | None) -> dict[str, Any]:
    """What was found of each method, and by whom; {} where nobody looked.

    The word of a configured server counts before our own check of the bytes, which asks DNS and so runs
    outside any transaction.
    """
    config = settings.HAUSPOST
    server = voucher_of(delivery)
    found: dict[str, Any] = dict(results_of(letter, server))
    if found:
        return found | {"by": server}
    if its_bytes and config.check_senders and delivery.via == "smtp" and not delivery.is_trusted_relay and can_check():
        # A signature covers all of a mail; checking it takes several times its memory. Of a big one SPF speaks alone.
        return _checked(delivery, letter, its_bytes() if delivery.size_bytes <= _MOST_SIGNED else b"")
    return {"by": "relay"} if delivery.is_trusted_relay else {}


def voucher_of(delivery: Delivery) -> str:
    """The name of the server whose word counts for this mail; "" where nobody's does.

    Whoever writes the topmost Authentication-Results has to be a server that writes it always: the one that we fetch
    from, if somebody says so of it, or our own, where mail comes from it. Else a sender writes it himself.
    """
    if delivery.via == "imap":
        account = fetching.account_of(delivery)
        return account.auth_serv_id if account is not None else ""
    config = settings.HAUSPOST
    by_network = delivery.via in ("smtp", "lmtp") and not delivery.is_trusted_relay
    if by_network and not is_within(delivery.source, config.auth_serv_from):
        return ""
    return config.auth_serv_id


def results_of(letter: Letter, auth_serv_id: str) -> dict[str, str]:
    """What our own server found, {"spf": "pass", "dmarc": "fail" …} (RFC 8601).

    Only the topmost Authentication-Results counts, and only with our server's name: those below may be forged. Of
    several DKIM signatures one that is good is enough.
    """
    if not auth_serv_id or not letter.authentication_results:
        return {}
    server, _, results = letter.authentication_results[0].partition(";")
    if server.split()[:1] != [auth_serv_id]:
        return {}
    found: dict[str, str] = {}
    for result in results.lower().split(";"):
        method, _, verdict = next(iter(result.split()), "").partition("=")
        if method in METHODS and verdict and found.get(method) != "pass":
            found[method] = verdict
    return found


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
