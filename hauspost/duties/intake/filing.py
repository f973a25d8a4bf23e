"""Filing a mail that no rule kept back: as an answer in its ticket, an agent's reply or note, or a new ticket."""

from dataclasses import replace
from datetime import timedelta

from django.conf import settings

from hauspost.duties.intake.agents import file_from_agent
from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.contents import author_of, looks_like_code, mail_actor, proposed_in, writing_of
from hauspost.duties.intake.forwarding import file_for_sender, passed_on_by_agent
from hauspost.duties.intake.matching import ELSEWHERE, Match, match_of
from hauspost.duties.intake.proving import voucher_of
from hauspost.duties.notices.too_big import tell_too_big
from hauspost.ground import clock
from hauspost.ground.files.actions import StoredFile
from hauspost.ground.mail.letter import Attachment
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.actions.relations import propose_participants
from hauspost.records.tickets.models import Ticket

GRACE = timedelta(days=14)  # P13.3: afterwards an answer opens a successor ticket.


def file(case: Case) -> Verdict:
    """Let a mail become an answer, a reply, a note or a ticket; in the caller's transaction."""
    match = match_of(case)
    if match is not None and match.standing != "stranger":
        if match.standing == "agent" or (match.answers_note and case.known_sender is not None):
            return file_from_agent(case, match)
        if not _is_past_grace(match) or case.letter.is_automatic_reply:
            return _answer(case, match)
    if match is None and (passed := passed_on_by_agent(case)) is not None:
        return file_for_sender(case, passed)
    return _new_ticket(case, match)


def _is_past_grace(match: Match) -> bool:
    closed_at = match.ticket.closed_at
    return closed_at is not None and clock.now() - closed_at > GRACE


def _answer(case: Case, match: Match) -> Verdict:
    author = author_of(case)
    held = "unconfirmed" if match.standing == "addressed" else ""
    is_guessable = match.by in ("number in the subject", ELSEWHERE, "invitation")
    if not held and (case.is_forged or (is_guessable and case.proof is Proof.NONE and _needs_proof(case))):
        held = "unproven"
    if looks_like_code(case.letter):
        held = "verification"
    actor = mail_actor(case, author)
    entry = tickets.add_answer(
        match.ticket,
        writing_of(case),
        author=author,
        # A proven or long-known correspondent acts; who may join at all was decided by the sender check.
        actor=replace(SYSTEM, name="mail", via="mail", on_behalf_of=author) if held else actor,
        held_because=held,
    )
    propose_participants(match.ticket, proposed_in(case, match.ticket.requester_id), actor=actor)
    if not held:
        _tell_if_too_big(case, match.ticket, author, entry.id)
    disposition = "automatic" if case.letter.is_automatic_reply else "answer"
    return Verdict(disposition, match.by, held and f"held: {held}", match.ticket.number, entry.id)


def _needs_proof(case: Case) -> bool:
    """S8: number and sender can be guessed. Where nobody can vouch for anybody, neither can we ask it of this one."""
    config = settings.HAUSPOST
    return bool(config.auth_serv_id or config.check_senders or voucher_of(case.delivery))


def _new_ticket(case: Case, match: Match | None) -> Verdict:
    mailbox = case.mailbox
    if mailbox is None:
        return Verdict("quarantine", "no intake address", "set one up for a team, then try again")
    author = author_of(case)
    links: list[tuple[str, int]] = []
    if match is not None:
        links.append(("successor" if match.standing != "stranger" else "mentions", match.ticket.number))
    links += [("related", number) for number in case.twins]
    new = tickets.NewTicket(
        subject=case.letter.subject or "",
        requester=author,
        team=mailbox.team,
        channel="mail",
        intake_address=case.written_to,
        proposed=proposed_in(case, author.id),
        links=links,
        acknowledge=case.may_be_answered and not looks_like_code(case.letter),
    )
    ticket = tickets.open_ticket(new, writing_of(case), actor=mail_actor(case, author))
    entry = ticket.opened_with.id if ticket.opened_with is not None else None
    _tell_if_too_big(case, ticket, author, entry or 0)
    because = f"mentions #{match.ticket.number}" if match is not None else "new"
    return Verdict("ticket", because, "", ticket.number, entry)


def _tell_if_too_big(case: Case, ticket: Ticket, author: Person, entry: int) -> None:
    """Where the mailbox answers such mails (P36.1); never a machine, nor whoever is not proven (P7.2, S10)."""
    box = case.mailbox
    if box is None or not (case.is_over_limit and box.answers_too_big and case.may_be_answered):
        return
    # Where there were no files, nothing of it is missing.
    if case.proof is not Proof.NONE and case.misses_files:
        limit = box.size_limit_bytes or settings.HAUSPOST.mail_size_limit
        tell_too_big(ticket, author, limit_bytes=limit, entry=entry, in_reply_to=case.letter.message_id)


def flood(case: Case, verdict: Verdict) -> Verdict:
    """Put a flood's mail into its one ticket, opening that for the first."""
    author = author_of(case)
    actor = replace(SYSTEM, name="flood", via="mail", on_behalf_of=author)
    if verdict.ticket is not None:
        writing = replace(writing_of(case), is_automatic=True)
        entry = tickets.add_answer(verdict.ticket, writing, author=author, actor=actor)
        return replace(verdict, entry=entry.id)
    mailbox = case.mailbox
    if mailbox is None:
        return Verdict("quarantine", "no intake address", "set one up for a team, then try again")
    new = tickets.NewTicket(
        subject=f"Flood: {case.sender} · {case.letter.subject}",
        requester=author,
        team=mailbox.team,
        channel="mail",
        intake_address=case.written_to,
        acknowledge=False,
    )
    ticket = tickets.open_ticket(new, writing_of(case), actor=actor)
    return replace(verdict, ticket=ticket.number)


def as_attachment(case: Case, raw: bytes | StoredFile) -> Case:
    """The same mail with its raw source as a file: for what could not be read."""
    source = Attachment("original.eml", "message/rfc822", raw)
    return Case(case.delivery, replace(case.letter, attachments=(*case.letter.attachments, source)))


def file_new(case: Case, actor: Actor) -> Verdict:
    """A new ticket by hand, whatever the rules said; nobody is told of its arrival."""
    quiet = replace(case.letter, is_automatic=True, fault="")
    verdict = _new_ticket(Case(case.delivery, quiet), None)
    return replace(verdict, because=f"by hand, {actor.who.uid}" if actor.who else "by hand")
