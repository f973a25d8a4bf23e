"""Who may do what, in words: made from the rights that the gates ask, so that the page cannot promise anything else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hauspost.doors.desk.settings.frame import for_auditors, settings_page
from hauspost.doors.ui.formats import listing
from hauspost.records.people.actor import RIGHTS
from hauspost.records.people.models import Membership

# What each right lets somebody do with a team's tickets. A test fails when a right has no words.
AT_THE_DESK: Mapping[str, Callable[[], str]] = {
    "read": lambda: _("read the team's tickets, with their internal notes"),
    "open": lambda: _("open tickets, also for others"),
    "reply": lambda: _("answer requesters"),
    "note": lambda: _("write internal notes"),
    "assign": lambda: _("assign tickets"),
    "status": lambda: _("set the status, snooze, close and reopen"),
    "catalogue": lambda: _("set subject, category, impact, urgency and site"),
    "impact": lambda: _("record outages and lost working hours"),
    "plan": lambda: _("plan visits"),
    "hand": lambda: _("hand tickets over to other teams"),
    "requester": lambda: _("change the requester"),
    "participants": lambda: _("add and remove participants"),
    "link": lambda: _("link tickets"),
    "tag": lambda: _("set tags"),
    "release": lambda: _("release mail that is held"),
    "mailroom": lambda: _("see the mailroom: the ledger, and the quarantine of the own teams"),
    "lead": lambda: _("lead the team: enter absences and deputies of its members"),
}
# What somebody may do with a ticket without a role in its team.
ELSEWHERE: Mapping[str, Callable[[], str]] = {
    "read": lambda: _("read its public record"),
    "answer": lambda: _("answer"),
    "confirm": lambda: _("confirm that it is solved"),
    "reopen": lambda: _("reopen it"),
    "participants": lambda: _("see who takes part, and add or remove participants"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A role in a team: its name, what it is for, its rights, and in words those beyond the role before it."""

    key: str
    name: str
    about: str
    rights: frozenset[str]
    more: str


_ABOUT: Mapping[str, Callable[[], str]] = {
    "read_only": lambda: _("Looks on: an apprentice, or a neighbouring team that needs to know."),
    "agent": lambda: _("Works on the team's tickets."),
    "dispatcher": lambda: _("Sorts what arrives and looks after the mail; may do all that an agent may."),
    "lead": lambda: _("Runs the team; may do all that a dispatcher may."),
}


def in_words(rights: frozenset[str]) -> list[str]:
    """Rights at the desk as a list of words, in the order of the page."""
    return [words() for right, words in AT_THE_DESK.items() if right in rights]


def columns() -> list[Column]:
    """The roles that somebody can have in a team."""
    names, found = dict(Membership.Role.choices), []
    before: frozenset[str] = frozenset()
    for role, rights in RIGHTS.items():
        found.append(Column(role, str(names[role]), _ABOUT[role](), rights, listing(in_words(rights - before))))
        before = rights
    return found


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/roles."""
    lines = [(words(), right) for right, words in AT_THE_DESK.items()]
    return settings_page(
        request,
        "desk/settings/roles.html",
        section="settings-roles",
        columns=columns(),
        lines=lines,
        elsewhere=_others(),
    )


def _others() -> list[tuple[str, str, str]]:
    """Those whose rights do not come from a role in a team: a symbol, the name, and what it means."""
    return [
        (
            "wrench",
            _("Technician"),
            _("Not a role but a mark beside it: may be sent on site, and is offered first when a visit is planned."),
        ),
        (
            "shield-check",
            _("Administrator"),
            _(
                "Keeps these settings: people, teams, places, mail. Reads no ticket by that: for the tickets of a team "
                "an administrator needs a role in it like anybody else. Sees the whole mailroom except the mail of "
                "confidential teams."
            ),
        ),
        (
            "eye",
            _("Auditor"),
            _(
                "Reads every ticket whose address is known, with its record, and these settings; except tickets of "
                "confidential teams. Changes nothing and answers nobody."
            ),
        ),
        (
            "user-round",
            _("Requester"),
            _("Of every own ticket: may %(rights)s. Sees no internal note.") % {"rights": _joined(ELSEWHERE)},
        ),
        (
            "users-round",
            _("Participant"),
            _(
                "Added to a ticket: may read its public record from that moment on, or from the beginning if so "
                "agreed; and answer."
            ),
        ),
        (
            "hand-helping",
            _("Helper"),
            _(
                "Asked into one ticket: works on it like an agent, but does not hand it over. Sees no other ticket of "
                "the team."
            ),
        ),
        (
            "building",
            _("Sees the department"),
            _(
                "A right for line managers: may follow in the portal what the own department asks for, except from "
                "confidential teams."
            ),
        ),
    ]


def _joined(words: Mapping[str, Callable[[], str]]) -> str:
    return listing([one() for one in words.values()])
