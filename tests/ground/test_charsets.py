"""Words in whatever charset a mail names, misnames or forgets, in bodies, headers and file names (P21)."""

import json

import pytest

from hauspost.ground.mail.letter import Letter, letter_as_json, read_letter

UMLAUTS = "Grüße – schön"


def body(content: bytes, kind: str = "text/plain") -> str:
    return read_letter(b"From: a@x.example\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + content).text


def headers(raw: bytes) -> Letter:
    return read_letter(raw + b"\r\n\r\nx")


class TestBodies:
    @pytest.mark.parametrize(
        ("charset", "codec"),
        [
            ("utf8", "utf-8"),
            ("utf-8;", "utf-8"),
            ("UTF8-MAC", "utf-8"),
            ("cp-850", "cp850"),
            ("DOS-850", "cp850"),
            ('"iso-8859-1 "', "cp1252"),
            ("iso-8859-1", "cp1252"),
            ("ISO8859_15", "iso8859-15"),
            ("win-1252", "cp1252"),
            ("windows-1252http-equivcontent-type", "cp1252"),
            ("x-mac-ce", "mac_latin2"),
            ("65001", "utf-8"),
            ("cp28591", "cp1252"),
            ("unknown-8bit", "cp1252"),
            ("x-user-defined", "utf-8"),
            ("x-unknown", "utf-8"),
            ("klingon", "cp1252"),
            ("us-ascii", "utf-8"),
            ("unicode-1-1-utf-7", "utf-7"),
        ],
    )
    def test_a_charset_is_known_by_whatever_name(self, charset: str, codec: str):
        """P21.1"""
        text = UMLAUTS if codec not in ("cp850", "iso8859-15", "mac_latin2") else "Grüße"
        assert body(text.encode(codec), f"text/plain; charset={charset}") == text

    @pytest.mark.parametrize(
        ("charset", "codec", "text"),
        [
            ("gb2312", "gb18030", "朱镕基的打印机"),
            ("iso-2022-jp", "iso2022_jp", "三階のプリンタ"),
            ("eucJP-ms", "euc_jp", "三階のプリンタ"),
            ("Shift_JIS", "cp932", "①㈱プリンタ"),
            ("ks_c_5601-1987", "cp949", "똠방각하 프린터"),
            ("big5", "big5hkscs", "印表機壞了"),
            ("windows-1251", "cp1251", "Принтер сломался"),
            ("koi8-r", "koi8-r", "Принтер сломался"),
            ("iso-8859-2", "iso8859-2", "Tiskárna nefunguje, prosím"),
            ("iso-8859-9", "cp1254", "Yazıcı çalışmıyor"),
            ("iso-8859-8-i", "cp1255", "המדפסת תקועה"),
            ("tis-620", "cp874", "เครื่องพิมพ์เสีย"),
            ("utf-16", "utf-16", UMLAUTS),
            ("utf-16", "utf-16-be", UMLAUTS),
            ("utf-16", "utf-16-le", UMLAUTS),
        ],
    )
    def test_words_of_many_languages(self, charset: str, codec: str, text: str):
        """P21.1: also where the programs write more than the charset they name has."""
        encoded = f"text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64"
        from base64 import encodebytes

        assert body(encodebytes(text.encode(codec)), encoded) == text

    def test_what_only_calls_itself_sixteen_bit_is_read(self):
        assert body(b"Drucker", "text/plain; charset=utf-16") == "Drucker"

    @pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "iso-8859-15", "windows-1251", "us-ascii"])
    def test_utf8_under_a_wrong_label_is_read_as_utf8(self, charset: str):
        assert body(UMLAUTS.encode(), f"text/plain; charset={charset}") == UMLAUTS

    def test_utf8_that_is_none_is_windows_text(self):
        assert body("Grüße".encode("cp1252"), "text/plain; charset=utf-8") == "Grüße"

    def test_html_may_name_its_charset_itself(self):
        """P21.1"""
        html = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Привет</p>'
        assert body(html.encode("cp1251"), "text/html") == "Привет"

    def test_undecodable_bytes_are_seen_and_cut_nothing(self):
        """P21.1"""
        told = body("Anfang ä".encode() + b"\xff\xc3" + "ö Ende".encode(), "text/plain; charset=utf-8")
        assert told.startswith("Anfang ä")
        assert told.endswith("ö Ende")
        assert "\ufffd" in told

    @pytest.mark.parametrize(
        "charset", ["utf-8", "utf-7", "iso-2022-jp", "hz", "gb18030", "utf-32", "x-nothing", "cp1252"]
    )
    def test_any_bytes_in_any_charset_can_be_stored(self, charset: str):
        """P21.5: no NUL, no lone surrogate."""
        letter = read_letter(
            f"Subject: a\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
            + bytes(range(256)) * 3 + b"\xed\xa0\x80+2AA-\x1b$B\x7f\x7f"
        )  # fmt: skip
        assert letter.fault == ""
        assert "\0" not in letter.text
        json.loads(letter_as_json(letter).encode())


