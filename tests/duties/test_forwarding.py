"""An agent passes on a mail from the own inbox: the ticket is its real sender's (P30)."""

import io
from email.message import EmailMessage
from unittest.mock import patch
from zipfile import ZipFile

import pytest

from hauspost.duties.privacy import erasure
from hauspost.duties.privacy.export import export
from hauspost.ground.history.verification import verify
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.models import Membership, Person
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Entry, Ticket
from tests.desk import Desk
from tests.doors.browsing import browser, words

MAX = "max.meier@supplier.example"
OUTLOOK = f"""{{above}}

Von: Max Meier <{MAX}>
Gesendet: Montag, 23. November 2026 14:05
An: Anna Weiß <anna.weiss@lindner.example>
Cc: Marta Nowak <marta.nowak@lindner.example>
Betreff: Rampe 4 klemmt

Guten Tag,

die Rampe an Tor 4 klemmt seit heute früh.

Max Meier
"""


def passes_on(
    desk: Desk, who: str = "anna", above: str = "Bitte übernehmen, er braucht es bis Freitag.", **about: object
):  # type: ignore[no-untyped-def]
    raw = desk.letter(who, subject="WG: Rampe 4 klemmt", text=OUTLOOK.format(above=above))
    return desk.receives(raw, **about)  # type: ignore[arg-type]


def test_the_ticket_is_the_real_senders_and_the_words_above_are_a_note(desk: Desk) -> None:
    """P30.1"""
    delivery = passes_on(desk)
    ticket = Ticket.objects.get(number=delivery.ticket)
    assert (ticket.subject, ticket.requester.name) == ("Rampe 4 klemmt", "Max Meier")
    first, note = Entry.objects.filter(ticket=ticket).order_by("seq")
    assert (first.author, first.kind, first.is_public) == (ticket.requester, "request", True)
    assert "klemmt seit heute früh" in first.text and "Bitte übernehmen" not in first.text + first.html
    assert (note.author, note.kind, note.text) == (
        desk.person("anna"),
        "note",
        "Bitte übernehmen, er braucht es bis Freitag.",
    )
    assert [row.person for row in ticket.participants.all()] == [desk.person("marta")]
    assert not ticket.participants.get().is_confirmed


@pytest.mark.parametrize(("zone", "shown"), [("", "14:05"), ("Europe/Lisbon", "15:05")])
def test_a_date_that_outlook_wrote_without_its_zone_is_shown_as_it_was_written(
    desk: Desk, zone: str, shown: str
) -> None:
    """P30.1: in the zone of whoever passed the mail on, also where their server dates it in UTC."""
    Person.objects.filter(id=desk.person("anna").id).update(time_zone=zone)
    raw = desk.letter(
        "anna",
        subject="WG: Rampe 4 klemmt",
        text=OUTLOOK.format(above="Bitte übernehmen."),
        headers={"Date": "Mon, 23 Nov 2026 14:00:00 +0000"},
    )
    number = desk.receives(raw).ticket
    page = words(browser(desk, "deniz").get(f"/desk/tickets/{number}").text)
    assert f"Forwarded by Anna Weiss, sent on 23 Nov 2026, {shown}" in page


def test_the_acknowledgement_goes_to_the_real_sender(desk: Desk) -> None:
    """P30.4"""
    passes_on(desk)
    assert [one.recipients.get().address for one in desk.sent("acknowledgement")] == [MAX]


def test_the_teams_dispatchers_hear_of_a_mail_that_a_colleague_passed_on_and_the_colleague_does_not(desk: Desk) -> None:
    """P30.1, P28.2: like of any other new ticket."""
    for who in ("anna", "jonas"):
        before = len(desk.sent("notice"))
        passes_on(desk, who)
        told = {one.recipients.get().person_uid for one in desk.sent("notice")[before:]}
        dispatchers = Membership.objects.filter(team__key="it", role__in=("dispatcher", "lead"))
        expected = {str(row.person.uid) for row in dispatchers} - {str(desk.person(who).uid)}
        assert told == expected and told


