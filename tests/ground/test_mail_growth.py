"""Reading is linear: four times as much of anything takes about four times as long, wherever it stands (S19)."""

import gc
import importlib
import pkgutil
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

import hauspost.ground.mail
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.text import markup, plain, safe_html, weight
from hauspost.ground.text.quotes import fold_html, fold_text

pytestmark = pytest.mark.once
# What makes patterns and parsers try again and again: as S19 names it, and what is known of mails and of HTML.
UNITS = [b"(", b"<", b'"', b" ", b",", b"=?", b";", b"["]
MORE_UNITS = [
    b">", b"&", b"\\", b"@", b"</", b"<!--", b"<img ", b"<p style='", b"a@b ", b"> \n", b"a \n", b"begin 644 a\n", b"\xe2\x80\xae",
]  # fmt: skip
HEADERS = (
    "Subject", "From", "To", "Reply-To", "Date", "Message-ID", "References", "Content-Type", "Content-Disposition",
    "List-Id", "Return-Path", "Authentication-Results", "X-Failed-Recipients", "X-Spam-Status", "X-Hauspost-Loop",
)  # fmt: skip
BODIES = {
    "text": b"Content-Type: text/plain; charset=utf-8\r\n\r\n%s",
    "flowed": b"Content-Type: text/plain; format=flowed\r\n\r\n%s",
    "html": b"Content-Type: text/html\r\n\r\n<p>hi</p><blockquote type=cite>%s",
    "quoted-printable": b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s",
    "enriched": b"Content-Type: text/enriched\r\n\r\n%s",
    "answer": b"Content-Type: text/plain\r\n\r\nhi\r\n\r\nOn Monday, Ben <b@x.org> wrote:\r\n> %s",
    "calendar": b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:%s",
    "report": b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: %s",
    "bounce": b"X-Failed-Recipients: a@x.org\r\n\r\nUndelivered mail:\r\n\r\n%s",
    "mail": b"Content-Type: message/rfc822\r\n\r\n%s",
    "base64": b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%s",
    "tnef": b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x01\x00%s",
    "rtf": b"Content-Type: application/rtf\r\n\r\n{\\rtf1 %s",
    "envelope": b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\n%s",
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%s",
    "filename": b'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; filename="%s"\r\n\r\nx',
}
# A megabyte; a head may have no more.
MUCH, MOST_OF_HEAD = 1_000_000, 990_000
HEAD = b"From: mailer-daemon@x.org\r\nSubject: Undelivered\r\n"


def seconds(do: Callable[[], object]) -> float:
    # In a big process a collection of garbage takes longer than what is measured.
    gc.disable()
    try:
        begun = time.process_time()
        do()
        return time.process_time() - begun
    finally:
        gc.enable()


