"""Reactions that change the ticket itself."""

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, ticket_number
from hauspost.records.people.actor import rule
from hauspost.records.tickets.actions import reopen


def reopen_unreached(event: Event) -> None:
    """A reply that did not reach anybody opens its ticket again, even if it was closed with it (P5.2, P14.1)."""
    data = data_of(event)
    if data.get("kind") == "reply":
        reopen(ticket_number(event), actor=rule("a reply did not arrive"), because="unreached")
