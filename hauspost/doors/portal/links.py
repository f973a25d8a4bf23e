"""One ticket through the person-bound link of a mail: no session, no other page; the link itself is the proof (S12)."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.portal import record
from hauspost.doors.ui import errors
from hauspost.doors.ui.pages import page
from hauspost.ground.refusals import NotFound, Refused
from hauspost.records.people.actions import TICKET_LINK_LIVES, TicketLink, ticket_link
from hauspost.records.people.models import Person


def by_link(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever holds a living link to a ticket that is still that person's; all others get one same answer.

    Its forms carry no form token: no cookie gives them any right, and who knows the address needs no victim. (Browsers
    that send no referrer send `Origin: null`, too, which no check of the origin could accept.)
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **named: Any) -> HttpResponseBase:
        try:
            response = _opened(view, request, token, named)
        except Refused as refused:
            response = errors.refusal(request, refused)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cache-Control"] = "private, no-store"
        return response

    return guarded


def _opened(
    view: Callable[..., HttpResponseBase], request: HttpRequest, token: str, named: Mapping[str, Any]
) -> HttpResponseBase:
    link = ticket_link(token)
    if link is None or not link.is_alive:
        return _spent(request, link)
    if request.user.is_authenticated and request.user.pk != link.person.pk:
        # Say, an agent who meets the link in a quoted mail: nobody acts by mistake as somebody else.
        return page(request, "portal/link_of_another.html", status=403)
    try:
        seen = record.seen_by(link.ticket, link.actor)
    except NotFound:
        return _spent(request, None)
    if seen.ticket.requester_id != link.person.id:
        return _spent(request, None)
    _speak_to(request, link.person)
    return view(request, token, seen, **named)


def _spent(request: HttpRequest, link: TicketLink | None) -> HttpResponse:
    """Expired, revoked, no longer theirs, or never a link: it looks alike; an expired one leads on to its ticket."""
    target = reverse("my-tickets")
    if link is not None and link.person.is_active:
        target = reverse("my-ticket", args=[link.ticket])
    return page(request, "portal/link_spent.html", status=404, target=target, days=TICKET_LINK_LIVES.days)


def _speak_to(request: HttpRequest, person: Person) -> None:
    """In the person's language and zone, as after signing in; the middleware puts both back."""
    if person.language:
        translation.activate(person.language)
        request.LANGUAGE_CODE = person.language
    try:
        timezone.activate(ZoneInfo(person.time_zone or settings.TIME_ZONE))
    except (ZoneInfoNotFoundError, ValueError):
        timezone.deactivate()


@by_link
@require_GET
def show(request: HttpRequest, token: str, seen: record.Seen) -> HttpResponse:
    """GET /t/<token>: the public record of this one ticket. Mail scanners open it, so it changes nothing."""
    return _page(request, token, seen)


@by_link
@require_POST
def answers(request: HttpRequest, token: str, seen: record.Seen) -> HttpResponse:
    """POST …/answers."""
    return _done(request, token, seen, record.answer)


@by_link
@require_POST
def confirmation(request: HttpRequest, token: str, seen: record.Seen) -> HttpResponse:
    """POST …/confirmation."""
    return _done(request, token, seen, record.confirm)


@by_link
@require_POST
def reopening(request: HttpRequest, token: str, seen: record.Seen) -> HttpResponse:
    """POST …/reopening."""
    return _done(request, token, seen, record.reopen)


@by_link
@require_POST
def rating(request: HttpRequest, token: str, seen: record.Seen) -> HttpResponse:
    """POST …/rating."""
    return _done(request, token, seen, record.rate)


@by_link
@require_GET
def file(request: HttpRequest, token: str, seen: record.Seen, file: int) -> HttpResponseBase:
    """GET …/files/<id>: of a public entry of this ticket."""
    return record.file_of(seen, file, inline=request.GET.get("inline") == "1")


def _done(request: HttpRequest, token: str, seen: record.Seen, doing: record.Doing) -> HttpResponse:
    try:
        sent = doing(request, seen)
    except Refused as refused:
        typed = record.typed_in(request)
        return _page(request, token, seen, typed=typed, refused=record.words_of(refused), status=refused.status)
    return HttpResponseRedirect(f"{reverse('link', args=[token])}?sent={sent}")


def _page(
    request: HttpRequest,
    token: str,
    seen: record.Seen,
    *,
    typed: Mapping[str, str] | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    request.shows_mail_html = True  # type: ignore[attr-defined]
    return page(
        request,
        "portal/link.html",
        status=status,
        refused=refused,
        sent=request.GET.get("sent", ""),
        draft="link",
        form_token=False,
        days=TICKET_LINK_LIVES.days,
        **record.page_of(seen, reverse("link", args=[token]), typed=typed),
    )
