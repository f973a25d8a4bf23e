"""The place where bytes lie: a folder on this machine, a file per SHA-256 (an S3 bucket can take its place)."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

_PAIR = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Arrived:
    """Bytes that were written durably, but have no name yet."""

    path: Path
    sha256: str
    size_bytes: int


class Folder:
    """Files 0600 in folders 0700, with generated names only (S6). Whatever is named is complete and on the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        """Where these bytes lie, or would lie."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str, size_bytes: int) -> bool:
        """Whether the bytes are there, by their size; `verify` reads them."""
        try:
            return self.path_of(sha256).stat().st_size == size_bytes
        except FileNotFoundError:
            return False

    def write(self, pieces: Iterable[bytes]) -> Arrived:
        """Write and fsync the pieces under a random name. Whoever takes it must `name` or `drop` it."""
        waiting = self.root / "new"
        _make(waiting)
        path = waiting / secrets.token_hex(16)
        digest, size_bytes = hashlib.sha256(), 0
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                for piece in pieces:
                    digest.update(piece)
                    size_bytes += len(piece)
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Arrived(path, digest.hexdigest(), size_bytes)

    def name(self, arrived: Arrived) -> None:
        """Give the bytes their name, durably; what lay under it is replaced in one step."""
        path = self.path_of(arrived.sha256)
        _make(path.parent)
        arrived.path.replace(path)
        _fsync_folder(path.parent)

    def drop(self, arrived: Arrived) -> None:
        """The bytes are not needed after all."""
        arrived.path.unlink(missing_ok=True)

    def open(self, sha256: str) -> BinaryIO:
        """The bytes for reading. Raises FileNotFoundError."""
        return self.path_of(sha256).open("rb")

    def remove(self, sha256: str) -> None:
        """Remove the bytes; that they are gone already is no fault."""
        self.path_of(sha256).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """All names under which bytes lie, in order."""
        for outer in _listed(self.root, _PAIR):
            for inner in _listed(self.root / outer, _PAIR):
                yield from _listed(self.root / outer / inner, _NAME)

    def drop_leftovers(self, before: datetime) -> int:
        """Remove what interrupted writers left without a name; answers how many."""
        dropped = 0
        for path in (self.root / "new").glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    dropped += 1
        return dropped


def _listed(folder: Path, fitting: re.Pattern[str]) -> list[str]:
    try:
        return sorted(filter(fitting.fullmatch, os.listdir(folder)))
    except FileNotFoundError:
        return []


def _make(folder: Path) -> None:
    """Make a folder and its parents, each 0700 and durable in its own parent."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _fsync_folder(folder.parent)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
