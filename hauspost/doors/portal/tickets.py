"""What I asked for, and what I follow: public entries only, whoever I am at the desk (P11.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from markupsafe import Markup

from hauspost.doors.portal.frame import portal_page
from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.doors.ui.serving import serve_file
from hauspost.doors.ui.uploads import files_of
from hauspost.ground import clock
from hauspost.ground.files.actions import open_blob
from hauspost.ground.refusals import NotFound, Refused
from hauspost.ground.text.safe_html import point_pictures
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from hauspost.records.tickets.reading import PAGE, Cursor
from hauspost.records.tickets.writing import Writing

_MOST_ENTRIES = 200
COLOURS = {"new": "amber", "open": "blue", "planned": "plum", "resolved": "green", "waiting_requester": "amber"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One public entry."""

    seq: int
    at: datetime
    author: str
    html: Markup
    quoted: Markup
    is_styled: bool
    is_from_desk: bool
    files: list[tuple[str, str, int]]


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets: what I asked for, by last news."""
    who = _person(actor_of(request))
    return _list(request, Ticket.objects.of_requester(who), "my-tickets", has_shared=_has_shared(who))


@signed_in
@require_GET
def shared(request: HttpRequest) -> HttpResponse:
    """GET /my-tickets/shared: what I follow as participant."""
    who = _person(actor_of(request))
    return _list(request, Ticket.objects.shared_with(who), "shared-tickets", has_shared=True)


def _person(actor: Actor) -> Person:
    assert isinstance(actor.who, Person)
    return actor.who


def _has_shared(who: Person) -> bool:
    return Ticket.objects.shared_with(who).exists()


def _list(request: HttpRequest, tickets: "QuerySet[Ticket]", name: str, *, has_shared: bool) -> HttpResponse:
    before = Cursor.parse(request.GET.get("before", ""))
    found = tickets.newest_first(before).select_related("status")  # type: ignore[attr-defined]
    rows = list(found.only("number", "subject", "changed_at", "state", "status__words", "status__key")[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    older = f"{reverse(name)}?before={Cursor(rows[-1].changed_at, rows[-1].number)}" if more else ""
    return portal_page(
        request,
        "portal/tickets.html",
        current="my-tickets",
        tab=name,
        rows=rows,
        older=older,
        colours=COLOURS,
        has_shared=has_shared,
    )


def _mine(number: int, actor: Actor) -> tuple[Ticket, int]:
    """A ticket that the person asked for or follows, and from which entry on. Raises NotFound for all others (S5)."""
    who = _person(actor)
    ticket = Ticket.objects.with_names().filter(number=number).first()
    if ticket is None:
        raise NotFound
    if who.id in (ticket.requester_id, ticket.affected_id):
        return ticket, 1
    row = ticket.participants.filter(person=who, is_confirmed=True).first()
    if row is None:
        raise NotFound
    return ticket, row.since_seq


def _entries(ticket: Ticket, since: int) -> "QuerySet[Entry]":
    """The public ones from there on; a reply appears when its time to undo is over (P6.4)."""
    has_left = Q(leaves_at__isnull=True) | Q(leaves_at__lte=clock.now())
    return ticket.entries.filter(has_left, is_public=True, seq__gte=since, taken_back_at__isnull=True)


@signed_in
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """GET /my-tickets/42."""
    return _ticket(request, number)


def _ticket(request: HttpRequest, number: int, *, text: str = "", refused: str = "", status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    ticket, since = _mine(number, actor)
    request.shows_mail_html = True  # type: ignore[attr-defined]
    rows = list(_entries(ticket, since).select_related("author").order_by("-seq")[:_MOST_ENTRIES])[::-1]
    confirmed = ticket.participants.filter(is_confirmed=True, role="participant")
    return portal_page(
        request,
        "portal/ticket.html",
        current="my-tickets",
        status=status,
        ticket=ticket,
        entries=_shown(rows, reverse("my-ticket", args=[number])),
        names=list(confirmed.order_by("id").values_list("person__name", flat=True)),
        colours=COLOURS,
        text=text,
        refused=refused,
        # Who merely takes part reads and answers; confirming and reopening is the requester's.
        is_own=_person(actor).id in (ticket.requester_id, ticket.affected_id),
    )


def _shown(rows: list[Entry], base: str) -> list[Shown]:
    files: dict[int, list[tuple[str, str, int]]] = {}
    pictures: dict[int, dict[str, str]] = {}
    attached = Attachment.objects.filter(entry__in=[row.id for row in rows], blob__isnull=False).order_by(
        "entry_id", "position", "id"
    )
    for id_, entry, name, size, content_id, inline in attached.values_list(
        "id", "entry_id", "name", "size_bytes", "content_id", "is_inline"
    ):
        if inline and content_id:
            pictures.setdefault(entry, {})[content_id] = f"{base}/files/{id_}?inline=1"
        else:
            files.setdefault(entry, []).append((f"{base}/files/{id_}", name, size))
    return [
        Shown(
            seq=row.seq,
            at=row.created_at,
            author=row.author_name or (row.author.name if row.author else "") or row.author_address,
            # Sanitised on its way in (S1); quoted text stands below, folded.
            html=Markup(point_pictures(row.html, pictures.get(row.id, {}))),
            quoted=Markup(point_pictures(row.quoted_html, pictures.get(row.id, {}))),
            is_styled="style=" in row.html or "<table" in row.html or "<font" in row.html,
            is_from_desk=row.is_from_desk,
            files=files.get(row.id, []),
        )
        for row in rows
    ]


@signed_in
@require_POST
def answers(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/answers: write to the desk."""
    actor = actor_of(request)
    ticket, _since = _mine(number, actor)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    writing = Writing(text=text, files=files_of(request), channel="portal")
    try:
        entry = actions.add_answer(ticket, writing, author=_person(actor), actor=actor)
    except NotFound:
        raise
    except Refused as refused:
        return _ticket(request, number, text=text, refused=str(refused), status=refused.status)
    return HttpResponseRedirect(f"{reverse('my-ticket', args=[number])}#e{entry.seq}")


@signed_in
@require_POST
def confirmation(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/confirmation: yes, it is solved."""
    return _change(request, number, lambda ticket, actor: actions.set_status(ticket, status_of("closed"), actor=actor))


@signed_in
@require_POST
def reopening(request: HttpRequest, number: int) -> HttpResponse:
    """POST …/reopening: no, it is not."""
    return _change(request, number, lambda ticket, actor: actions.reopen(ticket, actor=actor))


def _change(request: HttpRequest, number: int, change: Any) -> HttpResponse:
    actor = actor_of(request)
    ticket, _since = _mine(number, actor)
    try:
        change(ticket, actor)
    except NotFound:
        raise
    except Refused as refused:
        return _ticket(request, number, refused=str(refused), status=refused.status)
    messages.success(request, _("Thank you. This has been noted."))
    return HttpResponseRedirect(reverse("my-ticket", args=[number]))


@signed_in
@require_GET
def file(request: HttpRequest, number: int, file: int) -> HttpResponseBase:
    """GET …/files/<id>: of a public entry that this person sees (S5)."""
    ticket, since = _mine(number, actor_of(request))
    row = Attachment.objects.filter(id=file, entry__in=_entries(ticket, since)).select_related("blob").first()
    if row is None or row.blob is None:
        raise NotFound
    return serve_file(open_blob(row.blob.sha256), row.name, row.content_type, inline=request.GET.get("inline") == "1")
