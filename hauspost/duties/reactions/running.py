"""The worker's way through what is pending: in order per ticket, exactly once, three tries, then parked in sight."""

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction

from hauspost.duties.reactions.table import BY_NAME
from hauspost.ground import clock, db
from hauspost.ground.history.actions import reacting
from hauspost.ground.history.models import Pending
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import Actor

log = logging.getLogger("hauspost.reactions")

PAUSES = (timedelta(seconds=5), timedelta(seconds=20))  # Three tries within a minute.


def react_next(limit: int = 50) -> int:
    """Run what is ready, at most `limit`; answers how many were run."""
    done = 0
    while done < limit and _react_once():
        done += 1
    return done


def _react_once() -> bool:
    pending_id = 0
    try:
        with transaction.atomic():
            pending = db.skip_locked(Pending.objects.ready(clock.now())).first()
            if pending is None:
                return False
            pending_id = pending.id
            # The reaction's changes and the row's deletion commit together: exactly once.
            with reacting(pending.depth):
                BY_NAME[pending.reaction](pending.event)
            pending.delete()
    except (OperationalError, InterfaceError):
        raise
    except Exception as fault:  # The loop must go on; only this ticket waits.
        log.exception("reaction %s failed", pending_id)
        _put_off(pending_id, f"{type(fault).__name__}: {fault}")
    return True


def _put_off(pending_id: int, fault: str) -> None:
    with transaction.atomic():
        pending = Pending.objects.select_for_update().filter(id=pending_id).first()
        if pending is None:
            return
        pending.tries += 1
        pending.fault = fault[:2000]
        if pending.tries > len(PAUSES):
            pending.parked_at = clock.now()
        else:
            pending.not_before = clock.now() + PAUSES[pending.tries - 1]
        pending.save(update_fields=["tries", "fault", "parked_at", "not_before"])


@transaction.atomic
def try_again(pending_id: int, *, actor: Actor) -> None:
    """Let a parked reaction run again. Raises NotAllowed, NotFound."""
    pending = _parked(pending_id, actor)
    pending.tries, pending.parked_at, pending.not_before = 0, None, None
    pending.save(update_fields=["tries", "parked_at", "not_before"])


@transaction.atomic
def let_go(pending_id: int, *, actor: Actor) -> None:
    """Leave a parked reaction undone, so that its ticket goes on. Records "reaction.dropped"."""
    from hauspost.ground.history.actions import record

    pending = _parked(pending_id, actor)
    data = {"reaction": pending.reaction, "event": pending.event.seq}
    record("reaction.dropped", pending.stream.name, actor=actor, data=data)
    pending.delete()


def _parked(pending_id: int, actor: Actor) -> Pending:
    if not actor.is_administrator:
        raise NotAllowed
    pending = Pending.objects.select_for_update().filter(id=pending_id, parked_at__isnull=False).first()
    if pending is None:
        raise NotFound
    return pending
