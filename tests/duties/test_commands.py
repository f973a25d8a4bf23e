"""Agents who work by mail: a reply, a note, and commands in the first lines, with their own rights (P29)."""

from datetime import timedelta
from typing import Any

import pytest

from hauspost.doors.desk.reasons import held_because
from hauspost.duties.intake.commands.reading import read_orders, span_seconds
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.models import Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's ticket, assigned to Anna, in a team that takes commands."""
    Team.objects.filter(key="it").update(takes_commands=True)
    found = desk.ticket("petra")
    tickets.assign(found, desk.person("anna"), actor=desk.actor("deniz"))
    desk.works()
    return found


def answers(desk: Desk, text: str, *, who: str = "anna", to: OutgoingMail | None = None, **about: Any) -> Delivery:
    """An agent answers the latest notice they got."""
    notice = to or desk.sent("notice")[-1]
    return desk.receives(
        desk.letter(who, subject="Re: notice", text=text, headers={"In-Reply-To": f"<{notice.message_id}>"}), **about
    )


def told(desk: Desk) -> str:
    """The words of the newest answer to an agent."""
    letter = read_letter(desk.sent("notice")[-1].letter())
    assert letter.auto_submitted == "auto-replied"
    return letter.text


def now(ticket: Ticket) -> Ticket:
    return Ticket.objects.with_names().get(number=ticket.number)


def test_text_and_commands_are_parted() -> None:
    """P29.3"""
    found = read_orders("#assign Anna Weiß\n\n#Warten 2d\nIst bestellt.\n#1 bleibt Text\n")
    assert [(one.name, one.argument) for one in found.orders] == [("assign", "Anna Weiß"), ("wait", "2d")]
    assert found.rest == "Ist bestellt.\n#1 bleibt Text"
    for text in ("Hello\n#close", "#1 first do this", "# heading", "#", "##close", "see #close"):
        assert read_orders(text).orders == () and read_orders(text).rest == text
    assert not read_orders("#closs").is_clear and not read_orders("#assign").is_clear
    assert not read_orders("#close all of them").is_clear


def test_spans_are_understood_in_both_languages() -> None:
    """P29.3"""
    assert [span_seconds(text) for text in ("30 min", "2h", "2 Stunden", "1d", "3 Tage", "1w", "soon", "2026")] == [
        1800, 7200, 7200, 86400, 259200, 604800, None, None,
    ]  # fmt: skip


def test_a_reply_with_a_command_does_both_and_says_so(desk: Desk, ticket: Ticket) -> None:
    """P29.3, P29.1"""
    delivery = answers(desk, "#resolve\n#priority high\nThe drum is replaced.\n")
    assert (delivery.disposition, now(ticket).state, now(ticket).priority) == ("reply", "resolved", 3)
    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.kind, entry.text.strip()) == ("reply", "The drum is replaced.")
    assert "#resolve: resolved" in told(desk) and "#priority high: priority high" in told(desk)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("#close", "state", "closed"),
        ("#schließen", "state", "closed"),
        ("#erledigt", "state", "resolved"),
        ("#wait", "state", "waiting_requester"),
        ("#warten 2 Tage", "state", "waiting_date"),
        ("#wait 24.12.", "state", "waiting_date"),
        ("#priorität niedrig", "priority", 1),
        ("#team facilities", "team__key", "facilities"),
        ("#assign jonas", "assignee__name", "Jonas Klein"),
        ("#zuweisen niemand", "assignee", None),
    ],
)
def test_every_command_in_both_languages(desk: Desk, ticket: Ticket, line: str, field: str, value: object) -> None:
    """P29.3"""
    delivery = answers(desk, line)
    assert (delivery.disposition, delivery.entry) == ("command", None)
    assert Ticket.objects.filter(number=ticket.number).values_list(field, flat=True).get() == value


def test_waiting_until_a_day_means_its_morning(desk: Desk, ticket: Ticket) -> None:
    """P29.3, P47.1"""
    before = clock.now()
    answers(desk, "#wait 3d")
    wake_at = now(ticket).wake_at
    assert wake_at is not None and timedelta(days=3) <= wake_at - before < timedelta(days=3, minutes=5)


def test_a_note_stays_a_note_whatever_is_commanded(desk: Desk, ticket: Ticket) -> None:
    """P6.3, P29.1, P29.3"""
    delivery = answers(desk, "#note\n#tag toner\nThe drum has been worn since May.")
    assert (delivery.disposition, Entry.objects.get(id=delivery.entry).kind) == ("note", "note")
    assert [tag.word for tag in ticket.tags.all()] == ["toner"]
    tickets.note(ticket, Writing(text="Warranty?"), actor=desk.actor("jonas"))
    desk.works()
    delivery = answers(desk, "#resolve\nExpired.")
    assert Entry.objects.get(id=delivery.entry).kind == "note" and now(ticket).state == "resolved"
    assert desk.sent("reply") == []


