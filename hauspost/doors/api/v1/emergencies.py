"""Emergency access: an administrator reads one ticket that is not theirs, and auditors see every time it happened."""

from django.http import HttpRequest
from ninja import Query

from hauspost.doors.api.addresses import ticket_address
from hauspost.doors.api.finding import administrator, auditor
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.privacy import Emergencies, EmergencyAsked, EmergencyDone, EmergencyTold
from hauspost.doors.api.telling import person_named
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, ticket_number
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions

routes = Routes("Emergency access")


@routes.get("/emergency-accesses", scope="record:read", gives=Emergencies)
def list_emergency_accesses(request: HttpRequest, asked: Query[Paged]) -> Emergencies:
    """List every emergency access, the newest first

    Of the tickets only their numbers. Administrators and auditors.
    """
    auditor(request)
    found = Event.objects.filter(kind="ticket.emergency_access")
    if before := before_of(asked.cursor):
        found = found.filter(id__lt=before)
    events = list(found.select_related("stream").prefetch_related("parts").order_by("-id")[: asked.limit + 1])
    following = str(events[asked.limit - 1].pk) if len(events) > asked.limit else None
    events = events[: asked.limit]
    people = {
        str(one.uid): one
        for one in Person.objects.filter(uid__in={data_of(one)["person"] for one in events}, erased_at__isnull=True)
    }
    return Emergencies(accesses=[_told(one, people.get(data_of(one)["person"])) for one in events], next=following)


@routes.post("/emergency-accesses", scope="emergency:write", gives=EmergencyDone)
def open_emergency_access(request: HttpRequest, asked: EmergencyAsked) -> EmergencyDone:
    """Read a ticket that is not yours, in an emergency

    For an hour, notes included. The reason stands in the record, the ticket's team and the auditors are told.
    Administrators only.
    """
    access = actions.open_emergency_access(asked.ticket, asked.reason, actor=administrator(request))
    return EmergencyDone(number=asked.ticket, href=ticket_address(asked.ticket), until=access.until)


def _told(event: Event, person: Person | None) -> EmergencyTold:
    return EmergencyTold(
        id=event.pk,
        number=ticket_number(event),
        person=person_named(person) if person is not None else None,
        at=event.occurred_at,
        reason=" ".join(part.content for part in event.parts.all() if part.content),
    )
