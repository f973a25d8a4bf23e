"""Suggestions for fields that name a person: a few options for the browser's own list."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from hauspost.doors.desk.frame import at_the_desk
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.pages import page
from hauspost.records.people.models import Address, sort_key_of

_FEW = 8
_SHOWN = ("person__name", "address", "person__sort_key")


@at_the_desk
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """GET /desk/people?q=: those whose name begins so, or one of whose names does."""
    typed = str(next(iter(request.GET.values()), ""))[:80]
    key = sort_key_of(typed)
    rows: list[tuple[str, str]] = []
    if len(key) >= 2:
        # The company's own people, and strangers only as far as one's own teams' tickets name them: that somebody
        # from outside wrote to a confidential team is nobody else's to know (P11.1).
        teams = actor_of(request).teams_with("read")
        met = Q(person__requested__team__in=teams) | Q(person__participations__ticket__team__in=teams)
        known = (
            Address.objects.filter(is_main=True, person__deactivated_at__isnull=True, person__merged_into__isnull=True)
            .filter(Q(person__is_external=False) | met)
            .order_by("person__sort_key")
            .distinct()
        )
        begins = known.filter(person__sort_key__startswith=key)
        rows = [(name, address) for name, address, _key in begins.values_list(*_SHOWN)[:_FEW]]
        if len(rows) < _FEW:
            later = known.filter(person__sort_key__contains=f" {key}")
            rows += [(name, address) for name, address, _key in later.values_list(*_SHOWN)[: _FEW - len(rows)]]
    return page(request, "desk/_people.html", rows=rows)
