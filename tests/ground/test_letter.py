"""Reading letters: what the headers say, what is bounded, and that nothing a stranger sends can stop the desk."""

import json
import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hauspost.ground.mail.letter import Letter, bare_subject, is_forward, letter_as_json, read_letter

LETTERS = sorted((Path(__file__).parent.parent / "letters").glob("*.eml"))
HEAD = b"From: Ada Brand <ada@example.org>\r\nTo: it@example.org\r\nSubject: Drucker\r\nMIME-Version: 1.0\r\n"


def mixed(*parts: bytes) -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + b"\r\n--b\r\n".join(parts)
        + b"\r\n--b--\r\n"
    )


def with_header(line: str, body: str = "Hallo") -> Letter:
    return read_letter(HEAD + line.encode() + b"\r\n\r\n" + body.encode())


class TestHeaders:
    def test_ids_are_read_without_brackets_and_free_text(self):
        letter = with_header(
            "Message-ID: <a@x>\r\nIn-Reply-To: Your mail of Monday <b@x>\r\nReferences: <c@x>\r\n <b@x> <c@x>"
        )
        assert (letter.message_id, letter.in_reply_to, letter.references) == ("a@x", ("b@x",), ("c@x", "b@x"))

    def test_a_date_becomes_utc(self):
        assert str(with_header("Date: Mon, 4 Mar 2024 10:12:00 +0100").date) == "2024-03-04 09:12:00+00:00"

    @pytest.mark.parametrize("date", ["", "gestern", "Mon, 99 Foo 2024", "Mon, 4 Mar 99999 10:12:00 +9999999"])
    def test_an_absurd_date_is_none(self, date: str):
        assert with_header(f"Date: {date}").date is None

    def test_a_null_return_path_differs_from_an_unknown_one(self):
        assert with_header("Return-Path: <>").return_path == ""
        assert with_header("X-Nothing: 1").return_path is None

    def test_authentication_results_and_our_own_headers_keep_their_order(self):
        letter = with_header(
            "Authentication-Results: a; spf=pass\r\nX-Hauspost-Loop: 1\r\nAuthentication-Results: b; dkim=fail"
        )
        assert letter.authentication_results == ("a; spf=pass", "b; dkim=fail")
        assert letter.own_headers == (("x-hauspost-loop", "1"),)

    def test_a_long_subject_is_kept_whole(self):
        """P3.3: cutting is for the page."""
        assert with_header("X: y").subject == "Drucker"
        assert len(read_letter(b"Subject: " + b"x" * 2000 + b"\r\n\r\nHallo").subject) == 2000

    def test_line_ends_and_nul_add_no_header(self):
        """S20, P21.5: encoded line ends in names, subjects and file names become spaces."""
        letter = read_letter(
            b"From: =?utf-8?q?Ada=0D=0ABcc:_x@y?= <ada@example.org>\r\n"
            b"Subject: =?utf-8?q?a=0D=0ABcc:=00_x?=\r\nMIME-Version: 1.0\r\n"
            b"Content-Disposition: attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201%00.txt\r\n\r\nx"
        )
        told = [letter.subject, letter.from_[0].name, letter.attachments[0].name, letter.attachments[0].declared_name]
        assert not any(character in text for text in told for character in "\r\n\0")

    def test_a_comma_in_an_unquoted_name_parts_nobody(self):
        letter = read_letter(b"From: Brand, Ada <ada@example.org>\r\nTo: Team: a@x.org, B <b@x.org>;, c@x.org\r\n\r\n")
        assert (letter.from_[0].name, letter.from_[0].address) == ("Brand, Ada", "ada@example.org")
        assert [box.address for box in letter.to] == ["a@x.org", "b@x.org", "c@x.org"]


