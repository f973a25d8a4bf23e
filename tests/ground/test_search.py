"""What is found, by whom, and in which order; on whichever database the run is on."""

import itertools

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hauspost.ground.search.actions import (
    Document,
    Readable,
    forget,
    index,
    index_many,
    move,
    search,
)
from hauspost.ground.search.models import SearchDocument

pytestmark = pytest.mark.django_db
ENTRIES = itertools.count(1)


def keep(ref, body, *, title="", visibility="public", scope=("t1", "r1"), kind="message"):
    index(kind, ref, next(ENTRIES), visibility=visibility, scope=scope, title=title, body=body)


def found(query, readable=None, **more):
    return [hit.ref for hit in search(query, readable=readable, **more).rows]


def agent(*teams, me="r99"):
    return [Readable(tuple(teams), ("public", "internal")), Readable((me,), ("public",))]


def test_a_text_is_found_at_once_in_the_same_transaction():
    """P16.6"""
    with transaction.atomic():
        keep(1, "Der Drucker brennt")
        assert found("brennt") == [1]


def test_all_words_must_fit_one_entry():
    keep(1, "Drucker ohne Toner")
    keep(2, "Drucker")
    keep(2, "Toner")
    assert found("drucker toner") == [1]


@pytest.mark.parametrize("query", ["Müller", "Mueller", "MULLER"])
def test_umlauts_are_found_in_every_spelling(query):
    """P16.3"""
    for ref, name in enumerate(["Müller", "Mueller", "Muller", "Möller"], 1):
        keep(ref, f"Anruf von {name}")
    assert found(query) == [3, 2, 1]


def test_the_beginning_of_a_word_finds_it():
    """P16.3"""
    keep(1, "Papierstaumeldung")
    assert found("papierst") == [1]
    assert found("pa") == [1]


def test_a_part_of_a_compound_finds_it_in_subject_and_text():
    """P16.3"""
    keep(1, "", title="Netzwerkdrucker")
    keep(2, "Der Etagendrucker geht")
    assert found("drucker") == [2, 1]


def test_a_short_word_is_no_part_of_compounds():
    keep(1, "Brot")
    assert found("rot") == []


def test_a_host_name_is_found_whole_and_by_its_parts():
    """P16.3"""
    keep(1, "Server srv-db_01.koeln.example antwortet nicht")
    for query in ("srv-db_01.koeln.example", "db_01", "koeln", "srv-db_01.koe", "SRV-DB_01.koeln.example"):
        assert found(query) == [1], query
    assert found("srv-db_02.koeln.example") == []


def test_a_joined_word_nobody_wrote_is_sought_by_its_parts():
    keep(1, "Drucker und Scanner")
    assert found("drucker/scanner") == [1]


def test_a_domain_of_very_many_addresses_finds_them_all():
    """Its expansions are bounded; its parts still find every one."""
    index_many(Document("message", n, n, "public", ("t1",), f"person{n}@lindner.example", "") for n in range(1, 61))
    assert len(found("lindner.example", limit=100)) == 60
    assert found("person1@lindner.example") == [1]


def test_quotes_find_the_exact_words_in_their_order():
    """P16.3"""
    keep(1, "kein Papier im Drucker")
    keep(2, "Papier, kein Toner")
    keep(3, "Müller")
    keep(4, "Mueller")
    assert found('"kein papier"') == [1]
    assert found('"papier kein"') == [2]
    assert found('"papi"') == []
    assert found('"Mueller"') == [4]
    assert found('"papier" drucker') == [1]


def test_the_number_of_a_ticket_finds_it_first():
    """P16.2"""
    keep(4821, "Maus", kind="ticket")
    keep(5000, "siehe 4821")
    assert found("4821") == [4821, 5000]
    assert found("#4821") == [4821, 5000]
    assert found("Ticket #4821")[0] == 4821


def test_the_number_of_a_foreign_ticket_finds_nothing():
    """P16.5"""
    keep(4821, "Maus", kind="ticket", scope=("t2", "r2"))
    keep(4822, "Maus", kind="note", visibility="internal", scope=("t1", "r7"))
    assert found("#4821", agent("t1")) == []
    assert found("#4822", [Readable(("r7",), ("public",))]) == []
    assert found("#4822", agent("t1")) == [4822]


def test_each_sees_only_the_scopes_and_visibilities_given():
    """P16.5"""
    keep(1, "Kabel", scope=("t1", "r1"))
    keep(2, "Kabel intern", scope=("t1", "r1"), visibility="internal")
    keep(3, "Kabel", scope=("t2", "r9"))
    keep(4, "Kabel intern", scope=("t2", "r9"), visibility="internal")
    assert found("kabel", agent("t1", me="r9")) == [3, 2, 1]
    assert found("kabel", [Readable(("r1",), ("public",))]) == [1]
    assert found("kabel", [Readable(("r1",), ("internal",))]) == [2]
    assert found("kabel", []) == []
    assert found("kabel", [Readable((), ("public",))]) == []
    assert found("kabel", None) == [4, 3, 2, 1]


def test_a_scope_is_never_taken_for_a_longer_one():
    keep(1, "Kabel", scope=("t12", "r1"))
    assert found("kabel", agent("t1")) == []


@pytest.mark.parametrize("query", ["t1", "=t1", "=t1/public", "public", '"=t1"', 'kabel" OR "=t2', "kabel OR maus"])
def test_what_is_typed_never_reaches_the_gates(query):
    """S24: neither scopes nor the index's own language can be typed."""
    keep(1, "Kabel", scope=("t2", "r2"))
    assert found(query, agent("t1")) == []


def test_without_words_nothing_is_found():
    keep(1, "Kabel")
    for query in ("", "   ", "-", '""', "***", "%", "_", "\0", "\ud800", "'; DROP TABLE"):
        assert found(query) == []


