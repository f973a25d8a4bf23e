"""Which ticket a mail joins, by evidence, and who may join at all."""

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings as project

from hauspost.duties.intake.models import Delivery
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import plus_address, verp
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Address, Person
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Entry, Link, Participant, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk

STRANGER = "eve@elsewhere.example"


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's ticket, with a colleague in Cc of its first mail, answered by Anna."""
    raw = desk.letter("petra", message_id="first@petra.example", headers={"Cc": desk.address("marta")})
    number = desk.receives(raw).ticket
    assert number is not None
    found = Ticket.objects.get(number=number)
    tickets.assign(found, desk.person("anna"), actor=desk.actor("anna"))
    tickets.reply(found, Writing(text="Have you tried the flap?"), actor=desk.actor("anna"))
    desk.works()
    return Ticket.objects.with_names().get(number=number)


def reply_id(desk: Desk) -> str:
    return desk.sent("reply")[-1].message_id


def noted(desk: Desk, ticket: Ticket, by: str = "jonas") -> Entry:
    """A colleague's note; the assignee is told of it."""
    entry = tickets.note(ticket, Writing(text="The warranty has expired."), actor=desk.actor(by))
    desk.works()
    return entry


def answer(desk: Desk, sender: str = "petra", **about: Any) -> Delivery:
    return desk.receives(
        desk.letter(
            sender,
            subject=about.pop("subject", "Re: Printer stuck"),
            text="It works now.",
            headers=about.pop("headers", {}),
        ),
        **about,
    )


EVIDENCE: dict[str, tuple[str, Callable[[Desk, Ticket], dict[str, Any]]]] = {
    "our reply in In-Reply-To": ("our message id", lambda d, t: {"headers": {"In-Reply-To": f"<{reply_id(d)}>"}}),
    "our reply in References": (
        "our message id",
        lambda d, t: {"headers": {"References": f"<foreign@x.example> <{reply_id(d).upper()}>"}},
    ),
    "our acknowledgement": (
        "our message id",
        lambda d, t: {"headers": {"In-Reply-To": f"<{d.sent('acknowledgement')[0].message_id}>"}},
    ),
    "the signed address in the envelope": (
        "signed address",
        lambda d, t: {"to": plus_address(d.address("it"), t.number, 1, tokens.ring())},
    ),
    "the signed address in To": (
        "signed address",
        lambda d, t: {"headers": {"Cc": plus_address(d.address("it"), t.number, 1, tokens.ring()).upper()}},
    ),
    "a foreign id that the ticket knows": (
        "known message id",
        lambda d, t: {"headers": {"References": "<first@petra.example>"}},
    ),
    "the number in the subject": ("number in the subject", lambda d, t: {"subject": f"AW: Printer [#{t.number}]"}),
}


@pytest.mark.parametrize("kind", EVIDENCE)
def test_a_requesters_answer_joins_by_each_evidence_and_the_ledger_says_which(
    desk: Desk, ticket: Ticket, kind: str
) -> None:
    """P8.1."""
    because, made = EVIDENCE[kind]

    delivery = answer(desk, **made(desk, ticket))

    assert (delivery.disposition, delivery.ticket, delivery.because) == ("answer", ticket.number, because)


def test_stronger_evidence_goes_before_weaker(desk: Desk, ticket: Ticket) -> None:
    """P8.1: our own Message-ID beats a foreign one, and that beats a number in the subject."""
    other = desk.ticket("petra", subject="Another", message_id="another@petra.example")
    third = desk.ticket("petra", subject="A third one")

    both = answer(desk, headers={"In-Reply-To": "<another@petra.example>", "References": f"<{reply_id(desk)}>"})
    weak = answer(desk, subject=f"Re [#{third.number}]", headers={"In-Reply-To": "<another@petra.example>"})

    assert (both.ticket, weak.ticket) == (ticket.number, other.number)


