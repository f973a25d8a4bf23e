"""What happened to the mail from X on day Y? The journal's questions (P2.3)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from hauspost.duties.intake.models import Delivery

PAGE = 50


def entries(
    *,
    sender: str = "",
    on: date | None = None,
    disposition: str = "",
    words: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> list[Delivery]:
    """Deliveries, the newest first, from the one before `before` (an id) on; without their raw bytes."""
    found = _asked(sender, on, disposition, words)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.defer("raw").order_by("-id")[:limit])


def sums(*, sender: str = "", on: date | None = None, disposition: str = "", words: str = "") -> Mapping[str, int]:
    """How many deliveries came to which disposition; together they are all that was accepted."""
    rows = _asked(sender, on, disposition, words).order_by().values_list("disposition").annotate(n=Count("id"))
    return dict(rows)


def waiting_aside() -> int:
    """How many lie in quarantine."""
    return Delivery.objects.filter(disposition="quarantine").count()


def _asked(sender: str, on: date | None, disposition: str, words: str) -> QuerySet[Delivery]:
    found = Delivery.objects.all()
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
