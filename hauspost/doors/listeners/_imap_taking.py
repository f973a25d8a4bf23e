"""Takes the mails of one folder: by UID, byte for byte, kept for good before anything changes on the server (P2)."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _

from hauspost.doors.listeners import _imap_letters as letters
from hauspost.doors.listeners._imap_afterwards import Afterwards
from hauspost.doors.listeners._imap_source import CannotStore, Difficult, Source
from hauspost.duties.intake import fetching
from hauspost.duties.intake.actions import Envelope
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts.imap import IMAPClientAbortError, IMAPClientError
from hauspost.ground.outages import OUTAGES

log = logging.getLogger("hauspost.listeners")

Keep = Callable[[Sequence[Envelope]], Any]

# So many mails, or so many bytes, are asked for and kept at once.
BATCH_MAILS, BATCH_BYTES = 50, 4_000_000
# Sizes cost the server little: they are asked for in greater numbers, as far as a command's line reaches (RFC 7162 4).
SIZES_AT_ONCE = 200
_SPAN = 100_000

_Takes = FetchedFolder.Takes


class LostFolder(Exception):
    """Another process fetches this folder now, or we have to end: nothing more may be done to it."""


class Taking:
    """One folder, opened."""

    def __init__(
        self,
        client: Any,
        row: FetchedFolder,
        found: dict[bytes, Any],
        *,
        keep: Keep,
        is_ours: Callable[[], bool],
        difficult: Difficult,
    ) -> None:
        """`found` is what SELECT said; `is_ours` says whether we may still change something on the server."""
        self._client, self._row, self._keep, self._is_ours = client, row, keep, is_ours
        self._difficult = difficult
        self._uid_validity = int(found[b"UIDVALIDITY"])
        self._next = int(found.get(b"UIDNEXT") or 0) or max(self._search("UID", "*"), default=0) + 1
        self._source = Source(client, row, self._uid_validity, difficult)
        self._afterwards = Afterwards(client, row)
        # Mails that were there before we came, or before the server counted anew, and are wanted.
        self._backlog: list[int] | None = None

    @property
    def remark(self) -> str:
        """What did not work although mail is fetched."""
        if not self._difficult.tries:
            return self._afterwards.fault
        uids = ", ".join(map(str, sorted(self._difficult.tries)[:5]))
        return _("The mail server does not give out some mails (UID %(uids)s); they are asked for again.") % {
            "uids": uids
        }

    def begin(self) -> None:
        """Compare what the server says of the folder with how far we were (P2.4, P12.2)."""
        row = self._row
        if row.uid_validity == self._uid_validity:
            self._finish_what_was_left()
        elif row.takes == _Takes.ALL:
            fetching.note_position(row, self._uid_validity, 0, mails=0)
        elif row.uid_validity is None and row.takes == _Takes.NEW:
            fetching.note_position(row, self._uid_validity, self._next - 1, mails=0)
        else:
            criteria = ["UNSEEN"] if row.uid_validity is None else self._since_we_began()
            self._backlog = [uid for span in _spans(1, self._next - 1) for uid in self._search(*criteria, "UID", span)]

    def take_new(self) -> int:
        """Take everything that has come; answers how many mails were kept."""
        row, count = self._row, 0
        self._forget_those_gone()
        if self._backlog is not None:
            # The position is noted when all are done: whoever is killed meanwhile begins again, and keeps none twice.
            count += self._take(self._backlog, lambda uid, mails: None)
            if self._difficult.tries:
                return count
            fetching.note_position(row, self._uid_validity, self._next - 1, mails=count)
            self._backlog = None
        for span in _spans(row.last_uid + 1, self._next - 1):
            count += self._take(self._search("UID", span), self._passed)
        newest = max(row.last_uid + 1, self._next)
        # The star is the last mail that is there, also when that is an older one.
        fresh = [uid for uid in self._search("UID", f"{newest}:*") if uid >= newest]
        return count + self._take(fresh, self._passed)

    def _since_we_began(self) -> list[Any]:
        """After a move to another server all UIDs are new, and our mails are known again by what is in them (P12.2).

        What was there before the first fetch, and was not wanted then, is told by its age. A server that was moved may
        have forgotten when a mail arrived, so it counts when it was written, too, unless nobody has read it or it does
        not say.
        """
        day = self._row.created_at.date() - timedelta(days=1)
        written = ["OR", "SENTSINCE", day, "NOT", ["HEADER", "DATE", ""]]
        recent = ["SINCE", day, "OR", "UNSEEN", written]
        return recent if self._row.takes == _Takes.NEW else ["OR", "UNSEEN", recent]

    def _finish_what_was_left(self) -> None:
        """Mails that were kept and should have gone from here, but a process was killed, or the server said no."""
        if not self._afterwards.takes_away or not self._row.last_uid:
            return
        spans = _spans(1, self._row.last_uid)
        here = [uid for span in spans for uid in self._search("UNDELETED", "UID", span)]
        for start in range(0, len(here), SIZES_AT_ONCE):
            some = here[start : start + SIZES_AT_ONCE]
            names = {letters.whole_name(self._row, self._uid_validity, uid): uid for uid in some}
            kept = fetching.kept_of(names)
            self._must_be_ours()
            self._afterwards.do([names[name] for name in kept])

    def _forget_those_gone(self) -> None:
        waiting = sorted(self._difficult.tries)
        if waiting:
            there = set(self._search("UID", _set_of(waiting)))
            self._difficult.forget([uid for uid in waiting if uid not in there])

    def _search(self, *criteria: Any) -> list[int]:
        return sorted(int(uid) for uid in self._client.search(list(criteria)))

    def _must_be_ours(self) -> None:
        if not self._is_ours():
            raise LostFolder

    def _passed(self, uid: int, mails: int) -> None:
        """Note how far we are, but never past a mail that has to be asked for again."""
        reached = max(self._row.last_uid, min([uid, *(one - 1 for one in self._difficult.tries)]))
        if reached > self._row.last_uid or mails:
            fetching.note_position(self._row, self._uid_validity, reached, mails=mails)

    def _take(self, uids: Sequence[int], passed: Callable[[int, int], None]) -> int:
        count = 0
        for start in range(0, len(uids), SIZES_AT_ONCE):
            some = list(uids[start : start + SIZES_AT_ONCE])
            for batch in self._batches(some):
                kept = self._take_batch(batch)
                count += kept
                passed(max(batch), kept)
            # Those that somebody deleted meanwhile are passed, too.
            passed(max(some), 0)
        return count

    def _batches(self, uids: list[int]) -> Iterator[dict[int, int]]:
        """Small mails together, large and difficult ones alone; each with its size."""
        sizes = self._source.sizes(uids)
        batch: dict[int, int] = {}
        for uid in uids:
            if uid not in sizes:
                continue
            is_alone = self._source.is_for_itself(uid, sizes[uid])
            is_full = len(batch) == BATCH_MAILS or sum(batch.values()) + sizes[uid] > BATCH_BYTES
            if batch and (is_alone or is_full):
                yield batch
                batch = {}
            if is_alone:
                yield {uid: sizes[uid]}
            else:
                batch[uid] = sizes[uid]
        if batch:
            yield batch

    def _take_batch(self, sizes: dict[int, int]) -> int:
        """Keep these mails, then do with them on the server what is wished; answers how many are new to us."""
        whole = {uid: letters.whole_name(self._row, self._uid_validity, uid) for uid in sizes}
        left = {uid: letters.left_name(self._row, self._uid_validity, uid) for uid in sizes}
        known = fetching.kept_of([*whole.values(), *left.values()])
        missing = {uid: size for uid, size in sizes.items() if whole[uid] not in known and left[uid] not in known}
        self._difficult.forget([uid for uid in sizes if uid not in missing])
        kept = self._keep_missing(missing) if missing else set()
        self._must_be_ours()
        # What stands for a mail that stays there is no reason to take that mail away.
        self._afterwards.do([uid for uid in sizes if whole[uid] in known or whole[uid] in kept])
        return len(kept)

    def _keep_missing(self, sizes: dict[int, int]) -> set[str]:
        """The names under which they were kept. One that cannot be had alone does not stop the others (P1.1)."""
        uids, difficult = list(sizes), self._difficult
        before = set(difficult.alone)
        difficult.alone.update(uids)
        try:
            with self._source.envelopes(sizes) as envelopes:
                self._must_be_ours()
                kept = self._kept(envelopes)
        except (CannotStore, LostFolder, *OUTAGES):
            # No mail's fault.
            difficult.alone = before
            raise
        except (IMAPClientAbortError, OSError):
            # The connection is gone. When that happens again and again with one mail alone, it is this mail's doing.
            if len(uids) == 1:
                difficult.tries[uids[0]] += 1
            raise
        except (IMAPClientError, DatabaseError) as error:
            if len(uids) > 1:
                return set().union(*(self._keep_missing({uid: size}) for uid, size in sizes.items()))
            difficult.tries[uids[0]] += 1
            log.warning("UID %s of folder %s could not be taken: %s", uids[0], self._row.pk, type(error).__name__)
            return set()
        difficult.forget([*envelopes])
        self._note_silence([uid for uid in uids if uid not in envelopes])
        return kept

    def _kept(self, envelopes: dict[int, Envelope]) -> set[str]:
        """Only when this returns are they durable (P2.1)."""
        if not envelopes:
            return set()
        try:
            self._keep(list(envelopes.values()))
        except IntegrityError:
            # Another process kept one of them at this moment; the next look knows.
            raise LostFolder from None
        except OSError as error:
            raise CannotStore(error.strerror) from error
        return {envelope.transaction for envelope in envelopes.values()}

    def _note_silence(self, silent: list[int]) -> None:
        """Of these the server said nothing: they were deleted meanwhile, or it cannot give them out."""
        if not silent:
            return
        there = set(self._search("UID", _set_of(silent)))
        self._difficult.forget([uid for uid in silent if uid not in there])
        for uid in there.intersection(silent):
            self._difficult.tries[uid] += 1


def _spans(first: int, last: int) -> list[str]:
    """The UIDs from the first to the last in spans, so that no answer is a longer line than imaplib reads (1 MB)."""
    return [f"{start}:{min(start + _SPAN - 1, last)}" for start in range(first, last + 1, _SPAN)]


def _set_of(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
