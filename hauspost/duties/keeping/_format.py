"""The form of a backup: a tar.gz with a header first, blobs and rows, and a manifest last that a cut file lacks."""

import contextlib
import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from hauspost.duties.keeping.refusals import Damaged, NoBackup

FORMAT = 1
# Measured (docs/keeping.md): a sixth smaller than at the second level, for a fifth more time.
LEVEL = 6
HEADER, MANIFEST, MAC = "header.json", "manifest.json", "manifest.mac"
SETTINGS, KEYS = "hauspost.toml", "keys.box"
_ROWS = re.compile(r"rows/([a-z]\w*\.[A-Z]\w*)/(\d{6})\.jsonl")
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
_SEAL = re.compile(r"seals/(seal-\d{6,}\.json)")
# Rows go out in pieces of this size, so that memory stays small on both sides.
PIECE_BYTES = 4_000_000
_LARGEST_PIECE = 1_000_000_000
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Header:
    """What the file is, before anything is read from it."""

    format: int
    version: str
    made_at: str
    database: str
    schema: dict[str, list[str]]
    tables: dict[str, list[str]]
    key_ids: list[str]
    # Settings that came from the environment are not inside; their names are.
    from_environment: list[str]
    # The public halves of the keys that sealed the record, base64.
    seal_keys: dict[str, str]


@dataclass(frozen=True)
class Manifest:
    """What was written, to compare what arrives with it."""

    tables: dict[str, dict[str, Any]]
    blobs: int
    blob_bytes: int
    # Stored files that were missing or damaged when the backup was made: they are not inside.
    faulty: list[str]
    # Every other member by its SHA-256.
    members: dict[str, str]
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """One thing inside: `kind` is header, rows, blob, seal, settings, keys, manifest or mac; `name` what it is of."""

    kind: str
    name: str
    size_bytes: int
    source: BinaryIO

    def content(self) -> bytes:
        """All of it. Raises ValueError when it is larger than anything we write."""
        if self.size_bytes > _LARGEST_PIECE:
            raise ValueError(f"{self.kind} of {self.size_bytes} bytes")
        return self.source.read()


class Writer:
    """Writes members one after the other; nothing stays in memory."""

    def __init__(self, target: BinaryIO) -> None:
        self._packed = gzip.GzipFile("", "wb", LEVEL, target, mtime=0)
        self._tar = tarfile.TarFile.open(fileobj=self._packed, mode="w|", format=tarfile.PAX_FORMAT)
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """A member from memory, whose digest goes into the manifest."""
        self.digests[name] = hashlib.sha256(content).hexdigest()
        self._add(name, len(content), io.BytesIO(content))

    def add_rows(self, name: str, content: bytes) -> None:
        """A piece of rows, which have their own digests."""
        self._add(name, len(content), io.BytesIO(content))

    def add_blob(self, sha256: str, size_bytes: int, source: BinaryIO) -> None:
        """A stored file; its name is its digest."""
        self._add(f"blobs/{sha256}", size_bytes, source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        """Write the end; after a fault nobody wants the file, and what closing it raises would hide why."""
        with contextlib.suppress(OSError) if kind else contextlib.nullcontext():
            self._tar.close()
            self._packed.close()

    def _add(self, name: str, size_bytes: int, source: BinaryIO) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size_bytes, 0o600
        self._tar.addfile(entry, source)
        # The list of everything ever added would grow with the desk.
        self._tar.members = []  # type: ignore[attr-defined]


@contextlib.contextmanager
def reading(path: Path, file: BinaryIO) -> Iterator[Iterator[Member]]:
    """The members in order. Raises NoBackup; Damaged when the file ends early, does not unpack, holds other things."""
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            yield _members(path, packed)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as fault:
        raise Damaged(file=path.name, why=str(fault) or type(fault).__name__) from fault


def _members(path: Path, packed: gzip.GzipFile) -> Iterator[Member]:
    try:
        tar = tarfile.TarFile.open(fileobj=packed, mode="r|")
    except (tarfile.TarError, gzip.BadGzipFile) as fault:
        raise NoBackup(file=path.name, why=str(fault)) from None
    with tar:
        for place, entry in enumerate(tar):
            source = tar.extractfile(entry) if entry.isreg() else None
            kind, name = _what(entry.name)
            if (place == 0) != (kind == "header"):
                raise NoBackup(file=path.name, why=f"it begins with {entry.name}" if place == 0 else "two headers")
            if source is None or not kind:
                raise Damaged(file=path.name, why=f"it holds {entry.name}")
            yield Member(kind, name, entry.size, source)  # type: ignore[arg-type]
            tar.members = []  # type: ignore[attr-defined]
    # Behind the last member stands a checksum of everything, which is looked at only when it is read.
    while packed.read(READ_BYTES):
        pass


def _what(name: str) -> tuple[str, str]:
    known = {HEADER: "header", MANIFEST: "manifest", MAC: "mac", SETTINGS: "settings", KEYS: "keys"}
    if name in known:
        return known[name], name
    if found := _ROWS.fullmatch(name):
        return "rows", found[1]
    if found := _BLOB.fullmatch(name):
        return "blob", found[1]
    if found := _SEAL.fullmatch(name):
        return "seal", found[1]
    return "", ""


def rows_name(label: str, piece: int) -> str:
    """The name of one piece of a table."""
    return f"rows/{label}/{piece:06d}.jsonl"


def packed_json(what: Header | Manifest) -> bytes:
    """As it stands in the file."""
    return json.dumps(asdict(what), indent=1, sort_keys=True).encode()


def read_header(path: Path, content: bytes) -> Header:
    """The header. Raises NoBackup; a format of later versions is answered as it is, for the caller to refuse."""
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            return Header(int(found["format"]), str(found["version"]), "", "", {}, {}, [], [], {})
        return Header(**found)
    except (ValueError, KeyError, TypeError) as fault:
        raise NoBackup(file=path.name, why=f"its header cannot be read: {fault}") from None


def read_manifest(path: Path, content: bytes) -> Manifest:
    """The manifest. Raises Damaged."""
    try:
        return Manifest(**json.loads(content))
    except (ValueError, TypeError) as fault:
        raise Damaged(file=path.name, why=f"its manifest cannot be read: {fault}") from None
