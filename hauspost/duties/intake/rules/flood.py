"""One sender, more than twenty tickets in an hour: one flood ticket holds the rest (P7.3)."""

from datetime import timedelta

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.matching import joins_a_ticket
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock, hot

PER_HOUR = 20
_OPENED = hot.Question(
    lambda sender, since: Delivery.objects.filter(
        sender=sender, received_at__gt=since, disposition="ticket"
    ).values_list("id")[:PER_HOUR]
)


def judge(case: Case) -> Verdict | None:
    """FLOOD beyond the limit; `detail` tells the filing whether a flood ticket is there already."""
    if joins_a_ticket(case):
        return None
    since = clock.now() - timedelta(hours=1)
    if len(_OPENED.all(case.sender, since)) < PER_HOUR:
        return None
    recent = Delivery.objects.filter(sender=case.sender, received_at__gt=since)
    ticket = recent.filter(disposition="flood").order_by("-id").values_list("ticket", flat=True).first()
    return Verdict("flood", "flood", f"more than {PER_HOUR} tickets in an hour", ticket=ticket)
