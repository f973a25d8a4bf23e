"""Reactions that failed three times and were parked: their ticket waits until somebody looks."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.frame import desk_page, for_the_mailroom
from hauspost.doors.ui.acting import actor_of
from hauspost.duties.reactions import running
from hauspost.ground.history.models import Pending


@for_the_mailroom
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailroom/reactions."""
    if not actor_of(request).is_administrator:
        raise Http404
    rows = Pending.objects.parked().select_related("event", "stream")[:200]
    return desk_page(request, "desk/mailroom/reactions.html", current="mailroom", tab="reactions", rows=list(rows))


@for_the_mailroom
@require_POST
def retry(request: HttpRequest, pending: int) -> HttpResponse:
    """POST …/reactions/7/retry."""
    running.try_again(pending, actor=actor_of(request))
    return HttpResponseRedirect(reverse("reactions"))


@for_the_mailroom
@require_POST
def drop(request: HttpRequest, pending: int) -> HttpResponse:
    """POST …/reactions/7/dropping: leave it undone, so that its ticket goes on."""
    running.let_go(pending, actor=actor_of(request))
    return HttpResponseRedirect(reverse("reactions"))
