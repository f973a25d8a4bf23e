"""The key ring and the link tokens: who may read them, what they prove, and what never matches."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauspost.ground import tokens
from hauspost.ground.tokens import KeyRing, KeyRingFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


def test_the_first_use_makes_a_ring_only_its_owner_can_read(path):
    KeyRing(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_many_first_users_at_once_get_the_same_ring(path):
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: KeyRing(path), range(16)))
    signed = {ring.mac("purpose", b"payload") for ring in rings}
    assert len(signed) == 1


def test_a_signature_holds_for_its_purpose_and_payload_only(path):
    """S7, S12: at least 96 bit, keyed, bound to purpose and content."""
    ring = KeyRing(path)
    key_id, mac = ring.mac("message-id", b"42")
    assert len(mac) == 12
    assert ring.verify("message-id", b"42", key_id, mac)
    assert not ring.verify("message-id", b"43", key_id, mac)
    assert not ring.verify("plus-address", b"42", key_id, mac)
    assert not KeyRing(path.with_name("other.json")).verify("message-id", b"42", key_id, mac)


def test_purpose_and_payload_cannot_flow_into_each_other(path):
    ring = KeyRing(path)
    assert ring.mac("ab", b"c") != ring.mac("a", b"bc")


@pytest.mark.parametrize("mac", [b"", b"short", None, "text", 5, b"x" * 40])
def test_anything_that_is_no_signature_is_simply_no(path, mac):
    ring = KeyRing(path)
    assert not ring.verify("purpose", b"payload", ring.mac("purpose", b"payload")[0], mac)


@pytest.mark.parametrize("key_id", ["", "???", None, 7, "zzzzzz"])
def test_an_unknown_key_verifies_nothing(path, key_id):
    ring = KeyRing(path)
    assert not ring.verify("purpose", b"payload", key_id, ring.mac("purpose", b"payload")[1])


def test_no_signature_is_shorter_than_96_bit(path):
    with pytest.raises(ValueError):
        KeyRing(path).mac("purpose", b"payload", size=8)


def test_a_new_key_signs_and_the_old_ones_go_on_verifying(path):
    ring, other_process = KeyRing(path), KeyRing(path)
    old = ring.mac("purpose", b"payload")
    added = ring.add_key()
    new = ring.mac("purpose", b"payload")
    assert new[0] == added != old[0]
    assert ring.verify("purpose", b"payload", *old)
    assert KeyRing(path).verify("purpose", b"payload", *old)
    # A process that read the file before looks again when it meets a key it does not know.
    assert other_process.verify("purpose", b"payload", *new)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_seals_are_checked_with_the_public_key_alone(path):
    ring = KeyRing(path)
    key_id, signature = ring.sign_seal(b"all heads")
    public = ring.public_keys()[key_id]
    assert ring.verify_seal(b"all heads", key_id, signature)
    assert not ring.verify_seal(b"other heads", key_id, signature)
    assert not ring.verify_seal(b"all heads", "nobody", signature)
    assert tokens.verify_seal_with(public, b"all heads", signature)
    assert not tokens.verify_seal_with(public, b"all heads", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not tokens.verify_seal_with(b"no key", b"all heads", signature)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"keys": [], "seals": []}', '{"keys": [{"id": "a"}], "seals": []}']
)
def test_a_damaged_ring_is_named_and_never_replaced(path, content):
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(KeyRingFault, match=r"keys\.json"):
        KeyRing(path)
    assert path.read_text() == content


def test_a_fault_never_shows_a_key(path):
    """S21."""
    KeyRing(path)
    content = json.loads(path.read_text())
    secret = content["keys"][0]["secret"]
    content["seals"] = []
    path.write_text(json.dumps(content))
    with pytest.raises(KeyRingFault) as fault:
        KeyRing(path)
    assert secret not in str(fault.value)
    assert fault.value.__suppress_context__ or fault.value.__context__ is None


@given(st.binary(max_size=60))
def test_base32_comes_back(content):
    spelled = tokens.base32(content)
    assert spelled == spelled.lower()
    assert tokens.unbase32(spelled) == content


@pytest.mark.parametrize("text", ["A", "a", "ab1", "a=", " ", "aaa", "ab", None, 3, "ä", "abcdefgh\n"])
def test_base32_takes_only_its_own_spelling(text):
    """ "ab" carries spare bits that base32 would have written as zero: a token has one spelling."""
    assert tokens.unbase32(text) is None


def test_link_tokens_are_long_different_and_stored_as_something_else():
    """S12: random, at least 128 bit, hashed at rest."""
    made = {tokens.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(len(tokens.unbase32(token) or b"") * 8 >= 128 for token in made)
    token = made.pop()
    assert tokens.token_hash(token) == tokens.token_hash(token) != token
    assert token not in tokens.token_hash(token)


def test_a_token_for_one_purpose_is_none_for_another():
    token = tokens.new_token()
    assert tokens.token_hash(token, "invitation") != tokens.token_hash(token, "reset") != tokens.token_hash(token)


@pytest.mark.parametrize(
    "token", ["", " ", "\n", None, 0, False, b"bytes", [], {}, "short", "x" * 33, " " * 32, "A" * 32]
)
def test_what_is_no_token_never_matches(token):
    """S12: empty, null, whitespace, other type; not even with itself."""
    assert tokens.token_hash(token) != tokens.token_hash(token)
    assert len(tokens.token_hash(token)) == 64
