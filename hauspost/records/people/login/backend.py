"""Who stands behind an address and a password, and behind a session."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from hauspost.ground import hot
from hauspost.records.people.actions import known_person
from hauspost.records.people.models import Person

# Asked by every request of a session.
_PERSON = hot.Question(lambda number: Person.objects.filter(id=number))


def may_sign_in(person: Person | None) -> bool:
    """Is this somebody who uses pages at all? Programs act through the API and never sign in (P38.1)."""
    return person is not None and person.is_active and not person.is_integration


class AddressBackend(BaseBackend):
    """Finds the person of a session; signing in itself goes through `sign_in`."""

    def get_user(self, user_id: int) -> Person | None:
        """The person of a session, unless they may no longer sign in."""
        person = _PERSON.first(user_id)
        return person if may_sign_in(person) else None

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Person | None:
        """The person of an address and a password; the same work for everybody else (S22)."""
        address, password = credentials.get("address"), credentials.get("password")
        if not isinstance(address, str) or not isinstance(password, str):
            return None
        person = known_person(address)
        if person is None or not may_sign_in(person) or not person.has_usable_password():
            make_password(password)
            return None
        return person if person.check_password(password) else None
