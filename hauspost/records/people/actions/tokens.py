"""Access tokens: what a program shows to act as a person or an integration (P38.1, S12)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from hauspost.ground import clock, tokens
from hauspost.ground.history.actions import Part, record
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actions.checks import one_line, only_administrators
from hauspost.records.people.actor import Actor, Proof
from hauspost.records.people.models import AccessToken, Person
from hauspost.records.people.refusals import NoLongerHere

# What a token may be made for; the person's own rights bound it in any case.
TOKEN_SCOPES = (
    "tickets:read", "tickets:write", "people:read", "people:write", "places:read", "places:write", "mail:read",
    "mail:write", "record:read", "keeping:read", "keeping:write", "access:read", "access:write", "privacy:write",
    "emergency:write",
)  # fmt: skip
# How a token begins, so that it is known as one of ours where somebody left it lying about.
BEGINNING = "hp_"
_SHOWN = 12
_PURPOSE = "access"
_USED_AGAIN_AFTER = timedelta(minutes=1)


@transaction.atomic
def give_token(
    person: Person,
    name: str,
    *,
    scopes: Sequence[str],
    expires_at: datetime | None,
    actor: Actor,
    by: AccessToken | None = None,
) -> tuple[AccessToken, str]:
    """Make an access token; the clear one beside its row is shown once and kept nowhere (S12).

    A signed-in person makes them for themself, an administrator for integrations; nobody for another person. `by` is
    the token with which the actor gives it: it gives no scope and no later end than it has itself, and what it gave is
    revoked with it. `expires_at` None is "until revoked". Records "token.given".
    Raises NotAllowed, NoLongerHere, Invalid (name, scopes, expires_at).
    """
    _refuse_stranger(person, actor, by)
    if not person.is_active:
        raise NoLongerHere(name=person.name)
    clean = one_line(name, 120)
    if not clean:
        raise Invalid("name", _("write what the token is for"))
    chosen = [scope for scope in TOKEN_SCOPES if scope in scopes]
    if not chosen or set(scopes) - set(TOKEN_SCOPES):
        raise Invalid("scopes", _("choose at least one of: %(scopes)s") % {"scopes": ", ".join(TOKEN_SCOPES)})
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("expires_at", _("choose a moment in the future"))
    if by is not None:
        _refuse_more(by, chosen, expires_at)
    secret = tokens.new_token()
    row = AccessToken.objects.create(
        person=person,
        name=clean,
        token_hash=tokens.token_hash(secret, _PURPOSE),
        begins=f"{BEGINNING}{secret}"[:_SHOWN],
        scopes=chosen,
        created_by=actor.who,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    data = {"token": row.id, "scopes": chosen, "expires": expires_at.isoformat() if expires_at else None}
    if by is not None:
        data["by"] = by.id
    record("token.given", person.stream, actor=actor, data=data, parts=[Part("token name", clean, str(person.uid))])
    return row, f"{BEGINNING}{secret}"


@transaction.atomic
def revoke_token(token: AccessToken, *, actor: Actor) -> None:
    """Let a token open nothing any more, at once, nor what was given with it. Its person may, and administrators.

    Records "token.revoked", for each. Raises NotAllowed.
    """
    row = AccessToken.objects.select_for_update(of=("self",)).select_related("person").get(id=token.id)
    if actor.who != row.person or not row.person.is_active:
        only_administrators(actor)
    token.revoked_at = row.revoked_at or clock.now()
    for one in [row, *_given_with(row)]:
        if one.revoked_at is None:
            one.revoked_at = token.revoked_at
            one.save(update_fields=["revoked_at"])
            record("token.revoked", one.person.stream, actor=actor, data={"token": one.id})


def token_of(clear: object) -> AccessToken | None:
    """The token that a program shows, with its person; None for what is unknown, expired, revoked or a leaver's."""
    if not isinstance(clear, str) or not clear.startswith(BEGINNING):
        return None
    rows = AccessToken.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()),
        token_hash=tokens.token_hash(clear.removeprefix(BEGINNING), _PURPOSE),
        revoked_at__isnull=True,
    ).select_related("person")
    return next((row for row in rows[:1] if row.person.is_active), None)


def note_use(token: AccessToken) -> None:
    """Keep when a token was last used, to the minute: a busy one does not write a row for every request."""
    moment = clock.now()
    if token.last_used_at is None or moment - token.last_used_at >= _USED_AGAIN_AFTER:
        token.last_used_at = moment.replace(second=0, microsecond=0)
        AccessToken.objects.filter(id=token.id).update(last_used_at=token.last_used_at)


def tokens_of(person: Person) -> QuerySet[AccessToken]:
    """A person's or integration's tokens, the newest first; also those that ended."""
    return AccessToken.objects.filter(person=person).select_related("created_by").order_by("-id")


def _refuse_stranger(person: Person, actor: Actor, by: AccessToken | None) -> None:
    """Who gives a token acts as its person from then on, so only the person gives it, or for a program its keeper."""
    if person.is_integration:
        only_administrators(actor)
    elif actor.who != person or actor.proof not in (Proof.SESSION, Proof.TOKEN):
        raise NotAllowed
    # Whoever acts by a token gives as much as that one may, so it has to be named.
    if (actor.proof is Proof.TOKEN) is not (by is not None and by.person == actor.who):
        raise NotAllowed


def _refuse_more(by: AccessToken, scopes: Sequence[str], expires_at: datetime | None) -> None:
    """Whoever finds a token lying about gets nothing from it that it cannot do itself, and for no longer."""
    more = [scope for scope in scopes if scope not in by.scopes]
    if more:
        raise Invalid("scopes", _("your own token does not have: %(scopes)s") % {"scopes": ", ".join(more)})
    if by.expires_at is not None and (expires_at is None or expires_at > by.expires_at):
        raise Invalid("expires_at", _("your own token ends earlier: %(end)s") % {"end": by.expires_at.isoformat()})


def _given_with(token: AccessToken) -> list[AccessToken]:
    """The tokens that were given with this one, and with those in turn; the record says so."""
    later = Event.objects.filter(kind="token.given", occurred_at__gte=token.created_at)
    by = {data["token"]: data["by"] for data in map(data_of, later) if "by" in data}
    given = {token.id}
    # A token is older than whatever it gave.
    for one, giver in sorted(by.items()):
        if giver in given:
            given.add(one)
    rows = AccessToken.objects.select_for_update(of=("self",)).select_related("person")
    return list(rows.filter(id__in=given - {token.id}).order_by("id"))
