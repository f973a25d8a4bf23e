"""The closing notice: the requester is told that a request counts as solved, and how to say that it is not (P28.4)."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.duties.notices.letters import (
    answers_to,
    desk_of,
    main_address,
    said_of,
    spoken_to,
    subject_of,
    thread_of,
    ticket_of,
    way_back,
)
from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of, data_of, person_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.letter import bare_subject
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.records.tickets.models import Entry, Status, Ticket

# A reply that has just gone out says it itself.
SAID_BY_REPLY = timedelta(minutes=5)
ONCE_IN = timedelta(hours=24)


def tell_of_solution(event: Event) -> None:
    """Somebody marked it as solved without a reply: the requester is told, at most once a day.

    Closing is silent (P13.4); so are rules and imports (P28.5), and teams that send no acknowledgement either.
    """
    data, ticket = data_of(event), ticket_of(event)
    is_news = data["after"].get("state") == Status.Kind.RESOLVED and ticket.state == Status.Kind.RESOLVED
    if not is_news or not ticket.team.acknowledges or not _is_told_by_hand(event, ticket):
        return
    desk, address = desk_of(ticket), main_address(ticket.requester)
    if desk is None or not address or _knows_already(ticket):
        return
    thread = thread_of(ticket)
    # Never a note, though a ticket may begin with one: what answers a note stays at the desk.
    last = (
        Entry.objects.filter(ticket=ticket, is_public=True).order_by("-seq").values_list("id", flat=True).first() or 0
    )
    with spoken_to(ticket.requester, ticket.team, desk.language):
        text = _words(ticket, desk.name)
    outbox.queue(
        Outgoing(
            from_=(desk.name, desk.address),
            to=[(ticket.requester.name, address)],
            subject=subject_of(ticket, f"Re: {bare_subject(ticket.subject)}"),
            text=text,
            html=html_of_text(text),
            # An answer to it is the requester's answer, as one to an acknowledgement is.
            message_id=message_id_for(
                "acknowledgement", ticket.number, last, 0, tokens.ring(), settings.HAUSPOST.mail_domain
            ),
            date=clock.now(),
            in_reply_to=thread[-1] if thread else "",
            references=thread,
            headers=automatic_headers("auto-generated"),
            reply_to=answers_to(desk, ticket, last),
        ),
        kind=OutgoingMail.Kind.NOTICE,
        stream=ticket.stream,
        about=ticket.number,
        entry=last,
        envelope_from=desk.address,
        recipients=[(address, str(ticket.requester.uid))],
        account=desk.account,
    )


def _is_told_by_hand(event: Event, ticket: Ticket) -> bool:
    doer = person_of(event)
    return bool(doer) and doer != str(ticket.requester.uid) and actor_of(event).get("via") != "import"


def _knows_already(ticket: Ticket) -> bool:
    """Did a reply just say it, or was it said today? "Thanks!" opens a ticket again, and somebody solves it again."""
    moment = clock.now()
    replies = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.REPLY, is_public=True, taken_back_at__isnull=True)
    if replies.filter(created_at__gt=moment - SAID_BY_REPLY).exists():
        return True
    return OutgoingMail.objects.filter(
        kind=OutgoingMail.Kind.NOTICE,
        about=ticket.number,
        person_uid=str(ticket.requester.uid),
        created_at__gt=moment - ONCE_IN,
    ).exists()


def _words(ticket: Ticket, desk: str) -> str:
    lines = [
        _("Hello,"),
        _("we think that your request #%(number)s is solved.") % {"number": ticket.number},
        _("If it is not, simply answer this mail: the ticket is then open again."),
    ]
    way = way_back(ticket, [str(ticket.requester.uid)])
    if way is not None:
        lines.append(said_of(way))
    lines.append(_("Kind regards") + "\n" + desk)
    return "\n\n".join(lines) + "\n"
