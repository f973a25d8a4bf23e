"""Persons and their addresses."""

import re
from collections.abc import Sequence
from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from hauspost.ground import clock
from hauspost.ground.db import storable
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actions.checks import only_administrators, refuse_unknown_zone
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import (
    Address,
    Department,
    LinkToken,
    Person,
    sort_key_of,
)
from hauspost.records.people.refusals import AddressIsOurs, AddressTaken, NoSuchPerson, NotAnAddress

ADDRESS = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f]{1,64}@[^\s@<>,;:\"\\\x00-\x1f]{1,255}")
UNKNOWN = "unknown@sender.invalid"
DEAD_AFTER = 3


def normal(address: str) -> str:
    """An address as it is kept: case-folded, without white space. Raises NotAnAddress."""
    clean = address.strip().rstrip(".").lower()
    if not ADDRESS.fullmatch(clean):
        raise NotAnAddress(address=address[:100])
    return clean


def known_person(address: str) -> Person | None:
    """The person of an address, past or present (P25.6); merged persons lead to the one they became."""
    # One join and one person's columns: it is asked for every mail.
    found = Person.objects.filter(addresses__address=storable(address.strip().lower()))[:1]
    return next((person.merged_into or person for person in found), None)


def person_by(uid_or_address: str) -> Person:
    """A person by uid or address. Raises NoSuchPerson."""
    found = known_person(uid_or_address) if "@" in uid_or_address else None
    if found is None and re.fullmatch(r"[0-9a-fA-F-]{32,36}", uid_or_address):
        found = Person.objects.filter(uid=uid_or_address).first()
    if found is None:
        raise NoSuchPerson(who=uid_or_address[:100])
    return found


@transaction.atomic
def add_person(
    name: str,
    address: str | None,
    *,
    actor: Actor,
    language: str = "",
    time_zone: str = "",
    phone: str = "",
    department: Department | None = None,
    line_manager: Person | None = None,
    is_external: bool = False,
    is_administrator: bool = False,
    is_auditor: bool = False,
    verified: bool = False,
) -> Person:
    """Let the desk know a person. Records "person.added". Raises NotAllowed, NotAnAddress, AddressTaken, AddressIsOurs.

    The desk's agents may add whom they speak with; only administrators give rights.
    """
    if not (actor.is_administrator or (actor.is_agent and not (is_administrator or is_auditor))):
        raise NotAllowed
    clean = " ".join(name.replace("\0", "").split())[:200] or (address or "").partition("@")[0] or "?"
    person = Person(
        name=clean,
        sort_key=sort_key_of(clean),
        language=language,
        time_zone=time_zone,
        phone=phone,
        department=department,
        line_manager=line_manager,
        is_external=is_external,
        is_administrator=is_administrator,
        is_auditor=is_auditor,
        created_at=clock.now(),
    )
    person.set_unusable_password()
    person.save(force_insert=True)
    parts = [Part("name", clean, str(person.uid))]
    if address:
        row = _take_address(person, address, is_main=True, verified=verified)
        parts.append(Part("address", row.address, str(person.uid)))
    after = {
        "language": language,
        "time_zone": time_zone,
        "department": department.key if department else None,
        "line_manager": str(line_manager.uid) if line_manager else None,
        "is_external": is_external,
        "is_administrator": is_administrator,
        "is_auditor": is_auditor,
    }
    record("person.added", person.stream, actor=actor, data={"before": {}, "after": after}, parts=parts, new=True)
    return person


@transaction.atomic
def add_address(
    person: Person, address: str, *, actor: Actor, kind: str = "personal", is_main: bool = False
) -> Address:
    """Give a person one more address; the old ones still recognise their mail. Records "address.added".

    Raises NotAllowed, NotAnAddress, AddressTaken, AddressIsOurs.
    """
    only_administrators(actor)
    if is_main:
        person.addresses.filter(is_main=True).update(is_main=False)
    row = _take_address(person, address, is_main=is_main, kind=kind)
    part = Part("address", row.address, str(person.uid))
    record("address.added", person.stream, actor=actor, data={"kind": kind, "main": is_main}, parts=[part])
    return row


def _take_address(
    person: Person, address: str, *, is_main: bool, kind: str = "personal", verified: bool = False
) -> Address:
    clean = normal(address)
    row = Address.objects.filter(address=clean).first()
    if row is not None and row.kind == Address.Kind.OURS:
        raise AddressIsOurs(address=clean)
    if row is not None and row.person_id is not None:
        raise AddressTaken(address=clean)
    if row is None:
        row = Address(address=clean, created_at=clock.now())
    row.person, row.kind, row.is_main, row.is_verified = person, kind, is_main, verified
    row.save()
    return row


