"""Hands letters to a local Maildir instead of a mail server: for the demo, and for trying a new Hauspost safely."""

import os
from collections.abc import Callable
from pathlib import Path

from hauspost.ground.mail._sending import Answer, Outcome, Parcel, Unreachable


class LocalMailbox:
    """A Maildir that takes every letter, once: a letter written before is found by its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hand_over(self, parcel: Parcel, may_leave: Callable[[], bool]) -> Outcome:
        """Write to tmp, sync, move to new: a reader never sees half a letter. Raises Unreachable."""
        try:
            self._make()
            if not self._has(parcel.name):
                self._write(parcel)
        except OSError as error:
            raise Unreachable(f"{self._folder}: the local mailbox cannot be written ({error.strerror}).") from None
        return Outcome([Answer("handed_over", 250, "written to the local mailbox")] * len(parcel.recipients))

    def close(self) -> None:
        """Nothing is kept open."""

    def _make(self) -> None:
        for name in ("tmp", "new", "cur"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def _has(self, name: str) -> bool:
        # Mail programs move a letter they have seen to cur and add its flags behind a colon.
        return (self._folder / "new" / name).exists() or any((self._folder / "cur").glob(f"{name}*"))

    def _write(self, parcel: Parcel) -> None:
        beside, target = self._folder / "tmp" / parcel.name, self._folder / "new" / parcel.name
        # The envelope, as a last mail server writes it down (RFC 5321 4.4).
        envelope = f"Return-Path: <{parcel.sender}>\r\n"
        envelope += "".join(f"Delivered-To: {one}\r\n" for one in parcel.recipients)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(envelope.encode() + parcel.raw)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
