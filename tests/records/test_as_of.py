"""The ticket as of any moment, read back from its record."""

from datetime import timedelta

from hauspost.ground import clock
from hauspost.records.tickets import actions
from hauspost.records.tickets.as_of import as_of
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk


def test_the_ticket_stands_as_it_stood(desk: Desk) -> None:
    """Fields, subject, entries, tags and followers of the moment, whatever came later."""
    before = clock.now()
    with desk.later(minutes=10):
        ticket = desk.ticket("petra", subject="Drucker klemmt")
    with desk.later(minutes=20):
        actions.assign(ticket, desk.person("deniz"), actor=desk.actor("deniz"))
        actions.tag(ticket, "drucker", actor=desk.actor("deniz"))
        actions.note(ticket, Writing(text="Ersatzteil bestellt."), actor=desk.actor("deniz"))
    with desk.later(hours=2):
        actions.change_subject(ticket, "Papierstau am Tor 3", actor=desk.actor("deniz"))
        actions.untag(ticket, "drucker", actor=desk.actor("deniz"))
        actions.add_participant(ticket, desk.person("marta"), actor=desk.actor("deniz"))
        actions.set_status(ticket, status_of("resolved"), actor=desk.actor("deniz"))

    assert not as_of(ticket, before).is_there
    opened = as_of(ticket, before + timedelta(minutes=15))
    assert (opened.fields["state"], opened.fields["assignee"], opened.subject) == ("new", None, "Drucker klemmt")
    assert [entry.is_public for entry in opened.entries] == [True]
    worked = as_of(ticket, before + timedelta(hours=1))
    assert (worked.fields["state"], worked.fields["assignee"]) == ("open", str(desk.person("deniz").uid))
    assert (worked.tags, worked.people, worked.subject) == (["drucker"], [], "Drucker klemmt")
    assert [entry.is_public for entry in worked.entries] == [True, False]
    done = as_of(ticket, before + timedelta(hours=3))
    assert (done.fields["state"], done.subject, done.tags) == ("resolved", "Papierstau am Tor 3", [])
    assert done.people == [(str(desk.person("marta").uid), True)]


def test_a_mail_that_was_held_then_is_shown_as_held(desk: Desk) -> None:
    """S8: what was released later had not been seen by the requester yet."""
    first = desk.receives(desk.letter("petra", headers={"Cc": desk.address("marta")}, message_id="first@mail.example"))
    ticket = Ticket.objects.get(number=first.ticket)
    desk.receives(desk.letter("marta", subject="Re: Printer stuck", headers={"In-Reply-To": "<first@mail.example>"}))
    entry = ticket.entries.get(held_because="unconfirmed")
    moment = clock.now()
    with desk.later(minutes=5):
        actions.release(entry, actor=desk.actor("deniz"))
    then = as_of(ticket, moment)
    assert [one.is_held for one in then.entries if one.seq == entry.seq] == [True]
    assert [one.is_public for one in as_of(ticket, moment + timedelta(hours=1)).entries if one.seq == entry.seq] == [
        True
    ]


def test_a_reply_that_was_taken_back_never_was(desk: Desk) -> None:
    """P6.4."""
    ticket = desk.ticket("petra")
    entry = actions.reply(ticket, Writing(text="Falsch."), actor=desk.actor("deniz"))
    actions.take_back(entry, actor=desk.actor("deniz"))
    assert [one.seq for one in as_of(ticket, clock.now() + timedelta(minutes=1)).entries] == [1]
