"""Every verb of a ticket is reached by a form, and every refusal comes back with what was typed."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hauspost.ground import clock
from hauspost.ground.mail.letter import read_letter
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Category, Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import browser, hidden, words


@pytest.fixture
def anna(desk: Desk) -> Client:
    return browser(desk, "anna")


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return desk.ticket("petra", subject="Label printer prints blank labels")


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.with_names().get(number=ticket.number)


def post(client: Client, ticket: Ticket, noun: str, **fields: object) -> str:
    """Send a card's form; answers the page that follows."""
    answer = client.post(f"/desk/tickets/{ticket.number}/{noun}", fields, follow=True)
    assert answer.status_code == 200, words(answer.text)
    return answer.text


def test_a_reply_leaves_and_names_its_reader(anna: Client, desk: Desk, ticket: Ticket) -> None:
    page = post(anna, ticket, "replies", text="Turn the ribbon.", to="petra.lang@lindner.example")
    assert "Turn the ribbon." in page
    assert "Undo" in page
    with desk.later(seconds=11):
        desk.works()
        shown = words(anna.get(f"/desk/tickets/{ticket.number}").text)
    assert "petra.lang@lindner.example: handed to the mail server" in shown or "waiting to be sent" in shown
    assert "Undo" not in shown


def test_a_reply_can_be_undone_and_its_text_and_files_come_back(anna: Client, ticket: Ticket) -> None:
    """P6.4."""
    photo = SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n", "image/png")
    post(anna, ticket, "replies", text="Too fast", to="petra.lang@lindner.example", files=photo)
    entry = ticket.entries.get(kind="reply")
    page = post(anna, ticket, f"entries/{entry.id}/undo")
    assert "Nobody has received it" in page
    assert "Too fast</textarea>" in page
    assert "photo.png" in page
    kept = ticket.entries.get(kind="reply").attachments.get()
    post(anna, ticket, "replies", text="Better", to="petra.lang@lindner.example", kept_file=str(kept.id))
    assert ticket.entries.get(text="Better").attachments.get().name == "photo.png"


def test_too_late_to_undo_is_said(anna: Client, desk: Desk, ticket: Ticket) -> None:
    post(anna, ticket, "replies", text="Gone", to="petra.lang@lindner.example")
    entry = ticket.entries.get(kind="reply")
    with desk.later(seconds=30):
        page = post(anna, ticket, f"entries/{entry.id}/undo")
    assert "has already left" in page


def test_a_note_stays_at_the_desk(anna: Client, desk: Desk, ticket: Ticket) -> None:
    """P6.2."""
    sent = len(desk.sent("reply"))
    assert "Ribbon is low" in post(anna, ticket, "notes", text="Ribbon is low")
    desk.works()
    assert len(desk.sent("reply")) == sent
    assert ticket.entries.get(kind="note").is_public is False


def test_switching_the_kind_keeps_the_text_and_drops_the_recipients(anna: Client, ticket: Ticket) -> None:
    """P6.5."""
    page = post(anna, ticket, "composer", text="Half a thought", write="note", to="petra.lang@lindner.example")
    assert "Half a thought</textarea>" in page
    assert 'name="to"' not in page
    assert "Save note (only team IT service)" in page
    assert "Half a thought" not in "".join(ticket.entries.values_list("text", flat=True))


@pytest.mark.parametrize("noun", ["replies", "notes"])
def test_an_empty_text_is_refused_with_the_composer_open(anna: Client, ticket: Ticket, noun: str) -> None:
    answer = anna.post(f"/desk/tickets/{ticket.number}/{noun}", {"text": " ", "to": "petra.lang@lindner.example"})
    assert answer.status_code == 422
    assert "There is nothing to send yet" in answer.text
    assert "<textarea" in answer.text


