"""The person-bound link of one ticket, as it stands in a mail to one person alone: made, found, revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from hauspost.ground import clock, hot, tokens
from hauspost.ground.history.actions import record
from hauspost.records.people.actions.checks import only_administrators
from hauspost.records.people.actor import Actor, Proof
from hauspost.records.people.models import LinkToken, Person

TICKET_LINK_LIVES = timedelta(days=14)
# So long an expired link still knows its ticket, to lead there after signing in.
_KEPT_EXPIRED = timedelta(days=90)
_PURPOSE = LinkToken.Purpose.TICKET


@dataclass(frozen=True)
class TicketLink:
    """What a link says: whose it is, which ticket, until when. Whether that person still sees it is asked at use."""

    person: Person
    ticket: int
    expires_at: datetime

    @property
    def is_alive(self) -> bool:
        """Does it still open its ticket, as far as the link itself goes?"""
        return self.person.is_active and self.expires_at > clock.now()

    @property
    def actor(self) -> Actor:
        """Who acts through it: the person as somebody who asks, with no desk, proven by the link."""
        return Actor.as_employee(self.person, proof=Proof.LINK)


def make_ticket_link(person: Person, ticket: int) -> str:
    """A fresh token that opens this ticket to this person for 14 days; only its hash is stored (S12).

    It goes into one mail to one person and nowhere else. Call it in the transaction that queues the mail.
    """
    token = tokens.new_token()
    row = LinkToken(
        token_hash=tokens.token_hash(token, _PURPOSE),
        purpose=_PURPOSE,
        person=person,
        about=ticket,
        expires_at=clock.now() + TICKET_LINK_LIVES,
    )
    hot.put(row)
    return token


def ticket_link(token: str) -> TicketLink | None:
    """The link of a token, also an expired one; None for what never was one or was revoked. Changes nothing."""
    row = (
        LinkToken.objects.filter(token_hash=tokens.token_hash(token, _PURPOSE), purpose=_PURPOSE, used_at__isnull=True)
        .select_related("person")
        .first()
    )
    return TicketLink(row.person, row.about, row.expires_at) if row is not None and row.person is not None else None


def count_ticket_links(person: Person) -> int:
    """How many of a person's links open a ticket now."""
    return LinkToken.objects.filter(person=person, purpose=_PURPOSE, expires_at__gt=clock.now()).count()


@transaction.atomic
def revoke_ticket_links(person: Person, *, actor: Actor) -> int:
    """Let every link that was mailed to a person open nothing any more; answers how many still did.

    The person may, and administrators. Records "person.links_revoked". Raises NotAllowed.
    """
    if actor.who != person or not person.is_active:
        only_administrators(actor)
    count = count_ticket_links(person)
    void_ticket_links(person)
    if count:
        record("person.links_revoked", person.stream, actor=actor, data={"count": count})
    return count


def void_ticket_links(person: Person) -> None:
    """The same as part of another verb: a new password or main address (S12), which records its own event."""
    LinkToken.objects.filter(person=person, purpose=_PURPOSE).delete()


def forget_old_links() -> int:
    """Let links go that expired long ago; answers how many. For the worker, once a day."""
    return LinkToken.objects.filter(expires_at__lt=clock.now() - _KEPT_EXPIRED).delete()[0]
