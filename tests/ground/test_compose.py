"""Written letters: read back by an independent reader, nothing is lost, added or out of place."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauspost.ground.mail.compose import File, NotSendable, Outgoing, automatic_headers, compose, is_sendable

GOLDEN = Path(__file__).parent / "golden"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000") * 3
LONG_NAME = "Prüfbericht Straße 7, ausführlich mit allen Messwerten, Anlagen und Fotos.pdf"
WRITTEN = datetime(2026, 11, 23, 9, 30, 5, tzinfo=UTC)


def letter(**changes):
    said = {
        "from_": ("IT Service Köln", "it@lindner.example"),
        "to": [("Kühler, Jörg (IT)", "joerg.kuehler@lindner.example")],
        "subject": "Your ticket [#42]",
        "text": "Good morning,\n\nwe have it.\n",
        "message_id": "r.42.7.0.abcdefgh.k2x.aaaaaaaaaaaaaaaaaaaa@lindner.example",
        "date": WRITTEN,
    }
    return Outgoing(**(said | changes))


def reply_with_everything():
    return letter(
        cc=[("Sabine Lang", "sabine@lindner.example"), ("", "werk@lindner.example")],
        reply_to=("IT Service Köln", "it+bk.h.k2x.aaaaaaaaaaaaaaaaaaaa@lindner.example"),
        subject="AW: Drucker im 2. Stock kühlt nicht mehr und meldet seit heute früh wieder Störung [#42]",
        text="Guten Tag Herr Kühler,\n\n.ein Punkt am Anfang, Grüße aus Köln.\n-- \nIT\n",
        html='<p>Guten Tag Herr Kühler,</p><p><img src="cid:plan@desk" alt="Plan"></p>',
        inline=[
            File("plan.png", "image/png", PNG, "plan@desk"),
            File("forwarded.png", "image/png", PNG, "nobody-uses-this@desk"),
            File("nameless.png", "image/png", PNG, ""),
        ],
        files=[
            File(
                "Prüfbericht Straße 7, ausführlich mit allen Messwerten, Anlagen und Fotos.pdf",
                "application/pdf",
                b"%PDF-1",
            ),
            File("note.txt", "text/plain; charset=utf-8", "Grüße".encode()),
        ],
        in_reply_to="their@mail.example",
        references=["first@mail.example", "their@mail.example"],
    )


def read(outgoing) -> EmailMessage:
    return email.message_from_bytes(compose(outgoing), policy=email.policy.default)


def tree(part, depth=0):
    """The MIME tree as an outline: type, disposition, file name, Content-ID."""
    said = [part.get_content_type()]
    if part.get_content_disposition():
        said.append(part.get_content_disposition())
    if part.get_filename():
        said.append(repr(part.get_filename()))
    if "content-id" in part:
        said.append(str(part["content-id"]))
    lines = ["  " * depth + " ".join(said)]
    for inner in part.iter_parts() if part.is_multipart() else []:
        lines += tree(inner, depth + 1)
    return lines


def test_a_reply_has_the_structure_every_program_understands():
    """P52.1: mixed(related(alternative(text, html), inline pictures), files); no empty Content-ID."""
    assert tree(read(reply_with_everything())) == (GOLDEN / "reply.tree.txt").read_text().splitlines()


def test_a_reply_is_written_byte_for_byte_as_before():
    assert compose(reply_with_everything()) == (GOLDEN / "reply.eml").read_bytes()


@pytest.mark.parametrize(
    ("changes", "structure"),
    [
        ({}, ["text/plain"]),
        ({"html": "<p>x</p>"}, ["multipart/alternative", "  text/plain", "  text/html"]),
        ({"html": "<p>x</p>", "text": ""}, ["text/html"]),
        (
            {"files": [File("a.pdf", "application/pdf", b"x")]},
            ["multipart/mixed", "  text/plain", "  application/pdf attachment 'a.pdf'"],
        ),
        (
            {"inline": [File("a.png", "image/png", PNG, "a@b")]},
            ["multipart/mixed", "  text/plain", "  image/png attachment 'a.png'"],
        ),
        (
            {"html": '<img src="cid:a@bc">', "text": "", "inline": [File("a.png", "image/png", PNG, "a@b")]},
            ["multipart/mixed", "  text/html", "  image/png attachment 'a.png'"],
        ),
        (
            {"html": "<img src='CID:a%20b'>", "text": "", "inline": [File("a.png", "image/png", PNG, "a b")]},
            ["multipart/mixed", "  text/html", "  image/png attachment 'a.png'"],
        ),
        (
            {"html": '<img src="cid:a%2Fb@c">', "text": "", "inline": [File("a.png", "image/png", PNG, "a/b@c")]},
            ["multipart/related", "  text/html", "  image/png inline 'a.png' <a/b@c>"],
        ),
    ],
)
def test_no_level_holds_only_one_part_and_unused_pictures_are_attachments(changes, structure):
    """P52.1."""
    assert tree(read(letter(**changes))) == structure


def test_the_whole_letter_is_seven_bit_with_short_lines():
    """RFC 5322 2.1.1: hard limit 998, and 78 wherever we fold."""
    raw = compose(reply_with_everything())
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


def test_umlauts_in_names_arrive():
    """P21.4."""
    message = read(reply_with_everything())
    assert [(one.display_name, one.addr_spec) for one in message["to"].addresses] == [
        ("Kühler, Jörg (IT)", "joerg.kuehler@lindner.example")
    ]
    assert message["from"].addresses[0].display_name == "IT Service Köln"
    assert [one.display_name for one in message["cc"].addresses] == ["Sabine Lang", ""]
    # Encoded words stand outside quotes (RFC 2047 5.3), or Outlook shows them as they are.
    assert b'"=?' not in compose(reply_with_everything()).partition(b"Content-Type")[0]


def test_thread_and_identity_are_named():
    message = read(reply_with_everything())
    assert message["message-id"] == message["hauspost-id"] == f"<{reply_with_everything().message_id}>"
    assert message["in-reply-to"] == "<their@mail.example>"
    assert message["references"].split() == ["<first@mail.example>", "<their@mail.example>"]
    assert message["date"].datetime == WRITTEN


def test_long_threads_keep_their_first_and_newest_ids():
    kept = read(letter(references=[f"{number}@x" for number in range(500)]))["references"].split()
    assert len(kept) == 20
    assert (kept[0], kept[1], kept[-1]) == ("<0@x>", "<481@x>", "<499@x>")


@pytest.mark.parametrize("odd", ["", "<>", "a b@x", "a@x\r\nBcc: b@x", "<a@x", "ü@x", "a" * 2000])
def test_foreign_ids_that_no_header_can_hold_are_left_out(odd):
    message = read(letter(in_reply_to=odd, references=[odd, "good@x"]))
    assert "bcc" not in message
    assert "<good@x>" in message["references"]
    assert odd == "<a@x" or message["in-reply-to"] is None


def test_automatic_mail_says_so():
    """P7.1 as the design has it: answers are auto-replied and bulk, notices are auto-generated."""
    answer, notice = read(letter(headers=automatic_headers("auto-replied"))), automatic_headers("auto-generated")
    assert answer["auto-submitted"] == "auto-replied"
    assert answer["x-auto-response-suppress"] == "All"
    assert answer["precedence"] == "bulk"
    assert notice == (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All"))


HOSTILE = st.text(
    st.one_of(st.sampled_from('\r\n\0\x0b\x0c\x1c\x85\u2028"\\<>,;:@=?_ ä€𝄞'), st.characters()), max_size=120
)


@given(subject=HOSTILE, name=HOSTILE, file_name=HOSTILE, value=HOSTILE, text=HOSTILE)
def test_nothing_anybody_types_adds_a_header_or_a_part(subject, name, file_name, value, text):
    """S20: CR, LF and NUL in subject, names, file names and values."""
    outgoing = letter(
        subject=subject, to=[(name, "a@x.example")], text=text, headers=[("X-Tag", value)],
        files=[File(file_name, "image/png", PNG)],
    )  # fmt: skip
    raw = compose(outgoing)
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Hauspost-Id", b"X-Tag", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_content_type() for part in message.walk()] == ["multipart/mixed", "text/plain", "image/png"]
    assert next(iter(message.iter_attachments())).get_content() == PNG


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=40
)


@given(words=st.lists(WORDS, min_size=1, max_size=12))
def test_any_subject_comes_back(words):
    subject = " ".join(words)
    raw = compose(letter(subject=subject))
    decoded = email.header.make_header(email.header.decode_header(email.message_from_bytes(raw)["subject"]))
    assert str(decoded).replace("\r\n ", " ") == subject
    assert max(len(line) for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 78


@given(words=st.lists(WORDS, min_size=1, max_size=12), content=st.binary(max_size=300))
def test_any_file_comes_back_with_its_name(words, content):
    name = " ".join(words)
    message = read(letter(files=[File(name, "application/x-thing", content)]))
    (file,) = message.iter_attachments()
    # The standard's reader percent-decodes RFC 2231 by itself; a name in quotes it takes as it is.
    assert file.get_filename() == name
    assert file.get_content() == content


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=400))
def test_any_text_comes_back(text):
    expected = text if text.endswith("\n") else text + "\n"
    beside_html = email.message_from_bytes(compose(letter(text="x" + text, html="y")))
    plain = beside_html.get_payload(0).get_payload(decode=True).decode()
    # The last line end before a boundary belongs to the boundary, unless it was encoded.
    assert plain.replace("\r\n", "\n") in ("x" + expected, "x" + expected[:-1])
    raw = compose(letter(text=text))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    alone = email.message_from_bytes(raw).get_payload(decode=True).decode()
    assert alone.replace("\r\n", "\n") == expected


def test_line_ends_of_all_kinds_become_one_kind():
    assert compose(letter(text="a\r\nb\rc\n")).endswith(b"\r\n\r\na\r\nb\r\nc\r\n")


def test_a_plain_english_letter_stays_readable_as_it_is():
    assert b"7bit\r\n\r\nGood morning,\r\n\r\nwe have it.\r\n" in compose(letter())


def test_a_letter_mostly_of_other_scripts_is_not_blown_up():
    russian = "Принтер не печатает. " * 50
    assert b"Content-Transfer-Encoding: base64" in compose(letter(text=russian))
    assert len(compose(letter(text=russian))) < 1.4 * len(russian.encode()) + 700


def test_a_letter_attached_to_a_letter_is_never_encoded():
    """RFC 2046 5.2.1: message/rfc822 may not be base64; what would need it goes as plain bytes."""
    inner = compose(letter())
    (file,) = read(letter(files=[File("mail.eml", "message/rfc822", inner)])).iter_attachments()
    assert file.get_content_type() == "message/rfc822"
    assert file.get_payload(0)["subject"] == "Your ticket [#42]"
    for odd in (b"Subject: \xe4\r\n\r\n", b"Subject: a\n\n", b"x" * 2000 + b"\r\n"):
        (file,) = read(letter(files=[File("mail.eml", "message/rfc822", odd)])).iter_attachments()
        assert file.get_content_type() == "application/octet-stream"
        assert file.get_content() == odd


@pytest.mark.parametrize(
    "odd", ["", "x", "multipart/mixed", "text/html\r\nX: y", "message/partial", "ä/b", 'a/b; x="y\r\n"']
)
def test_an_odd_content_type_cannot_do_harm(odd):
    message = read(letter(files=[File("a", odd, b"x")]))
    (file,) = message.iter_attachments()
    assert file.get_content_type() in ("application/octet-stream", "text/html", "a/b")
    assert "x" not in message


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@b", "a b@c", "a@b\r\nBcc: c@d", "a@b>", "<a@b>", "a@b c", "a,b@c", "a..b@c", ".a@b", "a@-b",
     "a@b..c", "x" * 65 + "@b", "a@" + "b" * 300, "a\0@b", "a@b\n", "a@\ud800", "\ud800@b", None, 5, "a@[1.2.3.4\r\n]"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    """S20: no address adds a header, nor a recipient."""
    assert not is_sendable(address)
    if isinstance(address, str):
        with pytest.raises(NotSendable):
            compose(letter(to=[("", address)]))


@pytest.mark.parametrize(
    "address",
    ["a@b", "anna.maria+x@lindner.example", '"a b"@c.example', "o'hara@x.example", "ü@müller.example", "a@[127.0.0.1]"],
)
def test_addresses_as_people_have_them_are_taken(address):
    assert is_sendable(address)


def test_domains_with_umlauts_are_written_as_the_name_system_knows_them():
    assert b"To: Anna <anna@xn--mller-kva.example>" in compose(letter(to=[("Anna", "anna@müller.example")]))


def test_an_address_with_umlauts_stays_as_it_is():
    """RFC 6532: such a letter needs a server with SMTPUTF8."""
    assert "To: Anna <jörg@müller.example>".encode() in compose(letter(to=[("Anna", "jörg@müller.example")]))


@pytest.mark.parametrize(
    "name", ["Bcc", "subject", "Content-Type", "X Y", "X:", "", "Received", "Resent-To", "X\r\nY", "ä"]
)
def test_no_extra_header_takes_the_place_of_ours(name):
    with pytest.raises(NotSendable):
        compose(letter(headers=[(name, "x")]))


@pytest.mark.parametrize("message_id", ["", "a b@c", "a@b\r\nBcc: c@d", "ab", "<a@b>"])
def test_a_letter_has_a_proper_id(message_id):
    with pytest.raises(NotSendable):
        compose(letter(message_id=message_id))


def test_a_letter_to_nobody_visible_says_so():
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in compose(letter(to=[]))
