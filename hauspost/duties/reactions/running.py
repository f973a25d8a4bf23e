"""The worker's way through what is pending: in order per ticket, exactly once, three tries, then parked in sight."""

import logging
import time
from datetime import timedelta

from django.db import transaction

from hauspost.duties.reactions.table import BY_NAME
from hauspost.ground import clock, db, hot
from hauspost.ground.history.actions import reacting
from hauspost.ground.history.models import Pending
from hauspost.ground.outages import OUTAGES, is_outage
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import Actor

log = logging.getLogger("hauspost.reactions")

_ANY = hot.Question(lambda: Pending.objects.values_list("id")[:1])
_OLDEST = hot.Question(lambda moment: db.skip_locked(Pending.objects.due(moment).select_related("event__stream"))[:1])
_READY = hot.Question(lambda moment: db.skip_locked(Pending.objects.ready(moment).select_related("event__stream"))[:1])
_EARLIER = hot.Question(lambda stream, first: Pending.objects.filter(stream=stream, id__lt=first).values_list("id")[:1])
_SAME_EVENT = hot.Question(lambda event, first: Pending.objects.filter(event=event, id__gt=first).order_by("id"))
# On SQLite events share a commit for so long, or until somebody else wants to write.
_TOGETHER_SECONDS = 0.01
PAUSES = (timedelta(seconds=5), timedelta(seconds=20))  # Three tries within a minute.


def react_next(limit: int = 50) -> int:
    """Run what follows from at most `limit` events; answers from how many."""
    done = 0
    while done < limit and (some := _react_in_one_commit(limit - done)):
        done += some
    return done


def _react_in_one_commit(limit: int) -> int:
    """Each reaction's changes and its row's deletion commit together: exactly once. Answers from how many events.

    On PostgreSQL it is one event a commit, as other workers lock the same rows in another order. SQLite has one writer,
    and writing a commit costs half as much as the acknowledgement in it.
    """
    if not _ANY.is_true():
        return 0
    done, until = 0, time.monotonic() + (0 if db.is_postgres() else _TOGETHER_SECONDS)
    with transaction.atomic():
        try:
            while done < limit and _react_once():
                done += 1
                if time.monotonic() > until or db.somebody_waits():
                    break
        except OUTAGES:
            # What is done stays done; the next call meets the fault as its first.
            if not done:
                raise
    return done


def _react_once() -> bool:
    first = _first_ready()
    if first is None:
        return False
    for pending in (first, *_SAME_EVENT.all(first.event_id, first.id)):
        pending.event = first.event
        if not _run(pending):
            break
    return True


def _first_ready() -> Pending | None:
    """The first row that is nobody's yet and waits for no earlier one of its stream.

    Nearly always that is the oldest row of all; to ask for that one first costs half of the full question.
    """
    moment = clock.now()
    first = _OLDEST.first(moment)
    if first is not None and _EARLIER.is_true(first.stream_id, first.id):
        first = _READY.first(moment)
    return first


def _run(pending: Pending) -> bool:
    """One reaction, undone by itself when it fails; then only this ticket waits."""
    try:
        with transaction.atomic(), reacting(pending.depth):
            BY_NAME[pending.reaction](pending.event)
            hot.remove(pending)
            return True
    except OUTAGES:
        raise
    except Exception as fault:  # The loop must go on.
        log.exception("reaction %s failed", pending.id)
        _put_off(pending, f"{type(fault).__name__}: {fault}", counts=not is_outage(fault))
        return False


def _put_off(pending: Pending, fault: str, *, counts: bool) -> None:
    """`counts`: the reaction is to blame; a full disk says nothing about it."""
    pending.tries += counts
    pending.fault = fault[:2000]
    if pending.tries > len(PAUSES):
        pending.parked_at = clock.now()
    else:
        pending.not_before = clock.now() + PAUSES[max(0, pending.tries - 1)]
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
