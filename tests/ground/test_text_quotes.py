"""What a person wrote is always visible, what he quotes is folded, and nothing is lost (P4)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hauspost.ground.text.plain import text_of_html
from hauspost.ground.text.quotes import fold_html, fold_text

ANSWER = "Meine Antwort steht hier.\n\nViele Grüße\nBen"

INTRODUCTIONS = {
    "de Gmail": "Am Mo., 4. März 2024 um 10:12 Uhr schrieb Ada Brand <ada@example.org>:",
    "de Apple": "Am 04.03.2024 um 10:12 schrieb Ada Brand <ada@example.org>:",
    "de Thunderbird": "Am 04.03.24 um 10:12 schrieb Ada Brand:",
    "de web.de": (
        "Gesendet: Montag, 04. März 2024 um 10:12 Uhr\nVon: Ada <ada@example.org>\nAn: it@example.org\nBetreff: x"
    ),
    "de Outlook": "Von: Ada <ada@example.org>\nGesendet: Montag, 4. März 2024 10:12\nAn: IT\nBetreff: Drucker",
    "de Outlook, bold": "*Von:* Ada <ada@example.org>\n*Gesendet:* Montag, 4. März 2024 10:12\n*An:* IT\n*Betreff:* x",
    "de Outlook, rule": (
        "________________________________\nVon: Ada\nGesendet: Montag, 4. März 2024 10:12\nAn: IT\nBetreff: x"
    ),
    "de old Outlook": "-----Ursprüngliche Nachricht-----\nVon: Ada Brand <ada@example.org>",
    "de Notes": (
        "Von:        Ada Brand/ACME\nAn:        IT/ACME@ACME\nDatum:        04.03.2024 10:12\nBetreff:        Drucker"
    ),
    "de Notes, web": "-----Ada Brand/ACME schrieb: -----",
    "en Gmail": "On Mon, Mar 4, 2024 at 10:12 AM Ada Brand <ada@example.org> wrote:",
    "en Gmail, wrapped": "On Mon, Mar 4, 2024 at 10:12 AM Ada Brand-Langenscheidt <\nada@example.org> wrote:",
    "en Apple": "On 4 Mar 2024, at 10:12, Ada Brand <ada@example.org> wrote:",
    "en Thunderbird": "On 3/4/24 10:12, Ada Brand wrote:",
    "en Outlook": "From: Ada <ada@example.org>\nSent: Monday, March 4, 2024 10:12 AM\nTo: IT\nSubject: Printer",
    "en Outlook mobile": (
        "Get Outlook for iOS\n____________________\nFrom: Ada\nSent: Monday, March 4, 2024 10:12\nTo: IT\nSubject: x"
    ),
    "en Notes": '"Ada Brand" <ada@example.org> wrote on 03/04/2024 10:12:00 AM:',
    "fr Gmail": "Le lun. 4 mars 2024 à 10:12, Ada Brand <ada@example.org> a écrit :",
    "fr Outlook": "De : Ada <ada@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : IT\nObjet : Imprimante",
    "es Gmail": "El lun, 4 mar 2024 a las 10:12, Ada Brand (<ada@example.org>) escribió:",
    "es Outlook": ("De: Ada <ada@example.org>\nEnviado: lunes, 4 de marzo de 2024 10:12\nPara: IT\nAsunto: Impresora"),
    "it Gmail": "Il giorno lun 4 mar 2024 alle ore 10:12 Ada Brand <ada@example.org> ha scritto:",
    "it Outlook": "Da: Ada <ada@example.org>\nInviato: lunedì 4 marzo 2024 10:12\nA: IT\nOggetto: Stampante",
    "nl Gmail": "Op ma 4 mrt 2024 om 10:12 schreef Ada Brand <ada@example.org>:",
    "nl Apple": "Op 4 mrt. 2024 om 10:12 heeft Ada Brand <ada@example.org> het volgende geschreven:",
    "nl Outlook": "Van: Ada <ada@example.org>\nVerzonden: maandag 4 maart 2024 10:12\nAan: IT\nOnderwerp: Printer",
    "pl Gmail": "pon., 4 mar 2024 o 10:12 Ada Brand <ada@example.org> napisał(a):",
    "pl Thunderbird": "W dniu 4.03.2024 o 10:12, Ada Brand pisze:",
    "pl Outlook": "Od: Ada <ada@example.org>\nWysłano: poniedziałek, 4 marca 2024 10:12\nDo: IT\nTemat: Drukarka",
    "pt Gmail": "Em seg., 4 de mar. de 2024 às 10:12, Ada Brand <ada@example.org> escreveu:",
    "pt Outlook": (
        "De: Ada <ada@example.org>\nEnviada em: segunda-feira, 4 de março de 2024 10:12\nPara: IT\nAssunto: x"
    ),
    "cs Gmail": "po 4. 3. 2024 v 10:12 odesílatel Ada Brand <ada@example.org> napsal:",
    "cs Thunderbird": "Dne 04. 03. 24 v 10:12 Ada Brand napsal(a):",
    "cs Outlook": "Od: Ada <ada@example.org>\nOdesláno: pondělí 4. března 2024 10:12\nKomu: IT\nPředmět: Tiskárna",
    "tr Gmail": "Ada Brand <ada@example.org>, 4 Mar 2024 Pzt, 10:12 tarihinde şunu yazdı:",
    "tr Outlook": "Kimden: Ada <ada@example.org>\nGönderildi: 4 Mart 2024 Pazartesi 10:12\nKime: IT\nKonu: Yazıcı",
    "sv Gmail": "Den mån 4 mars 2024 kl 10:12 skrev Ada Brand <ada@example.org>:",
    "da Outlook": "Fra: Ada <ada@example.org>\nSendt: 4. marts 2024 10:12\nTil: IT\nEmne: Printer",
    "fi Gmail": "ma 4. maalisk. 2024 klo 10.12 Ada Brand (ada@example.org) kirjoitti:",
    "ru Gmail": "пн, 4 мар. 2024 г. в 10:12, Ada Brand <ada@example.org>:",
    "hu Gmail": "Ada Brand <ada@example.org> ezt írta (időpont: 2024. márc. 4., H, 10:12):",
    "ro Gmail": "În lun., 4 mar. 2024 la 10:12, Ada Brand <ada@example.org> a scris:",
    "ja Gmail": "2024年3月4日(月) 10:12 Ada Brand <ada@example.org>:",
    "zh Gmail": "Ada Brand <ada@example.org> 于2024年3月4日周一 10:12写道：",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
class TestIntroductions:
    def test_a_quote_without_marks_folds(self, introduction: str):
        folded = fold_text(f"{ANSWER}\n\n{introduction}\n\nHallo,\nalter Text\n")
        assert folded.visible.strip() == ANSWER
        assert "alter Text" in folded.quoted

    def test_a_quote_with_marks_folds(self, introduction: str):
        assert fold_text(f"{ANSWER}\n\n{introduction}\n\n> Hallo,\n> alter Text\n").visible.strip() == ANSWER

    def test_a_quote_in_html_without_structure_folds(self, introduction: str):
        lines = introduction.replace("<", "&lt;").replace("\n", "<br>")
        folded = fold_html(f"<div>Meine Antwort.</div><div>{lines}</div><div>alter Text</div>")
        assert folded.visible == "<div>Meine Antwort.</div>"
        assert "alter Text" in folded.quoted


@pytest.mark.parametrize(
    "text",
    [
        "Hallo,\n\nam Montag, 4.3.2024 um 10:00 schrieb ich Ihnen folgendes:\n\nBitte Drucker prüfen.\nDanke",
        "Hi,\n\nthe log says:\n\n2024-03-04 10:12 backup failed for ada@example.org:\n\nwhat to do?",
        "Neue Kollegin:\n\nVon: 1.4.\nAn: IT\n\nBitte Konto anlegen.",
        "Trip\n\nFrom: Cologne\nTo: Hamburg\nDate: 12 May\n\nPlease book.",
        "Hello\n\n-----\n\nSecond part after a rule\n\n-----\nThird",
        "He said:\n\n'call me'\n\nOk?",
        "Im Ticket steht: Am 4.3. schrieb Ada. Stimmt das?\nGruß",
        "One -- two -- three\n\nSent from my desk, is much easier than my mobile phone.",
        # Times, forms and journeys are no header of a mail.
        "Bitte buchen.\n\nVon: 10:00\nBis: 12:00\nDatum: 4.3.2024\nThema: Schulung",
        "Formular\n\n____________________\nName: Ada\nMail: ada@example.org\nDatum: 4.3.2024\n\nBitte anlegen",
        "Die Software fragt:\nAbsender: ?\nEmpfänger: ?\nBetreff: ?\nWas soll ich eintragen?",
        # Somebody tells what a server wrote, or what somebody else wrote to him.
        "Hallo,\n\nAm 4.3.2024 um 10:12 schrieb der Server ins Protokoll:\n\nERROR disk full\n\nWas tun?",
        "Hallo,\n\nAm 4.3.2024 um 10:12 hat mir ada@example.org geschrieben, dass er kaputt ist:\n\nStimmt das?",
        "Hi,\n\n2024-03-04 10:12 ERROR cannot deliver to <ada@example.org>:\nconnection refused\n\nPlease help",
        # A person's own ">".
        "Die Meldung lautet:\n> kein Papier\n> Fach 2\nWas tun?",
        "Der Start dauert\n> 5 Minuten, das ist zu lang.",
        "I wrote a script which does it. Here is the output:\n> error 5\n> error 6\nplease fix",
        "See:\n\n```\nif x\n> one\n> two\n```\n\nWhy?",
        # A divided letter has no signature in its middle, and a list of what to do is no telephone's line.
        "Hallo,\n\nerster Punkt.\n\n---\n\nZweiter Punkt: bitte auch den Drucker im 3. OG prüfen, der ist defekt.\n"
        "Er druckt nur noch leere Seiten und piept dabei laut und lange.\n\nDanke",
        "Bitte helfen:\n\nMail wurde vom iPhone nicht gesendet",
        "Bitte laden Sie Outlook herunter",
        "Get the printer fixed in the mobile office",
        "Bitte Stammdaten ändern auf:\n\nACME GmbH, Amtsgericht Köln, HRB 1234, USt-IdNr. DE123456789",
        "Ich habe eine vertrauliche E-Mail an einen falschen Empfänger bekommen. Was tun?\n\nGruß\nBen",
    ],
)
def test_what_only_looks_like_a_quote_is_shown(text: str):
    assert fold_text(text).visible == text


def element(inner: list[str]) -> str:
    name = ["div", "blockquote type=cite", "p", "div class=gmail_quote"][len("".join(inner)) % 4]
    return f"<{name}>{' '.join(inner)}</{name.split()[0]}>"


class TestP4:
    def test_lines_between_quotes_are_shown(self):
        """P4.2"""
        folded = fold_text(
            "On 4 Mar 2024, at 10:12, Ada <a@x.org> wrote:\n> Where?\n\nThird floor.\n\n> When?\n\nToday.\n"
        )
        assert folded.visible == "Third floor.\n\nToday."
        assert [piece.kind for piece in folded.pieces] == ["quote", "said", "quote", "said"]

    @pytest.mark.parametrize("text", ["> a\n> b", "> a\n\n-- \nAda", "-- \nAda", "Sent from my iPhone", ""])
    def test_nothing_is_folded_if_nothing_would_remain(self, text: str):
        """P4.3"""
        folded = fold_text(text)
        assert (folded.visible, folded.quoted) == (text, "")

    def test_a_mail_passed_on_is_shown(self):
        """P4.4"""
        folded = fold_text("Bitte prüfen.\n\n---------- Forwarded message ---------\nVon: a@x.org\n\nRechnung")
        assert (folded.quoted, folded.said, folded.is_forward) == ("", "Bitte prüfen.", True)
        assert "Rechnung" in folded.visible

    def test_a_line_above_which_to_answer_changes_nothing(self):
        """P4.5"""
        quote = "On 4 Mar 2024, at 10:12, IT <it@x.org> wrote:\n> Which one?\n"
        assert (
            fold_text("A\n\n" + quote + "> ##- reply above this line -##\n").visible
            == fold_text("A\n\n" + quote).visible
        )

    @given(
        st.lists(st.sampled_from(["> a", "b", "", "-- ", "Am 4.3.2024 um 10:12 schrieb A:", "Von: a@b.de", "An: c"]))
    )
    def test_every_line_is_either_visible_or_folded(self, lines: list[str]):
        """P4.1"""
        folded = fold_text("\n".join(lines))
        both = (folded.visible + "\n" + folded.quoted).split("\n")
        assert sorted(line.rstrip() for line in lines if line.strip()) == sorted(
            line.rstrip() for line in both if line.strip()
        )

    @settings(deadline=None)
    @given(
        st.recursive(
            st.sampled_from(["w0", "w1", "<br>", "<hr>"]),
            lambda inner: st.builds(element, st.lists(inner)),
            max_leaves=12,
        )
    )
    def test_both_halves_of_html_are_well_formed_and_hold_all_words(self, html: str):
        folded = fold_html(html)
        words = sorted(text_of_html(folded.whole).split())
        assert sorted((text_of_html(folded.visible) + " " + text_of_html(folded.quoted)).split()) == words
        for half in (folded.visible, folded.quoted):
            assert all(half.count(f"<{name}") == half.count(f"</{name}>") for name in ("div", "blockquote", "p"))


class TestHtmlStructure:
    def test_gmail_answers_between_quotes_are_shown(self):
        folded = fold_html(
            '<div>Above</div><div class="gmail_quote"><div class="gmail_attr">Something wrote:<br></div>'
            '<blockquote class="gmail_quote">one</blockquote><div>mine</div>'
            '<blockquote class="gmail_quote">two</blockquote></div>'
        )
        assert folded.visible == "<div>Above</div><div><div>mine</div></div>"

    def test_outlook_desktop(self):
        folded = fold_html(
            '<p class=MsoNormal>Antwort</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt">'
            "<p><b>Von:</b> Ada<br>"
            "<b>Gesendet:</b> Montag, 4. März 2024 10:12<br><b>An:</b> IT<br><b>Betreff:</b> AW: x</p>"
            "</div></div><p>alt</p>"
        )
        assert folded.visible == "<p>Antwort</p>"

    def test_outlook_web_and_mobile(self):
        folded = fold_html(
            '<div>Antwort</div><div id="ms-outlook-mobile-signature">Outlook</div><hr>'
            '<div id="divRplyFwdMsg">x</div><div>alt</div>'
        )
        assert folded.visible == "<div>Antwort</div>"

    def test_apple_mail(self):
        folded = fold_html(
            'Antwort<div><blockquote type="cite"><div>On 4 Mar 2024, Ada wrote:</div>alt</blockquote></div>'
        )
        assert folded.visible == "Antwort"

    def test_thunderbird_with_signature(self):
        folded = fold_html(
            '<div class="moz-cite-prefix">Am 04.03.24 um 10:12 schrieb Ada:<br></div>'
            '<blockquote type="cite">alt</blockquote>'
            '<p>Antwort</p><div class="moz-signature">-- <br>Ada</div>'
        )
        assert folded.visible == "<p>Antwort</p>"
        assert "Ada" in folded.quoted

    @pytest.mark.parametrize(
        "html",
        [
            "<p>Hi</p><blockquote>indented</blockquote><p>bye</p>",
            "<p>The printer says:</p><blockquote>error 5</blockquote>",
            '<p>Hi</p><blockquote class="gmail_quote">set by Gmail\'s own button</blockquote>',
            "<p>Eins</p><hr><p>Zwei ist auch wichtig, weil sonst niemand mehr drucken kann.</p>"
            "<p>Und drei bitte nicht vergessen, das habe ich schon zweimal gemeldet.</p>",
        ],
    )
    def test_a_persons_own_indent_and_rule_are_shown(self, html: str):
        assert fold_html(html).visible == html.replace(' class="gmail_quote"', "")

    @pytest.mark.parametrize(
        "quote",
        [
            '<div class="protonmail_quote">On Monday Ada wrote:<br><blockquote type="cite" class="protonmail_quote">old'
            "</blockquote></div>",
            '<div class="tutanota_quote_attr">4 Mar 2024 by a@b.c:</div><blockquote class="tutanota_quote">old</blockquote>',
            '<div class="zmail_extra">---- On Mon Ada wrote ----<blockquote>old</blockquote></div>',
            '<div class="missive_quote"><div>On Monday Ada wrote</div><blockquote>old</blockquote></div>',
            '<div class="front-blockquote">On March 4, Ada wrote<blockquote type="cite">old</blockquote></div>',
            '<div name="quote"><div><b>Gesendet:</b> heute</div><div name="quoted-content">old</div></div>',
            '<div name="messageReplySection">Ada wrote:<blockquote type="cite">old</blockquote></div>',
            '<div id="OLK_SRC_BODY_SECTION"><div>old</div></div>',
            '<hr id="zwchr"><div><b>De: </b>x<br></div><div>old</div>',
            '<div id="reply-intro">Ada hat geschrieben</div><blockquote type="cite">old</blockquote>',
            '<div id="mail-editor-reference-message-container"><div>Foo: x</div><div>old</div></div>',
            "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>Sændari:</b> Ada &lt;"
            "a@b.is&gt;<br><b>Dags:</b> 4. mars 2024 10:12<br><b>Viðtakandi:</b> IT</p></div><p>old</p>",
            "<hr>Ada &lt;a@b.c&gt; wrote on 3/4/2024 10:12:<br>old",
            '<blockquote type="cite" class="clean_bq">old</blockquote>',
        ],
    )
    def test_other_programs_quotes_fold(self, quote: str):
        folded = fold_html(f"<p>Antwort</p>{quote}")
        assert text_of_html(folded.visible).strip("- \n") == "Antwort"
        assert "old" in folded.quoted

    def test_marks_of_mail_programs_never_leave(self):
        folded = fold_html('<p name="x">a</p><div name="quote" class="gmail_quote">b</div>')
        assert (folded.visible, "name" in folded.quoted, "class" in folded.quoted) == ("<p>a</p>", False, False)


class TestSignatures:
    @pytest.mark.parametrize(
        "line",
        [
            "-- ",
            "--",
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Wysłane z iPhone'a",
            "Odesláno z iPhonu",
            "iPhone'umdan gönderildi",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Holen Sie sich Outlook für Android",
        ],
    )
    def test_signatures_fold(self, line: str):
        assert fold_text(f"{ANSWER}\n\n{line}\n").visible.strip() == ANSWER

    @pytest.mark.parametrize(
        "line",
        [
            "Sent from my iPhone, sorry for typos",
            "Sent via the Samsung Galaxy S8, an AT&T 4G LTE smartphone",
            "Sent with Proton Mail secure email.",
            "Gesendet mit der GMX iPhone App",
            "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
            "Von meinem Huawei-Mobiltelefon\ngesendet",
            "Envoyé à partir de Outlook pour\niOS<https://aka.ms/o0ukef>",
            "Отправлено из мобильной Почты Mail.ru",
            "Στάλθηκε από το iPhone μου",
            "나의 iPhone에서 보냄",
        ],
    )
    def test_what_telephones_add_folds_in_any_language(self, line: str):
        assert fold_text(f"{ANSWER}\n\n{line}\n").visible.strip() == ANSWER

    def test_what_a_company_must_print_folds_below_the_name(self):
        """P4.3: "Mit freundlichen Grüßen" and the name with its telephone stay."""
        kept = "Geht.\n\nMit freundlichen Grüßen\nBen Wolf\n\nIT-Leiter\nACME GmbH\nTel. +49 221 123"
        footer = (
            "Geschäftsführer: Ada Brand, Ben Wolf | Amtsgericht Köln HRB 1234 | USt-IdNr. DE123456789\n\n"
            "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, informieren "
            "Sie bitte den Absender.\nBitte denken Sie an die Umwelt, bevor Sie diese E-Mail drucken."
        )
        folded = fold_text(f"{kept}\n\n{footer}")
        assert (folded.visible, folded.quoted) == (kept, footer)
        folded = fold_html(f"<p>{kept}</p><p>{footer}</p>".replace("\n", "<br>"))
        assert "Tel. +49 221 123" in folded.visible
        assert "Amtsgericht" not in folded.visible

    def test_another_letter_below_dashes_is_no_signature(self):
        text = "Eins\n--\nHallo Ben,\nbitte melde dich.\nAda"
        assert fold_text(text).visible == text

    def test_a_long_text_after_dashes_is_no_signature(self):
        text = "Eins\n--\n" + "Zeile\n" * 40 + "Ende"
        assert fold_text(text).visible == text
