"""Telling whoever assigns a ticket that its new assignee is away, and who stands in (P48.1)."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hauspost.doors.ui.formats import day
from hauspost.duties.routing.absence import stand_in_for
from hauspost.records.people.absences import today, who_is_absent
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket


def tell_if_away(request: HttpRequest, ticket: Ticket, assignee: Person | None) -> None:
    """Say that the assignee is away, and offer the deputy; the ticket stays where it was put."""
    absence = who_is_absent([assignee], today()).get(assignee.id) if assignee is not None else None
    if assignee is None or absence is None:
        return
    deputy = stand_in_for(assignee, ticket.team, on=today())
    words = (
        _("%(name)s is away until %(until)s. %(deputy)s stands in: assign it there if it cannot wait.")
        if deputy is not None
        else _("%(name)s is away until %(until)s, and nobody of the team stands in. Choose another if it cannot wait.")
    )
    said = {"name": assignee.name, "until": day(absence.ends_on), "deputy": deputy.name if deputy is not None else ""}
    messages.warning(request, words % said)
