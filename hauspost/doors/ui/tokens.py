"""Access for programs: a person's own tokens, and what the pages of the settings share with them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.doors.ui.pages import page
from hauspost.doors.ui.signing_confirming import confirmed
from hauspost.ground import clock
from hauspost.ground.refusals import Invalid, NotFound, Refused
from hauspost.records.people.actions import TOKEN_SCOPES, give_token, revoke_token, tokens_of
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import AccessToken, Person

_DAYS = (30, 90, 365)
_FIRST_CHOICE = "365"

SCOPES: Mapping[str, Callable[[], str]] = {
    "tickets:read": lambda: _("read tickets, search, export"),
    "tickets:write": lambda: _("open and change tickets, write into them"),
    "people:read": lambda: _("find people"),
    "people:write": lambda: _("add and change people, teams, departments, roles"),
    "places:read": lambda: _("read teams, places, categories, statuses"),
    "places:write": lambda: _("change places, categories, statuses"),
    "mail:read": lambda: _("read the mailroom"),
    "mail:write": lambda: _("try mails again, discard them, make tickets of them"),
    "record:read": lambda: _("read the sealed record of tickets, and the audit log"),
    "keeping:read": lambda: _("read retention rules, legal holds, backups"),
    "keeping:write": lambda: _("change retention rules and legal holds, ask for backups"),
    "access:read": lambda: _("list access tokens and programs"),
    "access:write": lambda: _("give access tokens that may no more than this one, and revoke them; add programs"),
    "privacy:write": lambda: _("export everything about a person, and erase a person for good"),
    "emergency:write": lambda: _("open tickets by emergency access"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One token as a list shows it; the secret is nowhere any more."""

    id: int
    name: str
    begins: str
    scopes: str
    owner: Person
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    state: str  # "" while it opens something, else "revoked" or "expired"


@dataclass
class Form:
    """What was typed into the form for a new token."""

    name: str = ""
    scopes: Sequence[str] = ()
    days: str = _FIRST_CHOICE
    refused: str = ""

    @classmethod
    def sent(cls, request: HttpRequest) -> "Form":
        """As it came."""
        sent = request.POST
        name = sent.get("name", "").replace("\0", "").strip()[:120]
        return cls(name, sent.getlist("scopes"), sent.get("days", ""))


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /me/tokens."""
    actor = actor_of(request)
    rows = rows_of(tokens_of(_person(request)))
    return page(request, "ui/tokens/list.html", rows=rows, back=_back(actor), has_desk=_has_desk(actor))


@never_cache
@confirmed
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET and POST /me/tokens/new: the secret stands on the answer's page, and never again."""
    form, status = Form(scopes=("tickets:read",)), 200
    if request.method == "POST":
        form = Form.sent(request)
        try:
            row, clear = make(request, form, _person(request))
        except Refused as refused:
            form.refused, status = in_words(refused), refused.status
        else:
            return page(request, "ui/tokens/made.html", row=row, clear=clear, onward=reverse("tokens"))
    scopes, lifetimes = offered_scopes(actor_of(request)), offered_lifetimes()
    return page(request, "ui/tokens/new.html", status=status, form=form, scopes=scopes, lifetimes=lifetimes)


@signed_in
@require_POST
def removal(request: HttpRequest, row: int) -> HttpResponse:
    """POST /me/tokens/7/removal: it opens nothing any more."""
    token = tokens_of(_person(request)).filter(id=row).first()
    if token is None:
        raise NotFound
    revoke_token(token, actor=actor_of(request))
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return HttpResponseRedirect(reverse("tokens"))


def make(request: HttpRequest, form: Form, person: Person) -> tuple[AccessToken, str]:
    """A token as the form asks for it, and its secret. Raises what `give_token` raises, and Invalid (days)."""
    actor = actor_of(request)
    offered = {scope for scope, _words in offered_scopes(actor)}
    if form.days not in {days for days, _words in offered_lifetimes()}:
        raise Invalid("days", _("choose one of the list"))
    expires_at = clock.now() + timedelta(days=int(form.days)) if form.days else None
    scopes = [scope for scope in form.scopes if scope in offered]
    return give_token(person, form.name, scopes=scopes, expires_at=expires_at, actor=actor)


def in_words(refused: Refused) -> str:
    """A refusal beside its form; what is wrong, without the field's technical name."""
    return str(refused.about["reason"]).capitalize() if isinstance(refused, Invalid) else str(refused)


def rows_of(tokens: Iterable[AccessToken]) -> list[Row]:
    """Tokens as a list shows them: those that open something, then those that ended."""
    moment = clock.now()
    rows = [
        Row(
            id=token.id,
            name=token.name,
            begins=token.begins,
            scopes=" · ".join(SCOPES[scope]() for scope in TOKEN_SCOPES if scope in token.scopes),
            owner=token.person,
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
            state=_state(token, moment),
        )
        for token in tokens
    ]
    return sorted(rows, key=lambda row: bool(row.state))


def _state(token: AccessToken, moment: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= moment else ""


def offered_scopes(actor: Actor) -> list[tuple[str, str]]:
    """What a token may be made for that this person could use at all, in words."""
    closed: set[str] = set()
    if not _has_desk(actor):
        closed |= {"people:read", "people:write", "record:read"}
    if not actor.is_administrator:
        closed |= {"places:write", "keeping:write", "privacy:write", "emergency:write"}
        if not (actor.who and actor.who.is_auditor):
            closed.add("keeping:read")
    if not (actor.is_administrator or actor.teams_with("mailroom")):
        closed |= {"mail:read", "mail:write"}
    return [(scope, SCOPES[scope]()) for scope in TOKEN_SCOPES if scope not in closed]


def offered_lifetimes() -> list[tuple[str, str]]:
    """How long a token may live."""
    days = [(str(days), _("for %(count)s days") % {"count": days}) for days in _DAYS]
    return [*days, ("", _("until it is revoked"))]


def _has_desk(actor: Actor) -> bool:
    return actor.is_agent or actor.is_administrator or bool(actor.who and actor.who.is_auditor)


def _back(actor: Actor) -> str:
    return reverse("desk-menu" if _has_desk(actor) else "me")


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
