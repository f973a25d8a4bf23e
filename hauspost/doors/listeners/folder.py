"""Takes mail from files: Maildirs, mbox files and folders of .eml, watched or imported once."""

import email.utils
import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hauspost.doors.listeners._outage_log import OutageLog
from hauspost.duties.intake.actions import Envelope
from hauspost.ground.clock import now
from hauspost.ground.outages import is_outage

log = logging.getLogger("hauspost.listeners")

LOOK_EVERY_SECONDS = 2.0
# A file that changed a moment ago may still be being written.
_SETTLED_SECONDS = 2.0
_BATCH_MAILS, _BATCH_BYTES = 64, 8_000_000

_DELIVERED = ("delivered-to", "x-original-to", "envelope-to")
_NAMED = ("to", "cc", "bcc", "resent-to")

Keep = Callable[[Sequence[Envelope]], Any]
IsOurs = Callable[[str], bool]


@dataclass(frozen=True)
class Found:
    """One mail in a file. Its identity stays the same however often it is found, so that it is never kept twice."""

    identity: str
    raw: bytes
    path: Path
    is_maildir_new: bool = False


class UnreadableMail(Exception):
    """A file that cannot be taken, and why."""


def mails_in(path: Path, *, limit_bytes: int) -> Iterator[Found | UnreadableMail]:
    """Every mail in a Maildir (also its subfolders), an mbox file, an .eml file, or a folder with any of these."""
    for file in files_in(path):
        try:
            yield from _mails_in_file(file, limit_bytes)
        except (OSError, UnreadableMail) as fault:
            yield UnreadableMail(f"{file}: {fault}")


