"""Keep what can be found up to date, and find it: newest first, only what somebody may see."""

from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from hauspost.ground.clock import now
from hauspost.ground.db import is_postgres
from hauspost.ground.search import sqlite, terms
from hauspost.ground.search._rebuilding import Differences, set_right
from hauspost.ground.search._seeking import Hit, Hits, Seeking, by_number, with_pieces
from hauspost.ground.search._store import store_of
from hauspost.ground.search.documents import Document, columns_of, scope_text
from hauspost.ground.search.folding import highlight, read_query
from hauspost.ground.search.models import SearchDocument
from hauspost.ground.search.terms import Readable

__all__ = [
    "Differences",
    "Document",
    "Hit",
    "Hits",
    "Readable",
    "ensure_ddl",
    "forget",
    "highlight",
    "index",
    "index_many",
    "missing_ddl",
    "move",
    "rebuild",
    "scrub",
    "search",
]

_CHUNK = 500

_UPSERT = """INSERT INTO search_searchdocument
    (kind, ref, entry, visibility, scope, folding_version, unsearched_chars, title, words, body, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (ref, entry, kind) DO UPDATE SET visibility = excluded.visibility, scope = excluded.scope,
    folding_version = excluded.folding_version, unsearched_chars = excluded.unsearched_chars,
    title = excluded.title, words = excluded.words, body = excluded.body"""


def index(kind: str, ref: int, entry: int, *, visibility: str, scope: Sequence[str], title: str, body: str) -> None:
    """Make an entry findable, or findable by its new text, in the caller's transaction (P16.6)."""
    index_many([Document(kind, ref, entry, visibility, tuple(scope), title, body)])


def index_many(documents: Iterable[Document], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make many entries findable, oldest first: the order given is the order of results, reversed."""
    connection = connections[using]
    store = store_of(using)
    remaining = iter(documents)
    while chunk := list(islice(remaining, _CHUNK)):
        rows, vocabulary = [], set[str]()
        for document in chunk:
            columns = columns_of(document)
            rows.append((*columns, connection.ops.adapt_datetimefield_value(document.created_at or now())))
            vocabulary.update(columns.words.split())
        with connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(_UPSERT, rows[0])
            else:
                cursor.executemany(_UPSERT, rows)
            store.learn(cursor, sorted(vocabulary))


def move(ref: int, scope: Sequence[str], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """A ticket changed its team or requester: all its entries are now found in these scopes only."""
    SearchDocument.objects.using(using).filter(ref=ref).update(scope=scope_text(scope))


def forget(ref: int, entry: int | None = None, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """A ticket, or one entry of it, is found no more."""
    documents = SearchDocument.objects.using(using).filter(ref=ref)
    (documents if entry is None else documents.filter(entry=entry)).delete()


def scrub(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Leave no trace of forgotten words in vocabulary and index, after an erasure; takes seconds on a large desk.

    Freed pages of the database's files are `hauspost.ground.db.clear_deleted`'s affair.
    """
    with transaction.atomic(using=using):
        store_of(using).scrub(connections[using])


def search(
    query: str,
    *,
    readable: Sequence[Readable] | None,
    limit: int = 50,
    before: int | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Hits:
    """Distinct tickets that fit all words of the query, newest first; `readable` None means everything.

    A number ("4821", "#4821") finds its ticket first. Folding: see folding.py; "quoted" words are taken exactly.
    """
    allowed = None if readable is None else terms.scope_tokens(readable)
    wanted = read_query(query)
    if (allowed is not None and not allowed) or not (wanted.terms or wanted.phrases):
        return Hits([], None)
    numbered = by_number(wanted, allowed, using)
    first = numbered if before is None else []
    seeking = Seeking(wanted, allowed, using)
    rows, following = seeking.page(limit - len(first), before, without={row.ref for row in numbered})
    rows = first + rows
    return Hits(with_pieces(rows, wanted, using), following)


def ensure_ddl(*, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Put the database's search structures in place, and fill what was missing; answers its names. Idempotent.

    Run after every migration: SQLite drops triggers silently when a migration alters their table.
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if not {"search_searchdocument", "search_searchword"} <= tables:
        return []
    if not missing_ddl(using=using):
        return []
    with transaction.atomic(using=using):
        made = store_of(using).put_in_place(connection)
        # While a trigger was missing, rows may have changed without the index.
        if made and not is_postgres(using):
            sqlite.refill(connection)
    return made


def missing_ddl(*, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of search structures the database lacks, for the doctor; empty when all is well."""
    return store_of(using).missing(connections[using])


def rebuild(documents: Iterable[Document] | None = None, *, using: str = DEFAULT_DB_ALIAS) -> Differences:
    """Set right whatever search lacks, and report what it was (P16.6).

    `documents`: every entry as it ought to be found, read in small steps (keyset, no long-lived cursor), or None to
    trust the stored texts and only read them anew. Not inside a transaction: it commits a few hundred at a time.
    """
    return set_right(
        documents,
        lambda differing: index_many(differing, using=using),
        structures=tuple(ensure_ddl(using=using)),
        using=using,
    )
