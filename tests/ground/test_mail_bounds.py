"""What one mail may cost (S19), and that nothing is unpacked because it arrived (S18)."""

import base64
import binascii
import gzip
import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hauspost.ground.mail.guard import CPU_SECONDS, MEMORY_BYTES, Guard
from hauspost.ground.mail.letter import Letter, read_letter
from hauspost.ground.mail.raw import raw_in

pytestmark = pytest.mark.once
HEAD = b"From: Ada Brand <ada@example.org>\r\nTo: it@example.org\r\nSubject: Drucker\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def mixed(*parts: bytes) -> bytes:
    return MIXED + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def attached(name: str, content: bytes, kind: str = "application/octet-stream") -> bytes:
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n'
    return head.encode() + base64.encodebytes(content)


def worst_within_the_bounds() -> Iterator[tuple[str, bytes]]:
    """As heavy as a mail can be without being set aside."""
    yield "a thousand parts", mixed(*[b"Content-Type: text/html\r\n\r\n<p>x</p>"] * 990)
    yield "recipients", HEAD + b"Cc: " + b"Ann <a@x.org>, " * 4990 + b"\r\n\r\nx"
    yield "headers", HEAD + b"X-Junk: =?utf-8?q?=C3=A4?= (\r\n" * 28_000 + b"\r\nx"
    yield "elements", HEAD + b"Content-Type: text/html\r\n\r\n" + b"<p style='color:red'>x</p>" * 49_000
    yield "lines in HTML", HEAD + b"Content-Type: text/html\r\n\r\n<pre>" + b"a\n" * 950_000
    yield "breaks", HEAD + b"Content-Type: text/html\r\n\r\n" + b"a<br>" * 99_000
    yield "ampersands", HEAD + b"Content-Type: text/html\r\n\r\n" + b"&x" * 990_000
    yield "lines", HEAD + b"\r\n" + b"> a\r\n\r\n" * 900_000
    yield "flowed", HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 900_000
    yield (
        "padding",
        HEAD + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"A=A\n" * 900_000,
    )
    yield "files in the text", mixed(*[b"\r\nbegin 644 x\n#:&D*\n`\nend\n" * 60] * 900)


@pytest.mark.parametrize(("name", "raw"), [pytest.param(*one, id=one[0]) for one in worst_within_the_bounds()])
def test_the_worst_mail_within_the_bounds_stays_within_time_and_memory(name: str, raw: bytes, tmp_path: Path) -> None:
    """S19: at most 10 s CPU and 256 MB each, which the guard holds to the real process, Rust and C included."""
    assert (CPU_SECONDS, MEMORY_BYTES) == (10, 256 << 20)
    assert Guard(tmp_path).read(lambda: read_letter(raw), "1").fault == ""


class TestWordsWithoutEnd:
    """S19: at most 2 MB are shown, and whoever looks learns that there is more."""

    @pytest.mark.parametrize(
        ("kind", "words", "name"),
        [("html", b"<p>" + b"x " * 1_200_000, "message.html"), ("plain", b"x\r\n" * 60_000, "message.txt")],
    )
    def test_the_beginning_is_shown_and_all_of_it_is_a_file(self, kind: str, words: bytes, name: str) -> None:
        letter = read_letter(HEAD + f"Content-Type: text/{kind}\r\n\r\n".encode() + words)
        assert letter.is_shortened
        assert [file.name for file in letter.attachments] == [name]
        assert letter.attachments[0].content == words
        assert 0 < len(letter.text) <= 2_000_000 and len(letter.html) < 2_100_000

    def test_ten_megabytes_of_words_are_not_even_read_whole(self) -> None:
        words = b"Guten Tag, \xc3\xbc. " * 700_000
        letter = read_letter(HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + words)
        assert letter.is_shortened and letter.text.startswith("Guten Tag, ü.")
        assert letter.attachments[0].content == words

    def test_many_endless_parts_share_one_room(self) -> None:
        """Ten times seven megabytes, each in two forms, are not read ten times."""
        both = b"".join(
            b"--c\r\nContent-Type: text/%s\r\n\r\n%s\r\n" % (kind, b"Guten Tag. " * 640_000)
            for kind in (b"plain", b"html")
        )
        part = b"Content-Type: multipart/alternative; boundary=c\r\n\r\n" + both + b"--c--"
        raw = mixed(*[part] * 5)
        tracemalloc.start()
        letter = read_letter(raw)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert letter.is_shortened
        assert peak - sum(len(file.held) for file in letter.attachments if isinstance(file.held, bytes)) < 64_000_000

    def test_ordinary_words_are_whole(self) -> None:
        assert not read_letter(HEAD + b"\r\nHallo").is_shortened


def gzip_bomb() -> bytes:
    """Ten gigabytes in ten megabytes, the first hundredth of it."""
    return gzip.compress(bytes(100 << 20))


def zip_of_zips() -> bytes:
    """As 42.zip: each level sixteen times the one below."""
    content = bytes(1 << 20)
    for _ in range(4):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"{number}.zip", content)
        content = packed.getvalue()
    return content


