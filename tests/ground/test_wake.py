"""Waking: a ring is heard at once, and nobody is hurt when nobody listens."""

import threading
from pathlib import Path

import pytest
from django.db import connection

from hauspost.ground.wake import Waiter, _ring_doorbells, wake


@pytest.mark.django_db(transaction=True)
def test_a_ring_wakes_every_waiter_also_one_that_was_busy() -> None:
    one, other = Waiter(), Waiter()
    try:
        if connection.vendor == "postgresql":
            one.wait(0)
            other.wait(0)
        wake()
        wake()
        assert one.wait(20)
        assert other.wait(20)
        assert not one.wait(0)
    finally:
        one.close()
        other.close()
    wake()


@pytest.mark.django_db(transaction=True)
def test_a_waiter_is_interrupted_from_another_thread() -> None:
    waiter = Waiter()
    try:
        thread = threading.Thread(target=waiter.interrupt)
        thread.start()
        assert waiter.wait(20)
        thread.join()
    finally:
        waiter.close()


@pytest.mark.django_db(transaction=True)
def test_the_bell_of_a_killed_worker_is_taken_away(tmp_path: Path) -> None:
    waiter = Waiter(tmp_path)
    waiter._bell.close()
    assert waiter.path.exists()
    _ring_doorbells(tmp_path)
    assert not waiter.path.exists()


@pytest.mark.django_db(transaction=True)
def test_a_deep_data_folder_has_a_bell_too(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 100) / ("b" * 100)
    waiter = Waiter(deep)
    try:
        _ring_doorbells(deep)
        assert waiter.wait(20)
    finally:
        waiter.close()
