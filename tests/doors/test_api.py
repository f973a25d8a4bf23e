"""The API: who calls, what is told, what is refused, and what is done exactly once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hauspost.doors.api.models import IdempotencyKey
from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people.actions import change_team, deactivate, give_token, revoke_token, take_role
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import AccessToken, Person, SignInAttempt
from hauspost.records.tickets import actions
from hauspost.records.tickets.actions.expiring import expire
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.models import Entry, Ticket
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk
from tests.doors.calling import Program, integration, token_for


@pytest.fixture
def anna(desk: Desk) -> Program:
    """An agent of IT, by program."""
    return Program.of(desk, "anna")


def test_a_program_learns_who_it_is(desk: Desk, anna: Program) -> None:
    me = anna.get("me")
    assert me["name"] == desk.person("anna").name
    assert me["roles"] == {"it": "agent"}
    assert me["token"]["begins"].startswith("hp_") and len(me["token"]["begins"]) == 12


def test_the_door_needs_a_token_and_no_cookie_will_do(desk: Desk) -> None:
    """S23: a browser's session opens nothing here, so no other site can borrow it."""
    browser = Client()
    browser.force_login(desk.person("anna"), backend="hauspost.records.people.login.AddressBackend")
    for client, headers in ((browser, {}), (Client(), {}), (Client(), {"Authorization": "Basic eA=="})):
        answer = client.get("/api/v1/me", headers=headers)
        assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "token-missing"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_token_that_ended_opens_nothing_and_does_not_say_why(desk: Desk) -> None:
    """P38.1, S13, S22: unknown, expired, revoked and a leaver's look alike."""
    person = desk.person("anna")
    bodies = set()
    expired, revoked, leavers = (token_for(person) for _ in range(3))
    rows = list(AccessToken.objects.order_by("id"))
    AccessToken.objects.filter(id=rows[0].id).update(expires_at=clock.now() - timedelta(seconds=1))
    revoke_token(rows[1], actor=SYSTEM)
    assert Program(leavers).get("me")["name"] == person.name
    deactivate(person, actor=SYSTEM)
    for token in (expired, revoked, leavers, "hp_" + "a" * 32, "nonsense"):
        answer = Program(token).ask("GET", "me")
        assert answer.status_code == 401
        bodies.add(answer.content)
    assert len(bodies) == 1


def test_guessing_is_slowed_down_by_peer_but_never_the_right_token(desk: Desk, anna: Program) -> None:
    """S22."""
    guesser = Program("hp_" + "b" * 32)
    assert [guesser.ask("GET", "me").status_code for _ in range(52)] == [401] * 50 + [429] * 2
    assert guesser.ask("GET", "me")["Retry-After"] == "900"
    anna.get("me")
    with clock.standing_at(clock.now() + timedelta(minutes=16)):
        assert guesser.ask("GET", "me").status_code == 401
    assert "hp_" not in str(list(SignInAttempt.objects.values_list()))


def test_last_use_is_kept_to_the_minute(desk: Desk, anna: Program) -> None:
    """P38.1."""
    anna.get("me")
    used = AccessToken.objects.get().last_used_at
    assert used is not None and used.second == 0
    with CaptureQueriesContext(
        connection,
    ) as asked:
        anna.get("me")
    assert not [one for one in asked.captured_queries if one["sql"].startswith(("UPDATE", "INSERT"))]
    assert len(asked) <= 4


def test_a_scope_that_is_missing_is_named(desk: Desk) -> None:
    """P38.1: what the person may is not what this token may."""
    ticket = desk.ticket()
    reader = Program.of(desk, "anna", "tickets:read")
    refused = reader.put(f"tickets/{ticket.number}/assignee", {"assignee": "me"}, status=403)
    assert refused["code"] == "scope-missing" and "tickets:write" in refused["detail"]
    assert reader.get("people", status=403)["code"] == "scope-missing"
    writer = Program.of(desk, "anna", "tickets:write")
    assert writer.get(f"tickets/{ticket.number}", status=403)["code"] == "scope-missing"
    # A program that may only write learns nothing of the ticket by writing.
    done = writer.post(f"tickets/{ticket.number}/notes", {"text": "Seen."})
    assert set(done) == {"number", "seq", "kind", "href", "leaves_at"}


def test_a_ticket_is_told_as_the_caller_sees_it(desk: Desk, anna: Program) -> None:
    """P11.4: what only the desk sees is null for the requester."""
    ticket = desk.ticket("petra", subject="Printer stuck")
    actions.note(ticket, Writing(text="Between us"), actor=desk.actor("anna"))
    actions.tag(ticket, "gate-3", actor=desk.actor("anna"))
    told = anna.get(f"tickets/{ticket.number}")
    assert (told["subject"], told["seen_as"], told["desk"]["tags"]) == ("Printer stuck", "agent", ["gate-3"])
    petra = Program.of(desk, "petra")
    hers = petra.get(f"tickets/{ticket.number}")
    assert (hers["seen_as"], hers["desk"]) == ("requester", None)
    assert [one["seq"] for one in anna.get(f"tickets/{ticket.number}/entries")["entries"]] == [1, 2]
    entries = petra.get(f"tickets/{ticket.number}/entries")["entries"]
    assert [(one["seq"], one["desk"]) for one in entries] == [(1, None)]
    assert petra.get(f"tickets/{ticket.number}/entries/2", status=404)["code"] == "not-found"
    assert petra.get(f"tickets/{ticket.number}/events", status=404)
    assert petra.get("tickets", priority=2, status=422)["errors"][0]["field"] == "priority"
    assert [one["number"] for one in petra.get("tickets")["tickets"]] == [ticket.number]


