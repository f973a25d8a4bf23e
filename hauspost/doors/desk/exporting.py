"""Any list of the desk as a CSV file for spreadsheets: the same gate, at most 50,000 rows, noted in the record."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hauspost.doors.desk import absences
from hauspost.doors.desk.frame import at_the_desk, has_desk, sees_mailroom
from hauspost.doors.desk.lists import listed
from hauspost.doors.desk.mailroom import tables as mailroom
from hauspost.doors.desk.settings import tables as settings
from hauspost.doors.desk.settings.frame import sees_settings
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.serving import serve_csv
from hauspost.ground.search.actions import Readable, search
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.exporting import MOST_ROWS, exported, note_export
from hauspost.records.tickets.indexing import scopes_at_desk_of
from hauspost.records.tickets.knowing import seen_at_desk
from hauspost.records.tickets.paging import all_by_number

Rows = Iterator[list[object]]
_AT_ONCE = 200


@dataclass(frozen=True)
class Table:
    """A list as a file: to whom its page is open, and its rows, narrowed as the page was; first the headings."""

    open_to: Callable[[Actor], bool]
    rows: Callable[[Actor, Mapping[str, str]], Rows]


def _administers(actor: Actor) -> bool:
    return actor.is_administrator


# Every list that is not of tickets, by its name in addresses and in the record.
TABLES: Mapping[str, Table] = {
    "absences": Table(has_desk, absences.table),
    "ledger": Table(sees_mailroom, mailroom.ledger),
    "quarantine": Table(sees_mailroom, mailroom.quarantine),
    "unchecked": Table(sees_mailroom, mailroom.unchecked),
    "outgoing": Table(_administers, mailroom.outgoing),
    "reactions": Table(_administers, mailroom.reactions),
    "people": Table(sees_settings, settings.people),
    "teams": Table(sees_settings, settings.teams),
    "roles": Table(sees_settings, settings.roles),
    "departments": Table(sees_settings, settings.departments),
    "places": Table(sees_settings, settings.places),
    "categories": Table(sees_settings, settings.categories),
    "mailboxes": Table(sees_settings, settings.mailboxes),
    "mail-servers": Table(_administers, settings.mail_servers),
    "programs": Table(_administers, settings.programs),
    "retention-rules": Table(_administers, settings.retention_rules),
    "holds": Table(_administers, settings.holds),
    "emergencies": Table(sees_settings, settings.emergencies),
    "backups": Table(sees_settings, settings.backups),
}


@at_the_desk
@require_POST
def tickets(request: HttpRequest) -> HttpResponseBase:
    """POST /desk/export: the list whose key is sent, or what a search finds."""
    actor, key = actor_of(request), request.POST.get("list", "")
    query = " ".join(request.POST.get("q", "").replace("\0", " ").split())[:300]
    pages = _found(query, actor) if key == "search" else all_by_number(listed(key, actor).tickets)
    rows = exported(pages, name=key, actor=actor, at_desk=True)
    return serve_csv(rows, f"{key.replace(':', '-')}.csv")


def _found(query: str, actor: Actor) -> Iterator[list[int]]:
    """What a search finds, page after page; asked again of the tickets' own gate (P11.1)."""
    readable, before, told = [Readable(scopes_at_desk_of(actor), ("public", "internal"))], None, set[int]()
    while query:
        hits = search(query, readable=readable, limit=_AT_ONCE, before=before)
        numbers = [hit.ref for hit in hits.rows if hit.ref not in told]
        told.update(numbers)
        seen = seen_at_desk(numbers, actor)
        yield [number for number in numbers if number in seen]
        before = hits.next
        if before is None:
            return


@at_the_desk
@require_POST
def table(request: HttpRequest, table: str) -> HttpResponseBase:
    """POST /desk/export/<table>: a list of another kind, with what its page was narrowed by."""
    actor, found = actor_of(request), TABLES.get(table)
    if found is None or not found.open_to(actor):
        raise Http404
    note_export(table, actor=actor)
    return serve_csv(_ended(_as_read_here(found.rows(actor, request.POST.dict()))), f"{table}.csv")


def _as_read_here(rows: Rows) -> Rows:
    """The same rows in the reader's language and zone: the page has long been answered when they are made."""
    language, zone = get_language() or "en", timezone.get_current_timezone()

    def made() -> Rows:
        while True:
            with override(language), timezone.override(zone):
                row = next(rows, None)
            if row is None:
                return
            yield row

    return made()


def _ended(rows: Rows) -> Rows:
    """The headings and at most 50,000 rows; then the last one says that there is more (P15.5)."""
    last = _("Only %(count)s rows are here. Narrow the list to get the rest.") % {"count": MOST_ROWS}
    return (row if told <= MOST_ROWS else ["…", last] for told, row in zip(range(MOST_ROWS + 2), rows, strict=False))
