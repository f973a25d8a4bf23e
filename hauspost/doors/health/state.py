"""Is this Hauspost well? The few questions that decide it, quick enough to be asked every second."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, connection

from hauspost.duties.intake import watching
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.history.models import Pending
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.vitals import reading as vitals

OK = "ok"

# A program's own migrations do not change while it runs: what was complete once stays so.
_was_complete = False


@dataclass(frozen=True)
class State:
    """Each part in a word, "ok" when it is well; the ages of what waits only inform, as a mail server may be away."""

    database: str
    migrations: str = "unknown"
    worker: str = "unknown"
    mailboxes: str = "unknown"
    oldest_seconds: dict[str, int] = field(default_factory=dict)
    needs_worker: bool = True
    needs_mailboxes: bool = True

    @property
    def is_well(self) -> bool:
        """Whether pages, and unless left out the workers and the mail servers they depend on, do their work."""
        works = self.worker == OK or not self.needs_worker
        return self.database == self.migrations == OK and works and (self.mailboxes == OK or not self.needs_mailboxes)


def look(*, with_workers: bool = True, with_mailboxes: bool = True) -> State:
    """The state now. Never raises: a database that does not answer is a finding."""
    try:
        complete = _is_complete()
        return State(
            database=OK,
            migrations=OK if complete else "not those of this program",
            worker=_worker_in_a_word() if complete else "unknown",
            mailboxes=_mailboxes_in_a_word() if complete else "unknown",
            oldest_seconds=oldest_seconds() if complete else {},
            needs_worker=with_workers,
            needs_mailboxes=with_mailboxes,
        )
    except DatabaseError:
        # It may be back with the next question, by a new connection.
        connection.close()
        return State(database="unreachable")


def oldest_seconds() -> dict[str, int]:
    """How long the oldest mail in, mail out and reaction have been waiting; only for those where something waits."""
    delivery = Delivery.objects.filter(disposed_at__isnull=True).order_by("id").values_list("received_at", flat=True)
    outgoing = OutgoingMail.objects.waiting().order_by("next_try_at", "id").values_list("created_at", flat=True)
    reaction = (
        Pending.objects.filter(parked_at__isnull=True).order_by("id").values_list("event__recorded_at", flat=True)
    )
    asked = {"mail_in": delivery, "mail_out": outgoing, "reaction": reaction}
    found = {name: next(iter(rows[:1]), None) for name, rows in asked.items()}
    return {name: _seconds_since(moment) for name, moment in found.items() if moment is not None}


def _seconds_since(moment: datetime) -> int:
    return max(0, round((clock.now() - moment).total_seconds()))


def _is_complete() -> bool:
    global _was_complete
    if not _was_complete:
        from hauspost.duties.keeping.refusals import DatabaseTooNew
        from hauspost.duties.keeping.upgrading import pending

        with suppress(DatabaseTooNew):
            _was_complete = not pending()
    return _was_complete


def _mailboxes_in_a_word() -> str:
    """P10.2: a mail server that lets us in no more is no smaller outage than a worker that stands still."""
    found = watching.troubles(clock.now())
    return f"{len(found)} mail servers in trouble" if found else OK


def _worker_in_a_word() -> str:
    silence = vitals.silence_of("work")
    if silence is None:
        return "never seen"
    return OK if silence <= vitals.SILENT_AFTER else "silent"
