"""Lists of tickets as rows for a file: bounded, page by page, noted in the record of whoever takes them (S5, P15.5)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import NotAllowed
from hauspost.records.catalogue.models import TicketType
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Channel, Level, Priority, Tag, Ticket, WorkPlace

MOST_ROWS = 50_000
_NAMES = (
    "requester", "affected", "team", "assignee", "category", "site", "location", "department", "status", "technician",
)  # fmt: skip

Cell = Callable[[Ticket], Any]
# Shown to whoever sees the ticket at all, and to the desk beyond that (P11.4).
_FOR_ALL: Mapping[str, tuple[Callable[[], str], Cell]] = {
    "number": (lambda: _("Number"), lambda row: row.number),
    "subject": (lambda: _("Subject"), lambda row: row.subject),
    "status": (lambda: _("Status"), lambda row: row.status.name),
    "requester": (lambda: _("Requester"), lambda row: row.requester.name),
    "team": (lambda: _("Team"), lambda row: row.team.name),
    "opened_at": (lambda: _("Opened"), lambda row: _local(row.opened_at)),
    "changed_at": (lambda: _("Changed"), lambda row: _local(row.changed_at)),
    "resolved_at": (lambda: _("Resolved"), lambda row: _local(row.resolved_at)),
    "closed_at": (lambda: _("Closed"), lambda row: _local(row.closed_at)),
}
_FOR_THE_DESK: Mapping[str, tuple[Callable[[], str], Cell]] = {
    "assignee": (lambda: _("Assignee"), lambda row: row.assignee.name if row.assignee else None),
    "type": (lambda: _("Type"), lambda row: _word(TicketType.choices, row.type)),
    "category": (lambda: _("Category"), lambda row: row.category.path if row.category else None),
    "priority": (lambda: _("Priority"), lambda row: _word(Priority.choices, row.priority)),
    "impact": (lambda: _("Impact"), lambda row: _word(Level.choices, row.impact)),
    "urgency": (lambda: _("Urgency"), lambda row: _word(Level.choices, row.urgency)),
    "site": (lambda: _("Site"), lambda row: row.site.name if row.site else None),
    "location": (lambda: _("Location"), lambda row: row.location.name if row.location else None),
    "department": (lambda: _("Department"), lambda row: row.department.name if row.department else None),
    "affected": (lambda: _("Affected"), lambda row: row.affected.name if row.affected else None),
    "work_place": (lambda: _("Where"), lambda row: _word(WorkPlace.choices, row.work_place)),
    "technician": (lambda: _("Technician"), lambda row: row.technician.name if row.technician else None),
    "planned_at": (lambda: _("Planned for"), lambda row: _local(row.planned_at)),
    "wake_at": (lambda: _("Snoozed until"), lambda row: _local(row.wake_at)),
    "impact_people": (lambda: _("People affected"), lambda row: row.impact_people),
    "impact_percent": (lambda: _("Hampered by (per cent)"), lambda row: row.impact_percent),
    "channel": (lambda: _("Channel"), lambda row: _word(Channel.choices, row.channel)),
    "answered_at": (lambda: _("First answer"), lambda row: _local(row.answered_at)),
}


@transaction.atomic
def note_export(name: str, *, actor: Actor) -> None:
    """Note who takes a list out of the house. Records "list.exported". Raises NotAllowed for the nameless."""
    if actor.who is None:
        raise NotAllowed
    record("list.exported", actor.who.stream, actor=actor, data={"list": name})


def exported(pages: Iterable[Sequence[int]], *, name: str, actor: Actor, at_desk: bool) -> Iterator[list[Any]]:
    """The tickets of these pages of numbers as rows, after a row of headings, in the reader's language and zone.

    `pages` come from the list's own gate, and are asked for while the rows are read. After 50,000 rows the last one
    says that there is more. Records "list.exported" with the list's name. Raises NotAllowed for the nameless.
    """
    note_export(name, actor=actor)
    columns = {**_FOR_ALL, **(_FOR_THE_DESK if at_desk else {})}
    headings: list[Any] = [words() for words, _cell in columns.values()]
    if at_desk:
        headings.append(_("Tags"))
    cells = [cell for _words, cell in columns.values()]
    return _rows(pages, headings, cells, at_desk, (get_language() or "en", timezone.get_current_timezone()))


def _rows(
    pages: Iterable[Sequence[int]], headings: list[Any], cells: list[Cell], at_desk: bool, reader: tuple[str, Any]
) -> Iterator[list[Any]]:
    yield headings
    told = 0
    for numbers in pages:
        # The page has long been answered when this runs: language and zone are set for each step anew.
        with override(reader[0]), timezone.override(reader[1]):
            rows = _page(numbers[: MOST_ROWS - told], cells, at_desk)
            more = told + len(numbers) > MOST_ROWS
            last = _("Only %(count)s rows are here. Narrow the list to get the rest.") % {"count": MOST_ROWS}
        yield from rows
        told += len(rows)
        if more:
            yield ["…", last]
            return


def _page(numbers: Sequence[int], cells: list[Cell], at_desk: bool) -> list[list[Any]]:
    found = {row.number: row for row in Ticket.objects.select_related(*_NAMES).filter(number__in=numbers)}
    tags: dict[int, list[str]] = {}
    if at_desk:
        for number, word in Tag.objects.filter(ticket__in=numbers).order_by("word").values_list("ticket_id", "word"):
            tags.setdefault(number, []).append(word)
    rows = []
    for number in numbers:
        if number in found:
            row = [cell(found[number]) for cell in cells]
            rows.append([*row, ", ".join(tags.get(number, ()))] if at_desk else row)
    return rows


def _local(moment: datetime | None) -> datetime | None:
    """As the reader's clock shows it; spreadsheets know no zones."""
    return timezone.make_naive(moment) if moment is not None else None


def _word(choices: Sequence[tuple[Any, Any]], value: Any) -> str:
    return str(dict(choices).get(value, ""))
