"""What still waits to leave under a mailbox's address leaves by the mail server that the mailbox names now (P31.3)."""

from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.mail import outbox
from hauspost.records.people.models import Mailbox


def send_by_the_present_server(event: Event) -> None:
    """Somebody chose another mail server for a mailbox: its letters do not wait for the one that was left."""
    if "sends_by" not in data_of(event).get("after", {}):
        return
    key = event.stream.name.removeprefix("setting:mailbox:")
    boxes = Mailbox.objects.filter(address__address=key).select_related("sends_by")
    for box in boxes.prefetch_related("aliases__address"):
        addresses = {key, *(alias.address.address for alias in box.aliases.all())}
        outbox.send_by(box.sends_by, addresses)
