"""Reading what a form sent: words become persons, moments, numbers; what cannot be taken is refused by its field."""

from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from hauspost.doors.desk.naming import field_name
from hauspost.doors.ui import formats
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions import known_person
from hauspost.records.people.models import Address, Person, PersonQuerySet, sort_key_of

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
    people = Person.objects.active()
    # By a part of the name only the company's own are found: who else wrote to whom is not told (P11.1).
    return one_named(people, wanted, field_name(field), by_part=people.filter(is_external=False))


def one_named(people: PersonQuerySet, text: str, field: str, *, by_part: PersonQuerySet | None = None) -> Person:
    """The only one of these who has this name, or this word in the name. Raises Invalid, which names those who fit.

    `by_part`: whom a part of the name finds, where that is fewer.
    """
    key = sort_key_of(text)
    same = list(people.filter(sort_key=key)[:_OFFERED]) if key else []
    if len(same) == 1:
        return same[0]
    if not same and key:
        parts = (people if by_part is None else by_part).by_name()
        begins = Q(sort_key__startswith=key) | Q(sort_key__contains=f" {key}")
        same = list(parts.filter(begins)[:_OFFERED])
        if len(same) == 1 and f" {key} " in f" {same[0].sort_key} ":
            return same[0]
    if not same:
        raise Invalid(field, _("nobody has this name"))
    told = {"people": formats.listing(_with_addresses(same[: _OFFERED - 1]))}
    if len(same) == 1:
        raise Invalid(field, _("nobody has exactly this name; did you mean %(people)s?") % told)
    if len(same) == _OFFERED:
        raise Invalid(
            field, _("many have this name, among them %(people)s; write more of the name or the address") % told
        )
    raise Invalid(field, _("several persons have this name: %(people)s; give the address") % told)


# So many persons are looked at; one fewer is named.
_OFFERED = 6


def _with_addresses(people: list[Person]) -> list[str]:
    main = dict(Address.objects.filter(person__in=people, is_main=True).values_list("person_id", "address"))
    named = [(formats.plain_name(person.name), main.get(person.id)) for person in people]
    return [f"{name} <{address}>" if address else name for name, address in named]


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
