"""`hauspost record verify`: asks every keeper of contents, prints findings and what they prove."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hauspost.ground.config import Config

if TYPE_CHECKING:
    from hauspost.ground.files.actions import Fault as FileFault

_SHOWN = 100


def run(config: Config, exported: Sequence[Path]) -> int:
    """Print what was checked, each break with its place, and what that proves. Answers the exit status."""
    from hauspost.ground.files.actions import verify as verify_files
    from hauspost.ground.history.verification import verify
    from hauspost.records.tickets.keepers import KEEPERS

    found = verify(KEEPERS, exported=exported)
    # Bytes that no row names come from a transaction that was undone; the daily sweep takes them.
    faults = [str(fault) for fault in found.faults] + [
        _words(fault) for fault in verify_files() if fault.kind != "unknown"
    ]
    click.echo(f"{found.streams} chains, {found.events} events, {found.parts} contents ({found.erased} erased),")
    click.echo(f"{found.seals} seals.")
    for words in faults[:_SHOWN]:
        click.echo(f"BROKEN  {words}")
    if len(faults) > _SHOWN:
        click.echo(f"… and {len(faults) - _SHOWN} more.")
    if faults:
        click.echo(f"{len(faults)} breaks: the record was changed outside Hauspost, or its disk is damaged.")
        return 1
    click.echo("Everything holds. " + _what_it_proves(exported))
    return 0


def _words(fault: "FileFault") -> str:
    known = f": {fault.found or '-'} instead of {fault.expected}" if fault.expected else f" {fault.found}".rstrip()
    return f"file {fault.sha256} {fault.kind}{known}"


def _what_it_proves(exported: Sequence[Path]) -> str:
    if exported:
        return "Nobody changed what the given seals cover, this host's administrator included."
    return (
        "Nobody without this host's key changed anything. Whether somebody with the key did, only a seal file "
        "kept elsewhere can show: --seal FILE."
    )
