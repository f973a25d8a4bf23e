"""Ways to spoil a mail; each takes the chance of its case, the mail, and all the sound ones."""

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.trees import made_up

MOST_BYTES = 3_000_000
Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]

_BITS = (
    b"\0", b'"', b"<", b">", b"(", b")", b"=?", b"?=", b"\r", b"\n", b"\r\n", b"\n\n", b"\xff", b"\xfe", b"--", b"=", b"==", b"&", b";", b",", b":",
    b"@", b"\\", b"[", b"{", b"}", b"%", b" ", b"\t", b"\x1b$B", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xae", b"<!--", b"-->", b"<![CDATA[",
    b"<p>", b"</p>", b"<b>", b"<div>", b"<table>", b"<img ", b"<a href=x>", b"<style>", b"&#", b"&amp", b"> ", b">>", b"On ", b" wrote:\n", b"-- \n",
    b"From: ", b"begin 644 x\n", b"\nend\n", b"=?utf-8?q?", b"=?utf-8?b?", b"url(", b"cid:", b"charset=", b"boundary=", b"=\n", b"BEGIN:VEVENT\n",
)  # fmt: skip
_HEADERS = (
    b"Content-Type: multipart/mixed; boundary=", b"Content-Type: multipart/alternative; boundary=b", b"Content-Type: text/html; charset=utf-16",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-uuencode", b"Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=b",
    b"Subject: \xff\xfe", b"From: ", b"From: <>", b"Date: Mon, 99 Foo 99999 99:99:99 +9999999", b"Content-Type: message/rfc822", b"References: <", b"Cc: ,;,;,(",
    b"Content-Type: application/ms-tnef", b"Content-Type: text/calendar; method=REPLY", b"Return-Path: <>", b": nameless", b" folded",
)  # fmt: skip
_CHARSETS = (b"utf-16", b"utf-7", b"utf-32", b"iso-2022-jp", b"hz", b"gb18030", b"big5", b"idna", b"punycode", b"unicode_escape", b"base64", b"rot13", b"x", b"", b"cp50220", b"undefined", b"utf-8-sig", b"euc-kr")  # fmt: skip
_BOUNDARY = re.compile(rb"boundary=\"?([^\"\r\n;]{1,100})", re.IGNORECASE)
_CHARSET = re.compile(rb"charset=\"?[\w-]{1,40}\"?", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]{1,40}\?[bqBQ]\?[^?\s]{0,200}\?=")


def flip_bytes(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    spoiled = bytearray(raw)
    for _ in range(chance.choice((1, 3, 10, 60))):
        if spoiled:
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def insert_bits(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    for _ in range(chance.randint(1, 8)):
        place = chance.randint(0, len(raw))
        raw = raw[:place] + chance.choice(_BITS) + raw[place:]
    return raw


def delete_span(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    start, stop = _span(chance, raw)
    return raw[:start] + raw[stop:]


def duplicate_span(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    start, stop = _span(chance, raw)
    place = chance.randint(0, len(raw))
    return raw[:place] + raw[start:stop] * chance.choice((1, 1, 2, 30)) + raw[place:]


def truncate(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    return raw[: chance.randint(0, len(raw))]


def confuse_boundaries(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    found = _BOUNDARY.findall(raw)
    if not found:
        return raw.replace(
            b"\n\n", b'\nContent-Type: multipart/mixed; boundary="' + chance.choice((b"", b"-", b"b")) + b'"\n\n', 1
        )
    one, other = chance.choice(found), chance.choice(found)
    how = chance.randrange(4)
    if how == 0:
        return raw.replace(b"--" + one, b"--" + other)
    if how == 1:
        return raw.replace(b"--" + one + b"--", b"")
    if how == 2:
        return raw.replace(b"boundary=", b"boundary*0=", 1)
    return raw.replace(one, one + b"x", chance.randint(1, 3))


def inject_headers(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    lines = raw.split(b"\n")
    for _ in range(chance.randint(1, 4)):
        lines.insert(
            chance.randint(0, min(len(lines), 30)),
            chance.choice(_HEADERS) + chance.choice((b"", b"\r", chance.choice(_BITS))),
        )
    return b"\n".join(lines)


def swap_charsets(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    return _CHARSET.sub(lambda _: b"charset=" + chance.choice(_CHARSETS), raw)


def nest(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    """The mail within mails or multiparts within each other, a few deep or far too many."""
    depth = chance.choice((1, 3, 10, 49, 60, 400))
    if chance.random() < 0.4:
        return b"From: a@x.org\r\nContent-Type: message/rfc822\r\n\r\n" * depth + raw
    head = b"".join(
        b"Content-Type: multipart/%s; boundary=n%d\r\n\r\n--n%d\r\n"
        % (chance.choice((b"mixed", b"alternative", b"related")), n, n)
        for n in range(depth)
    )
    return b"From: a@x.org\r\n" + head + raw


def damage_encoded_words(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    def damaged(hit: "re.Match[bytes]") -> bytes:
        word = bytearray(hit.group())
        for _ in range(chance.randint(1, 3)):
            word[chance.randrange(len(word))] = chance.choice(b"?=_ \xffAq\0")
        return bytes(word) * chance.choice((1, 1, 2))

    if not _ENCODED_WORD.search(raw):
        return (
            b"Subject: "
            + b"=?utf-8?"
            + chance.choice((b"q", b"b", b"x"))
            + b"?"
            + chance.randbytes(20).replace(b"\n", b"")
            + b"?= \n"
            + raw
        )
    return _ENCODED_WORD.sub(damaged, raw)


def damage_base64(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    def damaged(hit: "re.Match[bytes]") -> bytes:
        place = chance.randrange(len(hit.group()))
        return (
            hit.group()[:place]
            + chance.choice((b"", b"=", b"==", b"\n", b"!", b"\xff", b"====\n", b"A"))
            + hit.group()[place + 1 :]
        )

    return _BASE64.sub(damaged, raw, count=20)


def splice(chance: Random, raw: bytes, mails: Sequence[bytes]) -> bytes:
    other = chance.choice(mails) if chance.random() < 0.7 else made_up(chance)
    return raw[: chance.randint(0, len(raw))] + other[chance.randint(0, len(other)) :]


def repeat_hugely(chance: Random, raw: bytes, _mails: Sequence[bytes]) -> bytes:
    """One small thing a thousand or a hundred thousand times, in a header, a parameter or the body."""
    start, stop = _span(chance, raw)
    unit = chance.choice((chance.choice(_BITS), raw[start : min(stop, start + 40)] or b"x"))
    count = min(chance.choice((300, 3_000, 30_000, 150_000)), 400_000 // len(unit) + 1)
    place = chance.randint(0, len(raw))
    return raw[:place] + unit * count + raw[place:]


MUTATIONS: Sequence[Mutation] = (
    flip_bytes, insert_bits, delete_span, duplicate_span, truncate, confuse_boundaries, inject_headers, swap_charsets, nest, damage_encoded_words,
    damage_base64, splice,
)  # fmt: skip


def spoiled(seed: str, number: int, mails: Sequence[bytes]) -> bytes:
    """Case `number` of a seed: the same bytes whenever and wherever it is made from the same mails."""
    chance = Random(f"{seed}:{number}")
    raw = chance.choice(mails) if chance.random() < 0.7 else made_up(chance)
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        # Huge repeats are rare, as they take as long as a hundred others.
        mutation = repeat_hugely if chance.random() < 0.02 else chance.choice(MUTATIONS)
        raw = mutation(chance, raw, mails)[:MOST_BYTES]
    return raw


def _span(chance: Random, raw: bytes) -> tuple[int, int]:
    start = chance.randint(0, len(raw))
    return start, min(len(raw), start + chance.choice((1, 4, 40, 400, 4000)))