def test_a_ticket_stands_once_and_by_its_newest_fitting_entry():
    keep(1, "Kabel alt")
    keep(2, "Kabel")
    keep(1, "Kabel neu")
    keep(1, "Danke")
    hits = search("kabel", readable=None).rows
    assert [hit.ref for hit in hits] == [1, 2]
    assert hits[0].pieces == (("Kabel", True), (" neu", False))


def test_paging_shows_every_ticket_once():
    for n in range(1, 41):
        keep(n, "Kabel", scope=("t1", "r1"))
    for n in range(1, 41):
        keep(n, "noch einmal Kabel" if n % 2 else "Kabel fertig", visibility="internal")
    for readable in (None, agent("t1"), [Readable(("r1",), ("public",))]):
        seen, before = [], None
        for _ in range(50):
            hits = search("kabel", readable=readable, limit=7, before=before)
            seen += [hit.ref for hit in hits.rows]
            if (before := hits.next) is None:
                break
        assert seen == list(range(40, 0, -1))


def test_a_search_examines_a_bounded_number_and_says_where_to_search_on(monkeypatch):
    monkeypatch.setattr("hauspost.ground.search._seeking.MOST_EXAMINED", 30)
    keep(1, "Kabel")
    index_many(Document("message", 2, n, "public", ("t1",), "", "Kabel") for n in range(1000, 1100))
    first = search("kabel", readable=None, limit=5)
    assert [hit.ref for hit in first.rows] == [2]
    seen, before = [], first.next
    while before is not None:
        hits = search("kabel", readable=None, limit=5, before=before)
        seen, before = seen + [hit.ref for hit in hits.rows], hits.next
    assert seen == [1]


def test_a_moved_ticket_is_found_in_its_new_team_only():
    keep(1, "Kabel", scope=("t1", "r1"))
    keep(1, "Kabel intern", visibility="internal", scope=("t1", "r1"))
    move(1, ("t2", "r1"))
    assert found("kabel", agent("t1")) == []
    assert found("kabel", agent("t2")) == [1]
    assert found("kabel", [Readable(("r1",), ("public",))]) == [1]


def test_what_is_indexed_again_is_found_by_its_new_words_only():
    index("ticket", 1, 0, visibility="public", scope=("t1",), title="Maus defekt", body="")
    index("ticket", 1, 0, visibility="public", scope=("t1",), title="Tastatur defekt", body="")
    assert (found("maus"), found("tastatur")) == ([], [1])
    assert SearchDocument.objects.count() == 1


def test_what_becomes_internal_is_found_internally_only():
    index("note", 1, 5, visibility="public", scope=("t1",), title="", body="Kabel")
    index("note", 1, 5, visibility="internal", scope=("t1",), title="", body="Kabel")
    assert found("kabel", [Readable(("t1",), ("public",))]) == []


def test_what_is_forgotten_is_not_found():
    keep(1, "Kabel")
    index("message", 1, 10**9, visibility="public", scope=("t1",), title="", body="Maus")
    forget(1, 10**9)
    assert (found("maus"), found("kabel")) == ([], [1])
    forget(1)
    assert found("kabel") == []


def test_text_no_database_likes_is_stored_and_found():
    """P21.5"""
    keep(1, "Kabel\0 \ud800 \U0001f600 Ende", title="\0")
    assert found("kabel ende") == [1]


def test_of_a_very_long_text_the_beginning_is_found_and_the_rest_counted():
    keep(1, "anfang " + "wort " * 120_000 + "ende")
    row = SearchDocument.objects.get()
    assert found("anfang") == [1]
    assert found("ende") == []
    assert len(row.body.encode()) <= 500_000
    assert row.unsearched_chars == 7 + 600_000 + 4 - len(row.body)


def test_many_different_words_in_one_text_are_all_found():
    keep(1, " ".join(f"wort{n}" for n in range(30_000)))
    assert found("wort29999") == [1]


def test_the_hit_in_the_title_is_shown_when_the_text_has_none():
    """P16.4"""
    keep(1, "Bitte um Hilfe", title="Netzwerkdrucker in Köln")
    (hit,) = search("drucker", readable=None).rows
    assert hit.pieces == (("Netzwerk", False), ("drucker", True), (" in Köln", False))


def test_a_wrong_visibility_or_scope_is_refused():
    with pytest.raises(ValueError, match="visibility"):
        index("note", 1, 1, visibility="secret", scope=("t1",), title="", body="")
    with pytest.raises(ValueError, match="scope"):
        index("note", 1, 1, visibility="public", scope=("t1 t2",), title="", body="")


def test_a_search_takes_the_same_few_queries_however_much_there_is():
    index_many(Document("message", n, n, "public", ("t1",), "", "Kabel Maus") for n in range(1, 11))
    with CaptureQueriesContext(connection) as few:
        search("kabel maus", readable=agent("t1"), limit=5)
    index_many(Document("message", n, n, "public", ("t1",), "", "Kabel Maus") for n in range(11, 700))
    with CaptureQueriesContext(connection) as many:
        search("kabel maus", readable=agent("t1"), limit=5)
    assert len(many) <= len(few) <= 10


def test_somebody_in_very_many_teams_can_search():
    keep(1, "Kabel", scope=("t2999", "r1"))
    index_many(Document("message", n, n, "public", ("t0",), "", "Kabel") for n in range(2, 400))
    assert found("kabel", agent(*(f"t{n}" for n in range(1, 3000)))) == [1]


@pytest.mark.parametrize("before", [0, -1, -(10**30), 10**30])
def test_any_number_may_be_asked_for_as_the_place_to_search_on(before):
    keep(1, "Kabel")
    assert found("kabel", before=before) == ([1] if before > 0 else [])
