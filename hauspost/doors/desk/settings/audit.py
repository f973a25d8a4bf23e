"""The audit log: who saw and changed settings, roles and people, who signed in, what left the house (S13, P26.4)."""

from collections.abc import Mapping
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.settings import telling
from hauspost.doors.desk.settings.frame import SECTIONS, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.serving import serve_csv
from hauspost.duties.privacy import audit
from hauspost.duties.privacy.audit import Asked, named_in, which
from hauspost.duties.privacy.audit_words import GROUPS
from hauspost.ground import clock


def _asked(given: Mapping[str, str]) -> Asked:
    """From an address; whatever is not understood is left out."""
    text = {name: given.get(name, "").replace("\0", "").strip()[:120] for name in ("who", "group", "words")}
    group = text["group"] if text["group"] in GROUPS else ""
    return Asked(text["who"], group, text["words"], _day(given.get("since", "")), _day(given.get("until", "")))


def _as_address(asked: Asked) -> dict[str, str]:
    """The same as it stands in an address."""
    days = {
        "since": asked.since.isoformat() if asked.since else "",
        "until": asked.until.isoformat() if asked.until else "",
    }
    return {"who": asked.who, "group": asked.group, "words": asked.words} | days


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/audit."""
    asked = _asked(request.GET)
    before = small_number(request.GET.get("before", ""))
    actor = actor_of(request)
    lines, next_before = telling.told(which(asked, actor), before, actor)
    people = named_in([line.stream for line in lines], actor)
    lines = [line for line in lines if not line.stream.startswith("person:") or line.stream in people]
    return settings_page(
        request,
        "desk/settings/audit.html",
        section="audit",
        asked=asked,
        typed=_as_address(asked),
        groups_of_kinds=[(key, words()) for key, (words, _kinds) in GROUPS.items()],
        lines=[(line, *_about(line.stream, people)) for line in lines],
        is_narrowed=asked != Asked(),
        older=url("audit", before=next_before, **_as_address(asked)) if next_before else "",
    )


@for_auditors
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """POST /desk/settings/audit/export: what was asked for, as CSV; that it was taken out is recorded, too."""
    sections = {section.key: section.label() for section in SECTIONS}
    return serve_csv(audit.export(_asked(request.POST), actor=actor_of(request), sections=sections), "audit.csv")


def _about(stream: str, named: Mapping[str, str]) -> tuple[str, str]:
    """What it was about, in words, and where one finds it; "" for nowhere."""
    kind, _colon, key = stream.partition(":")
    page = next((section for section in SECTIONS if section.key == key), None)
    if page is not None:
        return page.label(), url(page.key)
    return audit.about(stream, named), url("settings-person", key) if kind == "person" else ""


def _day(text: str) -> date | None:
    try:
        found = parse_date(text.strip())
    except ValueError:
        return None
    return found if found is not None and 1990 <= found.year <= clock.now().year + 1 else None
