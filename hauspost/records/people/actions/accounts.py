"""A person's account: passwords and the end of sessions, leaving and coming back, being forgotten."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.checks import only_administrators
from hauspost.records.people.actions.links import void_ticket_links
from hauspost.records.people.actor import Actor
from hauspost.records.people.factors import forget_factors
from hauspost.records.people.models import Absence, AccessToken, LinkToken, Person
from hauspost.records.people.refusals import LastAdministrator, NoLongerHere


@dataclass(frozen=True, slots=True)
class WaysIn:
    """By what somebody comes in beside a session: links in mails, and access tokens of programs."""

    links: int
    tokens: int


def ways_in(person: Person) -> WaysIn:
    """How many links and access tokens open something now; a deactivation ends them with the sessions."""
    moment = clock.now()
    return WaysIn(
        links=LinkToken.objects.filter(person=person, used_at__isnull=True, expires_at__gt=moment).count(),
        tokens=AccessToken.objects.filter(_lasting(), person=person, revoked_at__isnull=True).count(),
    )


def _lasting() -> Q:
    return Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())


def is_last_administrator(person: Person) -> bool:
    """Would nobody be left who can give rights?"""
    others = Person.objects.active().filter(is_administrator=True, is_integration=False).exclude(id=person.id)
    return person.is_active and person.is_administrator and not others.exists()


def refuse_last_administrator(person: Person) -> None:
    """Raises LastAdministrator. In the verb's transaction: two who go at once wait for each other."""
    administrators = Person.objects.active().filter(is_administrator=True).order_by("id")
    list(administrators.select_for_update(of=("self",)).values_list("id", flat=True))
    if is_last_administrator(person):
        raise LastAdministrator(name=person.name)


@transaction.atomic
def deactivate(person: Person, *, actor: Actor) -> None:
    """Let a leaver no longer act: sessions, links and access tokens end at once, tickets stay (S13, P25.5).

    What is still in their hands lists `duties.routing.leaving.open_work_of`. Records "person.deactivated".
    Raises NotAllowed, LastAdministrator.
    """
    only_administrators(actor)
    now = Person.objects.select_for_update(of=("self",)).get(id=person.id)
    if now.deactivated_at is not None:
        person.deactivated_at = now.deactivated_at
        return
    refuse_last_administrator(now)
    ended = close_ways_in(now)
    now.deactivated_at = person.deactivated_at = clock.now()
    person.session_version = now.session_version
    now.save(update_fields=["deactivated_at"])
    record("person.deactivated", now.stream, actor=actor, data={"links": ended.links, "tokens": ended.tokens})


def close_ways_in(person: Person) -> WaysIn:
    """End sessions, links and access tokens of a locked person, and forget their second factors; for verbs, which
    record it. Answers what ended.
    """
    ended = ways_in(person)
    forget_factors(person)
    person.session_version += 1
    person.save(update_fields=["session_version"])
    LinkToken.objects.filter(person=person).delete()
    AccessToken.objects.filter(person=person, revoked_at__isnull=True).update(revoked_at=clock.now())
    return ended


@transaction.atomic
def reactivate(person: Person, *, actor: Actor) -> None:
    """Let somebody who came back act again; tokens, links and second factors are made anew.

    Records "person.reactivated". Raises NotAllowed, NoLongerHere (merged or erased).
    """
    only_administrators(actor)
    now = Person.objects.select_for_update(of=("self",)).get(id=person.id)
    if now.merged_into_id is not None or now.erased_at is not None:
        raise NoLongerHere(name=now.name)
    person.deactivated_at = None
    if now.deactivated_at is None:
        return
    now.deactivated_at = None
    now.save(update_fields=["deactivated_at"])
    record("person.reactivated", now.stream, actor=actor)


@transaction.atomic
def end_sessions(person: Person, *, actor: Actor) -> None:
    """Sign a person out everywhere; the person may, and administrators. Records "person.signed_out".

    Raises NotAllowed.
    """
    if actor.who != person:
        only_administrators(actor)
    now = Person.objects.select_for_update(of=("self",)).get(id=person.id)
    now.session_version += 1
    now.save(update_fields=["session_version"])
    person.session_version = now.session_version
    record("person.signed_out", now.stream, actor=actor)


@transaction.atomic
def set_password(person: Person, password: str, *, actor: Actor) -> None:
    """A new password; every session and mailed link of the person ends (S12, S13). Records "person.password_set".

    Raises NotAllowed, Invalid (with the rules' own words).
    """
    if actor.who != person:
        only_administrators(actor)
    try:
        validate_password(password, person)
    except ValidationError as fault:
        raise Invalid("password", " ".join(fault.messages)) from fault
    person.set_password(password)
    person.session_version += 1
    person.save(update_fields=["password", "session_version"])
    void_ticket_links(person)
    record("person.password_set", person.stream, actor=actor)


def forget_person(person: Person) -> list[str]:
    """Empty a person's row and let addresses, links, tokens, absences and sessions go; called by the erasure duty in
    its transaction.

    Answers the addresses that were theirs. Raises LastAdministrator.
    """
    from django.contrib.sessions.models import Session

    refuse_last_administrator(person)
    addresses = list(person.addresses.values_list("address", flat=True))
    person.addresses.all().delete()
    LinkToken.objects.filter(person=person).delete()
    AccessToken.objects.filter(person=person).delete()
    forget_factors(person)
    Absence.objects.filter(person=person).delete()
    Absence.objects.filter(deputy=person).update(deputy=None)
    for session in Session.objects.all().iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()
    person.name = person.sort_key = "…"
    person.phone = person.language = person.time_zone = person.cost_centre = ""
    person.department = person.line_manager = person.external_key = None
    person.is_administrator = person.is_auditor = person.sees_department = False
    person.set_unusable_password()
    person.session_version += 1
    person.erased_at = clock.now()
    person.deactivated_at = person.deactivated_at or person.erased_at
    person.save()
    person.memberships.all().delete()
    return addresses
