"""The first administrator of a new desk, through a one-time link (P17.4)."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from hauspost.ground import clock, tokens
from hauspost.records.people.actions.accounts import set_password
from hauspost.records.people.actions.persons import add_person
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import (
    LinkToken,
    Person,
)
from hauspost.records.people.refusals import LinkSpent

FIRST_LINK_HOURS = 24


def first_administrator_link() -> str | None:
    """A fresh one-time link for the first administrator (P17.4); None when the company has one."""
    if Person.objects.active().filter(is_administrator=True).exists():
        return None
    token = tokens.new_token()
    with transaction.atomic():
        LinkToken.objects.filter(purpose=LinkToken.Purpose.FIRST_ADMINISTRATOR).delete()
        LinkToken.objects.create(
            token_hash=tokens.token_hash(token),
            purpose=LinkToken.Purpose.FIRST_ADMINISTRATOR,
            expires_at=clock.now() + timedelta(hours=FIRST_LINK_HOURS),
        )
    return f"{settings.HAUSPOST.public_url.rstrip('/')}/first/{token}"


def check_first_link(token: str) -> LinkToken:
    """The unused link of a token. Raises LinkSpent."""
    row = LinkToken.objects.filter(
        token_hash=tokens.token_hash(token),
        purpose=LinkToken.Purpose.FIRST_ADMINISTRATOR,
        used_at__isnull=True,
        expires_at__gt=clock.now(),
    ).first()
    if row is None or Person.objects.active().filter(is_administrator=True).exists():
        raise LinkSpent
    return row


@transaction.atomic
def become_first_administrator(token: str, *, name: str, address: str, password: str) -> Person:
    """Make whoever holds the one-time link the first administrator. Records "person.added".

    Raises LinkSpent, NotAnAddress, AddressTaken, Invalid (password).
    """
    row = check_first_link(token)
    LinkToken.objects.select_for_update().filter(id=row.id).first()
    person = add_person(name, address, actor=SYSTEM, is_administrator=True, verified=True)
    set_password(person, password, actor=SYSTEM)
    row.used_at = clock.now()
    row.save(update_fields=["used_at"])
    return person
