"""Who is told what: replies and acknowledgements to the requester, notices to the desk, and never a note outside."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as project
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as trying

from hauspost.duties.intake import telling as mail_settings
from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices import acknowledging
from hauspost.duties.notices.actions import mark_read
from hauspost.duties.notices.models import Notice
from hauspost.ground import clock, tokens
from hauspost.ground.history.models import Event, Pending
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import read_message_id, read_plus_address, read_verp
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.reading import view_of
from hauspost.records.tickets.refusals import ReachesNobody, TooLate
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words

_canaries = count(1)


class Postbox:
    """A real mail server on loopback: what reached it, and whom it refuses."""

    def __init__(self) -> None:
        self.received: list[tuple[str, list[str], EmailMessage]] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append((envelope.mail_from, list(envelope.rcpt_tos), letter))
        return "250 2.0.0 taken"

    def replies(self) -> list[tuple[str, list[str], EmailMessage]]:
        return [one for one in self.received if one[2]["Auto-Submitted"] is None]


class AnyPort(Controller):
    """aiosmtpd's controller on a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    server = AnyPort(box, hostname="127.0.0.1", port=0)
    server.start()
    settings.HAUSPOST = replace(project.HAUSPOST, outgoing_host="127.0.0.1", outgoing_port=server.port)
    yield box
    server.stop()


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's, assigned to Anna by Deniz."""
    found = desk.ticket("petra", message_id="first@petra.example")
    tickets.assign(found, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    return fresh(found)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.with_names().get(number=ticket.number)


def leave(desk: Desk, **by: float) -> None:
    """The time to undo is over, and the worker sends."""
    with desk.later(**(by or {"seconds": 11})):
        desk.works()


def opened(mail: OutgoingMail) -> EmailMessage:
    return message_from_bytes(mail.letter(), policy=policy.default)


def words_of(mail: OutgoingMail) -> str:
    """Everything that a reader of a letter could see, headers included."""
    letter = opened(mail)
    parts = [str(part.get_payload(decode=True) or b"", "utf-8", "replace") for part in letter.walk()]
    return "\n".join([*(str(value) for value in letter.values()), *parts])


def told(desk: Desk, since: int = 0) -> list[str]:
    """Who got a notice by mail, by their keys."""
    keys = {str(person.uid): key for key, person in desk.company.people.items()}
    return sorted(keys[mail.person_uid] for mail in desk.sent("notice")[since:])


# The desk's reply on its way.


def test_a_reply_reaches_the_requesters_mailbox_in_the_right_thread(
    desk: Desk, postbox: Postbox, ticket: Ticket
) -> None:
    """P8.1, P52.1, S7: ids signed, addresses bound to ticket and message, text and HTML."""
    picture = NewFile("bild.png", "image/png", b"\x89PNG", content_id="pic@x", is_inline=True)
    writing = Writing(
        text="Grüße", html='<p>Grüße <img src="cid:pic@x"></p>', files=[picture, NewFile("a.txt", "text/plain", b"hi")]
    )
    entry = tickets.reply(ticket, writing, actor=desk.actor("anna"))
    leave(desk)

    ((sender, recipients, letter),) = postbox.replies()
    ring = tokens.ring()
    ours = read_message_id(letter["Message-ID"], ring)
    plus = read_plus_address(letter["Reply-To"].addresses[0].addr_spec, ring)
    assert recipients == [desk.address("petra")]
    assert letter["From"].addresses[0].addr_spec == desk.address("it")
    assert letter["From"].addresses[0].display_name == "Anna Weiss (IT-Service)"
    assert ours is not None and (ours.kind, ours.ticket, ours.entry) == ("reply", ticket.number, entry.id)
    assert plus is not None and (plus.base, plus.ticket, plus.entry) == (desk.address("it"), ticket.number, entry.id)
    assert read_verp(sender, ring) == desk.sent("reply")[0].id
    assert "<first@petra.example>" in letter["References"]
    assert letter["In-Reply-To"] == "<first@petra.example>"
    assert letter["Subject"] == f"Re: Printer stuck [#{ticket.number}]"
    kinds = [part.get_content_type() for part in letter.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png",
        "text/plain",
    ]  # fmt: skip


def test_all_recipients_stand_in_sight(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """DESIGN: one mail, To and Cc visible; watchers and the unconfirmed get none."""
    tickets.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"))
    tickets.add_participant(ticket, desk.person("jonas"), actor=desk.actor("anna"), role="watcher")
    tickets.catalogue(ticket, affected=desk.person("ines"), actor=desk.actor("anna"))
    tickets.reply(ticket, Writing(text="For all of you."), actor=desk.actor("anna"))
    leave(desk)

    ((_sender, recipients, letter),) = postbox.replies()
    assert [box.addr_spec for box in letter["To"].addresses] == [desk.address("petra")]
    assert sorted(box.addr_spec for box in letter["Cc"].addresses) == sorted(map(desk.address, ["marta", "ines"]))
    assert sorted(recipients) == sorted(map(desk.address, ["petra", "marta", "ines"]))


def test_each_recipients_state_keeps_the_servers_answer(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """P5.1: queued, handed over with its code, refused, put off: per recipient."""
    tickets.add_participant(ticket, desk.person("marta"), actor=desk.actor("anna"))
    tickets.add_participant(ticket, desk.person("mira"), actor=desk.actor("anna"))
    postbox.refuses = {
        desk.address("marta"): "550 5.1.1 no such mailbox", desk.address("mira"): "450 4.2.1 come back later",
    }  # fmt: skip
    tickets.reply(ticket, Writing(text="For all of you."), actor=desk.actor("anna"))
    desk.works()
    (mail,) = desk.sent("reply")
    assert {one.state for one in mail.recipients.all()} == {"queued"}

    leave(desk)

    found = {one.address: (one.state, one.reply_code) for one in mail.recipients.all()}
    assert found == {
        desk.address("petra"): ("handed_over", 250),
        desk.address("marta"): ("failed", 550),
        desk.address("mira"): ("delayed", 450),
    }
    postbox.refuses = {}
    leave(desk, minutes=5)
    # The others do not get it twice.
    assert [recipients for _, recipients, _ in postbox.replies()] == [[desk.address("petra")], [desk.address("mira")]]


@pytest.mark.parametrize(
    ("state", "then"),
    [("closed", "open"), ("resolved", "open"), ("waiting_requester", "open"), ("open", "open"),
     ("waiting_third", "waiting_third")],
)  # fmt: skip
def test_a_refused_reply_fails_at_once_opens_the_ticket_and_tells_its_owner(
    desk: Desk, postbox: Postbox, ticket: Ticket, state: str, then: str
) -> None:
    """P5.2: even if it was closed with that reply, or waits for somebody who never got the question.

    What waits for a supplier goes on waiting, and says that its requester still awaits an answer.
    """
    postbox.refuses = {desk.address("petra"): "550 5.1.1 no such mailbox"}
    before = len(desk.sent("notice"))
    tickets.reply(ticket, Writing(text="Done."), actor=desk.actor("anna"), status=status_of(state))
    leave(desk)

    after = fresh(ticket)
    assert desk.sent("reply")[0].state == "failed"
    assert desk.sent("reply")[0].tries == 1
    assert (after.state, after.awaits_reply) == (then, True)
    assert told(desk, before) == ["anna.weiss"]
    assert "no such mailbox" in words_of(desk.sent("notice")[-1])
    leave(desk, hours=30)
    assert postbox.replies() == []


def test_what_is_refused_for_now_is_given_up_after_a_day(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """P5.2."""
    postbox.refuses = {desk.address("petra"): "451 4.3.0 later"}
    tickets.reply(ticket, Writing(text="Done."), actor=desk.actor("anna"), status=status_of("closed"))
    leave(desk)
    assert not fresh(ticket).is_open

    for hours in range(1, 26):
        leave(desk, hours=hours)

    assert desk.sent("reply")[0].recipients.get().state == "failed"
    assert fresh(ticket).is_open


def test_a_reply_that_reaches_nobody_is_not_kept(desk: Desk, ticket: Ticket) -> None:
    """P5.3."""
    people.deactivate(desk.person("petra"), actor=SYSTEM)

    with pytest.raises(ReachesNobody, match="reach nobody"):
        tickets.reply(ticket, Writing(text="Hello?"), actor=desk.actor("anna"))

    assert ticket.entries.count() == 1


def test_nobody_replies_to_the_unknown_sender(desk: Desk) -> None:
    """P3.2, P5.3: an invented address is no recipient."""
    delivery = desk.receives(b"To: it@lindner.example\nSubject: Who am I\n\nHelp.\n")

    with pytest.raises(ReachesNobody):
        tickets.reply(delivery.ticket or 0, Writing(text="Who are you?"), actor=desk.actor("anna"))


def test_a_reply_waits_ten_seconds_and_can_be_undone(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """P6.4: it never leaves, the requester never sees it, and the ticket stands as before it."""
    before = fresh(ticket)
    entry = tickets.reply(ticket, Writing(text="Oh no."), actor=desk.actor("anna"), status=status_of("closed"))
    leave(desk, seconds=9)
    petra = view_of(ticket, desk.actor("petra"))
    assert petra is not None
    assert postbox.replies() == []
    assert entry not in ticket.entries.visible_in(petra)

    tickets.take_back(Entry.objects.get(id=entry.id), actor=desk.actor("anna"))
    leave(desk, minutes=5)

    assert postbox.replies() == []
    after = fresh(ticket)
    assert (after.state, after.awaits_reply, after.answered_at, after.closed_at) == (
        before.state, before.awaits_reply, before.answered_at, None,
    )  # fmt: skip
    with desk.later(minutes=5):
        assert entry not in ticket.entries.visible_in(petra)


def test_an_undone_reply_leaves_what_others_changed_meanwhile(desk: Desk, ticket: Ticket) -> None:
    """P24.3: undo takes back the reply, not a colleague's work."""
    entry = tickets.reply(ticket, Writing(text="Oh no."), actor=desk.actor("anna"), status=status_of("resolved"))
    tickets.set_status(ticket, status_of("waiting_third"), actor=desk.actor("jonas"))

    tickets.take_back(entry, actor=desk.actor("anna"))

    assert fresh(ticket).state == "waiting_third"


def test_what_has_left_cannot_be_taken_back(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """P6.4."""
    entry = tickets.reply(ticket, Writing(text="Gone."), actor=desk.actor("anna"))
    leave(desk)

    with desk.later(seconds=12), pytest.raises(TooLate):
        tickets.take_back(Entry.objects.get(id=entry.id), actor=desk.actor("anna"))
    assert len(postbox.replies()) == 1


# Acknowledgements.


def test_an_acknowledgement_is_recognisable_as_automatic(desk: Desk, postbox: Postbox) -> None:
    """P7.1 as DESIGN has it: auto-replied, null sender, in the requester's thread."""
    ticket = desk.ticket("petra", message_id="first@petra.example")

    sender, recipients, letter = next(one for one in postbox.received if one[2]["Auto-Submitted"] == "auto-replied")
    assert ((sender or "").strip("<>"), recipients) == ("", [desk.address("petra")])
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert letter["Precedence"] == "bulk"
    assert letter["In-Reply-To"] == "<first@petra.example>"
    assert f"[#{ticket.number}]" in letter["Subject"]


def test_a_notice_is_generated_with_a_signed_return_path(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """P7.1 as DESIGN has it: so that its bounces are matched."""
    sender, _recipients, letter = next(one for one in postbox.received if one[2]["Auto-Submitted"] == "auto-generated")

    assert read_verp(sender, tokens.ring()) is not None
    assert letter["X-Auto-Response-Suppress"] == "All"


def test_an_unproven_sender_gets_none_of_the_mails_words_back(desk: Desk) -> None:
    """S10: neither subject, text nor display name: nobody's helpdesk is a relay."""
    raw = desk.letter('"CANARY pills" <victim@elsewhere.example>', subject="CANARY cheap", text="CANARY http://evil")

    desk.receives(raw, trusted=False)

    (mail,) = desk.sent("acknowledgement")
    assert "CANARY" not in words_of(mail)


def test_an_acknowledgement_speaks_the_requesters_language(desk: Desk) -> None:
    """P44.2."""
    desk.ticket("petra")
    desk.ticket("mira")

    german, english = map(words_of, desk.sent("acknowledgement"))
    assert ("Anfrage" in german, "request" in english) == (True, True)
    assert "request has arrived" not in german


@pytest.mark.parametrize("quiet", [{"acknowledge": False}, {"as_note": True}])
def test_a_ticket_opened_for_somebody_tells_them_only_on_wish(desk: Desk, quiet: dict[str, bool]) -> None:
    """P53.1."""
    new = tickets.NewTicket("Call", desk.person("petra"), desk.team("it"), "phone", **quiet)
    tickets.open_ticket(new, Writing(text="She called.", channel="phone"), actor=desk.actor("anna"))
    desk.works()

    assert desk.sent() == []


# Notices.


def nothing_before(desk: Desk, ticket: Ticket) -> None:
    """As it is: assigned to Anna."""


def unassigned(desk: Desk, ticket: Ticket) -> None:
    tickets.assign(ticket, None, actor=desk.actor("deniz"))


def anna_has_left_the_company(desk: Desk, ticket: Ticket) -> None:
    people.deactivate(desk.person("anna"), actor=SYSTEM)


def anna_has_left_the_team(desk: Desk, ticket: Ticket) -> None:
    people.take_role(desk.person("anna"), desk.team("it"), actor=SYSTEM)


TEAM = ["deniz.aydin", "jonas.klein", "sabine.krueger"]


@pytest.mark.parametrize(
    ("standing", "who"),
    [
        (nothing_before, ["anna.weiss"]),
        (unassigned, ["anna.weiss", *TEAM]),
        (anna_has_left_the_company, TEAM),
        (anna_has_left_the_team, TEAM),
    ],
)
def test_a_new_answer_is_told_to_the_assignee_else_to_the_team(
    desk: Desk, ticket: Ticket, standing: Callable[[Desk, Ticket], None], who: list[str]
) -> None:
    """Issue, point 10: somebody is always told; P11.3: only who may see it."""
    standing(desk, ticket)
    desk.works()
    before, notices = len(desk.sent("notice")), Notice.objects.count()

    desk.receives(desk.letter("petra", headers={"In-Reply-To": "<first@petra.example>"}))

    assert told(desk, before) == sorted(who)
    assert Notice.objects.count() - notices == len(who)


DOINGS: dict[str, Callable[[Desk, Ticket, str], object]] = {
    "assignment": lambda d, t, who: tickets.assign(t, d.person(who), actor=d.actor(who)),
    "note": lambda d, t, who: tickets.note(t, Writing(text="Mine."), actor=d.actor(who)),
    "plan": lambda d, t, who: tickets.plan(t, technician=d.person(who), planned_at=clock.now(), actor=d.actor(who)),
    "handover": lambda d, t, who: tickets.hand_to(t, d.team("facilities"), actor=d.actor(who)),
    "reopening": lambda d, t, who: (
        tickets.set_status(t, status_of("closed"), actor=d.actor(who)), tickets.reopen(t, actor=d.actor(who))
    ),
}  # fmt: skip


@pytest.mark.parametrize("doing", DOINGS)
@pytest.mark.parametrize("who", ["anna", "deniz"])
def test_nobody_is_told_of_their_own_doings(desk: Desk, ticket: Ticket, doing: str, who: str) -> None:
    """P28.2."""
    before = len(desk.sent("notice"))

    DOINGS[doing](desk, ticket, who)
    desk.works()

    assert str(desk.person(who).uid) not in {mail.person_uid for mail in desk.sent("notice")[before:]}


def test_one_event_is_one_notice_a_person(desk: Desk, ticket: Ticket) -> None:
    """P28.2: writer and assignee of a failed reply are one and the same."""
    entry = tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"))
    desk.works()
    before = len(desk.sent("notice"))
    outbox.note_bounce(desk.sent("reply")[0].id, desk.address("petra"), "5.1.1", "unknown", hard=True)
    desk.works()

    assert told(desk, before) == ["anna.weiss"]
    assert entry.author == desk.person("anna")


def test_who_may_no_longer_see_the_ticket_is_not_told_when_it_comes_to_telling(desk: Desk, ticket: Ticket) -> None:
    """P11.3: checked when the notice is made, not when the event happened."""
    before = len(desk.sent("notice"))
    tickets.note(ticket, Writing(text="About Anna."), actor=desk.actor("jonas"))
    people.take_role(desk.person("anna"), desk.team("it"), actor=SYSTEM)
    desk.works()

    assert "anna.weiss" not in told(desk, before)


def test_a_handover_is_told_to_the_new_team(desk: Desk, ticket: Ticket) -> None:
    before = len(desk.sent("notice"))

    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))
    desk.works()

    assert told(desk, before) == ["claire.dubois", "petra.lang"], "the new team, and the requester once"


def test_a_notice_says_who_what_where_and_why(desk: Desk, ticket: Ticket) -> None:
    """P28.6."""
    words = words_of(desk.sent("notice")[-1])

    assert f"#{ticket.number}" in words
    assert f"/desk/tickets/{ticket.number}" in words
    assert project.HAUSPOST.public_url in words
    assert ticket.requester.name in words


def test_opening_the_ticket_reads_its_notices(desk: Desk, ticket: Ticket) -> None:
    anna = desk.person("anna")
    assert Notice.objects.of(anna).unread().count() == 1

    mark_read(anna, ticket.number)

    assert Notice.objects.of(anna).unread().count() == 0
    assert Notice.objects.of(desk.person("deniz")).unread().exists()


# P6.2: there is no way from a note to a requester's mail.

Verb = Callable[[Desk, Ticket, str], object]


def by_mail(desk: Desk, ticket: Ticket, canary: str) -> object:
    """An agent answers the notice of the last note by mail."""
    note = ticket.entries.filter(kind="note").last()
    notice = OutgoingMail.objects.filter(kind="notice", about=ticket.number, entry=note.id if note else 0).last()
    if notice is None:
        return None
    who = next(key for key, one in desk.company.people.items() if str(one.uid) == notice.person_uid)
    return desk.receives(desk.letter(who, text=canary, headers={"In-Reply-To": f"<{notice.message_id}>"}))


def failed(desk: Desk, ticket: Ticket, canary: str) -> object:
    mail = OutgoingMail.objects.filter(kind="reply", about=ticket.number).last()
    return mail and outbox.note_bounce(mail.id, desk.address("petra"), "5.1.1", canary, hard=True)


VERBS: dict[str, Verb] = {
    "note": lambda d, t, c: tickets.note(t, Writing(text=c, files=[NewFile(f"{c}.txt", "text/plain", b"x")]), actor=d.actor("jonas")),
    "note by mail": by_mail,
    "reply": lambda d, t, c: tickets.reply(t, Writing(text="In public."), actor=d.actor("anna")),
    "reply undone": lambda d, t, c: tickets.take_back(
        tickets.reply(t, Writing(text=c), actor=d.actor("anna")), actor=d.actor("anna")
    ),
    "answer": lambda d, t, c: d.receives(d.letter("petra", subject=f"[#{t.number}]", text="More.")),
    "held": lambda d, t, c: tickets.add_answer(
        t, Writing(text=c, channel="mail"), author=d.person("marta"), actor=SYSTEM, held_because="unconfirmed"
    ),
    "assign": lambda d, t, c: tickets.assign(t, d.person("anna"), actor=d.actor("deniz")),
    "unassign": lambda d, t, c: tickets.assign(t, None, actor=d.actor("deniz")),
    "plan": lambda d, t, c: tickets.plan(t, technician=d.person("anna"), planned_at=clock.now(), actor=d.actor("deniz")),
    "close": lambda d, t, c: tickets.set_status(t, status_of("closed"), actor=d.actor("deniz")),
    "solve": lambda d, t, c: tickets.set_status(t, status_of("resolved"), actor=d.actor("deniz")),
    "reopen": lambda d, t, c: tickets.reopen(t, actor=d.actor("deniz")),
    "participant": lambda d, t, c: tickets.add_participant(t, d.person("mira"), actor=d.actor("deniz")),
    "requester": lambda d, t, c: tickets.change_requester(t, d.person("ines"), actor=d.actor("deniz")),
    "bounce": failed,
    "tag": lambda d, t, c: tickets.tag(t, c, actor=d.actor("anna")),
}  # fmt: skip


@given(strategies.lists(strategies.sampled_from(sorted(VERBS)), min_size=2, max_size=9), strategies.booleans())
@trying(
    max_examples=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_no_note_ever_reaches_the_requesters_side(desk: Desk, names: list[str], as_note: bool) -> None:
    """P6.2: whatever happens in whatever order, the desk's words in notes reach agents of the team only."""
    from hauspost.ground.refusals import Refused

    canary = f"kanarie{next(_canaries)}x"
    new = tickets.NewTicket("Printer", desk.person("petra"), desk.team("it"), "phone", as_note=as_note)
    ticket = tickets.open_ticket(
        new, Writing(text=canary if as_note else "Hello", channel="phone"), actor=desk.actor("deniz")
    )
    for name in ["note", *names]:
        try:
            VERBS[name](desk, Ticket.objects.get(number=ticket.number), canary)
        except Refused:
            continue
        desk.works()
    leave(desk)

    team = {str(desk.person(who).uid) for who in ("anna", "jonas", "deniz", "sabine", "lena")}
    for mail in OutgoingMail.objects.filter(about=ticket.number).exclude(state="cancelled"):
        if not {one.person_uid for one in mail.recipients.all()} <= team:
            assert canary not in words_of(mail), (mail.kind, names)
    for who in ("petra", "mira", "ines", "marta"):
        view = view_of(ticket, desk.actor(who))
        if view is not None:
            assert not ticket.entries.visible_in(view).filter(text__contains=canary).exists()
    assert not Pending.objects.filter(parked_at__isnull=False).exists()
    assert not Delivery.objects.filter(disposition="quarantine").exists()


def test_the_property_test_above_meets_every_event_that_somebody_is_told_of() -> None:
    """A new reaction needs a verb there."""
    from hauspost.duties.reactions.table import TABLE

    met = {
        "ticket.opened", "ticket.answered", "ticket.replied", "ticket.noted", "ticket.assigned", "ticket.planned",
        "ticket.reopened", "ticket.status", "mail.bounced",
    }  # fmt: skip
    elsewhere = {
        "mail.failed",
        "ticket.handed",
        "ticket.woken",
        "entry.released",
        "entry.taken_back",
        "mail.handed_over",
        # tests/records/test_sharing.py
        "participant.added",
        "ticket.emergency_access",
        # tests/duties/test_two_teams.py: mail alone brings it about.
        "ticket.also_sent",
        # tests/records/test_mailboxes.py: of mail settings all administrators are told.
        *mail_settings.KINDS,
    }
    assert set(TABLE) <= met | elsewhere


def test_every_letter_leaves_its_trace_in_the_tickets_record(desk: Desk, postbox: Postbox, ticket: Ticket) -> None:
    """P5.1: the record tells what became of a reply."""
    tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"))
    leave(desk)

    kinds = Event.objects.filter(stream__name=ticket.stream).values_list("kind", flat=True)
    assert "mail.handed_over" in kinds


def test_a_bounce_does_not_say_that_an_open_ticket_was_reopened(desk: Desk, ticket: Ticket) -> None:
    """P14.1: it says that the desk has to act again; the mail came back in the other server's words."""
    tickets.reply(ticket, Writing(text="Hi"), actor=desk.actor("anna"))
    desk.works()
    outbox.note_bounce(desk.sent("reply")[-1].id, desk.address("petra"), "5.1.1", "smtp; 550 5.1.1 gone", hard=True)
    desk.works()
    page = words(browser(desk, "anna").get(f"/desk/tickets/{ticket.number}").text)
    assert "A reply did not arrive: the ticket waits for the desk again" in page and "reopened the ticket" not in page
    assert "550 5.1.1 gone" in page and "250" not in page


def test_the_notice_of_a_held_mail_says_that_it_is_held(desk: Desk) -> None:
    """P28.6, S8: nobody has answered yet."""
    desk.receives(desk.letter("petra", message_id="first@x.example", headers={"Cc": desk.address("marta")}))
    before = len(desk.sent("notice"))
    delivery = desk.receives(desk.letter("marta", headers={"In-Reply-To": "<first@x.example>"}))
    assert Entry.objects.get(id=delivery.entry).held_because == "unconfirmed"
    told = read_letter(desk.sent("notice")[before:][0].letter())
    # Deniz, who is told, reads German.
    assert "Eine Mail im Namen von Marta Nowak wurde zurückgehalten" in told.subject and "geantwortet" not in told.text
    assert "geben Sie sie dort frei" in told.text


def test_a_notice_names_the_files_that_came_and_asks_for_none_where_none_came(desk: Desk) -> None:
    """P28.6: whoever reads it on the way knows that there is a picture to look at."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = desk.address("petra"), desk.address("it"), "Stuck"
    mail.set_content("See the photo.")
    mail.add_attachment(b"x", "image", "png", filename="Drucker.png")
    desk.receives(mail.as_bytes())
    assert "Dateien, im Ticket: Drucker.png" in read_letter(desk.sent("notice")[-1].letter()).text
    with CaptureQueriesContext(connection) as asked:
        desk.ticket("petra")
    assert "Dateien" not in read_letter(desk.sent("notice")[-1].letter()).text
    notices = [one["sql"] for one in asked if "tickets_attachment" in one["sql"] and "LIMIT" in one["sql"]]
    assert notices == []


def test_a_flood_of_unproven_senders_opens_the_breaker_and_the_administrators_hear_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S10: nobody floods others through our acknowledgements; whoever is proven still gets theirs."""
    monkeypatch.setattr(acknowledging, "MOST_AN_HOUR", 3)
    for number in range(6):
        desk.receives(desk.letter(f"victim{number}@elsewhere.example"), trusted=False)
    assert len(desk.sent("acknowledgement")) == 3
    assert len([one for one in desk.sent("alert") if one.recipients.get().address == desk.address("karim")]) == 1
    assert "Acknowledgements" in browser(desk, "karim").get("/desk/notices").text
    desk.receives(desk.letter("petra"))
    assert len(desk.sent("acknowledgement")) == 4
    with desk.later(hours=2):
        desk.receives(desk.letter("victim9@elsewhere.example"), trusted=False)
        assert len(desk.sent("acknowledgement")) == 5
