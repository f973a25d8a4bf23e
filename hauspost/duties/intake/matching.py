"""Which ticket a mail answers, by evidence, and whether its sender may join it (P8)."""

import re
from dataclasses import dataclass

from hauspost.duties.intake.case import Case
from hauspost.ground import hot, tokens
from hauspost.ground.mail.addresses import OurId, read_message_id
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.models import Membership, Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, KnownMessage, NumberElsewhere, Participant, TeamShare, Ticket
from hauspost.records.tickets.writing import message_id_hash

# Its row alone: the verb that files reads it again, under its lock.
_TICKET = hot.Question(lambda number: Ticket.objects.filter(number=number))
_NOTE = hot.Question(lambda entry: Entry.objects.filter(id=entry, kind=Entry.Kind.NOTE).values_list("id"))
_TAKING_PART = hot.Question(
    lambda ticket, person: Participant.objects.filter(ticket=ticket, person=person).values_list("role", "is_confirmed")
)
_IN_TEAM = hot.Question(lambda person, team: Membership.objects.filter(person=person, team=team).values_list("id"))
_IN_SHARING_TEAM = hot.Question(
    lambda person, ticket: Membership.objects.filter(
        person=person, team__in=TeamShare.objects.filter(ticket=ticket).values("team")
    ).values_list("id")
)
SUBJECT_TOKEN = re.compile(r"\[#(\d{1,18})\]")
MOST_REFERENCES = 50
ELSEWHERE = "number elsewhere"
FEW = 10
# An invitation is known by its UID as a mail is by its Message-ID; the mark keeps the two apart.
CALENDAR = "calendar:"


@dataclass(frozen=True)
class Match:
    """A ticket, the evidence that led to it, and how its sender stands to it.

    `standing`: "insider" (requester, affected, confirmed participant), "agent" (of its team; who helps on it; of a team
    that reads along, when a notice of ours is answered), "addressed" (we wrote to
    them, or they stood in the first mail: joins as held), "stranger" (joins nothing, P8.2).
    """

    ticket: Ticket
    by: str
    standing: str
    our_id: OurId | None = None
    # Was it an internal note that this answers? Then nothing of it may become public (P6.2, P6.3).
    answers_note: bool = False
    # Only our signed ids carry an agent's rights (S7).
    is_signed: bool = False


def match_of(case: Case) -> Match | None:
    """The ticket that a mail answers; looked for once, however many rules ask."""
    if not case.matches:
        case.matches.append(find_ticket(case))
    found: Match | None = case.matches[0]
    return found


def joins_a_ticket(case: Case) -> bool:
    """Does it answer a ticket that its sender may join?"""
    match = match_of(case)
    return match is not None and match.standing != "stranger"


def find_ticket(case: Case) -> Match | None:
    """The ticket that a mail answers: signed address or our Message-ID, then known Message-IDs, then [#number]."""
    number, by, our_id = _evidence(case)
    if number is None:
        return None
    ticket = _TICKET.first(number)
    if ticket is None:
        return None
    standing = standing_of(case.known_sender, case.sender, ticket)
    if standing == "stranger" and by == ELSEWHERE and _is_that_system(case, ticket):
        standing = "addressed"
    is_signed = by in ("our message id", "signed address")
    if is_signed and standing in ("stranger", "addressed") and _reads_along(case.known_sender, ticket):
        standing = "agent"
    arrived = case.arrived_at
    if arrived is not None and arrived.is_confidential and arrived.team != ticket.team_id:
        # What came to a confidential team is not another team's to read, whatever it answers (P9.2, P33.3).
        standing = standing if case.answers_by_address else "stranger"
    if case.closed is not None and not _may_read_opened(case, ticket):
        standing = "stranger"
    return Match(ticket, by, standing, our_id, is_signed and _answers_note(case, our_id), is_signed)


def _may_read_opened(case: Case, ticket: Ticket) -> bool:
    """Is it a ticket of the very team whose key opened the mail, and nobody else's by itself (P22.5)?

    What an agent hands on, or has handed on, is somebody's decision; where a mail is matched or a copy goes is none.
    """
    arrived = case.arrived_at
    return arrived is not None and arrived.team == ticket.team_id and not _also_sent(ticket)


def _also_sent(ticket: Ticket) -> bool:
    return TeamShare.objects.filter(ticket=ticket, kind=TeamShare.Kind.ALSO_SENT).exists()


