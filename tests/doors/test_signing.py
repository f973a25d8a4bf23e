"""Signing in: with a password, a mailed code, and the second factor; equal answers for known and unknown."""

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hauspost.ground import clock
from hauspost.ground.history.models import Event, Stream
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people.actions import add_person, deactivate, give_role, known_person
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.login import attempts, codes, forget_what_expired
from hauspost.records.people.models import Address, Person, SignInAttempt
from tests.desk import Desk
from tests.doors.browsing import hidden, words
from tests.doors.signing import (
    ask_for_code,
    client,
    configured,
    give_password,
    is_in,
    mailed_code,
    mails,
    recorded,
    shown_by_app,
    with_app,
    with_password,
)

# The address first


def test_the_address_comes_first_then_the_ways(desk: Desk) -> None:
    """Without script; somebody without a password is not asked for one first."""
    browser = client()
    assert 'name="password"' not in browser.get("/sign-in").text
    ways = browser.post("/sign-in", {"address": desk.address("petra"), "next": "/my-tickets"}).text
    assert 'name="password"' in ways
    assert "Mail me a code" in words(ways)
    assert hidden(ways, "next") == "/my-tickets"


@pytest.mark.parametrize("typed", ["", "petra", "@", "petra@"])
def test_what_is_no_address_is_asked_again(db: None, typed: str) -> None:
    answer = client().post("/sign-in", {"address": typed})
    assert answer.status_code == 422
    assert "Write your e-mail address" in words(answer.text)


def test_everybody_gets_the_same_ways(desk: Desk) -> None:
    """S22: known, without password, outside, unknown: the page shows the same."""
    with_password(desk, "anna")
    pages = set()
    for address in (desk.address("anna"), desk.address("petra"), "nobody@lindner.example", "x@elsewhere.example"):
        text = client().post("/sign-in", {"address": address}).text.replace(address, "ADDRESS")
        pages.add(re.sub(r'(nonce|csrfmiddlewaretoken" value)="[^"]*"', "", text))
    assert len(pages) == 1


# The mailed code


def test_a_mailed_code_signs_in(desk: Desk) -> None:
    """P26.3: somebody who only ever wrote mail sees the old tickets; the sign-in and the address are in the record."""
    ticket = desk.ticket("petra")
    browser, petra = client(), desk.person("petra")
    assert "eight digits" in words(ask_for_code(browser, desk.address("petra")).text)
    assert not is_in(browser)
    code = mailed_code()
    arrived = browser.post("/sign-in/code", {"code": f" {code[:4]} {code[4:]} "})
    assert (arrived.status_code, arrived["Location"]) == (302, "/")
    assert str(ticket.number) in browser.get("/my-tickets").text
    assert recorded(petra, "person.signed_in") == [{"method": "code", "factor": ""}]
    assert Address.objects.get(address=desk.address("petra")).is_verified


def test_the_mail_is_in_the_persons_language_and_leads_to_a_button(desk: Desk) -> None:
    """S11, S23, P44.2: its link only shows the page; a scanner that opens it changes nothing."""
    Person.objects.filter(pk=desk.person("petra").pk).update(language="de")
    browser = client(headers={"Host": "testserver"})
    ask_for_code(browser, desk.address("petra"))
    [mail] = mails()
    letter = read_letter(mail.letter())
    code = mailed_code()
    assert letter.subject == "Ihr Code zum Anmelden"
    assert f"http://127.0.0.1:8000/sign-in/code?code={code}" in letter.text
    assert mail.envelope_from == "" and letter.is_automatic
    assert code not in letter.subject
    for _scan in range(3):
        page = browser.get(f"/sign-in/code?code={code}").text
        assert f'value="{code}"' in page
    assert not is_in(browser)
    browser.post("/sign-in/code", {"code": code})
    assert is_in(browser)


