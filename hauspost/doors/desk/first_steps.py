"""What a new company still needs before its first mail can become a ticket, told to who maintains it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from hauspost.doors.ui.environment import url
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Mailbox, Person, Team


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and where; done ones stay in sight, so that what is left can be seen."""

    words: str
    about: str
    href: str
    is_done: bool


def first_steps(actor: Actor) -> list[Step]:
    """A team, its address, people; none for who may not set them up, or when all of it is done."""
    if not actor.is_administrator:
        return []
    people = Person.objects.active().filter(is_external=False, is_integration=False)
    steps = [
        Step(
            _("Add a team"),
            _("Every ticket belongs to one: IT service, building, personnel."),
            url("settings-team-new"),
            Team.objects.active().exists(),
        ),
        Step(
            _("Give it an address"),
            _("Mail to it becomes tickets of the team; the page says how mail gets here."),
            url("settings-mailbox-new"),
            Mailbox.objects.filter(archived_at__isnull=True).exists(),
        ),
        Step(
            _("Add people"),
            _("Those who answer tickets get a role in the team; whoever writes in is known from then on."),
            url("settings-people"),
            people[1:2].exists(),
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps
