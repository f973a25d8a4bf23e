"""What the company has set up around tickets: its states, and priority from impact and urgency."""

from collections.abc import Mapping

from django.db import transaction

from hauspost.ground import hot
from hauspost.ground.db import storable
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.catalogue.models import TicketType
from hauspost.records.people.actions import refuse_taken_key
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Level, Priority, Status, WorkPlace

_OF_KIND = hot.Question(
    lambda kind: Status.objects.filter(kind=kind, archived_at__isnull=True).order_by("position", "id")[:1]
)
# The usual matrix of ITIL, three by three: PRIORITIES[impact][urgency].
PRIORITIES: Mapping[int, Mapping[int, int]] = {
    1: {1: Priority.LOW, 2: Priority.LOW, 3: Priority.NORMAL},
    2: {1: Priority.LOW, 2: Priority.NORMAL, 3: Priority.HIGH},
    3: {1: Priority.NORMAL, 2: Priority.HIGH, 3: Priority.CRITICAL},
}

# The states that every company begins with: (key, kind, English, German).
FIRST_STATUSES = (
    ("new", "new", "New", "Neu"),
    ("open", "open", "Open", "Offen"),
    ("waiting-requester", "waiting_requester", "Waiting for requester", "Wartet auf Anforderer"),
    ("waiting-third", "waiting_third", "Waiting for third party", "Wartet auf Dritte"),
    ("waiting-date", "waiting_date", "Waiting for date", "Wartet auf Termin"),
    ("planned", "planned", "Visit planned", "Einsatz geplant"),
    ("resolved", "resolved", "Resolved", "Gelöst"),
    ("closed", "closed", "Closed", "Geschlossen"),
)


def one_line(subject: str) -> str:
    """A subject as it is kept: one line (S20), storable, at most 2,000 characters."""
    return " ".join(storable(subject.replace("\0", "")).split())[:2000]


def priority_of(impact: int, urgency: int) -> int:
    """The priority that impact and urgency make."""
    return int(PRIORITIES[impact][urgency])


def refuse_unknown_words(*, impact: int = 1, urgency: int = 1, type: str = "", work_place: str = "") -> None:
    """Raises Invalid for what is none of the fixed levels, types and work places."""
    for name, value, allowed in (
        ("impact", impact, Level.values),
        ("urgency", urgency, Level.values),
        ("type", type, ["", *TicketType.values]),
        ("work place", work_place, ["", *WorkPlace.values]),
    ):
        if value not in allowed:
            raise Invalid(name, ", ".join(str(one) for one in allowed if one != ""))


def status_of(kind: str) -> Status:
    """The company's first state of a kind."""
    found = _OF_KIND.first(kind)
    if found is None:
        raise Status.DoesNotExist(f"The company has no state of the kind {kind}.")
    return found


@transaction.atomic
def add_status(key: str, kind: str, words: Mapping[str, str], position: int, *, actor: Actor) -> Status:
    """Add a state of one of the fixed kinds (P47.2). Records "status.added". Raises NotAllowed."""
    if not actor.is_administrator:
        raise NotAllowed
    refuse_taken_key(Status, key)
    if kind not in Status.Kind.values:
        raise Invalid("kind", ", ".join(Status.Kind.values))
    status = Status.objects.create(key=key, kind=kind, words=dict(words), position=position)
    after = {"kind": kind, "words": dict(words), "position": position}
    record("status.added", f"setting:status:{key}", actor=actor, data={"before": {}, "after": after})
    return status


def add_first_statuses(*, actor: Actor) -> None:
    """The states a company begins with; those it has already stay as they are."""
    for position, (key, kind, english, german) in enumerate(FIRST_STATUSES):
        if not Status.objects.filter(key=key).exists():
            add_status(key, kind, {"en": english, "de": german}, position, actor=actor)
