"""Two thousand spoiled mails of a fixed seed, and that whoever looks at them would see a fault."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hauspost.ground.mail.letter import Attachment, Letter
from tests.fuzz import properties
from tests.fuzz.mutations import spoiled
from tests.fuzz.properties import look_at
from tests.fuzz.trees import ROOT, sound_mails

pytestmark = pytest.mark.once
CASES = 2000
MAIL = b"From: a@x.org\r\nSubject: x\r\n\r\nHello you\r\n"


def test_two_thousand_spoiled_mails() -> None:
    """S19, P1.1: none raises, runs over, cannot be stored, is unsafe or loses a word (P4.1); `bin/fuzz` tries more."""
    mails = sound_mails(None)
    failed = {}
    for number in range(CASES):
        outcome = look_at(spoiled("bin/test", number, mails))
        if outcome.problems:
            failed[number] = outcome.problems
    assert failed == {}


def test_a_case_is_the_same_wherever_it_is_made() -> None:
    mails = sound_mails(None)
    cases = [spoiled("x", number, mails) for number in (0, 7, 900)]
    assert cases == [spoiled("x", number, mails) for number in (0, 7, 900)]
    assert cases != [spoiled("y", number, mails) for number in (0, 7, 900)]


def _hangs(letter: Letter) -> Letter:
    begun = time.thread_time()
    while time.thread_time() - begun < 0.06:
        pass
    return letter


def _raises(letter: Letter) -> Letter:
    raise KeyError("planted")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (_raises, "raised KeyError"),
        (_hangs, "took 0.1 s"),
        (lambda letter: replace(letter, fault="unreadable"), "fault unreadable"),
        (lambda letter: replace(letter, subject="a\0b"), "letter.subject cannot be stored"),
        (lambda letter: replace(letter, said_text="\ud800"), "letter.said_text cannot be stored"),
        (lambda letter: replace(letter, html="<p onclick=x>Hello you", visible_html="Hello you"), "harm in HTML"),
        (lambda letter: replace(letter, visible_text="Hello"), "words of the text are lost: ['you']"),
        (lambda letter: replace(letter, attachments=(Attachment("../x", "a/b", b""),)), "a file is called '../x'"),
        (lambda letter: letter, ""),
    ],
)
def test_a_planted_fault_is_seen(fault: Callable[[Letter], Letter], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = properties.read_letter
    monkeypatch.setattr(properties, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(properties, "read_letter", lambda raw: fault(read(raw)))
    problems = look_at(MAIL).problems
    assert (told in problems[0]) if told else problems == []


def test_another_reading_from_the_disk_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    read = properties.read_letter
    monkeypatch.setattr(
        properties, "read_letter", lambda raw: read(raw) if isinstance(raw, bytes) else replace(read(MAIL), subject="y")
    )
    assert "another letter" in look_at(MAIL).problems[0]


def test_the_command_counts_and_repeats(tmp_path: Path) -> None:
    """One of our mails is too deep on purpose: that is a bound, not a failure."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", "--cases", "60", "--seed", "few", "--failures", str(tmp_path), "--processes", "1"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    for word in ("seed few", "cases 60", "failed 0", "slowest", "biggest"):
        assert word in ran.stdout
