"""The frame of every desk page: who may come in, and the rail at its side."""

from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hauspost.doors.desk.counters import Counters, counters, forget
from hauspost.doors.ui.acting import View, actor_of, ask_to_sign_in
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.formats import capped
from hauspost.doors.ui.pages import page
from hauspost.duties.intake import watching as mailboxes
from hauspost.duties.keeping import watching
from hauspost.ground import clock
from hauspost.ground.text.words import in_language
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Participant

ALARM = "backups-in-trouble"
MAIL_ALARM = "mailboxes-in-trouble"


@dataclass(frozen=True, slots=True)
class RailLink:
    """One way from the rail; `hot` when somebody waits there."""

    key: str
    href: str
    label: str
    symbol: str
    count: str = ""
    hot: bool = False


def at_the_desk(view: View) -> View:
    """Only for those with a desk; an employee gets the same answer as for no page at all (S5)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        actor = actor_of(request)
        if not has_desk(actor):
            raise Http404
        if request.method == "POST":
            forget(actor)
        return view(request, *args, **named)

    return guarded


def for_the_mailroom(view: View) -> View:
    """Only for administrators, and for dispatchers and team leads of any team (P3.1)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not sees_mailroom(actor_of(request)):
            raise Http404
        return view(request, *args, **named)

    return at_the_desk(guarded)


def has_desk(actor: Actor) -> bool:
    """Agents, administrators and auditors work at the desk; and whoever was asked to help on one ticket (P33.1)."""
    if actor.is_agent or actor.is_administrator or actor.who is None or actor.who.is_auditor:
        return actor.who is not None
    return Participant.objects.filter(person=actor.who, role="helper", is_confirmed=True).exists()


def sees_mailroom(actor: Actor) -> bool:
    """Who looks after the mail."""
    return actor.is_administrator or bool(actor.teams_with("mailroom"))


def desk_page(
    request: HttpRequest, template: str, /, *, current: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """A whole page of the desk, with its rail."""
    actor = actor_of(request)
    count = counters(actor)
    views, teams = rail(actor, count)
    return page(
        request,
        template,
        status=status,
        current=current,
        rail_views=views,
        rail_teams=teams,
        sees_mailroom=sees_mailroom(actor),
        sees_settings=actor.is_administrator or bool(actor.who and actor.who.is_auditor),
        is_demo=settings.HAUSPOST.demo,
        mail_leaves=count.mail_leaves,
        worker_is_silent=count.worker_is_silent,
        backup_alarm=backup_alarm(actor),
        mail_alarm=mail_alarm(actor),
        **more,
    )


def backup_alarm(actor: Actor) -> str:
    """What administrators have to be told of the backups, "" for nothing and for everybody else; asked every minute."""
    if not actor.is_administrator:
        return ""
    found = cache.get(ALARM)
    if found is None:
        found = watching.look(clock.now()).alarm
        cache.set(ALARM, found, 60)
    return watching.words(str(found))


def mail_alarm(actor: Actor) -> str:
    """Whose mail stands still, for agents of its team and for administrators; asked every minute (P10.2)."""
    found = cache.get(MAIL_ALARM)
    if found is None:
        found = mailboxes.troubles(clock.now())
        cache.set(MAIL_ALARM, found, 60)
    mine = set() if actor.is_administrator else set(actor.roles())
    concerns = [one for one in found if actor.is_administrator or one.teams & mine]
    return concerns[0].words() if concerns else ""


def rail(actor: Actor, count: Counters) -> tuple[list[RailLink], list[RailLink]]:
    """The person's views and teams, with their counters."""
    language = get_language() or settings.LANGUAGE_CODE
    views = [
        RailLink("triage", url("triage"), _("Triage"), "inbox", capped(count.triage), count.triage > 0),
        RailLink("notices", url("notices"), _("Notices"), "bell", capped(count.notices), count.notices > 0),
        RailLink("mine", url("mine"), _("My tickets"), "circle-user-round", capped(count.mine)),
        RailLink("open", url("open"), _("All open"), "layers"),
        RailLink("waiting", url("waiting"), _("Waiting"), "hourglass", capped(count.waiting)),
        RailLink("snoozed", url("snoozed"), _("Snoozed"), "alarm-clock", capped(count.snoozed)),
        RailLink("followed", url("followed"), _("Followed"), "eye"),
        RailLink("closed", url("closed"), _("Closed"), "archive"),
    ]
    if actor.teams_with("mailroom"):
        # For those who hand work out: what lies with people who are away (P48.1). Not counted: it costs nothing.
        views.insert(-1, RailLink("absent", url("absent"), _("Of absent people"), "calendar-off"))
    teams = [
        RailLink(
            f"team:{team.key}",
            url("team", team.key),
            in_language(team.words, language, settings.LANGUAGE_CODE) or team.key,
            "users-round",
            capped(team.open),
        )
        for team in count.teams
    ]
    return views, teams
