"""Access for programs: your own tokens; for administrators integrations with theirs, and everybody's."""

from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q
from django.http import HttpRequest
from ninja import Path, Query

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import administrator
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.once import tell_once
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.access import (
    IntegrationAsked,
    IntegrationDone,
    Integrations,
    IntegrationTold,
    TokenAsked,
    TokenGiven,
    TokenRevoked,
    TokenRow,
    Tokens,
)
from hauspost.doors.api.shapes.common import Number, Uid
from hauspost.doors.api.telling import person_named
from hauspost.ground import clock
from hauspost.ground.refusals import NotFound
from hauspost.records.people import actions
from hauspost.records.people.models import AccessToken, Membership, Person

if TYPE_CHECKING:
    from django.db.models import QuerySet

routes = Routes("Access for programs")


@routes.get("/me/tokens", scope="access:read", gives=Tokens)
def list_own_tokens(request: HttpRequest, asked: Query[Paged]) -> Tokens:
    """List your own tokens, those that ended, too"""
    return _page(actions.tokens_of(known_caller(request).person), asked)


@routes.post("/me/tokens", scope="access:write", gives=TokenGiven)
def give_own_token(request: HttpRequest, asked: TokenAsked) -> TokenGiven:
    """Make a token for yourself

    It has no scope and no later end than the one that you show. Integrations make none.
    """
    return _given(request, known_caller(request).person, asked, "me/tokens")


@routes.delete("/me/tokens/{token}", scope="access:write", gives=TokenRevoked)
def revoke_own_token(request: HttpRequest, token: Path[Number]) -> TokenRevoked:
    """Let one of your tokens open nothing any more

    What was given with it, and with that in turn, ends with it.
    """
    return _revoked(request, AccessToken.objects.filter(person=known_caller(request).person), token)


@routes.get("/tokens", scope="access:read", gives=Tokens)
def list_personal_tokens(request: HttpRequest, asked: Query[Paged]) -> Tokens:
    """List the tokens that people have

    Those that are not revoked. Administrators only, like all that follows.
    """
    administrator(request)
    rows = AccessToken.objects.filter(person__is_integration=False, revoked_at__isnull=True)
    return _page(rows.select_related("created_by").order_by("-id"), asked)


@routes.delete("/tokens/{token}", scope="access:write", gives=TokenRevoked)
def revoke_token(request: HttpRequest, token: Path[Number]) -> TokenRevoked:
    """Let anybody's token open nothing any more"""
    administrator(request)
    return _revoked(request, AccessToken.objects.all(), token)


@routes.get("/integrations", scope="access:read", gives=Integrations)
def list_integrations(request: HttpRequest) -> Integrations:
    """List the integrations"""
    administrator(request)
    return Integrations(integrations=_told(_integrations()))


@routes.post("/integrations", scope="access:write", gives=IntegrationDone)
def add_integration(request: HttpRequest, asked: IntegrationAsked) -> IntegrationDone:
    """Add an integration

    Then give it a role, like anybody, and a token.
    """
    made = actions.add_integration(asked.name, actor=administrator(request))
    return IntegrationDone(uid=made.uid, href=address_of(f"integrations/{made.uid}"))


@routes.get("/integrations/{uid}", scope="access:read", gives=IntegrationTold)
def read_integration(request: HttpRequest, uid: Path[Uid]) -> IntegrationTold:
    """Read one integration"""
    administrator(request)
    return _told(_integrations().filter(pk=_integration(uid).pk))[0]


@routes.get("/integrations/{uid}/tokens", scope="access:read", gives=Tokens)
def list_integration_tokens(request: HttpRequest, uid: Path[Uid], asked: Query[Paged]) -> Tokens:
    """List the tokens of an integration, those that ended, too"""
    administrator(request)
    return _page(actions.tokens_of(_integration(uid)), asked)


@routes.post("/integrations/{uid}/tokens", scope="access:write", gives=TokenGiven)
def give_integration_token(request: HttpRequest, uid: Path[Uid], asked: TokenAsked) -> TokenGiven:
    """Give an integration a token

    It has no scope and no later end than the one that you show.
    """
    administrator(request)
    return _given(request, _integration(uid), asked, f"integrations/{uid}/tokens")


def _given(request: HttpRequest, person: Person, asked: TokenAsked, there: str) -> TokenGiven:
    caller = known_caller(request)
    tell_once(request, "token")
    row, clear = actions.give_token(
        person, asked.name, scopes=asked.scopes, expires_at=asked.expires_at, actor=caller.actor, by=caller.token
    )
    return TokenGiven(id=row.pk, href=address_of(there), token=clear, expires_at=row.expires_at)


def _revoked(request: HttpRequest, rows: "QuerySet[AccessToken]", token: int) -> TokenRevoked:
    found = rows.filter(pk=token).select_related("person").first()
    if found is None:
        raise NotFound
    actions.revoke_token(found, actor=known_caller(request).actor)
    return TokenRevoked(id=found.pk)


def _page(found: "QuerySet[AccessToken]", asked: Paged) -> Tokens:
    if before := before_of(asked.cursor):
        found = found.filter(pk__lt=before)
    rows = list(found.select_related("person", "created_by")[: asked.limit + 1])
    following = str(rows[asked.limit - 1].pk) if len(rows) > asked.limit else None
    return Tokens(tokens=[_row(row) for row in rows[: asked.limit]], next=following)


_PLAIN = ("id", "name", "begins", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


def _row(row: AccessToken) -> TokenRow:
    return TokenRow(
        person=person_named(row.person),
        given_by=person_named(row.created_by) if row.created_by is not None else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _integrations() -> "QuerySet[Person]":
    found: QuerySet[Person] = Person.objects.filter(is_integration=True, erased_at__isnull=True)
    return found.order_by("sort_key", "id")


def _integration(uid: str) -> Person:
    found = _integrations().filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def _told(programs: "QuerySet[Person]") -> list[IntegrationTold]:
    lasting = Q(access_tokens__revoked_at__isnull=True) & (
        Q(access_tokens__expires_at__isnull=True) | Q(access_tokens__expires_at__gt=clock.now())
    )
    rows = programs.annotate(lasting=Count("access_tokens", filter=lasting), used_at=Max("access_tokens__last_used_at"))
    roles: dict[int, dict[str, str]] = {}
    for row in Membership.objects.filter(person__in=programs, team__archived_at__isnull=True).select_related("team"):
        roles.setdefault(row.person_id, {})[row.team.key] = row.role
    return [
        IntegrationTold(
            uid=one.uid,
            href=address_of(f"integrations/{one.uid}"),
            name=one.name,
            is_active=one.is_active,
            roles=roles.get(one.pk, {}),
            tokens=one.lasting,
            last_used_at=one.used_at,
        )
        for one in rows
    ]
