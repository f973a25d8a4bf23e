"""Takes one mail from a mail server that pipes it to a command (Postfix pipe, Exim, procmail)."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from hauspost.doors.listeners.exits import EX_DATAERR, EX_NOUSER, EX_OK, EX_TEMPFAIL
from hauspost.duties.intake.actions import Envelope
from hauspost.ground.clock import now


def take(
    stream: BinaryIO,
    *,
    recipients: Sequence[str],
    sender: str,
    limit_bytes: int,
    keep: Callable[[Sequence[Envelope]], Any],
    is_ours: Callable[[str], bool],
) -> tuple[int, str]:
    """Keep the mail on the stream. Answers the exit status, and words for the mail server's log."""
    try:
        strangers = [one for one in recipients if one.lower() != "postmaster" and not is_ours(one)]
    except Exception as fault:
        return EX_TEMPFAIL, f"4.3.0 Recipients cannot be checked at the moment: {fault}"
    if strangers:
        return EX_NOUSER, f"5.1.1 {strangers[0]}: no such address here"
    raw = stream.read(limit_bytes + 1)
    if not raw.strip():
        return EX_DATAERR, "5.6.0 The mail is empty"
    if len(raw) > limit_bytes:
        return EX_DATAERR, f"5.3.4 The mail is larger than {limit_bytes} bytes"
    try:
        keep([_envelope(raw, recipients, sender)])
    except Exception as fault:
        return EX_TEMPFAIL, f"4.3.0 The mail cannot be stored at the moment: {fault}"
    return EX_OK, ""


def _envelope(raw: bytes, recipients: Sequence[str], sender: str) -> Envelope:
    moment = now()
    # A server that did not hear our exit status pipes the same bytes again later: that is another delivery, and intake
    # finds out that it is a duplicate.
    digest = hashlib.sha256(raw).hexdigest()[:32]
    return Envelope(
        raw=raw,
        size_bytes=len(raw),
        mail_from="" if sender == "<>" else sender,
        recipients=tuple(recipients),
        via="pipe",
        source="pipe",
        transaction=f"pipe:{moment.isoformat()}:{digest}",
        is_trusted_relay=False,
        received_at=moment,
    )
