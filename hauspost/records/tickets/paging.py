"""Pages of tickets by number: nothing is skipped or told twice while tickets come and change (P15.6)."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, QuerySet

from hauspost.records.tickets.models import Ticket

# A page looks at so many numbers at most, whatever was asked; then it says where to go on (P15.5).
WINDOW, WINDOWS = 50_000, 4
_AT_ONCE = 200


@dataclass(frozen=True)
class Page:
    """Some numbers, the newest first; `before` is where the next page begins, None when nothing is left."""

    numbers: list[int]
    before: int | None


def page_by_number(tickets: "QuerySet[Ticket]", before: int | None, size: int) -> Page:
    """A page, the newest number first. It may be short, even empty, and still have a next one: so much was examined."""
    top, numbers = _highest_below(before), list[int]()
    for _window in range(WINDOWS):
        floor = max(0, top - WINDOW)
        within = tickets.filter(number__lte=top, number__gt=floor).order_by("-number")
        numbers += within.values_list("number", flat=True)[: size + 1 - len(numbers)]
        if len(numbers) > size:
            return Page(numbers[:size], numbers[size - 1])
        top = _highest_below(floor + 1)
        if top == 0:
            return Page(numbers, None)
    return Page(numbers, top + 1)


def _highest_below(number: int | None) -> int:
    """The highest number that there is (below another one): gaps are stepped over. 0 for none."""
    rows = Ticket.objects.all() if number is None else Ticket.objects.filter(number__lt=number)
    return int(rows.aggregate(top=Max("number"))["top"] or 0)


def all_by_number(tickets: "QuerySet[Ticket]") -> Iterator[list[int]]:
    """All of them, page after page, each in a question of its own: no statement runs long (P15.5)."""
    before: int | None = None
    while True:
        page = page_by_number(tickets, before, _AT_ONCE)
        yield page.numbers
        before = page.before
        if before is None:
            return
