"""The pages of the gates and of privacy: emergency access, retention, holds, a person's data; and handing over."""

import io
import json
import re
from unittest.mock import patch
from zipfile import ZipFile

import pytest
from django.test import Client

from hauspost.duties.privacy import erasure, retention
from hauspost.duties.privacy.models import LegalHold, RetentionRule
from hauspost.ground.history.models import Event
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import EmergencyAccess, Entry, Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.browsing import browser, words

WHY = "The payroll run depends on it."


@pytest.fixture
def karim(desk: Desk) -> Client:
    """The administrator."""
    return browser(desk, "karim")


# Emergency access (P33.3).


def test_an_administrator_opens_a_ticket_in_an_emergency(desk: Desk, karim: Client) -> None:
    """P33.3: a 404 before, the ticket to read after, with a mark; and no form to change anything."""
    ticket = desk.ticket("petra", to="hr", text="secretword")
    page = f"/desk/tickets/{ticket.number}"
    assert karim.get(page).status_code == 404

    answer = karim.post("/desk/settings/emergency/opening", {"number": f"#{ticket.number}", "reason": WHY}, follow=True)

    assert answer.redirect_chain[-1][0] == page
    assert "secretword" in answer.text
    assert "Emergency access: this is recorded" in answer.text
    assert "change=" not in answer.text
    assert '<form method="post" action="/desk/tickets' not in karim.get(f"{page}?change=assignee").text
    assert karim.post(f"{page}/notes", {"text": "x"}).status_code in (403, 422)
    listed = browser(desk, "wolfgang").get("/desk/settings/emergency").text
    assert WHY in listed
    assert f"#{ticket.number}" in listed
    assert "emergency/opening" not in listed, "auditors only look"


@pytest.mark.parametrize(
    ("number", "reason"), [("987654", WHY), ("x", WHY), ("", WHY), ("9" * 12, WHY), ("1", "why"), ("1", "")]
)
def test_what_was_typed_comes_back_with_the_refusal(desk: Desk, karim: Client, number: str, reason: str) -> None:
    desk.ticket("petra", to="hr")
    answer = karim.post("/desk/settings/emergency/opening", {"number": number, "reason": reason})
    assert answer.status_code == 422
    assert f'value="{number}"' in answer.text
    assert reason in answer.text
    assert 'class="wrong"' in answer.text
    assert not EmergencyAccess.objects.exists()


# Handing over (P33.2).


def test_a_handover_asks_for_a_note_and_keeps_it(desk: Desk) -> None:
    Team.objects.filter(key="it").update(handover_needs_note=True)
    ticket, anna = desk.ticket("petra"), browser(desk, "anna")
    path = f"/desk/tickets/{ticket.number}/team"

    refused = anna.post(path, {"team": "facilities", "note": "", "based_on": '{"team": "it"}'})
    assert refused.status_code == 422
    assert "hands nothing over without a word" in refused.text
    assert '<option value="facilities" selected>' in refused.text
    done = anna.post(path, {"team": "facilities", "note": "It is a door."}, follow=True)

    assert "It is a door." in done.text, "Anna goes on reading it"
    assert "You follow this ticket" in done.text
    assert "Also read by" in done.text
    assert Ticket.objects.get(number=ticket.number).team.key == "facilities"


def test_what_was_handed_on_stands_in_followed_and_is_found(desk: Desk) -> None:
    ticket, anna = desk.ticket("petra", subject="Scanner"), browser(desk, "anna")
    other = browser(desk, "giulia")
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))

    assert "Scanner" in anna.get("/desk/followed").text
    assert "Scanner" not in anna.get("/desk/open").text
    assert "Scanner" in anna.get("/desk/search?q=scanner").text
    assert anna.get(f"/desk/search?q={ticket.number}").status_code == 302
    assert "Scanner" not in other.get("/desk/followed").text
    page = anna.get(f"/desk/tickets/{ticket.number}?list=followed").text
    assert "write=note" in page
    assert "write=reply" not in page
    assert "to Petra Lang" not in page, "her notes reach no requester"
    writing = anna.get(f"/desk/tickets/{ticket.number}?write=note").text
    assert "only team Facilities and IT service" in writing, "P6.1: who reads the note"


