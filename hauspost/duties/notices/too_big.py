"""Telling a sender that a mail was too big for its mailbox: its words arrived, its files did not (P36.1)."""

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.duties.notices.letters import answers_to, desk_of, main_address, spoken_to, subject_of
from hauspost.ground import clock, tokens
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.models import Person
from hauspost.records.tickets.models import Ticket

_MEGABYTE = 1_000_000


def tell_too_big(ticket: Ticket, sender: Person, *, limit_bytes: int, entry: int, in_reply_to: str) -> None:
    """Answer the sender of a mail over its mailbox's limit; none of its words come back (S10). In the transaction."""
    desk, address = desk_of(ticket), main_address(sender)
    if desk is None or not address:
        return
    with spoken_to(sender, ticket.team, desk.language):
        subject = _("Your mail was too big")
        text = "\n\n".join(
            [
                _("Hello,"),
                _("your mail has arrived, but it is bigger than %(size)s MB: we have its text, not its files.")
                % {"size": max(1, limit_bytes // _MEGABYTE)},
                _("Please send smaller files, or several mails. You can simply answer this one."),
                _("Kind regards") + "\n" + desk.name,
            ]
        )
    outbox.queue(
        Outgoing(
            from_=(desk.name, desk.address),
            to=[(sender.name, address)],
            subject=subject_of(ticket, subject),
            text=text + "\n",
            html=html_of_text(text),
            message_id=message_id_for(
                "acknowledgement", ticket.number, entry, 1, tokens.ring(), settings.HAUSPOST.mail_domain
            ),
            date=clock.now(),
            in_reply_to=in_reply_to,
            references=[in_reply_to] if in_reply_to else [],
            headers=automatic_headers("auto-replied"),
            reply_to=answers_to(desk, ticket, entry),
        ),
        kind="acknowledgement",
        stream=ticket.stream,
        about=ticket.number,
        entry=entry,
        # RFC 3834 section 3.3: nothing answers an automatic answer.
        envelope_from="",
        recipients=[(address, str(sender.uid))],
        account=desk.account,
    )