@pytest.mark.parametrize(
    "forged",
    [
        lambda d, t: {"headers": {"In-Reply-To": f"<r.{t.number}.1.0.aaaaaaaa.aa.aaaaaaaaaaaaaaaaaaaa@lindner.example>"}},
        lambda d, t: {"headers": {"In-Reply-To": f"<{reply_id(d).replace(f'r.{t.number}.', f'r.{t.number + 1}.', 1)}>"}},
        lambda d, t: {"headers": {"Cc": f"it+{t.number}@lindner.example"}},
        lambda d, t: {"headers": {"Thread-Topic": "Printer stuck", "Thread-Index": "AdoXyz=="}},
        lambda d, t: {"subject": "Re: Printer stuck"},
        lambda d, t: {"subject": f"Re: Printer stuck #{t.number}"},
        lambda d, t: {"subject": "Re: [#999999]"},
        lambda d, t: {"subject": "Re: [#99999999999999999999999]"},
    ],
)  # fmt: skip
def test_no_guess_and_no_likeness_joins_a_ticket(desk: Desk, ticket: Ticket, forged: Callable[..., Any]) -> None:
    """P8.3: subject, Thread-Index and Thread-Topic thread nothing; S7, S8: neither does a forged id."""
    delivery = answer(desk, **forged(desk, ticket))

    assert delivery.disposition == "ticket"
    assert delivery.ticket != ticket.number


@pytest.mark.parametrize("kind", EVIDENCE)
def test_a_strangers_mail_with_any_evidence_is_a_new_linked_ticket(desk: Desk, ticket: Ticket, kind: str) -> None:
    """P8.2: evidence alone is not enough. P8.7: a forward by somebody else is a ticket of its own."""
    delivery = answer(desk, STRANGER, **EVIDENCE[kind][1](desk, ticket))

    assert (delivery.disposition, delivery.because) == ("ticket", f"mentions #{ticket.number}")
    link = Link.objects.get(ticket_id=delivery.ticket)
    assert (link.other_id, link.kind) == (ticket.number, "mentions")
    assert ticket.entries.count() == 2


def test_the_sender_is_who_stands_in_from_never_in_reply_to(desk: Desk, ticket: Ticket) -> None:
    """S7."""
    headers = {"Reply-To": desk.address("petra"), "Sender": desk.address("petra"), "In-Reply-To": f"<{reply_id(desk)}>"}

    delivery = answer(desk, STRANGER, headers=headers)

    assert delivery.ticket != ticket.number
    assert Ticket.objects.get(number=delivery.ticket).requester.addresses.get().address == STRANGER


def participant(desk: Desk, ticket: Ticket) -> str:
    tickets.add_participant(ticket, desk.person("mira"), actor=desk.actor("anna"))
    return "mira"


def affected(desk: Desk, ticket: Ticket) -> str:
    tickets.catalogue(ticket, affected=desk.person("ines"), actor=desk.actor("anna"))
    return "ines"


def requester_with_an_old_address(desk: Desk, ticket: Ticket) -> str:
    people.add_address(desk.person("petra"), "petra.neu@lindner.example", is_main=True, actor=SYSTEM)
    return desk.address("petra")


@pytest.mark.parametrize("who", [participant, affected, requester_with_an_old_address])
def test_whoever_belongs_to_the_ticket_joins_it(desk: Desk, ticket: Ticket, who: Callable[..., str]) -> None:
    """P8.2; P25.6: an old address still recognises its person."""
    delivery = answer(desk, who(desk, ticket), headers={"In-Reply-To": f"<{reply_id(desk)}>"})

    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.ticket_id, entry.is_public) == (ticket.number, True)


def test_whoever_stood_in_cc_of_the_first_mail_joins_as_held(desk: Desk, ticket: Ticket) -> None:
    """P8.2, P8.5: the same ticket; S8: held until confirmed, so that the requester does not see it."""
    delivery = answer(desk, "marta", headers={"In-Reply-To": "<first@petra.example>"})

    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.ticket_id, entry.is_public, entry.held_because) == (ticket.number, False, "unconfirmed")
    petra = view_of(ticket, desk.actor("petra"))
    assert petra is not None
    assert entry not in ticket.entries.visible_in(petra)


