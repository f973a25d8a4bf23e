"""That the index never lags behind the rows, and is set right when it did."""

import pytest
from django.db import connection, transaction

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


@pytest.mark.skipif("is_postgres()", reason="SQLite alone drops triggers")
@pytest.mark.django_db(transaction=True)
def test_a_table_rebuilt_by_a_migration_gets_its_triggers_back():
    """parts.md 4: AlterField drops them silently."""
    from django.apps import apps
    from django.db import models
    from django.db.models.signals import post_migrate

    field = models.CharField(max_length=21)
    field.set_attributes_from_name("kind")
    old = SearchDocument._meta.get_field("kind")
    with connection.schema_editor() as editor:
        editor._remake_table(SearchDocument, alter_fields=[(old, old)])
    assert missing_ddl() != []
    post_migrate.send(
        sender=apps.get_app_config("search"),
        app_config=apps.get_app_config("search"),
        using="default",
        verbosity=0,
        interactive=False,
        apps=apps,
        plan=[],
    )
    assert missing_ddl() == []


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


@pytest.mark.skipif("is_postgres()", reason="PostgreSQL's index cannot lag")
def test_rebuilding_notices_an_index_that_lags_behind():
    index_many([document(1, "Kabel"), document(2, "Kabel")])
    run("INSERT INTO search_index(search_index) VALUES ('delete-all')")
    assert rebuild().unindexed == 2
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
