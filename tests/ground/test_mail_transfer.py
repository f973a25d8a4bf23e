"""Transfer encodings: a piece at a time they give what they give at once, whatever is wrong with them."""

import base64
import binascii
import quopri
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hauspost.ground.mail import _transfer
from hauspost.ground.mail._transfer import Encoded, base64_bytes, decoded_bytes, decoded_pieces
from hauspost.ground.mail.raw import MAPPED_ABOVE, MappedMail, raw_in

pytestmark = pytest.mark.once
BASE64 = st.lists(
    st.one_of(
        st.binary(max_size=40).map(base64.b64encode),
        st.sampled_from([b"=", b"==", b"\n", b"\r\n", b"\r", b" ", b"!", b"-", b"\xff", b"A", b"AB", b"ABC", b"Qg=="]),
    ),
    max_size=12,
).map(b"".join)
QUOTED = st.lists(
    st.one_of(
        st.binary(max_size=20).map(quopri.encodestring),
        st.sampled_from(
            [b"=", b"==", b"===", b"=\r", b"=\n", b"=\r\n", b"\r", b"\n", b"=4", b"=41", b"=A=", b" ", b"x"]
        ),
    ),
    max_size=12,
).map(b"".join)
UU = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=45).map(binascii.b2a_uu),
        st.sampled_from(
            [b"begin 644 a.bin\n", b"begin 644 a.bin\r\n", b"end\n", b"end\r", b"`\n", b"\r\n", b"   \n", b"#XX\n", b"M\n", b"!!!\x80\n"]
        ),
    ),
    max_size=8,
).map(b"".join)  # fmt: skip


def whole_base64(data: bytes) -> bytes:
    """What base64 gave before it was streamed: the reading that must not change."""
    try:
        return binascii.a2b_base64(data, strict_mode=b"\n" not in data)
    except (binascii.Error, ValueError):
        pass
    out = bytearray()
    for chunk in data.split(b"="):
        clean = bytes(byte for byte in chunk if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"+/"))
        clean = clean[:-1] if len(clean) % 4 == 1 else clean
        out += binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    return bytes(out)


def in_pieces(data: bytes, encoding: str) -> bytes:
    """The same from amid other bytes, which must not be touched."""
    around = b"begin AAA=" + data + b"QUJD=41\nM`"
    return b"".join(decoded_pieces(around, 10, 10 + len(data), encoding))


class TestPieces:
    @given(BASE64)
    @settings(max_examples=150, deadline=None)
    @example(b"QQ==\r\nQg==\r\n")
    @example(b"QUJDQ=UJD\nQ")
    @example(b"QU=I\n")
    @example(b"QQ=\n=\nA")
    def test_base64(self, data: bytes) -> None:
        """P36.1: streaming equals whole decoding, junk, missing padding and mixed line ends included."""
        assert base64_bytes(data) == whole_base64(data)
        for pieces in (1, 2, 3, 7, 64):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(_transfer, "_SIZE", pieces)
                assert in_pieces(data, "base64") == whole_base64(data)

    @given(QUOTED)
    @settings(max_examples=150, deadline=None)
    @example(b"====41")
    @example(b"a=\rlost\nb")
    def test_quoted_printable(self, data: bytes) -> None:
        """P36.1"""
        for pieces in (1, 2, 3, 7, 64):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(_transfer, "_SIZE", pieces)
                assert in_pieces(data, "quoted-printable") == binascii.a2b_qp(data)

    @given(UU)
    @settings(max_examples=150, deadline=None)
    def test_uuencode(self, data: bytes) -> None:
        """P36.1"""
        for pieces in (64, 100, 1000):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(_transfer, "_SIZE", pieces)
                assert in_pieces(data, "x-uuencode") == decoded_bytes(data, "uuencode")


class TestBigMails:
    def test_a_mail_on_disk_is_searched_and_cut_like_bytes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """P36.1: what lies across two windows is found all the same."""
        content = b"x" * 999_999 + b"needle" + b"y" * MAPPED_ABOVE + b"last"
        (tmp_path / "mail").write_bytes(content)
        with (tmp_path / "mail").open("rb") as source:
            raw = raw_in(source)
        assert isinstance(raw, MappedMail)
        monkeypatch.setattr("hauspost.ground.mail.raw._WINDOW", 1_000_000)
        for word in (b"needle", b"last", b"x", b"nothing of it"):
            assert (raw.find(word), raw.find(word, 1_000_004), raw.find(word, 5, 999_999)) == (
                content.find(word), content.find(word, 1_000_004), content.find(word, 5, 999_999),
            )  # fmt: skip
        assert b"needle" in raw and b"nothing of it" not in raw
        assert b"".join(raw.pieces(3, len(content), 4096)) == content[3:]

    def test_a_small_mail_is_bytes(self, tmp_path: Path) -> None:
        (tmp_path / "mail").write_bytes(b"")
        with (tmp_path / "mail").open("rb") as source:
            assert raw_in(source) == b""

    def test_a_file_knows_its_size_and_digest_without_lying_in_memory(self) -> None:
        raw = b"xx" + base64.encodebytes(b"hello" * 1000)
        file = Encoded(raw, 2, len(raw), "base64")
        assert (file.size_bytes, file.sha256[:8]) == (5000, "d036eecd")
        assert file.beginning(7) == b"hellohe"

    def test_marks_without_end_stay_linear(self) -> None:
        """S19: padding everywhere costs neither time nor memory out of proportion."""
        junk = b"AA=\n" * 600_000
        assert sum(map(len, decoded_pieces(junk, 0, len(junk), "base64"))) > 0