def test_a_code_opens_only_the_browser_that_asked(desk: Desk) -> None:
    """S12: elsewhere the page shows it, to be typed where it was asked for."""
    asking, other = client(), client()
    ask_for_code(asking, desk.address("petra"))
    code = mailed_code()
    page = words(other.get(f"/sign-in/code?code={code}").text)
    assert f"{code[:4]} {code[4:]}" in page
    assert "in another browser" in page
    assert other.post("/sign-in/code", {"code": code}).status_code == 410
    assert not is_in(other)
    asking.post("/sign-in/code", {"code": code})
    assert is_in(asking)


def test_a_code_is_good_once(desk: Desk) -> None:
    """S12."""
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    code = mailed_code()
    browser.post("/sign-in/code", {"code": code})
    browser.post("/sign-out")
    assert browser.post("/sign-in/code", {"code": code}).status_code == 410


def test_a_code_ends_after_a_quarter_of_an_hour(desk: Desk) -> None:
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    with desk.later(minutes=16):  # type: ignore[attr-defined]
        answer = browser.post("/sign-in/code", {"code": mailed_code()})
    assert answer.status_code == 410
    assert "no longer valid" in words(answer.text)


def test_a_code_cannot_be_guessed(desk: Desk) -> None:
    """S22: five tries a code, then even the right one is too late."""
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    code = mailed_code()
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    answers = [browser.post("/sign-in/code", {"code": wrong}).status_code for _try in range(codes.TRIES)]
    assert answers == [401] * (codes.TRIES - 1) + [410]
    assert browser.post("/sign-in/code", {"code": code}).status_code == 410
    [first] = recorded(desk.person("petra"), "person.sign_in_failed")
    assert first == {"method": "code", "tries": 1}


@pytest.mark.parametrize("nothing", ["", " ", "0", "٤٤٤٤٤٤٤٤", "12345678901234567890"])
def test_nothing_is_no_code(desk: Desk, nothing: str) -> None:
    """S12."""
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    assert browser.post("/sign-in/code", {"code": nothing}).status_code == 401
    assert client().post("/sign-in/code", {"code": nothing}).status_code == 410


def test_a_new_code_ends_the_old_one(desk: Desk) -> None:
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    old = mailed_code()
    ask_for_code(browser, desk.address("petra"))
    assert browser.post("/sign-in/code", {"code": old}).status_code in (401, 410)
    browser.post("/sign-in/code", {"code": mailed_code()})
    assert is_in(browser)


def test_a_new_password_or_role_ends_a_waiting_code(desk: Desk) -> None:
    """S12."""
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    with_password(desk, "petra")
    assert browser.post("/sign-in/code", {"code": mailed_code()}).status_code == 410


def _outsider(desk: Desk) -> str:
    return add_person("Ute Fremd", "ute@elsewhere.example", actor=SYSTEM, is_external=True).addresses.get().address


def _leaver(desk: Desk) -> str:
    deactivate(desk.person("jonas"), actor=SYSTEM)
    return desk.address("jonas")


def _program(desk: Desk) -> str:
    person = add_person("Monitoring", "monitoring@lindner.example", actor=SYSTEM)
    Person.objects.filter(pk=person.pk).update(is_integration=True)
    return "monitoring@lindner.example"


def _shared(desk: Desk) -> str:
    Address.objects.filter(address=desk.address("marta")).update(kind=Address.Kind.SHARED)
    return desk.address("marta")


NOBODY = {
    "unknown": lambda desk: "nobody@lindner.example",
    "an outsider": _outsider,
    "a leaver": _leaver,
    "a program": _program,
    "read by several": _shared,
    "our own": lambda desk: desk.address("it"),
}


@pytest.mark.parametrize("who", NOBODY)
def test_who_gets_no_code_gets_the_same_answer(desk: Desk, who: str) -> None:
    """S9, S22: the same page, the same work, the same answers to guesses; and no mail."""
    address = NOBODY[who](desk)
    told: dict[str, list[tuple[int, str]]] = {}
    for one in (desk.address("petra"), address):
        browser = client()
        answers = [
            ask_for_code(browser, one),
            *(browser.post("/sign-in/code", {"code": "00000000"}) for _try in range(6)),
        ]
        told[one] = [(answer.status_code, words(answer.text).replace(one, "ADDRESS")) for answer in answers]
    assert told[address] == told[desk.address("petra")]
    [mail] = mails()
    assert mail.recipients.get().address == desk.address("petra")


