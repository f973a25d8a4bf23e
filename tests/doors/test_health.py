"""/healthz and /metrics: right, quick, and silent to outsiders (issue 3, point 5; P5.7)."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from hauspost.doors.health import figures, state
from hauspost.doors.worker import census
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.config import load
from hauspost.ground.vitals.actions import Pulse
from hauspost.ground.vitals.models import Life
from hauspost.project.wsgi import BehindProxy
from tests.desk import Desk
from tests.doors.browsing import browser, words

OUTSIDER = "203.0.113.5"


def numbers(client: Client) -> dict[str, float]:
    """Every sample: `name{label="value"}` to its number."""
    text = client.get("/metrics").text
    return {
        sample.name + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted() -> None:
    """What the worker's clock does: only the second look counts what the first has seen."""
    for _look in range(3):
        census.count()
    census.count_all()


# Health


def test_a_desk_with_a_worker_is_well(client: Client, desk: Desk) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert "no-store" in answer["Cache-Control"]


def test_a_worker_that_is_silent_for_five_minutes_is_a_failure(client: Client, desk: Desk) -> None:
    with desk.later(minutes=6):
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["worker"]) == (503, "silent")
        # Behind a load balancer the pages still do their work.
        assert client.get("/healthz?of=web").status_code == 200
    Life.objects.all().delete()
    assert client.get("/healthz").json()["worker"] == "never seen"


def test_a_worker_on_another_machine_counts(client: Client, desk: Desk) -> None:
    Life.objects.update(host="somewhere-else", process=1)
    assert client.get("/healthz").status_code == 200


