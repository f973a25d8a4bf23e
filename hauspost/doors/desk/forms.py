"""Reading what a form sent: words become persons, moments, numbers; what cannot be taken is refused by its field."""

from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from hauspost.doors.desk.naming import field_name
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions import known_person
from hauspost.records.people.models import Person, sort_key_of

M = TypeVar("M", bound=Model)


def text_of(request: HttpRequest, name: str) -> str:
    """A field's text, without white space around it; "" when it was not sent."""
    return request.POST.get(name, "").strip()


def person_of(text: str, field: str) -> Person:
    """The person of an address, or of a name that only one has. Raises Invalid, with what to do."""
    wanted = text.strip()
    if not wanted:
        raise Invalid(field_name(field), _("give an address or a name"))
    if "@" in wanted:
        # A picked suggestion reads "Petra Lang <petra.lang@…>".
        address = wanted.rpartition("<")[2].rstrip("> ")
        found = known_person(address)
        if found is None:
            raise Invalid(field_name(field), _("nobody here has the address %(address)s") % {"address": address[:100]})
        return found
    same: list[Person] = list(Person.objects.active().filter(sort_key=sort_key_of(wanted))[:2])
    if len(same) != 1:
        reason = _("several persons have this name; give the address") if same else _("nobody has this name")
        raise Invalid(field_name(field), reason)
    return same[0]


def uid_of(text: str, field: str) -> Person | None:
    """The person that a drop-down named by uid; None for its empty choice. Raises Invalid."""
    if not text:
        return None
    try:
        found: Person = Person.objects.active().get(uid=text)
    except (Person.DoesNotExist, ValidationError) as fault:
        raise Invalid(field_name(field), _("choose one of the list")) from fault
    return found


def keyed(model: type[M], key: str, field: str) -> M | None:
    """The company's thing of that key; None for the empty choice. Raises Invalid."""
    if not key:
        return None
    found = model._default_manager.filter(key=key, archived_at__isnull=True).first()
    if found is None:
        raise Invalid(field_name(field), _("choose one of the list"))
    return found


def needed(model: type[M], key: str, field: str) -> M:
    """Like `keyed`, but the empty choice is refused too."""
    found = keyed(model, key, field)
    if found is None:
        raise Invalid(field_name(field), _("choose one of the list"))
    return found


def moment_of(text: str, field: str) -> datetime | None:
    """A moment typed in the reader's zone; None when empty. Raises Invalid."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2200:
        raise Invalid(field_name(field), _("give day and time, like 2026-12-01 14:00"))
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def number_of(text: str, field: str, allowed: tuple[int, int]) -> int | None:
    """A whole number; None when empty. Raises Invalid."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and allowed[0] <= int(text) <= allowed[1]):
        span = _("give a whole number from %(least)s to %(most)s") % {"least": allowed[0], "most": allowed[1]}
        raise Invalid(field_name(field), span)
    return int(text)


def chosen(request: HttpRequest, name: str, allowed: Any) -> str:
    """A choice of a fixed set. Raises Invalid."""
    word = text_of(request, name)
    if word not in {str(value) for value in allowed}:
        raise Invalid(field_name(name), _("choose one of the list"))
    return word


def small_number(text: str) -> int:
    """A number in an address or a hidden field; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
