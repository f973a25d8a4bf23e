"""Making the dossier of a ticket: its record, entries, original mails and files, signed, in a zip."""

import base64
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.db import transaction

from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock, tokens
from hauspost.ground.files.actions import open_blob
from hauspost.ground.history import dossier
from hauspost.ground.history.actions import record
from hauspost.ground.history.exporting import events_of, seals_of
from hauspost.ground.refusals import NotAllowed, NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.tickets.keepers import KEEPERS
from hauspost.records.tickets.models import Attachment, Entry, Ticket
from hauspost.records.tickets.reading import View, view_of

_COPY_BYTES = 1_000_000


def may_make(view: View) -> bool:
    """Who takes a whole ticket out of the house: its team's lead, and the auditor."""
    return view.role == "auditor" or view.may("lead")


def make_dossier(ticket: Ticket, target: Path, *, actor: Actor) -> Path:
    """Write everything about a ticket into a signed zip. Records "ticket.dossier_made". Raises NotFound, NotAllowed.

    `hauspost record verify FILE` checks it anywhere; what was erased is not in it, and the record says so.
    """
    view = view_of(ticket, actor)
    if view is None or not (actor.is_system or view.sees_notes):
        raise NotFound
    if not (actor.is_system or may_make(view)):
        raise NotAllowed
    with transaction.atomic():
        record("ticket.dossier_made", ticket.stream, actor=actor)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        _write(_Writer(archive), ticket, actor)
    target.chmod(0o600)
    return target


@dataclass
class _Writer:
    """Writes files into the zip and remembers each for the manifest."""

    archive: ZipFile
    listed: list[dict[str, Any]] = field(default_factory=list)

    def bytes(self, path: str, content: bytes) -> None:
        self.archive.writestr(path, content)
        self.listed.append({"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)})

    def stream(self, path: str, source: BinaryIO, sha256: str, size: int) -> None:
        """A stored file, without holding it in memory."""
        with source, self.archive.open(path, "w", force_zip64=True) as out:
            shutil.copyfileobj(source, out, _COPY_BYTES)
        self.listed.append({"path": path, "sha256": sha256, "size": size})


def _write(writer: _Writer, ticket: Ticket, actor: Actor) -> None:
    events = events_of(ticket.stream, KEEPERS)
    writer.bytes(dossier.RECORD, _json(events))
    writer.bytes(dossier.SEALS, _json(seals_of(ticket.stream)))
    entries = list(Entry.objects.filter(ticket=ticket).select_related("author").order_by("seq"))
    writer.bytes("ticket.json", _json(_summary(ticket)))
    for entry in entries:
        writer.bytes(f"entries/{entry.seq:04d}.txt", _as_text(entry).encode("utf-8", "replace"))
    _write_mails(writer, entries)
    _write_files(writer, entries)
    manifest = _json(
        {
            "format": dossier.FORMAT,
            "stream": ticket.stream,
            "made_at": clock.now().isoformat(timespec="seconds"),
            "made_by": actor.stamp(),
            "events": len(events),
            "head": events[-1]["digest"],
            "files": writer.listed,
        }
    )
    key, signature = tokens.ring().sign_seal(dossier.signed_content(manifest))
    signed = {
        "key": key,
        "public_key": base64.b64encode(tokens.ring().public_keys()[key]).decode(),
        "signature": base64.b64encode(signature).decode(),
    }
    writer.archive.writestr(dossier.MANIFEST, manifest)
    writer.archive.writestr(dossier.SIGNATURE, _json(signed))


def _write_mails(writer: _Writer, entries: list[Entry]) -> None:
    """The original mails that came in; those that went out hold links that only their reader may have."""
    deliveries = Delivery.objects.in_bulk([entry.delivery for entry in entries if entry.delivery])
    for entry in entries:
        came = deliveries.get(entry.delivery or 0)
        if came is not None and came.raw is not None:
            writer.bytes(f"mails/{entry.seq:04d}.eml", bytes(came.raw))
        elif came is not None and came.blob:
            writer.stream(f"mails/{entry.seq:04d}.eml", open_blob(came.blob), came.sha256, came.size_bytes)


def _write_files(writer: _Writer, entries: list[Entry]) -> None:
    seqs = {entry.id: entry.seq for entry in entries}
    rows = Attachment.objects.filter(entry__in=entries, blob__isnull=False).select_related("blob")
    for row in rows.order_by("entry__seq", "position", "id"):
        assert row.blob is not None
        # Generated names: what a sender called a file is in the record, not in a path (S18).
        path = f"files/{seqs[row.entry_id]:04d}-{row.id}{_suffix(row.name)}"
        writer.stream(path, open_blob(row.blob.sha256), row.blob.sha256, row.blob.size_bytes)


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if len(suffix) < 8 and suffix[1:].isascii() and suffix[1:].isalnum() else ""


def _summary(ticket: Ticket) -> dict[str, Any]:
    from hauspost.records.tickets.rebuilding import row_of

    return {"number": ticket.number, **row_of(ticket)}


def _as_text(entry: Entry) -> str:
    """An entry as one reads it on paper."""
    lines = [
        f"#{entry.seq} {entry.get_kind_display()}{'' if entry.is_public else ' (internal)'}",
        f"{entry.created_at.isoformat(timespec='seconds')}  {entry.author_name} {entry.author_address}".rstrip(),
        *(f"to: {one.get('name', '')} {one.get('address', '')}" for one in entry.recipients),
        "",
        entry.text,
    ]
    return "\n".join(lines)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
