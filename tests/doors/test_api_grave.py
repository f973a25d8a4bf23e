"""What is grave, by API: access tokens, erasing a person, emergency access; each with a scope of its own."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from hauspost.doors.api.models import IdempotencyKey
from hauspost.duties.notices.models import Notice
from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event, Pending
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people.actions import give_token
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import AccessToken, Person
from hauspost.records.places.models import Workplace
from hauspost.records.tickets import actions
from tests.desk import Desk
from tests.doors.calling import Program, integration, token_for

LATER = "2100-01-01T00:00:00Z"


def told(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


# Access tokens.


def test_a_token_gives_no_more_than_it_has(desk: Desk) -> None:
    """P38.1, S12: no other scope, no later end, for nobody but its owner, and shown once, whatever is sent again."""
    anna, ends = desk.person("anna"), clock.now() + timedelta(days=30)
    keeper = Actor(who=anna, proof=Proof.SESSION)
    scopes = ["access:read", "access:write", "tickets:read"]
    first, clear = give_token(anna, "first", scopes=scopes, expires_at=ends, actor=keeper)
    program = Program(clear)
    asked = {"name": "Reports", "scopes": ["tickets:read"], "expires_at": (ends - timedelta(days=1)).isoformat()}
    wrong = program.post("me/tokens", {**asked, "scopes": ["tickets:read", "tickets:write"]}, 422)
    assert wrong["errors"] == [{"field": "scopes", "reason": "your own token does not have: tickets:write"}]
    for end in (None, LATER):
        wrong = program.post("me/tokens", {**asked, "expires_at": end}, 422)
        assert wrong["errors"][0]["field"] == "expires_at"
    assert program.post("integrations", {"name": "x"}, 404)["code"] == "not-found"

    given = program.post("me/tokens", asked, key="once")
    again = program.post("me/tokens", asked, key="once")

    assert Program(given["token"]).get("me")["token"]["scopes"] == ["tickets:read"]
    assert again == {**given, "token": None} and AccessToken.objects.count() == 2
    assert given["token"][3:] not in IdempotencyKey.objects.get().body
    rows = program.get("me/tokens")["tokens"]
    assert [(row["name"], row["given_by"]["name"]) for row in rows] == [("Reports", anna.name), ("first", anna.name)]
    assert given["token"] not in json.dumps(rows) and rows[0]["begins"] == given["token"][:12]
    assert Program(given["token"]).get("me/tokens", 403)["code"] == "scope-missing"
    event = Event.objects.filter(kind="token.given").latest("id")
    assert json.loads(event.actor)["proof"] == "token" and json.loads(event.data)["by"] == first.id


def test_an_administrator_revokes_anybodys_token_and_sees_who_gave_it(desk: Desk) -> None:
    """S13: also what a token gave; the record names that token."""
    karim = Program.of(desk, "karim")
    program = integration(desk, "Monitoring", it="agent")
    there = f"integrations/{program.uid}/tokens"
    given = karim.post(there, {"name": "x", "scopes": ["tickets:read"]})
    assert Program(given["token"]).get("me")["is_integration"]
    assert karim.get(f"integrations/{program.uid}")["tokens"] == 1
    assert [row["given_by"]["name"] for row in karim.get(there)["tokens"]] == ["Karim Haddad"]
    assert karim.delete(f"me/tokens/{given['id']}", 404)["code"] == "not-found"
    karim.delete(f"tokens/{given['id']}")
    assert Program(given["token"]).get("me", 401)["code"] == "token-not-valid"
    [own] = karim.get("tokens")["tokens"]
    assert own["name"] == "test" and own["last_used_at"]
    karim.delete(f"me/tokens/{own['id']}")
    assert karim.get("me", 401)["code"] == "token-not-valid"


def test_only_the_token_that_is_shown_gives_one(desk: Desk) -> None:
    """A door that forgets to say by which token somebody acts gives none."""
    anna, karim = desk.person("anna"), desk.person("karim")
    token_for(karim)
    by = AccessToken.objects.get(person=karim)
    for given_by in (None, by):
        with pytest.raises(NotAllowed):
            actor = Actor(who=anna, proof=Proof.TOKEN)
            give_token(anna, "x", scopes=["tickets:read"], expires_at=None, actor=actor, by=given_by)


def test_an_integration_is_added_and_gives_itself_no_token(desk: Desk) -> None:
    karim = Program.of(desk, "karim")
    made = karim.post("integrations", {"name": "Monitoring"})
    [one] = karim.get("integrations")["integrations"]
    assert (one["name"], one["uid"], one["tokens"], one["roles"]) == ("Monitoring", made["uid"], 0, {})
    scopes = ["access:write", "tickets:read"]
    given = karim.post(f"integrations/{made['uid']}/tokens", {"name": "x", "scopes": scopes})
    itself = Program(given["token"])
    assert itself.post("me/tokens", {"name": "y", "scopes": ["tickets:read"]}, 403)["code"] == "not-allowed"
    assert karim.get(f"integrations/{desk.person('petra').uid}", 404)["code"] == "not-found"


def test_a_revoked_token_takes_along_what_was_given_with_it(desk: Desk) -> None:
    """Whoever found it has nothing of it any more: neither by it, nor by what it made meanwhile."""
    karim = Program.of(desk, "karim")
    program = integration(desk, "Monitoring", it="agent")
    second = karim.post("me/tokens", {"name": "second", "scopes": ["access:write", "tickets:read"]})
    thief = Program(second["token"])
    there = f"integrations/{program.uid}/tokens"
    third = thief.post(there, {"name": "third", "scopes": ["tickets:read"]})
    other = karim.post(there, {"name": "other", "scopes": ["tickets:read"]})
    assert Program(third["token"]).get("me")["is_integration"]
    assert karim.get(f"integrations/{program.uid}")["tokens"] == 2

    karim.delete(f"tokens/{second['id']}")

    for gone in (second, third):
        assert Program(gone["token"]).get("me", 401)["code"] == "token-not-valid"
    assert Program(other["token"]).get("me")["name"] == "Monitoring"
    assert [row["name"] for row in karim.get(there)["tokens"] if row["revoked_at"]] == ["third"]
    assert Event.objects.filter(kind="token.revoked").count() == 2
    own = karim.get("tokens")["tokens"]
    assert [row["name"] for row in own] == ["test"]
    karim.delete(f"me/tokens/{own[0]['id']}")
    assert karim.get("me", 401)["code"] == Program(other["token"]).get("me", 401)["code"] == "token-not-valid"


# Everything about a person, and erasing a person.


def test_a_person_is_erased_as_somebody_has_read(lasting_desk: Desk) -> None:
    """P41.2: preview first; what has changed since is not done; the mark is the same in every language."""
    desk, marta = lasting_desk, lasting_desk.person("marta")
    path = f"people/{marta.uid}/erasure"
    desk.ticket("marta", subject="Chair")
    karim = Program.of(desk, "karim", "privacy:write")
    german = Program(karim.headers["Authorization"].removeprefix("Bearer "), language="de")
    seen = karim.get(path)
    assert (seen["name"], seen["requests"], seen["open_work"], seen["held"]) == ("Marta Nowak", 1, [], [])
    assert german.get(path)["mark"] == seen["mark"]
    desk.ticket("marta", subject="Table")
    assert karim.ask("PUT", path, {"preview": "guessed"}).status_code == 409
    assert told(german.ask("PUT", path, {"preview": seen["mark"]}), 409)["code"] == "preview-changed"
    assert Person.objects.get(pk=marta.pk).erased_at is None

    assert told(german.ask("PUT", path, {"preview": karim.get(path)["mark"]})) == {"left": []}

    assert Person.objects.get(pk=marta.pk).erased_at is not None
    assert Event.objects.filter(kind="person.erased", stream__name=marta.stream).count() == 1
    assert karim.get(path, 404)["code"] == "not-found"


def test_open_work_a_hold_and_oneself_keep_a_person(desk: Desk) -> None:
    karim = Program.of(desk, "karim")
    anna = desk.person("anna")
    actions.assign(desk.ticket("petra"), anna, actor=desk.actor("anna"))
    karim.post("legal-holds", {"person": str(desk.person("marta").uid), "reason": "Case 7"})
    for name, code in (("anna", "has-open-work"), ("marta", "on-hold"), ("karim", "oneself")):
        path = f"people/{desk.person(name).uid}/erasure"
        assert told(karim.ask("PUT", path, {"preview": karim.get(path)["mark"]}), 409)["code"] == code
    assert not Person.objects.filter(erased_at__isnull=False).exists()


def test_everything_about_a_person_is_one_file(desk: Desk) -> None:
    """P41.3: and the record says that it was asked."""
    desk.ticket("marta", subject="Chair")
    answer: Any = Program.of(desk, "karim", "privacy:write").ask("GET", f"people/{desk.person('marta').uid}/export")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        told_of = json.loads(archive.read("person.json"))
    assert [one["subject"] for one in told_of["tickets"]] == ["Chair"]
    assert Event.objects.filter(kind="person.exported", stream__name=desk.person("marta").stream).count() == 1


def test_no_other_scope_reaches_what_is_grave(desk: Desk) -> None:
    """A token for everything else neither exports, erases, opens in an emergency, nor gives tokens."""
    others = Program.of(desk, "karim").get("me")["token"]["scopes"]
    grave = {"privacy:write", "emergency:write", "access:write"}
    karim = Program.of(desk, "karim", *(scope for scope in others if scope not in grave))
    marta, ticket = desk.person("marta"), desk.ticket("petra", to="hr")
    sent: tuple[tuple[str, str, Any], ...] = (
        ("GET", f"people/{marta.uid}/export", None),
        ("GET", f"people/{marta.uid}/erasure", None),
        ("PUT", f"people/{marta.uid}/erasure", {"preview": "x"}),
        ("POST", "emergency-accesses", {"ticket": ticket.number, "reason": "Because I want to know"}),
        ("POST", "me/tokens", {"name": "x", "scopes": ["tickets:read"]}),
        ("POST", "integrations", {"name": "x"}),
    )
    for method, path, body in sent:
        assert told(karim.ask(method, path, body), 403)["code"] == "scope-missing", path
    assert grave < set(others)


# Emergency access.


def test_an_emergency_opens_one_ticket_for_an_hour_and_is_told(desk: Desk) -> None:
    """P33.3: with its reason in the record; the team hears of it, auditors find it."""
    ticket, other = desk.ticket("petra", to="hr"), desk.ticket("marta", to="hr")
    karim = Program.of(desk, "karim", "emergency:write", "tickets:read", "record:read")
    asked = {"ticket": ticket.number, "reason": "The payroll stands still and HR is away"}
    assert karim.get(f"tickets/{ticket.number}", 404)["code"] == "not-found"
    assert karim.post("emergency-accesses", {**asked, "reason": "x"}, 422)["errors"][0]["field"] == "reason"
    assert karim.post("emergency-accesses", {**asked, "ticket": 999}, 422)["code"] == "no-such-ticket"
    done = karim.post("emergency-accesses", asked)
    assert timedelta(minutes=55) < datetime.fromisoformat(done["until"]) - clock.now() <= timedelta(hours=1)
    assert karim.get(f"tickets/{ticket.number}")["seen_as"] == "emergency"
    assert karim.get(f"tickets/{other.number}", 404)["code"] == "not-found"
    assert karim.post("emergency-accesses", asked, 409)["code"] == "read-already"
    desk.works()
    assert Notice.objects.filter(person=desk.person("giulia"), ticket=ticket).exists()
    wolfgang = Program.of(desk, "wolfgang")
    [line] = wolfgang.get("emergency-accesses")["accesses"]
    assert (line["number"], line["person"]["name"], line["reason"]) == (ticket.number, "Karim Haddad", asked["reason"])
    assert wolfgang.post("emergency-accesses", asked, 404)["code"] == "not-found"


# What else the pages do.


def test_a_parked_reaction_runs_again_or_is_dropped(desk: Desk) -> None:
    """Of a confidential team's ticket the administrator hears only that something waits (P33.3)."""
    karim = Program.of(desk, "karim")
    for ticket in (desk.ticket("petra"), desk.ticket("petra", to="hr")):
        event = record("ticket.tried", ticket.stream, actor=SYSTEM)
        parked = {
            "reaction": "acknowledge",
            "tries": 3,
            "parked_at": clock.now(),
            "fault": f"no way of {ticket.number}",
        }
        Pending.objects.create(event=event, stream=event.stream, **parked)
    secret, open_one = karim.get("mail/reactions")["reactions"]
    assert (secret["stream"], secret["fault"], secret["event"]) == (None, None, "ticket.tried")
    assert open_one["stream"].startswith("ticket:") and open_one["fault"].startswith("no way of")
    karim.post(f"mail/reactions/{open_one['id']}/retry", status=200)
    karim.delete(f"mail/reactions/{secret['id']}")
    assert karim.get("mail/reactions")["reactions"] == []
    assert Pending.objects.get(pk=open_one["id"]).tries == 0 and Event.objects.filter(kind="reaction.dropped").exists()
    assert karim.delete(f"mail/reactions/{secret['id']}", 404)["code"] == "not-found"


