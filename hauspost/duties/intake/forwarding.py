"""A mail that an agent passes on becomes its real sender's ticket; what the agent wrote above it a note (P30)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.timezone import make_aware

from hauspost.duties.intake.case import Case, Verdict
from hauspost.duties.intake.contents import known_people, writing_of
from hauspost.ground.mail.letter import Forwarded, Mailbox, bare_subject
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.text.quotes import fold_text
from hauspost.records.people.actions import our_addresses, sender_of_mail
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.people.refusals import AddressIsOurs, NotAnAddress
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.writing import Writing

# Why such a delivery became a ticket: its raw mail holds two people's words.
PASSED_ON = "passed on by an agent"
# In the first line: this one is mine (P30.4).
_SELF = re.compile(r"\s{0,20}[@#](?:self|selbst|me|ich)\b", re.IGNORECASE)


def passed_on_by_agent(case: Case) -> Forwarded | None:
    """The mail that a proven agent of the mailbox's team passes on; None where it is not certain (P30.1, P30.2)."""
    found = case.letter.forwarded
    # Whose words were encrypted without a signature inside nobody knows: they are no requester's to read (P22.5).
    if found is None or case.told.get("desk_only") or not _may_pass_on(case):
        return None
    address = found.sender.address.lower()
    if not address or address == case.sender or address in case.mailboxes:
        return None
    return found


def _may_pass_on(case: Case) -> bool:
    if not case.is_from_agent or case.known_sender is None or case.letter.is_automatic:
        return False
    return case.known_sender.forwards_for_others and not _SELF.match(case.letter.text)


def file_for_sender(case: Case, passed: Forwarded) -> Verdict:
    """Open the ticket of whoever wrote the mail; in the caller's transaction."""
    agent, box = case.known_sender, case.mailbox
    assert agent is not None
    assert box is not None
    try:
        requester = sender_of_mail(passed.sender.name, passed.sender.address)
    except (NotAnAddress, AddressIsOurs):
        requester = agent
    actor = Actor(who=agent, via="mail", proof=case.proof, on_behalf_of=requester)
    new = tickets.NewTicket(
        subject=passed.subject or bare_subject(case.letter.subject),
        requester=requester,
        team=box.team,
        channel="mail",
        intake_address=case.written_to,
        # The agent to whom it was written is at the desk anyway.
        proposed=[one for one in known_people(case, _others(passed), requester.id) if one.id != agent.id],
    )
    ticket = tickets.open_ticket(new, _writing(case, passed, agent), actor=actor)
    above = fold_text(passed.text_above).said.strip()
    if above:
        tickets.note(ticket, Writing(text=above, channel="mail", delivery=case.delivery.id), actor=actor)
    entry = ticket.opened_with.id if ticket.opened_with is not None else None
    # Whose it is the ticket tells, where an erasure finds it.
    return Verdict("ticket", PASSED_ON, ticket=ticket.number, entry=entry)


def _others(passed: Forwarded) -> Sequence[Mailbox]:
    return (*passed.to, *passed.cc)


def _writing(case: Case, passed: Forwarded, agent: Person) -> Writing:
    """The words of the mail that was passed on, as its sender's."""
    outer = writing_of(case)
    # By uid: a name that stood here would outlive an erasure.
    told: dict[str, Any] = {"forwarded_by": str(agent.uid)}
    if passed.date is not None:
        told["sent_at"] = _where_the_agent_is(passed.date, agent).isoformat()
    return replace(
        outer,
        text=passed.text,
        html=passed.html or html_of_text(passed.text),
        quoted_html="",
        subject=passed.subject,
        message_id=passed.message_id,
        # By the agent's own mail an answer to it is known, too.
        known_as=(outer.message_id, *outer.known_as),
        recipients=[
            {"address": box.address.lower(), "name": box.name, "role": role}
            for role, boxes in (("to", passed.to), ("cc", passed.cc))
            for box in boxes
            if box.address
        ][:100],
        author_name=passed.sender.name,
        author_address=passed.sender.address.lower(),
        evidence=told,
    )


def _where_the_agent_is(moment: datetime, agent: Person) -> datetime:
    """A time without a zone is in that of the one who passed the mail on, else in the company's (P30.1)."""
    return moment if moment.tzinfo is not None else make_aware(moment, ZoneInfo(agent.time_zone or settings.TIME_ZONE))


@transaction.atomic
def give_to_sender(entry: Entry, *, actor: Actor) -> Ticket:
    """Make a ticket that of the one address which a passed-on mail names, as an agent agrees (P30.3).

    Records "ticket.requester_changed". Raises NotFound, NotAllowed, Invalid.
    """
    view = view_of(entry.ticket, actor)
    address = str(entry.evidence.get("forwarded_hint", ""))
    if view is None or not address:
        raise NotFound
    if address in our_addresses():
        raise Invalid("requester", AddressIsOurs(address=address))
    try:
        person = sender_of_mail("", address)
    except NotAnAddress as fault:
        raise Invalid("requester", str(fault)) from fault
    return tickets.change_requester(entry.ticket, person, actor=actor)
