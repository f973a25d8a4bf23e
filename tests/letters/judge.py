"""Runs the corpora's judge on the product's reading, with disputed cases apart and our own bounds.

Usage: judge.py DIR [--corpus a,b] [--fails FIELD,…|all]. The judge is `corpora_check.py` beside the corpora.
Exit status 69: no corpora; 1: a mail broke our bounds.
"""

import importlib.util
import statistics
import sys
import time
import tomllib
import tracemalloc
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
NO_CORPORA = 69
MAX_SECONDS, MAX_BYTES = 2.0, 256 * 1024 * 1024


def main(arguments: list[str]) -> int:
    """Judge, print, and tell by the exit status whether the corpora were there and no bound was broken."""
    corpora = Path(arguments[0] if arguments else HERE.parent.parent.parent / "shared" / "corpora").resolve()
    judge_file = corpora.parent / "corpora_check.py"
    if not corpora.is_dir() or not judge_file.is_file():
        print(f"The mail corpora are not here: {corpora} and {judge_file.name} beside it are needed.", file=sys.stderr)
        print("Name their folder: bin/corpora DIR, or set HAUSPOST_CORPORA.", file=sys.stderr)
        return NO_CORPORA
    judge, adapter = _module("corpora_check", judge_file), _module("adapter", HERE / "adapter.py")
    disputed = _disputed()
    judge.is_policy = _with_disputed(judge, disputed)
    options = _options(arguments[1:])
    results, fails = judge.run(str(corpora), adapter, options["corpus"])
    print(judge.table(results))
    for field in sorted(fails) if options["fails"] == ["all"] else options["fails"]:
        for fail in fails.get(field, []):
            print("FAIL", field, *fail)
    print(f"\nDisputed, counted with policy: {len(disputed)} cases (tests/letters/disputed.toml)")
    for (corpus, file), case in sorted(disputed.items()):
        print(f"  {corpus}/{file} {', '.join(case['keys'])}: {case['reason']}")
    return _bounds(corpora, options["corpus"], judge, adapter)


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _options(arguments: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {"corpus": None, "fails": []}
    for name, value in zip(arguments[::2], arguments[1::2], strict=False):
        if name == "--corpus":
            options["corpus"] = set(value.split(","))
        elif name == "--fails":
            options["fails"] = value.split(",")
    return options


def _disputed() -> dict[tuple[str, str], dict[str, Any]]:
    cases = tomllib.loads((HERE / "disputed.toml").read_text(encoding="utf-8")).get("case", [])
    return {(case["corpus"], case["file"]): case for case in cases}


def _with_disputed(judge: ModuleType, disputed: dict[tuple[str, str], dict[str, Any]]) -> Any:
    """Count a disputed key as the judge counts policy; it passes no file name there, so its `open` tells which one "
    "it is."""
    known = judge.is_policy
    current: list[tuple[str, str]] = []

    def opened(path: str, *rest: Any, **named: Any) -> Any:
        current[:] = [(Path(path).parent.name, Path(path).name)]
        return open(path, *rest, **named)

    judge.open = opened  # type: ignore[attr-defined]

    def is_policy(field: str, policy: set[str]) -> bool:
        keys = disputed.get(current[0], {}).get("keys", []) if current else []
        return bool(known(field, policy)) or field in keys

    return is_policy


def _bounds(corpora: Path, chosen: set[str] | None, judge: ModuleType, adapter: ModuleType) -> int:
    """Our own bounds on one mail: time, memory, exceptions."""
    import json

    seconds: list[tuple[float, str]] = []
    biggest, heaviest, raised = 0, "", 0
    mails: list[tuple[str, bytes]] = []
    for listing in sorted(corpora.glob("*/corpus.json")):
        if chosen and listing.parent.name not in chosen:
            continue
        for case in json.loads(listing.read_text(encoding="utf-8")):
            if case["input"] == "rfc822":
                mails.append((f"{listing.parent.name}/{case['file']}", (listing.parent / case["file"]).read_bytes()))
    for name, raw in mails:
        start = time.process_time()
        fault = adapter.read_letter(raw).fault
        seconds.append((time.process_time() - start, name))
        raised += fault == "unreadable"
    tracemalloc.start()
    for name, raw in mails:
        tracemalloc.reset_peak()
        adapter.read_letter(raw)
        peak = tracemalloc.get_traced_memory()[1]
        if peak > biggest:
            biggest, heaviest = peak, name
    tracemalloc.stop()
    slowest, slowest_name = max(seconds, default=(0.0, "none"))
    median = statistics.median([spent for spent, _ in seconds] or [0.0])
    print(f"\n{len(mails)} mails: {raised} unreadable; median {median * 1000:.2f} ms CPU a mail;", end=" ")
    print(f"slowest {slowest * 1000:.0f} ms ({slowest_name}); biggest {biggest / 1048576:.1f} MB ({heaviest})")
    return 1 if raised or slowest > MAX_SECONDS or biggest > MAX_BYTES else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
