"""Who sees what through the API: all its routes × all roles × own and foreign ids; nothing forbidden shows (P11, S5)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http.response import HttpResponseBase

from hauspost.doors.api.importing import bring_in
from hauspost.doors.api.models import Import
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.privacy.holds import place
from hauspost.ground import clock, tokens
from hauspost.records.people.actions import TOKEN_SCOPES, deactivate, give_token, set_password
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.models import AccessToken, Mailbox, Person
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from tests.doors.calling import Program
from tests.security.api_operations import (
    ASKED,
    DESK_ONLY,
    FOR_ALL,
    OF_ADMINISTRATORS,
    OF_AUDITORS,
    OPERATIONS,
    SENDS,
    TABLE,
    Operation,
)
from tests.security.planting import Field, Planted, plant
from tests.security.routes import UNKNOWN
from tests.security.test_matrix import (
    AT_DESK,
    HAVE_A_DESK,
    IN_MAILROOM,
    ROLES,
    body_of,
    changed,
    dump,
    may_open,
    person_of,
    read_at_desk,
    readable_words,
    report,
    taken_back,
)

# A long walk: on one database, chosen by bin/test; the gates themselves are tried on all (tests/records).
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(scope="module")
def field(django_db_setup: None, django_db_blocker: Any) -> Iterator[Field]:
    """Planted once for all roles; what each test does is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        planted = plant()
        actions.set_status(planted["it"].ticket, status_of("new"), actor=SYSTEM)
        _keep_house(planted)
        yield planted
        transaction.set_rollback(True)


def _keep_house(planted: Field) -> None:
    """A file brought in, a hold on a ticket of HR, too, an administrator's token, and a backup."""
    person = Person.objects.get(pk=person_of(planted, "karim").pk)
    karim = Actor(who=person, proof=Proof.SESSION)
    bring_in("people", TABLE["csv"].encode(), columns={}, archive_missing=False, new_departments=True, actor=karim)
    place(planted["hr"].ticket, "Case 7 O 12/26", actor=karim)
    give_token(person, "Reports", scopes=TOKEN_SCOPES, expires_at=None, actor=karim)
    BackupRun.objects.create(kind="backup", asked_at=clock.now(), finished_at=clock.now())


def program_of(field: Field, role: str) -> Program:
    """A program with a token of this role for everything; nobody has none, a leaver's ended with the person."""
    if role == "nobody":
        return Program("hp_" + "a" * 32, raises=False)
    person = Person.objects.get(pk=person_of(field, role).pk)
    keeper = Actor(who=person, proof=Proof.SESSION)
    row, clear = give_token(person, "matrix", scopes=TOKEN_SCOPES, expires_at=None, actor=keeper)
    if role == "ghost":
        deactivate(person, actor=SYSTEM)
    # Used this minute already, so that asking writes nothing.
    AccessToken.objects.filter(id=row.id).update(last_used_at="2100-01-01T00:00:00Z")
    return Program(clear, raises=False)


def given(field: Field, operation: Operation, planted: Planted, nested_in: Planted | None = None) -> dict[str, Any]:
    """What stands in the address for a planted ticket; nested ids come from `nested_in`."""
    inner = nested_in or planted
    known: dict[str, Any] = {
        "number": planted.number,
        "seq": 1 if operation.id == "read_original" else inner.note.seq if inner.note is not None else 1,
        "file": next(iter(inner.files().values())),
        "other": field["hr"].number if inner.key != "hr1" else field["it"].number,
        "kind": "related",
        "word": f"canarytag{inner.key}",
        "uid": field.desk.person("ines" if operation.id == "confirm_participant" else "marta").uid,
        "delivery": planted.delivery.id,
        "reaction": field.parked,
        "mail": 1,
        "absence": 1,
        "mailbox": Mailbox.objects.get(team__key="it").pk,
        "alias": field.alias,
        "folder": field.folder,
        "mailbox_key": 1,
        "server": field.server,
        "upload": Import.objects.get().pk,
        "rule": field.rule,
        "hold": field.hold,
        "there": "INC0012345",
        "key": "it",
        "team": "it",
        "address": "marta.hofer@lindner.example",
    }
    if operation.path.startswith("/integrations"):
        known["uid"] = Person.objects.get(is_integration=True).uid
    if "token" in operation.names:
        known["token"] = AccessToken.objects.get(name="Reports").pk
    return {name: known[name] for name in operation.names}


