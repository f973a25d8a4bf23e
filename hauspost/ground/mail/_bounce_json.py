"""Amazon's notices of bounces, complaints and deliveries, which are JSON instead of a delivery status."""

import json
import re
from typing import Any

# A server that breaks lines beyond 998 characters marks the place so.
_BROKEN_LINE = re.compile(r"!\r?\n ")
_RECIPIENT = re.compile(r"emailAddress\W{1,12}([^\"\\]{3,300})")


def read_notice(text: str) -> tuple[str, list[dict[str, str]]]:
    """The kind ("bounce", "complaint", "delivery", or "" for any other text), and a row of fields per recipient."""
    if "{" not in text[:200] or not any(
        word in text for word in ("notificationType", "eventType", "bouncedRecipients")
    ):
        return "", []
    whole = _BROKEN_LINE.sub("", text[:500_000])
    notice = _loaded(whole)
    if isinstance(notice.get("Message"), str):
        notice = _loaded(notice["Message"])
    kind = str(notice.get("notificationType") or notice.get("eventType") or "").lower()
    told = notice.get(kind)
    if kind not in ("bounce", "complaint", "delivery") or not isinstance(told, dict):
        return _torn(whole)
    rows = told.get("bouncedRecipients") or told.get("complainedRecipients") or told.get("recipients") or []
    return kind, [_row(row, kind, told) for row in rows if isinstance(row, (dict, str))][:500]


def _loaded(text: str) -> dict[str, Any]:
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text, text.index("{"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _row(row: dict[str, Any] | str, kind: str, told: dict[str, Any]) -> dict[str, str]:
    if isinstance(row, str):
        row = {"emailAddress": row}
    fields = {name: str(row.get(name) or "")[:2000] for name in ("emailAddress", "action", "status", "diagnosticCode")}
    if kind == "delivery":
        fields |= {"action": "delivered", "diagnosticCode": str(told.get("smtpResponse") or "")[:2000]}
    return fields


def _torn(text: str) -> tuple[str, list[dict[str, str]]]:
    """JSON that was damaged on its way still names its recipients."""
    _, found, rest = text.partition("bouncedRecipients")
    if not found:
        return "", []
    rest = rest.partition("]")[0][:20_000]
    rows = [
        {"emailAddress": address, "action": "failed", "status": "", "diagnosticCode": rest[:500]}
        for address in _RECIPIENT.findall(rest)
    ]
    return "bounce", rows[:500]
