"""What differs between the two databases."""

from pathlib import Path

import pytest
from django.db import connection, transaction

from hauspost.ground.db import clear_deleted, is_postgres, locked, skip_locked, storable
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
