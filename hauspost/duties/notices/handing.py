"""The letter of a handover: the requester learns once that another team looks after the request (P33.2)."""

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.duties.notices.acknowledging import NEVER, PROVEN
from hauspost.duties.notices.letters import Desk, answers_to, desk_of, main_address, spoken_to, subject_of, ticket_of
from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of, data_of, person_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.records.tickets.models import Entry, Ticket


def tell_requester_of_handover(event: Event) -> None:
    """One letter a ticket, whatever way it goes: at its first handover, when the new team acknowledges requests.

    Nobody is told who got no acknowledgement (machines, mails with codes), who handed it over themselves, or whose
    request went to a confidential team.
    """
    ticket, data = ticket_of(event), data_of(event)
    if "team" not in data["after"] or data["after"]["team"] != ticket.team.key:
        return
    if not ticket.team.acknowledges or ticket.team.is_confidential or actor_of(event).get("via") == "import":
        return
    if person_of(event) == str(ticket.requester.uid) or not _is_the_first(event) or not _was_to_be_acknowledged(event):
        return
    desk, address = desk_of(ticket), main_address(ticket.requester)
    if desk is not None and address and not address.startswith(NEVER):
        _send(ticket, desk, address)


def _is_the_first(event: Event) -> bool:
    return not Event.objects.filter(stream=event.stream_id, kind="ticket.handed", seq__lt=event.seq).exists()


def _was_to_be_acknowledged(event: Event) -> bool:
    opened = Event.objects.filter(stream=event.stream_id, seq=1, kind="ticket.opened").first()
    return opened is not None and bool(data_of(opened).get("acknowledge"))


def _send(ticket: Ticket, desk: Desk, address: str) -> None:
    entry = Entry.objects.filter(ticket=ticket, seq=1).only("id", "message_id", "proof").get()
    # Whoever is not proven gets none of the mail's own words back (S10).
    is_proven = entry.proof in PROVEN
    with spoken_to(ticket.requester, ticket.team, desk.language):
        subject = f"Re: {ticket.subject}" if is_proven and ticket.subject else _("Your request")
        text = _words(ticket, desk)
    outbox.queue(
        Outgoing(
            from_=(desk.name, desk.address),
            to=[(ticket.requester.name if is_proven else "", address)],
            subject=subject_of(ticket, subject),
            text=text,
            html=html_of_text(text),
            message_id=message_id_for(
                "acknowledgement", ticket.number, entry.id, 0, tokens.ring(), settings.HAUSPOST.mail_domain
            ),
            date=clock.now(),
            in_reply_to=entry.message_id,
            references=[entry.message_id] if entry.message_id else [],
            headers=automatic_headers("auto-generated"),
            reply_to=answers_to(desk, ticket, entry.id),
        ),
        # Not an acknowledgement: these are counted a day (P7.3).
        kind=OutgoingMail.Kind.NOTICE,
        stream=ticket.stream,
        about=ticket.number,
        entry=entry.id,
        # RFC 3834 section 3.3: nothing answers an automatic mail.
        envelope_from="",
        recipients=[(address, str(ticket.requester.uid))],
        account=desk.account,
    )


def _words(ticket: Ticket, desk: Desk) -> str:
    lines = [
        _("Hello,"),
        _("team %(team)s looks after your request #%(number)s from now on. You need not do anything.")
        % {"team": ticket.team.name, "number": ticket.number},
        _("You can simply answer this mail if you want to add something."),
        _("Kind regards") + "\n" + desk.name,
    ]
    return "\n\n".join(lines) + "\n"