def test_a_database_that_does_not_answer_is_a_failure(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(kind: str) -> None:
        raise DatabaseError("server closed the connection to db.firma.example unexpectedly")

    monkeypatch.setattr("hauspost.ground.vitals.reading.silence_of", gone)
    monkeypatch.setattr(state.connection, "close", lambda: None)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
    assert "firma" not in answer.text


def test_migrations_that_are_pending_are_a_failure(client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_was_complete", False)
    monkeypatch.setattr("hauspost.duties.keeping.upgrading.pending", lambda: ["tickets.0099_more"])
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "not those of this program")


def test_outsiders_learn_one_word(client: Client, desk: Desk) -> None:
    assert client.get("/healthz", REMOTE_ADDR=OUTSIDER).json() == {"status": "ok"}
    with desk.later(minutes=6):
        assert client.get("/healthz", REMOTE_ADDR=OUTSIDER).json() == {"status": "failing"}


def test_how_long_the_oldest_waits_is_told(client: Client, desk: Desk) -> None:
    desk.receives(desk.letter("petra"), work=False)
    with desk.later(minutes=3):
        assert client.get("/healthz").json()["oldest_seconds"]["mail_in"] in range(180, 190)


# Metrics


def test_the_numbers_are_those_of_the_desk(client: Client, desk: Desk) -> None:
    desk.ticket("petra")
    desk.receives(desk.letter("anna", message_id="once"))
    desk.receives(desk.letter("anna", message_id="once"))
    desk.receives(desk.letter("marta"), work=False)
    counted()
    told = numbers(client)
    assert told["hauspost_mail_in_total{disposition=ticket}"] == 2
    assert told["hauspost_mail_in_total{disposition=duplicate}"] == 1
    assert told["hauspost_mail_in_waiting"] == 1
    assert told["hauspost_tickets_open{team=it}"] == 2
    assert told["hauspost_tickets"] == 2
    assert told["hauspost_processes{kind=work}"] == 1
    assert told["hauspost_worker_silence_seconds"] < 60
    assert told["hauspost_database_bytes"] > 100_000
    assert told["hauspost_disk_free_bytes{folder=data}"] > 0
    assert told["hauspost_mail_out_waiting"] > 0
    assert [name for name in told if name.startswith("hauspost_info{")]


def test_a_mail_is_counted_once_however_it_goes_on(client: Client, desk: Desk) -> None:
    waiting = desk.receives(desk.letter("marta"), work=False)
    counted()
    assert "hauspost_mail_in_total{disposition=ticket}" not in numbers(client)
    desk.works()
    counted()
    counted()
    assert numbers(client)["hauspost_mail_in_total{disposition=ticket}"] == 1
    Delivery.objects.filter(id=waiting.id).update(disposition="discarded")
    counted()
    assert numbers(client)["hauspost_mail_in_total{disposition=ticket}"] == 1


def test_a_confidential_team_is_no_number(client: Client, desk: Desk) -> None:
    """P33.3: neither its key nor how much it has to do."""
    desk.ticket("petra", to="hr")
    told = numbers(client)
    assert not [name for name in told if "hr" in name.partition("{")[2]]
    assert "hauspost_tickets_open{team=it}" not in told


def test_metrics_are_for_those_who_are_named(client: Client, db: None) -> None:
    assert client.get("/metrics", REMOTE_ADDR=OUTSIDER).status_code == 404
    assert client.get("/metrics").status_code == 200
    assert client.post("/metrics").status_code == 405


def test_a_proxy_that_is_not_trusted_opens_nothing(client: Client, db: None, tmp_path: Path) -> None:
    """It asks from this machine, but for anybody."""

    def speaks_for_somebody(trusted: str = "", **more: str) -> bool:
        seen: list[dict[str, Any]] = []
        variables = {"HAUSPOST_PUBLIC_URL": "https://help.firma.example", "HAUSPOST_TRUSTED_PROXIES": trusted}
        proxy = BehindProxy(lambda environ, start: seen.append(environ) or [], load(tmp_path, variables))  # type: ignore[func-returns-value]
        list(proxy({"REMOTE_ADDR": "127.0.0.1", "PATH_INFO": "/metrics", **more}, lambda *_: None))
        assert seen[0]["HTTP_HOST"] == "help.firma.example"
        return bool(seen[0]["hauspost.for_somebody"])

    assert not speaks_for_somebody(HTTP_HOST="127.0.0.1:8000")
    assert speaks_for_somebody(HTTP_HOST="127.0.0.1:8000", HTTP_X_FORWARDED_FOR=OUTSIDER)
    assert speaks_for_somebody(HTTP_HOST="help.firma.example")
    assert not speaks_for_somebody("127.0.0.1", HTTP_HOST="help.firma.example", HTTP_X_FORWARDED_FOR=OUTSIDER)
    assert client.get("/metrics", **{"hauspost.for_somebody": True}).status_code == 404  # type: ignore[arg-type]


def test_asking_costs_the_same_however_much_there_is(client: Client, desk: Desk) -> None:
    """No question per ticket, mail or team."""
    desk.ticket("petra")
    client.get("/metrics")
    with CaptureQueriesContext(connection) as few:
        client.get("/metrics")
    for name in ("anna", "marta", "ines"):
        desk.ticket(name)
        desk.ticket(name, to="facilities")
    with CaptureQueriesContext(connection) as many:
        client.get("/metrics")
    assert len(many) == len(few) < 35


def test_what_waits_without_end_is_counted_up_to_a_cap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "CAP", 2)
    for _mail in range(3):
        desk.receives(desk.letter("petra"), work=False)
    told = {figure.name: figure.samples for figure in figures.figures()}
    assert told["hauspost_mail_in_waiting"] == [({}, 2)]


def test_every_figure_has_a_name_and_words_as_prometheus_wants_them(client: Client, desk: Desk) -> None:
    desk.ticket("petra")
    counted()
    for figure in figures.figures():
        assert re.fullmatch(r"hauspost_[a-z_]+", figure.name) and figure.words.endswith(".")


# The banner (P5.7)


def test_every_page_of_the_desk_says_that_no_worker_runs(desk: Desk) -> None:
    """P5.7."""
    anna = browser(desk, "anna")
    cache.clear()
    assert "standing still" not in words(anna.get("/desk/mine").text)
    cache.clear()
    with desk.later(minutes=6):
        for path in ("/desk/mine", "/desk/triage", "/desk/search", reverse("new-ticket")):
            assert "Mail is standing still: the worker has not run for five minutes." in words(anna.get(path).text)
        Pulse("work").beat()
        cache.clear()
        assert "standing still" not in words(anna.get("/desk/mine").text)


def test_asking_for_the_worker_is_no_question_of_each_page(desk: Desk) -> None:
    anna = browser(desk, "anna")
    anna.get("/desk/mine")
    with CaptureQueriesContext(connection) as asked:
        anna.get("/desk/mine")
    assert not [query for query in asked if "vitals_life" in query["sql"]]


def test_clock(desk: Desk) -> None:
    """A worker's life is a moment in the database: another clock does not make it negative."""
    with clock.standing_at(clock.now() - timedelta(hours=1)):
        assert state.look().is_well
