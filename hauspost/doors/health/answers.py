"""What a load balancer, a container engine, Prometheus and `hauspost doctor` are answered."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from hauspost.doors.health import echo
from hauspost.doors.health.state import State, look
from hauspost.ground.config import is_within


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 or 503, and one word; what is wrong only for those who may read the metrics.

    `?of=web` leaves the workers out, for a load balancer before several web processes; `?of=program` only what depends
    on others, the mail servers of mailboxes, for whoever would start us anew.
    """
    if echo.is_asked_by_doctor(request.GET.get("echo", "")):
        return _fresh(JsonResponse(echo.what_came(request)))
    of = request.GET.get("of")
    state = look(with_workers=of != "web", with_mailboxes=of not in ("web", "program"))
    told: dict[str, object] = {"status": "ok" if state.is_well else "failing"}
    if _may_know_numbers(request):
        told |= _details(state)
    return _fresh(JsonResponse(told, status=200 if state.is_well else 503))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers in the format of Prometheus, for `metrics_allow_from`; for others there is no such page."""
    if not _may_know_numbers(request):
        raise Http404
    from hauspost.doors.health import prometheus

    return _fresh(HttpResponse(prometheus.text(), content_type=prometheus.CONTENT_TYPE))


def _may_know_numbers(request: HttpRequest) -> bool:
    # A proxy that we do not know speaks for anybody: its own address says nothing.
    if request.META.get("hauspost.for_somebody"):
        return False
    return is_within(str(request.META.get("REMOTE_ADDR", "")), settings.HAUSPOST.metrics_allow_from)


def _details(state: State) -> dict[str, object]:
    return {
        "database": state.database,
        "migrations": state.migrations,
        "worker": state.worker,
        "mailboxes": state.mailboxes,
        "oldest_seconds": state.oldest_seconds,
    }


def _fresh(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    return answer
