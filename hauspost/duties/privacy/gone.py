"""When and why an original mail is kept no longer, for whoever asks for it (P41)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from hauspost.duties.intake.models import Delivery
from hauspost.ground.history.models import Event
from hauspost.records.tickets.models import Entry


@dataclass(frozen=True)
class Gone:
    """What became of a mail's bytes, in words; since when, where that is known."""

    words: str
    at: datetime | None = None


def what_became_of(mail: Delivery) -> Gone | None:
    """Why there is no original any more; None while it is kept."""
    if mail.raw is not None or mail.blob:
        return None
    if mail.ticket is not None:
        expired = Event.objects.filter(stream__name=f"ticket:{mail.ticket}", kind="ticket.expired").order_by("-id")
        at = expired.values_list("occurred_at", flat=True).first()
        if at is not None:
            return Gone(_("The original mail was deleted: the retention period of its ticket was over."), at)
    erased = Entry.objects.filter(id=mail.entry or 0, author__erased_at__isnull=False)
    at = erased.values_list("author__erased_at", flat=True).first()
    if at is not None or mail.because == "erased":
        return Gone(_("The original mail was deleted: its sender’s data were erased."), at or mail.disposed_at)
    return Gone(_("The original mail was deleted."))
