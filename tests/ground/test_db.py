"""What differs between the two databases."""

import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from hauspost.ground import db
from hauspost.ground.db import clear_deleted, is_postgres, locked, overwriting_deleted, skip_locked, storable
from hauspost.ground.files.models import Blob
from hauspost.ground.search.actions import forget, index, scrub


def test_nul_and_lone_surrogates_are_made_storable():
    """P21.5"""
    assert storable("a\0b\ud800c\udfffd\U0001f600") == "a\ufffdb\ufffdc\ufffdd\U0001f600"
    assert storable("Grüße") == "Grüße"


@pytest.mark.django_db
def test_what_is_made_storable_can_be_stored():
    """P21.5"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS text)", [storable("\0\ud800ä")])
        assert cursor.fetchone() == ("\ufffd\ufffdä",)


@pytest.mark.django_db
def test_rows_are_locked_where_the_database_can():
    with transaction.atomic():
        assert list(skip_locked(Blob.objects.all())) == []
        assert list(locked(Blob.objects.all())) == []
        assert str(skip_locked(Blob.objects.all()).query).endswith("SKIP LOCKED") == is_postgres()
        assert str(locked(Blob.objects.all()).query).endswith("FOR UPDATE") == is_postgres()


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_and_cleared_cannot_be_read_from_the_files():
    """After an erasure, neither row nor search index nor freed page holds a word of it."""
    for ref, word in ((1, "kanarienvogel"), (2, "bleibend")):
        index("message", ref, 1, visibility="public", scope=("t1",), title=word, body=word)
    forget(1)
    scrub()
    clear_deleted()
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT word FROM search_searchword")
            assert cursor.fetchall() == [("bleibend",)]
    else:
        file = Path(connection.settings_dict["NAME"])
        content = b"".join(part.read_bytes() for part in file.parent.glob(file.name + "*"))
        assert b"bleibend" in content
        assert b"kanarien" not in content


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("clear", ["all of it", "only what goes"])
def test_nothing_is_left_in_the_log_though_somebody_reads_just_then(
    clear: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P41.2: SQLite's log is emptied when the reader has ended; and when nobody ends, whoever erases hears of it."""
    if is_postgres():
        # Nobody's reading keeps its rows from being cleared.
        assert clear_deleted()
        return
    index("message", 1, 1, visibility="public", scope=("t1",), title="kanarienvogel", body="x")
    log, reader = Path(connection.settings_dict["NAME"] + "-wal"), _reading()
    monkeypatch.setattr(db, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: reader.close()))
    if clear == "all of it":
        assert clear_deleted()
    else:
        with overwriting_deleted():
            forget(1)
    assert log.stat().st_size == 0

    reader = _reading()
    monkeypatch.setattr(db, "_LOG_PATIENCE_SECONDS", -1.0)
    try:
        assert not clear_deleted()
    finally:
        reader.close()


def _reading() -> sqlite3.Connection:
    """Somebody in the middle of a transaction that reads."""
    reader = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return reader
