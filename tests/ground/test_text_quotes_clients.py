"""What mail programs send, in the languages of our people: the answer is shown, what it answers folds (P4)."""

import random
import re
import textwrap

import pytest

from hauspost.ground.text.plain import text_of_html
from hauspost.ground.text.quotes import Folded, fold_html, fold_text

from .text_clients import CLIENTS, FORWARDS, MARKING, Letter, marked
from .text_tongues import TONGUES, Tongue

SAID = "Danke, das passt.\n\nWir sehen uns morgen.\n\nViele Grüße\nBen"
OLD = "Hallo Ben,\n\nkönnen Sie kommen?\nWir warten auf Sie.\n\nGruß\nAda"

every_tongue = pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES)


def words(text: str) -> list[str]:
    return text.split()


def shown(folded: Folded, *, html: bool) -> tuple[list[str], list[str], list[str]]:
    """Words that are visible, said, and folded."""
    parts = (folded.visible, folded.said, folded.quoted)
    visible, said, quoted = (words(text_of_html(part) if html else part) for part in parts)
    return visible, said, quoted


def both(pair: tuple[str, str]) -> list[tuple[Folded, bool]]:
    return [(fold_text(pair[0]), False), (fold_html(pair[1]), True)]


@every_tongue
class TestEveryClient:
    def test_the_answer_is_shown_and_the_quote_folds(self, tongue: Tongue):
        for client, lay_out in CLIENTS.items():
            for folded, html in both(lay_out(Letter(SAID, OLD, tongue))):
                visible, said, quoted = shown(folded, html=html)
                assert (visible, said) == (words(SAID), words(SAID)), (client, html)
                assert "können Sie kommen?" in " ".join(quoted), (client, html)

    def test_what_is_written_below_a_marked_quote_is_shown_in_full(self, tongue: Tongue):
        """P4.4: a bottom post, with a greeting above the quote and without."""
        for client in MARKING:
            for above in ("", "Hallo Ada,"):
                text, html = CLIENTS[client](Letter(above, OLD, tongue))
                for folded, is_html in both(
                    (text + "\n" + SAID + "\n", html.replace("</body>", "") + f"<p>{SAID}</p>")
                ):
                    visible, _, quoted = shown(folded, html=is_html)
                    assert [word for word in visible if word not in words(above)] == words(SAID), (client, is_html)
                    assert "können Sie kommen?" in " ".join(quoted), (client, is_html)

    def test_an_answer_of_nothing_but_a_quote_is_shown_whole(self, tongue: Tongue):
        """P4.3: also where the telephone added its line."""
        for client, lay_out in CLIENTS.items():
            for folded, html in both(lay_out(Letter("", OLD, tongue))):
                assert "können Sie kommen?" in " ".join(shown(folded, html=html)[0]), (client, html)

    def test_a_mail_passed_on_is_shown_whole(self, tongue: Tongue):
        """P4.4."""
        for client, lay_out in FORWARDS.items():
            for folded, html in both(lay_out(Letter("Bitte lesen.", OLD, tongue))):
                visible, said, quoted = shown(folded, html=html)
                assert " ".join(words(OLD)) in " ".join(visible).replace("> ", ""), (client, html)
                assert (said, folded.is_forward) == (["Bitte", "lesen."], True), (client, html)
                assert quoted in ([], words(tongue.iphone)), (client, html)

    def test_what_a_telephone_adds_folds(self, tongue: Tongue):
        for line in (tongue.iphone, tongue.outlook, tongue.galaxy):
            folded = fold_text(f"{SAID}\n\n{line}\n")
            assert (folded.visible.strip(), folded.quoted.strip()) == (SAID, line)

    def test_answers_between_marked_lines_are_shown_in_their_place(self, tongue: Tongue):
        """P4.2: nothing that a person typed between quoted lines is folded."""
        text = f"{tongue.gmail}\n\n{marked('Wann?')}\n\nMorgen.\n\n{marked('Wo?')}\nIm Lager.\n{marked('Wer?')}\n"
        folded = fold_text(text)
        assert folded.visible == "Morgen.\n\nIm Lager."
        assert [piece.kind for piece in folded.pieces] == ["quote", "said", "quote", "said", "quote"]