def files_in(path: Path) -> list[Path]:
    """The files below a path that may hold mail, in a stable order."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UnreadableMail(f"{path}: there is no such file or folder")
    return sorted(file for file in path.rglob("*") if file.is_file() and _may_hold_mail(file))


def _may_hold_mail(file: Path) -> bool:
    if file.parent.name in ("new", "cur") and (file.parent.parent / "tmp").is_dir():
        return True
    return file.suffix.lower() in (".eml", ".mbox", ".mbx")


def _mails_in_file(file: Path, limit_bytes: int) -> Iterator[Found | UnreadableMail]:
    with file.open("rb") as opened:
        is_mbox = opened.read(5) == b"From "
    if is_mbox:
        yield from _mails_in_mbox(file, limit_bytes)
        return
    size_bytes = file.stat().st_size
    if size_bytes > limit_bytes:
        raise UnreadableMail(f"{size_bytes} bytes, more than mail_size_limit ({limit_bytes})")
    raw = file.read_bytes()
    is_new = file.parent.name == "new" and (file.parent.parent / "cur").is_dir()
    # In a Maildir the name up to ":" is unique; the same bytes delivered twice are two deliveries.
    name = file.name.partition(":")[0] if file.parent.name in ("new", "cur") else ""
    yield Found(identity=f"{name}:{hashlib.sha256(raw).hexdigest()}", raw=raw, path=file, is_maildir_new=is_new)


def _mails_in_mbox(file: Path, limit_bytes: int) -> Iterator[Found | UnreadableMail]:
    seen: dict[str, int] = {}
    for raw in _split_mbox(file, limit_bytes):
        if raw is None:
            yield UnreadableMail(f"{file}: a mail in it has more than mail_size_limit ({limit_bytes} bytes)")
            continue
        digest = hashlib.sha256(raw).hexdigest()
        seen[digest] = seen.get(digest, 0) + 1
        nth = f":{seen[digest]}" if seen[digest] > 1 else ""
        yield Found(identity=f":{digest}{nth}", raw=raw, path=file)


def _split_mbox(file: Path, limit_bytes: int) -> Iterator[bytes | None]:
    """The mails of an mbox (the mboxrd kind, which quotes lines with ">From "); None for one that is too big."""
    lines: list[bytes] = []
    size_bytes, is_blank = 0, True
    with file.open("rb") as opened:
        next(opened)
        for line in opened:
            if is_blank and line.startswith(b"From "):
                yield _mbox_mail(lines) if size_bytes <= limit_bytes else None
                lines, size_bytes = [], 0
                continue
            is_blank = line in (b"\n", b"\r\n")
            size_bytes += len(line)
            if size_bytes <= limit_bytes:
                lines.append(line[1:] if re.match(rb">+From ", line) else line)
    yield _mbox_mail(lines) if size_bytes <= limit_bytes else None


def _mbox_mail(lines: list[bytes]) -> bytes:
    # The blank line before the next "From " belongs to the mbox, not to the mail.
    return b"".join(lines[:-1] if lines and lines[-1] in (b"\n", b"\r\n") else lines)


def envelope_of(found: Found, *, via: str, to: str = "", is_ours: IsOurs | None = None) -> Envelope:
    """The envelope of a mail from a file: its recipient as told, else from its headers, else the postmaster."""
    headers = _headers_of(found.raw)
    sender = next(iter(_addresses(headers, ("return-path",))), "") or next(iter(_addresses(headers, ("from",))), "")
    return Envelope(
        raw=found.raw,
        size_bytes=len(found.raw),
        mail_from=sender,
        recipients=(to,) if to else _recipients(headers, is_ours),
        via=via,
        source=str(found.path),
        transaction=f"{via}:{found.identity}",
        is_trusted_relay=False,
        received_at=now(),
    )


def _recipients(headers: str, is_ours: IsOurs | None) -> tuple[str, ...]:
    for names in (_DELIVERED, _NAMED):
        ours = tuple(dict.fromkeys(one for one in _addresses(headers, names) if is_ours is None or is_ours(one)))
        if ours:
            return ours[:1] if names is _DELIVERED else ours[:20]
    return ("postmaster",)


def _headers_of(raw: bytes) -> str:
    head = re.split(rb"\r?\n\r?\n", raw[:65_536], maxsplit=1)[0]
    return re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace"))


def _addresses(headers: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for line in re.findall(rf"^{name}:(.*)$", headers, re.IGNORECASE | re.MULTILINE):
            for _, address in email.utils.getaddresses([line[:5000]]):
                if re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
                    yield address


def keep_all(
    mails: Iterable[Found | UnreadableMail],
    *,
    keep: Keep,
    via: str,
    to: str = "",
    is_ours: IsOurs | None = None,
) -> Iterator[Found | UnreadableMail]:
    """Make mails durable in groups; answers each once kept, or why not. A Maildir's mail moves from new to cur.

    Raises what an outage raises: it is no mail's.
    """
    batch: list[Found] = []
    size_bytes = 0
    for mail in mails:
        if isinstance(mail, UnreadableMail):
            yield mail
            continue
        batch.append(mail)
        size_bytes += len(mail.raw)
        if len(batch) >= _BATCH_MAILS or size_bytes >= _BATCH_BYTES:
            yield from _keep_batch(batch, keep, via, to, is_ours)
            batch, size_bytes = [], 0
    yield from _keep_batch(batch, keep, via, to, is_ours)


def _keep_batch(
    batch: list[Found], keep: Keep, via: str, to: str, is_ours: IsOurs | None
) -> Iterator[Found | UnreadableMail]:
    if not batch:
        return
    try:
        keep([envelope_of(mail, via=via, to=to, is_ours=is_ours) for mail in batch])
    except Exception as fault:
        if is_outage(fault):
            # No mail is guilty of it, and none of the others would fare better.
            raise
        if len(batch) > 1:
            # One bad mail fails alone.
            for mail in batch:
                yield from _keep_batch([mail], keep, via, to, is_ours)
            return
        log.exception("A mail of %s could not be stored.", batch[0].path)
        yield UnreadableMail(f"{batch[0].path}: {fault}")
        return
    for mail in batch:
        if mail.is_maildir_new:
            mail.path.rename(mail.path.parent.parent / "cur" / f"{mail.path.name.partition(':')[0]}:2,")
        yield mail


class Watch:
    """Looks into folders again and again, in a thread of its own."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        keep: Keep,
        limit_bytes: int,
        is_ours: IsOurs | None = None,
        after_failure: Callable[[], None] = lambda: None,
    ) -> None:
        """`after_failure` lets the looking thread drop its connection."""
        self._paths, self._keep, self._limit_bytes, self._is_ours = paths, keep, limit_bytes, is_ours
        self._after_failure = after_failure
        self._log = OutageLog(
            "Mails of watched folders wait where they lie", over="Watched folders are taken from again"
        )
        self._taken: dict[Path, tuple[int, int]] = {}
        self._kept: set[str] = set()
        self._complained: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="folders", daemon=True)

    def start(self) -> None:
        """Begin to look, when there is anything to look at."""
        if self._paths:
            self._thread.start()

    def stop(self) -> None:
        """Finish the look in progress and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> int:
        """Take what is new; answers how many mails that were. A path that cannot be read is told once in the log."""
        return sum(self._look_into(path) for path in self._paths)

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.look_once()
            self._stop.wait(LOOK_EVERY_SECONDS)

    def look_once(self) -> None:
        """Look, and whatever is in the way, look again soon."""
        try:
            count = self.look()
        except Exception as fault:  # The loop must go on.
            self._log.failed(fault)
            self._after_failure()
            return
        if count:
            self._log.works()

    def _look_into(self, path: Path) -> int:
        count = 0
        try:
            files = [file for file in files_in(path) if self._is_due(file)]
        except (OSError, UnreadableMail) as fault:
            self._complain(str(fault))
            return 0
        for file in files:
            state = _state(file)
            failed = False
            fresh = (mail for mail in mails_in(file, limit_bytes=self._limit_bytes) if self._is_fresh(mail))
            for outcome in keep_all(fresh, keep=self._keep, via="folder", is_ours=self._is_ours):
                if isinstance(outcome, UnreadableMail):
                    self._complain(str(outcome))
                    failed = True
                else:
                    self._kept.add(outcome.identity)
                    count += 1
            if not failed and state is not None:
                self._taken[file] = state
        return count

    def _is_fresh(self, mail: Found | UnreadableMail) -> bool:
        return isinstance(mail, UnreadableMail) or mail.identity not in self._kept

    def _is_due(self, file: Path) -> bool:
        if file.parent.name == "cur" and (file.parent.parent / "new").is_dir():
            return False
        state = _state(file)
        if state is None or self._taken.get(file) == state:
            return False
        is_delivered = file.parent.name == "new"
        return is_delivered or time.time() - state[1] / 1e9 >= _SETTLED_SECONDS

    def _complain(self, words: str) -> None:
        if words not in self._complained:
            self._complained.add(words)
            log.warning("Watched folder: %s", words)


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