def enormous_png() -> bytes:
    size = (50_000).to_bytes(4, "big")
    header = b"IHDR" + size + size + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + header + zlib.crc32(header).to_bytes(4, "big")


def entities(kind: str) -> bytes:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    svg = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e0 "x">{lines}]><svg>&e11;</svg>'.encode()
    if kind == "svg":
        return svg
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", svg)
    return packed.getvalue()


class TestNothingIsUnpacked:
    @pytest.mark.parametrize(
        ("name", "kind", "make"),
        [
            ("bomb.gz", "application/gzip", gzip_bomb),
            ("42.zip", "application/zip", zip_of_zips),
            ("huge.png", "image/png", enormous_png),
            ("lol.svg", "image/svg+xml", lambda: entities("svg")),
            (
                "lol.docx",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                lambda: entities("docx"),
            ),
        ],
    )
    def test_a_bomb_is_a_file_like_any_other(self, name: str, kind: str, make: Callable[[], bytes]) -> None:
        """S18"""
        content = make()
        raw = mixed(b"\r\nSee the file.", attached(name, content, kind))
        tracemalloc.start()
        letter = read_letter(raw)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [(file.name, file.content) for file in letter.attachments] == [(name, content)]
        assert letter.text == "See the file."
        assert peak < 8 * len(raw) + 1_000_000

    def test_a_thousand_mails_within_each_other_are_one_file(self) -> None:
        """S18"""
        inner = (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 1000 + HEAD + b"\r\nx"
        letter = read_letter(HEAD + b"Content-Type: message/rfc822\r\n\r\n" + inner)
        assert (letter.fault, len(letter.attachments)) == ("", 1)
        assert letter.attachments[0].content == inner

    def test_files_within_texts_are_counted(self) -> None:
        """S18: what is over the count stays where it is, in sight."""
        letter = read_letter(mixed(*[b"\r\nbegin 644 x\n#:&D*\n`\nend\n" * 50] * 25))
        assert len(letter.attachments) == 1000
        assert letter.text.count("begin 644 x") == 250

    def test_files_within_winmail_dat_are_counted(self) -> None:
        """S18"""
        from tests.ground.test_letter import tnef

        one = tnef()
        many = one[:6] + one[6:] * 600
        part = attached("winmail.dat", many, "application/ms-tnef")
        letter = read_letter(mixed(*[part] * 5))
        assert len(letter.attachments) <= 1000 + 5
        assert not letter.fault

    def test_envelopes_within_each_other_are_opened_three_deep(self) -> None:
        """S18"""

        def element(tag: int, content: bytes) -> bytes:
            return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content

        mail = b"Content-Type: text/plain\r\n\r\nAt the bottom"
        for _ in range(400):
            plain = bytes.fromhex("06092a864886f70d010701") + element(0xA0, element(0x04, mail))
            signed = bytes.fromhex("06092a864886f70d010702") + element(0xA0, element(0x30, element(0x30, plain)))
            part = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            mail = mixed(part + element(0x30, signed))
        letter = read_letter(mail)
        assert isinstance(letter, Letter) and letter.fault == ""
        assert letter.attachments


def of_size(unit: bytes, size: int = 64_000_000) -> bytes:
    return unit * (size // len(unit))


BASE64_LINES = base64.encodebytes(bytes(range(256)) * 228)
BIG_SHAPES = {
    "a film": lambda: (
        HEAD + b"Content-Transfer-Encoding: base64\r\nContent-Type: video/mp4\r\n\r\n" + of_size(BASE64_LINES)
    ),
    "one line": lambda: (
        HEAD + b"Content-Transfer-Encoding: base64\r\nContent-Type: video/mp4\r\n\r\n" + of_size(b"QUJD")
    ),
    "uuencoded in the text": lambda: (
        HEAD + b"\r\nSee:\r\nbegin 644 film.mp4\r\n" + of_size(binascii.b2a_uu(bytes(45)), 9_000_000) + b"`\nend\r\n"
    ),
    "words": lambda: HEAD + b"\r\n" + of_size(b"Guten Tag, der Drucker druckt nicht.\r\n"),
    "a mail within": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" + HEAD + b"\r\n" + of_size(BASE64_LINES),
    "no line at all": lambda: of_size(b"x"),
    "an old Mac's lines": lambda: HEAD.replace(b"\r\n", b"\r") + of_size(b"Hallo\r"),
    "headers": lambda: HEAD + of_size(b"X-Junk: aaaaaaaaaaaaaaaaaaaa\r\n"),
}


@pytest.mark.parametrize("shape", BIG_SHAPES)
def test_a_big_mail_of_any_shape_takes_less_memory_than_its_size(shape: str, tmp_path: Path) -> None:
    """P36.1: read where it lies, its files left encoded until they are stored."""
    (tmp_path / "mail").write_bytes(BIG_SHAPES[shape]())
    tracemalloc.start()
    tracemalloc.reset_peak()
    with (tmp_path / "mail").open("rb") as source:
        letter = read_letter(raw_in(source))
    for file in letter.attachments:
        assert sum(map(len, file.pieces())) == file.size_bytes > 6_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64_000_000
    assert letter.fault or len(letter.attachments) == 1
