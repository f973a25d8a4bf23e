"""Suggestions for fields that name a person: a few options for the browser's own list."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from hauspost.doors.desk.frame import at_the_desk
from hauspost.doors.ui.pages import page
from hauspost.records.people.models import Address, sort_key_of

_FEW = 8


@at_the_desk
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """GET /desk/people?q=: those whose name begins so, or one of whose names does."""
    typed = str(next(iter(request.GET.values()), ""))[:80]
    key = sort_key_of(typed)
    rows: list[tuple[str, str]] = []
    if len(key) >= 2:
        known = Address.objects.filter(
            is_main=True, person__deactivated_at__isnull=True, person__merged_into__isnull=True
        ).order_by("person__sort_key")
        begins = known.filter(person__sort_key__startswith=key)
        rows = list(begins.values_list("person__name", "address")[:_FEW])
        if len(rows) < _FEW:
            later = known.filter(person__sort_key__contains=f" {key}")
            rows += list(later.values_list("person__name", "address")[: _FEW - len(rows)])
    return page(request, "desk/_people.html", rows=rows)
