"""Break-glass: an administrator reads one ticket of a team that is not theirs, for a reason and for an hour (P33.3)."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import EmergencyAccess, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.refusals import NoSuchTicket, ReadAlready

LASTS = timedelta(hours=1)
LONGEST_REASON = 2000


@transaction.atomic
def open_emergency_access(number: int, reason: str, *, actor: Actor) -> EmergencyAccess:
    """Let an administrator read this ticket, notes included, for an hour. Records "ticket.emergency_access".

    The reason stands in the record and the ticket's team is told at once. It is for every ticket that the
    administrator may not read, not for confidential teams' alone: otherwise the answer would tell which numbers are
    theirs. Raises NotAllowed, NoSuchTicket, ReadAlready, Invalid.
    """
    if actor.who is None or not actor.is_administrator:
        raise NotAllowed
    why = " ".join(reason.replace("\0", " ").split())[:LONGEST_REASON]
    if len(why) < 10:
        raise Invalid("reason", _("say in a sentence why you have to read this ticket"))
    found = Ticket.objects.select_for_update(of=("self",)).with_people().filter(number=number).first()
    if found is None:
        raise NoSuchTicket(number=number)
    if view_of(found, actor) is not None:
        raise ReadAlready(number=number)
    access = EmergencyAccess.objects.create(ticket=found, person=actor.who, until=clock.now() + LASTS)
    record(
        "ticket.emergency_access",
        found.stream,
        actor=actor,
        data={"person": str(actor.who.uid), "until": access.until.strftime("%Y-%m-%dT%H:%M:%SZ")},
        parts=[Part("reason", why, str(actor.who.uid))],
    )
    return access
