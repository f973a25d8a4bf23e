"""How the house is kept, by API: the audit log, retention, legal holds, backups, the hold after a restore."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.privacy.models import LegalHold, RetentionRule
from hauspost.ground import clock
from hauspost.ground.accounts.health import hold_all
from hauspost.ground.history.models import Event
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, rule
from hauspost.records.tickets import actions
from hauspost.records.tickets.actions.expiring import expire
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.calling import Program


@pytest.fixture
def karim(desk: Desk) -> Program:
    """An administrator's program."""
    return Program.of(desk, "karim")


def rows_of(answer: Any) -> list[dict[str, str]]:
    """A CSV file as a spreadsheet reads it."""
    assert answer.status_code == 200, answer.content
    file = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(file, newline=""), delimiter=";"))


def closed(desk: Desk, ticket: Ticket, by: str) -> Ticket:
    row = Ticket.objects.with_names().get(number=ticket.number)
    actions.set_status(row, status_of("closed"), actor=desk.actor(by))
    return Ticket.objects.with_people().get(number=ticket.number)


# The audit log.


def test_who_changed_roles_and_people_is_found_page_by_page(karim: Program, desk: Desk) -> None:
    """S13, P26.4: by group, by whom, about whom, by day; keyset paging tells nothing twice."""
    marta, petra = desk.person("marta"), desk.person("petra")
    people.give_role(marta, desk.team("it"), "agent", actor=desk.actor("karim"))
    people.rename(petra, "Petra Lang-Weber", actor=desk.actor("karim"))
    [line] = karim.get("audit", group="roles", words="team.role_given", who="Karim")["lines"][:1]
    assert (line["kind"], line["person"]["name"], line["stream"]) == (
        "team.role_given",
        "Karim Haddad",
        "setting:team:it",
    )
    assert (line["actor"]["via"], line["data"]["person"]) == ("web", str(marta.uid))
    renamed = karim.get("audit", words="Petra")["lines"]
    assert [one["texts"]["name"] for one in renamed if one["kind"] == "person.changed"] == ["Petra Lang-Weber"]
    assert karim.get("audit", who="Marta Nowak") == {"lines": [], "next": None}
    assert karim.get("audit", since=(clock.now() + timedelta(days=2)).date().isoformat())["lines"] == []
    seen, cursor = [], None
    while True:
        page = karim.get("audit", limit=7, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["lines"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == sorted(set(seen), reverse=True) and len(seen) > 14
    # That it was read stands in it, too; once an hour.
    assert Event.objects.filter(kind="settings.seen", stream__name="setting:audit").count() == 1


def test_the_log_leaves_as_csv_and_that_is_recorded(karim: Program, desk: Desk) -> None:
    """S15: the same rows, and no cell becomes a formula."""
    people.rename(desk.person("petra"), "=1+1", actor=desk.actor("karim"))
    rows = rows_of(karim.ask("GET", "audit.csv", words="person.changed"))
    assert [(row["Kind"], row["Who"], row["About"]) for row in rows] == [("person.changed", "Karim Haddad", "'=1+1")]
    assert Event.objects.filter(kind="audit.exported").count() == 1


def test_the_log_names_no_confidential_ticket_and_nobody_of_an_emptied_one(karim: Program, desk: Desk) -> None:
    """P33.3, P41.1: neither in the answer nor in the file, nor by looking for the person; a hold tells no number either."""
    secret, open_one = desk.ticket("petra", to="hr"), desk.ticket("marta")
    for ticket in (secret, open_one):
        karim.post("legal-holds", {"ticket": ticket.number, "reason": "Case 7 O 12/26"})
    assert [hold["ticket"] for hold in karim.get("legal-holds")["holds"]] == [open_one.number, None]
    actions.assign(open_one, desk.person("anna"), actor=desk.actor("anna"))
    for ticket, by in ((secret, "giulia"), (open_one, "anna")):
        row = closed(desk, ticket, by)
        with transaction.atomic():
            expire(row, with_subject=True, actor=rule("retention"))
    told = karim.ask("GET", "audit", group="privacy")
    heard = told.content.decode()  # type: ignore[attr-defined]
    assert f'"ticket:{open_one.number}"' in heard and f'"ticket:{secret.number}"' not in heard
    about = [row["About"] for row in rows_of(karim.ask("GET", "audit.csv", group="privacy"))]
    assert f"#{open_one.number}" in about and f"#{secret.number}" not in about
    for somebody in (desk.person("marta"), desk.person("anna")):
        assert somebody.name not in heard and str(somebody.uid) not in heard
        assert karim.get("audit", group="privacy", words=somebody.name)["lines"] == []


def test_auditors_read_the_log_and_the_backups_and_change_nothing(desk: Desk) -> None:
    """S5, P33.3: an agent finds neither."""
    wolfgang, deniz = Program.of(desk, "wolfgang"), Program.of(desk, "deniz")
    for path in ("audit", "backups", "backups/state"):
        wolfgang.get(path)
        deniz.get(path, 404)
    deniz.get("audit.csv", 404)
    for path in ("retention-rules", "legal-holds", "expiries"):
        wolfgang.get(path, 404)
    wolfgang.post("backups", status=404)
    wolfgang.post("legal-holds", {"ticket": 1, "reason": "x"}, 404)
    Program.of(desk, "karim", "keeping:read").post("backups", status=403)
    Program.of(desk, "karim", "keeping:write").get("audit", 403)


# Retention and legal holds.


def test_a_rule_from_its_preview_to_its_end(karim: Program, desk: Desk) -> None:
    """P41.1: it waits; what it would take is told; whoever starts it has seen that; holds win."""
    kept, going, secret = desk.ticket("petra"), desk.ticket("marta"), desk.ticket("petra", to="hr")
    for ticket, by in ((kept, "anna"), (going, "anna"), (secret, "giulia")):
        closed(desk, ticket, by)
    hold = karim.post("legal-holds", {"ticket": kept.number, "reason": "Case 7 O 12/26"})
    made = karim.post("retention-rules", {"months": 1, "what": "anonymise"})
    one = f"retention-rules/{made['id']}"
    assert karim.post("retention-rules", {"months": 3, "what": "anonymise"}, 409)["code"]
    assert karim.get(one) == {
        "id": made["id"], "href": made["href"], "team": None, "type": None, "months": 1, "what": "anonymise", "is_active": False,
    }  # fmt: skip
    with desk.later(days=40):
        seen = karim.get(f"{one}/preview")
        assert (seen["tickets"], seen["numbers"]) == (2, [going.number])
        assert (seen["held"], seen["held_numbers"]) == (1, [kept.number])
    assert karim.post(f"{one}/activation", {"seen_it": False}, 422)["errors"][0]["field"] == "seen_it"
    karim.post(f"{one}/activation", {"seen_it": True}, 200)
    assert [rule["is_active"] for rule in karim.get("retention-rules")["rules"]] == [True]
    karim.delete(f"{one}/activation")
    assert karim.get(one)["is_active"] is False
    karim.delete(one)
    karim.get(one, 404)
    assert not RetentionRule.objects.exists()
    assert karim.get("expiries") == {"days": []}
    kinds = Event.objects.filter(kind__startswith="retention.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [f"retention.rule_{word}" for word in ("added", "started", "paused", "removed")]
    assert karim.delete(f"legal-holds/{hold['id']}")["id"] == hold["id"]


def test_a_hold_is_placed_told_and_lifted(karim: Program, desk: Desk) -> None:
    """P41.1: on a ticket or a person; the desk sees it at the ticket, its requester does not."""
    ticket, other = desk.ticket("petra"), desk.ticket("marta")
    made = karim.post("legal-holds", {"ticket": ticket.number, "reason": "Case 7 O 12/26"})
    assert karim.post("legal-holds", {"ticket": ticket.number, "reason": "again"}, 409)["code"] == "held-already"
    # Also of somebody who has left.
    people.deactivate(desk.person("marta"), actor=SYSTEM)
    karim.post("legal-holds", {"person": "marta.nowak@lindner.example", "reason": "Audit"})
    first, second = karim.get("legal-holds")["holds"]
    assert (first["person"]["name"], first["ticket"], first["reason"]) == ("Marta Nowak", None, "Audit")
    assert (second["ticket"], second["by"]["name"]) == (ticket.number, "Karim Haddad")
    assert [one["id"] for one in karim.get("legal-holds", ticket=ticket.number)["holds"]] == [made["id"]]
    page = karim.get("legal-holds", limit=1)
    assert [one["id"] for one in karim.get("legal-holds", cursor=page["next"])["holds"]] == [made["id"]]
    anna, petra = Program.of(desk, "anna"), Program.of(desk, "petra")
    assert anna.get(f"tickets/{ticket.number}")["desk"]["legal_hold_since"] == second["since"]
    listed = {one["number"]: one["desk"]["legal_hold_since"] for one in anna.get("tickets")["tickets"]}
    assert listed == {ticket.number: second["since"], other.number: None}
    assert "hold" not in str(petra.get(f"tickets/{ticket.number}"))
    for body, field in (
        ({"reason": "x"}, "ticket"),
        ({"ticket": 1, "person": "x@x.example", "reason": "x"}, "ticket"),
        ({"ticket": 10**15, "reason": "x"}, "ticket"),
        ({"person": "nobody@x.example", "reason": "x"}, "person"),
        ({"ticket": other.number, "reason": "  "}, "reason"),
    ):
        assert karim.post("legal-holds", body, 422)["errors"][0]["field"] == field, body
    karim.delete(f"legal-holds/{made['id']}")
    assert LegalHold.objects.filter(lifted_at__isnull=True).count() == 1
    assert anna.get(f"tickets/{ticket.number}")["desk"]["legal_hold_since"] is None
    karim.delete("legal-holds/999999", 404)


# Backups, and the hold after a restore.


def test_a_backup_is_asked_for_and_its_state_told(karim: Program, desk: Desk, settings: Any, tmp_path: Path) -> None:
    """P19.3: the last good one, what failed, what is overdue, what is at work."""
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_folder=None)
    assert karim.post("backups", status=409)["code"] == "backups-off"
    settings.HAUSPOST = replace(settings.HAUSPOST, backup_folder=tmp_path)
    moment = clock.now()
    fields = {"kind": "backup", "asked_at": moment, "seen_at": moment, "finished_at": moment}
    good = BackupRun.objects.create(**fields, counts={"tickets": 3}, size_bytes=9)
    assert karim.get("backups/state")["alarm"] is None
    BackupRun.objects.create(**fields, fault="No space left on device")
    made = karim.post("backups", {"kind": "drill"})
    assert karim.post("backups", status=409)["code"] == "keeping-at-work"
    state = karim.get("backups/state")
    assert (state["alarm"], state["fault"], state["last_good"]["id"]) == ("failed", "No space left on device", good.pk)
    assert (state["at_work"]["id"], state["at_work"]["state"]) == (made["id"], "waiting")
    rows = karim.get("backups", limit=2)
    assert [(row["kind"], row["state"]) for row in rows["runs"]] == [("drill", "waiting"), ("backup", "failed")]
    assert rows["runs"][0]["asked_by"]["name"] == "Karim Haddad"
    assert [row["counts"] for row in karim.get("backups", cursor=rows["next"])["runs"]] == [{"tickets": 3}]
    with desk.later(days=3):
        assert karim.get("backups")["runs"][0]["state"] == "waiting"


def test_a_restored_desk_tells_that_its_servers_rest_and_lets_them_go_on(karim: Program, desk: Desk) -> None:
    """P40: a copy signs in nowhere until an administrator says that it is the desk now."""
    server = people.add_mail_account(name="x", imap_host="imap.x.example", user="x", password="x", actor=SYSTEM)
    one = f"mail-servers/{server.pk}"
    assert karim.get(one)["held_at"] is None
    hold_all()
    assert karim.get(one)["held_at"] is not None
    Program.of(desk, "deniz").post(f"{one}/resumption", status=404)
    karim.post(f"{one}/resumption", status=200)
    karim.post(f"{one}/resumption", status=200)
    assert karim.get("mail-servers")["servers"][0]["held_at"] is None
    assert Event.objects.filter(kind="mail_server.resumed").count() == 1
