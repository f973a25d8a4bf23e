"""Letting other teams read a ticket that was sent to them, too (P9.1)."""

from collections.abc import Iterable

from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.search import actions as search
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team
from hauspost.records.tickets._changing import locked
from hauspost.records.tickets.indexing import scope_of
from hauspost.records.tickets.models import TeamShare, Ticket


@transaction.atomic
def also_send_to(ticket: Ticket | int, teams: Iterable[int], *, actor: Actor) -> list[Team]:
    """Let teams (by id) read the ticket and add notes, as the mail went to them, too. Records "ticket.also_sent".

    A confidential team neither shares nor gets a share. Answers who reads it newly. Raises NotFound, NotAllowed.
    """
    found = locked(ticket, "hand", actor)
    if found.team.is_confidential:
        return []
    there = {found.team_id, *TeamShare.objects.filter(ticket=found).values_list("team_id", flat=True)}
    wanted = Team.objects.active().filter(id__in=set(teams) - there, is_confidential=False)
    fresh = list(wanted)
    if fresh:
        kind, moment = TeamShare.Kind.ALSO_SENT, clock.now()
        TeamShare.objects.bulk_create(
            [TeamShare(ticket=found, team=team, kind=kind, created_at=moment) for team in fresh], ignore_conflicts=True
        )
        record("ticket.also_sent", found.stream, actor=actor, data={"teams": [team.key for team in fresh]})
        search.move(found.number, scope_of(found))
    return fresh
