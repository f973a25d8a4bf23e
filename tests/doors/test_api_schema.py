"""The description of the API holds: schemathesis asks everything it describes, also what it forbids (P38.1, S24)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from hauspost.doors.api.importing import bring_in
from hauspost.doors.api.schema import described, operations
from hauspost.duties.intake.folders import add_folder
from hauspost.duties.keeping.models import BackupRun
from hauspost.duties.privacy import holds, retention
from hauspost.ground import clock
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.actions import add_alias, add_mail_account, give_role, give_token
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from hauspost.records.tickets import actions
from hauspost.records.tickets.models import Attachment
from hauspost.records.tickets.writing import NewFile, Writing
from tests.desk import Desk
from tests.doors.calling import Program, token_for

# A long walk: on one database, chosen by bin/test; the gates themselves are tried on all (tests/records).
pytestmark = pytest.mark.once

SCHEMA: dict[str, Any] = json.loads(json.dumps(described()))
LABELS = sorted(
    f"{method.upper()} {path}" for path, methods in SCHEMA["paths"].items() for method in methods
)  # fmt: skip
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.ignored_auth,
]


def test_every_operation_says_what_it_is_for() -> None:
    """P38.1: summary, description, documented answers; and every shape that comes in has its words."""
    assert SCHEMA["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _method, operation in operations(SCHEMA)]
    assert len(ids) == len(set(ids)) == len(LABELS)
    for method, operation in operations(SCHEMA):
        assert (operation["summary"] and "scope" in operation["description"]) or operation["operationId"] == "read_me"
        assert operation["security"] and operation["tags"]
        assert {"401", "403", "404", "422", "429"} <= set(operation["responses"])
        assert (method != "post") == all(one["name"] != "Idempotency-Key" for one in operation["parameters"])
    shapes = SCHEMA["components"]["schemas"]
    assert all(shape.get("description") for shape in shapes.values())
    assert len([shape for shape in shapes.values() if "examples" in json.dumps(shape)]) > 20


def test_the_description_is_read_with_a_session_or_a_token(desk: Desk) -> None:
    anna = Program.of(desk, "anna")
    assert anna.get("openapi.json")["openapi"].startswith("3.1")
    browser = anna.client
    refused = browser.get("/api/v1/openapi.json")
    assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
    assert browser.get("/api/v1/docs").status_code == 302
    browser.force_login(desk.person("petra"), backend="hauspost.records.people.login.AddressBackend")
    assert browser.get("/api/v1/openapi.json").status_code == 200
    page = browser.get("/api/v1/docs").content.decode()
    assert "/tickets/{number}/replies" in page and 'id="idempotency-key-used"' in page
    # Nothing is loaded from, or leads to, anywhere else.
    assert re.findall(r'(?:src|href|action)="?(?:https?:)?//(?!help\.firma\.example)', page) == []


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Asked through WSGI, Django would close the connection after each request, as its own test client does not."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    """A desk with a ticket that has something of everything, asked by an administrator who is also a dispatcher."""
    with django_db_blocker.unblock(), transaction.atomic():
        desk = Desk.opened()
        ticket = desk.ticket("petra", subject="Screen")
        anna = desk.actor("anna")
        note = Writing(text="x", files=[NewFile("a.txt", "text/plain", b"x")])
        actions.note(ticket, note, actor=anna)
        actions.reply(ticket, Writing(text="y"), actor=anna)
        actions.tag(ticket, "gate", actor=anna)
        actions.add_participant(ticket, desk.person("marta"), actor=anna)
        other = desk.ticket("ines", subject="Mouse")
        actions.link(ticket, other, "related", actor=anna)
        give_role(desk.person("karim"), desk.team("it"), "dispatcher", actor=SYSTEM)
        aside = desk.receives(b"From: x@elsewhere.example\r\nSubject: odd\r\n\r\nx" + b"\0" * 10)
        box = Mailbox.objects.get(team__key="it")
        server = add_mail_account(name="x", imap_host="127.0.0.1", imap_port=1, user="x", password="x", actor=SYSTEM)
        folder = add_folder(box, server, "INBOX", actor=SYSTEM)
        schema = schemathesis.openapi.from_dict(SCHEMA)
        schema.app = get_wsgi_application()
        karim = desk.actor("karim")
        table = b"Name;E-Mail\nNoor de Vries;noor@lindner.example\n"
        rule = retention.add_rule(team=None, type="", months=1, what="delete", actor=karim)
        hold = holds.place(ticket, "Court", actor=karim)
        moment = clock.now()
        BackupRun.objects.create(kind="backup", asked_at=moment, finished_at=moment, counts={"tickets": 1})
        token, _clear = give_token(desk.person("karim"), "x", scopes=["tickets:read"], expires_at=None, actor=karim)
        upload, _plan = bring_in("people", table, columns={}, archive_missing=False, new_departments=True, actor=karim)
        yield {
            "schema": schema,
            "real": {
                "number": ticket.number,
                "seq": 3,
                "other": other.number,
                "kind": "related",
                "word": "gate",
                "token": token.pk,
                "reaction": 1,
                "there": "INC0012345",
                "uid": str(desk.person("marta").uid),
                "team": "it",
                "key": "it",
                "address": desk.address("marta"),
                "file": Attachment.objects.latest("id").id,
                "delivery": aside.id,
                "mailbox": box.pk,
                "alias": add_alias(box, "edv@lindner.example", actor=SYSTEM).pk,
                "folder": folder.pk,
                "mailbox_key": 1,
                "server": server.pk,
                "absence": 1,
                "upload": upload.pk,
                "rule": rule.pk,
                "hold": hold.pk,
                "mail": getattr(OutgoingMail.objects.first(), "pk", 1),
            },
            "tokens": {name: token_for(desk.person(name)) for name in ("karim", "petra")},
        }
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("label", LABELS)
def test_what_is_described_is_what_happens(world: Any, label: str) -> None:
    """Whatever a program sends, it gets one of the described answers in the described shape, and never a 500."""
    method, _space, path = label.partition(" ")
    operation = world["schema"][path][method]
    for who, mode, examples in (
        ("karim", GenerationMode.POSITIVE, 4),
        ("karim", GenerationMode.NEGATIVE, 3),
        ("petra", GenerationMode.POSITIVE, 1),
    ):
        headers = {"Authorization": f"Bearer {world['tokens'][who]}"}
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            _ask(strategy, {} if mode is GenerationMode.NEGATIVE else world["real"], headers, examples)
        except schemathesis.errors.SchemathesisError:
            # Some operations have nothing that could be wrong.
            if mode is GenerationMode.POSITIVE:
                raise


def _ask(strategy: Any, real: dict[str, Any], headers: dict[str, str], examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, existing=st.booleans())
    def asked(case: Any, existing: bool) -> None:
        if existing and real:
            # What is there is more telling than numbers that nobody has.
            case.path_parameters = {name: real[name] for name in case.path_parameters or {}}
        # A case may try a wrong token of its own.
        proof = {} if "Authorization" in (case.headers or {}) and not real else headers
        cache.clear()
        with transaction.atomic():
            response = case.call(headers=proof)
            case.validate_response(response, checks=CHECKS, headers=proof)
            transaction.set_rollback(True)

    asked()