def test_sessions_end_and_a_workplace_is_left(desk: Desk) -> None:
    """S13: one's own, and anybody's by an administrator."""
    marta, petra = desk.person("marta"), desk.person("petra")
    version = marta.session_version
    Program.of(desk, "marta").delete(f"people/{marta.uid}/sessions")
    karim = Program.of(desk, "karim")
    karim.delete(f"people/{marta.uid}/sessions")
    assert Person.objects.get(pk=marta.pk).session_version == version + 2
    assert Program.of(desk, "marta").delete(f"people/{petra.uid}/sessions", 404)["code"] == "not-found"
    karim.put(f"people/{petra.uid}/workplace", {"site": "hamburg"})
    karim.delete(f"people/{petra.uid}/workplace")
    assert not Workplace.objects.filter(person=petra).exists()


def test_everybody_sets_their_own_language_and_ends_their_links(desk: Desk) -> None:
    """P44, S12."""
    petra = Program.of(desk, "petra", "tickets:read", "tickets:write")
    petra.patch("me", {"language": "de"})
    petra.patch("me", {"time_zone": "Europe/Vienna"})
    me = petra.get("me")
    assert (me["language"], me["time_zone"]) == ("de", "Europe/Vienna")
    assert petra.delete("me/links") == {"ended": 0}


