"""Asking the whole record whether it holds, in the database that is set up just now."""

from collections.abc import Collection
from dataclasses import dataclass

from hauspost.ground.files import actions as files
from hauspost.ground.history.verification import verify
from hauspost.records.tickets.keepers import KEEPERS


@dataclass(frozen=True)
class Proof:
    """What was looked at, and what did not hold, in words."""

    streams: int
    events: int
    parts: int
    seals: int
    faults: tuple[str, ...]


def faults_of_record(*, forgiven: Collection[str] = (), with_files: bool = True) -> Proof:
    """Every chain, content, seal and stored file. `forgiven`: files that are known to be missing, by their SHA-256."""
    found = verify(KEEPERS)
    faults = [str(fault) for fault in found.faults]
    if with_files:
        # Bytes that no row names come from a transaction that was undone; the daily sweep takes them.
        faults += [
            f"file {fault.sha256} {fault.kind}"
            for fault in files.verify()
            if fault.kind != "unknown" and fault.sha256 not in forgiven
        ]
    return Proof(found.streams, found.events, found.parts, found.seals, tuple(faults))