@pytest.mark.parametrize("first_line", ["@self", "@selbst bitte", "#self"])
def test_a_first_line_makes_it_the_agents_own(desk: Desk, first_line: str) -> None:
    """P30.4"""
    delivery = passes_on(desk, above=f"{first_line}\nMein Fall.")
    assert Ticket.objects.get(number=delivery.ticket).requester == desk.person("anna")


def test_an_agent_may_switch_it_off(desk: Desk) -> None:
    """P30.4: on the own page."""
    anna = browser(desk, "anna")
    anna.post("/desk/menu", {"language": "de", "time_zone": "", "forwards_for_others": "no"})
    assert Ticket.objects.get(number=passes_on(desk).ticket).requester == desk.person("anna")


@pytest.mark.parametrize("who", ["petra", "pawel"])
def test_whoever_is_no_agent_there_stays_the_requester(desk: Desk, who: str) -> None:
    """P30.2: addresses in the text are never taken; an agent of another team is an employee here."""
    ticket = Ticket.objects.get(number=passes_on(desk, who).ticket)
    assert ticket.requester == desk.person(who)
    assert not Person.objects.filter(addresses__address=MAX).exists()


def test_a_forged_agent_passes_on_nothing(desk: Desk) -> None:
    """S7, P30.1"""
    assert Ticket.objects.get(number=passes_on(desk, trusted=False).ticket).requester == desk.person("anna")


def test_a_mail_passed_on_as_a_file_counts_as_well(desk: Desk) -> None:
    """P30.1"""
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = f"Max Meier <{MAX}>", "anna.weiss@lindner.example", "Rampe 4 klemmt"
    inner["Message-ID"] = "<rampe@supplier.example>"
    inner.set_content("Die Rampe klemmt.")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address("anna"), desk.address("it"), "FW: Rampe 4 klemmt"
    mail.set_content("Siehe Anhang.")
    mail.add_attachment(inner)
    delivery = desk.receives(mail.as_bytes())
    ticket = Ticket.objects.get(number=delivery.ticket)
    assert ticket.requester.name == "Max Meier"
    answer = desk.letter(MAX, subject="AW: Rampe", headers={"References": "<rampe@supplier.example>"})
    assert desk.receives(answer).ticket == ticket.number


def test_where_it_is_not_certain_the_agent_is_asked(desk: Desk) -> None:
    """P30.3: the button makes it the sender's ticket."""
    text = f"Kannst du dir das ansehen?\n\nHallo,\nmein Rechner geht nicht.\nGruß Max ({MAX})"
    delivery = desk.receives(desk.letter("anna", subject="WG: Rechner", text=text))
    ticket = Ticket.objects.get(number=delivery.ticket)
    assert ticket.requester == desk.person("anna")
    page = browser(desk, "anna").get(f"/desk/tickets/{ticket.number}").text
    assert f"Set requester to {MAX}" in page
    entry = Entry.objects.get(ticket=ticket)
    browser(desk, "anna").post(f"/desk/tickets/{ticket.number}/entries/{entry.id}/sender")
    assert Ticket.objects.get(number=ticket.number).requester.addresses.get().address == MAX
    assert "Set requester" not in browser(desk, "anna").get(f"/desk/tickets/{ticket.number}").text
    # What the mail told stays as it was sealed.
    entry.refresh_from_db()
    assert entry.evidence["forwarded_hint"] == MAX
    assert verify(KEEPERS).faults == []


def test_only_who_may_change_the_requester_does(desk: Desk) -> None:
    """P30.3, P11"""
    from hauspost.duties.intake.forwarding import give_to_sender

    text = f"Siehe unten.\n\nGruß Max ({MAX})"
    entry = Entry.objects.get(id=desk.receives(desk.letter("anna", subject="WG: Rechner", text=text)).entry)
    for who, refusal in (("lena", NotAllowed), ("pawel", NotFound), ("petra", NotFound)):
        with pytest.raises(refusal):
            give_to_sender(entry, actor=desk.actor(who))


