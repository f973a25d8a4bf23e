"""Passkeys, and the answers that prove none: another origin, an old question, a copied key, somebody else's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticatorData, PublicKeyCredentialUserEntity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hauspost.records.people import factors
from hauspost.records.people.actions import deactivate
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.factors import passkeys
from hauspost.records.people.factors.refusals import PasskeyNotAdded
from hauspost.records.people.models import Person
from tests.desk import Desk
from tests.doors.browsing import words
from tests.doors.signing import client, configured, give_password, is_in, recorded, with_app, with_password
from tests.doors.soft_key import SoftKey

HOME = "https://testserver"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, public_url=HOME)


def with_passkey(desk: Desk, name: str, **key: Any) -> tuple[Person, SoftKey]:
    """Somebody with a password and a passkey, added on the page."""
    person = with_password(desk, name)
    browser, made = client(), SoftKey(HOME, **key)
    give_password(browser, desk.address(name))
    answer = made.creates(browser.get("/me/security/passkeys").json())
    added = browser.post("/me/security/passkeys", {"name": "Laptop", "credential": answer})
    assert "Recovery codes" in words(added.text)
    return person, made


def show(browser: Client, key: SoftKey, **instead: Any) -> int:
    options = browser.get("/sign-in/passkey").json()
    status: int = browser.post("/sign-in/passkey", {"credential": key.shows(options, **instead)}).status_code
    return status


def test_a_passkey_signs_in_alone(desk: Desk) -> None:
    anna, key = with_passkey(desk, "anna")
    browser = client()
    assert show(browser, key) == 302
    assert is_in(browser)
    assert recorded(anna, "person.signed_in")[-1] == {"method": "passkey", "factor": "passkey"}


def test_the_question_names_nobody(desk: Desk) -> None:
    """S22: whoever asks learns of no key and no person; the person's own id is random."""
    anna, key = with_passkey(desk, "anna")
    asked = client().get("/sign-in/passkey").json()["publicKey"]
    assert "allowCredentials" not in asked
    assert asked["rpId"] == "testserver"
    assert asked["userVerification"] == "required"
    assert key.user == websafe_encode(anna.uid.bytes)


FORGED: dict[str, dict[str, Any]] = {
    "asked by another page": {"origin": "https://evil.example"},
    "asked by another port": {"origin": f"{HOME}:8443"},
    "an old question": {"challenge": websafe_encode(b"0" * 32)},
    "of another kind": {"type": "webauthn.create"},
    "nobody there": {"flags": AuthenticatorData.FLAG.UV},
    "not unlocked": {"flags": AuthenticatorData.FLAG.UP},
    "of nobody": {"user": websafe_encode(b"1" * 16)},
    "without a person": {"user": ""},
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_answer_is_refused(desk: Desk, how: str) -> None:
    """S12, S23."""
    _anna, key = with_passkey(desk, "anna")
    browser = client()
    assert show(browser, key, **FORGED[how]) == 401
    assert not is_in(browser)


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"response": 7}', "x", '{"rawId": "a", "response": {}}', "[" * 9000, "9" * 30_000]
)  # fmt: skip
def test_nonsense_is_refused(desk: Desk, answer: str) -> None:
    browser = client()
    browser.get("/sign-in/passkey")
    assert browser.post("/sign-in/passkey", {"credential": answer}).status_code == 401
    give_password(browser, with_password(desk, "anna").addresses.get(is_main=True).address)
    browser.get("/me/security/passkeys")
    assert browser.post("/me/security/passkeys", {"name": "x", "credential": answer}).status_code == 422


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_answers_are_refused(data: st.DataObject) -> None:
    """Whatever bytes stand where a browser puts its own: a refusal, never a fault."""
    key = SoftKey(HOME)
    server = passkeys._server()
    options, state = server.register_begin(PublicKeyCredentialUserEntity(id=b"1", name="a", display_name="a"))
    answer = json.loads(key.creates(dict(options)))
    part = data.draw(st.sampled_from(sorted(answer["response"])))
    whole = websafe_decode(answer["response"][part])
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + data.draw(st.binary(max_size=40)) + whole[place + data.draw(st.integers(1, 40)) :]
    answer["response"][part] = websafe_encode(damaged)
    try:
        passkeys.created(json.dumps(answer), state)
    except PasskeyNotAdded:
        pass


def test_a_key_that_is_not_known_is_refused(desk: Desk) -> None:
    """Also with the name of somebody who has another one."""
    _anna, key = with_passkey(desk, "anna")
    assert show(client(), SoftKey(HOME, user=key.user)) == 401
    assert show(client(), SoftKey(HOME, user=key.user, id=key.id)) == 401


