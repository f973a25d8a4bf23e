"""The raw source of a mail: bytes, or for a big one a file that is read where it lies, so that it fills no memory."""

import mmap
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

# Bigger mails are mapped. Smaller ones are quicker read at once.
MAPPED_ABOVE = 1_000_000
_WINDOW = 4 << 20
_PAGE = mmap.PAGESIZE


class MappedMail(mmap.mmap):
    """A mail on disk that can be searched and cut like bytes; what was passed by does not stay in memory."""

    def find(self, sub: Any, start: int = 0, end: int | None = None) -> int:
        """As of bytes, a window at a time, letting go of each window that was searched in vain."""
        end = len(self) if end is None else min(end, len(self))
        overlap = len(sub) - 1
        while start < end:
            stop = min(start + _WINDOW, end)
            found = super().find(sub, start, min(stop + overlap, end))
            if found >= 0:
                return found
            if stop - start == _WINDOW:
                self._let_go(start, stop)
            start = stop
        return -1

    def __contains__(self, sub: object) -> bool:
        return self.find(sub) >= 0

    def pieces(self, start: int, end: int, size: int) -> Iterator[bytes]:
        """The bytes between two places in pieces, each let go of when the next is asked for."""
        for position in range(start, end, size):
            stop = min(position + size, end)
            yield self[position:stop]
            self._let_go(position, stop)

    def _let_go(self, start: int, stop: int) -> None:
        # Whole pages only, and none that begins outside; the kernel keeps them as long as it has room.
        start, stop = -(-start // _PAGE) * _PAGE, stop // _PAGE * _PAGE
        if stop > start:
            self.madvise(mmap.MADV_DONTNEED, start, stop - start)


Raw = bytes | MappedMail


def raw_in(source: BinaryIO) -> Raw:
    """The mail in an open file: its bytes, or a view of them when there are many. Raises OSError."""
    if os.fstat(source.fileno()).st_size <= MAPPED_ABOVE:
        return source.read()
    return MappedMail(source.fileno(), 0, access=mmap.ACCESS_READ)


def pieces_of(raw: Raw, start: int, end: int, size: int) -> Iterator[bytes]:
    """The bytes between two places, in pieces of that size."""
    if isinstance(raw, MappedMail):
        yield from raw.pieces(start, end, size)
        return
    for position in range(start, end, size):
        yield raw[position : min(position + size, end)]
