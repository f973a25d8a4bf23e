"""Keep bytes once, know who uses them, and let them go when nobody does.

Who removes bytes and who begins to use them meet at the blob's row: both lock it, and bytes wanted within the last hour
are never removed, so that wanting fresh bytes (nearly always the case) needs no lock at all.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from hauspost.ground.clock import now
from hauspost.ground.db import locked
from hauspost.ground.files.folder import Arrived, Folder
from hauspost.ground.files.models import Blob, Use
from hauspost.ground.files.refusals import BytesMissing, NoSuchBlob

KEPT_UNWANTED = timedelta(hours=24)
_FRESH = timedelta(hours=1)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 500
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Fault:
    """Something wrong with stored bytes; `kind` is missing, size, changed, permissions or unknown (no row names it)."""

    sha256: str
    kind: str
    found: str = ""
    expected: str = ""


def store(content: bytes | BinaryIO | Path | Iterable[bytes]) -> Blob:
    """Keep the bytes durably; equal bytes are kept once (P15.7). Inside or outside a transaction.

    Anything but bytes is read a piece at a time (P36.1). They stay for a day, and after that as long as there is a
    `use`. Raises OSError when they cannot be written; then nothing is kept.
    """
    if isinstance(content, bytes):
        sha256 = hashlib.sha256(content).hexdigest()
        known = Blob.objects.filter(sha256=sha256).first()
        if known and _is_fresh(known) and _place().has(sha256, known.size_bytes):
            return known
    # Written before the row is locked: on SQLite that lock keeps every other writer waiting.
    arrived = _place().write(_pieces_of(content))
    try:
        return _kept(arrived)
    finally:
        _place().drop(arrived)


def _pieces_of(content: bytes | BinaryIO | Path | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(content, bytes):
        return (content,)
    if isinstance(content, Path):
        return _pieces_of_file(content)
    return iter(partial(content.read, _PIECE_BYTES), b"") if hasattr(content, "read") else content


def _pieces_of_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        yield from iter(partial(source.read, _PIECE_BYTES), b"")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A kept file as a source of bytes, for those who need not know where files are kept."""

    blob: Blob

    @property
    def size_bytes(self) -> int:
        return self.blob.size_bytes

    @property
    def sha256(self) -> str:
        return self.blob.sha256

    def pieces(self) -> Iterator[bytes]:
        """All the bytes in order. Raises NoSuchBlob, BytesMissing."""
        with open_blob(self.blob.sha256) as source:
            yield from iter(partial(source.read, _PIECE_BYTES), b"")


def open_blob(sha256: str) -> BinaryIO:
    """The bytes for reading; the caller closes. Raises NoSuchBlob, BytesMissing."""
    path = path_of(sha256)
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise (BytesMissing(sha256=sha256) if Blob.objects.filter(sha256=sha256).exists() else NoSuchBlob()) from None


def read_blob(sha256: str) -> bytes:
    """All the bytes at once. Raises NoSuchBlob, BytesMissing."""
    with open_blob(sha256) as source:
        return source.read()


def path_of(sha256: str) -> Path:
    """Where the bytes lie. Raises NoSuchBlob for what cannot be a name, so that no path is ever made of it (S6)."""
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise NoSuchBlob()
    return _place().path_of(sha256)


@transaction.atomic
def use(blob: Blob, owner: str) -> Use:
    """The owner ("entry:17") needs these bytes from now on; they stay until `release`. Raises NoSuchBlob."""
    if not _is_fresh(blob):
        row = locked(Blob.objects.filter(pk=blob.pk)).first()
        if row is None:
            raise NoSuchBlob()
        _want(row)
    used, _ = Use.objects.get_or_create(blob_id=blob.pk, owner=owner, defaults={"created_at": now()})
    return used


@transaction.atomic
def release(owner: str) -> list[Blob]:
    """The owner needs none of its bytes any more; answers them. They go a day later, unless others use them."""
    blobs = list(locked(Blob.objects.filter(uses__owner=owner).order_by("pk")))
    Use.objects.filter(owner=owner).delete()
    Blob.objects.filter(pk__in=[blob.pk for blob in blobs]).update(last_wanted_at=_today())
    return blobs


