"""Teams: their names and ways, who is in them as what, and where their mail arrives."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.forms import text_of
from hauspost.doors.desk.settings import choices, telling
from hauspost.doors.desk.settings.finding import somebody
from hauspost.doors.desk.settings.forms import Form, flag, key_of, one_of, words_of
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.routing.leaving import dissolve
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.login.session import go_on_with_new_rights
from hauspost.records.people.models import Membership, Person, Team

SECTION = "settings-teams"
_FLAGS = (
    "is_confidential",
    "acknowledges",
    "handover_needs_note",
    "watches_handed_on",
    "asks_satisfaction",
    "takes_commands",
)
_NEW: Mapping[str, str] = {
    "de": "", "en": "", "key": "", "language": "", "is_confidential": "", "acknowledges": "1",
    "handover_needs_note": "", "watches_handed_on": "1", "asks_satisfaction": "", "takes_commands": "",
}  # fmt: skip


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/teams."""
    rows = Team.objects.prefetch_related("memberships", "mailboxes__address")
    listed = sorted(rows, key=lambda team: (team.archived_at is not None, team.name.casefold()))
    return settings_page(
        request,
        "desk/settings/teams.html",
        section=SECTION,
        teams=listed,
        may_change=actor_of(request).is_administrator,
    )


@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/teams/new."""
    form, status = Form(dict(_NEW)), 200
    if request.method == "POST":
        form = Form.sent(request, _NEW)
        try:
            words = words_of(form.values)
            team = actions.add_team(key_of(form, words, Team), words, actor=actor_of(request), **_ways(form.values))
        except Refused as refused:
            form.refusing(refused, at="key")
            status = refused.status
        else:
            messages.success(request, _("Team %(team)s was added.") % {"team": team.name})
            return HttpResponseRedirect(url("settings-team", team.key))
    return settings_page(
        request,
        "desk/settings/team_new.html",
        section=SECTION,
        status=status,
        form=form,
        languages=choices.languages(),
    )


def _ways(values: Mapping[str, str]) -> dict[str, Any]:
    return {"language": values["language"], **{name: bool(values[name]) for name in _FLAGS}}


@for_auditors
@require_GET
def one(request: HttpRequest, key: str) -> HttpResponse:
    """GET /desk/settings/teams/<key>; `change` opens a card's form."""
    team = team_for(key)
    card = request.GET.get("change", "")
    if not actor_of(request).is_administrator:
        card = ""
    held = {"ways": _fields(team), "member": _MEMBER, "mailbox": _MAILBOX}.get(card)
    return _page(request, team, card, Form.showing(held)) if held else _page(request, team)


_MEMBER = {"person": "", "role": "agent", "is_technician": ""}
_MAILBOX = {"address": "", "mailbox_name": ""}


def team_for(key: str) -> Team:
    """The team of an address. Raises Http404."""
    team = Team.objects.filter(key=key).first()
    if team is None:
        raise Http404
    return team


def _fields(team: Team) -> dict[str, str]:
    return {
        "de": team.words.get("de", ""),
        "en": team.words.get("en", ""),
        "language": team.language,
        **{name: flag(getattr(team, name)) for name in _FLAGS},
    }


def _page(
    request: HttpRequest, team: Team, card: str = "", form: Form | None = None, status: int = 200
) -> HttpResponse:
    lines, _after = telling.of_stream(f"setting:team:{team.key}")
    members = Membership.objects.filter(team=team).select_related("person").order_by("person__sort_key", "id")
    return settings_page(
        request,
        "desk/settings/team.html",
        section=SECTION,
        status=status,
        team=team,
        here=url("settings-team", team.key),
        members=list(members),
        mailboxes=list(team.mailboxes.select_related("address").order_by("address__address")),
        lines=lines,
        card=card,
        form=form,
        may_change=actor_of(request).is_administrator,
        role_words=dict(Membership.Role.choices),
        roles=choices.roles(),
        languages=choices.languages(),
        language_words=dict(choices.languages()),
    )


@for_administrators
@require_POST
def ways(request: HttpRequest, key: str) -> HttpResponse:
    """POST …/teams/<key>/ways: names and ways."""
    team = team_for(key)
    current = _fields(team)
    form = Form.sent(request, current)
    try:
        values = form.met(current)
        actions.change_team(team, words=words_of(values), actor=actor_of(request), **_ways(values))
    except Refused as refused:
        form.refusing(refused, current=current, choices={"language": choices.languages()})
        return _page(request, team, "ways", form, refused.status)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(url("settings-team", key))


@for_administrators
@require_POST
def members(request: HttpRequest, key: str) -> HttpResponse:
    """POST …/teams/<key>/members: give somebody a role."""
    team, form = team_for(key), Form.sent(request, _MEMBER)
    try:
        person = somebody(form.value("person"), "person", actor_of(request))
        if person is None:
            raise Invalid("person", _("give an address or a name"))
        role = one_of(Membership.Role.values, form.value("role"), "role")
        technician = bool(form.value("is_technician"))
        actions.give_role(person, team, role, is_technician=technician, actor=actor_of(request))
    except Refused as refused:
        return _page(request, team, "member", form.refusing(refused, at="person"), refused.status)
    go_on_with_new_rights(request, [person])
    return HttpResponseRedirect(url("settings-team", key) + "#members")


@for_administrators
@require_POST
def mailboxes(request: HttpRequest, key: str) -> HttpResponse:
    """POST …/teams/<key>/mailboxes: one more intake address."""
    team, form = team_for(key), Form.sent(request, _MAILBOX)
    try:
        actions.add_mailbox(form.value("address"), team, name=form.value("mailbox_name")[:120], actor=actor_of(request))
    except Refused as refused:
        return _page(request, team, "mailbox", form.refusing(refused, at="address"), refused.status)
    return HttpResponseRedirect(url("settings-team", key) + "#mailboxes")


@for_administrators
@require_POST
def archive(request: HttpRequest, key: str) -> HttpResponse:
    """POST …/teams/<key>/archive: `restore` takes it back."""
    team, actor = team_for(key), actor_of(request)
    members = list(Person.objects.filter(memberships__team=team))
    try:
        if text_of(request, "restore"):
            actions.restore_team(team, actor=actor)
        else:
            dissolve(team, actor=actor)
        go_on_with_new_rights(request, members)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-team", key))
