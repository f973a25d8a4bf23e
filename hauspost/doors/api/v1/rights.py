"""Who may do what: roles and their rights, the people of a team, and whether somebody sees a ticket."""

from django.db.models import Prefetch
from django.http import HttpRequest
from ninja import Path, Query, Schema
from pydantic import Field

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.finding import auditor, known_to
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Key, Number, Uid
from hauspost.doors.api.shapes.rights import Members, MemberTold, Roles, RoleWithRights, SightTold
from hauspost.doors.api.telling import person_named
from hauspost.ground.refusals import NotFound
from hauspost.records.people.actor import RIGHTS, Actor, Proof
from hauspost.records.people.models import Address, Membership, Team
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import view_of

routes = Routes("Rights")


@routes.get("/roles", scope="people:read", gives=Roles)
def list_roles(request: HttpRequest) -> Roles:
    """List the roles in teams, with the rights of each

    Administrators and auditors, like everything here.
    """
    auditor(request)
    names = dict(Membership.Role.choices)
    return Roles(roles=[RoleWithRights(key=key, name=str(names[key]), rights=sorted(RIGHTS[key])) for key in RIGHTS])


@routes.get("/teams/{key}/members", scope="people:read", gives=Members)
def list_members(request: HttpRequest, key: Path[Key]) -> Members:
    """List who has a role in a team"""
    auditor(request)
    team = Team.objects.filter(key=key).first()
    if team is None:
        raise NotFound
    main = Prefetch("person__addresses", Address.objects.filter(is_main=True))
    rows = Membership.objects.filter(team=team).select_related("person").prefetch_related(main)
    return Members(
        members=[
            MemberTold(
                person=person_named(row.person),
                address=next((one.address for one in row.person.addresses.all()), None),
                role=row.role,
                is_technician=row.is_technician,
            )
            for row in rows.order_by("person__sort_key", "id")
        ]
    )


class Which(Schema):
    """Which ticket."""

    ticket: Number = Field(description="Its number.")


@routes.get("/people/{uid}/sight", scope="people:read", gives=SightTold)
def read_sight(request: HttpRequest, uid: Path[Uid], asked: Query[Which]) -> SightTold:
    """Does somebody see a ticket, and as what

    Answered by the gate itself. A confidential team's ticket that you may not see is like none.
    """
    auditor(request)
    reader = known_caller(request).actor
    person = known_to(uid, reader)
    ticket = Ticket.objects.select_related("team").filter(number=asked.ticket).first()
    if ticket is None or (ticket.team.is_confidential and view_of(ticket, reader) is None):
        raise NotFound
    view = view_of(ticket, Actor(who=person, proof=Proof.SESSION))
    return SightTold(
        number=ticket.number,
        sees=view is not None,
        seen_as=view.role if view is not None else None,
        sees_notes=view is not None and view.sees_notes,
    )
