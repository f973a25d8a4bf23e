"""The daily seal: all heads that moved, signed, so that even a forger with the database's key is found later."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from hauspost.ground import clock, db, tokens
from hauspost.ground.history import _chain
from hauspost.ground.history.models import Seal, Stream

FIRST = b"\0" * 32


@transaction.atomic
def seal(folder: Path) -> Seal | None:
    """Sign all heads that moved since the last seal, and write the seal into `folder` too; None if nothing moved.

    A seal file kept elsewhere (or mailed to an auditor) proves the record as it was, back to that moment.
    """
    # Several workers, and an administrator, may want to seal at the same moment.
    db.hold(b"seal")
    last = Seal.objects.order_by("-number").first()
    known = sealed_counts()
    moved = [
        f"{name} {count} {bytes(head).hex()}"
        for name, count, head in Stream.objects.order_by("name").values_list("name", "count", "head").iterator()
        if known.get(name) != count
    ]
    if not moved:
        return None
    number, previous = (last.number + 1, bytes(last.digest)) if last else (1, FIRST)
    sealed_at, lines = clock.now(), "\n".join(moved)
    digest = _chain.seal_digest(number, sealed_at, previous, lines)
    key_id, signature = tokens.ring().sign_seal(digest)
    made = Seal.objects.create(
        number=number,
        sealed_at=sealed_at,
        previous=previous,
        lines=lines,
        digest=digest,
        key_id=key_id,
        signature=signature,
    )
    transaction.on_commit(lambda: export(made, folder))
    return made


def sealed_counts() -> dict[str, int]:
    """How far each stream is sealed."""
    counts: dict[str, int] = {}
    for lines in Seal.objects.order_by("number").values_list("lines", flat=True).iterator():
        for line in lines.splitlines():
            name, count, _head = line.rsplit(" ", 2)
            counts[name] = int(count)
    return counts


def export(made: Seal, folder: Path) -> Path:
    """Write a seal as a file that `hauspost record verify --seal` takes anywhere."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"seal-{made.number:06d}.json"
    text = json.dumps(
        {
            "number": made.number,
            "sealed_at": _chain.moment(made.sealed_at),
            "previous": bytes(made.previous).hex(),
            "lines": made.lines.splitlines(),
            "digest": bytes(made.digest).hex(),
            "key": made.key_id,
            "public_key": base64.b64encode(tokens.ring().public_keys()[made.key_id]).decode(),
            "signature": base64.b64encode(bytes(made.signature)).decode(),
        },
        indent=1,
    )
    path.write_text(text)
    path.chmod(0o600)
    return path


def read_export(path: Path) -> dict[str, Any]:
    """An exported seal; raises ValueError with words when it is not one."""
    try:
        found = json.loads(path.read_text())
        found["sealed_at"] = datetime.strptime(found["sealed_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        found["previous"], found["digest"] = bytes.fromhex(found["previous"]), bytes.fromhex(found["digest"])
        found["signature"], found["lines"] = base64.b64decode(found["signature"]), "\n".join(found["lines"])
        found["public_key"] = base64.b64decode(found["public_key"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise ValueError(f"{path} is not a seal of Hauspost: {fault}") from fault
    return dict(found)