class TestOrigin:
    @pytest.mark.parametrize(
        "line",
        [
            "Auto-Submitted: auto-generated",
            "List-Id: <alle.example.org>",
            "List-Unsubscribe: <mailto:x@y>",
            "Precedence: bulk",
            "Precedence: list",
            "Precedence: junk",
            "X-Auto-Response-Suppress: All",
            "Return-Path: <>",
            "Content-Type: multipart/report; boundary=b",
        ],
    )
    def test_machines_are_never_answered(self, line: str):
        """P7.2"""
        assert with_header(line).is_automatic

    @pytest.mark.parametrize(
        "address", ["no-reply", "noreply", "do-not-reply", "MAILER-DAEMON", "postmaster", "bounces+1"]
    )
    def test_senders_that_read_no_mail_are_never_answered(self, address: str):
        """P7.2"""
        assert read_letter(f"From: {address}@example.org\r\n\r\nx".encode()).automatic_reason == "machine-sender"

    def test_a_person_is_no_machine(self):
        letter = with_header("Auto-Submitted: no\r\nX-Auto-Response-Suppress: None")
        assert (letter.is_automatic, letter.automatic_reason, letter.is_automatic_reply) == (False, "", False)

    @pytest.mark.parametrize(
        "subject",
        [
            "Automatic reply: Printer",
            "Out of Office: Printer",
            "Automatische Antwort: Drucker",
            "Abwesenheitsnotiz: Drucker",
            "Réponse automatique : Imprimante",
            "Absence du bureau : Imprimante",
            "Respuesta automática: Impresora",
            "Fuera de la oficina: Impresora",
            "Risposta automatica: Stampante",
            "Automatisch antwoord: Printer",
            "Afwezig: Printer",
            "Automatyczna odpowiedź: Drukarka",
            "Resposta automática: Impressora",
            "Automatická odpověď: Tiskárna",
            "Otomatik yanıt: Yazıcı",
            "Autosvar: Printer",
            "Automatiskt svar: Skrivare",
            "Автоответ: Принтер",
            "自動応答: プリンタ",
            "Re: Automatic reply: Printer",
        ],
    )
    def test_absence_is_known_by_its_subject_in_many_languages(self, subject: str):
        """P13.1"""
        letter = read_letter(f"From: a@example.org\r\nSubject: {subject}\r\n\r\nx".encode())
        assert letter.is_automatic_reply
        assert letter.is_automatic

    @pytest.mark.parametrize(
        "subject", ["Drucker antwortet nicht automatisch", "Urlaub beantragen", "Im Büro 12", "Reply"]
    )
    def test_words_amid_a_subject_make_no_absence(self, subject: str):
        assert not read_letter(f"From: a@example.org\r\nSubject: {subject}\r\n\r\nx".encode()).is_automatic_reply

    def test_upstream_spam_marks_are_heard(self):
        assert with_header("X-Spam-Flag: YES").is_spam
        assert with_header("X-Spam-Status: Yes, score=9").is_spam
        assert not with_header("X-Spam-Status: No, score=1").is_spam

    def test_a_delay_is_no_bounce(self):
        letter = read_letter(
            b"From: MAILER-DAEMON@x.org\r\nSubject: Delayed\r\nContent-Type: multipart/report; "
            b"report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nStill trying.\r\n--b\r\n"
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
            b"Final-Recipient: rfc822; a@y.org\r\nAction: delayed\r\nStatus: 4.4.1\r\n--b--\r\n"
        )
        assert (letter.is_dsn, letter.is_bounce, letter.bounces[0].action) == (True, False, "delayed")


class TestSubjects:
    @pytest.mark.parametrize(
        ("subject", "bare"),
        [
            ("AW: WG: Re[2]: Fwd: Drucker", "Drucker"),
            ("antw: Drucker", "Drucker"),
            ("TR : Imprimante", "Imprimante"),
            ("RV: SV: VS: Impresora", "Impresora"),
            ("Odp: Drukarka", "Drukarka"),
            ("YNT: Yazıcı", "Yazıcı"),
            ("回复：打印机", "打印机"),
            ("Re(3): x", "x"),
            ("RE:RE:RE: x", "x"),
            ("Reparatur: Stuhl", "Reparatur: Stuhl"),
            ("An: alle", "An: alle"),
            ("", ""),
        ],
    )
    def test_prefixes_fall_away(self, subject: str, bare: str):
        """P8.7"""
        assert bare_subject(subject) == bare

    @pytest.mark.parametrize("subject", ["WG: x", "Fwd: x", "FW: x", "TR: x", "wg: AW: x"])
    def test_a_forward_is_known_by_its_prefix(self, subject: str):
        """P8.7"""
        assert is_forward(subject)

    def test_an_answer_to_a_forward_is_no_forward(self):
        assert not is_forward("AW: WG: x")


