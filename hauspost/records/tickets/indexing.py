"""Making entries findable: what of an entry is found, by whom, and the whole index anew."""

from collections.abc import Iterator, Sequence

from hauspost.ground import clock, hot
from hauspost.ground.search import actions as search
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.models import Attachment, Entry, TeamShare, Ticket

BATCH = 200
_SHARING = hot.Question(
    lambda ticket: TeamShare.objects.filter(ticket=ticket).order_by("team_id").values_list("team_id", flat=True)
)


def scope_of(ticket: Ticket, sharing: Sequence[int] | None = None) -> list[str]:
    """Who finds the ticket: its team, the teams that may read it, too, and its requester.

    `sharing` are those other teams' ids where the caller knows them.
    """
    if sharing is None:
        sharing = _SHARING.all(ticket)
    return [*(f"t{team}" for team in (ticket.team_id, *sharing)), f"r{ticket.requester_id}"]


def scopes_at_desk_of(actor: Actor) -> tuple[str, ...]:
    """In whose scopes somebody finds tickets at the desk: those of the teams in which the actor may read."""
    return tuple(f"t{team}" for team in actor.teams_with("read"))


def index_entry(
    ticket: Ticket, entry: Entry, file_names: Sequence[str] = (), sharing: Sequence[int] | None = None
) -> None:
    """Make an entry findable at once (P16.2, P16.6): the first one also by number, subject and requester."""
    search.index_many([document_of(ticket, entry, file_names, sharing)])


def document_of(
    ticket: Ticket, entry: Entry, file_names: Sequence[str], sharing: Sequence[int] | None = None
) -> search.Document:
    """An entry as it ought to be found."""
    title = [entry.subject, entry.author_name, entry.author_address, *file_names]
    if entry.seq == 1:
        title = [f"#{ticket.number}", ticket.subject, ticket.requester.name, *title]
    return search.Document(
        "entry",
        ticket.number,
        entry.id,
        "public" if _is_out(entry) else "internal",
        tuple(scope_of(ticket, sharing)),
        " · ".join(dict.fromkeys(word for word in title if word)),
        entry.text,
    )


def _is_out(entry: Entry) -> bool:
    """A reply in its time for undoing is only the desk's yet (P6.4), as what came encrypted may be for ever (P22.5)."""
    if entry.is_for_desk_only:
        return False
    return entry.is_public and (entry.leaves_at is None or entry.leaves_at <= clock.now())


def documents() -> Iterator[search.Document]:
    """Every entry as it ought to be found, the oldest first, in small steps: for `hauspost search rebuild` (P16.6)."""
    last = 0
    while entries := list(Entry.objects.filter(id__gt=last).select_related("ticket__requester").order_by("id")[:BATCH]):
        names: dict[int, list[str]] = {}
        rows = Attachment.objects.filter(entry__in=entries).order_by("position", "id")
        for entry_id, name in rows.values_list("entry_id", "name"):
            names.setdefault(entry_id, []).append(name)
        sharing: dict[int, list[int]] = {}
        shares = TeamShare.objects.filter(ticket__in={entry.ticket_id for entry in entries}).order_by("team_id")
        for number, team in shares.values_list("ticket_id", "team_id"):
            sharing.setdefault(number, []).append(team)
        for entry in entries:
            if not _is_erased(entry):
                yield document_of(entry.ticket, entry, names.get(entry.id, []), sharing.get(entry.ticket_id, []))
        last = entries[-1].id


def _is_erased(entry: Entry) -> bool:
    return not (entry.text or entry.author_name or entry.subject)
