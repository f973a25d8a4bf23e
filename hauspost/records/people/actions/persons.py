"""Persons: let the desk know them, find them, say what has changed about them."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.history.actions import NewEvent, Part, record
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.records.people.actions.accounts import refuse_last_administrator
from hauspost.records.people.actions.addresses import known_person, normal, take_address
from hauspost.records.people.actions.checks import (
    KEEP,
    one_line,
    only_administrators,
    refuse_unknown_language,
    refuse_unknown_zone,
)
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Address, Department, Person, sort_key_of
from hauspost.records.people.refusals import LineManagerCircle, NoLongerHere, NoSuchPerson

UNKNOWN = "unknown@sender.invalid"
DEAD_AFTER = 3
LONGEST_NAME, LONGEST_PHONE, LONGEST_KEY, LONGEST_COST_CENTRE = 200, 60, 120, 40

# What of a person is personal: it enters the record as parts that an erasure can take out again.
_PERSONAL = ("name", "phone", "external_key")
# Whoever gets or loses one of these signs in anew (S13).
_RIGHTS = ("is_administrator", "is_auditor", "sees_department", "is_external")


def person_by(uid_or_address: str) -> Person:
    """A person by uid or address. Raises NoSuchPerson."""
    found = known_person(uid_or_address) if "@" in uid_or_address else None
    if found is None and re.fullmatch(r"[0-9a-fA-F-]{32,36}", uid_or_address):
        found = Person.objects.filter(uid=uid_or_address).first()
    if found is None:
        raise NoSuchPerson(who=uid_or_address[:100])
    return found


def names_of(uids: Sequence[str]) -> dict[str, str]:
    """Names by uid, for showing a record."""
    return {str(uid): name for uid, name in Person.objects.filter(uid__in=set(uids)).values_list("uid", "name")}


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
    external_key: str = "",
    cost_centre: str = "",
    is_external: bool = False,
    is_administrator: bool = False,
    is_auditor: bool = False,
    sees_department: bool = False,
    verified: bool = False,
) -> Person:
    """Let the desk know a person. Records "person.added".

    The desk's agents may add whom they speak with; only administrators give rights and the key of another system.
    Raises NotAllowed, NotAnAddress, AddressTaken, AddressIsOurs, Invalid (external key).
    """
    gives_more = is_administrator or is_auditor or sees_department or bool(external_key)
    if not (actor.is_administrator or (actor.is_agent and not gives_more)):
        raise NotAllowed
    person, told = new_person(
        one_line(name, LONGEST_NAME) or (address or "").partition("@")[0],
        phone=phone,
        external_key=_free_key(external_key, None),
        language=language,
        time_zone=time_zone,
        department=department,
        line_manager=line_manager,
        cost_centre=one_line(cost_centre, LONGEST_COST_CENTRE),
        is_external=is_external,
        is_administrator=is_administrator,
        is_auditor=is_auditor,
        sees_department=sees_department,
    )
    person.save(force_insert=True)
    addresses = [take_address(person, address, is_main=True, verified=verified).address] if address else []
    event = told(addresses)
    record(event.kind, event.stream, actor=actor, data=event.data, parts=event.parts, new=True)
    return person


# A person who is not saved yet; and, from the addresses, the event that tells of them.
Unsaved = tuple[Person, Callable[[Sequence[str]], NewEvent]]


def new_person(name: str, *, phone: str, external_key: str | None, **fields: Any) -> Unsaved:
    """Somebody as the verbs will save and record them."""
    clean = one_line(name, LONGEST_NAME) or "?"
    person = Person(
        name=clean,
        sort_key=sort_key_of(clean),
        phone=one_line(phone, LONGEST_PHONE),
        external_key=external_key,
        created_at=clock.now(),
        **fields,
    )
    person.set_unusable_password()

    def told(addresses: Sequence[str]) -> NewEvent:
        uid = str(person.uid)
        texts = [("name", clean), *(("address", address) for address in addresses)]
        texts += [("phone", person.phone), ("external key", external_key or "")]
        data = {"before": {}, "after": {field: _recorded(value) for field, value in fields.items()}}
        return NewEvent("person.added", person.stream, data, [Part(part, text, uid) for part, text in texts if text])

    return person, told


@transaction.atomic
def add_integration(name: str, *, actor: Actor) -> Person:
    """Let another program act through the API with roles like anybody; it never signs in (P38.1).

    Records "person.added". Raises NotAllowed, Invalid.
    """
    only_administrators(actor)
    clean = one_line(name, LONGEST_NAME)
    if not clean:
        raise Invalid("name", _("write a name"))
    person = Person(name=clean, sort_key=sort_key_of(clean), is_integration=True, created_at=clock.now())
    person.set_unusable_password()
    person.save(force_insert=True)
    data = {"before": {}, "after": {"is_integration": True}}
    part = Part("name", clean, str(person.uid))
    record("person.added", person.stream, actor=actor, data=data, parts=[part], new=True)
    return person


@transaction.atomic
def change_person(
    person: Person,
    *,
    actor: Actor,
    name: str = KEEP,
    language: str = KEEP,
    time_zone: str = KEEP,
    phone: str = KEEP,
    department: Department | None = KEEP,
    line_manager: Person | None = KEEP,
    external_key: str = KEEP,
    cost_centre: str = KEEP,
    is_external: bool = KEEP,
    sees_department: bool = KEEP,
    is_administrator: bool = KEEP,
    is_auditor: bool = KEEP,
) -> Person:
    """Say what has changed about a person; what is not named stays. It is the same person, also by a new name (P25.6).

    Records "person.changed" with before and after, and nothing where nothing changes. Other rights end the person's
    sessions (S13). Raises NotAllowed, Invalid (field is the parameter), LineManagerCircle, LastAdministrator,
    NoLongerHere.
    """
    only_administrators(actor)
    asked = {
        "name": name,
        "language": language,
        "time_zone": time_zone,
        "phone": phone,
        "department": department,
        "line_manager": line_manager,
        "external_key": external_key,
        "cost_centre": cost_centre,
        "is_external": is_external,
        "sees_department": sees_department,
        "is_administrator": is_administrator,
        "is_auditor": is_auditor,
    }
    fields = {name: value for name, value in asked.items() if value is not KEEP}
    now = Person.objects.select_for_update(of=("self",)).select_related("department", "line_manager").get(id=person.id)
    if now.merged_into_id is not None or now.erased_at is not None:
        raise NoLongerHere(name=now.name)
    return _set(person, now, _checked(now, fields), "person.changed", actor)


@transaction.atomic
def rename(person: Person, name: str, *, actor: Actor) -> Person:
    """A new name; it is the same person (P25.6). Records "person.changed". Raises NotAllowed, Invalid."""
    return change_person(person, name=name, actor=actor)


@transaction.atomic
def set_preferences(
    person: Person, *, language: str, time_zone: str, actor: Actor, forwards_for_others: bool = KEEP
) -> Person:
    """A person's own language and time zone, and for an agent whose tickets forwarded mails become (P30.4).

    Records "person.preferences". Raises NotAllowed, Invalid.
    """
    if actor.who != person:
        only_administrators(actor)
    now = Person.objects.select_for_update(of=("self",)).get(id=person.id)
    asked = {"language": language, "time_zone": time_zone, "forwards_for_others": forwards_for_others}
    fields = _checked(now, {name: value for name, value in asked.items() if value is not KEEP})
    return _set(person, now, fields, "person.preferences", actor)


def _checked(now: Person, fields: dict[str, Any]) -> dict[str, Any]:
    """The new values as they are kept. Raises Invalid, LineManagerCircle, LastAdministrator."""
    lengths = {"name": LONGEST_NAME, "phone": LONGEST_PHONE, "cost_centre": LONGEST_COST_CENTRE}
    clean: dict[str, Any] = {
        name: one_line(value, lengths[name]) if name in lengths else value for name, value in fields.items()
    }
    if clean.get("name") == "":
        raise Invalid("name", _("write a name"))
    refuse_unknown_language(clean.get("language", ""))
    refuse_unknown_zone(clean.get("time_zone", ""))
    if "external_key" in clean:
        clean["external_key"] = _free_key(clean["external_key"], now)
    unit = clean.get("department")
    if unit is not None and unit.id != now.department_id and unit.archived_at is not None:
        raise Invalid("department", _("%(name)s is archived") % {"name": unit.name})
    if clean.get("line_manager") is not None and clean["line_manager"].id != now.line_manager_id:
        _refuse_circle(now, clean["line_manager"])
    if now.is_administrator and clean.get("is_administrator") is False:
        refuse_last_administrator(now)
    if now.is_integration and (clean.get("is_administrator") or clean.get("is_auditor")):
        raise Invalid("is_administrator", _("a program gets roles in teams, no rights over everything"))
    return clean


def _free_key(external_key: str, person: Person | None) -> str | None:
    """The key of another system, which belongs to one person at most; None for none."""
    key = one_line(external_key or "", LONGEST_KEY) or None
    holder = Person.objects.filter(external_key=key).first() if key else None
    if holder is not None and holder != person:
        raise Invalid("external_key", _("%(name)s has this key already") % {"name": holder.name})
    return key


def _refuse_circle(person: Person, manager: Person) -> None:
    if not manager.is_active:
        raise Invalid("line_manager", _("%(name)s is no longer active") % {"name": manager.name})
    chain = [person]
    # As it is now: the caller's object may be older than what an import did a moment ago.
    above = Person.objects.filter(id=manager.id).first()
    while above is not None and above not in chain[1:]:
        if above == person:
            raise LineManagerCircle(circle=" → ".join(one.name for one in [*chain, person]))
        chain.append(above)
        above = above.line_manager


def _set(person: Person, now: Person, fields: dict[str, Any], kind: str, actor: Actor) -> Person:
    """Save what differs from the locked row, record it once, and let the caller's object know it."""
    changed = [name for name, value in fields.items() if getattr(now, name) != value]
    before = {name: _recorded(getattr(now, name)) for name in changed if name not in _PERSONAL}
    after = {name: _recorded(fields[name]) for name in changed if name not in _PERSONAL}
    parts = []
    for name in (one for one in changed if one in _PERSONAL):
        called = name.replace("_", " ")
        parts.append(Part(f"{called} before", getattr(now, name) or "", str(now.uid)))
        parts.append(Part(called, fields[name] or "", str(now.uid)))
    for one in (now, person):
        for name, value in fields.items():
            setattr(one, name, value)
        one.sort_key = sort_key_of(one.name)
    if any(name in _RIGHTS for name in changed):
        person.session_version = now.session_version = now.session_version + 1
    if changed:
        now.save(update_fields=[*changed, "sort_key", "session_version"])
        record(kind, now.stream, actor=actor, data={"before": before, "after": after}, parts=parts)
    return person


def _recorded(value: Any) -> Any:
    """A field as the record writes it: persons as uid, company things as key."""
    if isinstance(value, Person):
        return str(value.uid)
    return value.key if isinstance(value, Department) else value


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
        take_address(found, UNKNOWN, is_main=False, kind=Address.Kind.MACHINE)
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
