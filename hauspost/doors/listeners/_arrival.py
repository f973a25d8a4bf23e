"""One mail while its bytes arrive: finds its true end, takes off the dots, moves to disk when it grows."""

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

# Above this a mail goes on on disk, so that many big ones at once do not fill the memory.
SPOOL_ABOVE = 1_000_000

_END = b"\r\n.\r\n"
# A lone dot between any other line ends: what some servers take for the end of a mail, and smugglers use.
_FALSE_END = re.compile(rb"[\r\n]\.[\r\n]")


class FalseEnd(Exception):
    """A lone dot stands beside a bare LF or CR: where this mail ends would be anyone's guess."""


class Arrival:
    """Takes the bytes after 354 piece by piece (RFC 5321 section 4.5.2) and keeps at most `limit` of them."""

    def __init__(self, limit: int, spool: Path) -> None:
        self.limit, self.spool = limit, spool
        self.size_bytes = 0
        self.is_complete = False
        self.is_handed_over = False
        self._parts: list[bytes] = []
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        # The answer 354 ended a line, so that a dot at once ends an empty mail. These two bytes are not the mail's.
        self._carry = b"\r\n"
        self._not_ours = 2

    @property
    def is_too_big(self) -> bool:
        """Whether more came than may come; then nothing of it is kept."""
        return self.size_bytes > self.limit

    @property
    def needs_disk(self) -> bool:
        """Whether it has grown so far that the next piece should go to a file."""
        return self._file is None and self.size_bytes > SPOOL_ABOVE and not self.is_too_big

    def take(self, piece: bytes) -> bytes:
        """Add what came; answers what came behind the mail's end. Raises FalseEnd."""
        window = self._carry + piece
        end = window.find(_END)
        _refuse_false_end(window, end)
        if end >= 0:
            self.is_complete = True
            self._add(window[: end + 2])
            return window[end + len(_END) :]
        cut = _safe_cut(window)
        self._add(window[:cut])
        self._carry = window[cut:]
        return b""

    def move_to_disk(self) -> None:
        """Go on in a file of the spool folder, readable by us only; its name tells the process it belongs to."""
        self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".mail", dir=self.spool)
        self._path, self._file = Path(path), os.fdopen(handle, "wb")
        self._file.writelines(self._parts)
        self._parts.clear()

    def content(self) -> bytes | Path:
        """The whole mail: its bytes, or the file they lie in."""
        if self._file is None or self._path is None:
            return b"".join(self._parts)
        self._file.flush()
        return self._path

    def discard(self) -> None:
        """Forget the bytes, and take the file away."""
        self._parts.clear()
        if self._file is not None and self._path is not None:
            file, self._file = self._file, None
            # On a full disk closing fails, too: the last bytes find no room, and nobody wants them.
            with contextlib.suppress(OSError):
                file.close()
            self._path.unlink(missing_ok=True)

    def _add(self, body: bytes) -> None:
        if b"\r\n." in body:
            body = body.replace(b"\r\n.", b"\r\n")
        if self._not_ours and body:
            body, self._not_ours = body[self._not_ours :], 0
        self.size_bytes += len(body)
        if self.is_too_big:
            self.discard()
        elif self._file is not None:
            self._file.write(body)
        else:
            self._parts.append(body)


def _safe_cut(window: bytes) -> int:
    """Where to cut so that neither the mail's end nor a line's first dot is torn in two."""
    cut = max(0, len(window) - 4)
    if window.endswith(b"\r\n", 0, cut):
        return cut - 2
    return cut - 1 if window.endswith(b"\r", 0, cut) else cut


def _refuse_false_end(window: bytes, end: int) -> None:
    if b"\n." not in window and b"\r." not in window:
        return
    for found in _FALSE_END.finditer(window, 0, end + 2 if end >= 0 else len(window)):
        # At the very end this may be a true end of which the last byte has not come yet.
        if not (end < 0 and found.end() == len(window) and window.endswith(b"\r\n.\r")):
            raise FalseEnd


def sweep(spool: Path) -> int:
    """Take away what processes that no longer live left in the spool; answers how many files."""
    swept = 0
    for path in spool.glob("*-*.mail"):
        owner = path.name.partition("-")[0]
        if not owner.isdigit() or not _lives(int(owner)):
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It lives and belongs to somebody else.
        return True
    return True
