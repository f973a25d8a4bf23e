"""Mails that an agent passes on for somebody else: whose they are, when, about what, and what he wrote above (P30)."""

from datetime import UTC, datetime

import pytest

from hauspost.ground.mail.letter import Forwarded, Letter, read_letter


def passed_on(body: str, *, subject: str = "WG: Drucker", kind: str = "plain", date: str = "+0100") -> Letter:
    head = f"From: Eva Agent <eva@example.org>\r\nTo: it@example.org\r\nSubject: {subject}\r\n"
    head += f"Date: Tue, 05 Mar 2024 09:00:00 {date}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    return read_letter((head + body).encode())


# Each program's header in its language, over the same words of the same person.
HEADERS = {
    "outlook-de": "Von: Max Muster <max@example.org>\nGesendet: Montag, 4. März 2024 10:12\nAn: Eva Agent\nCc: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nBetreff: Drucker\n",
    "outlook-en": "From: Max Muster <max@example.org>\nSent: Monday, March 4, 2024 10:12 AM\nTo: Eva Agent <eva@example.org>\nCc: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nSubject: Drucker\nImportance: High\n",
    "outlook-fr": "De : Max Muster <max@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : Eva Agent\nCc : Ben Kurz <ben@example.org>; Ada <ada@example.org>\nObjet : Drucker\n",
    "outlook-es": "De: Max Muster <max@example.org>\nEnviado el: lunes, 4 de marzo de 2024 10:12\nPara: Eva Agent\nCC: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nAsunto: Drucker\n",
    "outlook-it": "Da: Max Muster <max@example.org>\nInviato: lunedì 4 marzo 2024 10:12\nA: Eva Agent\nCc: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nOggetto: Drucker\n",
    "outlook-nl": "Van: Max Muster <max@example.org>\nVerzonden: maandag 4 maart 2024 10:12\nAan: Eva Agent\nCC: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nOnderwerp: Drucker\n",
    "outlook-pl": "Od: Max Muster <max@example.org>\nWysłano: poniedziałek, 4 marca 2024 10:12\nDo: Eva Agent\nDW: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nTemat: Drucker\n",
    "outlook-pt": "De: Max Muster <max@example.org>\nEnviado: segunda-feira, 4 de março de 2024 10:12\nPara: Eva Agent\nCc: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nAssunto: Drucker\n",
    "outlook-cs": "Od: Max Muster <max@example.org>\nOdesláno: pondělí 4. března 2024 10:12\nKomu: Eva Agent\nKopie: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nPředmět: Drucker\n",
    "outlook-tr": "Kimden: Max Muster <max@example.org>\nGönderildi: 4 Mart 2024 Pazartesi 10:12\nKime: Eva Agent\nBilgi: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nKonu: Drucker\n",
    "outlook-old": "-----Ursprüngliche Nachricht-----\nVon: Max Muster [mailto:max@example.org]\nGesendet: Montag, 4. März 2024 10:12\nAn: Eva Agent\nCc: Ben Kurz [mailto:ben@example.org]; Ada [mailto:ada@example.org]\nBetreff: Drucker\n",
    "owa": "________________________________\nVon: Max Muster <max@example.org<mailto:max@example.org>>\nGesendet: Montag, 4. März 2024 10:12:00\nAn: Eva Agent\nCc: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nBetreff: Drucker\n",
    "gmail-en": "---------- Forwarded message ---------\nFrom: *Max Muster* <max@example.org>\nDate: Mon, 4 Mar 2024 at 10:12\nSubject: Drucker\nTo: Eva Agent <eva@example.org>\nCc: Ben Kurz <ben@example.org>, Ada <ada@example.org>\n",
    "gmail-de": "---------- Forwarded message ---------\nVon: Max Muster <max@example.org>\nDate: Mo., 4. März 2024 um 10:12 Uhr\nSubject: Drucker\nTo: Eva Agent <eva@example.org>\nCc: Ben Kurz <ben@example.org>, Ada <ada@example.org>\n",
    "thunderbird": "-------- Weitergeleitete Nachricht --------\nBetreff: \tDrucker\nDatum: \tMon, 4 Mar 2024 10:12:00 +0100\nVon: \tMax Muster <max@example.org>\nOrganisation: \tFirma\nAn: \tEva Agent <eva@example.org>\nKopie (CC): \tBen Kurz <ben@example.org>, Ada <ada@example.org>\n",
    "apple": "Anfang der weitergeleiteten Nachricht:\n\n> Von: Max Muster <max@example.org>\n> Betreff: Drucker\n> Datum: 4. März 2024 um 10:12:00 MEZ\n> An: Eva Agent <eva@example.org>\n> Kopie: Ben Kurz <ben@example.org>, Ada <ada@example.org>\n>",
    "ios": "Anfang der weitergeleiteten Nachricht:\n\nVon: Max Muster <max@example.org>\nDatum: 4. März 2024 um 10:12:00 MEZ\nAn: Eva Agent <eva@example.org>\nKopie: Ben Kurz <ben@example.org>, Ada <ada@example.org>\nBetreff: Drucker\n",
    "notes": '----- Weitergeleitet von Eva Agent/Firma am 05.03.2024 08:00 -----\n\nVon:\t"Max Muster" <max@example.org>\nAn:\t<eva@example.org>\nKopie:\t"Ben Kurz" <ben@example.org>, Ada <ada@example.org>\nDatum:\t04.03.2024 10:12\nBetreff:\tDrucker\n',
    "gmx": 'Gesendet: Montag, 04. März 2024 um 10:12 Uhr\nVon: "Max Muster" <max@example.org>\nAn: eva@example.org\nCc: "Ben Kurz" <ben@example.org>, Ada <ada@example.org>\nBetreff: Drucker\n',
    "yahoo": "----- Forwarded Message -----\nFrom: Max Muster <max@example.org>\nTo: Eva Agent <eva@example.org>\nCc: Ben Kurz <ben@example.org>; Ada <ada@example.org>\nSent: Monday, March 4, 2024 at 10:12:00 AM GMT+1\nSubject: Drucker\n",
}
WORDS = "Der Drucker druckt nicht.\nAn: dich die Frage, warum.\n\nGruß, Max"