def erased(desk: Desk, person: Person) -> list[str]:
    # VACUUM is refused inside a transaction.
    with patch("hauspost.ground.db.clear_deleted"):
        return erasure.erase(person, actor=desk.actor("karim"))


def test_who_passed_it_on_is_told_until_erased(desk: Desk) -> None:
    """P30, P41.2: the name stands with the person only."""
    delivery = passes_on(desk)
    page = f"/desk/tickets/{delivery.ticket}"
    assert "Forwarded by Anna Weiss" in words(browser(desk, "deniz").get(page).text)
    anna = desk.person("anna")
    erased(desk, anna)
    assert "Anna Weiss" not in str(list(Entry.objects.values_list("evidence", flat=True)))
    assert "Forwarded by …" in words(browser(desk, "deniz").get(page).text)
    assert verify(KEEPERS).faults == []


def test_the_address_behind_a_passed_on_mail_is_erased_with_its_person(desk: Desk) -> None:
    """P41.2: also where an agent was only asked whether it is theirs; the record declares what went."""
    desk.ticket(MAX)
    text = f"Kannst du dir das ansehen?\n\nHallo,\nmein Rechner geht nicht.\nGruß ({MAX})"
    entry = Entry.objects.get(id=desk.receives(desk.letter("anna", subject="WG: Rechner", text=text)).entry)
    told = entry.evidence | {"signature": {"signer_address": MAX, "issuer": f"CN={MAX}"}}
    Entry.objects.filter(id=entry.id).update(evidence=told)
    left = erased(desk, Person.objects.get(addresses__address=MAX))
    entry.refresh_from_db()
    assert entry.evidence["forwarded_hint"] == "" and entry.evidence["signature"]["signer_address"] == ""
    # What stands amid others' words stays, and is named.
    assert MAX in entry.evidence["signature"]["issuer"]
    assert f"#{entry.ticket_id}, entry 1: names the person" in left
    assert verify(KEEPERS).faults == []


@pytest.mark.parametrize("found", [{}, {"dmarc": "pass", "by": "mx"}])
def test_what_proved_a_mail_stands_in_the_record(desk: Desk, found: dict[str, str]) -> None:
    """P39: neither what was found nor that nothing was found can be altered later."""
    entry = Entry.objects.get(ticket=desk.ticket("petra"))
    other = Entry.objects.get(ticket=passes_on(desk).ticket, seq=1)
    assert verify(KEEPERS).faults == []
    Entry.objects.filter(id__in=[entry.id, other.id]).update(evidence=found)
    assert [fault.what[:20] for fault in verify(KEEPERS).faults] == ["evidence was altered"] * 2


def test_erasing_the_real_sender_takes_the_agents_mail_too(desk: Desk) -> None:
    """P41.2: its bytes, its subject, and what the ledger says of it."""
    delivery = passes_on(desk)
    ticket = Ticket.objects.get(number=delivery.ticket)
    assert erasure.preview(ticket.requester).mails_in == 1
    erased(desk, ticket.requester)
    delivery.refresh_from_db()
    assert (delivery.raw, delivery.blob, delivery.subject) == (None, "", "")
    assert MAX not in delivery.detail


def test_the_ledger_names_no_address_of_what_was_passed_on(desk: Desk) -> None:
    """P41.2"""
    assert MAX not in passes_on(desk).detail


@pytest.mark.parametrize("whose", ["anna", "Max Meier"])
def test_nobodys_export_holds_what_was_passed_on(desk: Desk, whose: str) -> None:
    """P41.3: it holds somebody else's mail, and an agent's words above it."""
    desk.receives(desk.letter("anna", subject="Eigenes"))
    passes_on(desk)
    person = desk.person("anna") if whose == "anna" else Person.objects.get(name=whose)
    target = io.BytesIO()
    export(person, target, actor=desk.actor("karim"))
    with ZipFile(target) as archive:
        mails = [archive.read(name) for name in archive.namelist() if name.startswith("mails/")]
    assert len(mails) == (1 if whose == "anna" else 0)
    assert not any(b"Rampe" in mail for mail in mails)