def test_forbidden_is_like_unknown(desk: Desk) -> None:
    """S5."""
    ticket = desk.ticket(to="hr")
    stranger = Program.of(desk, "mira")
    answers = set()
    for number in (ticket.number, 987654321, 2**63 - 1, 2**63, "x", "1,1", "%00"):
        answer = stranger.ask("GET", f"tickets/{number}")
        assert answer.status_code == 404
        answers.add(answer.content)
    assert len(answers) == 1


def test_refusals_speak_the_language_of_the_request(desk: Desk) -> None:
    program = Program.of(desk, "anna", language="de-DE,de;q=0.9")
    answer = program.ask("GET", "tickets/987654321")
    assert answer["Content-Language"] == "de" and "Hier ist nichts" in json.loads(answer.content)["detail"]
    wrong = json.loads(program.ask("POST", "tickets", {"text": "x", "impact_people": "six"}).content)
    assert {(one["field"], one["reason"]) for one in wrong["errors"]} == {
        ("subject", "fehlt"),
        ("impact_people", "geben Sie eine ganze Zahl an"),
    }
    # Without the header it is the person's own.
    petra = desk.person("petra")
    Person.objects.filter(pk=petra.pk).update(language="de")
    silent = Client().get("/api/v1/nothing", headers={"Authorization": f"Bearer {token_for(petra)}"})
    assert silent["Content-Language"] == "de"


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", {}, 404, "not-found"),
        ("GET", "/api/v2/tickets", {}, 404, "not-found"),
        ("GET", "/api/", {}, 404, "not-found"),
        ("PUT", "/api/v1/tickets", {"data": "{}", "content_type": "application/json"}, 405, "method-not-possible"),
        ("TRACE", "/api/v1/me", {}, 405, "method-not-possible"),
        ("POST", "/api/v1/tickets", {"data": "{", "content_type": "application/json"}, 400, "not-understood"),
        ("POST", "/api/v1/tickets", {"data": b"\xff\xfe", "content_type": "application/json"}, 400, "not-understood"),
        ("POST", "/api/v1/tickets", {"data": "[" * 100_000, "content_type": "application/json"}, 400, "not-understood"),
        ("POST", "/api/v1/tickets", {"data": "a=b", "content_type": "application/x-www-form-urlencoded"}, 415, "media-type"),
        ("POST", "/api/v1/tickets", {"data": " " * 6_000_000, "content_type": "application/json"}, 413, "too-big"),
        ("POST", "/api/v1/tickets", {"data": "x", "content_type": "multipart/form-data"}, 400, "not-understood"),
        ("GET", "/api/v1/tickets?asignee=me", {}, 422, "invalid"),
        ("GET", "/api/v1/tickets?cursor=x", {}, 422, "invalid"),
        ("GET", "/api/v1/tickets?limit=201", {}, 422, "invalid"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_is_told_as_problem_json(
    desk: Desk, anna: Program, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    """RFC 9457, everywhere below /api/."""
    answer = anna.client.generic(method, path, headers=anna.headers, **more)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content
    told = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["type"].endswith(f"/api/v1/docs#{code}")
    assert status != 405 or answer["Allow"]


def test_our_own_faults_and_foreign_hosts_are_no_pages_either(
    desk: Desk, anna: Program, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """P54.1: a 500 has a code that finds the line in the log."""
    monkeypatch.setattr("hauspost.doors.api.v1.me.Me", None)
    quiet = Program(anna.headers["Authorization"].removeprefix("Bearer "), raises=False)
    told = quiet.get("me", status=500)
    assert told["code"] == "server-error" and "code" in told["detail"]
    settings.ALLOWED_HOSTS = ["help.example"]
    answer = anna.client.get("/api/v1/me", headers={**anna.headers, "Host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_what_no_form_has_cannot_be_set(desk: Desk, anna: Program) -> None:
    """S17: fields that an address does not name are refused, never ignored."""
    ticket = desk.ticket()
    for field in ("number", "state", "priority", "resolved_at", "version", "intake_address", "desk", "__class__"):
        refused = anna.patch(f"tickets/{ticket.number}/classification", {"impact": 2, field: 1}, status=422)
        assert refused["errors"] == [{"field": field, "reason": "there is no such field here"}]
    ticket.refresh_from_db()
    assert ticket.impact == 1


def test_the_list_pages_by_key_and_neither_skips_nor_repeats(desk: Desk, anna: Program) -> None:
    """P38.3, P15.6: also while tickets come and change."""
    numbers = [desk.ticket("petra", subject=f"Matter {place}").number for place in range(5)]
    first = anna.get("tickets", limit=2)
    assert [one["number"] for one in first["tickets"]] == numbers[:-3:-1]
    desk.ticket("petra", subject="Meanwhile")
    actions.note(numbers[0], Writing(text="Rises in the desk's list"), actor=desk.actor("anna"))
    told, cursor = [], first["next"]
    while cursor:
        page = anna.get("tickets", limit=2, cursor=cursor)
        told += [one["number"] for one in page["tickets"]]
        cursor = page["next"]
    assert told == numbers[2::-1]


def test_the_list_can_be_narrowed(desk: Desk, anna: Program) -> None:
    one = desk.ticket("petra", subject="One")
    two = desk.ticket("ines", subject="Two")
    actor = desk.actor("anna")
    actions.assign(one, desk.person("anna"), actor=actor)
    actions.catalogue(one, actor=actor, category=desk.company.categories["network"], impact=3, urgency=3)
    actions.tag(one, "Gate 3", actor=actor)
    parent = desk.company.categories["network"].parent
    actions.set_status(two, status_of("resolved"), actor=actor)

    def asked(**query: Any) -> list[int]:
        answer = anna.ask("GET", "tickets", **query)
        return [row["number"] for row in json.loads(answer.content)["tickets"]]  # type: ignore[attr-defined]

    for query in (
        {"assignee": "me"}, {"assignee": str(desk.person("anna").uid)}, {"category": "network"}, {"priority": [4, 3]},
        {"tag": "gate 3"}, {"requester": str(desk.person("petra").uid)}, {"status_kind": ["open", "new"]}, {"state": "open"},
        {"opened_to": clock.now().isoformat(), "state": "open"}, {"category": parent.key if parent else "network"},
    ):  # fmt: skip
        assert asked(**query) == [one.number], query
    for query in ({"state": "done"}, {"assignee": "none"}, {"status": "resolved"}):
        assert asked(**query) == [two.number], query
    nobody = "00000000-0000-4000-8000-000000000000"
    for query in (
        {"assignee": nobody},
        {"requester": nobody},
        {"team": "facilities"},
        {"changed_to": "1990-01-01T00:00:00Z"},
    ):
        assert asked(**query) == [], query
    assert asked(team="it", site="nowhere") == []


def test_the_list_asks_a_fixed_number_of_questions(desk: Desk, anna: Program) -> None:
    """P15.2."""
    anna.get("tickets")
    for place in range(3):
        desk.ticket("petra", subject=f"Matter {place}")
    with CaptureQueriesContext(connection) as few:
        anna.get("tickets")
    for place in range(6):
        desk.ticket("ines", subject=f"More {place}")
    with CaptureQueriesContext(connection) as many:
        assert len(anna.get("tickets")["tickets"]) == 9
    assert len(many) == len(few) <= 10


def test_an_employee_opens_a_ticket_and_follows_it(desk: Desk) -> None:
    petra = Program.of(desk, "petra")
    done = petra.post("tickets", {"subject": "No light", "text": "In room 2.14", "category": "building"})
    ticket = Ticket.objects.get(number=done["number"])
    assert (ticket.channel, ticket.requester, ticket.team.key) == ("api", desk.person("petra"), "facilities")
    assert done["href"].endswith(f"/api/v1/tickets/{ticket.number}")
    event = Event.objects.get(stream__name=ticket.stream, kind="ticket.opened")
    assert json.loads(event.actor) == {
        "who": f"person:{desk.person('petra').uid}", "via": "api", "proof": "token",
    }  # fmt: skip
    petra.post(f"tickets/{ticket.number}/answers", {"text": "Now two lamps"})
    assert [one["text"] for one in petra.get(f"tickets/{ticket.number}/entries")["entries"]] == [
        "In room 2.14", "Now two lamps",
    ]  # fmt: skip
    for field, value in (("urgency", 3), ("requester", "ines.hofer@lindner.example"), ("as_note", True)):
        body = {"subject": "x", "text": "x", "category": "building", field: value}
        assert petra.post("tickets", body, status=403)["code"] == "not-allowed"
    assert petra.put(f"tickets/{ticket.number}/assignee", {"assignee": "me"}, status=403)["code"] == "not-allowed"


def test_a_parameter_that_is_given_twice_is_refused(desk: Desk, anna: Program) -> None:
    """S5: none of the two is passed over without a word."""
    refused = json.loads(anna.ask("GET", "tickets", state=["open", "done"]).content)
    assert [one["field"] for one in refused["errors"]] == ["state"]


def test_who_works_on_it_is_told_to_the_desk_alone(desk: Desk, anna: Program) -> None:
    """P11.4: a requester's program learns no more than the portal shows."""
    petra = Program.of(desk, "petra")
    ticket = desk.ticket("petra")
    anna.put(f"tickets/{ticket.number}/assignee", {"assignee": "me"})
    assert anna.get(f"tickets/{ticket.number}")["assignee"]["uid"] == str(desk.person("anna").uid)
    assert petra.get(f"tickets/{ticket.number}")["assignee"] is None
    assert [one["assignee"] for one in petra.get("tickets")["tickets"]] == [None]


def test_the_desk_opens_a_ticket_for_somebody_it_does_not_know_yet(desk: Desk, anna: Program) -> None:
    """P53.1."""
    body = {
        "subject": "Called", "text": "No network", "team": "it", "channel": "phone", "as_note": True,
        "requester": "nora.brandt@lindner.example", "requester_name": "Nora Brandt",
    }  # fmt: skip
    ticket = Ticket.objects.get(number=anna.post("tickets", body)["number"])
    assert (ticket.requester.name, ticket.channel) == ("Nora Brandt", "phone")
    assert ticket.entries.get().kind == Entry.Kind.NOTE
    unknown = {"subject": "x", "text": "x", "team": "it", "requester": "nobody@nowhere.example"}
    assert anna.post("tickets", unknown, status=422)["errors"][0]["field"] == "requester"


def test_every_verb_of_the_pages_is_there(desk: Desk, anna: Program) -> None:
    """P38.1: from the new ticket to the closed one, without a page."""
    ticket = desk.ticket("petra")
    at = f"tickets/{ticket.number}"
    anna.put(f"{at}/assignee", {"assignee": "me"})
    anna.patch(
        f"{at}/classification", {"category": "network", "impact": 2, "urgency": 3, "site": "hamburg", "location": None}
    )
    anna.patch(f"{at}/impact", {"people": 6, "percent": 50, "since": "2026-11-24T06:00:00+01:00"})
    anna.put(f"{at}/subject", {"subject": "Label printer empty"})
    anna.post(f"{at}/tags", {"tag": "Gate 3"}, status=200)
    anna.post(f"{at}/participants", {"person": desk.address("marta")}, status=200)
    other = desk.ticket("ines")
    anna.post(f"{at}/links", {"number": other.number, "kind": "duplicate"}, status=200)
    later = (clock.now() + timedelta(days=2)).isoformat()
    anna.put(f"{at}/snooze", {"until": later})
    anna.delete(f"{at}/snooze")
    anna.patch(f"{at}/visit", {"technician": str(desk.person("anna").uid), "planned_at": later})
    told = anna.get(at)
    assert told["state"] == "planned" and told["desk"]["technician"]["name"] == desk.person("anna").name
    assert told["desk"]["priority"] == 3 and told["desk"]["impact_from"] == "2026-11-24T05:00:00.000000Z"
    assert [(one["kind"], one["direction"], one["number"]) for one in anna.get(f"{at}/links")["links"]] == [
        ("duplicate", "out", other.number)
    ]
    [back] = anna.get(f"tickets/{other.number}/links")["links"]
    assert (back["direction"], back["number"]) == ("in", ticket.number)
    anna.delete(f"tickets/{other.number}/links/duplicate/{ticket.number}?direction=in")
    assert anna.get(f"{at}/links")["links"] == []
    reply = anna.post(f"{at}/replies", {"text": "We come on Thursday."})
    assert reply["leaves_at"]
    anna.post(f"{at}/entries/{reply['seq']}/taking-back", status=200)
    entry = anna.get(f"{at}/entries/{reply['seq']}")
    assert entry["desk"]["taken_back_at"] and entry["html"]
    marta = str(desk.person("marta").uid)
    anna.delete(f"{at}/participants/{marta}")
    anna.delete(f"{at}/tags/gate-3")
    assert anna.get(f"{at}/tags")["tags"] == []
    anna.put(f"{at}/requester", {"requester": desk.address("ines")})
    anna.put(f"{at}/status", {"status": "resolved"})
    ines = Program.of(desk, "ines")
    ines.put(f"{at}/status", {"status": "closed"})
    ines.post(f"{at}/reopening", status=200)
    ines.post(f"{at}/reopening", None, status=200)
    anna.put(f"{at}/team", {"team": "facilities", "note": "A lamp"})
    ticket.refresh_from_db()
    assert (ticket.team.key, ticket.requester) == ("facilities", desk.person("ines"))


def test_two_changes_that_meet_are_refused_with_both_values(desk: Desk, anna: Program) -> None:
    """P24.3."""
    ticket = desk.ticket("petra")
    at = f"tickets/{ticket.number}"
    read = anna.get(at)
    actions.catalogue(ticket, actor=desk.actor("jonas"), impact=3)
    change = {"impact": 2, "based_on": {"impact": read["desk"]["impact"]}}
    refused = anna.patch(f"{at}/classification", change, status=409)
    assert (refused["code"], refused["conflicts"]) == ("changed-meanwhile", {"impact": {"now": 3, "wanted": 2}})
    blind = Program.of(desk, "anna", "tickets:write").patch(f"{at}/classification", change, status=409)
    assert "conflicts" not in blind
    later = (clock.now() + timedelta(days=1)).isoformat()
    anna.patch(f"{at}/visit", {"planned_at": later})
    told = anna.get(at)["desk"]["planned_at"]
    anna.patch(f"{at}/visit", {"planned_at": None, "based_on": {"planned_at": told}})
    assert anna.patch(f"{at}/visit", {"planned_at": None, "based_on": {"planned_at": "soon"}}, status=422)


def test_a_held_mail_is_released(desk: Desk, anna: Program) -> None:
    ticket = desk.ticket("petra")
    held = Writing(text="Me, too", channel="mail", author_address="ines@elsewhere.example")
    entry = actions.add_answer(
        ticket, held, author=desk.person("ines"), actor=desk.actor("anna"), held_because="unconfirmed"
    )
    assert anna.get(f"tickets/{ticket.number}/entries/{entry.seq}")["desk"]["held_because"] == "unconfirmed"
    anna.post(f"tickets/{ticket.number}/entries/{entry.seq}/release", {"as_participant": True}, status=200)
    people = anna.get(f"tickets/{ticket.number}/participants")["participants"]
    assert [(one["person"]["name"], one["is_confirmed"]) for one in people] == [(desk.person("ines").name, True)]


def test_files_go_up_and_come_down(desk: Desk, anna: Program) -> None:
    """P38.3: as a form, or small ones within the JSON."""
    ticket = desk.ticket("petra")
    photo = SimpleUploadedFile("../belt.png", b"\x89PNG\r\n\x1a\n123", "image/png")
    answer = anna.sends(f"tickets/{ticket.number}/notes", {"text": "See the photo"}, [photo])
    assert answer.status_code == 201, answer.content
    body = {"text": "", "files": [{"name": "a.txt", "content_type": "text/plain", "content": "aGVsbG8="}]}
    anna.post(f"tickets/{ticket.number}/replies", body)
    _request, note, reply = anna.get(f"tickets/{ticket.number}/entries")["entries"]
    assert [(one["name"], one["size_bytes"]) for one in (*note["files"], *reply["files"])] == [
        ("belt.png", 11),
        ("a.txt", 5),
    ]
    file = reply["files"][0]
    got = anna.ask("GET", f"tickets/{ticket.number}/files/{file['id']}")
    content = b"".join(got.streaming_content)  # type: ignore[attr-defined]
    assert (content, got["X-Content-SHA256"]) == (b"hello", file["sha256"])
    assert got["Content-Disposition"].startswith("attachment")
    other = desk.ticket("petra")
    assert anna.get(f"tickets/{other.number}/files/{file['id']}", status=404)
    petra = Program.of(desk, "petra")
    assert petra.get(f"tickets/{ticket.number}/files/{note['files'][0]['id']}", status=404)
    wrong = {"text": "x", "files": [{"name": "a", "content": "%%"}]}
    refused = anna.post(f"tickets/{ticket.number}/notes", wrong, status=422)
    assert refused["errors"][0]["field"] == "files.0.content"
    form = anna.client.post(
        f"/api/v1/tickets/{ticket.number}/notes", {"json": '{"text": "x"}', "evil": "x"}, headers=anna.headers
    )
    assert form.status_code == 422


def test_the_original_mail_comes_byte_for_byte(desk: Desk, anna: Program) -> None:
    raw = desk.letter("petra", subject="As it came")
    ticket = Ticket.objects.get(number=desk.receives(raw).ticket)
    got = anna.ask("GET", f"tickets/{ticket.number}/entries/1/original")
    assert b"".join(got.streaming_content) == raw and got["Content-Type"].startswith("message/rfc822")  # type: ignore[attr-defined]
    petra = Program.of(desk, "petra")
    assert petra.get(f"tickets/{ticket.number}/entries/1/original", status=404)


class TestOnce:
    """P38.3: the same request with the same key is done once."""

    def test_again_gives_the_same_answer_and_opens_no_second_ticket(self, desk: Desk) -> None:
        petra = Program.of(desk, "petra")
        body = {"subject": "No light", "text": "x", "category": "building"}
        first = petra.ask("POST", "tickets", body, key="k-1")
        again = petra.ask("POST", "tickets", body, key="k-1")
        assert (first.status_code, first.content, first["Location"]) == (  # type: ignore[attr-defined]
            again.status_code, again.content, again["Location"],  # type: ignore[attr-defined]
        )  # fmt: skip
        assert again["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
        assert Ticket.objects.count() == 1
        petra.post("tickets", body, key="k-2")
        ines = Program.of(desk, "ines")
        ines.post("tickets", body, key="k-1")
        assert Ticket.objects.count() == 3

    def test_another_request_with_the_same_key_is_refused(self, desk: Desk, anna: Program) -> None:
        ticket = desk.ticket()
        anna.post(f"tickets/{ticket.number}/notes", {"text": "one"}, key="k")
        for path, body in (
            (f"tickets/{ticket.number}/notes", {"text": "two"}),
            (f"tickets/{ticket.number}/replies", {"text": "one"}),
        ):
            assert anna.post(path, body, status=422, key="k")["code"] == "idempotency-key-used"
        assert ticket.entries.count() == 2

    def test_files_of_a_form_count_whatever_their_boundary(self, desk: Desk, anna: Program) -> None:
        ticket = desk.ticket()
        path = f"tickets/{ticket.number}/notes"

        def sent(content: bytes) -> Any:
            return anna.sends(path, {"text": "x"}, [SimpleUploadedFile("a.txt", content, "text/plain")], key="k")

        assert (sent(b"one").status_code, sent(b"one")["Idempotent-Replayed"]) == (201, "true")
        assert sent(b"two").status_code == 422
        assert ticket.entries.count() == 2

    def test_what_was_refused_may_be_tried_again(self, desk: Desk, anna: Program) -> None:
        ticket = desk.ticket()
        path = f"tickets/{ticket.number}/notes"
        anna.post(path, {"text": " "}, status=422, key="k")
        anna.post(path, {"text": "now"}, key="k")
        assert IdempotencyKey.objects.count() == 1

    def test_after_a_day_the_key_is_free(self, desk: Desk, anna: Program) -> None:
        ticket = desk.ticket()
        path = f"tickets/{ticket.number}/notes"
        anna.post(path, {"text": "x"}, key="k")
        with desk.later(hours=25):  # type: ignore[attr-defined]
            answer = anna.ask("POST", path, {"text": "y"}, key="k")
            assert answer.status_code == 201 and "Idempotent-Replayed" not in answer.headers
        assert IdempotencyKey.objects.count() == 1

    def test_the_key_and_the_change_stand_or_fall_together(
        self, desk: Desk, anna: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A crash between the verb and the answer leaves neither."""
        ticket = desk.ticket()
        token = anna.headers["Authorization"].removeprefix("Bearer ")
        quiet = Program(token, raises=False)
        monkeypatch.setattr("hauspost.doors.api.v1.entries.entry_done", lambda entry: 1 / 0)
        assert quiet.ask("POST", f"tickets/{ticket.number}/notes", {"text": "x"}, key="k").status_code == 500
        assert (ticket.entries.count(), IdempotencyKey.objects.count()) == (1, 0)

    def test_no_word_of_a_ticket_is_kept_with_the_key(self, desk: Desk) -> None:
        """What must be erased with a person stands nowhere else."""
        petra = Program.of(desk, "petra")
        petra.post("tickets", {"subject": "Secretword", "text": "Secretword", "category": "building"}, key="secretword")
        kept = IdempotencyKey.objects.get()
        assert "secretword" not in f"{kept.body} {kept.key_hash} {kept.request_hash}".lower()

    def test_an_odd_key_is_refused(self, desk: Desk, anna: Program) -> None:
        ticket = desk.ticket()
        for key in ("x" * 201, "ü"):
            assert anna.post(f"tickets/{ticket.number}/notes", {"text": "x"}, status=422, key=key)["code"] == "invalid"


def test_search_finds_what_the_caller_may_read(desk: Desk, anna: Program) -> None:
    """P16, P11.1."""
    ticket = desk.ticket("petra", text="The conveyor squeaks terribly")
    actions.note(ticket, Writing(text="It is the pulley"), actor=desk.actor("anna"))
    desk.ticket("petra", to="hr", text="The conveyor of papers")
    [hit] = anna.get("search", q="conveyor")["hits"]
    assert (hit["ticket"]["number"], hit["marked"]) == (ticket.number, ["conveyor"])
    assert anna.get("search", q="pulley")["hits"]
    petra = Program.of(desk, "petra")
    assert len(petra.get("search", q="conveyor")["hits"]) == 2
    assert petra.get("search", q="pulley")["hits"] == []
    assert petra.get("search", q="pulley", seen_as="agent")["hits"] == []
    assert Program.of(desk, "mira").get("search", q="conveyor")["hits"] == []
    assert anna.get("search", q=" ", status=422)


def test_notices_are_told_and_marked_as_read(desk: Desk) -> None:
    deniz = Program.of(desk, "deniz")
    ticket = desk.ticket("petra")
    actions.assign(ticket, desk.person("deniz"), actor=desk.actor("anna"))
    desk.works()
    told = deniz.get("notices")["notices"]
    assert told and {one["number"] for one in told} == {ticket.number}
    unread = [one for one in told if not one["is_read"]]
    assert deniz.post("notices/reading", {"number": ticket.number}, status=200) == {"read": len(unread)}
    assert deniz.post("notices/reading", status=200) == {"read": 0}


def test_the_record_is_read_without_the_numbers_of_foreign_tickets(desk: Desk, anna: Program) -> None:
    """P11.1."""
    ticket, secret = desk.ticket("petra"), desk.ticket("petra", to="hr")
    own = desk.ticket("ines")
    actions.link(ticket, secret, "related", actor=SYSTEM)
    actions.link(ticket, own, "related", actor=SYSTEM)
    told = anna.get(f"tickets/{ticket.number}/events")["events"]
    assert told[0]["kind"] == "ticket.opened" and len(told[0]["digest"]) == 64
    linked = [one["data"] for one in told if one["kind"] == "ticket.linked"]
    assert linked == [{"kind": "related"}, {"kind": "related", "other": own.number}]
    first = anna.get(f"tickets/{ticket.number}/events", limit=1)
    rest = anna.get(f"tickets/{ticket.number}/events", cursor=first["next"])["events"]
    assert [one["seq"] for one in first["events"] + rest] == [one["seq"] for one in told]
    links = anna.get(f"tickets/{ticket.number}/links")["links"]
    assert [one["number"] for one in links] == [own.number]


def test_the_ticket_as_it_stood_and_its_dossier(desk: Desk, anna: Program) -> None:
    """P41: the state at a moment, and everything in one signed file, for the lead."""
    ticket = desk.ticket("petra", subject="Before")
    opened = clock.now()
    with desk.later(minutes=5):  # type: ignore[attr-defined]
        actions.change_subject(ticket, "After", actor=desk.actor("anna"))
        actions.assign(ticket, desk.person("anna"), actor=desk.actor("anna"))
    at = f"tickets/{ticket.number}"
    then = anna.get(f"{at}/as-of", at=opened.isoformat())
    assert (then["subject"], then["fields"]["assignee"], then["entries"]) == ("Before", None, [1])
    now = anna.get(f"{at}/as-of", at=(opened + timedelta(hours=1)).isoformat())
    assert (now["subject"], now["fields"]["assignee"]) == ("After", str(desk.person("anna").uid))
    assert anna.get(f"{at}/as-of", at="1995-01-01T00:00:00Z")["is_there"] is False
    assert anna.get(f"{at}/dossier", status=403)
    sabine = Program.of(desk, "sabine")
    answer = sabine.ask("GET", f"{at}/dossier")
    file = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/zip" and file.startswith(b"PK")
    assert Event.objects.filter(kind="ticket.dossier_made").count() == 1
    assert Program.of(desk, "sabine", "record:read").get(f"{at}/dossier", status=403)["code"] == "scope-missing"
    assert Program.of(desk, "petra").get(f"{at}/as-of", at=opened.isoformat(), status=404)


def test_an_emptied_tickets_record_names_nobody(desk: Desk, anna: Program) -> None:
    """P41.1: its time is over; who worked on it is told to nobody."""
    ticket = desk.ticket("petra")
    actions.assign(ticket, desk.person("anna"), actor=desk.actor("anna"))
    actions.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    uid = str(desk.person("anna").uid)
    assert uid in json.dumps(anna.get(f"tickets/{ticket.number}/events"))
    expire(Ticket.objects.get(number=ticket.number), with_subject=True, actor=SYSTEM)
    told = anna.get(f"tickets/{ticket.number}/events")
    assert uid not in json.dumps(told) and told["events"][0]["actor"]["via"]
    then = anna.get(f"tickets/{ticket.number}/as-of", at=clock.now().isoformat())
    assert uid not in json.dumps(then) and then["participants"] == {}


def test_the_requester_answers_how_it_went(desk: Desk) -> None:
    ticket, petra = desk.ticket("petra"), Program.of(desk, "petra")
    at = f"tickets/{ticket.number}/satisfaction"
    assert petra.put(at, {"score": 5}, status=409)["code"] != "refused"
    team = desk.team("it")
    change_team(team, actor=SYSTEM, asks_satisfaction=True)
    actions.set_status(ticket, status_of("resolved"), actor=desk.actor("anna"))
    petra.put(at, {"score": 4, "words": "Quick"})
    assert Ticket.objects.get(number=ticket.number).satisfaction.score == 4
    assert Program.of(desk, "anna").put(at, {"score": 1}, status=403)


def test_people_are_found_added_and_changed(desk: Desk) -> None:
    """P38.1: the room of people, by program."""
    karim, anna, petra = (Program.of(desk, name) for name in ("karim", "anna", "petra"))
    [found] = anna.get("people", q="petra")["people"]
    assert (found["address"], found["kept"]) == (desk.address("petra"), None)
    assert [one["uid"] for one in petra.get("people")["people"]] == [str(desk.person("petra").uid)]
    assert petra.get(f"people/{desk.person('anna').uid}", status=404)
    names, cursor = [], None
    while True:
        page = karim.get("people", limit=4, **({"cursor": cursor} if cursor else {}))
        names += [one["name"] for one in page["people"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(names) == len(set(names)) == Person.objects.active().count()
    made = karim.post("people", {"name": "Nora Brandt", "address": "nora@lindner.example", "department": "warehouse"})
    at = f"people/{made['uid']}"
    karim.patch(at, {"phone": "+49 40 1", "line_manager": desk.address("petra")})
    karim.post(f"{at}/addresses", {"address": "n.brandt@lindner.example"}, status=200)
    karim.put(f"{at}/addresses/n.brandt@lindner.example/main", {})
    karim.delete(f"{at}/addresses/nora@lindner.example")
    karim.put(f"{at}/workplace", {"site": "hamburg"})
    karim.put(f"{at}/roles/it", {"role": "agent", "is_technician": True})
    told = karim.get(at)
    assert (told["address"], told["phone"], told["site"]["key"]) == ("n.brandt@lindner.example", "+49 40 1", "hamburg")
    assert told["kept"]["roles"] == [{"team": "it", "role": "agent", "is_technician": True}]
    karim.post(
        f"{at}/absences",
        {"starts_on": "2100-01-01", "ends_on": "2100-01-05", "deputy": desk.address("anna")},
        status=200,
    )
    [absence] = karim.get(f"{at}/absences")["absences"]
    karim.delete(f"{at}/absences/{absence['id']}")
    assert karim.get(f"{at}/absences")["absences"] == []
    karim.delete(f"{at}/roles/it")
    karim.post(f"{at}/deactivation", status=200)
    assert karim.get(at)["is_active"] is False
    karim.delete(f"{at}/deactivation")
    double = karim.post("people", {"name": "N. Brandt", "address": "nb@lindner.example"})["uid"]
    karim.post(f"people/{double}/merging", {"into": made["uid"]}, status=200)
    assert karim.get(f"people/{double}", status=404)
    karim.delete(f"people/{double}/merging")
    assert karim.get(f"people/{double}")["name"] == "N. Brandt"
    assert anna.patch(at, {"name": "X"}, status=403)["code"] == "not-allowed"
    petra.patch(f"people/{desk.person('petra').uid}", {"language": "de"})


def test_the_company_is_read_by_all_and_changed_by_administrators(desk: Desk) -> None:
    karim, petra = Program.of(desk, "karim"), Program.of(desk, "petra")
    teams = {one["key"]: one for one in petra.get("teams")["things"]}
    assert teams["hr"]["more"]["is_confidential"] is True and teams["it"]["name"] == "IT service"
    for noun, body, change in (
        ("departments", {"key": "lab", "words": {"en": "Lab"}}, {"cost_centre": "4711"}),
        ("teams", {"key": "lab", "words": {"en": "Lab"}}, {"acknowledges": False}),
        ("sites", {"key": "lab", "words": {"en": "Lab"}, "country": "DE"}, {"words": {"en": "Laboratory"}}),
        ("locations", {"key": "bench", "words": {"en": "Bench"}, "site": "lab", "kind": "room"}, {"kind": "floor"}),
    ):
        karim.post(noun, body)
        key = body["key"]
        karim.patch(f"{noun}/{key}", change)
        karim.post(f"{noun}/{key}/archiving", status=200)
        assert next(one for one in petra.get(noun)["things"] if one["key"] == key)["is_archived"] is True
        karim.delete(f"{noun}/{key}/archiving")
        assert petra.post(noun, {**body, "key": "other"}, status=403)
        assert karim.post(noun, body, status=422)["errors"][0]["field"] == "key"
    karim.post("categories", {"key": "probe", "words": {"en": "Probe"}, "default_team": "lab"})
    karim.post("statuses", {"key": "in-lab", "words": {"en": "In the lab"}, "kind": "waiting_third"})
    assert {"probe"} <= {one["key"] for one in petra.get("categories")["things"]}
    assert {"in-lab"} <= {one["key"] for one in petra.get("statuses")["things"]}


def test_the_mail_room_is_run_by_program(desk: Desk) -> None:
    deniz, karim = Program.of(desk, "deniz"), Program.of(desk, "karim")
    raw = (
        b"From: x@elsewhere.example\r\nTo: it@lindner.example\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nx"
    )
    aside = desk.receives(raw)
    came = desk.receives(desk.letter("petra", subject="Screen"))
    told = deniz.get("mail/deliveries")["deliveries"]
    assert [(one["id"], one["ticket"]) for one in told] == [(came.id, came.ticket), (aside.id, None)]
    assert [one["id"] for one in deniz.get("mail/deliveries", words="Screen")["deliveries"]] == [came.id]
    first = deniz.get("mail/deliveries", limit=1)
    assert deniz.get("mail/deliveries", cursor=first["next"])["deliveries"][0]["id"] == aside.id
    original = deniz.ask("GET", f"mail/deliveries/{aside.id}/original")
    assert b"".join(original.streaming_content) == raw  # type: ignore[attr-defined]
    deniz.post(f"mail/deliveries/{aside.id}/retry", status=200)
    desk.works()
    deniz.post(f"mail/deliveries/{aside.id}/discarding", status=200)
    assert deniz.get(f"mail/deliveries/{aside.id}")["disposition"] == "discarded"
    number = deniz.post(f"mail/deliveries/{aside.id}/ticket")["number"]
    assert Ticket.objects.filter(number=number).exists()
    assert Program.of(desk, "anna").get("mail/deliveries", status=404)
    [waiting, *_rest] = karim.get("mail/outgoing")["mails"]
    karim.post(f"mail/outgoing/{waiting['id']}/retry", status=200)
    assert deniz.get("mail/outgoing", status=404)


class TestAlarms:
    """P38.2: alarm opens, repeats attach, recovery resolves."""

    @pytest.fixture
    def monitor(self, desk: Desk) -> Program:
        return Program(token_for(integration(desk, "Monitoring", it="agent"), "tickets:write"))

    alarm = {"dedup_key": "host7/disk", "subject": "Disk of host7 full", "text": "95 %", "team": "it", "impact": 2}

    def test_the_life_of_an_alarm(self, desk: Desk, monitor: Program) -> None:
        opened = monitor.post("alarms", self.alarm, status=200)
        ticket = Ticket.objects.get(number=opened["number"])
        assert (opened["outcome"], ticket.channel, ticket.impact, ticket.team.key) == ("opened", "api", 2, "it")
        attached = monitor.post("alarms", {**self.alarm, "text": "97 %"}, status=200)
        assert (attached["outcome"], attached["number"], attached["times"]) == ("attached", ticket.number, 2)
        counted = monitor.post("alarms", {**self.alarm, "text": "97 %"}, status=200)
        assert (counted["outcome"], counted["times"]) == ("counted", 3)
        with desk.later(minutes=11):  # type: ignore[attr-defined]
            assert monitor.post("alarms", {**self.alarm, "text": "97 %"}, status=200)["outcome"] == "attached"
        over = monitor.post("alarms/recovery", {"dedup_key": "host7/disk", "text": "40 % free"}, status=200)
        assert (over["outcome"], over["number"]) == ("resolved", ticket.number)
        ticket.refresh_from_db()
        assert ticket.state == "resolved"
        assert [one.kind for one in ticket.entries.order_by("seq")] == ["request", "note", "note", "note"]
        assert monitor.post("alarms/recovery", {"dedup_key": "host7/disk"}, status=200)["outcome"] == "nothing"
        assert monitor.post("alarms", self.alarm, status=200)["number"] != ticket.number

    def test_resolved_by_hand_it_is_taken_up_again_and_closed_it_gets_a_successor(
        self, desk: Desk, monitor: Program
    ) -> None:
        number = monitor.post("alarms", self.alarm, status=200)["number"]
        actions.set_status(number, status_of("resolved"), actor=desk.actor("anna"))
        assert monitor.post("alarms", self.alarm, status=200)["outcome"] == "reopened"
        actions.set_status(number, status_of("closed"), actor=desk.actor("anna"))
        fresh = monitor.post("alarms", self.alarm, status=200)
        assert fresh["outcome"] == "opened" and fresh["number"] != number
        link = Ticket.objects.get(number=fresh["number"]).links.get()
        assert (link.kind, link.other_id) == ("successor", number)

    def test_handed_on_it_still_finds_its_ticket(self, desk: Desk, monitor: Program) -> None:
        number = monitor.post("alarms", self.alarm, status=200)["number"]
        actions.hand_to(number, desk.team("facilities"), actor=SYSTEM)
        assert monitor.post("alarms", {**self.alarm, "text": "99 %"}, status=200)["outcome"] == "attached"
        over = monitor.post("alarms/recovery", {"dedup_key": "host7/disk"}, status=200)
        assert (over["outcome"], over["number"]) == ("attached", number)
        assert Ticket.objects.get(number=number).entries.count() == 3

    def test_an_alarm_needs_the_role_of_an_agent(self, desk: Desk) -> None:
        nobody = Program(token_for(integration(desk, "Stray"), "tickets:write"))
        assert nobody.post("alarms", self.alarm, status=403)["code"] == "not-allowed"

    def test_keys_of_two_programs_are_two(self, desk: Desk, monitor: Program) -> None:
        other = Program(token_for(integration(desk, "Other", it="agent"), "tickets:write"))
        first, second = (one.post("alarms", self.alarm, status=200) for one in (monitor, other))
        assert first["number"] != second["number"]


def test_rights_that_are_taken_count_at_once(desk: Desk, anna: Program) -> None:
    """S13: within one request."""
    ticket = desk.ticket("petra")
    anna.get(f"tickets/{ticket.number}")
    take_role(desk.person("anna"), desk.team("it"), actor=SYSTEM)
    assert anna.get(f"tickets/{ticket.number}", status=404)


def test_a_token_makes_no_token(desk: Desk) -> None:
    karim = desk.person("karim")
    with pytest.raises(NotAllowed):
        give_token(
            karim, "x", scopes=["tickets:read"], expires_at=None, actor=Actor(who=karim, via="api", proof=Proof.TOKEN)
        )
