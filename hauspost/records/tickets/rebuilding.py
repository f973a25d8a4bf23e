"""A ticket's row as its record tells it: snapshots in keys and uids, and the row rebuilt from events alone."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hauspost.ground.history.models import Event, EventPart

if TYPE_CHECKING:
    from hauspost.records.tickets.models import Ticket

PERSONS = ("requester", "affected", "assignee", "technician")
KEYED = ("team", "category", "site", "location", "department", "status")
PLAIN = (
    "type", "impact", "urgency", "priority", "state", "channel", "intake_address", "work_place", "planned_at",
    "wake_at", "impact_people", "impact_percent", "impact_from", "impact_to", "opened_at", "changed_at",
    "answered_at", "resolved_at", "closed_at", "awaits_reply", "version",
)  # fmt: skip
FIELDS = (*PERSONS, *KEYED, *PLAIN)


def value_of(ticket: "Ticket", field: str) -> Any:
    """One field as the record writes it: persons as uid, company things as key, times as text."""
    value = getattr(ticket, field)
    if value is None:
        return None
    if field in PERSONS:
        return str(value.uid)
    if field in KEYED:
        return value.key
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bool):
        return value
    return int(value) if isinstance(value, int) else str(value)


def valued(field: str, value: Any) -> Any:
    """The other way round: what a recorded value stands for in the row."""
    from hauspost.records.people.models import Person
    from hauspost.records.tickets.models import Status

    if value is None:
        return None
    if field in PERSONS:
        return Person.objects.filter(uid=value).first()
    if field == "status":
        return Status.objects.get(key=value)
    if field.endswith("_at"):
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return value


def snapshot(ticket: "Ticket", fields: Iterable[str] = FIELDS) -> dict[str, Any]:
    """The named fields as the record writes them."""
    return {field: value_of(ticket, field) for field in fields}


def rebuilt(stream: str) -> dict[str, Any]:
    """The row that the events of a stream alone make, subject included."""
    row: dict[str, Any] = dict.fromkeys(FIELDS)
    row["subject"] = ""
    events = Event.objects.filter(stream__name=stream).order_by("seq").values_list("id", "data")
    for _id, data in events:
        row.update(json.loads(data).get("after", {}))
    subject = EventPart.objects.filter(event__stream__name=stream, name="subject").order_by("event__seq").last()
    row["subject"] = (subject.content or "") if subject is not None else ""
    return row


def row_of(ticket: "Ticket") -> dict[str, Any]:
    """The row as it stands, in the same form."""
    return {**snapshot(ticket), "subject": ticket.subject}
