"""The acknowledgement: the requester's request has arrived, and this is its number."""

from datetime import timedelta

from django.utils.translation import gettext as _

from hauspost.duties.notices.house import Message, tell_administrators
from hauspost.duties.notices.letters import (
    answers_to,
    desk_of,
    main_address,
    said_of,
    spoken_to,
    subject_of,
    ticket_of,
    way_back,
)
from hauspost.ground import clock, hot, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.actor import Proof
from hauspost.records.tickets.models import Entry, Ticket

_FIRST_ENTRY = hot.Question(lambda ticket: Entry.objects.filter(ticket=ticket, seq=1).only("id", "message_id", "proof"))
# By person: SQLite would rather go through all acknowledgements of the day, were it asked for their kind.
_MAILS_TO = hot.Question(
    lambda person, since: OutgoingMail.objects.filter(person_uid=person, created_at__gt=since).values_list(
        "about", "kind"
    )
)
_CAME_TO = hot.Question(
    lambda number, address: Ticket.objects.filter(number=number, intake_address=address).values_list("number")
)
NEVER = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce")
ONCE_IN = timedelta(hours=24)
# S10: so many acknowledgements an hour, and unproven senders get none.
MOST_AN_HOUR = 500
BREAKER = "mail.breaker"
PROVEN = (Proof.TRUSTED_RELAY, Proof.AUTHENTICATED_MAIL, Proof.SESSION, Proof.TOKEN)


def acknowledge(event: Event) -> None:
    """Tell the requester that the request has arrived; never a machine, and one sender once a day (P7.2, P7.3)."""
    if not data_of(event).get("acknowledge"):
        return
    ticket = ticket_of(event)
    desk, address = desk_of(ticket), main_address(ticket.requester)
    if desk is None or not address or not ticket.team.acknowledges or address.startswith(NEVER):
        return
    if ticket.channel == "mail" and _was_acknowledged(ticket):
        return
    entry = _FIRST_ENTRY.first(ticket)
    assert entry is not None
    is_proven = entry.proof in PROVEN
    if not is_proven and _is_too_much():
        return
    with spoken_to(ticket.requester, ticket.team, desk.language):
        subject, text = _words(ticket, desk.name, is_proven)
    outbox.queue(
        Outgoing(
            from_=(desk.name, desk.address),
            to=[(ticket.requester.name if is_proven else "", address)],
            subject=subject_of(ticket, subject),
            text=text,
            html=html_of_text(text),
            message_id=outbox_id(ticket, entry.id),
            date=clock.now(),
            in_reply_to=entry.message_id,
            references=[entry.message_id] if entry.message_id else [],
            headers=automatic_headers("auto-replied"),
            reply_to=answers_to(desk, ticket, entry.id),
        ),
        kind="acknowledgement",
        stream=ticket.stream,
        about=ticket.number,
        entry=entry.id,
        # RFC 3834 section 3.3: nothing answers an automatic answer.
        envelope_from="",
        recipients=[(address, str(ticket.requester.uid))],
        account=desk.account,
    )


def _is_too_much() -> bool:
    """Has the desk acknowledged so much within an hour that it may be misused to flood somebody (S10)?

    Then whoever is not proven hears nothing until the hour is over, and administrators are told.
    """
    moment = clock.now()
    recent = OutgoingMail.objects.filter(kind="acknowledgement", created_at__gt=moment - timedelta(hours=1))
    if len(recent.values_list("id")[:MOST_AN_HOUR]) < MOST_AN_HOUR:
        return False
    tell_administrators(BREAKER, _too_much, moment=moment, again_after=timedelta(hours=1))
    return True


def _too_much() -> Message:
    return Message(
        _("Acknowledgements are paused"),
        [
            _("In the last hour %(count)s were sent. Somebody may misuse the desk to flood others with them.")
            % {"count": MOST_AN_HOUR},
            _("Senders whom no mail server confirms get none until it is less. Tickets are opened as ever."),
        ],
        "/desk/mailroom",
    )


def outbox_id(ticket: Ticket, entry_id: int) -> str:
    """A signed Message-ID for an acknowledgement."""
    from django.conf import settings

    return message_id_for("acknowledgement", ticket.number, entry_id, 0, tokens.ring(), settings.HAUSPOST.mail_domain)


def _words(ticket: Ticket, desk: str, is_proven: bool) -> tuple[str, str]:
    """Subject and text. Whoever is not proven gets none of the mail's own words back (S10)."""
    subject = f"Re: {ticket.subject}" if is_proven and ticket.subject else _("Your request")
    lines = [
        _("Hello,"),
        _("your request has arrived and has the number #%(number)s.") % {"number": ticket.number},
        _("You can simply answer this mail if you want to add something."),
    ]
    way = way_back(ticket, [str(ticket.requester.uid)], is_proven=is_proven)
    if way is not None:
        lines.append(said_of(way))
    lines.append(_("Kind regards") + "\n" + desk)
    return subject, "\n\n".join(lines) + "\n"


def _was_acknowledged(ticket: Ticket) -> bool:
    """Did this sender get one from this intake address within a day?"""
    sent = _MAILS_TO.all(str(ticket.requester.uid), clock.now() - ONCE_IN)
    numbers = {about for about, kind in sent if kind == OutgoingMail.Kind.ACKNOWLEDGEMENT}
    return any(_CAME_TO.is_true(number, ticket.intake_address) for number in numbers)
