"""Sign-in and security: one's own password, app, recovery codes and sessions; and the factor a company demands."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hauspost.doors.cli.main import cli
from hauspost.ground.history.models import Event, EventPart
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people import factors
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.factors._sealing import seal
from hauspost.records.people.factors.refusals import FactorUnreadable
from hauspost.records.people.login import attempts
from hauspost.records.people.models import Person
from tests.desk import Desk
from tests.doors.browsing import browser as signed_in_long_ago
from tests.doors.browsing import words
from tests.doors.signing import (
    PASSWORD,
    SECRET,
    ask_for_code,
    client,
    configured,
    give_password,
    is_in,
    mailed_code,
    recorded,
    secret_of,
    shown_by_app,
    with_app,
    with_password,
)


def signed_in(desk: Desk, name: str) -> Client:
    """Somebody who just gave the password."""
    with_password(desk, name)
    browser = client()
    assert give_password(browser, desk.address(name)).status_code == 302
    return browser


# Setting up


def test_an_app_is_set_up_with_its_first_code(desk: Desk) -> None:
    """With a picture to scan, a key to type, and recovery codes that are shown once."""
    browser, petra = signed_in(desk, "petra"), desk.person("petra")
    page = browser.get("/me/security/authenticator").text
    assert 'src="data:image/svg+xml;base64,' in page
    typed = re.search(r'<code class="typed">([A-Z2-7 ]+)</code>', page)
    assert typed is not None
    secret = typed[1].replace(" ", "")
    assert browser.post("/me/security/authenticator", {"code": "000000"}).status_code == 401
    assert typed[1] in browser.get("/me/security/authenticator").text, "the same key, so that nothing is scanned twice"
    shown = browser.post("/me/security/authenticator", {"code": shown_by_app(secret)}).text
    codes = re.findall(r"<code>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</code>", shown)
    assert len(set(codes)) == factors.RECOVERY_CODES
    assert 'download="hauspost-recovery-codes.txt"' in shown
    security = words(browser.get("/me/security").text)
    assert "10 codes are left" in security
    assert codes[0] not in security
    assert secret_of(petra) == secret
    assert recorded(petra, "person.factor_added") == [{"type": "totp"}]


def test_secrets_are_unreadable_in_the_database(desk: Desk) -> None:
    """S12: the app's key is sealed, recovery codes are hashes; neither stands in the record."""
    anna, recovery = with_app(desk, "anna")
    rows = " ".join(map(str, Authenticator.objects.filter(user=anna).values_list("data", flat=True)))
    told = " ".join(Event.objects.values_list("data", flat=True)) + " ".join(
        content or "" for content in EventPart.objects.values_list("content", flat=True)
    )
    for secret in (SECRET, recovery[0], recovery[0].replace("-", "")):
        assert secret not in rows
        assert secret not in told


def test_a_lost_key_is_told_and_recovery_codes_still_work(desk: Desk, settings: Any) -> None:
    """After a restore without the key beside the database."""
    anna, recovery = with_app(desk, "anna")
    settings.SECRET_KEY = "another one"
    with pytest.raises(FactorUnreadable):
        factors.check_factor(anna, "123456")
    assert factors.check_factor(anna, recovery[0]) == "recovery"


def test_new_recovery_codes_end_the_old_ones(desk: Desk) -> None:
    anna, recovery = with_app(desk, "anna")
    browser = client()
    give_password(browser, desk.address("anna"))
    browser.post("/sign-in/factor", {"code": recovery[0]})
    shown = browser.post("/me/security/recovery-codes").text
    assert len(re.findall(r"<code>(?:[a-z2-7]{4}-){3}[a-z2-7]{4}</code>", shown)) == factors.RECOVERY_CODES
    with pytest.raises(factors.WrongFactor):
        factors.check_factor(anna, recovery[1])
    assert len(recorded(anna, "person.recovery_codes_made")) == 2


