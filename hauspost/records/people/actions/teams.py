"""Teams, and who is in them as what."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.checks import (
    KEEP,
    only_administrators,
    refuse_taken_key,
    refuse_unknown_language,
)
from hauspost.records.people.actions.named import archive_named, change_named, clean_words, restore_named
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Membership, Person, Team


@transaction.atomic
def add_team(
    key: str,
    words: Mapping[str, str],
    *,
    actor: Actor,
    is_confidential: bool = False,
    language: str = "",
    acknowledges: bool = True,
    handover_needs_note: bool = False,
    watches_handed_on: bool = True,
    asks_satisfaction: bool = False,
    takes_commands: bool = False,
) -> Team:
    """Add a team that is responsible for tickets. Records "team.added". Raises NotAllowed, Invalid."""
    only_administrators(actor)
    refuse_taken_key(Team, key)
    refuse_unknown_language(language)
    fields = {
        "words": clean_words(words),
        "is_confidential": is_confidential,
        "language": language,
        "acknowledges": acknowledges,
        "handover_needs_note": handover_needs_note,
        "watches_handed_on": watches_handed_on,
        "asks_satisfaction": asks_satisfaction,
        "takes_commands": takes_commands,
    }
    team = Team.objects.create(key=key, **fields)
    record("team.added", f"setting:team:{key}", actor=actor, data={"before": {}, "after": fields})
    return team


@transaction.atomic
def change_team(
    team: Team,
    *,
    actor: Actor,
    words: Mapping[str, str] = KEEP,
    is_confidential: bool = KEEP,
    language: str = KEEP,
    acknowledges: bool = KEEP,
    handover_needs_note: bool = KEEP,
    watches_handed_on: bool = KEEP,
    asks_satisfaction: bool = KEEP,
    takes_commands: bool = KEEP,
) -> Team:
    """Say what has changed about a team; what is not named stays. Records "team.changed".

    A team that becomes confidential is read by its members only, from this moment on (P33.3); one that is no longer
    confidential opens its tickets to auditors and departments. Raises NotAllowed, Invalid.
    """
    if language is not KEEP:
        refuse_unknown_language(language)
    asked = {
        "words": words,
        "is_confidential": is_confidential,
        "language": language,
        "acknowledges": acknowledges,
        "handover_needs_note": handover_needs_note,
        "watches_handed_on": watches_handed_on,
        "asks_satisfaction": asks_satisfaction,
        "takes_commands": takes_commands,
    }
    return change_named(team, asked, actor=actor)


@transaction.atomic
def archive_team(team: Team, *, actor: Actor) -> None:
    """Let a team be no more: its roles give no rights, its intake addresses take no mail. Records "team.archived".

    It does not look whether there is still work: that does `duties.routing.leaving.dissolve`, which doors call.
    """
    if archive_named(team, actor=actor):
        _end_sessions_of(team)


@transaction.atomic
def restore_team(team: Team, *, actor: Actor) -> None:
    """Let a team be there again, with the roles and addresses it had. Records "team.restored". Raises NotAllowed."""
    if restore_named(team, actor=actor):
        _end_sessions_of(team)


@transaction.atomic
def give_role(person: Person, team: Team, role: str, *, actor: Actor, is_technician: bool = False) -> Membership:
    """Give a person a role in a team (P33.1); other rights, new sessions (S13). Records "team.role_given".

    Raises NotAllowed, Invalid (unknown role, a leaver, an archived team).
    """
    only_administrators(actor)
    if role not in Membership.Role.values:
        raise Invalid("role", ", ".join(Membership.Role.values))
    if not person.is_active:
        raise Invalid("person", _("%(name)s is no longer active") % {"name": person.name})
    if team.archived_at is not None:
        raise Invalid("team", _("%(name)s is archived") % {"name": team.name})
    old = Membership.objects.select_for_update(of=("self",)).filter(person=person, team=team).first()
    before = _role(old)
    row = old or Membership(person=person, team=team)
    row.role, row.is_technician = role, is_technician
    if before == _role(row) and old is not None:
        return row
    row.save()
    _end_sessions(person)
    # Role and technician also stand beside: so they have always been told.
    data = {"person": str(person.uid), "role": role, "technician": is_technician, "before": before, "after": _role(row)}
    record("team.role_given", f"setting:team:{team.key}", actor=actor, data=data)
    return row


@transaction.atomic
def take_role(person: Person, team: Team, *, actor: Actor) -> None:
    """Take a person out of a team. Records "team.role_taken". Raises NotAllowed."""
    only_administrators(actor)
    old = Membership.objects.select_for_update(of=("self",)).filter(person=person, team=team).first()
    if old is None:
        return
    old.delete()
    _end_sessions(person)
    data = {"person": str(person.uid), "before": _role(old), "after": {}}
    record("team.role_taken", f"setting:team:{team.key}", actor=actor, data=data)


def _role(row: Membership | None) -> dict[str, Any]:
    return {"role": row.role, "technician": row.is_technician} if row is not None else {}


def _end_sessions(person: Person) -> None:
    """Other rights, new sessions (S13)."""
    Person.objects.filter(id=person.id).update(session_version=F("session_version") + 1)


def _end_sessions_of(team: Team) -> None:
    Person.objects.filter(memberships__team=team).update(session_version=F("session_version") + 1)