def test_a_cc_gets_and_sees_nothing_until_confirmed_and_then_only_what_follows(desk: Desk, ticket: Ticket) -> None:
    """S8."""
    marta = desk.person("marta")
    assert Participant.objects.get(ticket=ticket, person=marta).is_confirmed is False
    assert view_of(ticket, desk.actor("marta")) is None
    assert desk.address("marta") not in desk.sent("reply")[-1].recipients.values_list("address", flat=True)

    tickets.confirm_participant(ticket, marta, actor=desk.actor("anna"))
    after = tickets.reply(ticket, Writing(text="Now for both of you."), actor=desk.actor("anna"))
    with desk.later(seconds=11):
        view = view_of(ticket, desk.actor("marta"))
        assert view is not None
        assert list(ticket.entries.visible_in(view)) == [after]
        desk.works()
    assert desk.address("marta") in desk.sent("reply")[-1].recipients.values_list("address", flat=True)


def test_somebody_new_in_the_cc_of_an_answer_is_only_proposed(desk: Desk, ticket: Ticket) -> None:
    """S8: the Zendesk case, a spoofed requester adds a reader."""
    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>", "Cc": f"{desk.address('mira')}, {STRANGER}"})

    assert view_of(ticket, desk.actor("mira")) is None
    assert not Participant.objects.filter(ticket=ticket, is_confirmed=True).exists()
    assert not Address.objects.filter(address=STRANGER).exists()


@pytest.mark.parametrize(
    "prefix", ["AW: ", "Re[2]: ", "ANTW: ", "wg: AW: ", "TR: ", "RV: ", "SV: ", "VS: ", "Fwd: Re: "]
)
def test_prefixes_are_understood_and_not_heaped_up(desk: Desk, ticket: Ticket, prefix: str) -> None:
    """P8.7: in any case, repeated; the desk's own answer has one."""
    Ticket.objects.filter(number=ticket.number).update(subject=f"{prefix}Printer stuck")

    tickets.reply(ticket, Writing(text="And now?"), actor=desk.actor("anna"))
    desk.works()

    sent = desk.sent("reply")[-1].letter().decode()
    assert f"Subject: Re: Printer stuck [#{ticket.number}]" in sent


# The desk's own people by mail (P6.3, S7).


def told(desk: Desk, name: str) -> str:
    """The Message-ID of the last notice that somebody got."""
    uid = str(desk.person(name).uid)
    return next(mail.message_id for mail in reversed(desk.sent("notice")) if mail.person_uid == uid)


def test_an_agent_answering_a_notice_replies_to_the_requester(desk: Desk, ticket: Ticket) -> None:
    """P6.3."""
    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})

    delivery = desk.receives(
        desk.letter("anna", text="Glad to hear.", headers={"In-Reply-To": f"<{told(desk, 'anna')}>"})
    )

    entry = Entry.objects.get(id=delivery.entry)
    assert (delivery.disposition, entry.kind, entry.is_public, entry.author) == (
        "reply",
        "reply",
        True,
        desk.person("anna"),
    )
    assert desk.sent("reply")[-1].entry == entry.id


def as_assignee(desk: Desk, ticket: Ticket) -> None:
    """Nothing more."""


def as_participant_too(desk: Desk, ticket: Ticket) -> None:
    tickets.add_participant(ticket, desk.person("anna"), actor=desk.actor("deniz"))


def as_affected_too(desk: Desk, ticket: Ticket) -> None:
    tickets.catalogue(ticket, affected=desk.person("anna"), actor=desk.actor("deniz"))


def as_requester_too(desk: Desk, ticket: Ticket) -> None:
    tickets.add_participant(ticket, desk.person("mira"), actor=desk.actor("deniz"))
    tickets.change_requester(ticket, desk.person("anna"), actor=desk.actor("deniz"))


@pytest.mark.parametrize("standing", [as_assignee, as_participant_too, as_affected_too, as_requester_too])
@pytest.mark.parametrize("way", ["Message-ID", "signed address"])
def test_answering_the_notice_of_a_note_never_reaches_the_requester(
    desk: Desk, ticket: Ticket, standing: Callable[..., None], way: str
) -> None:
    """P6.3, P6.2: by whatever evidence, and whatever else the agent is in this ticket."""
    standing(desk, ticket)
    entry = noted(desk, ticket)
    notice = told(desk, "anna")
    before = len(desk.sent("reply"))
    if way == "Message-ID":
        raw, to = desk.letter("anna", text="He must not know.", headers={"In-Reply-To": f"<{notice}>"}), "it"
    else:
        to = plus_address(desk.address("it"), ticket.number, entry.id, tokens.ring())
        raw = desk.letter("anna", to=to, subject="Gardantie", text="He must not know.")

    delivery = desk.receives(raw, to=to)

    written = Entry.objects.get(id=delivery.entry)
    assert written.is_public is False
    assert (delivery.disposition, written.kind) == ("note", "note")
    assert len(desk.sent("reply")) == before