def _reads_along(person: Person | None, ticket: Ticket) -> bool:
    """Does somebody of a team answer that was sent the mail, too, or that handed the ticket on (P9.1, P33.2)?"""
    return person is not None and _IN_SHARING_TEAM.is_true(person, ticket)


def _is_that_system(case: Case, ticket: Ticket) -> bool:
    """Does it come from where the other system writes, as an agent has noted (P8.6)? Then the desk reads it first."""
    domain = case.sender.rpartition("@")[2]
    known = NumberElsewhere.objects.filter(ticket=ticket, key__in=tickets.numbers_in(case.letter.subject))
    return bool(domain) and not case.is_forged and known.filter(domain=domain).exists()


def _answers_note(case: Case, our_id: OurId | None) -> bool:
    if our_id is not None and our_id.kind == "note":
        return True
    entry = case.plus_id.entry if case.plus_id is not None else our_id.entry if our_id is not None else 0
    return bool(entry) and _NOTE.is_true(entry)


def _evidence(case: Case) -> tuple[int | None, str, OurId | None]:
    ring = tokens.ring()
    references = list(dict.fromkeys((*case.letter.in_reply_to, *reversed(case.letter.references))))[:MOST_REFERENCES]
    for reference in references:
        ours = read_message_id(reference, ring)
        if ours is not None and ours.ticket:
            return ours.ticket, "our message id", ours
    if case.verp_id is not None:
        about = OutgoingMail.objects.filter(id=case.verp_id).values_list("about", flat=True).first()
        if about:
            return about, "return path", None
    if case.plus_id is not None:
        return case.plus_id.ticket, "signed address", None
    known = _by_known_message(case, references)
    if known is not None:
        return known, "known message id", None
    invited = _by_known_message(case, [CALENDAR + one.uid for one in case.letter.calendar if one.uid])
    if invited is not None:
        return invited, "invitation", None
    token = SUBJECT_TOKEN.search(case.letter.subject)
    if token is not None:
        return int(token[1]), "number in the subject", None
    elsewhere = _elsewhere(case)
    if elsewhere is not None:
        return elsewhere, ELSEWHERE, None
    return None, "", None


def _elsewhere(case: Case) -> int | None:
    """The ticket that another system's number in the subject means: one that the sender may join, else the newest."""
    numbers = tickets.numbers_in(case.letter.subject)
    if not numbers:
        return None
    rows = NumberElsewhere.objects.filter(key__in=numbers).order_by("-ticket_id").values_list("ticket_id", "domain")
    found = list(rows[:FEW])
    domain = case.sender.rpartition("@")[2]
    return next((number for number, at in found if at and at == domain), found[0][0] if found else None)


def _by_known_message(case: Case, ids: list[str]) -> int | None:
    """The ticket of the nearest ancestor that we know; of several tickets that one mail became, its own team's."""
    if not ids:
        return None
    hashes = [message_id_hash(one) for one in ids]
    rows = KnownMessage.objects.filter(id_hash__in=hashes).order_by("id")
    found: dict[bytes, list[tuple[int, int]]] = {}
    for hashed, number, team in rows.values_list("id_hash", "ticket_id", "ticket__team_id"):
        found.setdefault(bytes(hashed), []).append((number, team))
    known = next((found[one] for one in hashes if one in found), None)
    if known is None:
        return None
    ours = case.arrived_at.team if case.arrived_at is not None and len(known) > 1 else None
    return next((number for number, team in known if team == ours), known[0][0])


def standing_of(person: Person | None, address: str, ticket: Ticket) -> str:
    """How a sender stands to a ticket (P8.2)."""
    if person is not None:
        if person.id in (ticket.requester_id, ticket.affected_id):
            return "insider"
        if _IN_TEAM.is_true(person, ticket.team_id):
            return "agent"
        row = _TAKING_PART.first(ticket, person)
        if row is not None:
            role, is_confirmed = row
            helps = role == Participant.Role.HELPER
            return "addressed" if not is_confirmed else "agent" if helps else "insider"
    return "addressed" if address and _was_addressed(address, ticket) else "stranger"


def _was_addressed(address: str, ticket: Ticket) -> bool:
    """Did we write to this address in the ticket, or did it stand in the first mail's To or Cc?"""
    written = Entry.objects.filter(ticket=ticket).filter(kind="reply") | Entry.objects.filter(ticket=ticket, seq=1)
    return any(
        address == recipient.get("address")
        for recipients in written.values_list("recipients", flat=True)
        for recipient in recipients
    )
