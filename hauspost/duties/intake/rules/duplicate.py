"""The same mail a second time: one ticket, and the second copy says of which it is one (P12.1, P12.3, P9.1)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.models import Delivery

MARK = "same id, other content"


def judge(case: Case) -> Verdict | None:
    """DUPLICATE for same id and same content. Same id and other content is a mail of its own, and marked (P12.4)."""
    twins = (
        Delivery.objects.filter(message_id_hash=case.identity)
        .exclude(id=case.delivery.id)
        .exclude(disposition__in=["waiting", "duplicate", "quarantine"])
        .order_by("id")
        .values_list("id", "content_hash", "ticket", "entry")
    )
    for twin, content_hash, ticket, entry in twins[:5]:
        if content_hash is not None and bytes(content_hash) == case.content_hash:
            return Verdict("duplicate", "duplicate", f"of delivery {twin}", ticket=ticket, entry=entry)
        case.delivery.detail = MARK
    return None
