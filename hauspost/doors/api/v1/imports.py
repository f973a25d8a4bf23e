"""People and places from a file: see what it would do, then let it; and back into a file."""

from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Path, Query, Schema
from pydantic import Field

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import Caller, known_caller
from hauspost.doors.api.finding import administrator
from hauspost.doors.api.importing import bring_in, carry_out, lines_of, plan_of, plan_to_do, report_of
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.models import Import
from hauspost.doors.api.refusals import CarriedOutAlready, FileGone
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.importing import (
    CarryingOutAsked,
    ChangeTold,
    FaultTold,
    ImportAsked,
    ImportDone,
    ImportLines,
    ImportRow,
    ImportRows,
    ImportTold,
    LeaverTold,
    LineTold,
    OutcomeTold,
    PlanTold,
    Sums,
    What,
)
from hauspost.doors.ui.serving import serve_csv_pieces
from hauspost.duties.importers.plan import Plan, Planned, Rejected
from hauspost.duties.importers.subjects import SUBJECTS, mark_of, take_out
from hauspost.ground.refusals import Invalid, NotFound

routes = Routes("Imports")
READING, WRITING = ("people:read", "places:read"), ("people:write", "places:write")


@routes.get("/imports", scope=READING, gives=ImportRows)
def list_imports(request: HttpRequest, asked: Query[Paged]) -> ImportRows:
    """List the files that you brought in

    Those of people with `people:read`, of places with `places:read`. Administrators only, like everything here.
    """
    administrator(request)
    caller = known_caller(request)
    subjects = [subject for subject in SUBJECTS if caller.may(f"{subject}:read")]
    found = Import.objects.filter(person=caller.person, subject__in=subjects).order_by("-id")
    if before := before_of(asked.cursor):
        found = found.filter(pk__lt=before)
    rows = list(found[: asked.limit + 1])
    following = str(rows[asked.limit - 1].pk) if len(rows) > asked.limit else None
    return ImportRows(imports=[ImportRow(**_row(row)) for row in rows[: asked.limit]], next=following)


@routes.post("/imports/people", scope="people:write", gives=ImportDone, files=True)
def import_people(request: HttpRequest, asked: ImportAsked) -> ImportDone:
    """Bring in a table of people, and see what it would do

    Nothing is changed yet: read the plan, then carry it out. CSV as spreadsheets and personnel systems write it, up
    to 10 MB, as text in the JSON or as a file in the part `files` of multipart/form-data. It is kept for a day.
    """
    return _brought_in("people", request, asked)


@routes.post("/imports/places", scope="places:write", gives=ImportDone, files=True)
def import_places(request: HttpRequest, asked: ImportAsked) -> ImportDone:
    """Bring in a table of sites and locations, and see what it would do

    Like people.
    """
    return _brought_in("places", request, asked)


@routes.get("/imports/{upload}", scope=READING, gives=ImportTold)
def read_import(request: HttpRequest, upload: Path[Number]) -> ImportTold:
    """Read what a file would do, or what came of it

    The plan is made anew each time. Who left with open work stands in `outcome.leavers`.
    """
    row = _import(request, upload, "read")
    try:
        # The mark first: what changes before the words are made is then refused, not done unseen.
        mark = mark_of(plan_to_do(row))
        plan = _plan_told(row, mark, plan_of(row))
    except (FileGone, CarriedOutAlready):
        plan = None
    return ImportTold(**_row(row), plan=plan, outcome=_outcome(row))


class Narrowed(Paged):
    """Which rows of a plan, and which page of them."""

    what: What | None = Field(None, description="Only those; all without it.")


@routes.get("/imports/{upload}/lines", scope=READING, gives=ImportLines, also=(409,))
def list_import_lines(request: HttpRequest, upload: Path[Number], asked: Query[Narrowed]) -> ImportLines:
    """List what would become of each row

    What would be created, changed, archived; and the faults by line, with what to do.
    """
    row = _import(request, upload, "read")
    mark, plan = mark_of(plan_to_do(row)), plan_of(row)
    found = (one for one in lines_of(plan) if asked.what in (None, one[0]))
    begins = min(before_of(asked.cursor), 10**6)
    rows = list(islice(found, begins, begins + asked.limit + 1))
    following = str(begins + asked.limit) if len(rows) > asked.limit else None
    return ImportLines(plan=mark, lines=[_line(*one) for one in rows[: asked.limit]], next=following)