def unknown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: UNKNOWN if isinstance(value, int) and name != "seq" else value for name, value in values.items()}


def address(operation: Operation, values: dict[str, Any]) -> str:
    return operation.path.format(**values).lstrip("/")


def ask(program: Program, operation: Operation, path: str) -> HttpResponseBase:
    body = SENDS[operation.id] if operation.method in ("POST", "PUT", "PATCH") else None
    return program.ask(operation.method, path, body)


def plain(answer: HttpResponseBase) -> str:
    return f"{answer.status_code} {body_of(answer)}"


def test_every_change_has_something_to_send() -> None:
    """A route that nobody entered here has not been tried by an attacker."""
    assert {one.id for one in OPERATIONS if one.method != "GET"} == set(SENDS)
    questions = {one.id for one in OPERATIONS if one.method == "GET" and not one.names}
    assert questions == {*ASKED, *FOR_ALL, "list_notices", "list_outgoing"} - {
        "read_ticket_then",
        "list_import_lines",
        "read_sight",
    }


def test_the_canaries_sing_for_those_who_may_hear_them(field: Field) -> None:
    """The other tests would prove nothing if the words were nowhere."""
    with taken_back():
        for role, key in (("anna", "it"), ("giulia", "hr"), ("pawel", "facilities")):
            program, at = program_of(field, role), f"tickets/{field[key].number}"
            heard = "".join(
                body_of(program.ask("GET", path)) for path in (at, f"{at}/entries", f"{at}/tags", f"{at}/participants")
            )
            expected = {*field[key].head_words, *field[key].mail_words, *field[key].desk_words}
            assert {word for word in expected if word not in heard} == set()
            assert field[key].head_words[0] in body_of(program.ask("GET", "tickets"))
            assert field[key].head_words[0] in body_of(program.ask("GET", "tickets.csv"))
            assert field[key].head_words[0] in body_of(program.ask("GET", f"search?q=canarynote{field[key].key}"))
        petra = program_of(field, "petra")
        heard = body_of(petra.ask("GET", f"tickets/{field['it'].number}/entries"))
        assert {word for word in (*field["it"].mail_words, *field["it"].late_words) if word not in heard} == set()
        assert field["hr"].head_words[0] in body_of(petra.ask("GET", "tickets"))
        assert field["it"].head_words[0] in body_of(program_of(field, "karim").ask("GET", "mail/deliveries"))


def may_ask(operation: Operation, role: str, key: str) -> bool:
    """May this role ask this of that ticket or delivery?"""
    if operation.path.startswith(OF_ADMINISTRATORS):
        return role == "karim"
    if operation.path.startswith(OF_AUDITORS):
        return role in ("karim", "wolfgang")
    if "{delivery}" in operation.path:
        return may_open("delivery", role, key)
    if operation.id in ("list_deliveries", "retry_all_deliveries"):
        return role in IN_MAILROOM
    if operation.is_of_ticket:
        return may_open("ticket", role, key) or (operation.id not in DESK_ONLY and may_open("own ticket", role, key))
    return role not in ("nobody", "ghost")


