"""The log: one line an event, by every process alike, and never a personal text or a secret (S21, P54.1)."""

import io
import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hauspost.duties.reactions.table import BY_NAME
from hauspost.ground import logs
from hauspost.ground.logs import JsonLines, Lines
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions import add_person, first_administrator_link, set_password
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Address, Person
from tests.desk import Desk
from tests.doors._running import clean_environment
from tests.doors.browsing import browser

CANARY = "canaryword"
# What nobody may read in a log: as names, addresses, subjects, texts, tokens, passwords, paths.
SECRETS = (CANARY, "Petra", "petra.lang", "Lindner", "@", "first/", "correct horse")


class Log:
    """Everything that our handlers would have written, in both forms."""

    def __init__(self) -> None:
        self.text, self.json = io.StringIO(), io.StringIO()
        self.handlers = [logging.StreamHandler(self.text), logging.StreamHandler(self.json)]
        self.handlers[0].setFormatter(Lines())
        self.handlers[1].setFormatter(JsonLines())

    def lines(self) -> list[str]:
        return self.text.getvalue().splitlines()

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.json.getvalue().splitlines()]

    def everything(self) -> str:
        return self.text.getvalue() + self.json.getvalue()


@pytest.fixture
def log() -> Iterator[Log]:
    """The root's handlers are replaced by these; ours speak as loudly as they can."""
    kept, root = Log(), logging.getLogger()
    for handler in kept.handlers:
        root.addHandler(handler)
    logging.getLogger("hauspost").setLevel(logging.DEBUG)
    yield kept
    logging.getLogger("hauspost").setLevel(logging.INFO)
    for handler in kept.handlers:
        root.removeHandler(handler)


def raised(fault: BaseException) -> BaseException:
    try:
        raise fault
    except BaseException as caught:
        return caught


# No personal text


def test_mail_leaves_no_word_in_the_log(log: Log, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """S21: from intake to sending, also where it fails."""
    desk.receives(desk.letter("petra", subject=f"{CANARY} subject", text=f"{CANARY} text"))
    desk.receives(b"\xff\x00 %s broken \r\n\r\n" % CANARY.encode(), mail_from=f"{CANARY}@mail.example")
    desk.receives(desk.letter(f"{CANARY}@mail.example", headers={"Auto-Submitted": "auto-replied"}))

    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"cannot read {CANARY} of petra.lang@lindner.example")

    monkeypatch.setattr("hauspost.duties.reactions.running.BY_NAME", dict.fromkeys(BY_NAME, broken))
    desk.receives(desk.letter("petra", subject=CANARY))
    monkeypatch.setattr("hauspost.duties.intake.rules.judge", broken)
    desk.receives(desk.letter("petra", subject=CANARY))
    assert "reaction" in log.everything() and "could not be filed fault=ValueError" in log.everything()
    assert_silent(log)


def test_pages_leave_no_word_in_the_log(log: Log, desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """S21, S26: not what was asked for, not what was typed, not who it was but by uid."""
    set_password(desk.person("petra"), "correct horse battery", actor=SYSTEM)
    anna = browser(desk, "anna")
    anna.get(f"/desk/search?q={CANARY}")
    client.get(f"/{CANARY}/petra.lang@lindner.example")
    client.get(f"/first/{CANARY}")
    client.get("/sign-in", HTTP_USER_AGENT=CANARY, HTTP_REFERER=f"https://{CANARY}.example/")
    client.post("/sign-in", {"address": f"{CANARY}@lindner.example", "password": CANARY})
    client.post("/sign-in", {"address": "petra.lang@lindner.example", "password": "correct horse battery"})
    Client(enforce_csrf_checks=True).post("/sign-in", {"address": CANARY}, HTTP_ORIGIN=f"https://{CANARY}.example")
    client.generic(CANARY.upper(), "/sign-in")
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["desk.lindner.example"])
    client.get("/sign-in", HTTP_HOST=f"{CANARY}.example")
    assert len([line for line in log.lines() if " request " in line]) >= 8
    assert_silent(log)


