"""What can this person see? In plain words, answered by the gates themselves and by nothing beside them."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import has_desk, sees_mailroom
from hauspost.doors.desk.settings.finding import person_for
from hauspost.doors.desk.settings.frame import for_auditors, settings_page
from hauspost.doors.desk.settings.roles import in_words
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.formats import capped, listing
from hauspost.records.people.actor import RIGHTS, Actor, Proof
from hauspost.records.people.models import Membership, Person, Team
from hauspost.records.tickets.knowing import count_known
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.reading import TicketQuerySet, view_of


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: its symbol, what is so, and what that means. `colour` is green for a yes, "" for a no."""

    symbol: str
    words: str
    more: str = ""
    colour: str = "green"


@for_auditors
@require_GET
def show(request: HttpRequest, uid: str) -> HttpResponse:
    """GET …/people/<uid>/sight; `ticket` asks about one ticket."""
    person, reader = person_for(uid, actor_of(request)), actor_of(request)
    asked = request.GET.get("ticket", "").strip().lstrip("#")[:20]
    return settings_page(
        request,
        "desk/settings/sight.html",
        section="settings-people",
        somebody=person,
        said=list(statements(person, reader)),
        asked=asked,
        answer=of_ticket(person, small_number(asked), reader) if asked else None,
    )


def statements(person: Person, reader: Actor) -> Iterator[Said]:
    """Everything that opens something to a person, as `reader` may know it.

    How many tickets a confidential team has is told to its members only, so they are not in any number (P11.1).
    """
    actor = acting_as(person)
    if not person.is_active:
        yield Said("user-x", _("Sees nothing"), _("Deactivated: can neither sign in nor act by mail."), "")
        return
    yield _entrance(person, actor)
    yield from _in_teams(actor)
    yield from _at_the_desk(person, actor, reader)
    yield from _hidden_teams(actor)
    yield from _as_requester(person, reader)
    yield from _by_right(person, actor)


def acting_as(person: Person) -> Actor:
    """The person as one who is signed in: what every gate is asked about."""
    return Actor(who=person, via="web", proof=Proof.SESSION)


def of_ticket(person: Person, number: int, reader: Actor) -> Said:
    """What the person sees of one ticket. A confidential team's ticket is like none to who may not see it either."""
    ticket = Ticket.objects.select_related("team").filter(number=number).first()
    if ticket is None or (ticket.team.is_confidential and view_of(ticket, reader) is None):
        return Said("circle-question-mark", _("There is no such ticket that you may ask about."), "", "")
    view = view_of(ticket, acting_as(person))
    team = ticket.team.name
    if view is None:
        return Said("eye-off", _("%(name)s does not see this ticket.") % {"name": person.name}, "", "")
    because = {
        "agent": _("as a member of team %(team)s") % {"team": team},
        "helper": _("as a helper on this ticket"),
        "sharing": _("because an own team may read it, too"),
        "requester": _("as its requester or the person affected"),
        "participant": _("as a participant, from the moment of joining on"),
        "emergency": _("by an emergency access, which is recorded"),
        "auditor": _("as an auditor"),
        "department": _("because the own department asked for it"),
    }[view.role]
    notes = _("With internal notes.") if view.sees_notes else _("Without internal notes.")
    return Said("eye", _("%(name)s sees this ticket: %(because)s.") % {"name": person.name, "because": because}, notes)


def _entrance(person: Person, actor: Actor) -> Said:
    if person.is_integration:
        return Said("bot", _("Another program"), _("Never signs in; acts through the API, bound by its roles."))
    if has_desk(actor):
        return Said("inbox", _("Has a desk"), _("Works in this part of Hauspost, and has the portal for own requests."))
    if person.is_external:
        return Said("mail", _("From outside the company"), _("Known by mail; reads what the desk answers to it."), "")
    return Said(
        "house", _("Has the portal only"), _("No desk: sees no list, no internal note, no other person’s ticket.")
    )


