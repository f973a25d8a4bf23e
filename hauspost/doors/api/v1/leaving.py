"""Whoever leaves: what is still in their hands, and who takes it over."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import Caller, known_caller
from hauspost.doors.api.finding import administrator, known_to, person_for
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Uid
from hauspost.doors.api.shapes.importing import (
    HandingOverAsked,
    LeavingAsked,
    StandIn,
    TeamWork,
    WorkHandedOver,
    WorkTold,
)
from hauspost.doors.api.shapes.people import PersonDone
from hauspost.doors.api.telling import named, person_named
from hauspost.duties.routing.leaving import colleagues_for, hand_over_work, let_go, open_work_of
from hauspost.ground.refusals import Invalid
from hauspost.records.people import actions
from hauspost.records.people.models import Person

routes = Routes("Leaving")


@routes.get("/people/{uid}/work", scope="people:read", gives=WorkTold)
def read_work(request: HttpRequest, uid: Path[Uid]) -> WorkTold:
    """Read what somebody who leaves would leave behind

    Of tickets that you may not read, the number alone. Administrators only.
    """
    actor = administrator(request)
    person = known_to(uid, actor)
    work = open_work_of(person, reader=actor)
    return WorkTold(
        count=work.count,
        by_team=[TeamWork(team=named(team), count=count) for team, count in work.by_team.items()],
        assigned=[ticket.number for ticket in work.assigned],
        visits=[ticket.number for ticket in work.visits],
        led_alone=[named(team) for team in work.led_alone],
        reports=[person_named(one) for one in work.reports],
        deputy_for=[StandIn(id=one.pk, person=person_named(one.person)) for one in work.deputy_for],
        colleagues=[person_named(one) for one in colleagues_for(person)],
    )


@routes.post("/people/{uid}/work/handing-over", scope="people:write", gives=WorkHandedOver, status=200)
def hand_over_work_of(request: HttpRequest, uid: Path[Uid], asked: HandingOverAsked | None = None) -> WorkHandedOver:
    """Hand the open work of somebody over

    A ticket goes to `to` where that colleague works in its team, else back to the team. Administrators only.
    """
    actor = administrator(request)
    person = known_to(uid, actor)
    to = _colleague(asked.to if asked is not None else None, person, known_caller(request))
    handed = hand_over_work(person, to=to, actor=actor)
    href = address_of(f"people/{person.uid}/work")
    return WorkHandedOver(to_person=handed.to_person, to_team=handed.to_team, href=href)


@routes.post("/people/{uid}/deactivation", scope="people:write", gives=PersonDone, status=200)
def deactivate(request: HttpRequest, uid: Path[Uid], asked: LeavingAsked | None = None) -> PersonDone:
    """Let a leaver no longer act

    Sessions, links and tokens end at once; tickets stay, or are handed over in the same step. Administrators only.
    """
    caller = known_caller(request)
    person = known_to(uid, caller.actor)
    if asked is not None and asked.hand_over:
        administrator(request)
        let_go(person, to=_colleague(asked.to, person, caller), actor=caller.actor)
    else:
        actions.deactivate(person, actor=caller.actor)
    return PersonDone(uid=person.uid, href=address_of(f"people/{person.uid}"))


@routes.delete("/people/{uid}/deactivation", scope="people:write", gives=PersonDone)
def reactivate(request: HttpRequest, uid: Path[Uid]) -> PersonDone:
    """Let somebody who came back act again

    Administrators only.
    """
    actor = known_caller(request).actor
    person = known_to(uid, actor)
    actions.reactivate(person, actor=actor)
    return PersonDone(uid=person.uid, href=address_of(f"people/{person.uid}"))


def _colleague(who: str | None, person: Person, caller: Caller) -> Person | None:
    if who is None:
        return None
    to = person_for(who, "to", caller)
    if to not in colleagues_for(person):
        raise Invalid("to", _("choose one of the list"))
    return to
