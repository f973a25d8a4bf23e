"""Whom a public reply reaches: the requester, the affected person and the confirmed participants."""

from hauspost.records.people.models import Address
from hauspost.records.tickets.models import Ticket


def recipients_of(ticket: Ticket) -> list[dict[str, str]]:
    """The recipients in order, each {address, name, person (uid), role}; never one of our own addresses (P9.4)."""
    wanted = [(ticket.requester_id, "to")]
    if ticket.affected_id and ticket.affected_id != ticket.requester_id:
        wanted.append((ticket.affected_id, "cc"))
    wanted += [
        (person, "cc")
        for person in ticket.participants.filter(is_confirmed=True, role="participant")
        .order_by("id")
        .values_list("person_id", flat=True)
        if person not in {known for known, _ in wanted}
    ]
    addresses = {
        row.person_id: row
        for row in Address.objects.filter(
            person_id__in=[person for person, _ in wanted], is_main=True, person__deactivated_at__isnull=True
        )
        .exclude(kind=Address.Kind.OURS)
        .select_related("person")
    }
    found = []
    for person, role in wanted:
        row = addresses.get(person)
        if row is not None and row.person is not None:
            found.append({"address": row.address, "name": row.person.name, "person": str(row.person.uid), "role": role})
    return found