def test_removing_the_app_takes_the_codes_along(desk: Desk) -> None:
    anna, recovery = with_app(desk, "anna")
    browser = client()
    give_password(browser, desk.address("anna"))
    browser.post("/sign-in/factor", {"code": recovery[0]})
    assert browser.post("/me/security/authenticator/removal").status_code == 302
    assert not Authenticator.objects.filter(user=anna).exists()
    assert recorded(anna, "person.factor_removed") == [{"type": "totp"}]


# Confirming


GRAVE = [
    ("get", "/me/security/password"), ("post", "/me/security/password"), ("get", "/me/security/authenticator"),
    ("post", "/me/security/authenticator"), ("post", "/me/security/authenticator/removal"),
    ("post", "/me/security/recovery-codes"), ("post", "/me/security/passkeys"), ("get", "/me/security/passkeys"),
    ("post", "/me/security/passkeys/1/name"), ("post", "/me/security/passkeys/1/removal"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), GRAVE)
def test_who_sits_here_is_asked_before_anything_grave(desk: Desk, method: str, path: str) -> None:
    """A screen left open changes no factor and no password."""
    petra = signed_in_long_ago(desk, "petra")
    answer = getattr(petra, method)(path, {"code": "000000", "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/me/security/confirmation?next=%2Fme%2Fsecurity")
    assert "password=" not in answer["Location"]


def test_confirming_with_the_password(desk: Desk) -> None:
    browser = signed_in(desk, "petra")
    with desk.later(minutes=11):  # type: ignore[attr-defined]
        asked = browser.get("/me/security/authenticator")["Location"]
        assert "Is it you?" in words(browser.get(asked).text)
        form = {"step": "password", "next": "/me/security/authenticator"}
        assert browser.post("/me/security/confirmation", {**form, "password": "wrong"}).status_code == 401
        onward = browser.post("/me/security/confirmation", {**form, "password": PASSWORD})
        assert onward["Location"] == "/me/security/authenticator"
        assert browser.get("/me/security/authenticator").status_code == 200


def test_confirming_with_a_mailed_code(desk: Desk) -> None:
    """For whoever has no password."""
    petra = signed_in_long_ago(desk, "petra")
    assert 'name="password"' not in petra.get("/me/security/confirmation").text
    page = petra.post("/me/security/confirmation", {"step": "mail"}).text
    assert 'name="code"' in page
    assert petra.post("/me/security/confirmation", {"step": "mailed", "code": "00000000"}).status_code == 401
    petra.post("/me/security/confirmation", {"step": "mailed", "code": mailed_code()})
    assert petra.get("/me/security/password").status_code == 200


def test_somebody_elses_code_confirms_nothing(desk: Desk) -> None:
    """A code for another address, asked for in this browser, says nothing about who is signed in."""
    petra = signed_in_long_ago(desk, "petra")
    ask_for_code(petra, desk.address("marta"))
    assert petra.post("/me/security/confirmation", {"step": "mailed", "code": mailed_code()}).status_code == 403
    assert petra.get("/me/security/password").status_code == 302


def test_with_a_factor_only_the_factor_confirms(desk: Desk) -> None:
    """Whoever knows the password at an open screen cannot take the factor away."""
    _anna, recovery = with_app(desk, "anna")
    anna = signed_in_long_ago(desk, "anna")
    assert anna.post("/me/security/confirmation", {"step": "password", "password": PASSWORD}).status_code == 403
    anna.post("/me/security/confirmation", {"step": "mail"})
    assert anna.post("/me/security/confirmation", {"step": "mailed", "code": mailed_code()}).status_code == 403
    assert anna.post("/me/security/confirmation", {"code": recovery[0]}).status_code == 302
    assert anna.get("/me/security/password").status_code == 200


def test_confirming_is_slowed_down(desk: Desk) -> None:
    """S22."""
    browser = signed_in(desk, "petra")
    form = {"step": "password", "password": "wrong"}
    statuses = [browser.post("/me/security/confirmation", form).status_code for _try in range(attempts.PER_FACTOR + 1)]
    assert statuses == [401] * attempts.PER_FACTOR + [429]


# The password


def change(browser: Client, new: str, **more: str) -> Any:
    return browser.post("/me/security/password", {"password": new, "again": new, **more})


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(desk: Desk) -> None:
    """S13: this browser stays."""
    browser = signed_in(desk, "petra")
    other = client()
    give_password(other, desk.address("petra"))
    assert change(browser, "another good long one").status_code == 401
    assert change(browser, "another good long one", old_password="wrong").status_code == 401
    assert change(browser, "another good long one", old_password=PASSWORD)["Location"] == "/me/security"
    assert is_in(browser)
    assert not is_in(other)
    assert give_password(client(), desk.address("petra")).status_code == 401
    assert give_password(client(), desk.address("petra"), "another good long one").status_code == 302


def test_a_forgotten_password_is_replaced_after_a_mailed_code(desk: Desk) -> None:
    with_password(desk, "petra")
    browser = client()
    ask_for_code(browser, desk.address("petra"))
    browser.post("/sign-in/code", {"code": mailed_code()})
    assert 'name="old_password"' not in browser.get("/me/security/password").text
    assert change(browser, "another good long one").status_code == 302
    with desk.later(minutes=11):  # type: ignore[attr-defined]
        assert change(browser, "a third good long one").status_code == 401


@pytest.mark.parametrize(("new", "again", "said"), [
    ("short", "short", "at least 10 characters"), ("a good new one", "another one", "The two passwords differ"),
    ("petra lang 1", "petra lang 1", "too similar"),
])  # fmt: skip
def test_a_weak_or_mistyped_password_is_refused_in_words(desk: Desk, new: str, again: str, said: str) -> None:
    browser = signed_in(desk, "petra")
    form = {"old_password": PASSWORD, "password": new, "again": again}
    answer = browser.post("/me/security/password", form)
    assert answer.status_code == 422
    assert said in words(answer.text)


# Sessions


def test_all_other_sessions_end_at_once(desk: Desk) -> None:
    """S13."""
    browser, other = signed_in(desk, "petra"), client()
    give_password(other, desk.address("petra"))
    security = words(browser.get("/me/security").text)
    assert security.count("with password") == 2
    browser.post("/me/security/other-sessions")
    assert is_in(browser)
    assert not is_in(other)
    assert len(recorded(desk.person("petra"), "person.signed_out")) == 1


# What a company demands


def test_an_agent_sets_a_factor_up_before_anything_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, second_factor="agents")
    browser = signed_in(desk, "anna")
    for path in ("/desk/mine", "/desk/open", "/my-tickets", "/me", "/", "/ask", "/desk/search?q=x"):
        answer = browser.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/me/security"), path
    assert browser.get("/desk/people?q=a", HTTP_HX_REQUEST="true")["HX-Redirect"] == "/me/security"
    browser.get("/desk/open")
    assert "Your company asks for a second factor" in words(browser.get("/me/security").text)
    page = browser.get("/me/security/authenticator").text
    secret = re.search(r'<code class="typed">([A-Z2-7 ]+)</code>', page)
    assert secret is not None
    shown = browser.post("/me/security/authenticator", {"code": shown_by_app(secret[1].replace(" ", ""))}).text
    assert 'href="/desk/open"' in shown, "on to where she was going"
    assert browser.get("/desk/mine").status_code == 200


