"""What is done by the clock: waking snoozed tickets, the daily seal, cleaning up."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from hauspost.doors.worker import backups, census
from hauspost.duties.intake import alarming
from hauspost.duties.intake.checking import forget_unchecked
from hauspost.duties.privacy import retention
from hauspost.ground import clock, db
from hauspost.ground.files import actions as files
from hauspost.ground.history.models import Seal
from hauspost.ground.history.sealing import seal
from hauspost.ground.refusals import Refused
from hauspost.records.people.actions import forget_old_links
from hauspost.records.people.actor import rule
from hauspost.records.people.login import forget_what_expired
from hauspost.records.tickets.actions import wake
from hauspost.records.tickets.models import Ticket

log = logging.getLogger("hauspost.timers")

EVERY_SECONDS = 20
MOST_AT_ONCE = 100


def run_due() -> int:
    """Everything whose time has come; answers how many things were done."""
    census.count_all()
    done = wake_due() + seal_daily() + census.count() + retention.run_due() + backups.begin_due()
    return done + alarming.run_due() + forget_unchecked()


def wake_due() -> int:
    """Open again what slept until now (P47.1)."""
    due = Ticket.objects.filter(wake_at__isnull=False, wake_at__lte=clock.now()).order_by("wake_at")
    numbers = list(due.values_list("number", flat=True)[:MOST_AT_ONCE])
    for number in numbers:
        try:
            wake(number, actor=rule("its time has come"))
        except Refused as refusal:
            log.error("ticket %s could not be woken: %s", number, refusal)
    return len(numbers)


def seal_daily() -> int:
    """Once a day, whatever the number of workers: seal the record, then clean up what nobody needs."""
    if not _is_seal_due():
        return 0
    with transaction.atomic():
        db.hold(b"daily seal")
        made = seal(settings.HAUSPOST.data / "seals") if _is_seal_due() else None
    if made is None:
        return 0
    files.sweep(clock.now())
    forget_what_expired()
    forget_old_links()
    return 1


def _is_seal_due() -> bool:
    last = Seal.objects.order_by("-number").values_list("sealed_at", flat=True).first()
    return last is None or clock.now() - last >= timedelta(days=1)
