"""The bytes of mails as a server gives them out: many small ones at once, a large one in pieces into a file."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from hauspost.doors.listeners import _imap_letters as letters
from hauspost.duties.intake.actions import Envelope
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts.imap import IMAPClientAbortError, IMAPClientError

# Larger mails come piece by piece into a file, so that they fill no memory.
STREAMED_ABOVE = 1_000_000
_PIECE_BYTES = 1_000_000
# How much of a mail that stays on its server becomes the ticket.
_BEGINNING_BYTES = 256_000
# A mail that the server cannot give out is asked for so often; then what is known of it becomes the ticket.
TRIES = 4


class CannotStore(Exception):
    """No room, or no right, to write a mail down; it stays on its server and is asked for again."""


@dataclass
class Difficult:
    """What is remembered of mails that made trouble, longer than a connection lasts."""

    # How often each was asked for in vain, alone.
    tries: Counter[int] = field(default_factory=Counter)
    # Were asked for when a connection broke: from now on each is asked for alone.
    alone: set[int] = field(default_factory=set)

    def forget(self, uids: Iterator[int] | list[int]) -> None:
        """These are kept, or gone."""
        for uid in uids:
            self.alone.discard(uid)
            self.tries.pop(uid, None)


@dataclass(frozen=True)
class Source:
    """An opened folder as a source of mails. No structure is ever asked of the server, bytes only (P1.3)."""

    client: Any
    row: FetchedFolder
    uid_validity: int
    difficult: Difficult

    @property
    def limit_bytes(self) -> int:
        """As large as the mailbox, and the house, take mail."""
        return min(self.row.mailbox.size_limit_bytes or 2**60, settings.HAUSPOST.mail_size_limit)

    def is_for_itself(self, uid: int, size_bytes: int) -> bool:
        """Whether this mail is not to be asked for together with others."""
        return size_bytes > min(STREAMED_ABOVE, self.limit_bytes) or uid in self.difficult.alone

    def sizes(self, uids: list[int]) -> dict[int, int]:
        """RFC822.SIZE is a number the server has anyway; it need not understand a mail for it. Deleted ones lack it."""
        found = self.client.fetch(uids, ["RFC822.SIZE"])
        return {uid: int(about[b"RFC822.SIZE"]) for uid, about in found.items() if b"RFC822.SIZE" in about}

    @contextmanager
    def envelopes(self, sizes: Mapping[int, int]) -> Iterator[dict[int, Envelope]]:
        """The mails, while this lasts: a large one lies in the spool. Raises CannotStore, and IMAP's faults."""
        uid, size = next(iter(sizes.items()))
        if len(sizes) == 1 and self.difficult.tries[uid] >= TRIES:
            yield {uid: self._left(uid, letters.not_given(self.row, uid))}
        elif len(sizes) == 1 and size > self.limit_bytes:
            yield {uid: self._left(uid, letters.too_big(self.row, size, self.limit_bytes), size)}
        elif len(sizes) == 1 and size > STREAMED_ABOVE:
            with _spool() as path:
                got = self._stream(uid, path)
                why = letters.too_big(self.row, got, self.limit_bytes) if got > self.limit_bytes else ""
                yield {uid: self._left(uid, why, got) if why else self._whole(uid, path, got)} if got else {}
        else:
            found = self.client.fetch(list(sizes), ["BODY.PEEK[]"])
            raws = {uid: about.get(b"BODY[]") for uid, about in found.items()}
            yield {uid: self._whole(uid, raw, len(raw)) for uid, raw in raws.items() if raw}

    def _whole(self, uid: int, raw: bytes | Path, size_bytes: int) -> Envelope:
        return letters.envelope(self.row, letters.whole_name(self.row, self.uid_validity, uid), raw, size_bytes)

    def _left(self, uid: int, why: str, left_bytes: int = 0) -> Envelope:
        raw = letters.stand_in(self._beginning(uid), why, left_bytes)
        return letters.envelope(self.row, letters.left_name(self.row, self.uid_validity, uid), raw, len(raw))

    def _beginning(self, uid: int) -> bytes:
        """As much as the server gives; nothing of a mail over which it breaks off even then."""
        if self.difficult.tries[uid] > TRIES:
            return b""
        for part in (f"BODY.PEEK[]<0.{_BEGINNING_BYTES}>", "BODY.PEEK[HEADER]"):
            try:
                about = self.client.fetch([uid], [part]).get(uid, {})
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                continue
            if found := _content(about):
                return found
        return b""

    def _stream(self, uid: int, path: Path) -> int:
        """Write the mail down as it comes; answers how many bytes, one piece more than may come at most."""
        size_bytes = 0
        with path.open("wb") as file:
            while size_bytes <= self.limit_bytes:
                about = self.client.fetch([uid], [f"BODY.PEEK[]<{size_bytes}.{_PIECE_BYTES}>"]).get(uid, {})
                piece = _content(about)
                try:
                    file.write(piece)
                    file.flush()
                except OSError as error:
                    raise CannotStore(error.strerror) from error
                size_bytes += len(piece)
                # A piece may be shorter than asked for; only where nothing follows is the end.
                if not piece:
                    break
        return size_bytes


def _content(about: Mapping[bytes, Any]) -> bytes:
    return next((bytes(value) for name, value in about.items() if name.startswith(b"BODY[") and value), b"")


@contextmanager
def _spool() -> Iterator[Path]:
    """A file of our own in the spool; its name tells the process, so that what a killed one left is swept away."""
    folder = settings.HAUSPOST.spool
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".mail", dir=folder)
    except OSError as error:
        raise CannotStore(error.strerror) from error
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