def test_the_same_work_is_done_for_unknown_addresses(desk: Desk) -> None:
    """S22: as many questions to the database, so that time tells nothing."""
    counts = []
    for address in (desk.address("petra"), "nobody@lindner.example"):
        with CaptureQueriesContext(connection) as asked:
            ask_for_code(client(), address)
        counts.append(len([one for one in asked.captured_queries if "SAVEPOINT" not in one["sql"]]))
    assert counts[0] == counts[1]


def test_an_outsider_with_work_here_gets_a_code(desk: Desk) -> None:
    """S9: no portal by default; giving somebody a role is the company's decision."""
    address = _outsider(desk)
    give_role(known_person(address), desk.team("it"), "agent", actor=SYSTEM)
    browser = client()
    ask_for_code(browser, address)
    browser.post("/sign-in/code", {"code": mailed_code()})
    assert is_in(browser)


def test_the_code_goes_to_the_main_address(desk: Desk) -> None:
    """P25.6: whoever types an old address gets it where the person reads mail now."""
    petra = desk.person("petra")
    Address.objects.create(address="petra.alt@lindner.example", person=petra, is_main=False, created_at=clock.now())
    ask_for_code(client(), "Petra.Alt@lindner.example")
    [mail] = mails()
    assert mail.recipients.get().address == desk.address("petra")


def test_nobody_is_bombed_with_codes(desk: Desk) -> None:
    """S10, S22: five an hour for an address, known or not, from wherever."""
    for address in (desk.address("petra"), "nobody@lindner.example"):
        asked = [
            ask_for_code(client(REMOTE_ADDR=f"10.0.0.{turn}"), address).status_code
            for turn in range(attempts.MAILS_PER_ACCOUNT + 1)
        ]
        assert asked == [200] * attempts.MAILS_PER_ACCOUNT + [429]
    assert len(mails()) == attempts.MAILS_PER_ACCOUNT
    with desk.later(minutes=61):  # type: ignore[attr-defined]
        assert ask_for_code(client(), desk.address("petra")).status_code == 200


def test_a_guessers_lock_does_not_keep_the_person_out(desk: Desk) -> None:
    """S22: while the password is locked, the mailed code still works."""
    with_password(desk, "anna")
    for turn in range(attempts.PER_ACCOUNT):
        give_password(client(REMOTE_ADDR=f"10.0.0.{turn}"), desk.address("anna"), "wrong")
    assert give_password(client(), desk.address("anna")).status_code == 429
    browser = client()
    ask_for_code(browser, desk.address("anna"))
    browser.post("/sign-in/code", {"code": mailed_code()})
    assert is_in(browser)


def test_what_was_typed_goes_along_to_the_code(desk: Desk) -> None:
    """P18.3, P23.2: the session ended over a form; it is there again after a mailed code."""
    browser = client()
    asked = browser.post("/ask", {"text": "Written before", "subject": "Screen"})
    kept = {"next": hidden(asked.text, "next"), "kept-text": hidden(asked.text, "kept-text")}
    ways = browser.post("/sign-in", {"address": desk.address("petra"), **kept})
    assert hidden(ways.text, "kept-text") == "Written before"
    page = ask_for_code(browser, desk.address("petra"), **kept)
    assert hidden(page.text, "kept-text") == "Written before"
    resumed = browser.post("/sign-in/code", {"code": mailed_code(), **kept})
    assert "Written before</textarea>" in resumed.text


# Passwords