def is_max(found: Forwarded | None) -> Forwarded:
    assert found
    assert (found.sender.name, found.sender.address) == ("Max Muster", "max@example.org")
    assert found.subject == "Drucker"
    assert found.date == datetime(2024, 3, 4, 9, 12, tzinfo=UTC)
    assert [box.address for box in found.cc] == ["ben@example.org", "ada@example.org"]
    return found


@pytest.mark.parametrize("program", HEADERS)
def test_a_mail_passed_on_as_text_is_its_senders(program: str):
    """P30.1, P8.7: requester, date, subject without prefixes and copies, from the header of every program."""
    words = "\n".join("> " + line for line in WORDS.split("\n")) if program == "apple" else WORDS
    letter = passed_on(f"Kümmert ihr euch?\n\nEva\n\n{HEADERS[program]}\n{words}")
    found = is_max(letter.forwarded)
    assert found.text_above == "Kümmert ihr euch?\n\nEva"
    assert found.text == WORDS
    assert not found.is_attached
    assert letter.is_forwarded


@pytest.mark.parametrize("program", HEADERS)
def test_a_mail_passed_on_as_html_is_its_senders(program: str):
    """P30.1: from line breaks, as web programs write it; the halves are whole and safe."""
    words = (
        HEADERS[program]
        .replace("\n> ", "\n")
        .rstrip(">\n")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )
    header = "<br>".join(words.split("\n"))
    letter = passed_on(
        f"<div><p>Kümmert <b>ihr</b> euch?</p><div>{header}<br><br><p>Der Drucker <i>druckt</i> nicht.</p></div></div>",
        kind="html",
    )
    found = is_max(letter.forwarded)
    assert found.html_above == "<div><p>Kümmert <b>ihr</b> euch?</p></div>"
    assert found.html.endswith("<p>Der Drucker <i>druckt</i> nicht.</p></div></div>")
    assert "Muster" not in found.html
    assert (found.text_above, found.text) == ("Kümmert ihr euch?", "Der Drucker druckt nicht.")


