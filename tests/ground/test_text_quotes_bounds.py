"""Hostile texts are read in time that grows with their size and no faster, and only so far (S19)."""

import time

import pytest

from hauspost.ground.text.markup import MAX_HTML
from hauspost.ground.text.quotes import fold_html, fold_text

JUNK = [
    "Am Am Am ",
    "On On On ",
    "On 3/4/24 10:12 A wrote ",
    "(",
    "<",
    "> > >",
    " ",
    "\n",
    "> a\n",
    "says:\n> a\n",
    "a:\n",
    "From: a <a@b.c>\nSent: 4.3.2024 10:12\nTo: b\n> q\n> q\n> q\n> q\n",
    "----\n",
    "-- a --\n",
    "--\n",
    "An\n\n10:12\n",
    "Sent from my iPhone\n",
    "Gruß\nvertrauliche E-Mail E-Mail ",
    "see answer ",
    "a@",
    "```\n",
    "\u200b\xa0",
]


def spent(text: str, *, html: bool) -> float:
    """The least processor time of several tries, so that what else runs does not count."""
    tries = []
    for _ in range(2):
        start = time.process_time()
        fold_html(text) if html else fold_text(text, sent=text)
        tries.append(time.process_time() - start)
    return min(tries)


@pytest.mark.parametrize("html", [False, True], ids=["text", "html"])
def test_time_grows_with_the_text_and_not_faster(html: bool):
    """S19: four times the text costs about four times as much; sixteen times would be quadratic."""
    for junk in JUNK:
        text = junk.replace("<", "&lt;").replace("\n", "<br>") if html else junk
        short, long = text * (2_000 // len(text)), text * (8_000 // len(text))
        for _ in range(4):
            ratio = spent(long, html=html) / max(spent(short, html=html), 0.0002)
            if ratio < 9:
                break
        assert ratio < 9, (junk, ratio)


def test_a_giant_text_is_read_only_so_far(monkeypatch: pytest.MonkeyPatch):
    """S19: a line is looked at for 600 characters, and so are 20,000 lines; what is below them is shown."""
    from hauspost.ground.text import _marking

    looked_at: list[int] = []
    real = _marking.introduction

    def counted(lines, index):
        looked_at.append(max(len(line.text) for line in lines[index : index + 6]))
        return real(lines, index)

    monkeypatch.setattr(_marking, "introduction", counted)
    text = "Am " * 20_000 + "\n" + "On 4 Mar 2024\n" * 30_000 + "Von: a <a@b.c>\nAn: b\nBetreff: x"
    folded = fold_text(text)
    assert (folded.visible.split(), folded.quoted) == (text.split(), "")
    assert len(looked_at) <= 20_000
    assert max(looked_at) <= 600


def test_giant_html_is_rendered_only_so_far():
    """S19: two million characters; all of it stays a file of the mail."""
    folded = fold_html("<p>Antwort</p>" + '<div class="gmail_quote">' + "wort " * 1_000_000)
    assert folded.visible == "<p>Antwort</p>"
    assert len(folded.whole) <= MAX_HTML