def test_a_program_never_signs_in(desk: Desk) -> None:
    """P38.1: also not with a password, and a session that it had ends."""
    anna = with_password(desk, "anna")
    browser = client()
    give_password(browser, desk.address("anna"))
    Person.objects.filter(pk=anna.pk).update(is_integration=True)
    assert not is_in(browser)
    assert give_password(client(), desk.address("anna")).status_code == 401


def test_signing_in_is_in_the_record_and_failing_is_bounded(desk: Desk) -> None:
    """P26.4: how, never from where; the first and the last wrong try of a quarter of an hour."""
    anna = with_password(desk, "anna")
    for _try in range(attempts.PER_ACCOUNT + 3):
        give_password(client(), desk.address("anna"), "wrong")
    with desk.later(minutes=16):  # type: ignore[attr-defined]
        give_password(client(), desk.address("anna"))
    failed = recorded(anna, "person.sign_in_failed")
    assert failed == [{"method": "password", "tries": tries} for tries in (1, attempts.PER_ACCOUNT)]
    assert recorded(anna, "person.signed_in") == [{"method": "password", "factor": ""}]


def test_a_failed_try_at_nobody_leaves_nothing_in_the_record(desk: Desk) -> None:
    before = (Event.objects.count(), Stream.objects.count())
    give_password(client(), "nobody@lindner.example", "wrong")
    assert (Event.objects.count(), Stream.objects.count()) == before


def test_a_session_ends_with_its_person_within_one_request(desk: Desk) -> None:
    """S13: also one that is only at its second step."""
    with_app(desk, "anna")
    browser, half = client(), client()
    with desk.later(seconds=31):  # type: ignore[attr-defined]
        give_password(browser, desk.address("anna"))
        browser.post("/sign-in/factor", {"code": shown_by_app()})
        assert is_in(browser)
        give_password(half, desk.address("anna"))
        deactivate(desk.person("anna"), actor=SYSTEM)
        assert not is_in(browser)
        assert half.get("/sign-in/factor")["Location"] == "/sign-in"


# The second factor


def test_an_app_is_asked_for_after_the_password(desk: Desk) -> None:
    anna, _codes = with_app(desk, "anna")
    browser = client()
    with desk.later(seconds=31):  # type: ignore[attr-defined]
        step = give_password(browser, desk.address("anna"), next="/desk/mine")
        assert "One more step" in words(step.text)
        assert not is_in(browser)
        arrived = browser.post("/sign-in/factor", {"code": shown_by_app(), "next": hidden(step.text, "next")})
        assert (arrived.status_code, arrived["Location"]) == (302, "/desk/mine")
    assert recorded(anna, "person.signed_in") == [{"method": "password", "factor": "totp"}]


def test_and_after_the_mailed_code(desk: Desk) -> None:
    anna, recovery = with_app(desk, "anna")
    browser = client()
    ask_for_code(browser, desk.address("anna"))
    assert "One more step" in words(browser.post("/sign-in/code", {"code": mailed_code()}).text)
    assert not is_in(browser)
    browser.post("/sign-in/factor", {"code": recovery[0].upper()})
    assert is_in(browser)
    assert recorded(anna, "person.signed_in") == [{"method": "code", "factor": "recovery"}]


def test_a_factors_code_works_once(desk: Desk) -> None:
    """S12: neither the app's code nor a recovery code can be used by whoever saw it typed."""
    _anna, recovery = with_app(desk, "anna")
    with desk.later(seconds=31):  # type: ignore[attr-defined]
        for code in (shown_by_app(), recovery[3]):
            statuses = []
            for _turn in range(2):
                browser = client()
                give_password(browser, desk.address("anna"))
                statuses.append(browser.post("/sign-in/factor", {"code": code}).status_code)
            assert statuses == [302, 401], code


def test_an_older_code_than_the_last_one_is_spent(desk: Desk) -> None:
    with_app(desk, "anna")
    with desk.later(seconds=61):  # type: ignore[attr-defined]
        before = shown_by_app()
    with desk.later(seconds=91):  # type: ignore[attr-defined]
        browser = client()
        give_password(browser, desk.address("anna"))
        assert browser.post("/sign-in/factor", {"code": shown_by_app()}).status_code == 302
        again = client()
        give_password(again, desk.address("anna"))
        assert again.post("/sign-in/factor", {"code": before}).status_code == 401


