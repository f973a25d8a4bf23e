"""Reading a backup through before anything is made of it: complete, unaltered, ours, and not from the future."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hauspost import __version__
from hauspost.duties.keeping import _format, rows, secrets_box
from hauspost.duties.keeping.backup import MAC_PURPOSE
from hauspost.duties.keeping.refusals import Damaged, FromNewer, NoBackup, WrongKey
from hauspost.duties.keeping.rows import Tally
from hauspost.ground.config import FILE_NAME
from hauspost.ground.tokens import KeyRing

Progress = Callable[[float], None]


@dataclass
class Contents:
    """What a backup that was read to its end holds; `secrets` only when the passphrase was given."""

    path: Path
    header: _format.Header
    manifest: _format.Manifest
    settings: str
    mac: tuple[str, bytes]
    manifest_bytes: bytes
    has_keys: bool = False
    secrets: dict[str, bytes] = field(default_factory=dict)

    def is_made_by(self, ring: KeyRing) -> bool:
        """Whether one of these keys signed it: then nobody without the key has touched it."""
        return ring.verify(MAC_PURPOSE, self.manifest_bytes, self.mac[0], self.mac[1])


def read_through(path: Path, *, passphrase: str = "", progress: Progress = lambda share: None) -> Contents:
    """Read a backup to its end and compare it with its manifest.

    Raises NoBackup, FromNewer, Damaged, WrongKey; OSError when it cannot be read.
    """
    found = _Found(path)
    whole = max(1, path.stat().st_size)
    with path.open("rb") as watched, _format.reading(path, watched) as members:
        for member in members:
            found.take(member)
            progress(min(1.0, watched.tell() / whole))
    contents = found.compared()
    if found.box and passphrase:
        contents.secrets = secrets_box.open_box(found.box, passphrase)
        if not {FILE_NAME, "keys.json", "django-secret"} <= set(contents.secrets):
            raise Damaged(file=path.name, why="its keys are not complete")
    elif passphrase:
        raise WrongKey(what="A passphrase was given, and there are no keys inside. It")
    return contents


def holds_keys(path: Path) -> bool:
    """Are keys inside? They stand before all content. Raises NoBackup, Damaged; OSError when it cannot be read."""
    with path.open("rb") as file, _format.reading(path, file) as members:
        for member in members:
            if member.kind in ("keys", "blob", "rows", "manifest"):
                return member.kind == "keys"
    return False


def newest_in(folder: Path) -> Path | None:
    """The newest backup that lies in a folder, by its name; None when there is none."""
    return max(folder.glob("hauspost-*.tar.gz"), default=None, key=lambda path: (path.stat().st_mtime, path.name))


class _Found:
    """What was met so far, counted as it was when it was written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._header: _format.Header | None = None
        self._manifest = self._mac = b""
        self._settings, self.box = "", b""
        self._tallies: dict[str, Tally] = {}
        self._members: dict[str, str] = {}
        self._blobs = self._blob_bytes = 0

    def take(self, member: _format.Member) -> None:
        """One more member. Raises what `read_through` raises."""
        if self._manifest and member.kind != "mac":
            raise self._damaged(f"{member.name} stands behind its end")
        if member.kind == "blob":
            self._take_blob(member)
            return
        content = member.content()
        if member.kind == "rows":
            tally = self._tallies.setdefault(member.name, Tally())
            for line in content.split(b"\n"):
                tally.add(line)
            return
        if member.kind not in ("manifest", "mac"):
            name = f"seals/{member.name}" if member.kind == "seal" else member.name
            if name in self._members:
                raise self._damaged(f"{name} is inside twice")
            self._members[name] = hashlib.sha256(content).hexdigest()
        if member.kind == "header":
            self._header = _known(self._path, _format.read_header(self._path, content))
        elif member.kind == "manifest":
            self._manifest = content
        elif member.kind == "mac":
            self._mac = content
        elif member.kind == "settings":
            self._settings = content.decode("utf-8", "replace")
        elif member.kind == "keys":
            self.box = content

    def compared(self) -> Contents:
        """Everything as the manifest says, or Damaged."""
        if self._header is None:
            raise NoBackup(file=self._path.name, why="it is empty")
        if not self._manifest or not self._mac:
            raise self._damaged("its end is missing")
        manifest = _format.read_manifest(self._path, self._manifest)
        if self._members != manifest.members:
            raise self._damaged("its settings or keys are not those it was made with")
        if (self._blobs, self._blob_bytes) != (manifest.blobs, manifest.blob_bytes):
            raise self._damaged(f"{self._blobs} stored files are inside, and there were {manifest.blobs}")
        found = {label: tally.as_json() for label, tally in self._tallies.items()}
        nothing = Tally().as_json()
        for label in set(found) | set(manifest.tables) | set(self._header.tables):
            if found.get(label, nothing) != manifest.tables.get(label, nothing) or label not in self._header.tables:
                raise self._damaged(f"the rows of {label} are not those it was made with")
        key_id, _, mac = self._mac.decode("ascii", "replace").partition(" ")
        try:
            signed = (key_id, bytes.fromhex(mac))
        except ValueError:
            raise self._damaged("its signature cannot be read") from None
        return Contents(
            self._path, self._header, manifest, self._settings, signed, self._manifest, has_keys=bool(self.box)
        )

    def _take_blob(self, member: _format.Member) -> None:
        digest = hashlib.sha256()
        while piece := member.source.read(_format.READ_BYTES):
            digest.update(piece)
        if digest.hexdigest() != member.name:
            raise self._damaged(f"the stored file {member.name} was altered")
        self._blobs, self._blob_bytes = self._blobs + 1, self._blob_bytes + member.size_bytes

    def _damaged(self, why: str) -> Damaged:
        return Damaged(file=self._path.name, why=why)


def _known(path: Path, header: _format.Header) -> _format.Header:
    """Only what this program can read. Raises FromNewer."""
    about = {"file": path.name, "version": header.version, "here": __version__}
    if header.format > _format.FORMAT:
        raise FromNewer(**about, what=f"format {header.format}")
    if unknown := rows.unknown_to_us(header.schema):
        raise FromNewer(**about, what=", ".join(unknown[:3]) + (" …" if len(unknown) > 3 else ""))
    return header
