"""A mailbox is set to another mail server: what waits under its address does not wait for the old one (P31.3)."""

from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.ground.receiving import post_office


def server(port: int) -> MailAccount:
    about = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "user": "it", "password": "pw"}
    return people.add_mail_account(name=f"at {port}", actor=SYSTEM, **about)  # type: ignore[arg-type]


def test_mail_that_waits_leaves_by_what_its_mailbox_says_now(desk: Desk) -> None:
    """P31.3: replies and automatic answers alike; what was given up is tried again there, not here."""
    box = Mailbox.objects.get(address__address=desk.address("it"))
    with post_office(password="pw") as office:
        broken, good = server(1), server(office.port)
        people.change_mailbox(box, sends_by=broken, actor=SYSTEM)
        other = Mailbox.objects.get(address__address=desk.address("hr"))
        people.change_mailbox(other, sends_by=broken, actor=SYSTEM)
        ticket = desk.ticket("petra")
        tickets.reply(ticket, Writing(text="Hello"), actor=desk.actor("anna"))
        desk.ticket("petra", to="hr")
        desk.works()
        with desk.later(minutes=2):
            outbox.send_due()
            waiting = {one.id for one in desk.sent() if one.account_id == broken.pk and one.about == ticket.number}
            assert {one.kind for one in desk.sent() if one.id in waiting} >= {"acknowledgement", "reply"}
            given_up = max(waiting)
            OutgoingMail.objects.filter(id=given_up).update(state="failed", next_try_at=None)

            people.change_mailbox(box, sends_by=good, actor=SYSTEM)
            desk.works()
            outbox.send_due()
            states = {one.id: one.state for one in desk.sent() if one.id in waiting}
            assert {state for number, state in states.items() if number != given_up} == {"sent"}
            assert {one.account_id for one in desk.sent() if one.id in waiting} == {good.pk}
            # Another mailbox that still sends by the broken one is not touched.
            assert [one.state for one in desk.sent("acknowledgement") if one.account_id == broken.pk] == ["queued"]