def test_a_line_above_which_to_answer_changes_nothing():
    """P4.5: with it and without it the same is shown, wherever it stands."""
    marker = "##- Bitte antworten Sie oberhalb dieser Zeile -##"
    for lay_out in CLIENTS.values():
        for tongue in TONGUES.values():
            plain = both(lay_out(Letter(SAID, OLD, tongue)))
            with_it = both(lay_out(Letter(SAID, marker + "\n" + OLD, tongue)))
            assert [folded.visible for folded, _ in plain] == [folded.visible for folded, _ in with_it]


# The same letter in other clothes.

NAMES = ("Ada Brand", "Dr. José Ñáñez-O’Neill", "Brand, Ada (ACME GmbH)", "李雷", "ada via Portal", "A. B. C. D’Arc")


def _wrapped(text: str, width: int) -> str:
    lines = [
        textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
        if not line.startswith(">")
        else [line]
        for line in text.split("\n")
    ]
    return "\n".join(line for wrapped in lines for line in wrapped or [""])


TEXT_CLOTHES = {
    "line ends of Windows": lambda text, dice: text.replace("\n", "\r\n"),
    "spaces at line ends": lambda text, dice: "\n".join(line + " " * dice.randrange(3) for line in text.split("\n")),
    "hard spaces": lambda text, dice: "".join("\xa0" if c == " " and dice.random() < 0.3 else c for c in text),
    "a mark at the start": lambda text, dice: "\ufeff" + text,
    "unseen marks": lambda text, dice: text.replace("\n\n", "\n\u200b\n").replace("10:12", "\u200e10:12\u200e"),
    "more empty lines": lambda text, dice: re.sub(r"\n\n", "\n\n\n", text),
    "fewer empty lines": lambda text, dice: re.sub(r"\n{3,}", "\n\n", text),
    "an indent": lambda text, dice: "\n".join(" " + line if line else line for line in text.split("\n")),
    "another width": lambda text, dice: _wrapped(text, dice.choice((64, 72, 76))),
    "another name": lambda text, dice: text.replace("Ada Brand", dice.choice(NAMES)),
    "another day": lambda text, dice: text.replace("10:12", dice.choice(("9:05", "23:59"))).replace("2024", "2031"),
}

HTML_CLOTHES = {
    "capital tags": lambda html, dice: re.sub(r"</?\w+", lambda tag: tag.group().upper(), html),
    "single quotation marks": lambda html, dice: html.replace('"', "'") if "'" not in html else html,
    "line ends": lambda html, dice: html.replace("><", ">\r\n<"),
    "Outlook on the web's prefix": lambda html, dice: re.sub(r'(class|id)="', r'\1="x_', html),
    "a table around": lambda html, dice: f"<table><tr><td>{html}</td></tr></table>",
    "many elements around": lambda html, dice: f"<div><div><font><div>{html}</div></font></div></div>",
    "hard spaces": lambda html, dice: html.replace(", ", ",&nbsp;"),
    "unseen marks": lambda html, dice: html.replace("10:12", "\u200e10:12"),
    "a comment": lambda html, dice: "<!-- x --><style>p{margin:0}</style>" + html,
    "another name": lambda html, dice: html.replace("Ada Brand", dice.choice(NAMES)),
}


def test_the_same_letter_in_other_clothes():
    """However a program dresses it: other names, days, widths, spaces, elements around it, up to three at once."""
    dice = random.Random(4)
    for _ in range(400):
        client, tongue = dice.choice(list(CLIENTS)), dice.choice(list(TONGUES))
        text, html = CLIENTS[client](Letter(SAID, OLD, TONGUES[tongue]))
        text_clothes, html_clothes = dice.sample(sorted(TEXT_CLOTHES), 3), dice.sample(sorted(HTML_CLOTHES), 3)
        for name in text_clothes:
            text = TEXT_CLOTHES[name](text, dice)
        for name in html_clothes:
            html = HTML_CLOTHES[name](html, dice)
        said = words(fold_text(text).said.translate({0xA0: " ", 0xFEFF: None, 0x200B: None}))
        assert said == words(SAID), (client, tongue, text_clothes, text)
        assert words(text_of_html(fold_html(html).said)) == words(SAID), (client, tongue, html_clothes, html)
