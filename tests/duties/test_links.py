"""Which mails carry a person-bound link, and that nobody else ever gets one (S12)."""

import re
from email import message_from_bytes, policy

import pytest

from hauspost.ground import clock
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Address, LinkToken, Person, Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

LINK = re.compile(r"/t/([a-z2-7]{32})")


def said(mail: OutgoingMail) -> str:
    """A mail's readable text."""
    letter = message_from_bytes(mail.letter(), policy=policy.default)
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def links_in(mail: OutgoingMail) -> set[str]:
    """The tokens in a mail, in any of its parts."""
    letter = message_from_bytes(mail.letter(), policy=policy.default)
    parts = [str(part.get_content()) for part in letter.walk() if part.get_content_maintype() == "text"]
    return set(LINK.findall("\n".join([*parts, *(str(value) for value in letter.values())])))


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return desk.ticket("petra")


def test_the_acknowledgement_carries_a_link_of_its_requester(desk: Desk, ticket: Ticket) -> None:
    (mail,) = desk.sent("acknowledgement")
    (token,) = links_in(mail)
    link = people.ticket_link(token)
    assert link is not None
    assert (link.person, link.ticket) == (desk.person("petra"), ticket.number)
    assert link.expires_at - clock.now() <= people.TICKET_LINK_LIVES


def test_a_token_is_stored_as_its_hash_alone(desk: Desk, ticket: Ticket) -> None:
    (token,) = links_in(desk.sent("acknowledgement")[0])
    row = LinkToken.objects.get(purpose=LinkToken.Purpose.TICKET)
    assert token not in "".join(map(str, LinkToken.objects.values_list().get(id=row.id)))
    assert people.ticket_link(row.token_hash) is None


def test_a_reply_to_the_requester_alone_carries_one_below_its_text(desk: Desk, ticket: Ticket) -> None:
    entry = actions.reply(ticket, Writing(text="Turn the ribbon."), actor=desk.actor("anna"))
    desk.works()
    (mail,) = desk.sent("reply")
    (token,) = links_in(mail)
    assert said(mail).startswith("Turn the ribbon.\n\n-- \n")
    assert token not in links_in(desk.sent("acknowledgement")[0])
    entry.refresh_from_db()
    # The desk, which reads the entry, never meets the token.
    assert "/t/" not in entry.text + entry.html


def test_a_mail_to_several_leads_to_the_page_that_asks_to_sign_in(desk: Desk, ticket: Ticket) -> None:
    actions.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"))
    actions.reply(ticket, Writing(text="For both of you."), actor=desk.actor("anna"))
    desk.works()
    (mail,) = desk.sent("reply")
    assert links_in(mail) == set()
    assert f"/my-tickets/{ticket.number}" in said(mail)


def test_a_participant_who_is_written_to_alone_gets_no_link(desk: Desk, ticket: Ticket) -> None:
    actions.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"))
    actions.reply(ticket, Writing(text="Only you."), actor=desk.actor("anna"), to=[desk.address("marta")])
    desk.works()
    assert links_in(desk.sent("reply")[0]) == set()


def test_no_link_goes_to_an_address_that_others_read(desk: Desk, ticket: Ticket) -> None:
    Address.objects.filter(person=desk.person("petra")).update(kind=Address.Kind.SHARED)
    actions.reply(ticket, Writing(text="Turn the ribbon."), actor=desk.actor("anna"))
    desk.works()
    assert links_in(desk.sent("reply")[0]) == set()


def test_who_is_from_outside_gets_neither_link_nor_page(desk: Desk, ticket: Ticket) -> None:
    """S9."""
    Person.objects.filter(id=desk.person("petra").id).update(is_external=True)
    actions.reply(ticket, Writing(text="Turn the ribbon."), actor=desk.actor("anna"))
    desk.works()
    assert said(desk.sent("reply")[0]).strip() == "Turn the ribbon."


def test_an_unproven_mail_is_not_answered_with_a_link(desk: Desk) -> None:
    """S10: its words could be anybody's."""
    desk.receives(desk.letter("petra"), trusted=False)
    (mail,) = desk.sent("acknowledgement")
    assert links_in(mail) == set()


def test_no_notice_to_the_desk_carries_a_link(desk: Desk, ticket: Ticket) -> None:
    actions.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    actions.note(ticket, Writing(text="A note"), actor=desk.actor("deniz"))
    actions.reply(ticket, Writing(text="Turn the ribbon."), actor=desk.actor("anna"))
    with desk.later(seconds=20):
        desk.works()
        text = said(desk.sent("reply")[0])
        quoted = "Thanks!\n\n" + "\n".join(f"> {line}" for line in text.splitlines())
        desk.receives(desk.letter("petra", subject=f"Re: Printer stuck [#{ticket.number}]", text=quoted))
    assert desk.sent("notice")
    assert [mail.id for mail in desk.sent("notice") if links_in(mail)] == []


def test_an_answer_that_quotes_our_mail_brings_no_link_into_the_ticket(desk: Desk, ticket: Ticket) -> None:
    """S12: whoever joins later, and the desk, would act as the requester. The mail itself stays as it came."""
    text = said(desk.sent("acknowledgement")[0])
    (token,) = LINK.findall(text)
    wrapped = f"https://filter.example/?url=https%3A%2F%2Fhelp.example%2Ft%2F{token}&x=1"
    quoted = "Thanks!\n\n" + "\n".join(f"> {line}" for line in text.splitlines()) + f"\n{wrapped}"
    delivery = desk.receives(desk.letter("petra", subject=f"Re: x [#{ticket.number}]", text=quoted))
    entry = ticket.entries.get(delivery=delivery.id)
    assert token not in entry.text + entry.html + entry.quoted_html
    assert "/t/…" in entry.text


