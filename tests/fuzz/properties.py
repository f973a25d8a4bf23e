"""What holds of every letter, whatever was sent."""

import logging
import mmap
import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from hauspost.ground.mail.letter import Letter, letter_as_json, read_letter
from hauspost.ground.mail.raw import MappedMail
from hauspost.ground.text.plain import text_of_html
from tests.security.harm import harm_in

MOST_SECONDS = 2.0
MOST_BYTES = 256 << 20
_WORD = re.compile(r"\w+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_UNFIT_IN_NAMES = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Outcome:
    """What reading one case showed."""

    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_bytes: int = 0
    fault: str = ""


class _Overheard(logging.Handler):
    """Reading swallows what it did not foresee, and says so in the log: here that is a failure."""

    def __init__(self) -> None:
        super().__init__()
        self.told = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.told = self.told or logging.Formatter().format(record)


def look_at(raw: bytes, *, measures_memory: bool = False) -> Outcome:
    """Read a mail and say what is wrong with the letter; the same mail is read from the disk, too."""
    outcome, overheard = Outcome(), _Overheard()
    log = logging.getLogger("hauspost.ground.mail.letter")
    log.addHandler(overheard)
    log.propagate = False
    logging.getLogger("flufl.bounce").disabled = True
    try:
        if measures_memory:
            outcome.peak_bytes = _peak_bytes(raw)
        begun = time.thread_time()
        letter = read_letter(raw)
        outcome.seconds = time.thread_time() - begun
        outcome.fault = letter.fault
        outcome.problems = list(_wrong_with(letter))
        if letter_as_json(_mapped(raw)) != letter_as_json(letter):
            outcome.problems.append("read from the disk, or a second time, it is another letter")
    except Exception as fault:
        logging.getLogger("fuzz").debug("raised", exc_info=True)
        outcome.problems.append(f"raised {type(fault).__name__}: {fault}")
    finally:
        log.removeHandler(overheard)
        log.propagate = True
    if overheard.told:
        outcome.problems.append(overheard.told)
    if outcome.seconds > MOST_SECONDS:
        outcome.problems.append(f"took {outcome.seconds:.1f} s")
    if outcome.peak_bytes > MOST_BYTES:
        outcome.problems.append(f"took {outcome.peak_bytes >> 20} MB")
    return outcome


def _mapped(raw: bytes) -> Letter:
    """The letter as it is read from a big mail's file."""
    if not raw:
        return read_letter(raw)
    mail = MappedMail(-1, len(raw), access=mmap.ACCESS_WRITE)
    mail[:] = raw
    return read_letter(mail)


def _peak_bytes(raw: bytes) -> int:
    tracemalloc.start()
    try:
        read_letter(raw)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _wrong_with(letter: Letter) -> Iterator[str]:
    if letter.fault in ("unreadable", "too_heavy"):
        yield f"fault {letter.fault}"
    for name, text in _texts(letter, "letter"):
        if "\0" in text or not _is_unicode(text):
            yield f"{name} cannot be stored"
    for html in (letter.html, letter.visible_html, letter.quoted_html, letter.said_html):
        if harm := harm_in(html):
            yield f"harm in HTML: {harm[:3]}"
    for file in letter.attachments:
        if (
            not file.name.strip(". ")
            or len(file.name.encode()) > 255
            or _UNFIT_IN_NAMES.search(file.name)
            or _RESERVED.match(file.name)
        ):
            yield f"a file is called {file.name!r}"
    yield from _lost_words("text", letter.text, letter.visible_text + "\n" + letter.quoted_text)
    yield from _lost_words(
        "HTML", text_of_html(letter.html), text_of_html(letter.visible_html) + "\n" + text_of_html(letter.quoted_html)
    )


def _lost_words(what: str, whole: str, parts: str) -> Iterator[str]:
    """P4.1: folding hides, it never takes away. Words that a quote stood between may grow together."""
    missing = Counter(_WORD.findall(whole)) - Counter(_WORD.findall(parts))
    if not missing:
        return
    fewer = Counter("".join(_WORD.findall(whole))) - Counter("".join(_WORD.findall(parts)))
    lost = [word for word in missing if word not in parts or not fewer.keys().isdisjoint(word)]
    if lost:
        yield f"words of the {what} are lost: {lost[:5]}"


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one, name)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _texts(getattr(value, one.name), f"{name}.{one.name}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
