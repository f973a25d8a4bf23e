"""Making one consistent file of the whole desk while everybody goes on working (P40.1)."""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from hauspost import __version__
from hauspost.duties.keeping import _format, rows, secrets_box, settings_file
from hauspost.duties.keeping.rows import Table, Tally
from hauspost.ground import clock, tokens
from hauspost.ground.config import FILE_NAME
from hauspost.ground.db import snapshot
from hauspost.ground.files.folder import Folder
from hauspost.ground.files.models import Blob
from hauspost.ground.secrets_file import django_secret

# Tells how far it is, from 0 to 1.
Progress = Callable[[float], None]

MAC_PURPOSE = "backup"
_TRIES = 3
_BLOBS_AT_ONCE = 500


@dataclass(frozen=True)
class Made:
    """A finished backup; `faulty`: stored files that were missing or damaged already, and are not inside."""

    path: Path
    size_bytes: int
    counts: dict[str, int]
    has_keys: bool
    faulty: tuple[str, ...]
    from_environment: tuple[str, ...]
    left_out: tuple[str, ...]


class _ErasedMeanwhile(Exception):
    """A file that was used in our moment has been erased: that moment can no longer be kept."""


def make(target: Path, *, passphrase: str = "", progress: Progress = lambda share: None) -> Made:
    """Write the backup to `target`, which appears when it is complete and safe on the disk.

    With a passphrase the key ring and the passwords of the settings go in, too, encrypted. Raises OSError,
    PassphraseTooShort.
    """
    for remaining in reversed(range(_TRIES)):
        try:
            return _make(target, passphrase, progress)
        except _ErasedMeanwhile:
            if not remaining:
                raise OSError("files were erased while the backup was made, three times in a row") from None
    raise AssertionError


def part_of(target: Path) -> Path:
    """Where a backup is while it is being written."""
    return target.with_name(f".{target.name}.part")


def _make(target: Path, passphrase: str, progress: Progress) -> Made:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _appearing(target) as file, snapshot() as moment, _format.Writer(file) as writer:
        schema = rows.schema(moment)
        tables = rows.tables_at(schema, without=rows.OF_THIS_MACHINE)
        by_label = {table.label: table for table in tables}
        writer.add(_format.HEADER, _format.packed_json(_header(schema, tables)))
        left_out = _add_settings(writer, passphrase)
        work = _Work(by_label, moment, progress)
        faulty, swept = _add_blobs(writer, work)
        tallies = {table.label: _add_rows(writer, table, work, swept) for table in tables}
        manifest = _format.Manifest(
            tables={label: tally.as_json() for label, tally in tallies.items()},
            blobs=work.blobs,
            blob_bytes=work.blob_bytes,
            faulty=faulty,
            members=writer.digests,
            record=_heads(by_label, moment),
        )
        _sign(writer, manifest)
    counts = {name: tallies[label].rows for name, label in _TOLD.items() if label in tallies}
    return Made(
        target,
        target.stat().st_size,
        {**counts, "files": work.blobs, "rows": sum(tally.rows for tally in tallies.values())},
        bool(passphrase),
        tuple(faulty),
        tuple(_from_environment()),
        tuple(left_out),
    )


_TOLD = {"tickets": "tickets.Ticket", "entries": "tickets.Entry", "events": "history.Event"}


class _Work:
    """How much there is to do, and how much is done."""

    def __init__(self, tables: dict[str, Table], moment: str, progress: Progress) -> None:
        self.tables, self.moment, self._progress = tables, moment, progress
        self.blobs = self.blob_bytes = 0
        # A row weighs about as much as three kilobytes of a stored file.
        self._total = 1 + sum(rows.count(table, moment) for table in tables.values())
        self._total += sum(Blob.objects.using(moment).values_list("size_bytes", flat=True).iterator()) // 3_000
        self._done = 0

    def done(self, weight: int) -> None:
        self._done += weight
        self._progress(min(1.0, self._done / self._total))


