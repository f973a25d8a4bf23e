"""Search on SQLite (3.40 and newer): FTS5 over the documents' words, a trigram index over the vocabulary.

Measured over 300,000 documents of 60 words with 41 scope tokens OR-ed: scope as a token of the same index takes
1.3 to 1.7 ms for a common word, 4 ms for 32 words OR-ed; walking the newest matches and filtering them in the rows
costs 2 µs a match, and so grows without bound for somebody in one small team. `detail=none` keeps no places: the index
is a tenth of the text, and phrases are confirmed on the stored text.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from hauspost.ground.search.terms import BEGINNINGS_EXAMINED, COMPOUNDS_EXAMINED, INDEXED, Row, Tokens

# Words come folded and separated by spaces; the tokenizer only has to leave them alone.
_FTS = """CREATE VIRTUAL TABLE search_index USING fts5(
    words, content='', detail=none, tokenize="ascii tokenchars '-_./@=:'")"""
_PARTS = """CREATE VIRTUAL TABLE search_part USING fts5(
    word, content='search_searchword', content_rowid='id', detail=none, tokenize='trigram')"""
_ADD = f"INSERT INTO search_index(rowid, words) VALUES (new.id, {INDEXED.format('new.')});"  # noqa: S608 (constants)
_TAKE = f"""INSERT INTO search_index(search_index, rowid, words)
    VALUES ('delete', old.id, {INDEXED.format("old.")});"""  # noqa: S608 (constants)

_STRUCTURES = {
    "search_index": _FTS,
    "search_part": _PARTS,
    "search_vocabulary": "CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab('search_index', 'row')",
    "search_word_once": "CREATE UNIQUE INDEX search_word_once ON search_searchword(word)",
    "search_document_added": f"""CREATE TRIGGER search_document_added
        AFTER INSERT ON search_searchdocument BEGIN {_ADD} END""",
    "search_document_removed": f"""CREATE TRIGGER search_document_removed
        AFTER DELETE ON search_searchdocument BEGIN {_TAKE} END""",
    "search_document_changed": f"""CREATE TRIGGER search_document_changed
        AFTER UPDATE OF id, words, scope, visibility ON search_searchdocument BEGIN {_TAKE} {_ADD} END""",
    "search_word_added": """CREATE TRIGGER search_word_added AFTER INSERT ON search_searchword BEGIN
        INSERT INTO search_part(rowid, word) VALUES (new.id, new.word); END""",
    "search_word_removed": """CREATE TRIGGER search_word_removed AFTER DELETE ON search_searchword BEGIN
        INSERT INTO search_part(search_part, rowid, word) VALUES ('delete', old.id, old.word); END""",
}


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of search structures that are absent, or not as this version makes them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'search\\_%%' ESCAPE '\\'")
        present = {name: _squeezed(sql or "") for name, sql in cursor.fetchall()}
    return [name for name, sql in _STRUCTURES.items() if present.get(name) != _squeezed(sql)]


def put_in_place(connection: BaseDatabaseWrapper) -> list[str]:
    """Make what is missing; answers its names. The caller refills after that."""
    absent = missing(connection)
    with connection.cursor() as cursor:
        for name in absent:
            kind = _STRUCTURES[name].split()[1].replace("VIRTUAL", "TABLE").replace("UNIQUE", "INDEX")
            cursor.execute(f"DROP {kind} IF EXISTS {name}")
            cursor.execute(_STRUCTURES[name])
    return absent


def refill(connection: BaseDatabaseWrapper) -> None:
    """Build the index anew from the rows."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO search_index(search_index) VALUES ('delete-all')")
        cursor.execute(
            f"""INSERT INTO search_index(rowid, words)
            SELECT id, {INDEXED.format("")} FROM search_searchdocument ORDER BY id"""  # noqa: S608 (constants)
        )
        cursor.execute("INSERT INTO search_part(search_part) VALUES ('rebuild')")


def differing(connection: BaseDatabaseWrapper) -> int:
    """How many documents the index lacks or holds too many, by the ids it knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT (SELECT count(*) FROM search_searchdocument WHERE id NOT IN (SELECT id FROM search_index_docsize))
            + (SELECT count(*) FROM search_index_docsize WHERE id NOT IN (SELECT id FROM search_searchdocument))"""
        )
        return int(cursor.fetchone()[0])


def learn(cursor: Any, words: Sequence[str]) -> None:
    """Add words to the vocabulary."""
    # Asked first, because an INSERT opens the trigram index behind its trigger even when there is nothing to add.
    cursor.execute(
        "SELECT value FROM json_each(%s) WHERE value NOT IN (SELECT word FROM search_searchword)",
        [json.dumps(words, ensure_ascii=False)],
    )
    if new := [(word,) for (word,) in cursor.fetchall()]:
        cursor.executemany("INSERT INTO search_searchword(word) VALUES (%s)", new)


def words_beginning(cursor: Any, beginning: str) -> list[str]:
    """Words of the vocabulary that begin so, the bounded first of them."""
    cursor.execute(
        "SELECT word FROM search_searchword WHERE word >= %s AND word < %s ORDER BY word LIMIT %s",
        [beginning, beginning + "\U0010ffff", BEGINNINGS_EXAMINED],
    )
    return [word for (word,) in cursor.fetchall()]


def words_containing(cursor: Any, part: str) -> list[str]:
    """Words of the vocabulary that contain this, a bounded number."""
    # GLOB, because LIKE with an ESCAPE does not use the trigrams; folded words contain no * ? [.
    cursor.execute("SELECT word FROM search_part WHERE word GLOB %s LIMIT %s", [f"*{part}*", COMPOUNDS_EXAMINED])
    return [word for (word,) in cursor.fetchall()]


def newest(cursor: Any, groups: Sequence[Tokens], *, before: int, limit: int) -> list[Row]:
    """Newest documents that have a token of every group, read backwards through the index."""
    match = " AND ".join("(" + " OR ".join(f'"{token}"' for token in group) + ")" for group in groups)
    cursor.execute(
        """SELECT d.id, d.ref, d.entry, d.kind, d.scope, d.visibility
        FROM search_index CROSS JOIN search_searchdocument d ON d.id = search_index.rowid
        WHERE search_index MATCH %s AND search_index.rowid < %s ORDER BY search_index.rowid DESC LIMIT %s""",
        [match, before, limit],
    )
    return [Row(*row) for row in cursor.fetchall()]


def hold(connection: BaseDatabaseWrapper) -> None:
    """Nothing to do: a transaction begun with BEGIN IMMEDIATE keeps other writers out."""


def scrub(connection: BaseDatabaseWrapper) -> None:
    """Leave no trace of forgotten words: FTS5 keeps deleted terms in its segments until they are merged."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("INSERT INTO search_index(search_index) VALUES ('optimize')")
        cursor.execute("DELETE FROM search_searchword WHERE word NOT IN (SELECT term FROM search_vocabulary)")
        cursor.execute("INSERT INTO search_part(search_part) VALUES ('optimize')")


def _squeezed(sql: str) -> str:
    return " ".join(sql.split())
