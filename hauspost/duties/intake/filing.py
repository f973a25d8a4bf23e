"""Filing a mail that no rule kept back: as an answer in its ticket, an agent's reply or note, or a new ticket."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.commands.doing import Outcome, carry_out, not_understood
from hauspost.duties.intake.commands.reading import Orders, read_orders
from hauspost.duties.intake.matching import Match, match_of
from hauspost.duties.notices.commanding import answer_commands, answer_held
from hauspost.ground import clock, tokens
from hauspost.ground.files.actions import StoredFile
from hauspost.ground.files.models import Blob
from hauspost.ground.mail.addresses import read_plus_address, read_verp
from hauspost.ground.mail.letter import Attachment, Letter
from hauspost.ground.refusals import Refused
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.actions import sender_of_mail, unknown_sender
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import Address, Person
from hauspost.records.people.refusals import AddressIsOurs, NotAnAddress
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.actions.relations import propose_participants
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.writing import NewFile, Writing

GRACE = timedelta(days=14)  # P13.3: afterwards an answer opens a successor ticket.
MOST_PROPOSED = 20
# What an agent is told of a mail that was held; of an unclear command the answer tells already.
HELD_WORDS = {
    "unproven": gettext_lazy("The mail server in front of Hauspost did not confirm that it came from you."),
    "no token": gettext_lazy("It does not answer a mail of ours: answer the notice about this ticket instead."),
    "no right": gettext_lazy("You have no right to answer in this ticket: ask its team lead for it."),
}
# S9: mails with which other services prove that somebody owns an address.
CODE_SENDERS = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "notifications", "mailer")
CODE_WORDS = (
    "verification code", "verify your", "confirm your", "one-time", "security code", "bestätigungscode",
    "verifizier", "bestätigen sie ihre", "einmalcode", "sicherheitscode", "passcode",
)  # fmt: skip


def file(case: Case) -> Verdict:
    """Let a mail become an answer, a reply, a note or a ticket; in the caller's transaction."""
    match = match_of(case)
    if match is not None and match.standing != "stranger":
        if match.standing == "agent" or (match.answers_note and case.known_sender is not None):
            return _from_agent(case, match)
        if not _is_past_grace(match) or case.letter.is_automatic_reply:
            return _answer(case, match)
    return _new_ticket(case, match)


def _is_past_grace(match: Match) -> bool:
    closed_at = match.ticket.closed_at
    return closed_at is not None and clock.now() - closed_at > GRACE


def _answer(case: Case, match: Match) -> Verdict:
    author = _author(case)
    held = "unconfirmed" if match.standing == "addressed" else ""
    if not held and match.by == "number in the subject" and case.proof is Proof.NONE and _needs_proof(case):
        held = "unproven"
    if looks_like_code(case.letter):
        held = "verification"
    actor = _mail_actor(case, author)
    entry = tickets.add_answer(
        match.ticket,
        _writing(case),
        author=author,
        # A proven or long-known correspondent acts; who may join at all was decided by the sender check.
        actor=replace(SYSTEM, name="mail", via="mail", on_behalf_of=author) if held else actor,
        held_because=held,
    )
    propose_participants(match.ticket, _proposed(case, match.ticket.requester_id), actor=actor)
    disposition = "automatic" if case.letter.is_automatic_reply else "answer"
    return Verdict(disposition, match.by, held and f"held: {held}", match.ticket.number, entry.id)


def _needs_proof(case: Case) -> bool:
    """S8: number and sender can be guessed. Where our server vouches for nobody, neither can we ask it of this one."""
    from django.conf import settings

    return bool(settings.HAUSPOST.auth_serv_id)