def test_triage_takes_the_note_along(desk: Desk) -> None:
    """P33.2."""
    Team.objects.filter(key="it").update(handover_needs_note=True)
    ticket, deniz = desk.ticket("petra"), browser(desk, "deniz")
    path = f"/desk/triage/{ticket.number}"
    assert 'name="note"' in deniz.get(path).text
    sent = {"category": "", "work_place": "remote", "who": "other", "other_who": "team:facilities"}
    assert deniz.post(f"{path}/filing", sent).status_code == 422
    deniz.post(f"{path}/filing", sent | {"note": "A door"})
    assert Ticket.objects.get(number=ticket.number).team.key == "facilities"
    assert Entry.objects.filter(ticket=ticket, kind="note", text="A door").exists()


# Retention and holds (P41.1).


def test_a_rule_waits_until_somebody_has_seen_what_it_takes(desk: Desk, karim: Client) -> None:
    """P41.1."""
    ticket = desk.ticket("petra")
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    answer = karim.post("/desk/settings/retention/adding", {"team": "it", "type": "", "months": "12", "what": "delete"}, follow=True)  # fmt: skip
    rule = RetentionRule.objects.get()
    page = f"/desk/settings/retention/{rule.id}"
    assert answer.redirect_chain[-1][0] == page
    assert not rule.is_active
    with desk.later(days=400):
        assert f"#{ticket.number}" in karim.get(page).text
    karim.post(f"{page}/starting", {})
    assert not RetentionRule.objects.get().is_active
    karim.post(f"{page}/starting", {"seen_it": "1"})
    assert RetentionRule.objects.get().is_active
    assert "applies" in karim.get("/desk/settings/retention").text
    karim.post(f"{page}/pausing")
    assert not RetentionRule.objects.get().is_active
    karim.post(f"{page}/removing")
    assert not RetentionRule.objects.exists()
    assert karim.get(page).status_code == 404


@pytest.mark.parametrize("months", ["", "0", "601", "soon", "-3"])
def test_a_rule_that_cannot_be_comes_back(desk: Desk, karim: Client, months: str) -> None:
    answer = karim.post("/desk/settings/retention/adding", {"months": months, "what": "delete", "team": "it"})
    assert answer.status_code == 422
    assert f'value="{months}"' in answer.text
    assert '<option value="it" selected>' in answer.text
    assert not RetentionRule.objects.exists()


def test_holds_are_placed_and_lifted(desk: Desk, karim: Client) -> None:
    ticket = desk.ticket("petra")
    for on in (f"#{ticket.number}", "marta.nowak@lindner.example", "Petra Lang"):
        karim.post("/desk/settings/retention/holds", {"on": on, "reason": "12 O 3/26"})
    assert LegalHold.objects.count() == 3
    assert "12 O 3/26" in karim.get("/desk/settings/retention").text
    for on in ("#987654", "Nobody", "", f"#{ticket.number}"):
        answer = karim.post("/desk/settings/retention/holds", {"on": on, "reason": "x"})
        assert answer.status_code in (409, 422)
        assert f'value="{on}"' in answer.text
    for hold in LegalHold.objects.all():
        karim.post(f"/desk/settings/retention/holds/{hold.id}/lifting")
    assert not LegalHold.objects.filter(lifted_at=None).exists()


def test_an_expired_ticket_names_nobody_on_its_page(desk: Desk) -> None:
    """P41.1: although the record keeps uids, pages lead to no name."""
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    desk.works()
    made = retention.add_rule(team=None, type="", months=1, what="anonymise", actor=desk.actor("karim"))
    retention.start(made, actor=desk.actor("karim"))
    jonas = browser(desk, "jonas")
    with desk.later(days=40), patch("hauspost.ground.db.overwriting_deleted"):
        retention.run_all()
        for path in ("", "/as-of?at=2026-11-24T23:00"):
            page = jonas.get(f"/desk/tickets/{ticket.number}{path}").text
            said = page[page.index("<main") :]
            for name in ("Petra", "Anna", "Deniz"):
                assert name not in said, (path, name)
        assert "retention period is over" in jonas.get(f"/desk/tickets/{ticket.number}").text