def test_a_fault_of_ours_tells_where_it_happened_and_not_with_what(
    log: Log, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P54.1: the code on the page leads to the lines."""
    anna = browser(desk, "anna", raise_request_exception=False)

    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"no {CANARY} for petra.lang@lindner.example")

    monkeypatch.setattr("hauspost.doors.desk.frame.rail", broken)
    answer = anna.get("/desk/mine")
    code = re.search(r"code: ([0-9a-f]{8})", answer.text)
    assert answer.status_code == 500 and code
    ours = [event for event in log.events() if event.get("request") == code[1]]
    assert [event["level"] for event in ours] == ["error", "info"]
    assert any("frame.py" in str(step) for step in ours[0]["trace"])  # type: ignore[attr-defined]
    assert ours[0]["fault"] == "ValueError"
    assert ours[1]["route"] == "mine" and ours[1]["status"] == 500
    assert answer["X-Request-ID"] == code[1]
    assert_silent(log)


def test_the_words_of_exceptions_are_left_out(log: Log, db: None) -> None:
    ours = logging.getLogger("hauspost.test")
    person = add_person(CANARY, f"{CANARY}@lindner.example", actor=SYSTEM)
    address = Address.objects.get(person=person)
    with pytest.raises(IntegrityError) as twice, transaction.atomic():
        Address.objects.create(person=person, address=address.address)
    deep = raised(RuntimeError(CANARY))
    deep.__cause__ = twice.value
    for fault in (
        twice.value, deep, raised(Invalid("name", CANARY)), raised(KeyError(CANARY)), raised(ValueError(CANARY)),
        raised(UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY)), raised(FileNotFoundError(2, "not there", CANARY)),
        raised(AssertionError(CANARY)),
    ):  # fmt: skip
        ours.error("it failed: %s", fault, exc_info=fault)
        logging.getLogger("somebody.else").error("%s failed: %r", CANARY, fault, exc_info=fault)
    assert "FileNotFoundError: not there" in log.everything()
    assert "Invalid: invalid" in log.everything()
    assert_silent(log)


def test_words_that_name_only_the_program_stay(log: Log) -> None:
    fault = raised(AttributeError("'NoneType' object has no attribute 'team'"))
    logging.getLogger("hauspost.test").error("it failed", exc_info=fault)
    assert "has no attribute 'team'" in log.everything()


def test_what_others_say_is_shown_without_what_they_say_it_of(log: Log) -> None:
    """aiosmtpd, asyncio, allauth … speak to developers."""
    logging.getLogger("mail.log").error("%r EOF received", (CANARY, 25))
    logging.getLogger("asyncio").error(
        f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{CANARY}')>"
    )
    warnings.warn("something is old", RuntimeWarning, stacklevel=1)
    assert "%r EOF received" in log.everything()
    assert_silent(log)


def test_the_one_time_link_is_never_in_a_line(log: Log, client: Client, db: None) -> None:
    """S12: whoever reads the log could become administrator."""
    link = first_administrator_link()
    assert link
    token = link.rpartition("/")[2]
    client.get(f"/first/{token}")
    client.post(f"/first/{token}", {"name": "x"})
    assert token not in log.everything() and not Person.objects.exists()


def assert_silent(log: Log) -> None:
    told = log.everything()
    assert told
    for secret in SECRETS:
        assert secret.lower() not in told.lower(), [
            line for line in told.splitlines() if secret.lower() in line.lower()
        ]


# The form


def test_a_line_tells_time_level_process_logger_event_and_facts(log: Log) -> None:
    with logs.about(request="3fa9c2d1"):
        logging.getLogger("hauspost.test").info("it happened", extra=logs.facts(status=200, why="two words"))
    [line] = log.lines()
    assert re.fullmatch(
        r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info \w+ hauspost.test it happened request=3fa9c2d1 status=200 why="two words"',
        line,
    )
    [event] = log.events()
    assert list(event)[:5] == ["time", "level", "process", "logger", "event"]
    assert (event["status"], event["why"], event["request"]) == (200, "two words", "3fa9c2d1")


def test_a_line_stays_a_line(log: Log) -> None:
    """Nobody writes lines of their own into the log."""
    logging.getLogger("hauspost.test").warning("%s", "one\n2026-01-01T00:00:00.000Z info web two")
    assert len(log.lines()) == len(log.events()) == 1


def test_a_dull_request_leaves_no_line(log: Log, client: Client, desk: Desk) -> None:
    client.get("/healthz")
    client.get("/metrics")
    client.get("/static/ui/look.css")
    assert log.lines() == []
    with desk.later(minutes=6):
        client.get("/healthz")
    assert "route=health status=503" in log.everything()


def test_asking_for_the_person_is_left_to_the_page(client: Client, db: None) -> None:
    """The log costs no question of its own."""
    with CaptureQueriesContext(connection) as asked:
        client.get("/sign-in")
    assert not [query for query in asked if "people_person" in query["sql"]]


def test_what_kills_a_thread_or_the_process_is_told_in_the_same_way() -> None:
    """Python would print the exception with its words."""
    script = f"""
import asyncio, logging, threading
from hauspost.ground import logs
logs.configure({{"format": "json"}})
logs.speak_as("web")
def broken(): raise ValueError("{CANARY}")
thread = threading.Thread(target=broken); thread.start(); thread.join()
broken()
"""
    done = subprocess.run([sys.executable, "-c", script], env=clean_environment(), capture_output=True, text=True)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["process"], line["fault"]) for line in told] == [
        ("a thread died", "web", "ValueError"),
        ("the process died", "web", "ValueError"),
    ]
    assert CANARY not in done.stderr


def test_text_needs_no_structlog() -> None:
    """It takes a third of a second to load."""
    script = "import sys; from hauspost.ground import logs; logs.configure({'format': 'text'}); print('structlog' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], env=clean_environment(), capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_granians_lines_go_our_way() -> None:
    script = """
import logging
from granian.log import LogLevels, configure_logging
from hauspost.ground import logs
logs.configure({"format": "text"})
configure_logging(LogLevels.warning, logs.granians())
logging.getLogger("_granian").warning("Unexpected exit from worker-%s", 1)
"""
    done = subprocess.run([sys.executable, "-c", script], env=clean_environment(), capture_output=True, text=True)
    assert re.search(r"Z warning \w+ _granian Unexpected exit from worker-1\n$", done.stderr), done.stderr
    assert done.stdout == ""
