"""winmail.dat: its files, its words in every form, messages and meetings inside, and what cannot be opened."""

import random
import struct
from datetime import UTC, datetime

import pytest

from hauspost.ground.mail._rtf import read_rtf, unpacked
from hauspost.ground.mail._tnef import read_tnef
from hauspost.ground.mail.letter import Letter, nested_letter, read_letter

APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
MEETING = bytes.fromhex("90dad86e0b451b1098da00aa003f1305")
MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def stream(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def properties(*found: bytes) -> bytes:
    return struct.pack("<I", len(found)) + b"".join(found)


def text(number: int, value: str) -> bytes:
    return _sized(number, 0x1F, (value + "\0").encode("utf-16-le"))


def binary(number: int, value: bytes, kind: int = 0x102) -> bytes:
    return _sized(number, kind, value)


def _sized(number: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(data)) + data + bytes(-len(data) % 4)


def named(family: bytes, number: int, kind: int, data: bytes) -> bytes:
    head = struct.pack("<HH", kind, 0x8001) + family + struct.pack("<II", 0, number)
    return head + (data if kind == 0x40 else struct.pack("<II", 1, len(data)) + data + bytes(-len(data) % 4))


def moment(at: datetime) -> bytes:
    return int((at - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000).to_bytes(8, "little")


def message(*found: bytes) -> bytes:
    return attribute(1, 0x00069003, properties(*found))


def file(name: str, content: bytes, *more: bytes) -> bytes:
    starts = attribute(2, 0x00069002, bytes(14))
    return starts + attribute(2, 0x0006800F, content) + attribute(2, 0x00069005, properties(text(0x3707, name), *more))


def mail(winmail: bytes, words: str = "") -> Letter:
    head = "From: Ada <ada@example.org>\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    part = "\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    return read_letter(head.encode() + f"\r\n{words}{part}".encode() + winmail + b"\r\n--b--")


class TestFiles:
    def test_names_and_contents_of_all_files(self):
        """P22.1: long names before short ones; the original stays."""
        short = attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, b"KURZ~1.TXT\0")
        letter = mail(
            stream(file("Übersicht – Mai.xlsx", b"PK\3\4"), short, attribute(2, 0x0006800F, b"Tag")), "Anbei."
        )
        assert [(one.name, one.content) for one in letter.attachments[1:]] == [
            ("Übersicht – Mai.xlsx", b"PK\3\4"),
            ("KURZ~1.TXT", b"Tag"),
        ]
        assert letter.attachments[0].name == "winmail.dat"
        assert letter.text == "Anbei."

    def test_a_file_whose_data_comes_before_its_name(self):
        data = attribute(2, 0x0006800F, b"Tag") + attribute(2, 0x00018010, b"a.txt\0")
        assert [one.name for one in mail(stream(data)).attachments[1:]] == ["a.txt"]

    def test_a_picture_of_the_html_inside_stands_in_the_words(self):
        """P20.1"""
        html = text(0x1013, "<p>Bild: <img src='cid:b@x'></p>")
        letter = mail(stream(message(html), file("b.png", b"\x89PNG", text(0x3712, "b@x"), text(0x370E, "image/png"))))
        assert [(one.name, one.is_inline) for one in letter.attachments[1:]] == [("b.png", True)]
        assert 'src="cid:b@x"' in letter.visible_html

    def test_an_object_is_its_bytes(self):
        storage = bytes.fromhex("0b00000000000000c000000000000046") + b"\xd0\xcf\x11\xe0Zeichnung"
        starts = attribute(2, 0x00069002, bytes(14))
        letter = mail(stream(starts + attribute(2, 0x00069005, properties(binary(0x3701, storage, 0x0D)))))
        assert letter.attachments[1].content == b"\xd0\xcf\x11\xe0Zeichnung"

    def test_names_do_no_harm(self):
        """P22.3"""
        assert mail(stream(file("..\\..\\con.txt", b"x"))).attachments[1].name == "_con.txt"


# A rich text as Outlook makes it of HTML; "fett" in Greek, a Euro sign and an emoji.
FROM_HTML = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fnil\fcharset161 Arial;}}"
    rb"{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe & K\'fcsse {\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 {\f1\'e1\'e2}"
    rb"{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 {\*\mhtmltag64 <q>}\u8364 ?\u-10179 ?\u-8704 ?{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0 }"
)


