"""Who a mail is from and to, however its headers are written (P3.2, P21.3, S19, S20)."""

import time

import pytest

from hauspost.ground.mail.letter import Letter, read_letter


def from_(value: str) -> list[tuple[str, str]]:
    letter = headers(f"From: {value}")
    return [(box.name, box.address) for box in letter.from_]


def headers(*lines: str) -> Letter:
    return read_letter("\r\n".join([*lines, "", "x"]).encode())


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("jo@x.example", ""),
        ("<jo@x.example>", ""),
        ("<<jo@x.example>>", ""),
        ("jo@x.example>", ""),
        ("<jo@x.example", ""),
        ("jo@x.example.", ""),
        ("<mailto:jo@x.example>", ""),
        ("<@relay.example,@gate.example:jo@x.example>", ""),
        ('"jo"@x.example', ""),
        ("Jo Doe <jo@x.example>", "Jo Doe"),
        ("Jo Doe<jo@x.example>", "Jo Doe"),
        ("Jo Doe <jo@x.example", "Jo Doe"),
        ("Jo Doe jo@x.example", "Jo Doe"),
        ("Jo Doe [mailto:jo@x.example]", "Jo Doe"),
        ("<jo@x.example> Jo Doe", "Jo Doe"),
        ("jo@x.example (Jo Doe)", "Jo Doe"),
        ("jo@x.example (Jo (the) Doe)", "Jo (the) Doe"),
        ('"Jo Doe" <jo@x.example>', "Jo Doe"),
        ("'Jo Doe' <jo@x.example>", "Jo Doe"),
        ('"Jo" "Doe" <jo@x.example>', "Jo Doe"),
        ('"Jo Doe <jo@x.example>', "Jo Doe"),
        ('"Doe, Jo" <jo@x.example>', "Doe, Jo"),
        ("Doe, Jo <jo@x.example>", "Doe, Jo"),
        ('"Jo \\"Mo\\" Doe" <jo@x.example>', 'Jo "Mo" Doe'),
        ("Jo \\(IT\\) <jo@x.example>", "Jo (IT)"),
        ("IT: Jo <jo@x.example>", "IT: Jo"),
        ("Jo @ Home <jo@x.example>", "Jo @ Home"),
        ("Jo Doe <jo @x. example>", "Jo Doe"),
        ("Jo <jo@x.example;mo@x.example>", "Jo"),
        ("=?utf-8?Q?J=C3=B6?=<jo@x.example>", "Jö"),
        ('"=?utf-8?Q?J=C3=B6?=" <jo@x.example>', "Jö"),
        ("=?utf-8?Q?Doe,_Jo?= <jo@x.example>", "Doe, Jo"),
        ("=?utf-8?Q?=22Doe=2C_Jo=22?= <jo@x.example>", "Doe, Jo"),
        ("=?utf-8?q?J=C3=B6_=3Cjo=40x.example=3E?=", "Jö"),
        ("Jö =?utf-8?q?=3Cjo=40x.example=3E?=", "Jö"),
        ("<=?utf-8?q?jo=40x.example?=>", ""),
        ("jo@x.example (=?utf-8?q?J=C3=B6?=)", "Jö"),
    ],
)
def test_one_author_in_every_writing(value: str, name: str):
    """P21.3"""
    assert from_(value) == [(name, "jo@x.example")]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", None),
        ("<>", None),
        ("   ", None),
        ("Jo Doe", "Jo Doe"),
        ('"Mail Delivery System" <MAILER-DAEMON>', "Mail Delivery System"),
        ("MAILER-DAEMON (Mail Delivery System)", "Mail Delivery System"),
        ("Jo Doe </O=EXCHANGE/CN=JO>", "Jo Doe"),
        ("Jo Doe <>", "Jo Doe"),
        ("undisclosed-recipients:;", None),
    ],
)
def test_an_author_without_an_address_keeps_his_name(value: str, name: str | None):
    """P3.2: the sender is unknown, and the mail is read all the same."""
    letter = headers(f"From: {value}", "Subject: Drucker")
    assert letter.sender is None
    assert [box.name for box in letter.from_] == ([name] if name else [])
    assert (letter.subject, letter.fault) == ("Drucker", "")


def test_several_authors_and_several_headers():
    letter = headers("From: Jo <jo@x.example>, mo@x.example", "From: Bo <bo@x.example>", "To: a@x.example; b@x.example")
    assert [box.address for box in letter.from_] == ["jo@x.example", "mo@x.example", "bo@x.example"]
    assert letter.sender
    assert letter.sender.address == "jo@x.example"
    assert [box.address for box in letter.to] == ["a@x.example", "b@x.example"]


def test_groups_are_opened_and_names_are_kept():
    letter = headers("To: Team: a@x.example, Bo <b@x.example>;, c@x.example", "Cc: undisclosed recipients: ;")
    assert [box.address for box in letter.to] == ["a@x.example", "b@x.example", "c@x.example"]
    assert letter.cc == ()


@pytest.mark.parametrize("name", ["From", "Subject", "To", "Reply-To"])
@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?a=0D=0ABcc:_x=40y.example=00?= <jo@x.example>",
        "a\rBcc: x@y.example <jo@x.example>",
        "a\0\x0b\x0c\x85\u2028b",
    ],
)
def test_no_header_grows_another(name: str, value: str):
    """S20: neither encoded nor bare line ends, nor other separators of lines, survive in what is read."""
    letter = headers(f"{name}: {value}", "X-Last: 1")
    told = [letter.subject, *(box.name + box.address for box in (*letter.from_, *letter.to, *letter.reply_to))]
    assert not any(len(text.splitlines()) > 1 or "\0" in text for text in told)
    assert letter.cc == ()


@pytest.mark.parametrize("junk", ["a;", '"', "<", "=?utf-8?q?a?= ", "a:b;", "\\"])
@pytest.mark.parametrize("name", ["From", "Subject"])
def test_a_header_costs_what_it_is_long(name: str, junk: str):
    """S19: eight times the junk is not sixty times the work."""
    assert spent(name, junk, 400_000) < 30 * spent(name, junk, 50_000) + 0.2


def spent(name: str, junk: str, size: int) -> float:
    raw = f"{name}: {junk * (size // len(junk))}\r\n\r\nx".encode()
    start = time.process_time()
    read_letter(raw)
    return time.process_time() - start