def test_an_answer_counts_once(desk: Desk) -> None:
    """S12."""
    _anna, key = with_passkey(desk, "anna")
    browser = client()
    answer = key.shows(browser.get("/sign-in/passkey").json())
    assert browser.post("/sign-in/passkey", {"credential": answer}).status_code == 302
    browser.post("/sign-out")
    assert browser.post("/sign-in/passkey", {"credential": answer}).status_code == 401


def test_a_question_does_not_wait_for_ever(desk: Desk) -> None:
    _anna, key = with_passkey(desk, "anna")
    browser = client()
    answer = key.shows(browser.get("/sign-in/passkey").json())
    with desk.later(minutes=11):  # type: ignore[attr-defined]
        assert browser.post("/sign-in/passkey", {"credential": answer}).status_code == 401


def test_a_copied_key_is_noticed(desk: Desk) -> None:
    """Its counter goes backwards; keys that keep none always say 0."""
    _anna, key = with_passkey(desk, "anna", counter=5)
    assert show(client(), key) == 302
    key.counter -= 1
    assert show(client(), key) == 401


def test_at_the_second_step_only_ones_own_key_counts(desk: Desk) -> None:
    _anna, annas = with_passkey(desk, "anna")
    _jonas, jonass = with_passkey(desk, "jonas")
    browser = client()
    assert "One more step" in words(give_password(browser, desk.address("anna")).text)
    assert show(browser, jonass) == 401
    assert not is_in(browser)
    assert show(browser, annas) == 302
    assert is_in(browser)


def test_somebody_elses_key_confirms_nothing(desk: Desk) -> None:
    _anna, annas = with_passkey(desk, "anna")
    _jonas, jonass = with_passkey(desk, "jonas")
    browser = client()
    show(browser, annas)
    with desk.later(minutes=11):  # type: ignore[attr-defined]
        assert show(browser, jonass) == 401
        assert browser.get("/me/security/password").status_code == 302
        assert show(browser, annas) == 302
        assert browser.get("/me/security/password").status_code == 200


def _leaves(desk: Desk, anna: Person) -> None:
    deactivate(anna, actor=SYSTEM)


def _is_program(desk: Desk, anna: Person) -> None:
    Person.objects.filter(pk=anna.pk).update(is_integration=True)


def _is_reset(desk: Desk, anna: Person) -> None:
    factors.reset_factors(anna, actor=SYSTEM)


@pytest.mark.parametrize("happens", [_leaves, _is_program, _is_reset])
def test_the_key_of_somebody_who_may_not_sign_in_opens_nothing(
    desk: Desk, happens: Callable[[Desk, Person], None]
) -> None:
    """S13."""
    anna, key = with_passkey(desk, "anna")
    happens(desk, anna)
    assert show(client(), key) == 401


def test_a_key_of_another_person_is_nobodys_to_change(desk: Desk) -> None:
    """S5: not found, whoever asks."""
    anna, _key = with_passkey(desk, "anna")
    number = factors.factors_of(anna).passkeys[0].id
    browser = client()
    with_password(desk, "jonas")
    give_password(browser, desk.address("jonas"))
    for noun, form in (("name", {"name": "mine now"}), ("removal", {})):
        for one in (number, 987_654_321):
            assert browser.post(f"/me/security/passkeys/{one}/{noun}", form).status_code == 404
    assert factors.factors_of(anna).passkeys[0].name == "Laptop"


def test_a_key_is_renamed_and_removed(desk: Desk) -> None:
    anna, key = with_passkey(desk, "anna")
    number = factors.factors_of(anna).passkeys[0].id
    browser = client()
    show(browser, key)
    assert browser.post(f"/me/security/passkeys/{number}/name", {"name": "  "}).status_code == 422
    browser.post(f"/me/security/passkeys/{number}/name", {"name": "Old laptop"})
    assert factors.factors_of(anna).passkeys[0].name == "Old laptop"
    browser.post(f"/me/security/passkeys/{number}/removal")
    assert not factors.factors_of(anna).any
    assert factors.factors_of(anna).recovery_codes_left == 0


def test_an_app_beside_a_passkey_leaves_one_of_them_when_the_other_goes(desk: Desk) -> None:
    anna, recovery = with_app(desk, "anna")
    browser, key = client(), SoftKey(HOME)
    give_password(browser, desk.address("anna"))
    browser.post("/sign-in/factor", {"code": recovery[0]})
    answer = key.creates(browser.get("/me/security/passkeys").json())
    assert browser.post("/me/security/passkeys", {"name": "x", "credential": answer}).status_code == 302
    browser.post("/me/security/authenticator/removal")
    has = factors.factors_of(anna)
    assert (has.app_since, len(has.passkeys), has.recovery_codes_left) == (None, 1, 9)