@pytest.mark.parametrize("role", ROLES)
def test_reading(field: Field, role: str) -> None:
    """P11.1, P11.2, P11.4, P11.5, S5, S23: only what is theirs; forbidden is like unknown; and reading changes nothing."""
    faults: list[str] = []
    with taken_back():
        program = program_of(field, role)
        forbidden = field.all_words() - readable_words(field, role)
        before = dump()
        for operation in (one for one in OPERATIONS if one.method == "GET"):
            for key, planted in field.tickets.items():
                values = given(field, operation, planted)
                if not values and key != "it":
                    continue
                for query in ASKED.get(operation.id, ("",)):
                    path = address(operation, values) + query
                    answer = ask(program, operation, path)
                    heard = body_of(answer)
                    faults += [f"{path} tells {word}" for word in forbidden if word in heard and word not in path]
                    if answer.status_code >= 500:
                        faults.append(f"{path}: {answer.status_code}")
                    if role in ("nobody", "ghost"):
                        faults += (
                            [f"{path} is open: {answer.status_code}"] if answer.status_code not in (401, 429) else []
                        )
                    elif not may_ask(operation, role, key):
                        nowhere = address(operation, unknown(values)) + query
                        if plain(ask(program, operation, nowhere)) != f"{answer.status_code} {heard}":
                            faults.append(f"{path} differs from unknown: {answer.status_code}")
                        if answer.status_code != 404:
                            faults.append(f"{path} is open to {role}: {answer.status_code}")
                    elif answer.status_code != 200 and not _excused(operation, role, key, query, answer.status_code):
                        faults.append(f"{path} is refused to {role}: {answer.status_code}")
        after = dump()
        for label in ("history.Event", "history.Stream", "people.SignInAttempt"):
            # Exports are noted in the record, and wrong tokens are counted: that is all that reading leaves.
            before.pop(label, None), after.pop(label, None)
        faults += [f"reading changed {one}" for one in changed(before, after)]
    report(faults)


def _excused(operation: Operation, role: str, key: str, query: str, status: int) -> bool:
    """What is refused to those who may ask the route: the desk's entries and filters to requesters, foreign persons."""
    at_desk = key in read_at_desk(role)
    if operation.id in ("read_entry", "read_file"):
        return status == 404 and not at_desk
    if operation.id in ("read_person", "list_absences"):
        return status == 404 and role not in HAVE_A_DESK
    if operation.id == "read_sight":
        # Of a confidential team's ticket not even that there is one.
        return status == 404 and query.endswith("=7200001")
    if operation.id == "list_server_folders":
        # Nobody answers there.
        return status == 409
    if operation.id == "read_dossier":
        return status == 403 and (role, key) != ("sabine", "it") and role != "wolfgang"
    # What was opened in an emergency, or passed on, has no mail of its own there.
    return status in (404, 422) and (operation.id in ("read_original", "list_tickets", "export_tickets"))


@pytest.mark.parametrize("role", ROLES)
def test_writing_where_one_may_not(field: Field, role: str) -> None:
    """S5, S17: a change of a foreign ticket is answered like one of no ticket, and changes nothing."""
    faults: list[str] = []
    with taken_back():
        program = program_of(field, role)
        secret = field.all_words() - readable_words(field, role)
        before = dump()
        for operation in (one for one in OPERATIONS if one.method != "GET"):
            for key in ("it", "hr", "facilities"):
                planted = field[key]
                values = given(field, operation, planted)
                if not _is_foreign(operation, role, key) or (not operation.is_of_ticket and key != "it"):
                    continue
                path = address(operation, values)
                answer = ask(program, operation, path)
                if operation.is_of_ticket and role not in ("nobody", "ghost"):
                    nowhere = address(operation, unknown(values))
                    if plain(answer) != plain(ask(program, operation, nowhere)):
                        faults.append(f"{operation.method} {path} differs from unknown: {answer.status_code}")
                if answer.status_code not in (401, 403, 404, 429):
                    faults.append(f"{operation.method} {path}: {answer.status_code}")
                sent = json.dumps(SENDS[operation.id])
                heard = body_of(answer)
                faults += [f"{path} tells {word}" for word in secret if word in heard and word not in path + sent]
        after = dump()
        del before["people.SignInAttempt"], after["people.SignInAttempt"]
        faults += changed(before, after)
    report(faults)