def test_a_second_factor_cannot_be_guessed(desk: Desk) -> None:
    """S22: five tries in a quarter of an hour, whatever browser; with the person's own failures in the record."""
    anna, recovery = with_app(desk, "anna")
    statuses = []
    for _try in range(attempts.PER_FACTOR):
        browser = client()
        give_password(browser, desk.address("anna"))
        statuses.append(browser.post("/sign-in/factor", {"code": "000000"}).status_code)
    assert statuses == [401] * attempts.PER_FACTOR
    assert browser.post("/sign-in/factor", {"code": recovery[0]}).status_code == 429
    tries = [one["tries"] for one in recorded(anna, "person.sign_in_failed") if one["method"] == "second factor"]
    assert tries == [1, attempts.PER_FACTOR]


def test_the_second_step_needs_the_first_and_does_not_wait_for_ever(desk: Desk) -> None:
    _anna, recovery = with_app(desk, "anna")
    assert client().post("/sign-in/factor", {"code": recovery[0]}).status_code == 410
    assert client().get("/sign-in/factor")["Location"] == "/sign-in"
    browser = client()
    give_password(browser, desk.address("anna"))
    with desk.later(minutes=11):  # type: ignore[attr-defined]
        assert browser.post("/sign-in/factor", {"code": recovery[0]}).status_code == 410
    assert not is_in(browser)


def test_the_session_gets_a_new_key_at_every_step(desk: Desk) -> None:
    """S13: what somebody planted before is worth nothing after."""
    _anna, recovery = with_app(desk, "anna")
    browser = client()
    ask_for_code(browser, desk.address("anna"))
    keys = [browser.cookies["hauspost"].value]
    for path, form in (
        ("/sign-in/code", {"code": mailed_code()}),
        ("/sign-in/factor", {"code": recovery[0]}),
    ):
        browser.post(path, form)
        keys.append(browser.cookies["hauspost"].value)
    assert len(set(keys)) == 3
    assert Session.objects.filter(session_key__in=keys).count() == 1


# Cleaning up


def test_what_expired_is_dropped(desk: Desk) -> None:
    """Codes wait in sessions; ended ones go daily, with the tries that no longer count."""
    ask_for_code(client(), desk.address("petra"))
    give_password(client(), desk.address("petra"), "wrong")
    assert Session.objects.count() == 1
    assert SignInAttempt.objects.count() == 2
    with desk.later(hours=2):  # type: ignore[attr-defined]
        assert forget_what_expired() == 3
    assert Session.objects.count() == 0


def test_a_foreign_host_gets_no_code_mailed(desk: Desk, settings: Any) -> None:
    """S11: and the link never follows the request."""
    settings.ALLOWED_HOSTS = ["desk.lindner.example"]
    refused = Client(HTTP_HOST="evil.example").post("/sign-in", {"address": desk.address("petra"), "step": "code"})
    assert refused.status_code == 400
    ask_for_code(Client(HTTP_HOST="desk.lindner.example", HTTP_X_FORWARDED_HOST="evil.example"), desk.address("petra"))
    [mail] = OutgoingMail.objects.all()
    assert b"evil.example" not in mail.letter()


def test_passkeys_are_offered_where_browsers_make_them(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address by number, or http over the network, has none."""
    for url, offered in (
        ("https://desk.lindner.example/help", True),
        ("http://localhost:8000", True),
        ("http://desk.lindner.example", False),
        ("https://10.0.0.7", False),
        ("https://[::1]:8000", False),
    ):
        configured(monkeypatch, public_url=url)
        assert ("Sign in with a passkey" in client().get("/sign-in").text) is offered, url
        assert (client().get("/sign-in/passkey").status_code == 200) is offered, url
