"""`bin/fuzz`: spoils mails by the hundred thousand and reads them all, on every core; says what failed and how to repeat it.

Usage: bin/fuzz [--cases 200000] [--seed WORD] [--case N] [--file MAIL] [--failures FOLDER] [--processes 2]
Exit status 1 when a case failed. The corpora's mails are taken where they are (HAUSPOST_CORPORA or ../shared/corpora).
"""

import argparse
import multiprocessing
import resource
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutations import spoiled
from tests.fuzz.properties import Outcome, look_at
from tests.fuzz.trees import ROOT, digest_of, sound_mails, where_corpora_are

_AT_ONCE = 250
# Memory is measured of every so many cases, and of every big one: it takes five times as long.
_MEASURED_EVERY, _MEASURED_ABOVE = 50, 200_000


@dataclass
class Told:
    """One case, as a process tells it to the one that asked."""

    number: int
    size_bytes: int
    outcome: Outcome


def main(arguments: Sequence[str]) -> int:
    """Run; answers the exit status."""
    asked = _asked(arguments)
    mails = sound_mails(where_corpora_are())
    if asked.file:
        return _report_one(asked.file.read_bytes(), str(asked.file))
    if asked.case is not None:
        return _report_one(spoiled(asked.seed, asked.case, mails), f"case {asked.case} of seed {asked.seed}")
    print(f"seed {asked.seed}, {len(mails)} sound mails ({digest_of(mails)}), {asked.cases:,} cases", flush=True)
    return _Tally(asked.seed, asked.failures, mails).count(_all(asked.seed, asked.cases, asked.processes), asked.cases)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/fuzz", description="Spoil mails and read them.")
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--case", type=int, help="this case alone")
    parser.add_argument("--file", type=Path, help="this mail alone")
    parser.add_argument("--failures", type=Path, default=ROOT / "fuzz-failures", help="where failing mails are written")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    return parser.parse_args(arguments)


def _all(seed: str, cases: int, processes: int) -> Iterator[list[Told]]:
    spans = [(seed, first, min(first + _AT_ONCE, cases)) for first in range(0, cases, _AT_ONCE)]
    with multiprocessing.get_context("spawn").Pool(processes, _begin) as pool:
        yield from pool.imap_unordered(_some, spans)


_mails: list[bytes] = []


def _begin() -> None:
    _mails[:] = sound_mails(where_corpora_are())
    # Above the bound of 256 MB for one mail a fault shows as an error here and not as a swapping machine.
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def _some(span: tuple[str, int, int]) -> list[Told]:
    seed, first, stop = span
    return [_one(number, spoiled(seed, number, _mails)) for number in range(first, stop)]


def _one(number: int, raw: bytes) -> Told:
    measures = number % _MEASURED_EVERY == 0 or len(raw) > _MEASURED_ABOVE
    return Told(number, len(raw), look_at(raw, measures_memory=measures))


class _Tally:
    """Counts, and keeps what failed."""

    def __init__(self, seed: str, folder: Path, mails: Sequence[bytes]) -> None:
        self._seed, self._folder, self._mails = seed, folder, mails
        self._begun = time.monotonic()
        self._failed = self._done = 0
        self._faults: dict[str, int] = {}
        self._slowest = self._heaviest = Told(-1, 0, Outcome())

    def count(self, told: Iterator[list[Told]], cases: int) -> int:
        """Take in all that is told; answers the exit status."""
        for some in told:
            for one in some:
                self._add(one)
            if sys.stderr.isatty() or self._done % 20_000 < _AT_ONCE:
                print(f"  {self._done:,} of {cases:,}, {self._failed} failed", file=sys.stderr, flush=True)
        seconds = time.monotonic() - self._begun
        print(f"cases {self._done:,} in {seconds:.0f} s, failed {self._failed}")
        print(f"set aside: {', '.join(f'{name} {count:,}' for name, count in sorted(self._faults.items())) or 'none'}")
        slow, heavy = self._slowest, self._heaviest
        print(f"slowest {slow.outcome.seconds * 1000:.0f} ms CPU (case {slow.number}, {slow.size_bytes:,} bytes)")
        print(f"biggest {heavy.outcome.peak_bytes / 2**20:.1f} MB (case {heavy.number}, {heavy.size_bytes:,} bytes)")
        return 1 if self._failed else 0

    def _add(self, one: Told) -> None:
        self._done += 1
        if one.outcome.fault:
            self._faults[one.outcome.fault] = self._faults.get(one.outcome.fault, 0) + 1
        self._slowest = max(self._slowest, one, key=lambda told: told.outcome.seconds)
        self._heaviest = max(self._heaviest, one, key=lambda told: told.outcome.peak_bytes)
        if one.outcome.problems:
            self._failed += 1
            if self._failed <= 100:
                self._keep(one)

    def _keep(self, one: Told) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        mail = self._folder / f"{self._seed}-{one.number}.eml"
        mail.write_bytes(spoiled(self._seed, one.number, self._mails))
        again = f"bin/fuzz --file {mail}"
        mail.with_suffix(".txt").write_text("\n".join([*one.outcome.problems, "", again, ""]))
        first = one.outcome.problems[0].strip().splitlines()
        print(f"FAILED case {one.number}: {first[0]} … {first[-1]}\n  {again}", flush=True)


def _report_one(raw: bytes, name: str) -> int:
    outcome = look_at(raw, measures_memory=True)
    print(
        f"{name}: {len(raw):,} bytes, {outcome.seconds * 1000:.1f} ms, {outcome.peak_bytes / 2**20:.1f} MB, fault {outcome.fault or 'none'}"
    )
    print("\n".join(outcome.problems) or "nothing is wrong with it")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
