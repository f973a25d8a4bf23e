"""Agents who work by mail: their reply or note, and the commands in its first lines, when they are proven (P29)."""

from dataclasses import replace

from django.utils.translation import gettext_lazy

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.commands.doing import Outcome, carry_out, not_understood
from hauspost.duties.intake.commands.reading import Orders, read_orders
from hauspost.duties.intake.contents import only_visible, writing_of
from hauspost.duties.intake.matching import Match
from hauspost.duties.notices.commanding import answer_commands, answer_held
from hauspost.ground.refusals import Refused
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.writing import Writing

# What an agent is told of a mail that was held; of an unclear command the answer tells already.
HELD_WORDS = {
    "unproven": gettext_lazy("The mail server in front of Hauspost did not confirm that it came from you."),
    "no token": gettext_lazy("It does not answer a mail of ours: answer the notice about this ticket instead."),
    "commands off": gettext_lazy(
        "Its first lines are commands, and commands by mail are off in this team: nothing was done, and nothing was "
        "sent to the requester. Do it at the desk, or answer the notice again without these lines. Released, a reply "
        "goes out word for word, these lines included. An administrator can allow commands in the team's settings."
    ),
    "no right": gettext_lazy("You have no right to answer in this ticket: ask its team lead for it."),
    "encrypted": gettext_lazy(
        "It came encrypted and without your signature inside. Once released, the requester can read it in clear; to "
        "send it, write it at the desk, or sign it as well."
    ),
}
# Only a proven agent's mail is held for these; its number bounds nothing (S10).
PROVEN = frozenset({"commands off", "no right", "encrypted"})


class CameEncrypted(Refused):
    """An agent's reply was encrypted, and would leave in clear: whether it may is a person's to say (P22.5)."""

    code = "encrypted"
    words = gettext_lazy("It came encrypted, and would leave in clear. Look at it in the ticket, and release it there.")


def file_from_agent(case: Case, match: Match) -> Verdict:
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
    # Who only reads along answers the desk, not the requester (P9.1, P33.2).
    is_note = match.answers_note or (view is not None and not view.may("reply") and view.may("note"))
    if view is None or not view.may("note" if is_note else "reply"):
        return _held(case, match, agent, "no right")
    writing = only_visible(case)
    if (orders := read_orders(writing.text)).orders:
        if match.ticket.team.takes_commands:
            return _commanded(case, match, orders, actor, is_note=is_note)
        if orders.are_meant:
            # What follows "#note" must never leave because somebody thought that it works here (P6.2).
            return _held(case, match, agent, "commands off", as_note=is_note or orders.make_a_note)
    try:
        entry = _write(case, match.ticket, writing, is_note=is_note, actor=actor)
    except Refused as refusal:
        return _held(case, match, agent, refusal.code)
    return Verdict("note" if is_note else "reply", match.by, "", match.ticket.number, entry.id)


def _write(case: Case, ticket: Ticket, writing: Writing, *, is_note: bool, actor: Actor) -> Entry:
    if is_note:
        return tickets.note(ticket, writing, actor=actor)
    if case.told.get("desk_only"):
        raise CameEncrypted
    return tickets.reply(ticket, writing, actor=actor)


def _commanded(case: Case, match: Match, orders: Orders, actor: Actor, *, is_note: bool) -> Verdict:
    """An agent's first lines are commands: what is below them is written, then they are done, and it is told (P29.3).

    Where one line is not understood nothing is done, and the text waits for somebody to release it.
    """
    assert actor.who is not None
    is_note = is_note or orders.make_a_note
    if not orders.is_clear:
        answer_commands(match.ticket, actor.who, not_understood(orders.orders), case.letter.message_id)
        return _held(case, match, actor.who, "unclear command", as_note=is_note)
    entry = None
    if orders.rest.strip() or case.letter.attachments:
        writing = replace(only_visible(case), text=orders.rest, html=html_of_text(orders.rest))
        try:
            entry = _write(case, match.ticket, writing, is_note=is_note, actor=actor)
        except Refused as refusal:
            outcomes = [Outcome(order.line, False, str(refusal)) for order in orders.orders]
            answer_commands(match.ticket, actor.who, outcomes, case.letter.message_id)
            return _held(case, match, actor.who, refusal.code, as_note=is_note, is_told=True)
    outcomes = carry_out(match.ticket, orders.orders, actor=actor)
    answer_commands(match.ticket, actor.who, outcomes, case.letter.message_id)
    detail = ", ".join(f"{one.line}{'' if one.is_done else ' (not done)'}" for one in outcomes)
    disposition = "command" if entry is None else "note" if is_note else "reply"
    return Verdict(disposition, match.by, detail, match.ticket.number, entry.id if entry is not None else None)


def _held(
    case: Case, match: Match, author: Person, why: str, *, as_note: bool = False, is_told: bool = False
) -> Verdict:
    """Keep an agent's mail for the desk: only the own words, and what was meant as a note stays one (P6.2)."""
    actor = replace(SYSTEM, name="mail", via="mail", on_behalf_of=author)
    writing = only_visible(case) if match.standing == "agent" else writing_of(case)
    if why == CameEncrypted.code:
        # Held, the desk alone reads it; who releases it decides that others do.
        told = {key: value for key, value in writing.evidence.items() if key != "desk_only"}
        writing = replace(writing, evidence=told)
    entry = tickets.add_answer(
        match.ticket, writing, author=author, actor=actor, held_because=why, as_note=as_note or match.answers_note
    )
    if why in HELD_WORDS and not is_told:
        answer_held(
            match.ticket, author, str(HELD_WORDS[why]), case.letter.message_id, entry=entry.id, is_proven=why in PROVEN
        )
    return Verdict("answer", match.by, f"held: {why}", match.ticket.number, entry.id)
