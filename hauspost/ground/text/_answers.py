"""Answers that stand within a quotation, found by comparing it with what it quotes (P4.2)."""

import re
from bisect import bisect_left

from ._introductions import MOST_LINES, Line, header_block, introduction

_RUN = 3  # words by which a place in the quoted text is found again
_SKIPPED = 3  # words of the quoted text that a program may drop between two lines: bullets, names of pictures
_SURE = 6  # words of one line that cannot be alike by chance
_LONGEST_SENT = 500_000  # characters
_WORD = re.compile(r"[^\W_]+")
_LONG = 8  # words of a line of which one may differ: hyphens, cut words


class _Quoted:
    """The quoted text's words, and the place where the quotation has got to."""

    def __init__(self, text: str) -> None:
        self.words = words_of(text)
        self.place = 0
        self._places: dict[tuple[str, ...], list[int]] = {}
        for at, run in enumerate(zip(*(self.words[first:] for first in range(_RUN)), strict=False)):
            self._places.setdefault(run, []).append(at)

    def goes_on_with(self, words: list[str]) -> bool:
        """Whether a line comes from the quoted text: next in it or, if long enough to be sure, anywhere."""
        for at in range(self.place, self.place + _SKIPPED + 1):
            if self._is_at(at, words):
                return True
        places = self._places.get(tuple(words[:_RUN]), []) if len(words) >= _RUN else []
        if not places:
            return False
        return self._is_at(places[bisect_left(places, self.place) % len(places)], words) or self._is_at(
            places[0], words
        )

    def _is_at(self, at: int, words: list[str]) -> bool:
        own = self.words[at : at + len(words)]
        is_close = len(own) == len(words) >= _LONG and sum(map(str.__ne__, own, words)) == 1
        if own != words and not is_close:
            return False
        self.place = at + len(words)
        return True


def show_answers(lines: list[Line], kinds: list[str], sent: str) -> None:
    """Show what stands within the quotation of `sent` and is not from it, in place: no mark tells it otherwise.

    `sent` is best all that was written in the conversation so far, the quoted text's own quotes included.
    """
    quoted = _Quoted(sent[:_LONGEST_SENT])
    bare = [line._replace(text=line.text.lstrip("> \t"), depth=0) for line in lines]
    fresh: list[int] = []  # lines that are not from `sent`, since the last that is
    shown: list[int] = []
    sure = depth = 0
    is_open = False  # within what we know; a header of another mail ends it
    index = 0
    while index < min(len(lines), MOST_LINES):
        if kinds[index] != "quote":
            index += 1
            continue
        end = header_block(bare, index) or (introduction(bare, index) if bare[index].text else 0)
        if end:
            shown += fresh if is_open else []
            fresh.clear()
            is_open = False
            index = end
            continue
        words = words_of(lines[index].text)
        if words and quoted.goes_on_with(words):
            if len(words) >= _RUN:
                sure += 2 if len(words) >= _SURE else 1
                shown += fresh if is_open else []
                fresh.clear()
                is_open, depth = True, lines[index].depth
        elif words and is_open and lines[index].depth <= depth:
            fresh.append(index)
        index += 1
    shown += fresh if is_open else []
    if sure >= 2:
        for at in shown:
            kinds[at] = "said"


def words_of(text: str) -> list[str]:
    """The words of a text alone: without case, prefixes, punctuation and wrapping."""
    return _WORD.findall(text.casefold())
