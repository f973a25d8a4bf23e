"""Parked reactions: what should have followed from an event and failed three times; their tickets wait for somebody."""

from django.http import HttpRequest
from ninja import Path, Query

from hauspost.doors.api.finding import administrator
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.mail import ReactionDone, ReactionPage, ReactionTold
from hauspost.duties.reactions import running
from hauspost.ground.history.models import Pending
from hauspost.ground.history.reading import ticket_number
from hauspost.records.tickets.models import Ticket

routes = Routes("Parked reactions")


@routes.get("/mail/reactions", scope="mail:read", gives=ReactionPage)
def list_reactions(request: HttpRequest, asked: Query[Paged]) -> ReactionPage:
    """List what failed three times and was parked

    Of a confidential team's ticket only that something waits. Administrators only, like everything here.
    """
    actor = administrator(request)
    found = Pending.objects.filter(parked_at__isnull=False).select_related("event", "stream").order_by("-id")
    if before := before_of(asked.cursor):
        found = found.filter(id__lt=before)
    rows = list(found[: asked.limit + 1])
    following = str(rows[asked.limit - 1].pk) if len(rows) > asked.limit else None
    rows = rows[: asked.limit]
    closed = Ticket.objects.filter(team__is_confidential=True).exclude(team_id__in=actor.teams_with("read"))
    secret = set(closed.filter(number__in=[ticket_number(row.event) for row in rows]).values_list("number", flat=True))
    return ReactionPage(reactions=[_told(row, secret) for row in rows], next=following)


@routes.post("/mail/reactions/{reaction}/retry", scope="mail:write", gives=ReactionDone, status=200)
def retry_reaction(request: HttpRequest, reaction: Path[Number]) -> ReactionDone:
    """Let a parked reaction run again"""
    running.try_again(reaction, actor=administrator(request))
    return ReactionDone(id=reaction)


@routes.delete("/mail/reactions/{reaction}", scope="mail:write", gives=ReactionDone)
def drop_reaction(request: HttpRequest, reaction: Path[Number]) -> ReactionDone:
    """Leave a parked reaction undone, so that its ticket goes on

    That it was dropped stands in the record.
    """
    running.let_go(reaction, actor=administrator(request))
    return ReactionDone(id=reaction)


def _told(row: Pending, secret: set[int]) -> ReactionTold:
    assert row.parked_at is not None
    is_secret = ticket_number(row.event) in secret
    return ReactionTold(
        id=row.pk,
        reaction=row.reaction,
        event=row.event.kind,
        stream=None if is_secret else row.stream.name,
        tries=row.tries,
        parked_at=row.parked_at,
        fault=None if is_secret else row.fault,
    )