def test_a_reply_to_nobody_is_refused_and_the_text_kept(anna: Client, ticket: Ticket) -> None:
    """P5.3."""
    answer = anna.post(f"/desk/tickets/{ticket.number}/replies", {"text": "Hello?"})
    assert answer.status_code == 422
    assert "reach nobody" in answer.text
    assert "Hello?</textarea>" in answer.text


def test_whoever_was_overtaken_reads_first_and_keeps_the_text(anna: Client, desk: Desk, ticket: Ticket) -> None:
    """P24.2."""
    opened = anna.get(f"/desk/tickets/{ticket.number}?write=reply").text
    post(browser(desk, "jonas"), ticket, "replies", text="I was quicker", to="petra.lang@lindner.example")
    fields = {"text": "Me too", "to": "petra.lang@lindner.example", "seen_seq": hidden(opened, "seen_seq")}
    answer = anna.post(f"/desk/tickets/{ticket.number}/replies", fields)
    assert answer.status_code == 409
    assert "I was quicker" in answer.text
    assert "Me too</textarea>" in answer.text
    fields["seen_seq"] = hidden(answer.text, "seen_seq")
    assert "Me too" in post(anna, ticket, "replies", **fields)


def test_resolving_with_the_reply(anna: Client, ticket: Ticket) -> None:
    post(anna, ticket, "replies", text="Done.", to="petra.lang@lindner.example", status="resolved")
    assert again(ticket).state == "resolved"


def test_assigning_and_taking(anna: Client, desk: Desk, ticket: Ticket) -> None:
    post(anna, ticket, "assignee", assignee="me")
    assert again(ticket).assignee == desk.person("anna")
    page = post(anna, ticket, "assignee", assignee=str(desk.person("jonas").uid))
    assert "Anna Weiss assigned it to Jonas Klein" in words(page)
    post(anna, ticket, "assignee", assignee="")
    assert again(ticket).assignee is None


def test_handing_over_ends_the_view_of_the_ticket(anna: Client, ticket: Ticket) -> None:
    """P11.6."""
    answer = anna.post(f"/desk/tickets/{ticket.number}/team", {"team": "facilities"}, follow=True)
    assert again(ticket).team.key == "facilities"
    assert answer.status_code in (200, 404)


def test_setting_a_status_and_waiting_until_a_date(anna: Client, ticket: Ticket) -> None:
    post(anna, ticket, "status", status="waiting-requester")
    assert again(ticket).state == "waiting_requester"
    later = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert "Waiting for date" in words(post(anna, ticket, "status", status="waiting-date", until=later))


