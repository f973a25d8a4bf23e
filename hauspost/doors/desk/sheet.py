"""Everything a ticket's page shows, gathered in a small, fixed number of queries."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from hauspost.doors.desk.counters import CAP
from hauspost.doors.desk.entries import Shown, entry_rows, shown_entries
from hauspost.doors.desk.timeline import Line, timeline
from hauspost.doors.ui import formats
from hauspost.ground.refusals import NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import (
    Link,
    NumberElsewhere,
    Participant,
    Status,
    Tag,
    TeamShare,
    Ticket,
)
from hauspost.records.tickets.reading import View, view_of

# Few tickets are shared: asked along with the ticket, so that the others cost no query.
_IS_SHARED = Exists(TeamShare.objects.filter(ticket=OuterRef("number")))
# As many entries as a page shows at once; "earlier entries" shows the ones before.
MOST_ENTRIES = 100


@dataclass(frozen=True)
class Taking:
    """Somebody who follows the ticket."""

    uid: str
    name: str
    role: str
    role_words: str
    is_confirmed: bool
    is_external: bool


@dataclass(frozen=True)
class LinkedTicket:
    """A ticket that has to do with this one, and that the reader may see."""

    number: int
    subject: str
    kind: str
    words: str
    state: str
    is_ours: bool


@dataclass(frozen=True)
class Sharing:
    """Another team that reads the ticket, and why."""

    team: str
    words: str


@dataclass(frozen=True)
class Sheet:
    """A ticket, as one reader sees it."""

    ticket: Ticket
    view: View
    record: list[Shown | Line]
    earlier: int
    last_seq: int
    people: list[Taking]
    links: list[LinkedTicket]
    # Its numbers in other systems, each with the mail domain of that system (P8.6).
    elsewhere: list[tuple[str, str]]
    tags: list[str]
    shares: list[Sharing]
    requester_open: int
    requester_done: int

    @property
    def reader_names(self) -> list[str]:
        """Whom a public reply reaches: the requester first."""
        return [self.ticket.requester.name] + [
            one.name for one in self.people if one.is_confirmed and one.role == Participant.Role.PARTICIPANT
        ]


def ticket_for(number: int, actor: Actor) -> tuple[Ticket, View]:
    """The ticket and as what the actor sees it. Raises NotFound alike for none and for forbidden (S5)."""
    # Not .first(): it would order by the key, which costs more to say than to do.
    rows = Ticket.objects.with_names().select_related("satisfaction", "location__parent__parent")
    rows = rows.annotate(is_shared=_IS_SHARED)
    found = next(iter(rows.filter(number=number)[:1]), None)
    view = view_of(found, actor) if found is not None else None
    if found is None or view is None or not view.sees_notes:
        raise NotFound
    if found.location is not None and found.site is not None:
        # A ticket's location lies at its site: no question for what is here.
        found.location.site = found.site
    return found, view


def place_in_brief(ticket: Ticket) -> str:
    """Site, building and room, without the floor between them: Köln · Halle 2 · B127."""
    around: list[str] = []
    at = ticket.location
    while at is not None and len(around) < 5:
        around.append(at.name)
        at = at.parent
    site = [ticket.site.name] if ticket.site is not None else []
    return " · ".join([*site, *around[:0:-1][:1], *around[:1]])


def sheet_of(ticket: Ticket, view: View, actor: Actor, *, before_seq: int = 0) -> Sheet:
    """All that the page shows of a ticket whose view is known."""
    query = ticket.entries.visible_in(view).filter(taken_back_at__isnull=True)
    if before_seq:
        query = query.filter(seq__lt=before_seq)
    rows = entry_rows(query.order_by("-seq")[: MOST_ENTRIES + 1])
    earlier = rows[MOST_ENTRIES - 1].seq if len(rows) > MOST_ENTRIES else 0
    rows = rows[:MOST_ENTRIES][::-1]
    entries = shown_entries(rows, f"{reverse('ticket', args=[ticket.number])}/files/")
    people = _people(ticket)
    known = {str(person.uid): person.name for person in _persons_of(ticket, actor)}
    known |= {str(row.author__uid): row.author__name for row in rows if row.author__uid}
    known |= {one.uid: one.name for one in people}
    lines = timeline(ticket.stream, known)
    since, until = (rows[0].created_at if earlier else None), (rows[-1].created_at if before_seq and rows else None)
    lines = [one for one in lines if (since is None or one.at >= since) and (until is None or one.at <= until)]
    record: list[Shown | Line] = [*entries, *lines]
    record.sort(key=lambda one: one.at)
    return replace(
        side_of(ticket, view, actor, people),
        record=record,
        earlier=earlier,
        last_seq=rows[-1].seq if rows else 0,
    )


def side_of(ticket: Ticket, view: View, actor: Actor, people: list[Taking] | None = None) -> Sheet:
    """What the cards at the side show: for a part of the page that needs no record."""
    others = _others_of_requester(ticket, actor)
    tags, elsewhere = _tags_and_numbers(ticket)
    return Sheet(
        ticket=ticket,
        view=view,
        record=[],
        earlier=0,
        last_seq=0,
        people=_people(ticket) if people is None else people,
        links=_links(ticket, actor),
        elsewhere=elsewhere,
        tags=tags,
        shares=_shares(ticket),
        requester_open=others[0],
        requester_done=others[1],
    )


def _tags_and_numbers(ticket: Ticket) -> tuple[list[str], list[tuple[str, str]]]:
    """The words on a ticket and its numbers elsewhere, in one question."""
    words = Tag.objects.filter(ticket=ticket).values_list("word", Value(""), Value(True))
    numbers = NumberElsewhere.objects.filter(ticket=ticket).values_list("number", "domain", Value(False))
    rows = sorted(words.union(numbers, all=True))
    tags = [word for word, _domain, is_tag in rows if is_tag]
    return tags, [(number, domain) for number, domain, is_tag in rows if not is_tag]


def _persons_of(ticket: Ticket, actor: Actor) -> list[Any]:
    people = [ticket.requester, ticket.affected, ticket.assignee, ticket.technician, actor.who]
    return [person for person in people if person is not None]


def _others_of_requester(ticket: Ticket, actor: Actor) -> tuple[int, int]:
    """How many other tickets of this requester the reader sees: open ones, done ones; a thousand are looked at."""
    seen = Ticket.objects.filter(requester=ticket.requester_id, team_id__in=actor.teams_with("read"))
    states = [state for number, state in seen.values_list("number", "state")[:CAP] if number != ticket.number]
    done = sum(state in Status.DONE for state in states)
    return len(states) - done, done


def _people(ticket: Ticket) -> list[Taking]:
    rows = ticket.participants.values_list(
        "id", "person__uid", "person__name", "role", "is_confirmed", "person__is_external"
    )
    roles = dict(Participant.Role.choices)
    return [
        Taking(str(uid), name, role, str(roles[role]), confirmed, external)
        for _id, uid, name, role, confirmed, external in sorted(rows)
    ]


def note_readers(ticket: Ticket) -> str:
    """The teams that read an internal note: nobody writes one without knowing (P6.1)."""
    return formats.listing([ticket.team.name, *(share.team for share in _shares(ticket))])


def _shares(ticket: Ticket) -> list[Sharing]:
    if not getattr(ticket, "is_shared", False):
        return []
    rows = TeamShare.objects.filter(ticket=ticket).select_related("team").order_by("id")
    return [Sharing(row.team.name, str(row.get_kind_display())) for row in rows]


def _links(ticket: Ticket, actor: Actor) -> list[LinkedTicket]:
    """The links whose other end the reader may see; of the rest not even the number (P11.1)."""
    number = ticket.number
    rows = Link.objects.filter(Q(ticket_id=number) | Q(other_id=number))
    links = sorted(rows.values_list("ticket_id", "other_id", "kind")[:50])
    if not links:
        return []
    ends = {here if there == number else there for here, there, _kind in links}
    seen = {
        row[0]: row
        for row in Ticket.objects.at_desk_of(actor).filter(number__in=ends).values_list("number", "subject", "state")
    }
    kinds, found = dict(Link.Kind.choices), []
    backwards = {
        "related": _("related to"),
        "duplicate": _("duplicated by"),
        "blocks": _("blocked by"),
        "parent": _("child of"),
        "mentions": _("mentioned by"),
        "successor": _("followed by"),
    }
    for here, there, kind in links:
        is_ours = here == number
        other = seen.get(there if is_ours else here)
        if other is not None:
            words = str(kinds[kind]) if is_ours else backwards[kind]
            found.append(LinkedTicket(other[0], other[1], kind, words, other[2], is_ours))
    return found
