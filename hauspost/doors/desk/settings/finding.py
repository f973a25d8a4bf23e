"""Finding persons for the settings: by name, address or key, by what they are and where they work; a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from hauspost.doors.desk.forms import one_named, small_number
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions import known_person
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Membership, Person, sort_key_of
from hauspost.records.tickets.knowing import without_secret_strangers

PAGE = 50
KINDS = ("active", "left", "external", "integration", "all")
RIGHTS = ("administrator", "auditor", "department")


@dataclass(frozen=True)
class Asked:
    """What the list is asked for; "" is anything."""

    words: str = ""
    kind: str = "active"
    department: str = ""
    site: str = ""
    team: str = ""
    role: str = ""

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> "Asked":
        """What an address or a form asks for."""
        found = {name: sent.get(name, "").replace("\0", "").strip()[:120] for name in cls.__dataclass_fields__}
        if found["kind"] not in KINDS:
            found["kind"] = "active"
        return cls(**found)

    def query(self) -> dict[str, str]:
        """The same for an address; what says nothing is left out."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: word for name, word in named.items() if word and (name, word) != ("kind", "active")}


@dataclass(frozen=True)
class Found:
    """One page of the list, and behind whom the next one begins; 0 when this is the last."""

    rows: list[Person]
    after: int = 0


def person_for(uid: UUID | str, actor: Actor) -> Person:
    """The person of a page's address. Raises Http404 also for those whom the reader may not know of."""
    known = without_secret_strangers(actor).select_related(
        "department", "line_manager", "merged_into", "workplace__site", "workplace__location__parent__parent"
    )
    found = known.filter(uid=uid, erased_at__isnull=True).first()
    if found is None:
        raise Http404
    return found


def somebody(text: str, field: str, actor: Actor) -> Person | None:
    """The person whom a field names by address, or by a name or a part of it that only one has; None when it is empty.

    Whom the reader may not know of is like nobody. Raises Invalid, with what to do.
    """
    if not text:
        return None
    if "@" in text:
        # A picked suggestion reads "Petra Lang <petra.lang@…>".
        address = text.rpartition("<")[2].rstrip("> ")
        known = known_person(address)
        if known is None or not without_secret_strangers(actor).filter(pk=known.pk).exists():
            raise Invalid(field, _("nobody here has the address %(address)s") % {"address": address[:100]})
        return known
    return one_named(without_secret_strangers(actor).active(), text, field)


def matching(asked: Asked, actor: Actor) -> "QuerySet[Person]":
    """The persons that fit, by name."""
    found = without_secret_strangers(actor).filter(erased_at__isnull=True, merged_into__isnull=True)
    match asked.kind:
        case "active":
            found = found.filter(deactivated_at__isnull=True, is_external=False, is_integration=False)
        case "left":
            found = found.filter(deactivated_at__isnull=False)
        case "external":
            found = found.filter(deactivated_at__isnull=True, is_external=True)
        case "integration":
            found = found.filter(is_integration=True)
    if asked.words:
        found = found.filter(_named(asked.words))
    if asked.department:
        found = found.filter(department__key=asked.department)
    if asked.site:
        found = found.filter(workplace__site__key=asked.site)
    if asked.role in RIGHTS:
        found = found.filter(**{_RIGHT_FIELDS[asked.role]: True})
    if asked.team or (asked.role and asked.role not in RIGHTS):
        found = found.filter(Exists(_roles(asked)))
    return found.order_by("sort_key", "id")


_RIGHT_FIELDS = {"administrator": "is_administrator", "auditor": "is_auditor", "department": "sees_department"}


def _roles(asked: Asked) -> "QuerySet[Membership]":
    found = Membership.objects.filter(person=OuterRef("pk"))
    if asked.team:
        found = found.filter(team__key=asked.team)
    if asked.role == "technician":
        return found.filter(is_technician=True)
    return found.filter(role=asked.role) if asked.role and asked.role not in RIGHTS else found


def _named(words: str) -> Q:
    """Who has a name or an address that begins so, or exactly this key."""
    key, lower = sort_key_of(words), words.lower()
    q = Q(id__in=Address.objects.filter(address__startswith=lower, person__isnull=False).values("person"))
    q |= Q(external_key=words)
    if key:
        q |= Q(sort_key__startswith=key) | Q(sort_key__contains=f" {key}")
    return q


def page_of(people: "QuerySet[Person]", after: str) -> Found:
    """One page, by key: behind the person whose number the address names."""
    behind: Any = Person.objects.filter(id=small_number(after)).values_list("sort_key", "id").first() if after else None
    if behind is not None:
        people = people.filter(
            Q(sort_key__gt=behind[0]) | Q(sort_key=behind[0], id__gt=behind[1]), sort_key__gte=behind[0]
        )
    rows = list(
        people.select_related("department", "workplace__site").prefetch_related("addresses", "memberships__team")[
            : PAGE + 1
        ]
    )
    return Found(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else 0)