class TestWords:
    def test_html_inside_is_the_body_if_there_is_no_other(self):
        """P22.1"""
        winmail = stream(message(text(0x1000, "Klar"), binary(0x1013, "<p>Grüße</p>".encode("cp1250"))))
        assert mail(winmail).html == "<p>Grüße</p>"
        assert mail(winmail).text == "Klar"
        assert mail(winmail, "Eigenes.").text == "Eigenes."
        assert mail(winmail, "Eigenes.").html == ""

    def test_html_in_its_own_code_page(self):
        page = struct.pack("<HHI", 3, 0x3FDE, 1251)
        assert "Привет" in mail(stream(message(page, binary(0x1013, "<p>Привет</p>".encode("cp1251"))))).text

    def test_rich_text_made_of_html_becomes_that_html_again(self):
        packed = struct.pack("<II4sI", len(FROM_HTML) + 12, len(FROM_HTML), b"MELA", 0) + FROM_HTML
        letter = mail(stream(message(binary(0x1009, packed))))
        assert letter.html == "<p>Grüße &amp; Küsse <b>αβ</b>€😀</p>"
        assert letter.text == "Grüße & Küsse αβ€😀"

    def test_plain_rich_text_becomes_text(self):
        rich = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator Word}\f0 Erste Zeile\par\tab Zweite \{x\}\line\b fett\b0{\pict 0102}}"
        assert read_rtf(rich) == ("Erste Zeile\n\tZweite {x}\nfett", "")

    @pytest.mark.parametrize(
        ("packed", "rich"),
        [
            (
                "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0",
                rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n",
            ),
            ("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0", rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
        ],
    )
    def test_packed_rich_text(self, packed: str, rich: bytes):
        """The examples of MS-OXRTFCP 4."""
        assert unpacked(bytes.fromhex(packed)) == rich

    def test_a_body_in_rtf_alone_is_shown_and_kept(self):
        """P22.6"""
        letter = read_letter(b"Content-Type: text/rtf\r\n\r\n{\\rtf1\\ansi Guten Tag}")
        assert (letter.text, letter.attachments[0].name) == ("Guten Tag", "text.rtf")


def inner_message() -> bytes:
    return stream(
        message(
            text(0x37, "Alte Störung"),
            text(0x42, "Ben Kurz"),
            text(0x5D02, "ben@example.org"),
            text(0x1000, "Der alte Text."),
            struct.pack("<HH", 0x40, 0x39) + moment(datetime(2024, 3, 4, 9, 15, tzinfo=UTC)),
        ),
        file("plan.pdf", b"%PDF"),
    )


class TestInside:
    def test_a_message_inside_becomes_a_mail_to_read(self):
        """P22.2: readable, and not mixed into the body."""
        starts = attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x0006800F, b"This attachment is a MAPI message")
        data = binary(0x3701, MESSAGE + inner_message(), 0x0D)
        letter = mail(
            stream(starts + attribute(2, 0x00069005, properties(data)), message(text(0x1000, "Siehe Anlage.")))
        )
        assert letter.text == "Siehe Anlage."
        assert [one.name for one in letter.attachments] == ["winmail.dat", "Alte Störung.eml"]
        inside = nested_letter(letter.attachments[1])
        assert inside
        assert (inside.subject, inside.text, inside.date) == (
            "Alte Störung",
            "Der alte Text.",
            datetime(2024, 3, 4, 9, 15, tzinfo=UTC),
        )
        assert (inside.sender and inside.sender.address, inside.attachments[0].name) == ("ben@example.org", "plan.pdf")

    def test_a_message_inside_is_the_same_mail_each_time(self):
        """Files are known by what they hold: read twice, they must not be two."""
        starts = attribute(2, 0x00069002, bytes(14))
        whole = stream(starts + attribute(2, 0x00069005, properties(binary(0x3701, MESSAGE + inner_message(), 0x0D))))
        assert mail(whole).attachments[1].content == mail(whole).attachments[1].content

    def test_messages_in_messages_end(self):
        """S18: nested a thousand deep."""
        whole = inner_message()
        for _ in range(60):
            starts = attribute(2, 0x00069002, bytes(14))
            whole = stream(starts + attribute(2, 0x00069005, properties(binary(0x3701, MESSAGE + whole, 0x0D))))
        assert len(mail(whole).attachments) == 2

    @pytest.mark.parametrize(
        ("kind", "method", "attendees"),
        [
            ("IPM.Schedule.Meeting.Request", "REQUEST", ()),
            ("IPM.Microsoft Schedule.MtgCncl", "CANCEL", ()),
            ("IPM.Schedule.Meeting.Resp.Neg", "REPLY", (("ada@example.org", "DECLINED"),)),
        ],
    )
    def test_a_meeting_is_an_invitation(self, kind: str, method: str, attendees: object):
        """Its answer can join what was asked: the UID is Exchange's own, the person the mail's sender."""
        uid = (
            bytes.fromhex("040000008200e00074c5b7101a82e008") + bytes(24) + b"vCal-Uid\x01\x00\x00\x00abc@example.org\0"
        )
        winmail = stream(
            attribute(1, 0x00078008, kind.encode() + b"\0"),
            message(
                text(0x37, "Begehung"),
                named(APPOINTMENT, 0x820D, 0x40, moment(datetime(2024, 3, 4, 9, 15, tzinfo=UTC))),
                named(APPOINTMENT, 0x820E, 0x40, moment(datetime(2024, 3, 4, 10, 15, tzinfo=UTC))),
                named(APPOINTMENT, 0x8208, 0x1E, b"Halle 3\0"),
                named(MEETING, 0x23, 0x102, uid),
            ),
        )
        found = mail(winmail, "Begehung").calendar[0]
        assert (found.title, found.place, found.method, found.uid) == ("Begehung", "Halle 3", method, "abc@example.org")
        assert (found.start, found.attendees) == (datetime(2024, 3, 4, 9, 15, tzinfo=UTC), attendees)


class TestDamage:
    def test_half_a_winmail_dat_gives_what_is_whole(self):
        whole = stream(file("eins.txt", b"1"), file("zwei.txt", b"2" * 100))
        letter = mail(whole[:-150])
        assert letter.attachments[1].name == "eins.txt"
        assert not letter.has_unopened_tnef

    def test_junk_never_raises(self):
        """P1.1, S18"""
        chance = random.Random(22)
        source = stream(
            message(text(0x1000, "x"), binary(0x1009, bytes.fromhex("2d0000002b0000004c5a4675") + bytes(40)))
        )
        source += file("a.txt", b"x") + inner_message()
        for _ in range(400):
            broken = bytearray(source)
            for _ in range(chance.randint(1, 8)):
                broken[chance.randrange(6, len(broken))] = chance.randrange(256)
            assert read_tnef(bytes(broken)) is not None
            read_rtf(b"{\\rtf1" + bytes(chance.randrange(256) for _ in range(60)))
            unpacked(struct.pack("<II4sI", 99, 1 << 31, b"LZFu", 0) + bytes(chance.randrange(256) for _ in range(60)))
