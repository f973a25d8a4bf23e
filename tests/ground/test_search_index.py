"""That the index never lags behind the rows, and is set right when it did."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, models, transaction

from hauspost.ground.db import is_postgres
from hauspost.ground.search.actions import (
    Document,
    ensure_ddl,
    forget,
    index_many,
    missing_ddl,
    rebuild,
    scrub,
    search,
)
from hauspost.ground.search.models import SearchDocument, SearchWord

pytestmark = pytest.mark.django_db


def document(ref, body, title=""):
    return Document("message", ref, ref, "public", ("t1",), title, body)


def found(query):
    return [hit.ref for hit in search(query, readable=None).rows]


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def take_away_the_structures():
    if is_postgres():
        run("DROP INDEX search_document_words", "DROP INDEX search_word_part")
    else:
        run("DROP TRIGGER search_document_added", "DROP TRIGGER search_word_added")


def test_migrations_leave_nothing_missing():
    assert missing_ddl() == []
    assert ensure_ddl() == []


def test_missing_structures_are_named_and_put_back():
    index_many([document(1, "Kabel")])
    take_away_the_structures()
    assert len(missing_ddl()) == 2
    index_many([document(2, "Etagenkabel")])
    assert len(ensure_ddl()) == 2
    assert missing_ddl() == []
    assert found("kabel") == [2, 1]


@pytest.mark.django_db(transaction=True)
def test_a_table_altered_by_a_migration_keeps_its_search():
    """On SQLite an AlterField rebuilds the table and drops its triggers silently."""
    now, wider = SearchDocument._meta.get_field("kind"), models.CharField(max_length=21)
    wider.set_attributes_from_name("kind")
    for before, after in ((now, wider), (wider, now)):
        with connection.schema_editor() as editor:
            editor.alter_field(SearchDocument, before, after)
        if not is_postgres():
            assert "search_document_added" in missing_ddl()
        index_many([document(1, f"Kabel{after.max_length}")])
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
        assert missing_ddl() == []
        assert found(f"kabel{after.max_length}") == [1]


def test_rebuilding_what_is_right_finds_no_difference():
    """P16.6"""
    index_many([document(1, "Kabel"), document(2, "Müller")])
    assert not rebuild()
    assert not rebuild([document(1, "Kabel"), document(2, "Müller")])


def test_rebuilding_reports_and_mends_every_difference():
    """P16.6"""
    index_many([document(1, "Kabel"), document(2, "Maus"), document(3, "Fremd")])
    differences = rebuild([document(1, "Kabel"), document(2, "Tastatur"), document(4, "Neu")])
    assert differences
    assert (differences.documents, differences.absent, differences.changed, differences.superfluous) == (3, 1, 1, 1)
    assert [found(word) for word in ("kabel", "maus", "tastatur", "fremd", "neu")] == [[1], [], [2], [], [4]]


def test_rebuilding_reads_rows_of_an_older_folding_anew():
    index_many([document(1, "Kabel")])
    SearchDocument.objects.update(folding_version=0, words="kabul")
    assert rebuild().changed == 1
    assert found("kabel") == [1]


def test_rebuilding_learns_lost_words_again():
    index_many([document(1, "Netzwerkdrucker")])
    SearchWord.objects.all().delete()
    assert found("drucker") == []
    rebuild()
    assert found("drucker") == [1]


def test_rebuilding_notices_an_index_that_lags_behind_or_is_lost():
    """P16.6"""
    index_many([document(1, "Kabel"), document(2, "Kabel")])
    if is_postgres():
        run("DROP INDEX search_document_words")
    else:
        run("INSERT INTO search_index(search_index) VALUES ('delete-all')")
    differences = rebuild()
    assert (differences.structures, differences.unindexed) in [(("search_document_words",), 0), ((), 2)]
    assert found("kabel") == [2, 1]


def test_a_word_is_learnt_once():
    index_many([document(1, "Kabel Kabel"), document(2, "Kabel")])
    index_many([document(3, "Kabel")])
    assert SearchWord.objects.filter(word="kabel").count() == 1


def test_a_rolled_back_entry_leaves_nothing_to_find():
    with transaction.atomic():
        index_many([document(1, "Kabel")])
        transaction.set_rollback(True)
    assert found("kabel") == []
    assert not SearchWord.objects.exists()


def test_scrubbing_takes_forgotten_words_from_vocabulary_and_index():
    index_many([document(1, "Kabel Kanarienvogel"), document(2, "Kabel")])
    forget(1)
    scrub()
    assert list(SearchWord.objects.values_list("word", flat=True)) == ["kabel"]
    assert found("kabel") == [2]
    if not is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT block FROM search_index_data UNION ALL SELECT block FROM search_part_data")
            blocks = b"".join(block for (block,) in cursor.fetchall())
        assert b"vogel" not in blocks
        assert b"abel" in blocks


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_new_words_do_not_wait_in_a_circle():
    """Two transactions learning the same words in opposite order would deadlock on a unique index."""

    def write(writer):
        try:
            for n in range(8):
                words = [f"neu{n}wort{m}" for m in range(10)]
                with transaction.atomic():
                    for word in words if writer % 2 else reversed(words):
                        index_many([document(1000 * writer + 10 * n + words.index(word), word)])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for written in [pool.submit(write, writer) for writer in range(1, 5)]:
            written.result(timeout=60)
    assert len(found("neu3wort7")) == 4
