"""What a mail is made of: words in every form, pictures by every kind of name, mails and odd files in it."""

import pytest

from hauspost.ground.mail.letter import Letter, nested_letter, read_letter

HEAD = "From: Ada Brand <ada@example.org>\r\nTo: it@example.org\r\nSubject: Drucker\r\nMIME-Version: 1.0\r\n"


def mail(*parts: str, kind: str = "mixed") -> Letter:
    return read_letter((HEAD + _multipart(kind, parts)).encode())


def _multipart(kind: str, parts: tuple[str, ...], boundary: str = "b") -> str:
    separator = f"\r\n--{boundary}\r\n"
    return f"Content-Type: multipart/{kind}; boundary={boundary}\r\n{separator}{separator.join(parts)}\r\n--{boundary}--\r\n"


def html(words: str) -> str:
    return f"Content-Type: text/html; charset=utf-8\r\n\r\n{words}"


def picture(*headers: str, name: str = "") -> str:
    kind = f'image/png; name="{name}"' if name else "image/png"
    return "\r\n".join((f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *headers, "", "iVBORw0KGgo="))


class TestWords:
    """P22.6: something sensible for each."""

    def test_several_html_parts_are_each_whole(self):
        """An open tag or comment in one must not swallow what somebody wrote in the next (P4)."""
        letter = mail(html("<p>Eins <!-- offen <a href='x"), html("<blockquote type='cite'>Alt</blockquote>Zwei"))
        assert letter.text == "Eins\n\nAlt\n\nZwei"
        assert "Zwei" in letter.visible_html

    def test_a_quotation_in_a_mail_that_answers_nothing_is_shown(self):
        """P4: a web form's or a described mail's "Von: …" is what somebody wants to tell."""
        words = "Diese Mail bekam ich:\n\nVon: Bank <x@bank.example>\nGesendet: Montag\nBetreff: Ihr Konto\n\nKlicken Sie hier.\n"
        assert "Klicken Sie hier" in read_letter(f"Subject: Phishing?\n\n{words}".encode()).visible_text
        answered = read_letter(f"Subject: AW: Phishing?\n\n{words}".encode())
        assert "Klicken Sie hier" in answered.quoted_text and "Diese Mail bekam ich" in answered.visible_text

    def test_the_style_of_one_part_is_that_of_its_words(self):
        letter = mail(html("<style>p{color:red}</style><p>Eins</p>"), "Content-Type: text/plain\r\n\r\nZwei <b>")
        assert "Zwei &lt;b&gt;" in letter.html

    def test_text_after_a_picture_is_shown(self):
        """Apple Mail: words, a picture, more words."""
        letter = mail("\r\nVorher", picture(name="a.png"), "\r\nNachher")
        assert (letter.text, [file.name for file in letter.attachments]) == ("Vorher\n\nNachher", ["a.png"])

    def test_a_page_for_programs_is_shown_when_there_is_nothing_else(self):
        amp = "Content-Type: text/x-amp-html\r\n\r\n<p>Bitte bestätigen</p>"
        assert mail(amp, kind="alternative").text == "Bitte bestätigen"
        assert mail("\r\nText", amp, html("<p>Seite</p>"), kind="alternative").visible_html == "<p>Seite</p>"

    def test_a_page_without_a_word_gives_way_to_the_text(self):
        letter = mail("\r\nHallo", html("<html><body><br></body></html>"), kind="alternative")
        assert (letter.text, letter.html) == ("Hallo", "")

    def test_a_part_without_a_header_keeps_its_first_line(self):
        assert mail("Erste Zeile\r\nzweite.\r\n\r\nDritte").text == "Erste Zeile\nzweite.\n\nDritte"
        assert read_letter(b"Nur Worte,\nkein Kopf.").text == "Nur Worte,\nkein Kopf."

    @pytest.mark.parametrize("words", ["Hello", "Guten Tag, der Drucker druckt nicht."])
    def test_words_that_are_called_base64_and_are_not(self, words: str):
        assert mail(f"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{words}").text == words

    def test_enriched_text_has_no_commands(self):
        """RFC 1896"""
        words = "<bold>Achtung</bold>: <<x>\r\n<param>red</param>die\r\n\r\nTreppe"
        assert mail(f"Content-Type: text/enriched\r\n\r\n{words}").text == "Achtung: <x> die\nTreppe"


