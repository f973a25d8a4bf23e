"""The net under the reading of mail: whatever one mail does to its reader, it ends alone (P1.1, S19)."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hauspost.ground.mail import guard as room
from hauspost.ground.mail.guard import Guard, OverBounds, guard_at, much_memory

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CPU_SECONDS", 0.1)
    monkeypatch.setattr(room, "_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(room, "_GRACE_SECONDS", 0.9)
    monkeypatch.setattr(room, "MEMORY_BYTES", 64 << 20)


def hangs() -> None:
    while True:
        pass


def hangs_and_catches_everything() -> None:
    for _ in range(3):
        try:
            hangs()
        except BaseException:
            continue


def hangs_where_no_signal_is_heard() -> None:
    """As code in C does."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF])
    hangs()


def eats() -> None:
    meal = []
    while True:
        meal.append(bytearray(1 << 20))


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kept_alive_by_nobody(folder: Path, do: Callable[[], None], name: str) -> int:
    """Another process reads and perhaps dies; by which signal."""
    process = os.fork()
    if not process:
        try:
            Guard(folder).read(do, name)
        finally:
            os._exit(0)
    return -os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.mark.parametrize(
    ("do", "fault"), [(hangs, "too_slow"), (hangs_and_catches_everything, None), (eats, "too_heavy")]
)
def test_what_takes_too_much_is_stopped(tmp_path: Path, do: Callable[[], None], fault: str | None) -> None:
    """S19"""
    guard = Guard(tmp_path)
    if fault is None:
        guard.read(do, "1")  # came back at last, however often it caught us
    else:
        with pytest.raises(OverBounds, match=fault):
            guard.read(do, "1")
    assert guard.read(lambda: "the next one", "2") == "the next one"
    assert len(bytearray(100 << 20)) > 0  # outside the bounds hold no more


def test_an_ordinary_fault_goes_through(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        Guard(tmp_path).read(lambda: 1 // 0, "1")


@pytest.mark.parametrize(
    ("do", "killed_by", "fault"),
    [(dies, signal.SIGKILL, "deadly"), (hangs_where_no_signal_is_heard, signal.SIGVTALRM, "too_slow")],
)
def test_what_kills_its_reader_kills_it_once(
    tmp_path: Path, do: Callable[[], None], killed_by: signal.Signals, fault: str
) -> None:
    """P1.1: the next process knows what the last one was reading, and tries it where it does no harm."""
    assert kept_alive_by_nobody(tmp_path, do, "7") == killed_by
    after = Guard(tmp_path)
    with pytest.raises(OverBounds, match=fault):
        after.read(do, "7")
    assert after._suspects == {b"7"}
    assert after.read(lambda: "another", "8") == "another"


def test_who_was_killed_over_an_innocent_mail_reads_it_again(tmp_path: Path) -> None:
    """A killed worker (power, memory, an administrator) puts no mail into quarantine."""
    kept_alive_by_nobody(tmp_path, dies, "7")
    assert Guard(tmp_path).read(lambda: "fine", "7") == "fine"


def test_processes_that_live_are_under_no_suspicion(tmp_path: Path) -> None:
    first = Guard(tmp_path)

    def beside() -> None:
        # Another worker starts while this one reads number 7.
        assert kept_alive_by_nobody(tmp_path, lambda: None, "9") == 0
        assert Guard(tmp_path)._suspects == set()

    first.read(beside, "7")


def test_only_the_main_thread_is_guarded(tmp_path: Path) -> None:
    """Signals reach no other; a page that shows a mail reads it unguarded, and nothing it must not."""
    found: list[Guard | None] = []
    thread = threading.Thread(target=lambda: found.append(guard_at(tmp_path)))
    thread.start()
    thread.join()
    assert found == [None]
    assert guard_at(tmp_path) is guard_at(tmp_path)


def test_a_big_letter_on_its_way_out_waits_for_the_mail_that_is_read(tmp_path: Path) -> None:
    """S19, P5: the bound holds for the whole process; neither the letter nor the innocent mail fails by the other."""
    done: list[str] = []
    is_trying = threading.Event()

    def loads() -> None:
        is_trying.set()
        with much_memory():
            done.append(f"a letter of {len(bytearray(100 << 20)) >> 20} MB")

    letter = threading.Thread(target=loads)

    def reads() -> None:
        letter.start()
        is_trying.wait()
        for _ in range(200):
            os.sched_yield()
        done.append(f"a mail of {len(bytearray(32 << 20)) >> 20} MB")

    Guard(tmp_path).read(reads, "1")
    letter.join()
    assert done == ["a mail of 32 MB", "a letter of 100 MB"]
