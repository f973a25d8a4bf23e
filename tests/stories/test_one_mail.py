"""The main job: a mail becomes an answered ticket."""

import pytest

from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

pytestmark = pytest.mark.django_db


def test_a_mail_becomes_a_ticket_and_is_acknowledged(desk: Desk) -> None:
    ticket = desk.ticket("petra", subject="Etikettendrucker druckt nur leere Etiketten")

    assert ticket.requester == desk.person("petra")
    assert ticket.team == desk.team("it")
    assert ticket.state == "new"
    [acknowledgement] = desk.sent("acknowledgement")
    assert f"[#{ticket.number}]".encode() in bytes(acknowledgement.raw or b"")


def test_an_answer_joins_its_ticket(desk: Desk) -> None:
    ticket = desk.ticket("petra", subject="Drucker", message_id="first@mail.example")
    entry = tickets.reply(ticket, Writing(text="Bitte öffnen Sie die Klappe."), actor=desk.actor("anna"))
    with desk.later(seconds=11):
        desk.works()
        entry.refresh_from_db()
        [reply] = desk.sent("reply")
        assert entry.outgoing == reply.id

        answer = desk.letter("petra", subject="Re: Drucker", headers={"In-Reply-To": f"<{entry.message_id}>"})
        delivery = desk.receives(answer)

    assert (delivery.disposition, delivery.ticket) == ("answer", ticket.number)
    kinds = list(Entry.objects.filter(ticket=ticket).order_by("seq").values_list("kind", "is_from_desk"))
    assert kinds == [("request", False), ("reply", True), ("request", False)]
