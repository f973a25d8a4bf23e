"""Who calls."""

from django.http import HttpRequest

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.changes import MeChange
from hauspost.doors.api.shapes.tickets import LinksEnded, Me, MeDone, TokenTold
from hauspost.records.people.actions import revoke_ticket_links, set_preferences
from hauspost.records.people.models import Membership

routes = Routes("Me")
WRITING = "tickets:write"


@routes.get("/me", scope="", gives=Me)
def read_me(request: HttpRequest) -> Me:
    """Who am I, and what is my token for

    The person or integration behind the token, their roles by team, and the scopes of the token.
    """
    caller = known_caller(request)
    person, token = caller.person, caller.token
    roles = Membership.objects.filter(person=person, team__archived_at__isnull=True).order_by("team__key")
    return Me(
        uid=person.uid,
        name=person.name,
        language=person.language,
        time_zone=person.time_zone,
        is_administrator=person.is_administrator,
        is_auditor=person.is_auditor,
        is_integration=person.is_integration,
        roles=dict(roles.values_list("team__key", "role")),
        token=TokenTold(name=token.name, begins=token.begins, scopes=sorted(token.scopes), expires_at=token.expires_at),
    )


@routes.patch("/me", scope=WRITING, gives=MeDone)
def change_me(request: HttpRequest, asked: MeChange) -> MeDone:
    """Change your own language, time zone, and whose tickets forwarded mails become"""
    caller = known_caller(request)
    person, sent = caller.person, asked.model_fields_set
    wanted = {name: getattr(asked if name in sent else person, name) for name in MeChange.model_fields}
    set_preferences(person, actor=caller.actor, **wanted)
    return MeDone(uid=person.uid, href=address_of("me"))


@routes.delete("/me/links", scope=WRITING, gives=LinksEnded)
def end_links(request: HttpRequest) -> LinksEnded:
    """Let the links in your mails open nothing any more"""
    caller = known_caller(request)
    return LinksEnded(ended=revoke_ticket_links(caller.person, actor=caller.actor))
