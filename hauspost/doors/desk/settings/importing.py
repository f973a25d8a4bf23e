"""People and places from a CSV file: upload, see what would happen, then let it happen; and back into a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.importers.plan import Plan
from hauspost.duties.importers.refusals import TooLarge
from hauspost.duties.importers.subjects import (
    MOST_AT_ONCE,
    MOST_BYTES,
    SUBJECTS,
    Subject,
    do_as_shown,
    keep_file,
    mark_of,
    take_out,
)
from hauspost.duties.importers.table import read_table
from hauspost.ground import clock, tokens
from hauspost.ground.files.actions import read_blob
from hauspost.ground.files.refusals import BytesMissing, NoSuchBlob
from hauspost.ground.refusals import Refused

SECTION = "settings-import"
# So many rows of each kind a page shows; the sums are of all.
SHOWN = 50
_KEPT_UPLOADS = 3
_IN_SESSION = "imports"


class NoFile(Refused):
    """Nothing was chosen."""

    code = "no-file"
    status = 422
    words = gettext_lazy("Choose a file first.")


@for_administrators
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/import; POST keeps a file for this person's session and leads to its preview."""
    form, status = Form({"subject": "people", "file": ""}), 200
    if request.method == "POST":
        form = Form.sent(request, form.values)
        try:
            return HttpResponseRedirect(url("settings-import-one", _keep(request, _subject(form.value("subject")))))
        except Refused as refused:
            form.refusing(refused, at="file")
            status = refused.status
    return settings_page(
        request,
        "desk/settings/importing.html",
        section=SECTION,
        status=status,
        form=form,
        subject_choices=[(key, one.name()) for key, one in SUBJECTS.items()],
        subjects=[(key, one.name(), [str(words) for words in one.fields.values()]) for key, one in SUBJECTS.items()],
    )


def _subject(key: str) -> str:
    if key not in SUBJECTS:
        raise Http404
    return key


def _keep(request: HttpRequest, subject: str) -> str:
    """Keep the file's bytes for a day, under a token that only this session knows (S6)."""
    upload = request.FILES.get("file")
    if upload is None:
        raise NoFile
    if (upload.size or 0) > MOST_BYTES:
        raise TooLarge  # Before it is read.
    token = tokens.new_token()
    kept = dict(request.session.get(_IN_SESSION, {}))
    kept[token] = {
        "subject": subject,
        "sha256": keep_file(upload.read()).sha256,
        "name": (upload.name or "file").replace("\\", "/").rpartition("/")[2][:120],
        "at": clock.now().isoformat(),
    }
    newest = sorted(kept, key=lambda key: str(kept[key]["at"]))[-_KEPT_UPLOADS:]
    request.session[_IN_SESSION] = {key: kept[key] for key in newest}
    return token


@for_administrators
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, upload: str) -> HttpResponse:
    """GET …/import/<upload>: what would be created, changed, archived, rejected; POST does what was shown."""
    kept = request.session.get(_IN_SESSION, {}).get(upload)
    if kept is None:
        raise Http404
    if "done" in kept:
        return _result(request, kept)
    try:
        content = read_blob(kept["sha256"])
    except (NoSuchBlob, BytesMissing):
        messages.warning(request, _("The file was kept for a day and is gone. Choose it once more."))
        return HttpResponseRedirect(url(SECTION))
    look = Look.of(request, SUBJECTS[kept["subject"]], content)
    refused = look.refused
    if request.method == "POST" and look.plan is not None:
        try:
            return _carried_out(request, upload, look)
        except Refused as fault:
            refused = str(fault)
    return settings_page(
        request,
        "desk/settings/import_preview.html",
        section=SECTION,
        status=200 if request.method == "GET" else 409,
        kept=kept,
        here=url("settings-import-one", upload),
        look=look,
        plan=look.plan,
        refused=refused,
        most=SHOWN,
        most_in_page=MOST_AT_ONCE,
    )


@dataclass(frozen=True)
class Look:
    """A file read with the columns and switches that were chosen: the plan, or why there is none."""

    subject: Subject
    headers: list[str]
    mapping: dict[str, str]
    archive_missing: bool
    plan: Plan | None
    refused: str

    @classmethod
    def of(cls, request: HttpRequest, subject: Subject, content: bytes) -> "Look":
        """What an address or a form asks for."""
        sent = request.POST if request.method == "POST" else request.GET
        # Pairs of a column and its field.
        mapping = dict(zip(sent.getlist("column"), sent.getlist("field"), strict=False))
        archive_missing, headers = sent.get("archive_missing") == "1", []
        try:
            headers = list(read_table(content).headers)
            known = {header: field for header, field in mapping.items() if header in headers}
            plan = subject.plan(content, mapping=known, archive_missing=archive_missing)
        except Refused as fault:
            return cls(subject, headers, mapping, archive_missing, None, str(fault))
        return cls(subject, headers, {**mapping, **plan.columns}, archive_missing, plan, "")

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Every column of the file with the field it is read as; "" is left out."""
        read_as = self.plan.columns if self.plan is not None else self.mapping
        return [(header, read_as.get(header, "")) for header in self.headers]

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What a column can be."""
        return [(key, str(words)) for key, words in self.subject.fields.items()]

    def label(self, field: str) -> str:
        """A field in words."""
        return self.subject.label(field)

    @property
    def shown(self) -> str:
        """The mark of what the preview shows."""
        assert self.plan is not None
        return mark_of(self.plan)


def _carried_out(request: HttpRequest, upload: str, look: Look) -> HttpResponse:
    """Do it, and remember in the session what was done. Raises what `do_as_shown` raises."""
    assert look.plan is not None
    shown, confirmed = request.POST.get("shown", ""), request.POST.get("confirmed") == "1"
    done = do_as_shown(look.subject, look.plan, shown, confirmed=confirmed, actor=actor_of(request))
    kept = dict(request.session[_IN_SESSION])
    sums = {"created": done.created, "changed": done.changed, "archived": done.archived}
    leavers = [[one.uid, one.name, one.open_work] for one in done.leavers]
    # The plan's words on what was left alone: nobody finds them again once it is carried out.
    left = {
        kind: {"count": len(rows), "rows": [[one.line, one.name, one.reason, one.what_to_do] for one in rows[:SHOWN]]}
        for kind, rows in (("failed", done.faults), ("rejected", look.plan.rejected), ("noted", look.plan.noted))
    }
    kept[upload] = {**kept[upload], "done": sums, "left": left, "leavers": leavers[:SHOWN]}
    request.session[_IN_SESSION] = kept
    return HttpResponseRedirect(url("settings-import-one", upload))


def _result(request: HttpRequest, kept: Mapping[str, Any]) -> HttpResponse:
    return settings_page(
        request,
        "desk/settings/import_done.html",
        section=SECTION,
        kept=kept,
        done=kept["done"],
        left=kept.get("left", {}),
        leavers=kept.get("leavers", []),
        list_of=url("settings-people" if kept["subject"] == "people" else "settings-places"),
    )


@for_administrators
@require_POST
def export(request: HttpRequest, subject: str) -> StreamingHttpResponse:
    """POST …/export/<subject>: all of them as CSV; `empty` gives the headings alone. Who took them out is recorded."""
    wanted = SUBJECTS[_subject(subject)]
    rows = wanted.template() if request.POST.get("empty") else take_out(wanted, actor=actor_of(request))
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{subject}.csv"'
    return answer
