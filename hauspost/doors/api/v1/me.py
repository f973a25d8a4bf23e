"""Who calls."""

from django.http import HttpRequest

from hauspost.doors.api.callers import known_caller
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.tickets import Me, TokenTold
from hauspost.records.people.models import Membership

routes = Routes("Me")


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
