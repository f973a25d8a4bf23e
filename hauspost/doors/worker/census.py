"""Counting on, for those who watch: small steps often, and the large tables once an hour."""

from datetime import timedelta

from django.db.models import Count, Sum

from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.files.models import Blob
from hauspost.ground.history.models import Event
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.search.models import SearchDocument
from hauspost.ground.vitals.actions import count_on, keep_figures
from hauspost.ground.vitals.reading import counted
from hauspost.records.tickets.models import Ticket

EVERY = timedelta(hours=1)

_ENDS_IN = frozenset(Delivery.Disposition.values) - {Delivery.Disposition.WAITING}
_ENDS_OUT = frozenset(OutgoingMail.State.values) - {OutgoingMail.State.QUEUED, OutgoingMail.State.SENDING}


def count() -> int:
    """Carry the running counts on; answers how many rows were counted or passed."""
    return count_on("mail in", Delivery.objects.all(), by=["disposition"], ends=_ENDS_IN) + count_on(
        "mail out", OutgoingMail.objects.all(), by=["state", "kind"], ends=_ENDS_OUT
    )


def count_all() -> None:
    """Count the large tables as a whole, if that was last done an hour ago."""
    last = counted("census")
    if last is not None and clock.now() - last.taken_at < EVERY:
        return
    stored = Blob.objects.aggregate(files=Count("id"), bytes=Sum("size_bytes"))
    figures = {
        "stored_files": stored["files"],
        "stored_bytes": stored["bytes"] or 0,
        "search_rows": SearchDocument.objects.count(),
        "tickets": Ticket.objects.count(),
        "events": Event.objects.count(),
    }
    keep_figures("census", figures, clock.now())