def grows_too_fast(do: Callable[[bytes], object], unit: bytes, much: int, *, matters: float = 0.25) -> bool:
    """Does four times as much take eight times as long, or more? Asked again, as a process has other things to do, too."""
    small, big = (unit * (size // len(unit)) for size in (much // 4, much))
    for _ in range(5):
        long = seconds(lambda: do(big))
        # What takes no time at all has no growth that matters.
        if long < matters or long < 8 * seconds(lambda: do(small)):
            return False
    return True


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_makes_reading_more_than_linear(name: str) -> None:
    """S19: a quadratic step would take sixteen times as long."""

    def read(junk: bytes) -> object:
        rest = b"".join(line for line in HEAD.splitlines(True) if not line.startswith(name.encode()))
        return read_letter(rest + name.encode() + b": a\r\n b " + junk + b"\r\n c\r\n\r\nx")

    assert [unit for unit in (*UNITS, b"\t", b"\r", b"a\n ") if grows_too_fast(read, unit, MOST_OF_HEAD)] == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"MIME-Version: 1. <1@x> <2@x>\n <3@x>\n", id="names"),
        pytest.param(b"------------=__TE------=__TEST002-38--\n\n", id="rules"),
    ],
)
def test_lines_that_might_introduce_a_quotation_cost_only_a_few_times_what_others_do(line: bytes) -> None:
    """S19, found by bin/fuzz: every line has what "Ada <ada@example.org> wrote:" or a rule with words begins with."""

    def longest_of(line: bytes) -> Callable[[], object]:
        return lambda: read_letter(HEAD + BODIES["text"].replace(b"%s", line * (400_000 // len(line))))

    plain, seeming = longest_of(b"some words, and then a few\n"), longest_of(line)
    assert any(seconds(seeming) < 12 * seconds(plain) for _ in range(3))


@pytest.mark.parametrize("name", BODIES)
def test_no_body_makes_reading_more_than_linear(name: str) -> None:
    """S19"""

    def read(junk: bytes) -> object:
        return read_letter(HEAD + BODIES[name].replace(b"%s", junk[: MOST_OF_HEAD if name == "filename" else MUCH]))

    units = UNITS + MORE_UNITS if name in ("text", "html", "answer") else UNITS
    assert [unit for unit in units if grows_too_fast(read, unit, MUCH)] == []


@pytest.mark.parametrize("name", ["text", "html", "bounce"])
def test_no_number_of_lines_makes_reading_more_than_linear(name: str) -> None:
    """S19"""

    def read(junk: bytes) -> object:
        lines = b"\r\n".join(junk[at : at + 76] for at in range(0, len(junk), 76))
        return read_letter(HEAD + BODIES[name].replace(b"%s", lines))

    assert [unit for unit in (*UNITS, b">", b"@", b"\xe2\x80\xae") if grows_too_fast(read, unit, MUCH)] == []


@pytest.mark.parametrize("unit", ["> a\n", "a b c\n", "Am Montag schrieb Ben:\n", "<p>a</p>", "<blockquote>a"])
def test_folding_beside_a_long_conversation_is_linear(unit: str) -> None:
    """S19: what was written before is compared with what is quoted now (P4.2)."""

    def fold(junk: bytes) -> object:
        text = junk.decode()
        return fold_text(text, sent=text + text), fold_html(text, sent=text)

    assert not grows_too_fast(fold, unit.encode(), MUCH // 5)


# Patterns that look at a text from one place only, or at a few hundred characters: there they cost nothing.
ONLY_MATCHED = {
    "_headers._ENCODED_TWICE", "_reasons._NEXT_REPLY", "_automatic._MACHINES", "_addresses._SEVERAL", "_bounce_signs._REPORTED", "_reason_words.UNKNOWN_FOR_SURE",
    # A tag that never ends is the last one that is looked at; the cleaner leaves no such tags.
    "weight._TAG", "markup._TOKEN",
}  # fmt: skip
BITS = [
    " ", "\t", "\n", "\r\n", *"()<>\"',;:[]=-_*|@&#/%.!?", "=?", "a", "a ", "1", "a@", "a.", "@a.", "<a", "</", "> ", "ä", "http://", "a\n", "a: ",
]  # fmt: skip
# In hauspost.ground.text most patterns look at one line, at most 600 characters; these look at all of a text.
OF_WHOLE_TEXTS = (markup, plain, safe_html, weight)


def patterns_on_mail() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern that a whole mail may come before, by module and name."""
    packaged = pkgutil.iter_modules(hauspost.ground.mail.__path__, "hauspost.ground.mail.")
    modules = [importlib.import_module(one.name) for one in packaged if not one.ispkg]
    found: dict[re.Pattern[Any], str] = {}
    for module in (*modules, *OF_WHOLE_TEXTS):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found.setdefault(value, f"{module.__name__.rpartition('.')[2]}.{name}")
    return {name: pattern for pattern, name in found.items()}


def test_no_pattern_goes_back_over_the_text_again_and_again() -> None:
    """S19: each pattern that looks at mail is tried on rows of what it looks for."""
    slow = {}
    for name, pattern in patterns_on_mail().items():
        source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
        words = sorted(set(re.findall("[A-Za-z]{3,12}", source)))[:12]

        def find_all(junk: bytes, pattern: re.Pattern[Any] = pattern) -> object:
            return list(pattern.finditer(junk if isinstance(pattern.pattern, bytes) else junk.decode()))

        for unit in (*BITS, *words):
            if grows_too_fast(find_all, unit.encode(), 5_000, matters=0.005):
                slow[name] = unit
                break
    assert slow.keys() <= ONLY_MATCHED, slow
