"""One ticket in the portal, for who is signed in: read it, answer, confirm or reopen, say how it went."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.portal import record
from hauspost.doors.portal.frame import employee_of, portal_page
from hauspost.doors.ui.acting import signed_in
from hauspost.ground.refusals import NotFound, Refused


@signed_in
@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    """GET /my-tickets/42."""
    return _page(request, record.seen_by(number, employee_of(request)))


@signed_in
@require_POST
def answers(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/answers: write to the desk."""
    return _done(request, number, record.answer)


@signed_in
@require_POST
def confirmation(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/confirmation: yes, it is solved."""
    return _done(request, number, record.confirm)


@signed_in
@require_POST
def reopening(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/reopening: no, it is not."""
    return _done(request, number, record.reopen)


@signed_in
@require_POST
def rating(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/rating: how it went."""
    return _done(request, number, record.rate)


@signed_in
@require_GET
def file(request: HttpRequest, number: int, file: int) -> HttpResponseBase:
    """GET …/files/<id>: of a public entry that this person sees (S5)."""
    seen = record.seen_by(number, employee_of(request))
    return record.file_of(seen, file, inline=request.GET.get("inline") == "1")


def _done(request: HttpRequest, number: int, doing: record.Doing) -> HttpResponse:
    seen = record.seen_by(number, employee_of(request))
    try:
        sent = doing(request, seen)
    except NotFound:
        raise
    except Refused as refused:
        typed = record.typed_in(request)
        return _page(request, seen, typed=typed, refused=record.words_of(refused), status=refused.status)
    return HttpResponseRedirect(f"{reverse('my-ticket', args=[number])}?sent={sent}")


def _page(
    request: HttpRequest,
    seen: record.Seen,
    *,
    typed: Mapping[str, str] | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    request.shows_mail_html = True  # type: ignore[attr-defined]
    return portal_page(
        request,
        "portal/ticket.html",
        current="my-tickets",
        status=status,
        refused=refused,
        sent=request.GET.get("sent", ""),
        draft="my",
        # Only a form that the session's cookie could send needs its own token (S23).
        form_token=True,
        **record.page_of(seen, reverse("my-ticket", args=[seen.ticket.number]), typed=typed),
    )