@routes.post("/imports/{upload}/carrying-out", scope=WRITING, gives=ImportDone, status=200)
def carry_out_import(request: HttpRequest, upload: Path[Number], asked: CarryingOutAsked) -> ImportDone:
    """Carry out a plan that was read

    Done is what was shown: where something has changed since, 409 `plan-changed`, and nothing is done. Where the plan
    has `stops`, 409 `needs-consent` without `confirmed`. At most 2,000 changes; more is done by `hauspost people
    import`. Places that it makes along the way need the scope `places:write`.
    """
    row = _import(request, upload, "write")
    plan = plan_to_do(row)
    if plan.new_places:
        known_caller(request).needs("places:write")
    done = carry_out(row, plan, asked.plan, confirmed=asked.confirmed, actor=administrator(request))
    return ImportDone(
        id=row.pk,
        href=_href(row),
        state="done",
        plan=None,
        created=done.created,
        changed=done.changed,
        archived=done.archived,
        faults=len(done.faults),
        stops=0,
        leavers_with_work=len(done.leavers),
    )


class TableAsked(Schema):
    """With what in it."""

    empty: bool = Field(False, description="The headings alone, to fill in.")


@routes.get("/people.csv", scope="people:read", bytes_as="text/csv")
def export_people(request: HttpRequest, asked: Query[TableAsked]) -> HttpResponseBase:
    """Export everybody of the company as CSV, to be brought in again

    That it was exported stands in the audit log. Administrators only.
    """
    return _exported("people", request, asked)


@routes.get("/places.csv", scope="places:read", bytes_as="text/csv")
def export_places(request: HttpRequest, asked: Query[TableAsked]) -> HttpResponseBase:
    """Export all sites and locations as CSV, to be brought in again

    That it was exported stands in the audit log. Administrators only.
    """
    return _exported("places", request, asked)


def _exported(subject: str, request: HttpRequest, asked: TableAsked) -> HttpResponseBase:
    actor, wanted = administrator(request), SUBJECTS[subject]
    return serve_csv_pieces(wanted.template() if asked.empty else take_out(wanted, actor=actor), f"{subject}.csv")


def _brought_in(subject: str, request: HttpRequest, asked: ImportAsked) -> ImportDone:
    actor = administrator(request)
    row, plan = bring_in(
        subject,
        _content(request, asked),
        columns=asked.columns,
        archive_missing=asked.archive_missing,
        new_departments=asked.new_departments,
        actor=actor,
    )
    return ImportDone(
        id=row.pk,
        href=_href(row),
        state="planned",
        plan=mark_of(plan),
        created=len(plan.created),
        changed=len(plan.changed),
        archived=len(plan.archived),
        faults=len(plan.rejected),
        stops=len(plan.stops),
        leavers_with_work=0,
    )


def _content(request: HttpRequest, asked: ImportAsked) -> bytes:
    files = request.FILES.getlist("files")
    if len(files) + (asked.csv is not None) != 1:
        raise Invalid("csv", _("send one table: here as text, or as a file in the part “files”"))
    if asked.csv is None:
        return bytes(files[0].read())
    return asked.csv.encode("utf-8", "replace")


def _import(request: HttpRequest, upload: int, right: str) -> Import:
    """A file that the caller brought in (S6), with the scope for what is in it. Raises NotFound, ScopeMissing."""
    administrator(request)
    caller: Caller = known_caller(request)
    row = Import.objects.filter(pk=upload, person=caller.person).first()
    if row is None:
        raise NotFound
    caller.needs(f"{row.subject}:{right}")
    return row


def _href(row: Import) -> str:
    return address_of(f"imports/{row.pk}")


def _row(row: Import) -> dict[str, Any]:
    state = "planned" if row.begun_at is None else "begun" if row.done_at is None else "done"
    told = {"id": row.pk, "href": _href(row), "subject": row.subject, "at": row.created_at}
    return told | {"sha256": row.sha256, "state": state}


def _plan_told(row: Import, mark: str, plan: Plan) -> PlanTold:
    return PlanTold(
        mark=mark,
        sums=Sums(
            created=len(plan.created),
            changed=len(plan.changed),
            archived=len(plan.archived),
            unchanged=plan.unchanged,
            rejected=len(plan.rejected),
            noted=len(plan.noted),
        ),
        columns=dict(plan.columns),
        ignored=list(plan.ignored),
        new_departments=list(plan.new_departments),
        new_places=list(plan.new_places),
        stops=list(plan.stops),
        lines=f"{_href(row)}/lines",
    )


def _line(what: What, one: Planned | Rejected) -> LineTold:
    if isinstance(one, Rejected):
        said = {"reason": one.reason, "what_to_do": one.what_to_do}
        return LineTold(what=what, line=one.line or None, name=one.name, changes=[], **said)
    changes = [ChangeTold(field=change.field, before=change.before, after=change.after) for change in one.changes]
    return LineTold(what=what, line=one.line or None, name=one.name, changes=changes, reason="", what_to_do="")


def _outcome(row: Import) -> OutcomeTold | None:
    if row.done_at is None:
        return None
    report = report_of(row)
    faults = leavers = None
    if report is not None:
        faults = [FaultTold(**one) for one in report["faults"]]
        leavers = [LeaverTold(**one, work=address_of(f"people/{one['uid']}/work")) for one in report["leavers"]]
    return OutcomeTold(at=row.done_at, faults=faults, leavers=leavers, **row.sums)
