"""The same mail a second time: one ticket, and the second copy says of which it is one (P12.1, P12.3, P9.1)."""

from django.db.models import QuerySet

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.models import Delivery
from hauspost.ground import hot

MARK = "same id, other content"
FEW = 5


def _twins(identity: object) -> "QuerySet[Delivery]":
    twins = Delivery.objects.filter(message_id_hash=identity, disposed_at__isnull=False)
    return twins.exclude(disposition__in=["duplicate", "quarantine"])


_FIRST = hot.Question(
    lambda identity: _twins(identity).order_by("id").values_list("id", "ticket", "entry", "content_hash")[:FEW]
)


def judge(case: Case) -> Verdict | None:
    """DUPLICATE for same id and same content. Same id and other content is a mail of its own, and marked (P12.4)."""
    # One look in nearly every case; a machine that always sends one id is asked about once more.
    seen = _FIRST.all(case.identity)
    if len(seen) == FEW:
        same = _twins(case.identity).filter(content_hash=case.content_hash)
        seen += same.values_list("id", "ticket", "entry", "content_hash")[:1]
    for twin, ticket, entry, content_hash in seen:
        if bytes(content_hash or b"") == case.content_hash:
            return Verdict("duplicate", "duplicate", f"of delivery {twin}", ticket=ticket, entry=entry)
    if seen:
        case.delivery.detail = MARK
    return None