def _from_agent(case: Case, match: Match) -> Verdict:
    """An agent answers a notice: a reply, or a note when it was a note's notice (P6.3); unproven it is held (S7)."""
    agent = case.known_sender
    assert agent is not None
    actor = Actor(who=agent, via="mail", proof=case.proof)
    bound = match.our_id is None or match.our_id.person in (0, agent.id)
    if case.letter.is_automatic_reply:
        return replace(_held(case, match, agent, "automatic"), disposition="automatic")
    if not (actor.is_proven and bound):
        return _held(case, match, agent, "unproven")
    if not match.is_signed:
        return _held(case, match, agent, "no token")
    view = view_of(match.ticket, actor)
    is_note = match.answers_note
    if view is None or not view.may("note" if is_note else "reply"):
        return _held(case, match, agent, "no right")
    writing = only_visible(case)
    if match.ticket.team.takes_commands and (orders := read_orders(writing.text)).orders:
        return _commanded(case, match, orders, actor, is_note=is_note)
    try:
        entry = _write(match.ticket, writing, is_note=is_note, actor=actor)
    except Refused as refusal:
        return _held(case, match, agent, refusal.code)
    return Verdict("note" if is_note else "reply", match.by, "", match.ticket.number, entry.id)


def _write(ticket: Ticket, writing: Writing, *, is_note: bool, actor: Actor) -> Entry:
    return tickets.note(ticket, writing, actor=actor) if is_note else tickets.reply(ticket, writing, actor=actor)


def _commanded(case: Case, match: Match, orders: Orders, actor: Actor, *, is_note: bool) -> Verdict:
    """An agent's first lines are commands: what is below them is written, then they are done, and it is told (P29.3).

    Where one line is not understood nothing is done, and the text waits for somebody to release it.
    """
    assert actor.who is not None
    if not orders.is_clear:
        answer_commands(match.ticket, actor.who, not_understood(orders.orders), case.letter.message_id)
        return _held(case, match, actor.who, "unclear command")
    is_note = is_note or any(order.name == "note" for order in orders.orders)
    entry = None
    if orders.rest.strip() or case.letter.attachments:
        writing = replace(only_visible(case), text=orders.rest, html=html_of_text(orders.rest))
        try:
            entry = _write(match.ticket, writing, is_note=is_note, actor=actor)
        except Refused as refusal:
            outcomes = [Outcome(order.line, False, str(refusal)) for order in orders.orders]
            answer_commands(match.ticket, actor.who, outcomes, case.letter.message_id)
            return _held(case, match, actor.who, refusal.code)
    outcomes = carry_out(match.ticket, orders.orders, actor=actor)
    answer_commands(match.ticket, actor.who, outcomes, case.letter.message_id)
    detail = ", ".join(f"{one.line}{'' if one.is_done else ' (not done)'}" for one in outcomes)
    disposition = "command" if entry is None else "note" if is_note else "reply"
    return Verdict(disposition, match.by, detail, match.ticket.number, entry.id if entry is not None else None)


def _held(case: Case, match: Match, author: Person, why: str) -> Verdict:
    actor = replace(SYSTEM, name="mail", via="mail", on_behalf_of=author)
    entry = tickets.add_answer(match.ticket, _writing(case), author=author, actor=actor, held_because=why)
    if why in HELD_WORDS:
        answer_held(match.ticket, author, str(HELD_WORDS[why]), case.letter.message_id)
    return Verdict("answer", match.by, f"held: {why}", match.ticket.number, entry.id)


def _new_ticket(case: Case, match: Match | None) -> Verdict:
    mailbox = case.mailbox
    if mailbox is None:
        return Verdict("quarantine", "no intake address", "set one up for a team, then try again")
    author = _author(case)
    links: list[tuple[str, int]] = []
    if match is not None:
        links.append(("successor" if match.standing != "stranger" else "mentions", match.ticket.number))
    links += [("related", number) for number in case.twins]
    new = tickets.NewTicket(
        subject=case.letter.subject or "",
        requester=author,
        team=mailbox.team,
        channel="mail",
        intake_address=mailbox.address.address,
        proposed=_proposed(case, author.id),
        links=links,
        acknowledge=case.may_be_answered and not looks_like_code(case.letter),
    )
    ticket = tickets.open_ticket(new, _writing(case), actor=_mail_actor(case, author))
    entry = ticket.opened_with.id if ticket.opened_with is not None else None
    because = f"mentions #{match.ticket.number}" if match is not None else "new"
    return Verdict("ticket", because, "", ticket.number, entry)


