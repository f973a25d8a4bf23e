"""Files that programs bring in: kept for a day, looked at, carried out as they were looked at."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import override

from hauspost.doors.api.models import Import
from hauspost.doors.api.refusals import CarriedOutAlready, FileGone
from hauspost.doors.api.shapes.importing import What
from hauspost.duties.importers.plan import Done, Plan, Planned, Rejected
from hauspost.duties.importers.refusals import NeedsConsent
from hauspost.duties.importers.subjects import SUBJECTS, Subject, do_as_shown, keep_file
from hauspost.ground import clock
from hauspost.ground.files.actions import read_blob, store
from hauspost.ground.files.refusals import BytesMissing, NoSuchBlob
from hauspost.ground.refusals import NotAllowed, Refused
from hauspost.records.people.actor import Actor

LISTED = timedelta(days=30)


def bring_in(
    subject: str,
    content: bytes,
    *,
    columns: Mapping[str, str],
    archive_missing: bool,
    new_departments: bool,
    actor: Actor,
) -> tuple[Import, Plan]:
    """Keep a file for its sender, with what it would do, as `plan_to_do` has it.

    Raises NotAllowed, TooLarge, Unreadable, WrongColumns.
    """
    if not actor.is_administrator or actor.who is None:
        raise NotAllowed
    blob = keep_file(content)
    row = Import(
        person=actor.who,
        subject=subject,
        sha256=blob.sha256,
        columns=dict(columns),
        archive_missing=archive_missing,
        new_departments=new_departments,
        created_at=clock.now(),
    )
    try:
        plan = _in_house(row, content)
    except Refused:
        # The same once more, in the words of whoever asks.
        _plan(row, content)
        raise
    Import.objects.filter(created_at__lte=clock.now() - LISTED).delete()
    row.save()
    return row, plan


def plan_of(row: Import) -> Plan:
    """What it would do now, in the reader's words. Raises FileGone, CarriedOutAlready, Unreadable, WrongColumns."""
    return _plan(row, _content(row))


def plan_to_do(row: Import) -> Plan:
    """The same in the company's language: its mark is one, in whatever language a program reads and carries out.

    Raises like `plan_of`.
    """
    return _in_house(row, _content(row))


def _content(row: Import) -> bytes:
    if row.begun_at is not None:
        raise CarriedOutAlready
    try:
        return read_blob(row.sha256)
    except (NoSuchBlob, BytesMissing) as fault:
        raise FileGone from fault


def _in_house(row: Import, content: bytes) -> Plan:
    with override(settings.LANGUAGE_CODE):
        return _plan(row, content)


def _plan(row: Import, content: bytes) -> Plan:
    return subject_of(row).plan(
        content, mapping=row.columns, archive_missing=row.archive_missing, new_departments=row.new_departments
    )


def subject_of(row: Import) -> Subject:
    """What it brings in."""
    return SUBJECTS[row.subject]


def lines_of(plan: Plan) -> Iterator[tuple[What, Planned | Rejected]]:
    """All rows of a plan, each with what becomes of it."""
    what: What
    for what in ("created", "changed", "archived", "rejected", "noted"):
        for line in getattr(plan, what):
            yield what, line


def carry_out(row: Import, plan: Plan, shown: str, *, confirmed: bool, actor: Actor) -> Done:
    """Do a `plan_to_do`, once; what is refused may be tried again.

    Raises CarriedOutAlready, and what `do_as_shown` raises.
    """
    if not Import.objects.filter(pk=row.pk, begun_at__isnull=True).update(begun_at=clock.now()):
        raise CarriedOutAlready
    try:
        done = do_as_shown(subject_of(row), plan, shown, confirmed=confirmed, actor=actor)
    except Refused as refused:
        # Nothing was done yet.
        Import.objects.filter(pk=row.pk).update(begun_at=None)
        if isinstance(refused, NeedsConsent):
            raise NeedsConsent(why="; ".join(plan_of(row).stops)) from refused
        raise
    row.refresh_from_db()
    row.done_at = clock.now()
    row.sums = {"created": done.created, "changed": done.changed, "archived": done.archived}
    told = {"faults": [asdict(one) for one in done.faults], "leavers": [asdict(one) for one in done.leavers]}
    # Names stay no longer than the file that brought them.
    row.report_sha256 = store(json.dumps(told, ensure_ascii=False).encode()).sha256
    row.save(update_fields=["done_at", "sums", "report_sha256"])
    return done


def report_of(row: Import) -> Mapping[str, Any] | None:
    """Faults and leavers of what was carried out; None when their day is over."""
    try:
        return dict(json.loads(read_blob(row.report_sha256)))
    except (NoSuchBlob, BytesMissing):
        return None
