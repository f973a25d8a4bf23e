"""The sealed record of a ticket: everything that happened to it."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from ninja import Path, Query, Schema

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import desk_ticket_for
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Moment, Number
from hauspost.doors.api.shapes.tickets import EventPage, EventTold, TicketThen
from hauspost.duties.dossiers.actions import make_dossier
from hauspost.ground.history.models import Event
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.actions.expiring import has_expired
from hauspost.records.tickets.as_of import as_of
from hauspost.records.tickets.knowing import seen_at_desk

routes = Routes("Record")


@routes.get("/tickets/{number}/events", scope="record:read", gives=EventPage)
def list_events(request: HttpRequest, number: Path[Number], asked: Query[Paged]) -> EventPage:
    """Read what happened to a ticket, the oldest first

    Every change with who, when, before and after, and its seal in the hash chain. Persons stand in it by uid, company
    things by key; texts stay with their entries. Numbers of other tickets only where the caller sees those, too.
    Desk only.
    """
    actor = known_caller(request).actor
    ticket, _view = desk_ticket_for(number, actor)
    limit = asked.limit
    events = Event.objects.filter(stream__name=ticket.stream, seq__gt=min(before_of(asked.cursor), 2**31 - 1))
    rows = list(events.order_by("seq")[: limit + 1])
    datas = [json.loads(row.data) for row in rows[:limit]]
    known, nobody = _known(datas, actor), has_expired(ticket)
    told = [
        EventTold(
            seq=row.seq,
            kind=row.kind,
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
            actor=_actor(row, nobody=nobody),
            data=_nobodys(_shown(data, known)) if nobody else _shown(data, known),
            digest=bytes(row.digest).hex(),
        )
        for row, data in zip(rows, datas, strict=False)
    ]
    return EventPage(events=told, next=str(rows[limit - 1].seq) if len(rows) > limit else None)


class AtMoment(Schema):
    """Which moment."""

    at: Moment


@routes.get("/tickets/{number}/as-of", scope="record:read", gives=TicketThen)
def read_ticket_then(request: HttpRequest, number: Path[Number], asked: Query[AtMoment]) -> TicketThen:
    """Read a ticket as it stood at a moment

    Its fields, tags, participants and entries, read back from the record. Texts that were erased since stay erased.
    Desk only.
    """
    ticket, _view = desk_ticket_for(number, known_caller(request).actor)
    then = as_of(ticket, asked.at)
    nobody = has_expired(ticket)
    return TicketThen(
        at=then.at,
        is_there=then.is_there,
        subject=then.subject,
        fields=_nobodys(then.fields) if nobody else then.fields,
        tags=then.tags,
        participants={} if nobody else dict(then.people),
        entries=[entry.seq for entry in then.entries],
    )


@routes.get("/tickets/{number}/dossier", scope="record:read", bytes_as="application/zip", also=(500,))
def read_dossier(request: HttpRequest, number: Path[Number]) -> HttpResponseBase:
    """Read the dossier of a ticket

    Everything about it in one signed zip; `hauspost record verify FILE` checks it anywhere. Needs the scope
    `tickets:read`, too. That it was made stands in the record. For whoever leads the ticket's team, and auditors.
    """
    caller = known_caller(request)
    caller.needs("tickets:read")
    ticket, _view = desk_ticket_for(number, caller.actor)
    spool = settings.HAUSPOST.spool
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(dir=spool, prefix="dossier-") as folder:
        file = make_dossier(ticket, FilePath(folder) / "dossier.zip", actor=caller.actor).open("rb")
    return FileResponse(file, as_attachment=True, filename=f"ticket-{number}.zip", content_type="application/zip")


# Where the data of a ticket's events name other tickets.
_NUMBERS = ("other", "ticket", "number")


def _known(datas: Iterable[Mapping[str, Any]], actor: Actor) -> set[int]:
    """Which of the other tickets that events name the caller sees (P11.1)."""
    named: set[int] = set()
    for data in datas:
        named |= {data[name] for name in _NUMBERS if isinstance(data.get(name), int)}
        named |= {link["other"] for link in data.get("links", ())}
    return set(seen_at_desk(named, actor))


_UID = re.compile(r"(person:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _actor(row: Event, *, nobody: bool) -> dict[str, str]:
    stamp = json.loads(row.actor)
    return {name: text for name, text in stamp.items() if not (nobody and _UID.fullmatch(text))}


def _nobodys(value: Any) -> Any:
    """What an emptied ticket's record names: nobody any more (P41.1)."""
    if isinstance(value, dict):
        return {name: _nobodys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_nobodys(inner) for inner in value]
    return None if isinstance(value, str) and _UID.fullmatch(value) else value


def _shown(data: Mapping[str, Any], known: set[int]) -> dict[str, Any]:
    shown = {name: value for name, value in data.items() if name not in _NUMBERS or value in known}
    if "links" in shown:
        shown["links"] = [link for link in shown["links"] if link["other"] in known]
    return shown
