"""What a person does with notices."""

from django.db import transaction

from hauspost.duties.notices.models import Notice
from hauspost.ground import clock
from hauspost.records.people.models import Person


@transaction.atomic
def mark_read(person: Person, ticket_number: int | None = None) -> int:
    """Whoever opens a ticket has read what was told of it; without a number, everything."""
    unread = Notice.objects.filter(person=person, read_at__isnull=True)
    if ticket_number is not None:
        unread = unread.filter(ticket_id=ticket_number)
    return unread.update(read_at=clock.now())


def forget_notices(ticket_number: int) -> None:
    """Who was told of a ticket whose time is over; called by the retention duty, in its transaction."""
    Notice.objects.filter(ticket_id=ticket_number).delete()


@transaction.atomic
def mark_read_of_the_house(person: Person) -> int:
    """Whoever opens what an alarm is about has read what was told of the house and of no ticket."""
    unread = Notice.objects.filter(person=person, read_at__isnull=True, ticket=None)
    return unread.update(read_at=clock.now())
