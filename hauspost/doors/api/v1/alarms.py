"""Alarms of monitoring systems."""

from django.http import HttpRequest

from hauspost.doors.api.addresses import ticket_address
from hauspost.doors.api.alarming import Outcome, raise_alarm, recover
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import keyed, needed
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import AlarmAsked, RecoveryAsked
from hauspost.doors.api.shapes.tickets import AlarmDone
from hauspost.records.catalogue.models import Category
from hauspost.records.people.models import Team
from hauspost.records.places.models import Site
from hauspost.records.tickets.actions import NewTicket
from hauspost.records.tickets.models import Channel

routes = Routes("Alarms")


@routes.post("/alarms", scope="tickets:write", gives=AlarmDone, status=200)
def report_alarm(request: HttpRequest, asked: AlarmAsked) -> AlarmDone:
    """Report an alarm

    The first one with its `dedup_key` opens a ticket; while that one stands, every further one joins it as an internal
    note. What was resolved by hand is taken up again. The caller needs the role of an agent in the team.
    """
    caller = known_caller(request)
    category = keyed(Category, asked.category, "category")
    new = NewTicket(
        subject=asked.subject,
        requester=caller.person,
        team=needed(Team, asked.team, "team"),
        channel=Channel.API,
        category=category,
        site=keyed(Site, asked.site, "site"),
        impact=asked.impact,
        urgency=asked.urgency,
        acknowledge=False,
    )
    return _told(raise_alarm(asked.dedup_key, asked.text, new, actor=caller.actor))


@routes.post("/alarms/recovery", scope="tickets:write", gives=AlarmDone, status=200)
def report_recovery(request: HttpRequest, asked: RecoveryAsked) -> AlarmDone:
    """Report that an alarm is over

    Resolves its ticket, with a note. The next alarm with this key opens a new one.
    """
    return _told(recover(asked.dedup_key, asked.text, actor=known_caller(request).actor))


def _told(outcome: Outcome) -> AlarmDone:
    href = ticket_address(outcome.ticket) if outcome.ticket is not None else None
    return AlarmDone(outcome=outcome.word, number=outcome.ticket, href=href, times=outcome.times)