def flood(case: Case, verdict: Verdict) -> Verdict:
    """Put a flood's mail into its one ticket, opening that for the first."""
    author = _author(case)
    actor = replace(SYSTEM, name="flood", via="mail", on_behalf_of=author)
    if verdict.ticket is not None:
        writing = replace(_writing(case), is_automatic=True)
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
        intake_address=mailbox.address.address,
        acknowledge=False,
    )
    ticket = tickets.open_ticket(new, _writing(case), actor=actor)
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


def _mail_actor(case: Case, author: Person) -> Actor:
    via = "import" if case.delivery.via == "import" else "mail"
    return Actor(kind="import", name="mail", via=via, on_behalf_of=author, proof=case.proof)


def _author(case: Case) -> Person:
    """Who wrote; a mail that names nobody usable still becomes a ticket, of the unknown sender (P3.2)."""
    if case.known_sender is not None:
        return case.known_sender
    ring = tokens.ring()
    ours = read_plus_address(case.sender, ring) is not None or read_verp(case.sender, ring) is not None
    try:
        return unknown_sender() if ours else sender_of_mail(case.sender_name, case.sender)
    except (NotAnAddress, AddressIsOurs):
        return unknown_sender()


def _writing(case: Case) -> Writing:
    letter = case.letter
    return Writing(
        text=letter.text,
        html=letter.visible_html or html_of_text(letter.visible_text),
        quoted_html=letter.quoted_html or (html_of_text(letter.quoted_text) if letter.quoted_text else ""),
        sanitiser=letter.sanitiser_version,
        files=_files(letter),
        subject=letter.subject,
        message_id=letter.message_id,
        recipients=[
            {"address": box.address.lower(), "name": box.name, "role": role}
            for role, boxes in (("to", letter.to), ("cc", letter.cc))
            for box in boxes
            if box.address
        ][:100],
        is_automatic=letter.is_automatic_reply,
        channel="mail",
        delivery=case.delivery.id,
        author_name=case.sender_name,
        author_address=case.sender,
    )


def only_visible(case: Case) -> Writing:
    """What goes out to the requester: the agent's own words, not what they quoted (P29.2)."""
    letter = case.letter
    text = letter.said_text.strip() or letter.visible_text.strip() or letter.text
    html = letter.said_html or letter.visible_html or html_of_text(text)
    return replace(_writing(case), text=text, html=html, quoted_html="")


def _files(letter: Letter) -> Sequence[NewFile]:
    return [
        NewFile(file.name, file.content_type, _content_of(file), file.content_id, file.is_inline)
        for file in letter.attachments
    ]


def _content_of(file: Attachment) -> bytes | Blob:
    return file.held.blob if isinstance(file.held, StoredFile) else file.content


def _proposed(case: Case, requester_id: int) -> list[Person]:
    """Who else stands in To and Cc and is known: proposed, not yet let in (S8)."""
    ours = case.mailboxes
    addresses = [
        box.address.lower()
        for box in (*case.letter.to, *case.letter.cc)
        if box.address and box.address.lower() not in ours and "+" not in box.address
    ]
    if not addresses:
        return []
    rows = Address.objects.filter(address__in=addresses[:MOST_PROPOSED], person__isnull=False).select_related("person")
    people = {row.person_id: row.person for row in rows if row.person is not None and row.person.is_active}
    people.pop(requester_id, None)
    return list(people.values())


def looks_like_code(letter: Letter) -> bool:
    """S9: does this look like the mail by which another service proves that an address is ours?"""
    sender = letter.sender.address.lower() if letter.sender else ""
    if not sender.startswith(CODE_SENDERS):
        return False
    text = f"{letter.subject}\n{letter.text[:4000]}".lower()
    return any(word in text for word in CODE_WORDS)
