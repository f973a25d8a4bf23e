"""What the caller was told."""

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.lists import MOST
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import NoticesReadAsked
from hauspost.doors.api.shapes.tickets import Notices, NoticesRead, NoticeTold
from hauspost.duties.notices.actions import mark_read
from hauspost.duties.notices.models import Notice
from hauspost.records.tickets.knowing import seen_at_desk

routes = Routes("Notices")


class HowMany(Schema):
    """How many of the newest."""

    limit: int = Field(50, ge=1, le=MOST)


@routes.get("/notices", scope="tickets:read", gives=Notices)
def list_notices(request: HttpRequest, asked: Query[HowMany]) -> Notices:
    """List what you were told, the newest first

    Of tickets that you may still see; and of the house itself (a backup that failed), without a ticket.
    """
    caller = known_caller(request)
    rows = list(Notice.objects.of(caller.person).select_related("ticket")[: asked.limit])
    numbers = {row.ticket_id for row in rows if row.ticket_id is not None}
    seen = seen_at_desk(numbers, caller.actor)
    return Notices(
        notices=[
            NoticeTold(
                id=row.id,
                kind=row.kind,
                number=row.ticket_id,
                subject=row.ticket.subject if row.ticket is not None else "",
                at=row.created_at,
                is_read=row.read_at is not None,
            )
            for row in rows
            if row.ticket_id is None or row.ticket_id in seen
        ]
    )


@routes.post("/notices/reading", scope="tickets:write", gives=NoticesRead, status=200)
def read_notices(request: HttpRequest, asked: NoticesReadAsked) -> NoticesRead:
    """Mark your notices as read

    All of them, or those of one ticket.
    """
    return NoticesRead(read=mark_read(known_caller(request).person, asked.number))
