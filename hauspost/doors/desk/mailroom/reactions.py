"""Reactions that failed three times and were parked: their ticket waits until somebody looks."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.frame import desk_page, for_the_mailroom
from hauspost.doors.ui.acting import actor_of
from hauspost.duties.reactions import running
from hauspost.ground.history.models import Pending
from hauspost.ground.history.reading import ticket_number
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Ticket

_MOST = 200


def _administrator(request: HttpRequest) -> Actor:
    """Whoever acts, if an administrator; to others there is no such page."""
    actor = actor_of(request)
    if not actor.is_administrator:
        raise Http404
    return actor


@for_the_mailroom
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailroom/reactions."""
    actor = _administrator(request)
    rows = list(parked()[:_MOST])
    return desk_page(
        request,
        "desk/mailroom/reactions.html",
        current="mailroom",
        tab="reactions",
        rows=rows,
        hidden=hidden_from(actor, rows),
    )


def parked() -> "QuerySet[Pending]":
    """What failed three times, the longest parked first."""
    return Pending.objects.parked().select_related("event", "stream")


def hidden_from(actor: Actor, rows: Sequence[Pending]) -> set[str]:
    """The streams of those tickets of which not even the number is told.

    That something waits is an administrator's affair; which ticket of a confidential team, is not (P33.3).
    """
    secret = Ticket.objects.filter(team__is_confidential=True).exclude(team_id__in=actor.teams_with("read"))
    numbers = [ticket_number(row.event) for row in rows]
    return {f"ticket:{number}" for number in secret.filter(number__in=numbers).values_list("number", flat=True)}


@for_the_mailroom
@require_POST
def retry(request: HttpRequest, pending: int) -> HttpResponse:
    """POST …/reactions/7/retry."""
    running.try_again(pending, actor=_administrator(request))
    return HttpResponseRedirect(reverse("reactions"))


@for_the_mailroom
@require_POST
def drop(request: HttpRequest, pending: int) -> HttpResponse:
    """POST …/reactions/7/dropping: leave it undone, so that its ticket goes on."""
    running.let_go(pending, actor=_administrator(request))
    return HttpResponseRedirect(reverse("reactions"))