def test_waiting_for_a_date_without_one_is_refused_in_its_card(anna: Client, ticket: Ticket) -> None:
    answer = anna.post(f"/desk/tickets/{ticket.number}/status", {"status": "waiting-date"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert '<option value="waiting-date" selected>' in answer.text


def test_solving_and_reopening(anna: Client, ticket: Ticket) -> None:
    post(anna, ticket, "closure")
    assert again(ticket).state == "resolved"
    post(anna, ticket, "reopening")
    assert again(ticket).state == "open"


def test_cataloguing(anna: Client, desk: Desk, ticket: Ticket) -> None:
    category = Category.objects.filter(parent__isnull=False).first()
    page = post(
        anna, ticket, "classification", category=category.key, type="incident", impact="3", urgency="3",
        site="hamburg", location="h-tor-3", work_place="on_site", affected="Marta Nowak",
    )  # fmt: skip
    changed = again(ticket)
    assert (changed.category, changed.priority, changed.location.key) == (category, 4, "h-tor-3")
    assert changed.affected == desk.person("marta")
    assert "critical" in words(page)


def test_two_edits_of_one_field_meet_and_both_values_are_shown(anna: Client, desk: Desk, ticket: Ticket) -> None:
    """P24.3."""
    opened = anna.get(f"/desk/tickets/{ticket.number}?change=classification").text
    post(browser(desk, "jonas"), ticket, "classification", urgency="1")
    fields = {"urgency": "3", "based_on": hidden(opened, "based_on")}
    answer = anna.post(f"/desk/tickets/{ticket.number}/classification", fields)
    assert answer.status_code == 409
    assert "As it is now low" in words(answer.text)
    assert "As you want it high" in words(answer.text)
    post(anna, ticket, "classification", urgency="3", knowing="1")
    assert again(ticket).urgency == 3


def test_edits_of_different_fields_merge(anna: Client, desk: Desk, ticket: Ticket) -> None:
    """P24.3."""
    opened = anna.get(f"/desk/tickets/{ticket.number}?change=classification").text
    post(browser(desk, "jonas"), ticket, "classification", impact="3")
    post(anna, ticket, "classification", urgency="3", based_on=hidden(opened, "based_on"))
    assert (again(ticket).impact, again(ticket).urgency) == (3, 3)


def test_the_form_carries_the_fields_as_the_record_writes_them(anna: Client, ticket: Ticket) -> None:
    opened = anna.get(f"/desk/tickets/{ticket.number}?change=assignee").text
    assert json.loads(hidden(opened, "based_on")) == {"assignee": None}


def test_an_outage_is_counted(anna: Client, ticket: Ticket) -> None:
    page = post(anna, ticket, "impact", people="6", percent="100", since="2026-11-23T07:30")
    assert "6 people" in words(page)
    assert "work has stopped" in page
    assert again(ticket).impact_people == 6


@pytest.mark.parametrize(
    ("field", "typed"), [("people", "many"), ("percent", "101"), ("since", "soon"), ("people", "-1")]
)
def test_nonsense_numbers_are_refused_and_kept(anna: Client, ticket: Ticket, field: str, typed: str) -> None:
    answer = anna.post(f"/desk/tickets/{ticket.number}/impact", {field: typed})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'value="{typed}"' in answer.text


def test_a_visit_is_planned(anna: Client, desk: Desk, ticket: Ticket) -> None:
    later = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT14:00")
    page = post(anna, ticket, "visit", technician=str(desk.person("jonas").uid), planned_at=later)
    assert again(ticket).technician == desk.person("jonas")
    assert again(ticket).work_place == "on_site"
    assert "Jonas Klein" in words(page)


def test_snoozing_and_waking(anna: Client, ticket: Ticket) -> None:
    post(anna, ticket, "snooze", **{"for": "tomorrow"})
    assert again(ticket).wake_at > clock.now()
    assert "Label printer" in anna.get("/desk/snoozed").text
    post(anna, ticket, "waking")
    assert again(ticket).wake_at is None


def test_a_better_subject(anna: Client, ticket: Ticket) -> None:
    assert "Ribbon upside down" in post(anna, ticket, "subject", subject="Ribbon upside down")
    assert anna.post(f"/desk/tickets/{ticket.number}/subject", {"subject": "  "}).status_code == 422


def test_another_requester(anna: Client, desk: Desk, ticket: Ticket) -> None:
    post(anna, ticket, "requester", requester="Marta Nowak <marta.nowak@lindner.example>")
    assert again(ticket).requester == desk.person("marta")


@pytest.mark.parametrize("typed", ["", "Nobody At All", "nobody@lindner.example"])
def test_an_unknown_person_is_refused_and_kept(anna: Client, ticket: Ticket, typed: str) -> None:
    answer = anna.post(f"/desk/tickets/{ticket.number}/requester", {"requester": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text


def test_participants_come_and_go(anna: Client, desk: Desk, ticket: Ticket) -> None:
    page = post(anna, ticket, "participants", person="Marta Nowak", role="participant")
    assert "Marta Nowak" in words(page)
    assert "to Petra Lang and Marta Nowak" in words(page)
    post(anna, ticket, f"participants/{desk.person('marta').uid}/removal")
    assert not ticket.participants.exists()


def test_somebody_in_copy_is_confirmed_by_hand(anna: Client, desk: Desk) -> None:
    """S8."""
    ticket = desk.ticket("petra", headers={"Cc": desk.address("marta")}, subject="With copy")
    row = ticket.participants.get()
    assert not row.is_confirmed
    assert "in copy, not confirmed" in anna.get(f"/desk/tickets/{ticket.number}").text
    post(anna, ticket, f"participants/{desk.person('marta').uid}/confirmation")
    row.refresh_from_db()
    assert row.is_confirmed


def test_links_show_on_both_tickets(anna: Client, desk: Desk, ticket: Ticket) -> None:
    other = desk.ticket("marta", subject="The same again")
    assert "The same again" in post(anna, ticket, "links", number=f"#{other.number}", kind="duplicate")
    assert "duplicated by" in anna.get(f"/desk/tickets/{other.number}").text
    post(anna, ticket, f"links/{other.number}/removal", kind="duplicate")
    assert not ticket.links.exists()


def test_a_link_to_a_forbidden_ticket_is_refused_like_one_to_none(anna: Client, desk: Desk, ticket: Ticket) -> None:
    """P11.1."""
    secret = desk.ticket("marta", to="hr", subject="My contract")
    told = [
        words(anna.post(f"/desk/tickets/{ticket.number}/links", {"number": str(number), "kind": "related"}).text)
        for number in (secret.number, 999_999)
    ]
    assert "there is no such ticket that you may see" in told[0]
    assert told[0] == told[1]


def test_tags(anna: Client, ticket: Ticket) -> None:
    assert "gate-3" in post(anna, ticket, "tags", tag="Gate 3")
    post(anna, ticket, "tags/removal", tag="gate-3")
    assert not ticket.tags.exists()


def test_a_held_mail_is_seen_and_released(anna: Client, desk: Desk, ticket: Ticket) -> None:
    """S8."""
    actions.add_answer(
        ticket, Writing(text="Let me in", channel="mail"), author=desk.person("marta"),
        actor=desk.actor("anna"), held_because="unconfirmed",
    )  # fmt: skip
    entry = ticket.entries.get(text="Let me in")
    assert "only the desk sees this mail" in anna.get(f"/desk/tickets/{ticket.number}").text
    post(anna, ticket, f"entries/{entry.id}/release", as_participant="1")
    entry.refresh_from_db()
    assert entry.is_public
    assert ticket.participants.get().person == desk.person("marta")


def test_triage_files_and_goes_on_to_the_next(desk: Desk, ticket: Ticket) -> None:
    deniz = browser(desk, "deniz")
    after = desk.ticket("marta", subject="And another one")
    category = Category.objects.filter(parent__isnull=False).first()
    fields = {
        "category": "other", "other_category": category.key, "who": "other",
        "other_who": str(desk.person("anna").uid), "work_place": "remote",
    }  # fmt: skip
    page = deniz.post(f"/desk/triage/{ticket.number}/filing", fields, follow=True)
    assert "And another one" in page.text
    assert (again(ticket).assignee, again(ticket).category) == (desk.person("anna"), category)
    page = deniz.post(f"/desk/triage/{after.number}/filing", {"who": "team:facilities", "work_place": ""}, follow=True)
    assert again(after).team.key == "facilities"
    assert "The table is empty" in page.text


def test_the_sorting_table_chooses_no_category_without_a_base(desk: Desk, ticket: Ticket) -> None:
    """Enter files what is chosen: a guess is offered, and only a habit of the requester is chosen in advance."""
    deniz, category = browser(desk, "deniz"), Category.objects.filter(parent__isnull=False).first()
    assert category is not None

    def chosen() -> list[str]:
        page = deniz.get(f"/desk/triage/{ticket.number}").text
        found = re.findall(r'<input type="radio" name="category" value="([^"]*)"([^>]*)>', page)
        assert found
        assert category.key in page
        return [value for value, more in found if "checked" in more]

    for _number in range(2):
        actions.catalogue(desk.ticket("petra"), category=category, actor=desk.actor("deniz"))
        actions.catalogue(desk.ticket("marta"), category=category, actor=desk.actor("deniz"))
        assert chosen() == []
    actions.catalogue(desk.ticket("petra"), category=category, actor=desk.actor("deniz"))
    assert chosen() == [category.key], "three of Petra's were that"
    other = Category.objects.filter(parent__isnull=False).exclude(id=category.id).first()
    actions.catalogue(ticket, category=other, actor=desk.actor("deniz"))
    assert other is not None
    assert chosen() == [other.key], "what it has already"


def test_a_ticket_for_somebody_on_the_phone(anna: Client, desk: Desk) -> None:
    """P53.1."""
    fields = {"requester": "Petra Lang", "team": "it", "channel": "phone", "subject": "No sound", "text": "She called."}
    sent = len(desk.sent())
    page = anna.post("/desk/tickets/new", fields, follow=True)
    ticket = Ticket.objects.get(subject="No sound")
    assert (ticket.requester, ticket.channel) == (desk.person("petra"), "phone")
    assert "She called." in page.text
    desk.works()
    assert not [mail for mail in desk.sent("acknowledgement")[sent:] if mail.about == ticket.number]


def test_a_new_ticket_goes_where_its_category_leads_when_no_team_was_chosen(anna: Client, desk: Desk) -> None:
    """As in the portal; an agent without a role there opens it and hands it on in one step."""
    building = Category.objects.get(key="building")
    fields = {"requester": "Petra Lang", "channel": "phone", "text": "She called.", "category": building.key}
    page = anna.post("/desk/tickets/new", {**fields, "team": "", "subject": "Door creaks"}, follow=True)
    ticket = Ticket.objects.get(subject="Door creaks")
    assert ticket.team == desk.team("facilities")
    assert f"Ticket #{ticket.number} is open; its category leads to team Facilities" in words(page.text)
    anna.post("/desk/tickets/new", {**fields, "team": "it", "subject": "Chosen"})
    assert Ticket.objects.get(subject="Chosen").team == desk.team("it")
    anna.post("/desk/tickets/new", {**fields, "category": "", "team": "", "subject": "Nowhere"})
    assert Ticket.objects.get(subject="Nowhere").team == desk.team("it")


def test_a_refused_new_ticket_keeps_every_word(anna: Client) -> None:
    fields = {"requester": "Nobody", "team": "it", "channel": "phone", "subject": "No sound", "text": "She called."}
    answer = anna.post("/desk/tickets/new", fields)
    assert answer.status_code == 422
    assert "She called.</textarea>" in answer.text
    assert 'value="No sound"' in answer.text


def test_an_unknown_caller_becomes_known(anna: Client) -> None:
    fields = {
        "requester": "new.face@lindner.example", "name": "New Face", "team": "it", "channel": "walk_in",
        "subject": "Badge", "text": "Needs a badge.",
    }  # fmt: skip
    anna.post("/desk/tickets/new", fields)
    assert Ticket.objects.get(subject="Badge").requester.name == "New Face"


def test_get_changes_nothing(anna: Client, ticket: Ticket) -> None:
    """S23."""
    for noun in ("replies", "notes", "assignee", "closure", "status", "tags", "participants"):
        assert anna.get(f"/desk/tickets/{ticket.number}/{noun}").status_code == 405


def test_a_stale_form_token_keeps_the_text(desk: Desk, ticket: Ticket) -> None:
    """P18.3."""
    strict = browser(desk, "anna", enforce_csrf_checks=True)
    answer = strict.post(f"/desk/tickets/{ticket.number}/replies", {"text": "A long answer that nobody wants to lose."})
    assert answer.status_code == 403
    assert "A long answer that nobody wants to lose." in answer.text


def test_a_session_that_ended_meanwhile_loses_no_word(client: Client, desk: Desk, ticket: Ticket) -> None:
    """P23.2."""
    person = desk.person("anna")
    person.refresh_from_db()
    person.set_password("the tenth character")
    person.save(update_fields=["password"])
    asked = client.post(f"/desk/tickets/{ticket.number}/notes", {"text": "Written before"}, HTTP_ACCEPT_LANGUAGE="en")
    assert asked.status_code == 401
    assert "Sign in" in asked.text
    fields = {
        "address": "anna.weiss@lindner.example", "password": "the tenth character",
        "next": hidden(asked.text, "next"), "kept-text": hidden(asked.text, "kept-text"),
    }  # fmt: skip
    resumed = client.post("/sign-in", fields)
    assert "Written before</textarea>" in resumed.text
    assert f'action="/desk/tickets/{ticket.number}/notes"' in resumed.text


def test_files_over_the_limit_are_refused_with_the_limit_and_the_text_is_kept(
    anna: Client, ticket: Ticket, settings: Any
) -> None:
    """P5.5"""
    settings.HAUSPOST = replace(settings.HAUSPOST, mail_size_limit=100_000)
    fields = {"text": "See the scan.", "to": "petra.lang@lindner.example"}
    film = SimpleUploadedFile("film.mp4", b"x" * 90_000, "video/mp4")
    answer = anna.post(f"/desk/tickets/{ticket.number}/replies", {**fields, "files": film})
    assert answer.status_code == 413
    assert "0.1 MB are allowed" in words(answer.text) and "See the scan." in answer.text
    assert not ticket.entries.filter(kind="reply").exists()


def test_the_original_mail_is_shown_from_our_own_store(anna: Client, desk: Desk) -> None:
    """P4.6: no mail server is asked, whatever became of the mail there."""
    delivery = desk.receives(desk.letter("petra", text="Before.\n\nOn Monday Ada wrote:\n> all of it\n"))
    at = f"/desk/tickets/{delivery.ticket}/entries/{delivery.entry}/original"
    assert "all of it" in anna.get(f"{at}.html").text
    assert b"> all of it" in b"".join(anna.get(f"{at}.eml").streaming_content)  # type: ignore[attr-defined]


def test_big_files_go_as_a_link_that_ends(anna: Client, desk: Desk, ticket: Ticket, settings: Any) -> None:
    """P36.3: the mail stays small, names them, and leads the requester to them for two weeks."""
    settings.HAUSPOST = replace(settings.HAUSPOST, mail_size_limit=100_000)
    film = SimpleUploadedFile("film.mp4", b"x" * 90_000, "video/mp4")
    fields = {"text": "See the film.", "to": "petra.lang@lindner.example", "files_as_link": "1", "files": film}
    anna.post(f"/desk/tickets/{ticket.number}/replies", fields)
    with desk.later(minutes=1):
        desk.works()
        letter = read_letter(desk.sent("reply")[0].letter())
        assert letter.attachments == () and "film.mp4 (0.1 MB)" in letter.text
        link = re.search(r"/t/[a-z2-7]+", letter.text)
        assert link is not None
        petra = Client()
        page = petra.get(link[0], follow=True).text
        file = re.search(r'href="([^"]+/files/\d+[^"]*)"', page)
        assert file is not None
        assert b"".join(petra.get(file[1]).streaming_content) == b"x" * 90_000  # type: ignore[attr-defined]
    with desk.later(days=15):
        assert petra.get(file[1]).status_code in (302, 403, 404, 410)


def test_somebody_from_outside_gets_no_link_to_a_portal(anna: Client, desk: Desk) -> None:
    """P36.3, S9"""
    outside = desk.ticket("max@supplier.example")
    fields = {"text": "See the film.", "to": "max@supplier.example", "files_as_link": "1"}
    answer = anna.post(f"/desk/tickets/{outside.number}/replies", fields)
    assert answer.status_code == 422 and "attach the files instead" in words(answer.text)
