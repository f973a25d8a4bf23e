"""What nobody has checked in time is forgotten: its mail goes, that it was there stays in the ledger (P35.1)."""

from datetime import timedelta

from django.db import transaction

from hauspost.duties.intake.erasing import came_again, forget_again
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock, db
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import record
from hauspost.records.people.actor import rule
from hauspost.records.people.models import Mailbox

MOST_AT_ONCE = 200


def forget_unchecked() -> int:
    """Forget the mails that waited longer than their mailbox lets them; answers how many. Records "delivery.discarded".

    So are copies of what was forgotten before and came once more. Their raw bytes, sender and subject go, also from the
    freed pages: nobody wanted to know them (P41). Not in a transaction. A few at once, so that the worker's other work
    goes on; again until it answers 0.
    """
    rows, again = _too_old(MOST_AT_ONCE), came_again(MOST_AT_ONCE)
    if not rows and not again:
        return 0
    released: list[Blob] = []
    with db.overwriting_deleted():
        for row in rows:
            released += _forget(row)
        released += forget_again(again)
        files.remove_now(released)
    return len(rows) + len(again)


def _too_old(most: int) -> list[Delivery]:
    moment = clock.now()
    found: list[Delivery] = []
    for box in (
        Mailbox.objects.filter(unchecked_days__gt=0).select_related("address").prefetch_related("aliases__address")
    ):
        addresses = [box.address.address, *(alias.address.address for alias in box.aliases.all())]
        until = moment - timedelta(days=box.unchecked_days)
        old = Delivery.objects.filter(disposition="unchecked", mailbox__in=addresses, disposed_at__lt=until)
        found += old.defer("raw").order_by("id")[: most - len(found)]
        if len(found) == most:
            break
    return found


@transaction.atomic
def _forget(row: Delivery) -> list[Blob]:
    taken = Delivery.objects.filter(id=row.id, disposition="unchecked").update(
        disposition="discarded", because="never checked", raw=None, blob="", sender="", subject="", detail="",
        person_uid="", mail_from="", disposed_at=clock.now(),
    )  # fmt: skip
    if not taken:
        return []
    released = files.release(f"delivery:{row.id}") if row.blob else []
    data = {"disposition": "discarded", "because": "never checked", "ticket": None, "sha256": row.sha256}
    record("delivery.discarded", f"delivery:{row.id}", actor=rule("never checked"), data=data)
    return released
