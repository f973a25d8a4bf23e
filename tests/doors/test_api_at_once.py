"""Programs that come at once: one key, one deed; one alarm, one ticket; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from hauspost.doors.api.models import AlarmKey, IdempotencyKey
from hauspost.records.tickets.models import Ticket
from tests.desk import Desk
from tests.doors.calling import Program, integration, token_for

MANY = 6


def at_once(ask: Callable[[], Any]) -> list[Any]:
    """The same, from many threads at the same moment."""
    ready = Barrier(MANY)

    def go(_place: int) -> Any:
        ready.wait()
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as threads:
        return list(threads.map(go, range(MANY)))


def test_one_key_is_one_deed(lasting_desk: Desk) -> None:
    """P38.3: the others get its answer, or are told to ask again in a second."""
    token = token_for(lasting_desk.person("petra"))
    body = {"subject": "Once", "text": "x", "category": "building"}
    answers = at_once(lambda: Program(token).ask("POST", "tickets", body, key="same"))
    assert Ticket.objects.count() == IdempotencyKey.objects.count() == 1
    first = [one for one in answers if one.status_code == 201 and "Idempotent-Replayed" not in one.headers]
    assert len(first) == 1
    for one in answers:
        assert one.status_code in (201, 409), one.content
        if one.status_code == 409:
            assert one.json()["code"] == "idempotency-key-in-use" and one["Retry-After"] == "1"
        else:
            assert one.content == first[0].content
    again = Program(token).ask("POST", "tickets", body, key="same")
    assert again["Idempotent-Replayed"] == "true" and again.content == first[0].content  # type: ignore[attr-defined]


def test_one_alarm_is_one_ticket(lasting_desk: Desk) -> None:
    """P38.2."""
    token = token_for(integration(lasting_desk, "Monitoring", it="agent"))
    alarm = {"dedup_key": "host7", "subject": "host7 is down", "text": "no answer", "team": "it"}
    answers = at_once(lambda: Program(token).post("alarms", alarm, status=200))
    assert sorted(one["outcome"] for one in answers) == [*["counted"] * (MANY - 1), "opened"]
    assert Ticket.objects.count() == AlarmKey.objects.count() == 1
    assert AlarmKey.objects.get().times == MANY
