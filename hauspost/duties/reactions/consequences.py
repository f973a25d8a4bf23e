"""Reactions that change what the desk knows."""

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, ticket_number
from hauspost.records.people.actions import note_bounce
from hauspost.records.people.actor import rule
from hauspost.records.tickets.actions import reopen
from hauspost.records.tickets.indexing import index_entry
from hauspost.records.tickets.models import Entry


def reopen_unreached(event: Event) -> None:
    """A reply that did not reach anybody opens its ticket again, even if it was closed with it (P5.2, P14.1)."""
    if data_of(event).get("kind") == "reply":
        reopen(ticket_number(event), actor=rule("a reply did not arrive"), because="unreached")


def count_bounce(event: Event) -> None:
    """Mail that came back flags its address after the third time (P14.2); a full mailbox is no wrong address."""
    if not data_of(event).get("address_wrong"):
        return
    for recipient in data_of(event).get("recipients", []):
        if recipient.get("person"):
            note_bounce(recipient["person"], actor=rule("a mail came back"))


def let_requester_find(event: Event) -> None:
    """A reply that has left can no longer be undone: from now on its requester finds it, too."""
    data = data_of(event)
    if data.get("kind") != "reply":
        return
    entry = Entry.objects.select_related("ticket__requester").filter(id=data.get("entry", 0)).first()
    if entry is not None and entry.is_public:
        index_entry(entry.ticket, entry, list(entry.attachments.values_list("name", flat=True)))
