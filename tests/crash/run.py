"""`bin/crash`: mail by every way at once, random processes killed, the disk full, PostgreSQL away; then: is all there, once?

    python -m tests.crash.run [--database sqlite|postgres] [--mails 5000] [--seed 1] [--troubles kills,disk,outage]

Without a database both, one after the other. Prints what was accepted, refused, filed, lost, doubled; exits 1 at a fault.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.crash.mails import Mail, planned
from tests.crash.places import namespace
from tests.crash.senders import Line, MailServer
from tests.crash.stage import Stage, Wish

TROUBLES = ("kills", "disk", "outage")
SENDERS_A_WAY = 3
# How often somebody is killed, and how long disk and database are gone.
PAUSE_SECONDS = (0.3, 5.0)
AWAY_SECONDS = 8.0
# Chosen this often: up and household take all others with them.
WEIGHTS = {"listen": 6, "work": 6, "web": 1, "web worker": 1, "household": 1, "up": 1}


def play(wish: Wish) -> int:
    """One run; answers how many faults it found."""
    moments = [time.monotonic()]
    with ExitStack() as started:
        folder = Path(tempfile.mkdtemp(prefix="hauspost-crash-", dir="/tmp"))
        started.callback(shutil.rmtree, folder, ignore_errors=True)
        stage = Stage(wish, folder, started)
        stage.inside("found", stage.imap.port if stage.imap else 0)
        lines = stage.lines()
        mails = planned(wish.mails, wish.seed, list(lines))
        stage.by_imap = sum(mail.way == "imap" for mail in mails)
        stage.tree.start()
        servers = _servers(stage, mails, lines)
        for one in servers:
            one.start()
        with _troubled(stage, wish):
            faults = _until_accepted(stage, servers, wish)
            moments.append(time.monotonic())
            # What was taken in is still being worked off, and the killing goes on.
            _until_quiet(stage, seconds=wish.mails / 20)
            moments.append(time.monotonic())
        faults += _until_quiet(stage, seconds=120 + wish.mails / 5)
        moments.append(time.monotonic())
        faults += [f"at the end {words}" for words in stage.tree.stop()]
        stage.company.is_reliable = True
        for hours in (1, 2, 3):
            stage.inside("drain", hours)
        told = folder / "told.json"
        arrived = [[*key, times] for key, times in stage.company.arrived.items()]
        silent = sorted(stage.company.silent)
        told.write_text(json.dumps({"accepted": stage.ledger.accepted, "arrived": arrived, "silent": silent}))
        found = stage.inside("judge", str(told))
        faults += found["faults"] + _verified(stage)
        return _tell(stage, wish, mails, found["figures"], faults, [*moments, time.monotonic()])


def _servers(stage: Stage, mails: Sequence[Mail], lines: dict[str, Callable[[str], Line]]) -> list[MailServer]:
    seconds, made = stage.wish.mails / stage.wish.rate, []
    for way, line in lines.items():
        mine = [mail for mail in mails if mail.way == way]
        for number in range(SENDERS_A_WAY):
            seed = f"{way} {number} {stage.wish.seed}"
            share = mine[number::SENDERS_A_WAY]
            made.append(MailServer(line(seed), share, stage.ledger, seconds=seconds, seed=seed))
    return made


@contextmanager
def _troubled(stage: Stage, wish: Wish) -> Iterator[None]:
    """Kill and take away in the background, and start again what has ended."""
    calm = threading.Event()
    doing = [threading.Thread(target=_keep_up, args=(stage, calm))]
    if "kills" in wish.troubles:
        doing.append(threading.Thread(target=_kill, args=(stage, wish.seed, calm)))
    if "disk" in wish.troubles:
        doing.append(threading.Thread(target=_fill_the_disk, args=(stage, calm)))
    if "outage" in wish.troubles and stage.postgres:
        doing.append(threading.Thread(target=_take_the_database, args=(stage, calm)))
    for one in doing:
        one.start()
    try:
        yield
    finally:
        calm.set()
        for one in doing:
            one.join()


def _keep_up(stage: Stage, calm: threading.Event) -> None:
    looks = 0
    while not calm.wait(0.2):
        stage.tree.tend()
        looks += 1
        if stage.imap and looks % 10 == 0:
            with suppress(RuntimeError):
                stage.inside("forget_the_dead")


def _kill(stage: Stage, seed: int, calm: threading.Event) -> None:
    """Victims and pauses follow from the seed; what a victim is just doing does not."""
    chance = random.Random(seed)
    names = {unit.name: 3 for unit in stage.tree.units if unit.name != "up"} | WEIGHTS
    while not calm.wait(chance.uniform(*PAUSE_SECONDS)):
        stage.tree.kill(chance.choices(list(names), list(names.values()))[0])


def _fill_the_disk(stage: Stage, calm: threading.Event) -> None:
    """Once, when a third of the mails is through."""
    if _comes(stage, 1 / 3, calm):
        until = time.monotonic() + AWAY_SECONDS
        print("the disk is full", flush=True)
        while time.monotonic() < until:
            stage.disk.press()
            time.sleep(0.1)
        # What starts meanwhile must not keep its limit.
        while True:
            stage.disk.relieve()
            if calm.wait(0.5):
                break


def _take_the_database(stage: Stage, calm: threading.Event) -> None:
    """Once, when two thirds are through."""
    assert stage.postgres
    if _comes(stage, 2 / 3, calm):
        print("PostgreSQL is away", flush=True)
        stage.postgres.stop()
        time.sleep(AWAY_SECONDS)
        stage.postgres.start()


def _comes(stage: Stage, share: float, calm: threading.Event) -> bool:
    while stage.ledger.finished < stage.wish.mails * share:
        if calm.wait(0.05):
            return False
    return True


def _until_accepted(stage: Stage, servers: Sequence[MailServer], wish: Wish) -> list[str]:
    deadline = time.monotonic() + 300 + wish.mails / 3
    for one in servers:
        one.join(max(0.0, deadline - time.monotonic()))
    late = [one for one in servers if one.is_alive()]
    for one in late:
        one.gives_up.set()
        one.join()
    return [f"{wish.mails - stage.ledger.finished} mails were never accepted"] if late else []


def _until_quiet(stage: Stage, seconds: float) -> list[str]:
    """The tree does what is left to do."""
    deadline = time.monotonic() + seconds
    left: dict[str, int] = {}
    while time.monotonic() < deadline:
        stage.tree.tend()
        with suppress(RuntimeError):
            if stage.imap:
                stage.inside("forget_the_dead")
            left = stage.inside("waiting", stage.by_imap)
            if not any(left.values()):
                return []
            if os.environ.get("CRASHDEBUG"):
                print(round(deadline - time.monotonic()), left, stage.inside("debug"), flush=True)
        time.sleep(0.5)
    return [f"still waiting after all: {left}"]


def _verified(stage: Stage) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "hauspost", "--folder", str(stage.desk), "record", "verify"],
        env=stage.environment,
        capture_output=True,
        text=True,
    )
    return [] if done.returncode == 0 else ["record verify: " + (done.stdout + done.stderr)[-500:]]


def _tell(
    stage: Stage, wish: Wish, mails: Sequence[Mail], found: dict[str, Any], faults: list[str], moments: list[float]
) -> int:
    ledger, tree = stage.ledger, stage.tree
    ways = Counter(mail.way for mail in mails)
    refusals = ", ".join(f"{times} × {words}" for words, times in ledger.refused.most_common(12))
    named = ("until all was accepted", "killing on", "until all was done", "looking it over")
    spans = [f"{later - at:.0f} {name}" for at, later, name in zip(moments[:-1], moments[1:], named, strict=True)]
    permanent = ledger.refused.pop("for good", 0)
    if permanent:
        faults.append(f"{permanent} times a mail was refused for good: {refusals}")
    broken = any(words.startswith("record verify") for words in faults)
    rows = {
        "mails": f"{wish.mails} ({', '.join(f'{count} by {way.upper()}' for way, count in ways.items())})",
        "accepted": len({message_id for message_id, _ in ledger.accepted}),
        "refused or broken off, sent again": sum(ledger.refused.values()),
        "filed": found["filed"],
        "dispositions": ", ".join(f"{count} {name}" for name, count in sorted(found["dispositions"].items())),
        "quarantined": found["quarantined"],
        "lost": found["lost"],
        "doubled": found["doubled"],
        "acknowledged": found["acknowledged"],
        "mails sent twice": found["sent twice"],
        "marked perhaps twice": found["marked perhaps twice"],
        "record verify": "broken" if broken else "holds",
        "kills": f"{tree.kills.total()} ({', '.join(f'{n} {role}' for role, n in tree.kills.most_common())})",
        "ended by themselves": ", ".join(f"{n} × {words}" for words, n in Counter(tree.statuses).most_common())
        or "none",
        "restarts": tree.restarts,
        "seconds": f"{moments[-1] - moments[0]:.0f} ({', '.join(spans)})",
        "faults": len(faults),
    }
    for name, value in rows.items():
        print(f"{name}: {value}")
    print(f"why again: {refusals}")
    for words in faults[:40]:
        print(f"FAULT {words[:600]}")
    return len(faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgres"], help="one alone; otherwise both")
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1, help="which mails, and who is killed when")
    parser.add_argument("--troubles", default=",".join(TROUBLES), help="some of kills,disk,outage")
    parser.add_argument("--rate", type=float, default=60.0, help="mails a second, all ways together")
    parser.add_argument("--log", default="", help="where to keep what the processes say")
    parser.add_argument("--in-namespace", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    troubles = tuple(asked.troubles.split(","))
    if unknown := set(troubles) - {*TROUBLES, ""}:
        parser.error(f"no such trouble: {', '.join(sorted(unknown))}")
    if asked.database is None:
        return max(_alone(database) for database in ("sqlite", "postgres"))
    if not asked.in_namespace and (words := namespace(asked.database)):
        os.execvp(words[0], [*words, sys.executable, "-m", "tests.crash.run", *sys.argv[1:], "--in-namespace"])
    # What was started is stopped, also when we are.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    wish = Wish(asked.database, asked.mails, asked.seed, troubles, asked.rate, asked.in_namespace, asked.log)
    print(f"== {wish.database}, seed {wish.seed}: {', '.join(troubles)}", flush=True)
    return 1 if play(wish) else 0


def _alone(database: str) -> int:
    return subprocess.run([sys.executable, "-m", "tests.crash.run", *sys.argv[1:], "--database", database]).returncode


if __name__ == "__main__":
    sys.exit(main())
