"""How it went, in the requester's eyes: one optional question when a ticket is done, where its team asks it (CSAT)."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.db import storable
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets._changing import locked
from hauspost.records.tickets.models import Satisfaction, Ticket
from hauspost.records.tickets.refusals import NotAsked

MAY_CHANGE_FOR = timedelta(days=14)
MOST_WORDS = 2000


@transaction.atomic
def rate(ticket: Ticket | int, score: int, words: str = "", *, actor: Actor) -> Satisfaction:
    """Answer how it went: 1 (very bad) to 5 (very good), and a word on wish. Records "ticket.rated".

    The requester answers for whom it was asked, nobody else; an answer can be changed for 14 days.
    Raises NotFound, NotAllowed, NotAsked, Invalid.
    """
    found = locked(ticket, "read", actor)
    if actor.who is None or actor.who.id not in (found.requester_id, found.affected_id):
        raise NotAllowed
    if not 1 <= score <= 5:
        raise Invalid(_("How did we do?"), _("choose one of the five"))
    row = Satisfaction.objects.filter(ticket=found).first()
    if not may_rate(found, actor.who, row):
        raise NotAsked(number=found.number)
    words = storable(words.replace("\0", "")).strip()[:MOST_WORDS]
    before = row.score if row is not None else None
    if row is not None and (row.score, row.words) == (score, words):
        return row
    row = row or Satisfaction(ticket=found, person=actor.who, answered_at=clock.now())
    row.score, row.words = score, words
    row.save()
    parts = [Part("satisfaction", words, str(actor.who.uid))] if words else []
    record("ticket.rated", found.stream, actor=actor, data={"score": score, "score before": before}, parts=parts)
    return row


def may_rate(ticket: Ticket, person: Person, given: Satisfaction | None) -> bool:
    """Is the question open to this requester: asked by the team, the ticket done, an answer not older than 14 days?"""
    if ticket.is_open or person.id not in (ticket.requester_id, ticket.affected_id):
        return False
    if given is None:
        return ticket.team.asks_satisfaction
    return given.person_id == person.id and clock.now() < given.answered_at + MAY_CHANGE_FOR
