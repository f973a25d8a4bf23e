"""What an absence means for tickets: who stands in, and what waits at the desks of those who are away (P48.1)."""

from datetime import date

from hauspost.records.people.absences import deputy_of, on_day
from hauspost.records.people.actor import RIGHTS, Actor
from hauspost.records.people.models import Membership, Person, Team
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import TicketQuerySet


def stand_in_for(person: Person, team: Team, *, on: date) -> Person | None:
    """Whom to offer when a ticket of this team is to be assigned to somebody who is away on that day.

    The deputy at the end of the chain, where that one works on the team's tickets; None when the person is there, or
    nobody stands in: then it is the team's. To assign to the absent person stays allowed.
    """
    deputy = deputy_of(person, on=on)
    if deputy is None:
        return None
    roles = Membership.objects.filter(person=deputy, team=team).values_list("role", flat=True)
    return deputy if any("reply" in RIGHTS[role] for role in roles) else None


def assigned_to_absent(actor: Actor, *, on: date) -> TicketQuerySet:
    """The open tickets at the actor's desk whose assignee is away on that day, or has left; one query."""
    away = on_day(on).values("person_id")
    mine = Ticket.objects.at_desk_of(actor).open()
    return mine.filter(assignee_id__in=away) | mine.filter(assignee__deactivated_at__isnull=False)