def sweep(at: datetime) -> int:
    """Remove bytes nobody has used for a day, and leftovers of interrupted writers; answers how many blobs went.

    Once a day: it looks at every name in the folder.
    """
    _place().drop_leftovers(at - KEPT_UNWANTED)
    _adopt(at)
    unwanted = Blob.objects.unwanted_since(at - KEPT_UNWANTED).order_by("pk").values_list("pk", flat=True)
    return sum(_remove(pk, unwanted_since=at - KEPT_UNWANTED) for pk in list(unwanted))


def remove_now(blobs: Collection[Blob]) -> list[Blob]:
    """For an erasure: remove those that nobody uses at once, without the day; answers those still in use.

    Call it after the transaction that released them: bytes do not come back with a rollback.
    """
    return [blob for blob in blobs if not _remove(blob.pk, unwanted_since=_today())]


def verify() -> Iterator[Fault]:
    """Read every stored byte and tell what is wrong, row by row, then files that no row names."""
    last = 0
    while rows := list(Blob.objects.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        for row in rows:
            yield from _faults(row)
        last = rows[-1].pk
    yield from (Fault(sha256, "unknown") for sha256 in _unknown_names())


def _kept(arrived: Arrived) -> Blob:
    with transaction.atomic():
        blob, is_new = Blob.objects.get_or_create(
            sha256=arrived.sha256, defaults={"size_bytes": arrived.size_bytes, "last_wanted_at": _today()}
        )
        if not is_new:
            # Gone means that a sweep was quicker than the lock; the row is made anew.
            row = locked(Blob.objects.filter(pk=blob.pk)).first()
            if row is None:
                return _kept(arrived)
            blob = row
            _want(blob)
        # Under the row's lock, so that nobody removes what is found here. With a new row, bytes found are remains of
        # an interrupted writer, perhaps not safe on the disk.
        if is_new or not _place().has(arrived.sha256, arrived.size_bytes):
            _place().name(arrived)
    return blob


def _want(blob: Blob) -> None:
    if not _is_fresh(blob):
        blob.last_wanted_at = _today()
        blob.save(update_fields=["last_wanted_at"])


def _is_fresh(blob: Blob) -> bool:
    return blob.last_wanted_at > _today() - _FRESH


def _remove(pk: int, *, unwanted_since: datetime) -> bool:
    """Remove row and bytes if, under the lock, still nobody wants them.

    Bytes first: stopped in between, a row without bytes is left, and the next sweep or the next `store` mends it.
    """
    with transaction.atomic():
        row = locked(Blob.objects.filter(pk=pk)).first()
        if row is None or not Blob.objects.unwanted_since(unwanted_since).filter(pk=pk).exists():
            return False
        _place().remove(row.sha256)
        row.delete()
        return True


def _adopt(at: datetime) -> None:
    """Give a row to bytes without one (a transaction that stored them was rolled back); they go a day later."""
    for sha256 in _unknown_names():
        path = path_of(sha256)
        # A file that has just arrived belongs to a transaction that is about to commit.
        if path.exists() and path.stat().st_mtime < (at - _FRESH).timestamp():
            Blob.objects.get_or_create(
                sha256=sha256, defaults={"size_bytes": path.stat().st_size, "last_wanted_at": at}
            )


def _unknown_names() -> Iterator[str]:
    names: list[str] = []
    for name in _place().names():
        names.append(name)
        if len(names) == _CHUNK:
            yield from _without_row(names)
            names = []
    yield from _without_row(names)


def _without_row(names: list[str]) -> list[str]:
    known = set(Blob.objects.filter(sha256__in=names).values_list("sha256", flat=True))
    return [name for name in names if name not in known]


def _faults(row: Blob) -> Iterator[Fault]:
    path = path_of(row.sha256)
    try:
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
    except FileNotFoundError:
        yield Fault(row.sha256, "missing")
        return
    status = path.stat()
    if status.st_size != row.size_bytes:
        yield Fault(row.sha256, "size", str(status.st_size), str(row.size_bytes))
    if digest != row.sha256:
        yield Fault(row.sha256, "changed", digest, row.sha256)
    if status.st_mode & 0o077:
        yield Fault(row.sha256, "permissions", oct(status.st_mode & 0o777), "0o600")


def _today() -> datetime:
    # Not the desk's clock, which stands in the past while a history is imported: a sweeper beside it lives today.
    return datetime.now(UTC)


def _place() -> Folder:
    return Folder(settings.HAUSPOST.data / "blobs")
