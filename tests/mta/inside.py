"""Run in a process of its own beside a running Hauspost: acts as an agent, and looks things up; a line of JSON each."""

from typing import Any

from tests.mta.talking import answer


def found() -> None:
    """The company with its cast, and an intake address in a domain that belongs to the desk alone."""
    from django.core.management import call_command

    from hauspost.records.people.actions import add_mailbox
    from hauspost.records.people.actor import SYSTEM
    from tests.desk import Desk

    call_command("migrate", verbosity=0)
    desk = Desk.opened()
    add_mailbox("help@hilfe.lindner.example", desk.team("it"), name="IT", actor=SYSTEM)


def deliveries(message_id: str) -> list[dict[str, Any]]:
    """What became of a mail, for each of its recipients."""
    import hashlib

    from hauspost.duties.intake.models import Delivery
    from hauspost.records.tickets.models import Entry

    rows = Delivery.objects.filter(message_id_hash=hashlib.sha256(message_id.encode()).digest()[:16]).order_by("id")
    return [
        {
            "recipient": row.recipient,
            "sender": row.mail_from,
            "via": row.via,
            "disposition": row.disposition,
            "ticket": row.ticket,
            "proof": Entry.objects.filter(id=row.entry).values_list("proof", flat=True).first(),
        }
        for row in rows
        if row.disposed_at
    ]


def addresses(ticket: int) -> list[str]:
    """Addresses that we sign: where an answer goes, and where a bounce goes."""
    from hauspost.ground import tokens
    from hauspost.ground.mail.addresses import plus_address, verp

    ring = tokens.ring()
    return [plus_address("it@lindner.example", ticket, 1, ring), verp("it@lindner.example", 7, ring)]


def reply(ticket: int, text: str) -> str:
    """Anna answers; the Message-ID of what she wrote."""
    from hauspost.records.people.actions import person_by
    from hauspost.records.people.actor import Actor, Proof
    from hauspost.records.tickets import actions as tickets
    from hauspost.records.tickets.models import Ticket
    from hauspost.records.tickets.writing import Writing
    from tests import world

    anna = Actor(who=person_by(world.ANNA.address), proof=Proof.SESSION)
    return str(tickets.reply(Ticket.objects.get(number=ticket), Writing(text=text), actor=anna).id)


def reached(entry: str) -> list[list[Any]]:
    """How far a reply has come: its recipients and their states."""
    from hauspost.ground.mail.models import OutgoingRecipient

    rows = OutgoingRecipient.objects.filter(mail__entry=int(entry), mail__kind="reply")
    return [list(row) for row in rows.values_list("address", "state")]


if __name__ == "__main__":
    answer(found, deliveries, addresses, reply, reached)
