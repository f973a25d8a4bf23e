"""Writers on SQLite take turns: whoever waits is let in before whoever has just written."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction

from hauspost.ground import db
from hauspost.ground.databases import settings_of
from tests.doors._running import until


@contextmanager
def database(folder: Path, *, patience: float) -> Iterator[None]:
    """A SQLite database of its own, reached as "turns", whichever database the tests run on."""
    settings: dict[str, Any] = settings_of("sqlite", folder)
    settings["OPTIONS"]["timeout"] = patience
    with db.also("turns", settings):
        yield


@pytest.fixture(autouse=True)
def any_database(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def test_whoever_waits_to_write_comes_before_whoever_writes_again_at_once(tmp_path: Path) -> None:
    """A mail that is to be kept does not wait for the worker's whole backlog."""
    order: list[str] = []

    def keep() -> None:
        with transaction.atomic(using="turns"):
            order.append("kept")
        connections["turns"].close()

    with database(tmp_path, patience=60):
        listener = threading.Thread(target=keep)
        with transaction.atomic(using="turns"):
            listener.start()
            until(lambda: db.somebody_waits("turns"), "the listener waits for its turn")
            order.append("filed")
        with transaction.atomic(using="turns"):
            order.append("filed")
        listener.join()
    assert order == ["filed", "kept", "filed"]


def test_a_writer_gives_up_when_its_patience_ends_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    faults: list[str] = []

    def keep() -> None:
        try:
            with transaction.atomic(using="turns"):
                faults.append("was let in beside another one")
        except OperationalError as fault:
            faults.append(str(fault))
        connections["turns"].close()

    with database(tmp_path, patience=0):
        listener = threading.Thread(target=keep)
        with transaction.atomic(using="turns"):
            listener.start()
            listener.join()
            assert not db.somebody_waits("turns")
        assert faults == ["database is locked"]
        with transaction.atomic(using="turns"), connections["turns"].cursor() as cursor:
            cursor.execute("CREATE TABLE after (id integer)")
