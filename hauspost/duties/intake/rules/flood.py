"""One sender, more than twenty tickets in an hour: one flood ticket holds the rest (P7.3)."""

from datetime import timedelta

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.forwarding import passed_on_by_agent
from hauspost.duties.intake.matching import joins_a_ticket
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock, hot
from hauspost.records.tickets.models import Ticket

PER_HOUR = 20
MOST_LOOKED_AT = 200
_OPENED = hot.Question(
    lambda sender, since: Delivery.objects.filter(
        sender=sender, received_at__gt=since, disposition="ticket"
    ).values_list("mailbox")[:MOST_LOOKED_AT]
)


def judge(case: Case) -> Verdict | None:
    """FLOOD beyond the limit; `detail` tells the filing whether a flood ticket is there already.

    A confidential team's mail is counted by itself, and lands in no other team's flood (P9.2), as what came encrypted
    lands in its own team's alone (P22.5). What a proven agent passes on is no flood of the agent's (P30).
    """
    if joins_a_ticket(case):
        return None
    since, team = clock.now() - timedelta(hours=1), case.secret_team(case.delivery.mailbox)
    opened = _OPENED.all(case.sender, since)
    if len(opened) < PER_HOUR or sum(case.secret_team(mailbox) == team for (mailbox,) in opened) < PER_HOUR:
        return None
    if passed_on_by_agent(case) is not None:
        return None
    floods = Delivery.objects.filter(sender=case.sender, received_at__gt=since, disposition="flood").order_by("-id")
    found = floods.values_list("ticket", "mailbox")[:MOST_LOOKED_AT]
    tickets = [ticket for ticket, mailbox in found if case.secret_team(mailbox) == team]
    if case.came_encrypted:
        # The mail that opened the flood may have been another team's by its To.
        own = set(Ticket.objects.filter(number__in=tickets, team=team).values_list("number", flat=True))
        tickets = [ticket for ticket in tickets if ticket in own]
    ticket = next(iter(tickets), None)
    return Verdict("flood", "flood", f"more than {PER_HOUR} tickets in an hour", ticket=ticket)
