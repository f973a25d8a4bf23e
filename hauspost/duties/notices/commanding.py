"""Answering an agent who works by mail: what was done of the commands, or why the mail was held (P29.1, P29.3)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.duties.notices.letters import desk_of, main_address, page_of, spoken_to, subject_of
from hauspost.ground import clock, tokens
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket

# Whoever writes as an agent a hundred times an hour does not fill that agent's mailbox.
MOST_HELD_AN_HOUR = 5


class Done(Protocol):
    """What became of one command."""

    @property
    def line(self) -> str:
        """As it was written."""

    @property
    def is_done(self) -> bool: ...

    @property
    def words(self) -> str:
        """What was done, or why not."""


def answer_commands(ticket: Ticket, agent: Person, outcomes: Sequence[Done], in_reply_to: str) -> None:
    """Tell an agent what was done of each command, and what not and why; in the caller's transaction."""
    with spoken_to(agent, ticket.team):
        lines = [f"{'✓' if one.is_done else '✗'} {one.line}: {one.words}" for one in outcomes]
        undone = sum(not one.is_done for one in outcomes)
        head = _("Not everything was done") if undone else _("Done")
        text = "\n".join(lines)
        _send(ticket, agent, head, text, in_reply_to)


def answer_held(
    ticket: Ticket, agent: Person, reason: str, in_reply_to: str, *, entry: int, is_proven: bool = False
) -> None:
    """Tell an agent that a mail under their name was not sent on, and what to do (P29.1).

    A few times an hour at most where it is not proven that the mail is theirs. It carries nothing of that mail:
    somebody else may have written it (S7, S10).
    """
    recent = OutgoingMail.objects.filter(
        person_uid=str(agent.uid), created_at__gt=clock.now() - timedelta(hours=1), envelope_from="", entry__gt=0
    )
    if not is_proven and recent.count() >= MOST_HELD_AN_HOUR:
        return
    with spoken_to(agent, ticket.team):
        text = "\n\n".join(
            [
                _("A mail in your name reached this ticket and was held: nobody but the desk sees it."),
                reason,
                _("Look at it in the ticket, and release it there if it is yours."),
            ]
        )
        _send(ticket, agent, _("Your mail was held"), text, in_reply_to, entry=entry)


def _send(ticket: Ticket, agent: Person, head: str, text: str, in_reply_to: str, *, entry: int = 0) -> None:
    desk, address = desk_of(ticket), main_address(agent)
    if desk is None or not address:
        return
    body = f"{head}\n\n#{ticket.number} {ticket.subject}\n\n{text}\n\n{page_of(ticket, at_desk=True)}\n"
    outbox.queue(
        Outgoing(
            from_=(desk.name, desk.address),
            to=[(agent.name, address)],
            subject=subject_of(ticket, f"{head}: {ticket.subject}"),
            text=body,
            html=html_of_text(body),
            # Whatever answers this stays internal: the requester never saw it (P6.2). It has no signed address to
            # answer to, so that this holds where a mail program drops the id, too.
            message_id=message_id_for(
                "note", ticket.number, entry, agent.id, tokens.ring(), settings.HAUSPOST.mail_domain
            ),
            date=clock.now(),
            in_reply_to=in_reply_to,
            references=[in_reply_to] if in_reply_to else [],
            headers=automatic_headers("auto-replied"),
        ),
        kind=OutgoingMail.Kind.NOTICE,
        stream=ticket.stream,
        about=ticket.number,
        entry=entry,
        envelope_from="",
        recipients=[(address, str(agent.uid))],
        account=desk.account,
    )
