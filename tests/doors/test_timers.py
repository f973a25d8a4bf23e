"""What is done by the clock."""

import threading

from django.db import connection

from hauspost.doors.worker import timers
from hauspost.ground.history.models import Seal
from hauspost.ground.history.sealing import seal
from tests.desk import Desk


def test_several_workers_seal_the_day_once(lasting_desk: Desk) -> None:
    """P37.1: beside each other on PostgreSQL, one after the other on SQLite."""
    faults: list[Exception] = []

    def worker() -> None:
        try:
            timers.seal_daily()
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert Seal.objects.count() == 1


def test_two_who_seal_at_once_make_one_chain(lasting_desk: Desk, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """An administrator's `record seal` beside the daily one."""
    faults: list[Exception] = []

    def somebody() -> None:
        try:
            seal(tmp_path)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=somebody) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert list(Seal.objects.order_by("number").values_list("number", flat=True)) == [1]