def test_rights_are_told_as_the_gates_have_them(desk: Desk) -> None:
    """P33: roles, the people of a team, and whether somebody sees a ticket."""
    wolfgang, anna = Program.of(desk, "wolfgang"), desk.person("anna")
    roles = {one["key"]: one["rights"] for one in wolfgang.get("roles")["roles"]}
    assert roles["read_only"] == ["read"] and set(roles["agent"]) < set(roles["dispatcher"]) < set(roles["lead"])
    members = wolfgang.get("teams/it/members")["members"]
    assert anna.name in {one["person"]["name"] for one in members}
    ticket, secret = desk.ticket("petra"), desk.ticket("petra", to="hr")
    sight = wolfgang.get(f"people/{anna.uid}/sight", ticket=ticket.number)
    assert sight == {"number": ticket.number, "sees": True, "seen_as": "agent", "sees_notes": True}
    sight = wolfgang.get(f"people/{desk.person('marta').uid}/sight", ticket=ticket.number)
    assert (sight["sees"], sight["seen_as"]) == (False, None)
    assert wolfgang.get(f"people/{anna.uid}/sight", 404, ticket=secret.number)["code"] == "not-found"


def test_lists_know_who_sleeps_and_who_is_away(desk: Desk) -> None:
    """P48.1."""
    anna = Program.of(desk, "anna")
    asleep, awake = desk.ticket("petra"), desk.ticket("petra")
    actions.snooze(asleep, until=clock.now() + timedelta(days=2), actor=desk.actor("anna"))
    for wanted, number in ((True, asleep.number), (False, awake.number)):
        assert [one["number"] for one in anna.get("tickets", snoozed=wanted)["tickets"]] == [number]
    with translation.override("en"):
        assert anna.get("tickets", 422, assignee="absent")["errors"][0]["field"] == "assignee"
    assert Program.of(desk, "petra").get("tickets", 422, snoozed=False)["errors"][0]["field"] == "snoozed"


def test_a_mail_server_is_tried(desk: Desk) -> None:
    """P2.4, P31.2: what it says is told, and nothing is changed."""
    karim = Program.of(desk, "karim")
    there = {"name": "x", "user": "x@lindner.example", "password": "x", "imap_host": "127.0.0.1", "imap_port": 1, "smtp_host": "127.0.0.1", "smtp_port": 1}  # fmt: skip
    server = karim.post("mail-servers", there)["id"]
    for kind in ("receiving-test", "sending-test"):
        [found] = karim.post(f"mail-servers/{server}/{kind}", status=200)["findings"]
        assert not found["ok"] and found["words"]
