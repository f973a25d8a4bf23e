"""What stands within a quotation and is not from it is shown in its place (P4.2, as DESIGN.md sharpens it)."""

import pytest

from hauspost.ground.text.plain import text_of_html
from hauspost.ground.text.quotes import fold_html, fold_text

SENT = (
    "Hallo Ada,\n\nwelcher Drucker ist es, und in welchem Stockwerk steht er?\n\nSeit wann besteht die Störung?\n"
    "Ist Papier im Fach?\n\nViele Grüße\nIhre IT & Technik"
)
HEADER = "Von: IT <it@example.org>\nGesendet: Montag, 4. März 2024 10:12\nAn: Ada\nBetreff: Drucker\n\n"
ANSWERED = (
    "Danke.\n\n"
    + HEADER
    + "Hallo Ada,\n\nwelcher Drucker ist es, und in welchem\nStockwerk steht er?\nDer im dritten.\n"
    "Seit wann besteht die Störung?\nJa.\n\nIst Papier im Fach?\nNein\n\nViele Grüße\nIhre IT & Technik"
)


def test_answers_within_an_unmarked_quotation_of_ours():
    """P4.2: compared after undoing wrapping; short answers and the last one, too."""
    folded = fold_text(ANSWERED, sent=SENT)
    assert folded.visible == "Danke.\n\nDer im dritten.\nJa.\nNein"
    assert folded.said == folded.visible
    assert "Ist Papier im Fach?" in folded.quoted


def test_answers_within_outlooks_html_quotation_of_ours():
    """P4.2: entities, colours and elements do not matter; what is typed behind a question is shown with it."""
    lines = "".join(f"<p class=MsoNormal><span>{line}</span></p>" for line in ANSWERED.split(HEADER)[1].split("\n"))
    lines = (
        lines.replace("&", "&amp;")
        .replace("Nein", '<span style="color:red">Nein</span>')
        .replace(" ist es", "&nbsp;ist es")
    )
    html = (
        "<p>Danke.</p><div style='border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm'><p>"
        + HEADER.replace("<", "&lt;").replace("\n", "<br>")
        + f"</p></div>{lines}"
    )
    folded = fold_html(html, sent=SENT)
    assert text_of_html(folded.visible).split("\n\n") == ["Danke.", "Der im dritten.", "Ja.", "Nein"]
    assert "Störung" in folded.quoted


def test_answers_that_were_marked_as_quoted():
    """P4.2: prefixes do not matter: a line with ">" that we never wrote is the author's."""
    quoted = "\n".join("> " + line for line in ANSWERED.split(HEADER)[1].split("\n"))
    folded = fold_text(f"On 4 Mar 2024, at 10:12, IT <it@example.org> wrote:\n{quoted}", sent=SENT)
    assert folded.visible == "> Der im dritten.\n> Ja.\n> Nein"


def test_what_our_own_mail_quoted_stays_folded():
    """P4.2: older mails below ours are no answers, known or not."""
    older = "Am 03.03.2024 um 09:00 schrieb Ada:\nDer Drucker ist kaputt.\nBitte kommen Sie."
    assert fold_text(f"{ANSWERED}\n\n{older}", sent=SENT).visible == "Danke.\n\nDer im dritten.\nJa.\nNein"
    assert (
        fold_text(f"{ANSWERED}\n\n{older}", sent=f"{SENT}\n{older}").visible == "Danke.\n\nDer im dritten.\nJa.\nNein"
    )


def test_a_quotation_of_something_else_stays_folded():
    assert fold_text("Danke.\n\n" + HEADER + "Ganz anderes.\nGruß", sent=SENT).visible == "Danke."


@pytest.mark.parametrize(
    "words",
    [
        "Antworten siehe unten.",
        "My comments are in red below.",
        "s.u.",
        "Voir mes réponses ci-dessous",
        "Odpowiedzi poniżej",
    ],
)
def test_who_says_that_he_answers_below_is_shown_whole(words: str):
    """P4.2: where we lack the quoted text and no mark tells the answers, nothing folds; what he said stays his own."""
    text = f"{words}\n\n{HEADER}Wann?\nHeute.\nWo?\nHier."
    folded = fold_text(text)
    assert (folded.visible, folded.quoted, folded.said) == (text, "", words)
    marked = f"{words}\n\nOn 4 Mar 2024, at 10:12, IT <it@example.org> wrote:\n> Wann?\nHeute.\n> Wo?\n"
    assert fold_text(marked).visible == f"{words}\n\nHeute."


def test_a_header_over_marked_lines_ends_with_them():
    """P4.2: programs that mark what they quote let answers stand between and below."""
    text = "Hallo,\n\n" + HEADER + "> Wann?\n> Wo?\n\nMorgen, hier.\n\n> Wer?\n> Wie?\n\nIch.\n"
    assert fold_text(text).visible == "Hallo,\n\nMorgen, hier.\n\nIch."


def test_a_mail_that_begins_with_a_quote_is_quoted_whole():
    """Programs that mark nothing quote older mails with marks in them."""
    text = "Danke.\n\n" + HEADER + "> Wann?\n\nMorgen um acht.\nIch bringe alles mit.\nBis dann!\nIT\n"
    assert fold_text(text).visible == "Danke."