@pytest.mark.parametrize("evidence", ["the number in the subject", "a foreign id that the ticket knows"])
def test_without_a_token_an_agents_mail_is_not_sent_to_anybody(desk: Desk, ticket: Ticket, evidence: str) -> None:
    """S7: agent rights by mail only with a valid token."""
    before = len(desk.sent("reply"))

    answer(desk, "anna", **EVIDENCE[evidence][1](desk, ticket))

    assert len(desk.sent("reply")) == before


def test_a_forged_agent_with_a_true_token_makes_no_mail_leave(desk: Desk, ticket: Ticket) -> None:
    """S7: From of an agent, a signed id, but no proof: kept, held, flagged."""
    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})
    before = len(desk.sent())

    delivery = answer(desk, "anna", headers={"In-Reply-To": f"<{told(desk, 'anna')}>"}, trusted=False)

    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.is_public, entry.is_from_desk, entry.held_because) == (False, False, "unproven")
    assert [mail.kind for mail in desk.sent()[before:]].count("reply") == 0


def test_another_agents_notice_does_not_open_the_door(desk: Desk, ticket: Ticket) -> None:
    """S7: the token is bound to its person."""
    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})
    before = len(desk.sent("reply"))

    delivery = answer(desk, "jonas", headers={"In-Reply-To": f"<{told(desk, 'anna')}>"})

    assert Entry.objects.get(id=delivery.entry).is_public is False
    assert len(desk.sent("reply")) == before


@pytest.mark.parametrize(
    "results",
    ["", "evil.example; dmarc=pass", "mx.lindner.example; dmarc=fail", "mx.lindner.example; spf=pass",
     "mx.lindner.example.evil.example; dmarc=pass"],
)  # fmt: skip
def test_only_our_own_servers_word_proves_a_sender(desk: Desk, ticket: Ticket, settings: Any, results: str) -> None:
    """S7: the topmost Authentication-Results of our own authserv-id; forged ones count for nothing."""
    settings.HAUSPOST = replace(project.HAUSPOST, auth_serv_id="mx.lindner.example")
    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})
    before = len(desk.sent("reply"))
    headers = {"In-Reply-To": f"<{told(desk, 'anna')}>"} | ({"Authentication-Results": results} if results else {})

    raw = desk.letter("anna", text="Send me your password.", headers=headers)
    # A forged one below the topmost.
    raw = raw.replace(b"Subject:", b"Authentication-Results: other.example; dmarc=none\nX: y\nSubject:", 1)
    desk.receives(b"Authentication-Results: mx.lindner.example; dmarc=none\n" + raw, trusted=False)

    assert len(desk.sent("reply")) == before


def test_our_own_servers_word_lets_an_agent_reply(desk: Desk, ticket: Ticket, settings: Any) -> None:
    settings.HAUSPOST = replace(project.HAUSPOST, auth_serv_id="mx.lindner.example")
    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})
    before = len(desk.sent("reply"))
    raw = desk.letter("anna", text="Done.", headers={"In-Reply-To": f"<{told(desk, 'anna')}>"})

    desk.receives(b"Authentication-Results: mx.lindner.example; dmarc=pass header.from=x\n" + raw, trusted=False)

    assert len(desk.sent("reply")) == before + 1


def test_a_reader_of_the_team_cannot_reply_by_mail(desk: Desk, ticket: Ticket) -> None:
    """P33.1: Lena reads; her mail is held."""
    before = len(desk.sent("reply"))

    delivery = answer(desk, "lena", headers={"In-Reply-To": f"<{reply_id(desk)}>"})

    assert Entry.objects.get(id=delivery.entry).is_public is False
    assert len(desk.sent("reply")) == before


# What an answer does to the ticket.