def sender_of_mail(name: str, address: str, *, actor: Actor = SYSTEM) -> Person:
    """The person who wrote a mail; a stranger becomes known, outside the company's domains as external.

    Raises NotAnAddress, AddressIsOurs.
    """
    found = known_person(address)
    if found is not None:
        return found
    clean = normal(address)
    domains = settings.HAUSPOST.company_domains
    external = clean.rpartition("@")[2] not in domains if domains else False
    return add_person(name, clean, actor=actor, is_external=external)


@transaction.atomic
def unknown_sender() -> Person:
    """Whose requests are those of mails that name nobody (P3.2); no mail is ever sent to this address."""
    found = known_person(UNKNOWN)
    if found is None:
        found = add_person("Unknown sender", None, actor=SYSTEM, is_external=True)
        _take_address(found, UNKNOWN, is_main=False, kind=Address.Kind.MACHINE)
    return found


@transaction.atomic
def note_bounce(person_uid: str, *, actor: Actor) -> None:
    """Count that mail to a person came back; at the third time the address is flagged (P14.2).

    Records "address.bouncing".
    """
    row = Address.objects.select_for_update(of=("self",)).filter(person__uid=person_uid, is_main=True).first()
    if row is None:
        return
    row.bounces = min(row.bounces + 1, 30_000)
    row.save(update_fields=["bounces"])
    if row.bounces == DEAD_AFTER:
        record("address.bouncing", f"person:{person_uid}", actor=actor, data={"bounces": row.bounces})


@transaction.atomic
def rename(person: Person, name: str, *, actor: Actor) -> Person:
    """A new name; it is the same person (P25.6). Records "person.renamed". Raises NotAllowed, Invalid."""
    only_administrators(actor)
    clean = " ".join(name.replace("\0", "").split())[:200]
    if not clean:
        raise Invalid("name", "write a name")
    old, person.name, person.sort_key = person.name, clean, sort_key_of(clean)
    person.save(update_fields=["name", "sort_key"])
    parts = [Part("name before", old, str(person.uid)), Part("name", clean, str(person.uid))]
    record("person.renamed", person.stream, actor=actor, parts=parts)
    return person


@transaction.atomic
def set_preferences(person: Person, *, language: str, time_zone: str, actor: Actor) -> Person:
    """A person's own language and time zone. Records "person.preferences". Raises NotAllowed, Invalid."""
    if actor.who != person:
        only_administrators(actor)
    if language not in {"", *(tag for tag, _ in settings.LANGUAGES)}:
        raise Invalid("language", ", ".join(tag for tag, _ in settings.LANGUAGES))
    refuse_unknown_zone(time_zone)
    before = {"language": person.language, "time_zone": person.time_zone}
    person.language, person.time_zone = language, time_zone
    person.save(update_fields=["language", "time_zone"])
    after = {"language": language, "time_zone": time_zone}
    record("person.preferences", person.stream, actor=actor, data={"before": before, "after": after})
    return person


@transaction.atomic
def deactivate(person: Person, *, actor: Actor) -> None:
    """Let a leaver no longer act: sessions and links end at once, tickets stay (S13). Records "person.deactivated"."""
    only_administrators(actor)
    person.deactivated_at = clock.now()
    person.session_version += 1
    person.save(update_fields=["deactivated_at", "session_version"])
    LinkToken.objects.filter(person=person).delete()
    record("person.deactivated", person.stream, actor=actor)


@transaction.atomic
def reactivate(person: Person, *, actor: Actor) -> None:
    """Let somebody who came back act again. Records "person.reactivated"."""
    only_administrators(actor)
    person.deactivated_at = None
    person.save(update_fields=["deactivated_at"])
    record("person.reactivated", person.stream, actor=actor)


@transaction.atomic
def set_password(person: Person, password: str, *, actor: Actor) -> None:
    """A new password; every session of the person ends (S13). Records "person.password_set".

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
    record("person.password_set", person.stream, actor=actor)


def first_from(header: str) -> tuple[str, str]:
    """Name and address of a "Name <address>" text, for command lines."""
    name, address = parseaddr(header)
    return name, address


def names_of(uids: Sequence[str]) -> dict[str, str]:
    """Names by uid, for showing a record."""
    return {str(uid): name for uid, name in Person.objects.filter(uid__in=set(uids)).values_list("uid", "name")}


def forget_person(person: Person) -> list[str]:
    """Empty a person's row and let addresses, links and sessions go; called by the erasure duty in its transaction.

    Answers the addresses that were theirs.
    """
    from django.contrib.sessions.models import Session

    addresses = list(person.addresses.values_list("address", flat=True))
    person.addresses.all().delete()
    LinkToken.objects.filter(person=person).delete()
    for session in Session.objects.all().iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()
    person.name = person.sort_key = "…"
    person.phone = person.language = person.time_zone = ""
    person.department = person.line_manager = None
    person.is_administrator = person.is_auditor = False
    person.set_unusable_password()
    person.session_version += 1
    person.erased_at = clock.now()
    person.deactivated_at = person.deactivated_at or person.erased_at
    person.save()
    person.memberships.all().delete()
    return addresses
