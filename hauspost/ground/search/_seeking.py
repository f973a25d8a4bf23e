"""One query of one person on its way back through the index: newest first, bounded."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections
from django.db.models import Max

from hauspost.ground.search import terms
from hauspost.ground.search._store import store_of
from hauspost.ground.search.folding import Query, has_phrases, highlight
from hauspost.ground.search.models import SearchDocument
from hauspost.ground.search.terms import Row, Tokens

# A search looks at so many matching entries, then says where to search on: a ticket of 5,000 answers, or a phrase
# whose words are common and rarely neighbours, must not keep a page waiting.
MOST_EXAMINED = 1_000
MOST_EXAMINED_FOR_PHRASES = 200
SNIPPET_CHARS = 180
_SNIPPET_READ_CHARS = 20_000


@dataclass(frozen=True)
class Hit:
    """A ticket that was found, by its newest fitting entry; `pieces` are text with whether it is a hit."""

    ref: int
    entry: int
    kind: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Hits:
    """A page of hits; `next` is the `before` of the next page, None when nothing older is left to look at.

    With a `next`, there may be fewer rows than asked for, even none: so much was examined, "search on".
    """

    rows: list[Hit]
    next: int | None


class Seeking:
    """Where in the index somebody is with a query."""

    def __init__(self, wanted: Query, allowed: Tokens | None, using: str) -> None:
        self.wanted, self.allowed, self.using = wanted, allowed, using
        self.store, self.connection = store_of(using), connections[using]
        with self.connection.cursor() as cursor:
            self.groups = terms.groups_of(
                wanted,
                lambda word: self.store.words_beginning(cursor, word),
                lambda word: self.store.words_containing(cursor, word),
            )

    def page(self, limit: int, before: int | None, *, without: set[int]) -> tuple[list[Row], int | None]:
        """So many tickets by their newest matching entry, and from where to search on."""
        if not all(self.groups):
            return [], None
        top = (SearchDocument.objects.using(self.using).aggregate(newest=Max("id"))["newest"] or 0) + 1
        at = top if before is None else max(0, min(before, top))
        most = MOST_EXAMINED_FOR_PHRASES if self.wanted.phrases else MOST_EXAMINED
        # An entry's neighbours often belong to the same ticket. Phrases have their texts read, so fewer at a time.
        examined, batch = 0, 50 if self.wanted.phrases else 3 * limit + 1
        # The gate by the rows is quick for rare words and wide gates (with 41 tokens 2.5 ms instead of 7.9 for a rare
        # word), the gate by the index for all else: the first batch passes the one, all others the other.
        groups = self.groups
        found: list[Row] = []
        passed = set(without)
        while examined < most:
            rows = self._newest(groups, at, batch)
            examined += len(rows)
            fresh = self._confirmed([row for row in rows if row.ref not in passed and self._may_find(row)])
            shown = self._refs_shown_before({row.ref for row in fresh}, before, top)
            for row in fresh:
                if row.ref in passed or row.ref in shown:
                    continue
                if len(found) == limit:
                    return found, found[-1].id if found else at
                passed.add(row.ref)
                found.append(row)
            if len(rows) < batch:
                return found, None
            at = rows[-1].id
            groups = self.groups if self.allowed is None else [*self.groups, self.allowed]
        return found, at

    def _newest(self, groups: Sequence[Tokens], before: int, limit: int) -> list[Row]:
        with self.connection.cursor() as cursor:
            return self.store.newest(cursor, groups, before=before, limit=limit)

    def _may_find(self, row: Row) -> bool:
        return terms.may_be_found(row.scope, row.visibility, self.allowed)

    def _confirmed(self, rows: list[Row]) -> list[Row]:
        """Those whose stored text has the phrases; the index knows words, not their order."""
        if not self.wanted.phrases or not rows:
            return rows
        texts = SearchDocument.objects.using(self.using).filter(id__in=[row.id for row in rows])
        fitting = {
            id
            for id, title, body in texts.values_list("id", "title", "body")
            if has_phrases(f"{title}\n{body}", self.wanted.phrases)
        }
        return [row for row in rows if row.id in fitting]

    def _refs_shown_before(self, refs: set[int], before: int | None, top: int) -> set[int]:
        """Tickets that an earlier page showed by a newer entry; told from the rows, which are few."""
        if before is None or before >= top or not refs:
            return set()
        newer = SearchDocument.objects.using(self.using).filter(ref__in=refs, id__gte=before).order_by("-id")
        columns = newer.values_list(*Row._fields, "words")[:MOST_EXAMINED]
        fitting = [
            Row(*row)
            for *row, words in columns
            if all(not set(words.split(" ")).isdisjoint(group) for group in self.groups)
        ]
        return {row.ref for row in self._confirmed(list(filter(self._may_find, fitting)))}


def by_number(wanted: Query, allowed: Tokens | None, using: str) -> list[Row]:
    """The ticket of the sought number, by its own document if that may be read, else by its newest readable entry."""
    if wanted.number is None:
        return []
    documents = SearchDocument.objects.using(using).filter(ref=wanted.number).order_by("-id")
    rows = [Row(*row) for row in documents.values_list(*Row._fields)[:MOST_EXAMINED]]
    rows = [row for row in rows if terms.may_be_found(row.scope, row.visibility, allowed)]
    return [row for row in rows if row.kind == "ticket"][:1] or rows[:1]


def with_pieces(rows: list[Row], wanted: Query, using: str) -> list[Hit]:
    """The rows with the text around their first hit; of very long texts only the beginning is looked at."""
    stored = SearchDocument.objects.using(using).filter(id__in=[row.id for row in rows])
    texts = {id: (title, body) for id, title, body in stored.values_list("id", "title", "body")}
    hits = []
    for row in rows:
        title, body = texts.get(row.id, ("", ""))
        pieces = highlight(body[:_SNIPPET_READ_CHARS], wanted, around=SNIPPET_CHARS)
        if title and not any(is_hit for _, is_hit in pieces):
            of_title = highlight(title[:_SNIPPET_READ_CHARS], wanted, around=SNIPPET_CHARS)
            pieces = of_title if any(is_hit for _, is_hit in of_title) or not body else pieces
        hits.append(Hit(row.ref, row.entry, row.kind, pieces))
    return hits