class TestPictures:
    """P20.1, P20.2"""

    @pytest.mark.parametrize(
        ("source", "headers", "name"),
        [
            ("cid:b1@x", ("Content-ID: <b1@x>",), ""),
            ("cid:b1@x", ("Content-ID: b1@x",), ""),
            ("CID:B1@X", ("Content-ID: <b1@x>",), ""),
            ("cid:b%31%40x", ("Content-ID: <b1@x>",), ""),
            ("cid:&lt;b1@x&gt;", ("Content-ID: <b1@x>",), ""),
            ("cid:<b1@x>", ("Content-ID: <b1@x>",), ""),
            ("image001.png", (), "image001.png"),
            ("./Bild%201.png", (), "Bild 1.png"),
            ("image001.png", ("Content-ID: <image001.png@01D9AB12.C3>",), ""),
            ("cid:image001.png@01D9AB12.C3", (), "image001.png"),
            ("cid:image001.png", (), "IMAGE001.png"),
            ("https://x.example/p.png", ("Content-Location: https://x.example/p.png",), ""),
        ],
    )
    def test_a_picture_is_found_by_any_name(self, source: str, headers: tuple[str, ...], name: str):
        letter = mail(html(f'<p>Bild</p><img src="{source}">'), picture(*headers, name=name), kind="related")
        assert [file.is_inline for file in letter.attachments] == [True]
        assert "<img" in letter.visible_html
        assert 'src="cid:' in letter.visible_html

    def test_two_files_of_one_name_are_no_answer(self):
        letter = mail(html('<img src="a.png">'), picture(name="a.png"), picture(name="a.png"))
        assert [file.is_inline for file in letter.attachments] == [False, False]

    def test_what_shows_nothing_stays_in_the_list(self):
        """An id in a background or a link is no picture in the words."""
        page = '<table background="cid:b1@x"><tr><td style="background:url(cid:b1@x)"><a href="cid:b1@x">x</a></td></tr></table>'
        letter = mail(html(page), picture("Content-ID: <b1@x>"), kind="related")
        assert [file.is_inline for file in letter.attachments] == [False]

    def test_one_picture_shown_twice_is_one_file(self):
        letter = mail(html('<img src="cid:b"><img src="cid:b">'), picture("Content-ID: <b>"), kind="related")
        assert [(file.name, file.is_inline) for file in letter.attachments] == [("image.png", True)]


class TestMailsWithin:
    """P22.2"""

    INNER = "From: Ben Kurz <ben@example.org>\r\nSubject: Alt\r\n\r\nDer alte Text."

    @pytest.mark.parametrize(
        ("headers", "name"),
        [
            ("Content-Type: message/rfc822", "Alt.eml"),
            ('Content-Type: message/rfc822; name="Re: Version 2.0"', "Re: Version 2.0.eml"),
            ('Content-Type: message/rfc822; name="brief.txt"', "brief.txt"),
            ('Content-Type: application/octet-stream; name="brief.eml"', "brief.eml"),
        ],
    )
    def test_it_is_a_file_that_can_be_read(self, headers: str, name: str):
        letter = mail("\r\nSiehe Anlage.", f"{headers}\r\n\r\n{self.INNER}")
        assert (letter.text, letter.attachments[0].name) == ("Siehe Anlage.", name)
        assert letter.attachments[0].content == self.INNER.encode()
        inside = nested_letter(letter.attachments[0])
        assert inside
        assert (inside.subject, inside.text) == ("Alt", "Der alte Text.")

    def test_other_files_are_no_mails(self):
        assert nested_letter(mail("\r\nx", picture(name="a.png")).attachments[0]) is None