def done(desk: Desk, ticket: Ticket, kind: str = "closed") -> None:
    tickets.set_status(ticket, status_of(kind), actor=desk.actor("anna"))


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.with_names().get(number=ticket.number)


AUTOMATIC = [
    {"Auto-Submitted": "auto-replied"},
    {"X-Autoreply": "yes"},
    {"Precedence": "auto_reply"},
    {"Subject": "Automatische Antwort: Printer stuck"},
    {"Subject": "Réponse automatique : Printer stuck"},
]


@pytest.mark.parametrize("headers", AUTOMATIC, ids=str)
@pytest.mark.parametrize("state", ["closed", "waiting_requester"])
def test_an_absence_note_joins_quietly_and_changes_nothing(
    desk: Desk, ticket: Ticket, headers: dict[str, str], state: str
) -> None:
    """P13.1: neither state, owner nor unread marks, and nobody is told."""
    done(desk, ticket, state)
    desk.works()
    before, notices = fresh(ticket), len(desk.sent("notice"))
    headers = {"In-Reply-To": f"<{reply_id(desk)}>"} | headers

    delivery = answer(desk, subject=headers.pop("Subject", "Re: Printer stuck"), headers=headers)

    after, entry = fresh(ticket), Entry.objects.get(id=delivery.entry)
    assert (delivery.disposition, entry.is_automatic) == ("automatic", True)
    assert (after.state, after.assignee, after.awaits_reply, after.changed_at) == (
        before.state, before.assignee, before.awaits_reply, before.changed_at,
    )  # fmt: skip
    assert len(desk.sent("notice")) == notices


def test_an_absence_note_to_our_return_path_finds_its_ticket(desk: Desk, ticket: Ticket) -> None:
    """P13.1: vacation programs write to the envelope's sender and often name no message."""
    to = verp(desk.address("it"), desk.sent("reply")[-1].id, tokens.ring())

    delivery = answer(desk, to=to, subject="Abwesend", headers={"Auto-Submitted": "auto-replied"})

    assert (delivery.disposition, delivery.ticket) == ("automatic", ticket.number)
    assert ticket.entries.count() == 3


def test_an_agents_absence_note_is_automatic_and_leaves_the_ticket_alone(desk: Desk, ticket: Ticket) -> None:
    """P13.1."""
    noted(desk, ticket)
    before = fresh(ticket)
    headers = {"In-Reply-To": f"<{told(desk, 'anna')}>", "Auto-Submitted": "auto-replied"}

    delivery = answer(desk, "anna", subject="Out of office", headers=headers)

    assert delivery.disposition == "automatic"
    assert fresh(ticket).state == before.state
    assert not ticket.entries.filter(is_public=True, seq__gt=3).exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Auto-Response-Suppress": "OOF, AutoReply"},
        {"List-Id": "<lager.lindner.example>"},
        {"Precedence": "list"},
    ],
    ids=str,
)
@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_a_human_answer_reopens_a_done_ticket(desk: Desk, ticket: Ticket, headers: dict[str, str], state: str) -> None:
    """P13.2: to its last team and owner; a mailing list between does not make a machine of a human."""
    done(desk, ticket, state)

    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>", **headers})

    after = fresh(ticket)
    assert (after.is_open, after.awaits_reply, after.team, after.assignee) == (
        True, True, ticket.team, desk.person("anna"),
    )  # fmt: skip


def test_a_reopened_ticket_of_somebody_who_left_is_nobodys(desk: Desk, ticket: Ticket) -> None:
    """P13.2."""
    done(desk, ticket)
    people.deactivate(desk.person("anna"), actor=SYSTEM)

    answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})

    assert fresh(ticket).assignee is None


@pytest.mark.parametrize(("days", "same"), [(13, True), (15, False)])
def test_after_the_grace_time_an_answer_is_a_linked_ticket_of_its_own(
    desk: Desk, ticket: Ticket, days: int, same: bool
) -> None:
    """P13.3."""
    done(desk, ticket)

    with desk.later(days=days):
        delivery = answer(desk, headers={"In-Reply-To": f"<{reply_id(desk)}>"})

    assert (delivery.ticket == ticket.number) is same
    assert Link.objects.filter(ticket_id=delivery.ticket, other=ticket, kind="successor").exists() is not same


# Verification mails (S9).


