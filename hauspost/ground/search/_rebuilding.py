"""Setting right what search lacks, with a report of what it was."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connections, transaction
from django.db.models import Max

from hauspost.ground.search._store import store_of
from hauspost.ground.search.documents import Document, columns_of
from hauspost.ground.search.models import SearchDocument

_CHUNK = 500


@dataclass(frozen=True)
class Differences:
    """What a rebuild found: how many documents were absent, differed, were too many; what the index itself lacked."""

    documents: int
    absent: int = 0
    changed: int = 0
    superfluous: int = 0
    unindexed: int = 0
    structures: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there was any difference."""
        return bool(self.absent or self.changed or self.superfluous or self.unindexed or self.structures)


def set_right(
    documents: Iterable[Document] | None,
    write: Callable[[Iterable[Document]], None],
    *,
    structures: tuple[str, ...],
    using: str,
) -> Differences:
    """Compare and write, a few hundred at a time, each in its own transaction."""
    newest = SearchDocument.objects.using(using).aggregate(newest=Max("id"))["newest"] or 0
    seen: set[int] = set()
    total = absent = changed = 0
    remaining = iter(documents if documents is not None else _stored(using))
    while True:
        # The chunk is read while nobody else can write, so that nothing older overwrites a newer text.
        with transaction.atomic(using=using):
            store_of(using).hold(connections[using])
            chunk = list(islice(remaining, _CHUNK))
            if not chunk:
                break
            differing, met, new = _compared(chunk, using)
            write(differing)
        seen |= met
        total, absent, changed = total + len(chunk), absent + new, changed + len(differing) - new
    superfluous = _remove_unseen(seen, newest, using) if documents is not None else 0
    with transaction.atomic(using=using):
        unindexed = store_of(using).differing(connections[using])
        if unindexed:
            store_of(using).refill(connections[using])
        _learn_all(using)
    return Differences(total, absent, changed, superfluous, unindexed, structures)


def _stored(using: str) -> Iterator[Document]:
    """The stored documents as they are, by keyset, so that no long read stands open beside the writing."""
    last = 0
    while chunk := list(SearchDocument.objects.using(using).filter(id__gt=last).order_by("id")[:_CHUNK]):
        for row in chunk:
            scope = tuple(row.scope.split())
            yield Document(row.kind, row.ref, row.entry, row.visibility, scope, row.title, row.body, row.created_at)
        last = chunk[-1].id


def _compared(chunk: list[Document], using: str) -> tuple[list[Document], set[int], int]:
    """Documents that have to be written, ids of the stored ones, and how many of the former are new."""
    stored = {
        (row.ref, row.entry, row.kind): row
        for row in SearchDocument.objects.using(using).filter(ref__in={document.ref for document in chunk})
    }
    differing: list[Document] = []
    met: set[int] = set()
    for document in chunk:
        row = stored.get((document.ref, document.entry, document.kind))
        if row is not None:
            met.add(row.pk)
        if row is None or any(getattr(row, name) != value for name, value in columns_of(document)._asdict().items()):
            differing.append(document)
    return differing, met, len(chunk) - len(met)


def _remove_unseen(seen: set[int], newest: int, using: str) -> int:
    """Remove documents no entry stands behind; those indexed since the start are not judged."""
    present = SearchDocument.objects.using(using).filter(id__lte=newest).values_list("id", flat=True)
    unseen = [id for id in present.iterator(chunk_size=10_000) if id not in seen]
    for start in range(0, len(unseen), _CHUNK):
        SearchDocument.objects.using(using).filter(id__in=unseen[start : start + _CHUNK]).delete()
    return len(unseen)


def _learn_all(using: str) -> None:
    """Add to the vocabulary whatever words it lacks."""
    words: set[str] = set()
    for text in SearchDocument.objects.using(using).values_list("words", flat=True).iterator(chunk_size=2_000):
        words.update(text.split())
    words.discard("")
    ordered = sorted(words)
    with connections[using].cursor() as cursor:
        for start in range(0, len(ordered), 10_000):
            store_of(using).learn(cursor, ordered[start : start + 10_000])