@pytest.mark.parametrize("token", ["", " ", "guessed", "a" * 32, "A" * 32, "0" * 64])
def test_what_is_no_token_opens_nothing(desk: Desk, ticket: Ticket, token: str) -> None:
    assert people.ticket_link(token) is None


def test_a_first_administrators_link_is_no_tickets_link(desk: Desk) -> None:
    """S12: another purpose never matches."""
    Person.objects.update(is_administrator=False)
    address = people.first_administrator_link()
    assert address is not None
    assert people.ticket_link(address.rpartition("/")[2]) is None


def test_links_end_with_their_person_and_when_they_are_withdrawn(desk: Desk, ticket: Ticket) -> None:
    """S13."""
    petra = desk.person("petra")
    (token,) = links_in(desk.sent("acknowledgement")[0])
    assert people.count_ticket_links(petra) == 1
    assert people.revoke_ticket_links(petra, actor=desk.actor("petra")) == 1
    assert people.ticket_link(token) is None
    actions.reply(ticket, Writing(text="Turn the ribbon."), actor=desk.actor("anna"))
    desk.works()
    (token,) = links_in(desk.sent("reply")[0])
    people.deactivate(petra, actor=SYSTEM)
    assert people.ticket_link(token) is None


def test_a_new_password_or_address_ends_them(desk: Desk, ticket: Ticket) -> None:
    """S12: whoever may have read the old mails."""
    petra = desk.person("petra")
    changes = (
        lambda: people.set_password(petra, "a long enough one 7", actor=SYSTEM),
        lambda: people.add_address(petra, "petra.new@lindner.example", actor=SYSTEM, is_main=True),
        lambda: people.change_address_kind(petra.addresses.get(is_main=True), "shared", actor=SYSTEM),
    )
    for change in changes:
        people.make_ticket_link(petra, ticket.number)
        change()
        assert people.count_ticket_links(petra) == 0


def test_expired_links_are_forgotten_in_time(desk: Desk, ticket: Ticket) -> None:
    with desk.later(days=15):
        assert people.forget_old_links() == 0
    with desk.later(days=120):
        assert people.forget_old_links() == 1


# The closing notice.


def test_the_requester_is_told_that_it_is_solved(desk: Desk, ticket: Ticket) -> None:
    """P28.4: with the way to say that it is not."""
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    desk.works()
    (mail,) = [one for one in desk.sent("notice") if one.person_uid == str(desk.person("petra").uid)]
    assert f"Ihre Anfrage #{ticket.number}" in said(mail) or f"your request #{ticket.number}" in said(mail)
    assert len(links_in(mail)) == 1
    letter = message_from_bytes(mail.letter(), policy=policy.default)
    assert letter["Auto-Submitted"] == "auto-generated"


def closing_notices(desk: Desk) -> int:
    return sum(one.person_uid == str(desk.person("petra").uid) for one in desk.sent("notice"))


def test_an_answer_to_it_is_the_requesters_and_opens_the_ticket(desk: Desk, ticket: Ticket) -> None:
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    desk.works()
    (mail,) = [one for one in desk.sent("notice") if one.person_uid == str(desk.person("petra").uid)]
    answer = desk.letter("petra", text="No, it is not.", headers={"In-Reply-To": f"<{mail.message_id}>"})
    assert desk.receives(answer).ticket == ticket.number
    ticket.refresh_from_db()
    assert ticket.state == "open"
    assert ticket.entries.latest("seq").is_public


def test_who_just_read_it_in_a_reply_is_not_told_again(desk: Desk, ticket: Ticket) -> None:
    """P28.2."""
    actions.reply(ticket, Writing(text="Done."), actor=desk.actor("anna"))
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    desk.works()
    assert closing_notices(desk) == 0


def test_thanks_and_solved_again_make_no_second_notice(desk: Desk, ticket: Ticket) -> None:
    """P13.4."""
    anna = desk.actor("anna")
    actions.set_status(ticket, status_of("resolved"), actor=anna)
    desk.works()
    actions.add_answer(ticket, Writing(text="Thanks!"), author=desk.person("petra"), actor=desk.actor("petra"))
    actions.set_status(ticket, status_of("resolved"), actor=anna)
    desk.works()
    assert closing_notices(desk) == 1
    with desk.later(days=2):
        actions.reopen(ticket, actor=anna)
        actions.set_status(ticket, status_of("resolved"), actor=anna)
        desk.works()
    assert closing_notices(desk) == 2


@pytest.mark.parametrize("who", ["petra", "system"])
def test_neither_ones_own_confirmation_nor_a_rule_sends_one(desk: Desk, ticket: Ticket, who: str) -> None:
    """P28.2, P28.5."""
    if who == "system":
        actions.set_status(ticket, status_of("resolved"), actor=SYSTEM)
    else:
        actions.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    desk.works()
    assert closing_notices(desk) == 0


def test_a_team_that_sends_no_acknowledgement_sends_no_closing_notice(desk: Desk, ticket: Ticket) -> None:
    Team.objects.filter(key="it").update(acknowledges=False)
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    desk.works()
    assert closing_notices(desk) == 0