@pytest.mark.parametrize("why", ["expired", "erased"])
def test_an_emptied_entry_leads_to_no_original_and_its_old_address_says_why(desk: Desk, why: str) -> None:
    """P41: nobody is led to a page that is not there; who kept its address reads when and why the mail went."""
    ticket = desk.ticket("petra")
    tickets.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    entry = ticket.entries.get(seq=1)
    page, mail = f"/desk/tickets/{ticket.number}", f"/desk/mailroom/{entry.delivery}"
    original = f"{page}/entries/{entry.id}/original"
    deniz = browser(desk, "deniz")
    assert original in deniz.get(page).text and "original.html" in deniz.get(mail).text
    with (
        desk.later(days=40),
        patch("hauspost.ground.db.overwriting_deleted"),
        patch("hauspost.ground.db.clear_deleted"),
    ):
        if why == "expired":
            made = retention.add_rule(team=None, type="", months=1, what="anonymise", actor=desk.actor("karim"))
            retention.start(made, actor=desk.actor("karim"))
            retention.run_all()
        else:
            erasure.erase(desk.person("petra"), actor=desk.actor("karim"))
        told = "its ticket was over" if why == "expired" else "sender’s data were erased"
        emptied = deniz.get(page).text
        assert original not in emptied and ("(erased)" in emptied) == (why == "erased")
        gone = deniz.get(original)
        assert gone.status_code == 410 and told in words(gone.text)
        kept = deniz.get(mail)
        assert kept.status_code == 200 and told in words(kept.text) and "original." not in kept.text


# A person's data (P41.2, P41.3).


def test_a_persons_data_comes_as_one_file(desk: Desk, karim: Client) -> None:
    """P41.3."""
    desk.ticket("petra", text="scannerword")
    found = karim.get("/desk/settings/privacy", {"person": "petra.lang@lindner.example"})
    path = re.search(r'action="([^"]*/export)"', found.text)
    assert path
    answer = karim.post(path[1])
    archive = ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="petra-lang.zip"'
    assert json.loads(archive.read("person.json"))["person"]["name"] == "Petra Lang"
    assert karim.get(path[1]).status_code == 405


def test_a_person_is_erased_after_the_name_was_typed(desk: Desk, karim: Client) -> None:
    """P41.2."""
    other = desk.ticket("marta", text="Petra Lang hat denselben Fehler.")
    own = desk.ticket("petra")
    tickets.reply(own, Writing(text="Done."), actor=desk.actor("anna"))
    with desk.later(minutes=1):
        desk.works()
    path = f"/desk/settings/privacy/{desk.person('petra').uid}"
    assert "1" in karim.get(path).text
    refused = karim.post(f"{path}/erasure", {"name": "Petra"})
    assert refused.status_code == 422
    assert 'value="Petra"' in refused.text
    with patch("hauspost.ground.db.clear_deleted"):
        done = karim.post(f"{path}/erasure", {"name": "petra  lang"})
    assert f"#{other.number}, entry 1: names the person" in done.text
    assert Person.objects.get(uid=desk.person("petra").uid).erased_at is not None
    assert karim.get(path).status_code == 404
    assert Event.objects.filter(kind="person.erased").count() == 1
    # Where the address was, nobody wonders about a number.
    assert "(erased): taken back" in words(browser(desk, "anna").get(f"/desk/tickets/{own.number}").text)
    log = words(karim.get("/desk/settings/audit?group=privacy").text)
    assert re.search(r"Karim Haddad erased the person .*Erased contents: \d+ ", log)


def test_what_stands_in_the_way_is_said_before(desk: Desk, karim: Client) -> None:
    ticket = desk.ticket("petra")
    tickets.assign(ticket, desk.person("anna"), actor=desk.actor("deniz"))
    secret = desk.ticket("petra", to="hr")
    tickets.assign(secret, desk.person("giulia"), actor=desk.actor("giulia"))
    anna = karim.get(f"/desk/settings/privacy/{desk.person('anna').uid}").text
    assert f"#{ticket.number}" in anna
    assert "/erasure" not in anna
    giulia = karim.get(f"/desk/settings/privacy/{desk.person('giulia').uid}").text
    assert f"#{secret.number}" not in giulia, "P33.3"
    assert "in confidential teams" in giulia
    assert "This is you" in karim.get(f"/desk/settings/privacy/{desk.person('karim').uid}").text
    refused = karim.post(f"/desk/settings/privacy/{desk.person('karim').uid}/erasure", {"name": "Karim Haddad"})
    assert refused.status_code == 409


@pytest.mark.parametrize("asked", ["Nobody At All", "nobody@lindner.example"])
def test_nobody_of_that_name(karim: Client, asked: str) -> None:
    answer = karim.get("/desk/settings/privacy", {"person": asked})
    assert answer.status_code == 422
    assert f'value="{asked}"' in answer.text
