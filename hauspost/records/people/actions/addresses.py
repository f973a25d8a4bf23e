"""Mail addresses: of one person, shared, or of a machine. An address is one row, whatever happens to its person."""

import re

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock, hot
from hauspost.ground.db import storable
from hauspost.ground.history.actions import Part, record
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.checks import only_administrators
from hauspost.records.people.actions.links import void_ticket_links
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Person
from hauspost.records.people.refusals import AddressIsMain, AddressIsOurs, AddressTaken, NotAnAddress

# One join and one person's columns: it is asked for every mail.
_OF_ADDRESS = hot.Question(lambda address: Person.objects.filter(addresses__address=address)[:1])
ADDRESS = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f]{1,64}@[^\s@<>,;:\"\\\x00-\x1f]{1,255}")
# The kinds that somebody may choose; "ours" is made by `add_mailbox` alone.
CHOSEN_KINDS = (Address.Kind.PERSONAL, Address.Kind.SHARED, Address.Kind.MACHINE)


def normal(address: str) -> str:
    """An address as it is kept: case-folded, without white space. Raises NotAnAddress."""
    clean = address.strip().rstrip(".").lower()
    if not ADDRESS.fullmatch(clean):
        raise NotAnAddress(address=address[:100])
    return clean


def known_person(address: str) -> Person | None:
    """The person of an address, past or present (P25.6); merged persons lead to the one they became."""
    found = _OF_ADDRESS.first(storable(address.strip().lower()))
    return (found.merged_into or found) if found is not None else None


def take_address(
    person: Person | None, address: str, *, is_main: bool, kind: str = "", verified: bool = False
) -> Address:
    """Let an address be a person's, or nobody's; for the verbs, which record it.

    Without a `kind` it is personal, or what it was said to be before it had a person.
    Raises NotAnAddress, AddressTaken, AddressIsOurs.
    """
    clean = normal(address)
    row = Address.objects.filter(address=clean).first()
    if row is not None and row.kind == Address.Kind.OURS:
        raise AddressIsOurs(address=clean)
    if row is not None and (row.person_id is not None or person is None):
        raise AddressTaken(address=clean)
    if row is None:
        row = Address(address=clean, created_at=clock.now())
    row.kind = kind or row.kind
    row.person, row.is_main, row.is_verified = person, is_main, verified
    row.save()
    return row


@transaction.atomic
def add_address(
    person: Person, address: str, *, actor: Actor, kind: str = "personal", is_main: bool = False
) -> Address:
    """Give a person one more address; the old ones still recognise their mail. Records "address.added".

    Raises NotAllowed, NotAnAddress, AddressTaken, AddressIsOurs, Invalid (kind).
    """
    only_administrators(actor)
    _refuse_kind(kind)
    before = _main_of(person)
    is_main = is_main or before is None
    if is_main:
        person.addresses.filter(is_main=True).update(is_main=False)
    row = take_address(person, address, is_main=is_main, kind=kind)
    parts = [Part("address", row.address, str(person.uid))]
    if is_main and before is not None:
        parts.append(Part("main before", before.address, str(person.uid)))
        # What was mailed to the old one may be read there by somebody else (S12).
        void_ticket_links(person)
    record("address.added", person.stream, actor=actor, data={"kind": kind, "main": is_main}, parts=parts)
    return row


@transaction.atomic
def add_shared_address(address: str, *, actor: Actor, kind: str = "shared") -> Address:
    """Note an address that is nobody's alone: of a counter (shared) or of a device (machine). Records "address.added".

    The first mail from it makes a person of it, as from everybody; the kind stays.
    Raises NotAllowed, NotAnAddress, AddressTaken, AddressIsOurs, Invalid (kind).
    """
    only_administrators(actor)
    _refuse_kind(kind)
    row = take_address(None, address, is_main=False, kind=kind)
    record(
        "address.added",
        f"setting:address:{row.id}",
        actor=actor,
        data={"kind": kind, "main": False},
        parts=[Part("address", row.address)],
        new=True,
    )
    return row


@transaction.atomic
def change_address_kind(address: Address, kind: str, *, actor: Actor) -> Address:
    """Say that an address is personal, shared or a machine's. Records "address.changed".

    Links that open a ticket go to personal addresses only. Raises NotAllowed, AddressIsOurs, Invalid (kind).
    """
    only_administrators(actor)
    row = _theirs(address)
    _refuse_kind(kind)
    before, row.kind, address.kind = row.kind, kind, kind
    if before != kind:
        row.save(update_fields=["kind"])
        if row.person is not None and kind != Address.Kind.PERSONAL:
            void_ticket_links(row.person)
        data = {"address": row.id, "before": {"kind": before}, "after": {"kind": kind}}
        record("address.changed", _stream(row), actor=actor, data=data, parts=[_part(row)])
    return row


@transaction.atomic
def make_main_address(address: Address, *, actor: Actor) -> Address:
    """Let mail to its person go to this address from now on. Records "address.made_main".

    Raises NotAllowed, AddressIsOurs, Invalid (the address is nobody's).
    """
    only_administrators(actor)
    row = _theirs(address)
    if row.person is None:
        raise Invalid("address", _("it belongs to nobody; give it to a person first"))
    if not row.is_main:
        before = _main_of(row.person)
        row.person.addresses.filter(is_main=True).update(is_main=False)
        row.is_main, row.bounces = True, 0
        row.save(update_fields=["is_main", "bounces"])
        parts = [_part(row)]
        if before is not None:
            parts.append(Part("main before", before.address, str(row.person.uid)))
        void_ticket_links(row.person)
        record("address.made_main", row.person.stream, actor=actor, parts=parts)
    address.is_main = True
    return row


@transaction.atomic
def remove_address(address: Address, *, actor: Actor) -> None:
    """Let an address be nobody's any more: mail from it comes from a stranger. Records "address.removed".

    Only for what was never theirs: who gets a new address keeps the old one, and its mail is recognised (P25.6).
    Raises NotAllowed, AddressIsMain, AddressIsOurs.
    """
    only_administrators(actor)
    row = _theirs(address)
    if row.is_main and row.person is not None:
        raise AddressIsMain(address=row.address)
    record("address.removed", _stream(row), actor=actor, data={"kind": row.kind}, parts=[_part(row)])
    row.delete()


def _refuse_kind(kind: str) -> None:
    if kind not in CHOSEN_KINDS:
        raise Invalid("kind", ", ".join(CHOSEN_KINDS))


def _theirs(address: Address) -> Address:
    """The row as it is now, under its lock; one of ours is not for these verbs."""
    row = Address.objects.select_for_update(of=("self",)).select_related("person").get(id=address.id)
    if row.kind == Address.Kind.OURS:
        raise AddressIsOurs(address=row.address)
    return row


def _main_of(person: Person) -> Address | None:
    return person.addresses.filter(is_main=True).first()


def _stream(row: Address) -> str:
    return row.person.stream if row.person is not None else f"setting:address:{row.id}"


def _part(row: Address) -> Part:
    return Part("address", row.address, str(row.person.uid) if row.person is not None else "")
