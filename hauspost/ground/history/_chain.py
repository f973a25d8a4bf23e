"""How an event becomes a link of its chain: canonical JSON and length-prefixed SHA-256."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

VERSION = 1


def canonical(data: Mapping[str, Any]) -> str:
    """RFC 8785 JSON for what we allow: no floats, ASCII keys, so sorted code points are sorted UTF-16."""
    _refuse_floats(data)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("The record takes no floats: give minor units as an integer.")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError(f"The record takes ASCII keys only, not {key!r}.")
            if type(item) not in _PLAIN:
                _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


# What a snapshot of a ticket mostly holds; a call for each of its thirty values would cost as much as writing the JSON.
_PLAIN = frozenset({str, int, bool, type(None)})


def hash_of(*fields: bytes) -> bytes:
    """SHA-256 over length-prefixed fields, so that no two lists of fields share a digest."""
    return hashlib.sha256(b"".join(len(field).to_bytes(8, "big") + field for field in fields)).digest()


def genesis(stream: str) -> bytes:
    """What stands before the first event of a stream."""
    return hash_of(b"hauspost stream", stream.encode())


def part_digest(salt: bytes, content: str) -> bytes:
    """The commitment to an erasable part."""
    return hash_of(salt, content.encode("utf-8", "surrogatepass"))


def moment(value: datetime) -> str:
    """A point in time as the digest sees it: UTC with microseconds, as both databases keep it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event_digest(
    *,
    version: int,
    previous: bytes,
    seq: int,
    kind: str,
    actor: str,
    occurred_at: datetime,
    recorded_at: datetime,
    data: str,
    parts: Sequence[tuple[str, str, bytes]],
) -> bytes:
    """The digest of one event; `parts` are (name, person uid, part digest) in order."""
    fields = [str(version).encode(), previous, str(seq).encode(), kind.encode(), actor.encode()]
    fields += [moment(occurred_at).encode(), moment(recorded_at).encode(), data.encode("utf-8", "surrogatepass")]
    for name, person_uid, digest in parts:
        fields.append(hash_of(name.encode(), person_uid.encode(), digest))
    return hash_of(*fields)


def head_payload(stream: str, count: int, head: bytes) -> bytes:
    """What the head's key signs."""
    return hash_of(stream.encode(), str(count).encode(), head)


def seal_digest(number: int, sealed_at: datetime, previous: bytes, lines: str) -> bytes:
    """What a seal's signature is made over."""
    return hash_of(b"hauspost seal", str(number).encode(), moment(sealed_at).encode(), previous, lines.encode())
