"""Which mails are one conversation, by what their headers say of each other."""

from collections.abc import Iterable, Sequence
from typing import Protocol


class Threaded(Protocol):
    """What a mail must tell to be put into a conversation; a `Letter` does."""

    @property
    def message_id(self) -> str: ...
    @property
    def in_reply_to(self) -> tuple[str, ...]: ...
    @property
    def references(self) -> tuple[str, ...]: ...


def evidence(letter: Threaded) -> tuple[str, ...]:
    """The Message-IDs that a mail names as its forebears, the nearest first, each once."""
    return tuple(dict.fromkeys((*letter.in_reply_to, *reversed(letter.references))))


def conversations(letters: Sequence[Threaded]) -> list[int]:
    """A label per mail; equal labels are one conversation: joined by Message-ID, In-Reply-To and References.

    Mails never seen join those that name them too (P8.4); equal subjects join nothing (P8.3).
    """
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    names: list[str] = []
    for index, letter in enumerate(letters):
        own = letter.message_id or f" {index}"  # a space is in no Message-ID
        names.append(own)
        for other in _named(letter):
            parents[root(other)] = root(own)
    labels: dict[str, int] = {}
    return [labels.setdefault(root(name), len(labels)) for name in names]


def _named(letter: Threaded) -> Iterable[str]:
    yield from letter.in_reply_to
    yield from letter.references
