"""What happened to the mail from X on day Y? The journal's questions (P2.3)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from hauspost.duties.intake.models import Delivery
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Mailbox
from hauspost.records.tickets.models import Ticket

PAGE = 50


def visible_to(actor: Actor) -> QuerySet[Delivery]:
    """The deliveries of the mailboxes whose mail room the actor runs.

    Administrators see all but those of confidential teams they are not in (P33.3); return paths and postmaster's mail
    are theirs alone. A mail that became a ticket is seen where the ticket is today.
    """
    if actor.is_system:
        return Delivery.objects.all()
    teams = actor.teams_with("mailroom")
    own = _addresses(team_id__in=teams)
    # What a ticket was handed on to, its mail follows (P11.6): the team of today decides.
    theirs = Q(ticket__isnull=True) | Q(ticket__in=Ticket.objects.filter(team_id__in=teams).values("number"))
    if not actor.is_administrator:
        return Delivery.objects.filter(theirs, mailbox__in=own)
    hidden = _addresses(team__is_confidential=True)
    secret = Ticket.objects.filter(team__is_confidential=True).values("number")
    open_to_all = ~Q(mailbox__in=hidden) & (Q(ticket__isnull=True) | ~Q(ticket__in=secret))
    return Delivery.objects.filter((Q(mailbox__in=own) & theirs) | open_to_all)


def _addresses(**asked: Any) -> QuerySet[Address, Any]:
    """The intake addresses of mailboxes, and their aliases."""
    boxes = Mailbox.objects.filter(**asked).values("id")
    return Address.objects.filter(Q(mailbox__in=boxes) | Q(alias_of__mailbox__in=boxes)).values("address")


def one(delivery_id: int, *, actor: Actor) -> Delivery | None:
    """One delivery; None when it is not there or not the actor's to see."""
    return visible_to(actor).filter(id=delivery_id).first()


def entries(
    *,
    actor: Actor,
    sender: str = "",
    on: date | None = None,
    disposition: str = "",
    words: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> list[Delivery]:
    """Deliveries, the newest first, from the one before `before` (an id) on; without their raw bytes."""
    found = _asked(actor, sender, on, disposition, words)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.defer("raw").order_by("-id")[:limit])


def sums(
    *, actor: Actor, sender: str = "", on: date | None = None, disposition: str = "", words: str = ""
) -> Mapping[str, int]:
    """How many deliveries came to which disposition; together they are all that was accepted."""
    rows = _asked(actor, sender, on, disposition, words).order_by().values_list("disposition").annotate(n=Count("id"))
    return dict(rows)


def waiting_aside(actor: Actor) -> int:
    """How many lie in quarantine, as far as the actor may know."""
    return visible_to(actor).filter(disposition="quarantine").count()


def _asked(actor: Actor, sender: str, on: date | None, disposition: str, words: str) -> QuerySet[Delivery]:
    found = visible_to(actor)
    if sender:
        clean = sender.strip().lower()
        found = found.filter(sender=clean) if "@" in clean.strip("@") else found.filter(sender__contains=clean)
    if on is not None:
        begin = datetime.combine(on, time.min, ZoneInfo(settings.TIME_ZONE))
        found = found.filter(received_at__gte=begin, received_at__lt=begin + timedelta(days=1))
    if disposition:
        found = found.filter(disposition=disposition)
    if words:
        found = found.filter(Q(subject__icontains=words) | Q(recipient__icontains=words))
    return found
