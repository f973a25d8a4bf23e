"""The same mail a second time: one ticket, and the second copy says of which it is one (P12.1, P12.3, P9.1)."""

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.models import Delivery

MARK = "same id, other content"


def judge(case: Case) -> Verdict | None:
    """DUPLICATE for same id and same content. Same id and other content is a mail of its own, and marked (P12.4)."""
    twins = Delivery.objects.filter(message_id_hash=case.identity, disposed_at__isnull=False).exclude(
        disposition__in=["duplicate", "quarantine"]
    )
    twin = twins.filter(content_hash=case.content_hash).order_by("id").values_list("id", "ticket", "entry").first()
    if twin is not None:
        return Verdict("duplicate", "duplicate", f"of delivery {twin[0]}", ticket=twin[1], entry=twin[2])
    if twins.exists():
        case.delivery.detail = MARK
    return None
