"""What can be brought in from a file and taken out again, and the one way of doing it that was looked at before."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.duties.importers import people_csv, places_csv
from hauspost.duties.importers.plan import Done, Plan
from hauspost.duties.importers.refusals import PlanChanged, TooLarge, TooMuch
from hauspost.ground.files.actions import store
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people.actor import Actor

MOST_BYTES = 10_000_000
# More is a matter for the command line.
MOST_AT_ONCE = 2_000


@dataclass(frozen=True)
class Subject:
    """What can be brought in: its columns, its plan, and the way out again."""

    key: str
    name: Callable[[], str]
    fields: Mapping[str, Any]
    labels: Mapping[str, Any]
    plan: Callable[..., Plan]
    carry_out: Callable[..., Done]
    export: Callable[[], Iterator[bytes]]
    template: Callable[[], Iterator[bytes]]

    def label(self, field: str) -> str:
        """A field in words."""
        return str(self.labels.get(field, field))


SUBJECTS: Mapping[str, Subject] = {
    "people": Subject(
        "people",
        lambda: _("People"),
        people_csv.FIELDS,
        people_csv.LABELS,
        people_csv.plan_people,
        people_csv.carry_out,
        people_csv.export_people,
        people_csv.template,
    ),
    "places": Subject(
        "places",
        lambda: _("Places"),
        places_csv.FIELDS,
        places_csv.LABELS,
        places_csv.plan_places,
        places_csv.carry_out,
        places_csv.export_places,
        places_csv.template,
    ),
}


def keep_file(content: bytes) -> Blob:
    """Keep a file's bytes for a day, so that it can be looked at before anything is done. Raises TooLarge."""
    if len(content) > MOST_BYTES:
        raise TooLarge
    return store(content)


def mark_of(plan: Plan) -> str:
    """The mark of what was shown: what is done must be what was seen."""
    told = (plan.created, plan.changed, plan.archived, plan.rejected, plan.new_departments, plan.new_places)
    return hashlib.sha256(repr((told, plan.stops)).encode()).hexdigest()[:32]


def do_as_shown(subject: Subject, plan: Plan, shown: str, *, confirmed: bool, actor: Actor) -> Done:
    """Do what somebody saw. Raises PlanChanged where it is no longer that; TooMuch, NotAllowed, NeedsConsent."""
    if shown != mark_of(plan):
        raise PlanChanged
    if plan.steps > MOST_AT_ONCE:
        raise TooMuch(most=MOST_AT_ONCE)
    return subject.carry_out(plan, actor=actor, confirmed=confirmed)


@transaction.atomic
def take_out(subject: Subject, *, actor: Actor) -> Iterator[bytes]:
    """All of them as a CSV file. Records "people.exported" or "places.exported". Raises NotAllowed."""
    if not actor.is_administrator:
        raise NotAllowed
    record(f"{subject.key}.exported", f"setting:{subject.key}", actor=actor)
    return subject.export()
