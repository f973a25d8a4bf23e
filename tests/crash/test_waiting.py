"""Threads of one process that write to SQLite: whoever waits holds up nobody (found by bin/crash)."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction

from hauspost.ground import db
from tests.doors._running import until
from tests.ground.test_sqlite_turns import database


@pytest.fixture(autouse=True)
def any_database(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def test_a_writer_who_comes_upon_garbage_of_one_who_waits_for_it_goes_on(tmp_path: Path) -> None:
    """The collector of the writing thread finds a cursor of the waiting one; neither may stand still for that."""
    told: list[str] = []

    def waiter() -> None:
        try:
            with connections["turns"].cursor() as cursor:
                _leave_a_cursor_as_garbage()
                cursor.execute("UPDATE kept SET number = 3")
            told.append("written")
        except Exception as fault:
            told.append(str(fault))
        finally:
            connections["turns"].close()

    gc.disable()
    try:
        with database(tmp_path, patience=5):
            with connections["turns"].cursor() as cursor:
                cursor.execute("CREATE TABLE kept (number)")
                cursor.execute("INSERT INTO kept VALUES (1), (2)")
            thread = threading.Thread(target=waiter)
            with transaction.atomic(using="turns"):
                thread.start()
                until(lambda: db.somebody_waits("turns"), "the other one waits for its turn")
                gc.collect()
            thread.join()
            connections["turns"].close()
    finally:
        gc.enable()
    assert told == ["written"]


def _leave_a_cursor_as_garbage() -> None:
    cursor = connections["turns"].connection.cursor()
    cursor.execute("SELECT number FROM kept")
    cursor.fetchone()
    circle: list[object] = [cursor]
    circle.append(circle)