class TestFiles:
    def test_a_mail_in_a_mail_stays_byte_identical(self):
        """P22.2, P22.4"""
        inner = b"From: Ben <ben@example.org>\r\nSubject: Alt\r\nX-Odd:   spaces \r\n\r\nDer alte Text.\r\n\r\n  Ende"
        letter = read_letter(mixed(b"\r\nSiehe Anlage.", b"Content-Type: message/rfc822\r\n\r\n" + inner))
        assert letter.attachments[0].content == inner
        assert letter.attachments[0].name == "Alt.eml"
        assert letter.text == "Siehe Anlage."

    def test_a_picture_given_as_data_becomes_a_file(self):
        html = (
            b'Content-Type: text/html\r\n\r\n<p>x</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">'
        )
        letter = read_letter(HEAD + html)
        assert letter.attachments[0].content.startswith(b"GIF89a")
        assert letter.attachments[0].is_inline
        assert "data:" not in letter.html

    def test_winmail_dat_is_opened_and_kept(self):
        """P22.1"""
        letter = read_letter(
            mixed(b"\r\nSiehe Datei.", b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n" + tnef())
        )
        assert [(file.name, file.content) for file in letter.attachments[1:]] == [("hallo.txt", b"Guten Tag")]
        assert letter.attachments[0].name == "winmail.dat"
        assert not letter.has_unopened_tnef

    def test_a_damaged_winmail_dat_is_kept_and_said(self):
        """P22.1"""
        letter = read_letter(mixed(b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nno tnef at all"))
        assert letter.has_unopened_tnef
        assert letter.attachments[0].content == b"no tnef at all"

    @pytest.mark.parametrize(
        ("declared", "name"),
        [
            ("..\\\\..\\\\boot.ini", "boot.ini"),
            ("a/b/c.txt", "c.txt"),
            ("NUL", "_NUL"),
            ("...", "application.pdf"),
            ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
            ("a\u202egpj.exe", "agpj.exe"),
        ],
    )
    def test_names_are_made_harmless(self, declared: str, name: str):
        """P22.3"""
        part = f'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="{declared}"\r\n\r\nx'
        assert read_letter(mixed(part.encode())).attachments[0].name == name


def tnef() -> bytes:
    """The smallest winmail.dat: one file."""

    def attribute(level: int, identity: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, identity, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    rendering = attribute(2, 0x00069002, bytes(14))
    title = attribute(2, 0x00018010, b"hallo.txt\0")
    data = attribute(2, 0x0006800F, b"Guten Tag")
    return struct.pack("<IH", 0x223E9F78, 1) + rendering + title + data


class TestBounds:
    """S19: over a limit a letter has a fault and its headers, and is not read further."""

    def test_too_many_parts(self):
        letter = read_letter(mixed(*[b"\r\nx"] * 1001))
        assert (letter.fault, letter.subject, letter.text) == ("too_many_parts", "Drucker", "")

    def test_a_thousand_parts_are_fine(self):
        assert read_letter(mixed(*[b"\r\nx"] * 990)).fault == ""

    @pytest.mark.parametrize(("depth", "fault"), [(45, ""), (60, "too_deep"), (5000, "too_deep")])
    def test_too_deep(self, depth: int, fault: str):
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)
        )
        assert read_letter(HEAD + nested + b"\r\nx").fault == fault

    def test_too_long_headers(self):
        letter = read_letter(HEAD + b"X-Junk: 1234567890\r\n" * 60_000 + b"\r\nx")
        assert (letter.fault, letter.sender and letter.sender.address) == ("headers_too_long", "ada@example.org")

    def test_too_many_recipients(self):
        letter = read_letter(b"Cc: " + b"a@x.org, " * 5001 + b"\r\nFrom: b@x.org\r\n\r\nx")
        assert (letter.fault, letter.cc) == ("too_many_recipients", ())

    def test_long_html_is_shown_in_part_and_kept_as_a_file(self):
        html = b"<p>" + b"x" * 2_100_000 + b"</p>"
        letter = read_letter(HEAD + b"Content-Type: text/html\r\n\r\n" + html)
        assert letter.attachments[0].content == html
        assert len(letter.html) < 2_000_100

    def test_nesting_mails_costs_nothing(self):
        assert read_letter((HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 2000).fault == ""


class TestNothingStopsIt:
    @pytest.mark.parametrize(
        "raw", [b"", b"\n", b"\r", b"\0", b"\xff" * 1000, b"From: ", b":", b"From \n", b" \n \n", b"--\n"]
    )
    def test_no_mail_at_all(self, raw: bytes):
        assert isinstance(read_letter(raw), Letter)

    def test_two_hundred_mutated_letters(self):
        """P1.1: none raises, and each can be written as JSON in UTF-8."""
        chance = random.Random(4)
        sources = [path.read_bytes() for path in LETTERS]
        for _ in range(200):
            letter = read_letter(mutated(chance, sources))
            assert letter.fault != "unreadable"
            letter_as_json(letter).encode()

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400))
    def test_any_header(self, junk: bytes):
        for name in (b"From", b"Subject", b"Content-Type", b"Content-Disposition", b"Date", b"References"):
            assert read_letter(name + b": " + junk + b"\r\n\r\nx").fault != "unreadable"

    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=300), st.sampled_from(["plain", "html"]))
    def test_any_text_can_be_stored(self, text: str, kind: str):
        """P21.5"""
        raw = HEAD + f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{text}".encode("utf-8", "surrogatepass")
        letter = read_letter(raw)
        told = letter.text + letter.html + letter.visible_text + letter.visible_html
        assert "\0" not in told
        told.encode()


def mutated(chance: random.Random, sources: list[bytes]) -> bytes:
    raw = bytearray(chance.choice(sources))
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(raw) + 1)
        match chance.randrange(4):
            case 0:
                raw[place:place] = chance.choice(
                    [b"\0", b'"', b"<", b"=?", b"\r", b"\n\n", b"\xff", b"--b", b"charset=utf-16", b"("]
                )
            case 1:
                del raw[place : place + chance.randint(1, 40)]
            case 2:
                other = chance.choice(sources)
                start = chance.randrange(len(other))
                raw[place:place] = other[start : start + 200]
            case _ if raw:
                raw[min(place, len(raw) - 1)] = chance.randrange(256)
    return bytes(raw)


def test_json_tells_sizes_and_digests_instead_of_bytes():
    told = json.loads(letter_as_json(read_letter((LETTERS[0].parent / "odd-names.eml").read_bytes())))
    assert told["from"] == [{"name": "Ada Brand", "address": "ada@example.org"}]
    assert told["attachments"][0]["size_bytes"] == 5
    assert len(told["attachments"][0]["sha256"]) == 64
    assert "content" not in told["attachments"][0]
