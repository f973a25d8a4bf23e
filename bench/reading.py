"""Measures reading alone: every mail of the corpora outside the project, where there are some."""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.measuring import Clock, Figure
from bench.places import ROOT
from hauspost.ground.mail.letter import read_letter

READING = "reading alone, the corpora's mails"
CORPORA = Path(os.environ.get("HAUSPOST_CORPORA", ROOT.parent / "shared" / "corpora"))


def read_corpora() -> list[Figure]:
    """CPU of reading one mail, and how many there were; nothing where there are none."""
    mails = list(_mails())
    clock = Clock.fresh()
    for raw in mails:
        # Twice: the first time a module or a pattern may be loaded.
        read_letter(raw)
        clock.time(partial(read_letter, raw))
    return [clock.figure(READING), Figure("  mails read", len(mails), "")] if mails else []


def _mails() -> Iterator[bytes]:
    for listing in sorted(CORPORA.glob("*/corpus.json")):
        for case in json.loads(listing.read_text(encoding="utf-8")):
            if case["input"] == "rfc822":
                yield (listing.parent / case["file"]).read_bytes()
