"""Finding what a request names, through the gates of the pages: what is not there and what is forbidden look alike."""

from collections.abc import Mapping
from typing import TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from hauspost.doors.api.callers import Caller, known_caller
from hauspost.doors.api.shapes.common import told_moment
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.people.actions import known_person
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Named, Person
from hauspost.records.tickets.knowing import persons_known_to
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import View, view_of

N = TypeVar("N", bound=Named)
M = TypeVar("M", bound=Named)


def ticket_for(number: int, actor: Actor) -> tuple[Ticket, View]:
    """A ticket and as what the actor sees it. Raises NotFound alike for none and for forbidden (S5)."""
    found = next(iter(Ticket.objects.with_names().select_related("department").filter(number=number)[:1]), None)
    view = view_of(found, actor) if found is not None else None
    if found is None or view is None:
        raise NotFound
    return found, view


def desk_ticket_for(number: int, actor: Actor) -> tuple[Ticket, View]:
    """The same, where only the desk has any business. Raises NotFound for all others."""
    ticket, view = ticket_for(number, actor)
    if not view.sees_notes:
        raise NotFound
    return ticket, view


def person_for(text: str, field: str, caller: Caller) -> Person:
    """The active person of a uid or an address. Raises Invalid.

    Addresses are asked by those who have a desk only: nobody else may try who is known here (S22).
    """
    found: Person | None = None
    if "@" in text:
        if caller.actor.is_agent or caller.actor.is_administrator:
            found = known_person(text)
    else:
        found = by_uid(text)
    if found is None or not found.is_active:
        raise Invalid(field, _("nobody is known by this; give a uid, or at the desk an address"))
    return found


def by_uid(text: str) -> Person | None:
    """The person of a uid, active or not; None for what is no uid."""
    from uuid import UUID

    try:
        uid = UUID(text)
    except ValueError:
        return None
    return next(iter(Person.objects.filter(uid=uid)[:1]), None)


def known_to(uid: str, actor: Actor) -> Person:
    """The person of a uid, active or not. Raises NotFound alike for nobody and for whom the actor may not know of."""
    found = persons_known_to(actor).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def administrator(request: HttpRequest) -> Actor:
    """Whoever maintains the system; to others there is no such thing. Raises NotFound."""
    actor = known_caller(request).actor
    if not actor.is_administrator:
        raise NotFound
    return actor


def auditor(request: HttpRequest) -> Actor:
    """Whoever maintains the system, or only reads how it is kept. Raises NotFound for all others."""
    caller = known_caller(request)
    if not (caller.actor.is_administrator or (caller.person.is_active and caller.person.is_auditor)):
        raise NotFound
    return caller.actor


def own_address(actor: Actor) -> str:
    """Where a test mail to whoever asks goes. Raises Invalid."""
    rows = actor.who.addresses.filter(is_main=True) if actor.who is not None else None
    found = rows.values_list("address", flat=True).first() if rows is not None else None
    if not found:
        raise Invalid("to", _("You have no e-mail address here to which a test mail could go."))
    return str(found)


def keyed(model: type[N], key: str | None, field: str) -> N | None:
    """The company's thing of that key; None for null. Raises Invalid."""
    return None if key is None else needed(model, key, field)


def needed(model: type[N], key: str, field: str) -> N:
    """The company's thing of that key, not archived. Raises Invalid."""
    found = model._default_manager.filter(key=key, archived_at__isnull=True).first()
    if found is None:
        raise Invalid(field, _("nothing here has the key %(key)s") % {"key": key})
    return found


def based(given: Mapping[str, object] | None) -> dict[str, object] | None:
    """What a change was based on, as the record writes it: moments in its form. Raises Invalid."""
    from datetime import datetime

    if given is None:
        return None
    values = dict(given)
    for field, value in values.items():
        if field.endswith(("_at", "_from", "_to")) and isinstance(value, str):
            try:
                values[field] = told_moment(datetime.fromisoformat(value))
            except (ValueError, OverflowError) as fault:
                raise Invalid(f"based_on.{field}", _("give a moment like 2026-12-01T14:00:00Z")) from fault
    return values
