"""Checking a dossier: one stream of the record with all it holds, in a zip that proves itself anywhere (pure)."""

import base64
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from hauspost.ground.history import _chain
from hauspost.ground.tokens import base32, verify_seal_with

FORMAT = "hauspost-dossier-1"
MANIFEST, SIGNATURE, RECORD, SEALS = "manifest.json", "signature.json", "record.json", "seals.json"
# What a dossier may weigh: beyond these it was not made by us (S18).
_MOST_FILES = 20_000
_MOST_JSON_BYTES = 500_000_000
_CHUNK_BYTES = 1_000_000


class NotADossier(ValueError):
    """The file is not one of our dossiers at all; the words say why."""


@dataclass
class Checked:
    """What the check of a dossier saw; empty `faults` means that everything holds."""

    stream: str = ""
    made_at: str = ""
    events: int = 0
    parts: int = 0
    erased: int = 0
    files: int = 0
    # The key that signed it, as people compare it, and the seals that cover the stream: (number, when, events covered).
    fingerprint: str = ""
    public_key: bytes = b""
    seals: list[tuple[int, str, int]] = field(default_factory=list)
    # Seals by keys that nobody vouches for here: they prove nothing.
    strange_seals: int = 0
    faults: list[str] = field(default_factory=list)


def signed_content(manifest: bytes) -> bytes:
    """What the signature of a dossier is made over."""
    return _chain.hash_of(b"hauspost dossier", manifest)


def fingerprint(public_key: bytes) -> str:
    """A public key as people read it out to each other: sixteen letters in fours."""
    letters = base32(hashlib.sha256(public_key).digest())[:16]
    return " ".join(letters[at : at + 4] for at in range(0, 16, 4))


def check(path: Path, trusted: Sequence[bytes] = (), known: Sequence[bytes] = ()) -> Checked:
    """Does a dossier hold? It must be signed by one of the `trusted` public keys, if there are any.

    `known` keys vouch for older seals only. Raises NotADossier.
    """
    try:
        with ZipFile(path) as archive:
            return _check(archive, trusted, known)
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as fault:
        raise NotADossier(f"{path.name} cannot be read as a zip file: {fault}") from fault


def _check(archive: ZipFile, trusted: Sequence[bytes], known: Sequence[bytes]) -> Checked:
    raw = _json_bytes(archive, MANIFEST)
    try:
        manifest, signature = json.loads(raw), json.loads(_json_bytes(archive, SIGNATURE))
        if manifest["format"] != FORMAT:
            raise NotADossier(f"its format is {str(manifest['format'])[:40]!r}; this program reads {FORMAT!r}")
        found = Checked(str(manifest["stream"]), str(manifest["made_at"]))
        _check_signature(raw, signature, trusted, found)
        _check_files(archive, manifest, found)
        events = json.loads(_json_bytes(archive, RECORD))
        heads = _check_chain(events, manifest, found)
        _check_file_parts(events, manifest, found)
        _check_seals(json.loads(_json_bytes(archive, SEALS)), heads, {found.public_key, *trusted, *known}, found)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        if isinstance(fault, NotADossier):
            raise
        raise NotADossier(f"it is damaged: {type(fault).__name__} {fault}") from fault
    return found


