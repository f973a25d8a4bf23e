"""What nobody has checked in time is forgotten: its mail goes, that it was there stays in the ledger (P35.1)."""

from datetime import timedelta

from django.db import transaction

from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.files import actions as files
from hauspost.ground.history.actions import record
from hauspost.records.people.actor import rule
from hauspost.records.people.models import Mailbox

MOST_AT_ONCE = 200


def forget_unchecked() -> int:
    """Forget the mails that waited longer than their mailbox lets them; answers how many. Records "delivery.discarded".

    Their raw bytes, sender and subject go: nobody wanted to know them (P41). A few at once; more at the next look.
    """
    moment, count = clock.now(), 0
    for box in (
        Mailbox.objects.filter(unchecked_days__gt=0).select_related("address").prefetch_related("aliases__address")
    ):
        addresses = [box.address.address, *(alias.address.address for alias in box.aliases.all())]
        until = moment - timedelta(days=box.unchecked_days)
        old = Delivery.objects.filter(disposition="unchecked", mailbox__in=addresses, disposed_at__lt=until)
        for row in old.order_by("id")[:MOST_AT_ONCE]:
            count += _forget(row)
    return count


@transaction.atomic
def _forget(row: Delivery) -> bool:
    taken = Delivery.objects.filter(id=row.id, disposition="unchecked").update(
        disposition="discarded", because="never checked", raw=None, blob="", sender="", subject="", detail="",
        person_uid="", mail_from="", disposed_at=clock.now(),
    )  # fmt: skip
    if not taken:
        return False
    if row.blob:
        files.release(f"delivery:{row.id}")
    data = {"disposition": "discarded", "because": "never checked", "ticket": None, "sha256": row.sha256}
    record("delivery.discarded", f"delivery:{row.id}", actor=rule("never checked"), data=data)
    return True
