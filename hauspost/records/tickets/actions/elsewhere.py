"""The number that another system has for a ticket, so that its mails find their way (P8.6)."""

import re

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.tickets._changing import locked
from hauspost.records.tickets.models import NumberElsewhere, Ticket

# At least one digit, and long enough not to stand in a subject by chance: "INC0012345", "JIRA-77", "2026/4711".
_NUMBER = re.compile(r"(?=[^\d]{0,40}\d)[^\W_][\w./#:-]{3,59}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}")
MOST_IN_SUBJECT = 20


@transaction.atomic
def know_elsewhere(ticket: Ticket | int, number: str, *, actor: Actor, domain: str = "") -> NumberElsewhere:
    """Note under which number another system knows the ticket; its mails join from then on, held for the desk.

    `domain` is from where that system writes. Records "ticket.known_elsewhere". Raises NotFound, NotAllowed, Invalid.
    """
    found = locked(ticket, "link", actor)
    clean, at = number.strip(), domain.strip().lower().rpartition("@")[2]
    if not _NUMBER.fullmatch(clean):
        raise Invalid(_("number elsewhere"), _("give at least four letters and digits without spaces, like INC0012345"))
    if at and not _DOMAIN.fullmatch(at):
        raise Invalid(_("mail domain"), _("give a domain like supplier.example, or leave it empty"))
    row, is_new = NumberElsewhere.objects.get_or_create(
        ticket=found, key=clean.upper(), defaults={"number": clean, "domain": at}
    )
    if is_new:
        data = {"number": row.number, "domain": row.domain}
        record("ticket.known_elsewhere", found.stream, actor=actor, data=data)
    return row


@transaction.atomic
def forget_elsewhere(ticket: Ticket | int, number: str, *, actor: Actor) -> None:
    """Take such a number away. Records "ticket.forgotten_elsewhere". Raises NotFound, NotAllowed."""
    found = locked(ticket, "link", actor)
    if not NumberElsewhere.objects.filter(ticket=found, key=number.strip().upper()).delete()[0]:
        raise NotFound
    record("ticket.forgotten_elsewhere", found.stream, actor=actor, data={"number": number.strip()[:60]})


def numbers_in(subject: str) -> list[str]:
    """What in a subject may be another system's number, in capitals; at most twenty."""
    words = re.split(r"[\s\[\](){}<>,;\"'|]+", subject[:2000])
    stripped = (word.strip(".:#-!?/") for word in words)
    return list(dict.fromkeys(word.upper() for word in stripped if _NUMBER.fullmatch(word)))[:MOST_IN_SUBJECT]