MARKUP = {
    "outlook": '<div class="WordSection1"><p class="MsoNormal">Bitte übernehmen.</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>Von:</b> Max Muster &lt;max@example.org&gt; <br><b>Gesendet:</b> Montag, 4. März 2024 10:12<br><b>An:</b> Eva Agent<br><b>Cc:</b> Ben Kurz &lt;ben@example.org&gt;; Ada &lt;ada@example.org&gt;<br><b>Betreff:</b> Drucker</p></div></div><p class="MsoNormal">Der Drucker druckt nicht.</p></div>',
    "outlook-web": '<div>Bitte übernehmen.</div><hr style="width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font><b>Von:</b> Max Muster &lt;max@example.org&gt;<br><b>Gesendet:</b> Montag, 4. März 2024 10:12<br><b>An:</b> Eva Agent<br><b>Cc:</b> Ben Kurz &lt;ben@example.org&gt;; Ada &lt;ada@example.org&gt;<br><b>Betreff:</b> Drucker</font><div>&nbsp;</div></div><div>Der Drucker druckt nicht.</div>',
    "gmail": '<div dir="ltr">Bitte übernehmen.<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>Von: <strong class="gmail_sendername" dir="auto">Max Muster</strong> <span dir="auto">&lt;<a href="mailto:max@example.org">max@example.org</a>&gt;</span><br>Date: Mo., 4. März 2024 um 10:12 Uhr<br>Subject: Drucker<br>To: Eva &lt;<a href="mailto:eva@example.org">eva@example.org</a>&gt;<br>Cc: Ben Kurz &lt;ben@example.org&gt;, Ada &lt;ada@example.org&gt;<br></div><br><br>Der Drucker druckt nicht.</div></div>',
    "thunderbird": '<p>Bitte übernehmen.</p><div class="moz-forward-container"><br>-------- Weitergeleitete Nachricht --------<table class="moz-email-headers-table"><tbody><tr><th align="RIGHT">Betreff: </th><td>Drucker</td></tr><tr><th>Datum: </th><td>Mon, 4 Mar 2024 10:12:00 +0100</td></tr><tr><th>Von: </th><td>Max Muster <a href="mailto:max@example.org">&lt;max@example.org&gt;</a></td></tr><tr><th>An: </th><td>eva@example.org</td></tr><tr><th>CC: </th><td>ben@example.org, ada@example.org</td></tr></tbody></table><br>Der Drucker druckt nicht.</div>',
    "apple": '<div>Bitte übernehmen.<br><div><br><blockquote type="cite"><div>Anfang der weitergeleiteten Nachricht:</div><br><div style="margin:0"><span><b>Von: </b></span><span>Max Muster &lt;<a href="mailto:max@example.org">max@example.org</a>&gt;<br></span></div><div><span><b>Betreff: </b></span><span><b>Drucker</b><br></span></div><div><b>Datum: </b>4. März 2024 um 10:12:00 MEZ<br></div><div><b>An: </b>Eva &lt;eva@example.org&gt;<br></div><div><b>Kopie: </b>ben@example.org, ada@example.org<br></div><br><div><div>Der Drucker druckt nicht.</div></div></blockquote></div></div>',
}


@pytest.mark.parametrize("program", MARKUP)
def test_the_markup_of_each_program(program: str):
    """P30.1"""
    found = is_max(passed_on(MARKUP[program], kind="html").forwarded)
    assert (found.text_above, found.text) == ("Bitte übernehmen.", "Der Drucker druckt nicht.")


class TestAttached:
    def mail(self, subject: str, words: str, inner: str = "Drucker", count: int = 1) -> Letter:
        head = f"From: eva@example.org\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{words}\r\n"
        part = (
            "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: Max Muster <max@example.org>\r\nTo: eva@example.org\r\n"
            f"Cc: ben@example.org, ada@example.org\r\nSubject: {inner}\r\nDate: Mon, 4 Mar 2024 10:12:00 +0100\r\n"
            "Message-ID: <m1@example.org>\r\n\r\nDer Drucker druckt nicht.\r\n"
        )
        return read_letter((head + part * count + "--b--").encode())

    @pytest.mark.parametrize(("subject", "words"), [("WG: Drucker", "Bitte."), ("Drucker", "Bitte."), ("Fall 7", "")])
    def test_a_mail_passed_on_as_a_file_is_its_senders(self, subject: str, words: str):
        """P30.1: by its subject's prefix, by the same subject, or as there is nothing else."""
        found = is_max(self.mail(subject, words).forwarded)
        assert (found.text_above, found.text, found.is_attached) == (words, "Der Drucker druckt nicht.", True)
        assert found.message_id == "m1@example.org"

    def test_a_mail_beside_other_words_is_a_file(self):
        """P30.3"""
        assert self.mail("Beschwerde", "Seht euch das an.").forwarded is None
        assert self.mail("WG: Drucker", "Zwei.", count=2).forwarded is None

    def test_mails_in_mails_end(self):
        """S19"""
        raw = b"".join(b"From: a%d@x.org\r\nContent-Type: message/rfc822\r\n\r\n" % number for number in range(1000))
        assert read_letter(raw).forwarded is not None


