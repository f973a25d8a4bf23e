"""One person's page: who it is, where they work, what they may, when they are away; a form opens in its card."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hauspost.doors.desk.choices import teams
from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.settings import choices, telling
from hauspost.doors.desk.settings.finding import person_for
from hauspost.doors.desk.settings.forms import Form, flag
from hauspost.doors.desk.settings.frame import for_auditors, settings_page
from hauspost.doors.desk.settings.people import SECTION
from hauspost.doors.ui import formats
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.doors.ui.formats import capped
from hauspost.duties.privacy.merging import can_undo
from hauspost.duties.routing.leaving import count_open_work
from hauspost.records.people.absences import absences_of, today
from hauspost.records.people.actions import ways_in
from hauspost.records.people.models import Address, Membership, Person

Fields = Mapping[str, str]


def named(person: Person | None) -> str:
    """A person as a field names one: "Petra Lang <petra.lang@…>"."""
    if person is None:
        return ""
    main = person.addresses.filter(is_main=True).values_list("address", flat=True).first()
    return f"{person.name} <{main}>" if main else person.name


def _details(person: Person) -> Fields:
    return {
        "name": person.name,
        "department": person.department.key if person.department else "",
        "cost_centre": person.cost_centre,
        "line_manager": named(person.line_manager),
        "phone": person.phone,
        "language": person.language,
        "time_zone": person.time_zone,
        "external_key": person.external_key or "",
    }


def _place(person: Person) -> Fields:
    workplace = getattr(person, "workplace", None)
    if workplace is None:
        return {"place": ""}
    at = f"location:{workplace.location.key}" if workplace.location else f"site:{workplace.site.key}"
    return {"place": at}


def _rights(person: Person) -> Fields:
    return {
        "is_administrator": flag(person.is_administrator),
        "is_auditor": flag(person.is_auditor),
        "sees_department": flag(person.sees_department),
    }


# The cards with a form: what its fields hold now. These, and no others, can be written (S17).
CARDS: Mapping[str, Callable[[Person], Fields]] = {
    "details": _details,
    "place": _place,
    "rights": _rights,
    "address": lambda person: {"address": "", "kind": "personal", "is_main": ""},
    "role": lambda person: {"team": "", "role": "agent", "is_technician": ""},
    "absence": lambda person: {"starts_on": "", "ends_on": "", "deputy": ""},
}


def offered(card: str, person: Person) -> dict[str, Any]:
    """The drop-downs of a card."""
    match card:
        case "details":
            department = person.department.key if person.department else ""
            return {
                "department": choices.departments(department),
                "language": choices.languages(),
                "time_zone": choices.zones(person.time_zone),
            }
        case "place":
            return {"place": choices.places()}
        case "address":
            return {"kind": choices.address_kinds()}
        case "role":
            return {"team": teams(), "role": choices.roles()}
    return {}


@for_auditors
@require_GET
def show(request: HttpRequest, uid: str) -> HttpResponse:
    """GET /desk/settings/people/<uid>; `change` opens the form of a card."""
    actor = actor_of(request)
    person = person_for(uid, actor)
    card = request.GET.get("change", "")
    if card not in CARDS or not actor.is_administrator or person.merged_into_id is not None:
        return person_page(request, person)
    fields = dict(CARDS[card](person))
    if card == "role" and request.GET.get("team"):
        fields |= _role_in(person, request.GET["team"])
    return person_page(request, person, card, Form.showing(fields))


def _role_in(person: Person, team: str) -> Fields:
    row = Membership.objects.filter(person=person, team__key=team).first()
    return {"team": team, "role": row.role, "is_technician": flag(row.is_technician)} if row else {}


def person_page(
    request: HttpRequest, person: Person, card: str = "", form: Form | None = None, status: int = 200
) -> HttpResponse:
    """The page, with one card's form open."""
    actor, workplace = actor_of(request), getattr(person, "workplace", None)
    return settings_page(
        request,
        "desk/settings/person.html",
        section=SECTION,
        status=status,
        somebody=person,
        here=url("settings-person", person.uid),
        workplace=workplace,
        belongs=" · ".join(one.name for one in (person.department, workplace and workplace.site) if one),
        addresses=list(person.addresses.order_by("-is_main", "address")),
        memberships=sorted(
            person.memberships.filter(team__archived_at__isnull=True).select_related("team"),
            key=lambda row: row.team.name.casefold(),
        ),
        absences=list(absences_of(person)),
        today=today(),
        merged=list(person.merged.order_by("sort_key")),
        may_change=actor.is_administrator and person.merged_into_id is None,
        is_oneself=actor.who == person,
        access=_access(person),
        open_work=count_open_work(person) if person.deactivated_at and not person.merged_into_id else 0,
        may_undo=actor.is_administrator and _may_undo(person),
        card=card,
        form=form,
        language_words=dict(choices.languages()),
        offered=offered(card, person) if form else {},
        role_words=dict(Membership.Role.choices),
        kind_words=dict(Address.Kind.choices),
    )


def _may_undo(person: Person) -> bool:
    return person.merged_into_id is not None and can_undo(person)


def _access(person: Person) -> list[tuple[str, str]]:
    """How the person comes in: what would end at once."""
    found = ways_in(person)
    return [
        (_("Last sign-in"), formats.when(person.last_login) or _("never")),
        (_("Mailed links"), _("%(count)s still open a ticket") % {"count": capped(found.links)}),
        (_("Access tokens"), capped(found.tokens)),
    ]


@for_auditors
@require_GET
def history(request: HttpRequest, uid: str) -> HttpResponse:
    """GET …/people/<uid>/history: who changed what when."""
    person = person_for(uid, actor_of(request))
    lines, after = telling.of_person(person, small_number(request.GET.get("before", "")))
    return settings_page(
        request,
        "desk/settings/person_history.html",
        section=SECTION,
        somebody=person,
        lines=lines,
        older=url("settings-person-history", person.uid, before=after) if after else "",
    )