class TestHeaders:
    @pytest.mark.parametrize(
        ("charset", "text"),
        [("windows-1252", "Größe – Büro"), ("windows-1251", "Принтер"), ("gb2312", "打印机坏了"), ("utf-8", "Größe")],
    )
    def test_raw_bytes_are_read_by_the_bodys_charset(self, charset: str, text: str):
        """P21.2"""
        raw = f"Subject: {text}\r\nFrom: {text} <a@x.example>\r\n".encode({"gb2312": "gb18030"}.get(charset, charset))
        letter = headers(raw + f"Content-Type: text/plain; charset={charset}".encode())
        assert (letter.subject, letter.from_[0].name) == (text, text)

    @pytest.mark.parametrize(
        "raw",
        [
            b"=?utf-8?B?RHLDvGNrZXI=?=",
            b"=?utf-8?q?Dr=C3?= =?utf-8?q?=BCcker?=",
            b"=?utf-8?B?RHLD?=\r\n =?utf-8?B?vGNrZXI=?=",
            b"=?utf-8?q?Dr=C3=BCcker?=",
            b"=?UTF-8*de?Q?Dr=C3=BCcker?=",
            b"=?iso-8859-1?Q?Dr=FCcker?=",
            b"=?iso-8859-1?Q?Dr=fcck?= =?utf-8?Q?er?=",
            b"=?x-unknown?Q?Dr=FCcker?=",
            b"=??Q?Dr=C3=BCcker?=",
            b"=?utf-8?B?RHLDvGNrZXI?=",
            b"Dr=?utf-8?Q?=C3=BCck?=er",
            b"=?utf-8?Q?=3D=3Futf-8=3FQ=3FDr=3DC3=3DBCcker=3F=3D?=",
            b"Dr\xc3\xbccker",
            b"Dr\xfccker",
            b" \tDr\xfccker\t ",
        ],
    )
    def test_encoded_words_in_every_state(self, raw: bytes):
        """P21.3: split within a character, mixed, unpadded, nameless, encoded twice, or not encoded at all."""
        assert headers(b"Subject: " + raw).subject == "Drücker"
        assert headers(b'From: "' + raw + b'" <a@x.example>').from_[0].name == "Drücker"

    def test_spaces_within_encoded_words(self):
        """P21.3"""
        assert headers(b"Subject: =?utf-8?Q?Der Dr=C3=BCcker_klemmt?= sehr").subject == "Der Drücker klemmt sehr"

    def test_japanese_without_any_label(self):
        raw = "プリンタ故障".encode("iso2022_jp")
        letter = headers(b"Subject: " + raw + b"\r\nFrom: " + "山田, 花子".encode("iso2022_jp") + b" <a@x.example>")
        assert (letter.subject, letter.from_[0].name) == ("プリンタ故障", "山田, 花子")

    def test_a_type_without_its_semicolon_keeps_its_charset(self):
        assert body("ГОСТ".encode("koi8-r"), "text/plain charset=koi8-r") == "ГОСТ"

    @pytest.mark.parametrize("name", ["Subject", "From", "To", "Reply-To", "Message-ID", "List-Id", "References"])
    def test_nul_and_surrogates_in_any_header_can_be_stored(self, name: str):
        """P21.5"""
        letter = headers(name.encode() + b": a\0b \xed\xa0\x80 =?utf-8?q?=00=ED=A0=80?= <c\0@x.example>")
        told = letter_as_json(letter)
        assert "\\u0000" not in told
        told.encode()