def _is_foreign(operation: Operation, role: str, key: str) -> bool:
    """Has this role no business with it at all?"""
    if role in ("nobody", "ghost"):
        return True
    if operation.is_of_ticket:
        return not (may_open("ticket", role, key) or may_open("own ticket", role, key))
    if operation.path.startswith("/mail/"):
        return not may_ask(operation, role, key)
    if operation.id in ("read_notices", "report_recovery", "change_me", "end_links", "give_own_token"):
        return False
    if operation.id == "end_sessions":
        # Everybody may end their own.
        return role not in ("karim", "marta")
    if operation.id == "mark_as_spam":
        # What is sent names a ticket of HR.
        return not may_open("ticket", role, "hr")
    if operation.id in ("open_a_ticket", "report_alarm"):
        return role != "giulia"
    # Who leads a team notes who of it is away; everybody their own.
    return role != "karim" and not operation.id.endswith("_absence")


@pytest.mark.parametrize("role", ["lena", "wolfgang", "head", "marta"])
def test_who_may_only_read_changes_nothing(field: Field, role: str) -> None:
    """P33.1: also of what they see."""
    faults: list[str] = []
    with taken_back():
        program = program_of(field, role)
        before = dump()
        for operation in (one for one in OPERATIONS if one.method != "GET" and one.is_of_ticket):
            if (operation.id, role) == ("answer", "marta"):
                continue
            for planted in field.tickets.values():
                answer = ask(program, operation, address(operation, given(field, operation, planted)))
                if answer.status_code not in (403, 404, 422):
                    faults.append(f"{operation.method} {operation.path} ({planted.key}): {answer.status_code}")
        faults += changed(before, dump())
    report(faults)


@pytest.mark.parametrize(("role", "own", "foreign"), [("anna", "it", "hr"), ("giulia", "hr", "it"), ("petra", "it", "hr_third")])  # fmt: skip
def test_ids_of_another_ticket_behind_ones_own(field: Field, role: str, own: str, foreign: str) -> None:
    """S5: `/tickets/mine/files/foreign`."""
    with taken_back():
        program = program_of(field, role)
        before = dump()
        for operation in OPERATIONS:
            if not operation.is_of_ticket or not {"file", "other", "word"} & set(operation.names):
                continue
            values = given(field, operation, field[own], field[foreign])
            assert ask(program, operation, address(operation, values)).status_code in (403, 404), operation
        assert changed(before, dump()) == []


@pytest.mark.parametrize("role", ["anna", "karim", "petra"])
def test_no_secret_stands_in_any_answer(field: Field, role: str) -> None:
    """S21: passwords, tokens and keys are nowhere, not even as their hashes."""
    with taken_back():
        for name in ("anna", "karim", "petra", "marta"):
            set_password(Person.objects.get(pk=field.desk.person(name).pk), "a good long password", actor=SYSTEM)
        program = program_of(field, role)
        secrets = {program.headers["Authorization"].removeprefix("Bearer ")[12:]}
        secrets |= set(AccessToken.objects.values_list("token_hash", flat=True))
        secrets |= {row for row in Person.objects.values_list("password", flat=True) if len(row) > 10}
        ring = json.loads(tokens.ring().path.read_text())
        secrets |= {key["secret"] for shelf in ring.values() if isinstance(shelf, list) for key in shelf}
        for operation in (one for one in OPERATIONS if one.method == "GET"):
            for query in ASKED.get(operation.id, ("",)):
                heard = body_of(
                    ask(program, operation, address(operation, given(field, operation, field["it"])) + query)
                )
                assert not [secret for secret in secrets if secret in heard], operation
                assert "session_version" not in heard and "token_hash" not in heard


def test_at_desk_is_what_the_pages_say(field: Field) -> None:
    """P38.1: the list of a program is the list of the page."""
    with taken_back():
        for role in ("anna", "jonas", "giulia", "pawel"):
            listed = program_of(field, role).get("tickets", seen_as="agent")["tickets"]
            assert {one["number"] for one in listed} == {field[key].number for key in AT_DESK[role]}
