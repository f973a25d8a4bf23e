"""Our signed Message-IDs, plus-addresses and return paths: they come back to us, and nobody else can make them."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauspost.ground.mail import addresses
from hauspost.ground.mail.addresses import OurId, PlusId
from hauspost.ground.tokens import KeyRing

KINDS = st.sampled_from(["reply", "acknowledgement", "notice", "note"])


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return KeyRing(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def foreign_ring(tmp_path_factory):
    return KeyRing(tmp_path_factory.mktemp("foreign") / "keys.json")


def any_case(text):
    return "".join(random.Random(text).choice([letter.lower(), letter.upper()]) for letter in text)


@given(kind=KINDS, ticket=st.integers(0, 10**9), entry=st.integers(0, 10**10), person=st.integers(0, 10**6))
def test_our_message_id_says_what_the_mail_was(ring, kind, ticket, entry, person):
    message_id = addresses.message_id_for(kind, ticket, entry, person, ring, "Desk.Example")
    local, _, domain = message_id.rpartition("@")
    assert domain == "desk.example"
    assert len(local) <= 64
    assert re.fullmatch(r"[a-z0-9]+(\.[a-z0-9]+)*", local)
    assert addresses.read_message_id(any_case(message_id), ring) == OurId(kind, ticket, entry, person)


def test_the_same_mail_written_twice_has_two_ids(ring):
    made = {addresses.message_id_for("reply", 1, 2, 3, ring, "x.example") for _ in range(50)}
    assert len(made) == 50


def test_brackets_and_space_around_an_id_do_not_matter(ring):
    message_id = addresses.message_id_for("reply", 1, 2, 3, ring, "x.example")
    assert addresses.read_message_id(f" <{message_id}>\r\n", ring) == OurId("reply", 1, 2, 3)


def test_a_message_id_forged_in_any_character_is_not_ours(ring):
    """S7: forged from a known one, for another ticket, person or kind."""
    message_id = addresses.message_id_for("notice", 42, 7, 5, ring, "x.example")
    local, _, domain = message_id.rpartition("@")
    for position, letter in enumerate(local):
        forged = local[:position] + ("3" if letter != "3" else "4") + local[position + 1 :]
        assert addresses.read_message_id(f"{forged}@{domain}", ring) is None, forged


def test_a_message_id_of_another_hauspost_is_not_ours(ring, foreign_ring):
    assert addresses.read_message_id(addresses.message_id_for("reply", 1, 2, 3, foreign_ring, "x"), ring) is None


@pytest.mark.parametrize(
    "message_id",
    ["", "<>", "a@b", None, 5, b"bytes", "r.1.2.3.aaaaaaaa.abc." + "a" * 20 + "@x", "r." * 5000, "\0", "ı@x"],
)
def test_what_is_no_id_of_ours_is_read_as_none(ring, message_id):
    assert addresses.read_message_id(message_id, ring) is None


def test_numbers_that_no_id_can_hold_are_refused(ring):
    with pytest.raises(ValueError):
        addresses.message_id_for("reply", 10**18, 10**18, 0, ring, "x.example")
    with pytest.raises(ValueError):
        addresses.message_id_for("reply", -1, 0, 0, ring, "x.example")


@given(ticket=st.integers(0, 10**8), entry=st.integers(0, 10**9))
def test_a_plus_address_leads_back_to_ticket_and_message(ring, ticket, entry):
    address = addresses.plus_address("it@Desk.example", ticket, entry, ring)
    assert len(address.rpartition("@")[0]) <= 64
    assert addresses.read_plus_address(any_case(address), ring) == PlusId("it@desk.example", ticket, entry)


def test_a_base_with_a_plus_of_its_own_keeps_it(ring):
    address = addresses.plus_address("it+cologne@desk.example", 42, 7, ring)
    assert addresses.read_plus_address(address, ring) == PlusId("it+cologne@desk.example", 42, 7)


def test_where_the_token_does_not_fit_the_plain_address_stands(ring):
    base = "gebaeudemanagement-und-sicherheit@desk.example"
    assert addresses.plus_address(base, 1_000_000, 5_000_000, ring) == base
    assert addresses.verp("x" * 60 + "@desk.example", 5, ring) == "x" * 60 + "@desk.example"


def test_a_usual_intake_address_has_room_for_a_million_tickets(ring):
    address = addresses.plus_address("gebaeudemanagement.wien@desk.example", 1_000_000, 30_000_000, ring)
    assert addresses.read_plus_address(address, ring) == PlusId(
        "gebaeudemanagement.wien@desk.example", 1_000_000, 30_000_000
    )


@given(outbox_id=st.integers(1, 10**12))
def test_a_bounce_names_the_mail_by_its_return_path(ring, outbox_id):
    for base in ("it@desk.example", "desk.example"):
        assert addresses.read_verp(any_case(addresses.verp(base, outbox_id, ring)), ring) == outbox_id


def test_a_token_of_one_purpose_is_none_of_another(ring):
    plus, back = addresses.plus_address("it@desk.example", 1, 2, ring), addresses.verp("it@desk.example", 1, ring)
    assert addresses.read_verp(plus, ring) is None
    assert addresses.read_plus_address(back, ring) is None
    assert addresses.read_message_id(plus.partition("+")[2], ring) is None


@pytest.mark.parametrize("read", [addresses.read_plus_address, addresses.read_verp])
def test_a_forged_or_foreign_address_is_not_ours(ring, foreign_ring, read):
    made = {
        addresses.read_plus_address: lambda by: addresses.plus_address("it@desk.example", 42, 7, by),
        addresses.read_verp: lambda by: addresses.verp("it@desk.example", 42, by),
    }[read]
    address = made(ring)
    assert read(address, ring) is not None
    assert read(made(foreign_ring), ring) is None
    for position in range(3, address.index("@")):
        forged = address[:position] + ("c" if address[position] != "c" else "d") + address[position + 1 :]
        assert read(forged, ring) is None, forged


@pytest.mark.parametrize(
    "address", ["", "it@desk.example", "it+@desk.example", "+a.b.c@x", None, 3, "it+" + "a" * 5000, "a+b"]
)
@pytest.mark.parametrize("read", [addresses.read_plus_address, addresses.read_verp])
def test_a_plain_or_odd_address_carries_nothing(ring, read, address):
    assert read(address, ring) is None


def test_an_old_address_still_works_after_a_new_key(tmp_path):
    ring = KeyRing(tmp_path / "keys.json")
    message_id = addresses.message_id_for("reply", 1, 2, 3, ring, "x.example")
    address = addresses.plus_address("it@x.example", 1, 2, ring)
    ring.add_key()
    assert addresses.read_message_id(message_id, ring) == OurId("reply", 1, 2, 3)
    assert addresses.read_plus_address(address, ring) == PlusId("it@x.example", 1, 2)