def test_a_verification_mail_from_a_known_participant_is_held(desk: Desk, ticket: Ticket) -> None:
    """S9: the ticket trick: a service's code never becomes readable outside the desk."""
    slack = people.add_person("Slack", "no-reply@slack.example", actor=SYSTEM, is_external=True)
    tickets.add_participant(ticket, slack, actor=desk.actor("anna"))
    to = plus_address(desk.address("it"), ticket.number, 1, tokens.ring())

    delivery = desk.receives(
        desk.letter("no-reply@slack.example", to=to, subject="Your verification code", text="Code: 123 456"), to=to
    )

    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.is_public, entry.held_because) == (False, "verification")


def test_a_verification_mail_of_a_stranger_does_not_join_and_is_not_answered(desk: Desk, ticket: Ticket) -> None:
    to = plus_address(desk.address("it"), ticket.number, 1, tokens.ring())
    before = len(desk.sent("acknowledgement"))

    delivery = desk.receives(
        desk.letter("no-reply@slack.example", to=to, subject="Confirm your address", text="Click"), to=to
    )

    assert delivery.ticket != ticket.number
    assert len(desk.sent("acknowledgement")) == before


# Our own addresses (P9).


def test_one_mail_to_two_of_our_addresses_is_one_ticket_of_the_first_in_to_in_either_order(desk: Desk) -> None:
    """P9.1, P9.3: the order of arrival changes nothing."""
    owners = []
    for order in (("it", "facilities"), ("facilities", "it")):
        raw = desk.letter("petra", headers={"Cc": desk.address("it")}, to="facilities")
        arrived = [desk.receives(raw, to=team) for team in order]
        assert sorted(one.disposition for one in arrived) == ["duplicate", "ticket"]
        assert arrived[0].ticket == arrived[1].ticket
        owners.append(Ticket.objects.get(number=arrived[0].ticket).team.key)

    assert owners == ["facilities", "facilities"]


def test_a_mail_from_one_of_our_own_addresses_makes_no_person_of_it(desk: Desk) -> None:
    """P9.4, P7.7: neither the plain address nor a signed one of ours becomes somebody."""
    ring, it = tokens.ring(), desk.address("it")
    for sender in (it, it.upper(), plus_address(it, 1, 1, ring), verp(it, 1, ring)):
        desk.receives(desk.letter(sender))

    assert not Address.objects.filter(address__startswith="it", person__isnull=False).exists()
    assert desk.sent("acknowledgement") == []


def test_our_own_addresses_are_never_recipients_of_our_replies(desk: Desk) -> None:
    """P9.4."""
    raw = desk.letter("petra", headers={"Cc": f"{desk.address('it')}, {desk.address('facilities')}"})
    number = desk.receives(raw).ticket
    tickets.reply(number or 0, Writing(text="Hello."), actor=desk.actor("anna"))
    desk.works()

    assert list(desk.sent("reply")[0].recipients.values_list("address", flat=True)) == [desk.address("petra")]
    assert not Person.objects.filter(addresses__kind="ours").exists()


def test_what_is_written_into_the_quotation_of_our_reply_is_shown(desk: Desk, ticket: Ticket) -> None:
    """P4.2: coloured answers in Outlook carry no mark; what we sent tells them apart."""
    html = (
        '<div>Siehe unten.</div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0 0 0">'
        "<p><b>Von:</b> IT-Service &lt;it@lindner.example&gt;<br><b>Gesendet:</b> Montag, 30. November 2026 10:00<br>"
        "<b>An:</b> Petra Lang<br><b>Betreff:</b> Re: Printer stuck</p></div>"
        '<p>Have you tried the flap?</p><p style="color:red">Ja, zweimal, ohne Erfolg.</p>'
    )
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address("petra"), desk.address("it"), "AW: Printer stuck"
    mail["In-Reply-To"], mail["Message-ID"] = f"<{reply_id(desk)}>", "<inline@petra.example>"
    mail.set_content("Siehe unten.\n")
    mail.add_alternative(html, "html")
    entry = Entry.objects.get(id=desk.receives(mail.as_bytes()).entry)
    assert "Ja, zweimal" in entry.html
    assert "Have you tried the flap?" in entry.html + entry.quoted_html
