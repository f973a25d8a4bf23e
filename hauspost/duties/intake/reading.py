"""From kept bytes to a letter: within hard bounds, and with its big files stored before any transaction begins."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, TypeVar

from django.conf import settings

from hauspost.duties.intake.models import Delivery
from hauspost.ground.files.actions import StoredFile, open_blob, store
from hauspost.ground.files.models import Blob
from hauspost.ground.mail.guard import OverBounds, guard_at
from hauspost.ground.mail.letter import Attachment, Letter, read_head
from hauspost.ground.mail.raw import Raw, raw_in
from hauspost.ground.refusals import NotFound

# What broke the guard's bounds once is only ever read under a guard again, and shown by its headers alone.
HARD_FAULTS = frozenset({"too_slow", "too_heavy", "deadly"})
# Smaller files are written within the transaction that files the mail, which saves a commit each.
_STORED_BEFORE = 1_000_000

Read = Callable[[Raw], Letter]
T = TypeVar("T")


def source_of(row: Delivery) -> Raw:
    """The mail for reading: a big one where it lies (P36.1). Raises NotFound when it was erased, BytesMissing."""
    if row.raw is not None:
        return bytes(row.raw)
    if not row.blob:
        raise NotFound
    with open_blob(row.blob) as source:
        return raw_in(source)


def open_source(row: Delivery) -> BinaryIO:
    """The mail as it came, byte for byte; the caller closes. Raises NotFound when it was erased, BytesMissing."""
    if row.raw is None and row.blob:
        return open_blob(row.blob)
    return io.BytesIO(source_of(row))


def source_file(row: Delivery) -> bytes | StoredFile:
    """The mail as a file for a ticket. Raises NotFound when it was erased."""
    if row.raw is not None:
        return bytes(row.raw)
    blob = Blob.objects.filter(sha256=row.blob).first()
    if blob is None:
        raise NotFound
    return StoredFile(blob)


def read_delivery(row: Delivery, read: Read) -> Letter:
    """The letter of a delivery; one whose reading had to be stopped has a fault and its headers (P1.1, S19)."""
    raw = source_of(row)
    try:
        letter = within_bounds(row, "mail", lambda: read(raw))
    except OverBounds as stopped:
        return _as_far_as_safe(raw, stopped.fault)
    return with_files_stored(letter)


def within_bounds(row: Delivery, what: str, do: Callable[[], T]) -> T:
    """Do something with what a stranger wrote, in as much time and memory as one mail may cost. Raises OverBounds.

    `what` tells the steps of one mail apart, should one of them kill the process.
    """
    guard = guard_at(settings.HAUSPOST.run / "reading")
    return do() if guard is None else guard.read(do, f"{row.id} {what}")


def with_files_stored(letter: Letter) -> Letter:
    """Its big files go from the mail to the store a piece at a time: none lies in memory, nor in a lock's way."""
    if all(_is_small(file) for file in letter.attachments):
        return letter
    return replace(letter, attachments=tuple(file if _is_small(file) else _stored(file) for file in letter.attachments))


def _as_far_as_safe(raw: Raw, fault: str) -> Letter:
    guard = guard_at(settings.HAUSPOST.run / "reading")
    try:
        if guard is not None:
            # Perhaps it is the headers.
            guard.try_in_child(lambda: read_head(raw, fault=fault))
        return read_head(raw, fault=fault)
    except OverBounds:
        return Letter(fault=fault)


def _is_small(file: Attachment) -> bool:
    return isinstance(file.held, bytes) and len(file.held) <= _STORED_BEFORE


def _stored(file: Attachment) -> Attachment:
    return replace(file, held=StoredFile(store(file.pieces())))