def test_an_unclear_line_stops_everything_and_nothing_is_lost(desk: Desk, ticket: Ticket) -> None:
    """P29.3: the text waits, nothing is done, and the agent learns why."""
    delivery = answers(desk, "#closs\n#priority high\nPlease check.")
    assert (now(ticket).state, now(ticket).priority) == ("open", ticket.priority)
    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.is_public, entry.held_because) == (False, "unclear command") and "Please check." in entry.text
    assert "did you mean #close?" in told(desk)
    assert desk.sent("reply") == []


def test_what_cannot_be_done_is_said_and_the_rest_is_done(desk: Desk, ticket: Ticket) -> None:
    """P29.3"""
    answers(desk, "#assign Nobodysname\n#tag drum")
    assert [tag.word for tag in ticket.tags.all()] == ["drum"]
    assert "✗" in told(desk) and "Nobodysname" in told(desk)


def test_help_names_every_command_in_both_languages(desk: Desk, ticket: Ticket) -> None:
    """P29.3: as docs/agents.md has them."""
    answers(desk, "#hilfe")
    for word in (
        "#close · #schließen",
        "#note · #notiz",
        "#resolve · #gelöst",
        "#take · #übernehmen",
        "#wait · #warten",
    ):
        assert word in told(desk)


def test_the_ledger_says_in_words_why_a_mail_of_an_agent_was_held(desk: Desk, ticket: Ticket) -> None:
    """P2.3: no code of ours."""
    answers(desk, "#closs")
    page = words(browser(desk, "deniz").get("/desk/mailroom").text)
    assert "held: One of its commands was not understood" in page and "unclear command" not in page


def test_an_agent_has_no_more_rights_by_mail(desk: Desk, ticket: Ticket) -> None:
    """P29.3: whoever only reads commands nothing."""
    notice = desk.sent("notice")[-1]
    delivery = answers(desk, "#close", who="lena", to=notice)
    assert now(ticket).state == "open" and delivery.disposition == "answer"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#note\n\nIntern: Der Mann ist schwierig.", "note"),
        ("#close\n\nErledigt.", "request"),
        ("#notitz\nIntern.", "note"),
    ],
)
def test_where_commands_are_off_nothing_below_them_reaches_the_requester_and_the_agent_is_told(
    desk: Desk, ticket: Ticket, text: str, kind: str
) -> None:
    """P29.3: off until an administrator allows them; P6.2: what was meant as a note stays one, released as well."""
    Team.objects.filter(key="it").update(takes_commands=False)
    delivery = answers(desk, text)
    entry = Entry.objects.get(id=delivery.entry)
    assert (entry.is_public, entry.held_because, entry.kind) == (False, "commands off", kind)
    assert (delivery.detail, now(ticket).state, desk.sent("reply")) == ("held: commands off", "open", [])
    assert "commands by mail are off" in told(desk) and "Intern" not in told(desk)
    assert held_because(entry.held_because) != held_because("no such reason")


def test_where_commands_are_off_a_hashtag_on_top_is_text(desk: Desk, ticket: Ticket) -> None:
    """P29.3"""
    Team.objects.filter(key="it").update(takes_commands=False)
    delivery = answers(desk, "#Neuigkeiten\nIt works.")
    assert (delivery.disposition, Entry.objects.get(id=delivery.entry).kind) == ("reply", "reply")


def test_a_forged_agent_commands_nothing_and_the_agent_hears_of_it(desk: Desk, ticket: Ticket) -> None:
    """S7, P29.1: nothing leaves, and what the real agent is told carries nothing of the mail."""
    delivery = answers(desk, "#close\nWire the money.", trusted=False)
    assert now(ticket).state == "open"
    assert Entry.objects.get(id=delivery.entry).held_because == "unproven"
    words = told(desk)
    assert "did not confirm" in words and "Wire the money" not in words
    assert desk.sent("reply") == []


def test_a_storm_of_forged_mails_tells_the_agent_a_few_times(desk: Desk, ticket: Ticket) -> None:
    """S10; Anna reads German."""
    notice = desk.sent("notice")[-1]
    for number in range(9):
        answers(desk, f"Spam {number}", to=notice, trusted=False)
    held = [one for one in desk.sent("notice") if "zurückgehalten" in read_letter(one.letter()).subject]
    assert len(held) == 5