@contextmanager
def _appearing(target: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when it is complete and safe on the disk; before that it is nobody's backup."""
    part = part_of(target)
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            raise FileExistsError(f"{target} exists already")
        part.rename(target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        part.unlink(missing_ok=True)


def _header(schema: dict[str, list[str]], tables: list[Table]) -> _format.Header:
    ring = tokens.ring()
    return _format.Header(
        format=_format.FORMAT,
        version=__version__,
        made_at=clock.now().isoformat(timespec="seconds"),
        database=connections[DEFAULT_DB_ALIAS].vendor,
        schema=schema,
        tables={table.label: list(table.columns) for table in tables},
        key_ids=ring.key_ids(),
        from_environment=_from_environment(),
        seal_keys={name: base64.b64encode(key).decode() for name, key in ring.public_keys().items()},
    )


def _from_environment() -> list[str]:
    names = (name.removeprefix("HAUSPOST_").lower() for name in os.environ if name.startswith("HAUSPOST_"))
    return sorted(set(names) - {"folder"})


def _add_settings(writer: _format.Writer, passphrase: str) -> list[str]:
    """The settings without passwords; with a passphrase these, too, and the keys. Answers what was left out."""
    config = settings.HAUSPOST
    path = config.folder / FILE_NAME
    text = path.read_text("utf-8") if path.exists() else ""
    public, left_out = settings_file.without_secrets(text)
    writer.add(_format.SETTINGS, public.encode())
    for seal in sorted((config.data / "seals").glob("seal-*.json")):
        writer.add(f"seals/{seal.name}", seal.read_bytes())
    if passphrase:
        contents = {
            FILE_NAME: text.encode(),
            "keys.json": tokens.ring().path.read_bytes(),
            "django-secret": django_secret(config.data).encode(),
        }
        writer.add(_format.KEYS, secrets_box.close(contents, passphrase))
        return []
    return left_out


def _add_blobs(writer: _format.Writer, work: _Work) -> tuple[list[str], set[str]]:
    """Every stored file of our moment; answers those that are missing or damaged, and those swept since: unused."""
    place, faulty, swept = Folder(settings.HAUSPOST.data / "blobs"), [], set()
    last = 0
    while found := list(
        Blob.objects.using(work.moment)
        .filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "sha256", "size_bytes")[:_BLOBS_AT_ONCE]
    ):
        last = found[-1][0]
        for key, sha256, size_bytes in found:
            if _add_blob(writer, place, sha256, size_bytes):
                work.blobs, work.blob_bytes = work.blobs + 1, work.blob_bytes + size_bytes
            elif Blob.objects.filter(pk=key).exists():
                faulty.append(sha256)
            elif work.tables["files.Use"].model._base_manager.using(work.moment).filter(blob_id=key).exists():
                raise _ErasedMeanwhile
            else:
                swept.add(sha256)
            work.done(size_bytes // 3_000)
    return faulty, swept


def _add_blob(writer: _format.Writer, place: Folder, sha256: str, size_bytes: int) -> bool:
    """False when its bytes are not there, or are not what they were."""
    try:
        with place.path_of(sha256).open("rb") as source:
            # Read twice, the second time from memory: once written, a member cannot be taken back.
            if os.fstat(source.fileno()).st_size != size_bytes:
                return False
            if hashlib.file_digest(source, "sha256").hexdigest() != sha256:
                return False
            source.seek(0)
            writer.add_blob(sha256, size_bytes, source)
    except FileNotFoundError:
        return False
    return True


def _add_rows(writer: _format.Writer, table: Table, work: _Work, swept: set[str]) -> Tally:
    """One table in pieces; of stored files only those whose bytes are there or belong there."""
    tally, piece, size_bytes, waiting = Tally(), 0, 0, list[bytes]()
    place = table.columns.index("sha256") if table.label == "files.Blob" and swept else None
    for line in rows.read(table, work.moment):
        if place is not None and _text_at(line, place) in swept:
            continue
        tally.add(line)
        waiting.append(line)
        size_bytes += len(line)
        if size_bytes >= _format.PIECE_BYTES:
            writer.add_rows(_format.rows_name(table.label, piece), b"\n".join(waiting))
            work.done(len(waiting))
            piece, size_bytes, waiting = piece + 1, 0, []
    if waiting:
        writer.add_rows(_format.rows_name(table.label, piece), b"\n".join(waiting))
        work.done(len(waiting))
    return tally


def _text_at(line: bytes, place: int) -> str:
    return str(json.loads(line)[place])


def _heads(tables: dict[str, Table], moment: str) -> dict[str, int]:
    """How long the record is: chains, events and seals of our moment."""
    return {name: rows.count(tables[label], moment) for name, label in _RECORD.items()}


_RECORD = {"streams": "history.Stream", "events": "history.Event", "seals": "history.Seal"}


def _sign(writer: _format.Writer, manifest: _format.Manifest) -> None:
    content = _format.packed_json(manifest)
    writer.add(_format.MANIFEST, content)
    key_id, mac = tokens.ring().mac(MAC_PURPOSE, content, size=32)
    writer.add(_format.MAC, f"{key_id} {mac.hex()}".encode())
