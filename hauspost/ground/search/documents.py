"""What is handed in to be found, and the row that is made of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from hauspost.ground.search.folding import FOLDING_VERSION, readable_text, words_of
from hauspost.ground.search.models import VISIBILITIES

BODY_LIMIT_BYTES = 500_000
_TITLE_LIMIT_CHARS = 100_000
_SCOPE = re.compile(r"[a-z0-9_:.-]{1,60}")


@dataclass(frozen=True)
class Document:
    """One entry as it is to be found. `title`: subject, names, addresses, file names; `scope`: tokens like "t3"."""

    kind: str
    ref: int
    entry: int
    visibility: str
    scope: tuple[str, ...]
    title: str
    body: str
    created_at: datetime | None = None


class Columns(NamedTuple):
    """The stored columns of a document, but its id and the moment."""

    kind: str
    ref: int
    entry: int
    visibility: str
    scope: str
    folding_version: int
    unsearched_chars: int
    title: str
    words: str
    body: str


def columns_of(document: Document) -> Columns:
    """The document as it is stored: readable, cut to size, with its words. Raises ValueError for a wrong gate."""
    if document.visibility not in VISIBILITIES:
        raise ValueError(f"visibility {document.visibility!r} is none of {VISIBILITIES}")
    title, whole = readable_text(document.title)[:_TITLE_LIMIT_CHARS], readable_text(document.body)
    body = whole.encode()[:BODY_LIMIT_BYTES].decode(errors="ignore") if len(whole) > BODY_LIMIT_BYTES // 4 else whole
    return Columns(
        kind=document.kind,
        ref=document.ref,
        entry=document.entry,
        visibility=document.visibility,
        scope=scope_text(document.scope),
        folding_version=FOLDING_VERSION,
        unsearched_chars=len(whole) - len(body),
        title=title,
        words=" ".join(sorted(words_of(title) | words_of(body))),
        body=body,
    )


def scope_text(scope: Sequence[str]) -> str:
    """Scope tokens as the row keeps them. Raises ValueError for what could be read as something else."""
    for token in scope:
        if not _SCOPE.fullmatch(token):
            raise ValueError(f"scope {token!r} is not lower-case letters, digits and -_.:")
    return " ".join(dict.fromkeys(scope))
