"""Signs of life, and counts that are carried on."""

from datetime import timedelta

import pytest
from django.db import DatabaseError

from hauspost.ground import clock
from hauspost.ground.files.models import Blob
from hauspost.ground.vitals import actions, reading
from hauspost.ground.vitals.actions import Pulse, count_on
from hauspost.ground.vitals.models import Life, RunningCount

pytestmark = pytest.mark.django_db


def test_who_was_never_seen_is_silent() -> None:
    assert reading.silence_of("work") is None
    assert reading.is_silent("work")
    assert reading.running() == {"work": 0, "listen": 0}


def test_a_pulse_shows_life_until_it_ends() -> None:
    pulse = Pulse("work")
    pulse.beat()
    assert not reading.is_silent("work")
    assert reading.running() == {"work": 1, "listen": 0}
    pulse.end()
    assert reading.silence_of("work") is None


def test_life_is_written_at_most_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """P55.1: nothing writes each second."""
    elapsed = [100.0]
    monkeypatch.setattr(actions.time, "monotonic", lambda: elapsed[0])
    pulse = Pulse("work")
    pulse.beat()
    first = Life.objects.get().seen_at
    elapsed[0] += 9
    pulse.beat()
    assert Life.objects.get().seen_at == first
    elapsed[0] += 2
    pulse.beat()
    assert Life.objects.get().seen_at > first


def test_the_dead_are_forgotten_after_a_day() -> None:
    old = clock.now() - timedelta(days=2)
    Life.objects.create(kind="work", host="gone", process=7, version="1", started_at=old, seen_at=old)
    Pulse("work").beat()
    assert [life.host == "gone" for life in Life.objects.all()] == [False]


def test_a_database_that_is_away_stops_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(Life.objects, "filter", gone)
    monkeypatch.setattr(actions.connection, "close", lambda: None)
    Pulse("work").beat()
    Pulse("work").end()


def rows(*sizes: int) -> None:
    for size in sizes:
        Blob.objects.create(sha256=f"{Blob.objects.count():064}", size_bytes=size, last_wanted_at=clock.now())


def look() -> dict[str, int]:
    """Count on to the end; sizes stand for the ends here, 0 for none yet."""
    for _turn in range(3):
        count_on("blobs", Blob.objects.all(), by=["size_bytes", "sha256"][:1], ends=(1, 2, 3))
    found = reading.counted("blobs")
    assert found is not None
    return dict(found.counts)


def test_each_row_is_counted_once_by_its_end() -> None:
    rows(1, 1, 2)
    assert look() == {"1": 2, "2": 1}
    rows(2)
    assert look() == {"1": 2, "2": 2}
    assert look() == {"1": 2, "2": 2}


def test_what_has_no_end_yet_is_counted_when_it_has() -> None:
    rows(0, 0, 1)
    assert look() == {"1": 1}
    Blob.objects.filter(size_bytes=0, id=Blob.objects.order_by("id")[0].id).update(size_bytes=3)
    assert look() == {"1": 1, "3": 1}
    Blob.objects.filter(size_bytes=0).delete()
    assert look() == {"1": 1, "3": 1}
    assert RunningCount.objects.get(name="blobs").unfinished == []


def test_what_is_new_is_counted_only_by_the_next_look() -> None:
    """A row with a lower number may still be on its way."""
    rows(1)
    count_on("blobs", Blob.objects.all(), by=["size_bytes"], ends=(1,))
    found = reading.counted("blobs")
    assert found is not None and found.counts == {}


def test_a_long_table_is_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    rows(1, 0, 1, 0, 1, 0, 1)
    turns = 0
    count_on("blobs", Blob.objects.all(), by=["size_bytes"], ends=(1,))
    while count_on("blobs", Blob.objects.all(), by=["size_bytes"], ends=(1,)):
        turns += 1
        # Ids may begin high: PostgreSQL's sequences go on where other tests left them.
        assert turns <= Blob.objects.order_by("-id").values_list("id", flat=True)[0]
    assert look() == {"1": 4}
    Blob.objects.filter(size_bytes=0).update(size_bytes=2)
    assert look() == {"1": 4, "2": 3}