def _json_bytes(archive: ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise NotADossier(f"it has no {name}") from None
    if info.file_size > _MOST_JSON_BYTES:
        raise NotADossier(f"{name} is larger than any dossier's")
    with archive.open(info) as file:
        return file.read(_MOST_JSON_BYTES + 1)


def _check_signature(raw: bytes, signature: Mapping[str, str], trusted: Sequence[bytes], found: Checked) -> None:
    found.public_key = base64.b64decode(signature["public_key"])
    found.fingerprint = fingerprint(found.public_key)
    if not verify_seal_with(found.public_key, signed_content(raw), base64.b64decode(signature["signature"])):
        found.faults.append("the signature does not fit the manifest")
    if trusted and found.public_key not in trusted:
        found.faults.append(f"it was signed by another key ({found.fingerprint}) than the one you know")


def _check_files(archive: ZipFile, manifest: Mapping[str, Any], found: Checked) -> None:
    listed = {str(one["path"]): one for one in manifest["files"]}
    there = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if len(there) > _MOST_FILES:
        raise NotADossier("it holds more files than any dossier")
    found.files = len(listed)
    for name in sorted(set(there) - set(listed) - {MANIFEST, SIGNATURE}):
        found.faults.append(f"{name} was added")
    for name, one in listed.items():
        info = there.get(name)
        if info is None:
            found.faults.append(f"{name} is missing")
        elif info.file_size != one["size"] or _sha256(archive.open(info), int(one["size"])) != one["sha256"]:
            found.faults.append(f"{name} was altered")


def _sha256(file: IO[bytes], most: int) -> str:
    """Of at most so many bytes: a file that unpacks to more is not the one that was listed."""
    digest, left = hashlib.sha256(), most + 1
    with file:
        while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def _check_chain(events: Sequence[Mapping[str, Any]], manifest: Mapping[str, Any], found: Checked) -> dict[int, str]:
    """Every event's digest from what stands in it; answers the heads by count."""
    previous, heads = _chain.genesis(found.stream), {}
    for expected, event in enumerate(events, start=1):
        found.events += 1
        parts = [(one["name"], one["person"], bytes.fromhex(one["digest"])) for one in event["parts"]]
        digest = _chain.event_digest(
            version=event["version"],
            previous=previous,
            seq=event["seq"],
            kind=event["kind"],
            actor=event["actor"],
            occurred_at=_moment(event["occurred_at"]),
            recorded_at=_moment(event["recorded_at"]),
            data=event["data"],
            parts=parts,
        )
        if event["seq"] != expected or digest.hex() != event["digest"]:
            found.faults.append(f"event {event['seq']} was altered, or stands out of its order")
        for one in event["parts"]:
            _check_part(event["seq"], one, found)
        previous = bytes.fromhex(event["digest"])
        heads[expected] = event["digest"]
    if found.events != manifest["events"] or previous.hex() != manifest["head"]:
        found.faults.append(f"the manifest names {manifest['events']} events, {found.events} are there")
    return heads


def _check_part(seq: int, part: Mapping[str, Any], found: Checked) -> None:
    found.parts += 1
    if part["salt"] is None:
        found.erased += 1
    elif _chain.part_digest(bytes.fromhex(part["salt"]), part["content"]).hex() != part["digest"]:
        found.faults.append(f"{part['name']} of event {seq} was altered")


def _check_file_parts(events: Sequence[Mapping[str, Any]], manifest: Mapping[str, Any], found: Checked) -> None:
    """The files that events name must be the files that are there."""
    there = {one["sha256"] for one in manifest["files"]}
    for seq, part in _parts(events):
        if part["held"] == "file" and part["salt"] is not None:
            name, _type, sha256 = part["content"].split("\0")
            if sha256 and sha256 not in there:
                found.faults.append(f"the file {name} of event {seq} is missing")


def _parts(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for event in events:
        for part in event["parts"]:
            yield event["seq"], part


def _check_seals(
    seals: Sequence[Mapping[str, Any]], heads: Mapping[int, str], keys: Collection[bytes], found: Checked
) -> None:
    for seal in seals:
        lines, when = "\n".join(seal["lines"]), _moment(seal["sealed_at"])
        digest = _chain.seal_digest(seal["number"], when, bytes.fromhex(seal["previous"]), lines)
        key, signature = base64.b64decode(seal["public_key"]), base64.b64decode(seal["signature"])
        if digest.hex() != seal["digest"] or not verify_seal_with(key, digest, signature):
            found.faults.append(f"seal {seal['number']} does not hold")
            continue
        if key not in keys:
            found.strange_seals += 1
            continue
        for line in seal["lines"]:
            name, count, head = line.rsplit(" ", 2)
            if name != found.stream:
                continue
            if heads.get(int(count)) == head:
                found.seals.append((seal["number"], seal["sealed_at"], int(count)))
            else:
                found.faults.append(f"seal {seal['number']} knows another event {count} than the one that is here")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