def _in_teams(actor: Actor) -> Iterator[Said]:
    names = dict(Membership.Role.choices)
    rows = {
        row.team_id: row
        for row in Membership.objects.filter(person=actor.who, team__in=actor.roles()).select_related("team")
    }
    for team, role in sorted(actor.roles().items(), key=lambda pair: rows[pair[0]].team.name.casefold()):
        words = _("In team %(team)s: %(role)s") % {"team": rows[team].team.name, "role": names[role]}
        if rows[team].is_technician:
            words = _("%(role)s and technician") % {"role": words}
        rights = listing(in_words(RIGHTS[role]))
        yield Said("users-round", words, _("May %(rights)s.") % {"rights": rights})


def _at_the_desk(person: Person, actor: Actor, reader: Actor) -> Iterator[Said]:
    if actor.teams_with("read"):
        words = _("At the desk: %(count)s tickets, %(open)s of them open") % _counts(
            Ticket.objects.at_desk_of(actor), reader
        )
        more = _("All tickets of the teams above, with their internal notes.")
        if Team.objects.active().filter(id__in=actor.teams_with("read"), is_confidential=True).exists():
            more += " " + _("Tickets of confidential teams are not counted here.")
        yield Said("layers", words, more)
    shared = count_known(Ticket.objects.shared_with_teams_of(actor), reader)
    if shared:
        words = ngettext(
            "%(count)s ticket of another team that an own team may read, too",
            "%(count)s tickets of other teams that an own team may read, too",
            shared,
        )
        yield Said("share-2", words % {"count": capped(shared)})
    helps = count_known(Ticket.objects.helped_by(person), reader)
    if helps:
        words = ngettext("%(count)s ticket to help on", "%(count)s tickets to help on", helps)
        yield Said("hand-helping", words % {"count": capped(helps)}, _("With internal notes, like an agent."))


def _hidden_teams(actor: Actor) -> Iterator[Said]:
    read = actor.teams_with("read")
    hidden = [team for team in Team.objects.active() if team.id not in read]
    closed = [team.name for team in hidden if team.is_confidential]
    if closed:
        words = ngettext(
            "Nothing of the confidential team %(teams)s",
            "Nothing of the confidential teams %(teams)s",
            len(closed),
        ) % {"teams": listing(closed)}
        yield Said("lock", words, _("Not in lists, not in the search, not in any number; only own requests there."), "")
    others = [team.name for team in hidden if not team.is_confidential]
    if others and read:
        words = _("Not a member of %(teams)s") % {"teams": listing(others)}
        yield Said("eye-off", words, _("Sees only those tickets there that were opened by name: see below."), "")


def _as_requester(person: Person, reader: Actor) -> Iterator[Said]:
    own = count_known(Ticket.objects.filter(Q(requester=person) | Q(affected=person)), reader)
    words = ngettext("%(count)s own request", "%(count)s own requests", own) % {"count": capped(own)}
    yield Said("user-round", words, _("Asked for, or affected by it: the public record without internal notes."))
    shared = count_known(Ticket.objects.shared_with(person), reader)
    if shared:
        words = ngettext("Takes part in %(count)s ticket", "Takes part in %(count)s tickets", shared)
        yield Said("users-round", words % {"count": capped(shared)}, _("The public record, and may answer."))
    if person.sees_department and person.department is not None:
        count = count_known(Ticket.objects.of_department(person), reader)
        words = ngettext(
            "%(count)s request of the department %(department)s",
            "%(count)s requests of the department %(department)s",
            count,
        )
        more = _("The right to see the department: the public record, nothing of confidential teams.")
        yield Said("building", words % {"count": capped(count), "department": person.department.name}, more)


def _by_right(person: Person, actor: Actor) -> Iterator[Said]:
    if actor.is_administrator:
        yield Said(
            "shield-check",
            _("Administrator: these settings"),
            _("Opens no ticket by that, least of all those of confidential teams."),
        )
    if sees_mailroom(actor):
        whole = actor.is_administrator
        words = _("The whole mailroom") if whole else _("The mailroom of the own teams")
        yield Said("mailbox", words, _("Except mail to confidential teams without a role there.") if whole else "")
    if person.is_auditor:
        yield Said(
            "scale",
            _("Auditor: reads every ticket, changes none"),
            _("With internal notes and the record; nothing of confidential teams."),
        )


def _counts(tickets: TicketQuerySet, reader: Actor) -> dict[str, str]:
    return {
        "count": capped(count_known(tickets, reader)),
        "open": capped(count_known(tickets.filter(resolved_at__isnull=True), reader)),
    }