def test_what_was_typed_meanwhile_can_be_copied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P23.2: the setting changed while somebody wrote."""
    ticket = desk.ticket("petra")
    browser = signed_in(desk, "anna")
    configured(monkeypatch, second_factor="agents")
    answer = browser.post(f"/desk/tickets/{ticket.number}/notes", {"text": "A long note that nobody wants to lose"})
    assert answer.status_code == 403
    assert "A long note that nobody wants to lose" in answer.text


def test_who_has_a_factor_shows_it_in_a_session_that_is_older(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _anna, recovery = with_app(desk, "anna")
    anna = signed_in_long_ago(desk, "anna")
    configured(monkeypatch, second_factor="agents")
    assert anna.get("/desk/mine")["Location"] == "/me/security/confirmation"
    assert anna.post("/me/security/confirmation", {"code": recovery[0]})["Location"] == "/desk/mine"
    assert anna.get("/desk/mine").status_code == 200


@pytest.mark.parametrize(("mode", "asked"), [
    ("optional", set()), ("administrators", {"karim"}), ("agents", {"karim", "anna", "wolfgang", "lena"}),
])  # fmt: skip
def test_of_whom_a_factor_is_demanded(desk: Desk, monkeypatch: pytest.MonkeyPatch, mode: str, asked: set[str]) -> None:
    configured(monkeypatch, second_factor=mode)
    people = {
        name: Person.objects.get(pk=desk.person(name).pk) for name in ("karim", "anna", "wolfgang", "lena", "petra")
    }
    assert {name for name, person in people.items() if factors.needs_factor(person)} == asked


def test_the_gate_costs_no_question_once_it_is_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages stay as quick as they were."""
    petra = signed_in_long_ago(desk, "petra")

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            petra.get("/my-tickets")
        return len(asked)

    questions()
    before = questions()
    configured(monkeypatch, second_factor="agents")
    questions()
    assert questions() == before


