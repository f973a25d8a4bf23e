"""What both databases share: how rows become index tokens, and how a query's words become groups of them."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from hauspost.ground.search.folding import SHORTEST_INNER_PART, Query
from hauspost.ground.search.models import VISIBILITIES

Tokens = Collection[str]

# What the index holds of a row: its words, each scope token ("=t3"), and each with the visibility ("=t3/public").
# Folded words never contain "=", so a typed word cannot pass for a scope.
INDEXED = (
    "{0}words || ' =' || replace({0}scope, ' ', ' =')"
    " || ' =' || replace({0}scope, ' ', '/' || {0}visibility || ' =') || '/' || {0}visibility"
)
# A word is expanded to at most so many of the vocabulary, the shortest first; so many are looked at to find them.
MOST_EXPANSIONS = 32
MOST_BEGINNINGS = 20
BEGINNINGS_EXAMINED = 1_000
# Compounds are looked at in the order they were learnt: common words come first.
COMPOUNDS_EXAMINED = 500


class Row(NamedTuple):
    """A document that matched."""

    id: int
    ref: int
    entry: int
    kind: str
    scope: str
    visibility: str


class Readable(NamedTuple):
    """What somebody may find: entries of these visibilities in any of these scopes."""

    scopes: tuple[str, ...]
    visibilities: tuple[str, ...] = ("public",)


def scope_tokens(readable: Sequence[Readable]) -> frozenset[str]:
    """One flat set for all of it, so that the index answers "may see" in the same pass as "matches" (P16.5)."""
    tokens: set[str] = set()
    for scopes, visibilities in readable:
        if set(visibilities) >= set(VISIBILITIES):
            tokens |= {f"={scope}" for scope in scopes}
        else:
            tokens |= {f"={scope}/{name}" for scope in scopes for name in visibilities}
    return frozenset(tokens)


def may_be_found(scope: str, visibility: str, allowed: Tokens | None) -> bool:
    """The same answer for a stored row, without the index; `allowed` None means everything."""
    return allowed is None or any(f"={one}" in allowed or f"={one}/{visibility}" in allowed for one in scope.split(" "))


def groups_of(
    query: Query, beginning: Callable[[str], list[str]], containing: Callable[[str], list[str]]
) -> list[Tokens]:
    """The query as an AND of ORs; an empty group means that nothing can be found."""
    groups: list[Tokens] = [[word] for phrase in query.phrases for word in phrase.words]
    for term in query.terms:
        found = _expanded(term.forms, beginning, containing)
        # A joined token ("example.com") of many expansions, or of none, is sought by its parts: bounded and complete.
        if len(term.parts) > 1 and (not found or len(found) >= MOST_EXPANSIONS):
            groups += [[part] for part in term.parts[:-1]]
            found = _expanded(term.parts[-1:], beginning, containing)
        groups.append(found)
    return groups


def _expanded(
    forms: Sequence[str], beginning: Callable[[str], list[str]], containing: Callable[[str], list[str]]
) -> list[str]:
    """The vocabulary's words a typed word stands for: itself, words beginning so, compounds with it; shortest first."""
    begin = {word for form in forms for word in beginning(form)}
    inner = {word for form in forms if len(form) >= SHORTEST_INNER_PART for word in containing(form)} - begin
    ordered = [form for form in forms if form in begin] + sorted(begin - set(forms), key=_shortest)[:MOST_BEGINNINGS]
    return (ordered + sorted(inner, key=_shortest))[:MOST_EXPANSIONS]


def _shortest(word: str) -> tuple[int, str]:
    return len(word), word