class TestNotCertain:
    def test_an_answer_over_an_outlook_quotation_is_none(self):
        """P30.2: an address in a quotation is nobody's request."""
        letter = passed_on(f"Erledigt.\n\n{HEADERS['outlook-de']}\n{WORDS}", subject="AW: Drucker")
        assert (letter.forwarded, letter.forwarded_address_hint) == (None, "")

    def test_what_somebody_quoted_was_passed_on_by_somebody_else(self):
        body = f"Nein.\n\nAm Mo., 4. März 2024 um 10:12 Uhr schrieb Ada <ada@example.org>:\n\n> Hallo\n>\n> {HEADERS['gmail-en']}"
        assert passed_on(body, subject="AW: Drucker").forwarded is None

    def test_a_name_without_an_address_is_asked_about(self):
        """P30.3: Outlook leaves the address of a colleague away."""
        header = "Von: Max Muster\nGesendet: Montag, 4. März 2024 10:12\nAn: Eva Agent\nBetreff: Drucker\n"
        letter = passed_on(f"{header}\nHallo, Gruß, max@example.org")
        assert (letter.forwarded, letter.forwarded_address_hint) == (None, "max@example.org")
        assert passed_on(f"{header}\nHallo").forwarded_address_hint == ""
        assert passed_on(f"{header}\nan a@example.org und b@example.org").forwarded_address_hint == ""

    def test_prose_with_colons_is_no_header(self):
        letter = passed_on("Von: hier\nAn: dort\n\nEtwas ganz anderes: max@example.org")
        assert (letter.forwarded, letter.forwarded_address_hint) == (None, "max@example.org")

    def test_the_first_of_several_counts(self):
        body = f"{HEADERS['outlook-de']}\nSiehe unten.\n\n{HEADERS['outlook-de'].replace('max@', 'zoe@')}\nAlt"
        assert is_max(passed_on(body).forwarded).text.startswith("Siehe unten.\n\nVon: Max Muster <zoe@")

    def test_a_machines_mail_is_nobodys_request(self):
        assert passed_on(HEADERS["gmail-en"] + "\nx", subject="Automatische Antwort: WG: Drucker").forwarded is None


@pytest.mark.parametrize(
    ("written", "zone", "utc"),
    [
        ("Monday, March 4, 2024 10:12 PM", "+0100", (3, 4, 21, 12)),
        ("Mon, 4 Mar 2024 12:05:00 -0500", "+0100", (3, 4, 17, 5)),
        ("03/04/2024 10:12 AM", "-0500", (3, 4, 15, 12)),
        ("04/03/2024 10:12 UTC", "+0000", (3, 4, 10, 12)),
        ("2024年3月4日 10:12", "+0900", (3, 4, 1, 12)),
        ("2024-03-04 10:12", "+0100", (3, 4, 9, 12)),
        ("04.03.24 10:12", "+0100", (3, 4, 9, 12)),
        ("lundi 4 mars 2024 à 10h12", "+0100", (3, 4, 9, 12)),
        ("понедельник, 4 марта 2024 г. 10:12", "+0300", (3, 4, 7, 12)),
        ("12/02/2024 10:12", "+0100", (2, 12, 9, 12)),
    ],
)
def test_dates_in_words(written: str, zone: str, utc: tuple[int, int, int, int]):
    """P30.1: the forwarder's zone where none is named; never later than the mail that passed it on."""
    header = f"From: max@example.org\nDate: {written}\nTo: eva@example.org\nSubject: x\n"
    found = passed_on(header + "\nHallo", date=zone).forwarded
    assert found
    assert found.date == datetime(2024, *utc, tzinfo=UTC)


def test_a_date_has_no_zone_where_neither_it_nor_the_one_who_passed_it_on_tells_one():
    """P30.1: Exchange dates every mail in UTC, wherever it was written; who reads the date knows the desk's zone."""
    found = passed_on(
        "From: max@example.org\nSent: 4 March 2024 09:12\nTo: eva@example.org\nSubject: x\n\nHi", date="+0000"
    )
    assert found.forwarded
    assert found.forwarded.date == datetime(2024, 3, 4, 9, 12)
