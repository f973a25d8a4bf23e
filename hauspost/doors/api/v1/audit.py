"""The audit log: who saw and changed settings, roles and people, who signed in, what left the house."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Schema
from pydantic import Field

from hauspost.doors.api.finding import auditor
from hauspost.doors.api.lists import MOST, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Day, PersonNamed, ShortLine
from hauspost.doors.api.shapes.keeping import AuditLine, AuditPage
from hauspost.doors.ui.serving import serve_csv
from hauspost.duties.privacy.audit import Asked, Line, export, is_person, is_uid, page
from hauspost.ground.history.sightings import note_sight

routes = Routes("Audit")


class AuditFilter(Schema):
    """What the log may be narrowed by."""

    who: ShortLine = Field("", description="By whom: a name, its beginning, or an address.")
    group: Literal["", "people", "roles", "access", "settings", "seen", "out", "privacy"] = ""
    words: ShortLine = Field("", description="About whom or what: a name, an address, a kind, a key.")
    since: Day | None = None
    until: Day | None = Field(None, description="The last day.")

    def asked(self) -> Asked:
        """The same for the log."""
        return Asked(self.who.strip(), self.group, self.words.strip(), self.since, self.until)


class AuditPaged(AuditFilter):
    """A filter, and which page of what it leaves."""

    cursor: ShortLine | None = Field(None, description="The `next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST, description="How many on a page.")


@routes.get("/audit", scope="record:read", gives=AuditPage)
def read_audit(request: HttpRequest, asked: Query[AuditPaged]) -> AuditPage:
    """Search the audit log, the newest first

    Administrators and auditors. Tickets of confidential teams are left out for whoever is not in them; so are
    strangers who have to do with those only.
    """
    actor = auditor(request)
    note_sight("settings.seen", "setting:audit", actor=actor)
    lines, following = page(asked.asked(), actor, before=before_of(asked.cursor), limit=asked.limit)
    return AuditPage(lines=[_told(line) for line in lines], next=str(following) if following else None)


@routes.get("/audit.csv", scope="record:read", bytes_as="text/csv")
def export_audit(request: HttpRequest, asked: Query[AuditFilter]) -> HttpResponseBase:
    """Export the audit log as CSV

    What a search finds, at most 100,000 lines. That it was exported stands in the log, too.
    """
    return serve_csv(export(asked.asked(), actor=auditor(request)), "audit.csv")


def _told(line: Line) -> AuditLine:
    who = line.actor.get("who", "").removeprefix("person:")
    return AuditLine(
        id=line.id,
        at=line.at,
        kind=line.kind,
        actor=_known(dict(line.actor), line),
        person=PersonNamed(uid=UUID(who), name=line.name) if line.name else None,
        stream=line.stream,
        about=line.about,
        data=_known(dict(line.data), line),
        texts=dict(line.texts),
    )


def _known(value: Any, line: Line) -> Any:
    """What the record keeps, without persons whom the reader may not know of (P11.1)."""
    if isinstance(value, dict):
        return {name: _known(inner, line) for name, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner, line) for inner in value]
    uid = value.removeprefix("person:") if is_person(value) else value
    return None if is_uid(uid) and uid not in line.names else value
