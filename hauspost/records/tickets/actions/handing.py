"""Handing a ticket to another team: who may read it from then on, and why it went (P33.2, P11.6)."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.refusals import Invalid
from hauspost.ground.search import actions as search
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Team
from hauspost.records.tickets._changing import Based, change, locked
from hauspost.records.tickets.actions.entries import note as write_note
from hauspost.records.tickets.indexing import scope_of
from hauspost.records.tickets.models import Participant, Status, TeamShare, Ticket
from hauspost.records.tickets.refusals import HandoverNeedsNote, TicketClosed
from hauspost.records.tickets.writing import Writing


@transaction.atomic
def hand_to(ticket: Ticket | int, team: Team, *, actor: Actor, note: str = "", based_on: Based | None = None) -> Ticket:
    """Give the ticket to another team; its assignee is freed. Records "ticket.handed".

    Access follows at once (P11.6): the old team goes on reading where it wants to (`Team.watches_handed_on`) and
    neither team is confidential; to a confidential team it goes without anybody who could read it till now but its
    requester's side. `note` is why, for the new team: an internal note, which the old team may require.
    Raises NotFound, NotAllowed, TicketClosed, Changed, HandoverNeedsNote, Invalid.
    """
    found = locked(ticket, "hand", actor)
    if not found.is_open:
        raise TicketClosed(number=found.number)
    if team.archived_at is not None:
        raise Invalid("team", _("%(name)s is archived") % {"name": team.name})
    if found.team_id == team.id:
        return found
    if note.strip():
        write_note(found, Writing(text=note), actor=actor)
        found = locked(found, "hand", actor)
    elif found.team.handover_needs_note and not actor.is_system:
        raise HandoverNeedsNote(team=found.team.name)
    # The old team's people come no more; the date stays, for whoever takes over.
    fields: dict[str, Any] = {"team": team, "assignee": None, "technician": None}
    if found.state != Status.Kind.WAITING_DATE:
        # What the old team had put aside would sleep unseen in the new one's lists.
        fields["wake_at"] = None
    change(found, "ticket.handed", fields, actor=actor, based_on=based_on, data=_let_read(found, found.team, team))
    search.move(found.number, scope_of(found))
    return found


def _let_read(ticket: Ticket, old: Team, new: Team) -> dict[str, Any]:
    """Who reads it beside the new team; answers what the record keeps of it."""
    TeamShare.objects.filter(ticket=ticket, team=new).delete()
    if new.is_confidential:
        TeamShare.objects.filter(ticket=ticket).delete()
        helping = Participant.objects.filter(ticket=ticket, role=Participant.Role.HELPER)
        people = sorted(str(uid) for uid in helping.values_list("person__uid", flat=True))
        helping.delete()
        return {"people": people} if people else {}
    if old.is_confidential or not old.watches_handed_on:
        return {}
    TeamShare.objects.get_or_create(
        ticket=ticket, team=old, defaults={"kind": TeamShare.Kind.HANDED_ON, "created_at": clock.now()}
    )
    return {"shared": old.key}