def test_the_last_demanded_factor_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, recovery = with_app(desk, "anna")
    configured(monkeypatch, second_factor="agents")
    browser = client()
    give_password(browser, desk.address("anna"))
    browser.post("/sign-in/factor", {"code": recovery[0]})
    answer = browser.post("/me/security/authenticator/removal")
    assert answer.status_code == 409
    assert "your last one" in words(answer.text)
    assert factors.factors_of(anna).app_since is not None


# Resetting


def test_an_administrator_resets_a_persons_factors(desk: Desk) -> None:
    """Whoever lost phone and codes begins anew; the sessions end, the record says who did it."""
    anna, recovery = with_app(desk, "anna")
    browser = client()
    give_password(browser, desk.address("anna"))
    browser.post("/sign-in/factor", {"code": recovery[0]})
    karim = desk.person("karim")
    karim.is_administrator = True
    karim.save(update_fields=["is_administrator"])
    assert factors.reset_factors(anna, actor=desk.actor("karim")) is True
    assert factors.reset_factors(anna, actor=desk.actor("karim")) is False
    assert not is_in(browser)
    assert give_password(client(), desk.address("anna")).status_code == 302
    assert len(recorded(anna, "person.factors_reset")) == 1


def test_nobody_else_changes_a_persons_factors(desk: Desk) -> None:
    """S5: permission is tested by the one who may not."""
    anna, _recovery = with_app(desk, "anna")
    for verb in (
        lambda actor: factors.reset_factors(anna, actor=actor),
        lambda actor: factors.remove_app(anna, actor=actor),
        lambda actor: factors.make_recovery_codes(anna, actor=actor),
        lambda actor: factors.add_app(anna, seal(SECRET), shown_by_app(), actor=actor),
    ):
        with pytest.raises(NotAllowed):
            verb(desk.actor("sabine"))
    with pytest.raises(NotAllowed):
        factors.reset_factors(anna, actor=desk.actor("anna"))


def test_forgetting_leaves_no_factor(desk: Desk) -> None:
    anna, _recovery = with_app(desk, "anna")
    assert factors.forget_factors(anna) == 2
    assert not factors.factors_of(anna).any


def test_resetting_from_the_console(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P26.4: for the administrator whose own phone is lost."""
    monkeypatch.setattr("hauspost.doors.cli.person.bring_up_django", lambda folder: None)
    anna, _recovery = with_app(desk, "anna")
    done = CliRunner().invoke(cli, ["user", "reset-factors", desk.address("anna")])
    assert (done.exit_code, "password or a mailed code" in done.output) == (0, True), done.output
    assert not factors.factors_of(anna).any
    again = CliRunner().invoke(cli, ["user", "reset-factors", desk.address("anna")])
    assert "has no second factor" in again.output


def test_the_console_knows_whom_it_does_not_know(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hauspost.doors.cli.person.bring_up_django", lambda folder: None)
    done = CliRunner().invoke(cli, ["user", "reset-factors", "nobody@lindner.example"])
    assert done.exit_code != 0


def test_system_may_reset(desk: Desk) -> None:
    anna, _recovery = with_app(desk, "anna")
    assert factors.reset_factors(anna, actor=SYSTEM)
