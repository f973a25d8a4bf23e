"""Signing in with a real browser: passkeys in a virtual authenticator, an app's code, a mailed code; light and dark."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from hauspost.records.people import factors
from hauspost.records.people.models import Person
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.desk import Desk
from tests.doors.signing import PASSWORD, configured, mailed_code, recorded, shown_by_app, with_app, with_password

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


@pytest.fixture
def at_home(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The public URL is where the browser comes, as passkeys are bound to it."""
    configured(monkeypatch, public_url=live_server.url)
    return str(live_server.url)


def with_virtual_key(page: Page) -> Any:
    """A device that keeps passkeys and always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return devtools, key


def sign_in(visitor: Visitor, address: str) -> Page:
    page = visitor.opens("/sign-in")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page


def test_a_passkey_is_made_and_signs_in(visit: Visit, lasting_desk: Desk, at_home: str) -> None:
    """Without address, password or code; under the strict policy. It counts as both factors."""
    anna = with_password(lasting_desk, "anna")
    visitor = visit("")
    devtools, key = with_virtual_key(visitor.page)
    page = sign_in(visitor, lasting_desk.address("anna"))
    page.wait_for_url("**/desk/**")
    visitor.opens("/me/security")
    page.get_by_label("Name of the new passkey").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert page.locator(".codes li").count() == factors.RECOVERY_CODES
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_text("Work laptop", exact=True).first.wait_for()
    [kept] = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert kept["isResidentCredential"]

    page.get_by_role("button", name="Sign out here").click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/desk/**")
    assert recorded(anna, "person.signed_in")[-1] == {"method": "passkey", "factor": "passkey"}
    assert recorded(anna, "person.factor_added") == [{"type": "passkey"}]
    assert factors.factors_of(anna).passkeys[0].last_used_at is not None


def test_a_passkey_is_the_second_step_after_a_password(visit: Visit, lasting_desk: Desk, at_home: str) -> None:
    anna = with_password(lasting_desk, "anna")
    visitor = visit("")
    with_virtual_key(visitor.page)
    page = sign_in(visitor, lasting_desk.address("anna"))
    page.wait_for_url("**/desk/**")
    visitor.opens("/me/security")
    page.get_by_label("Name of the new passkey").fill("Phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out here").click()
    sign_in(visitor, lasting_desk.address("anna"))
    page.get_by_role("heading", name="One more step").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/desk/**")
    assert recorded(anna, "person.signed_in")[-1] == {"method": "password", "factor": "passkey"}
    # Renamed and removed on its page.
    visitor.opens("/me/security")
    page.get_by_text("Change Phone").click()
    page.get_by_label("Name", exact=True).fill("Old phone")
    page.get_by_role("button", name="Rename").click()
    page.get_by_text("Change Old phone").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("The passkey was removed").wait_for()
    assert not factors.factors_of(anna).any


def test_a_passkey_of_another_house_or_of_nobody_is_refused(visit: Visit, lasting_desk: Desk, at_home: str) -> None:
    """What the device signs names where it was asked: an answer for another address is worth nothing."""
    visitor = visit("")
    with_virtual_key(visitor.page)
    page = visitor.opens("/sign-in")
    made = """async (rp) => { const bytes = (n) => crypto.getRandomValues(new Uint8Array(n));
        await navigator.credentials.create({publicKey: {rp: {id: rp, name: "x"}, user: {id: bytes(16), name: "x",
        displayName: "x"}, challenge: bytes(32), pubKeyCredParams: [{type: "public-key", alg: -7}],
        authenticatorSelection: {residentKey: "required", userVerification: "required"}}}) }"""
    page.evaluate(made, "localhost")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("This passkey was not accepted").wait_for()
    visitor.complaints.clear()  # The browser notes every 401.


def test_a_cancelled_passkey_says_what_to_do(visit: Visit, lasting_desk: Desk, at_home: str) -> None:
    """P54: no error of the script, a sentence on the page; the other ways are still there."""
    visitor = visit("")
    devtools, key = with_virtual_key(visitor.page)
    page = visitor.opens("/sign-in")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was used").wait_for()
    assert page.get_by_label("E-mail address").is_visible()


def test_an_app_is_set_up_and_asked_for(visit: Visit, lasting_desk: Desk, at_home: str) -> None:
    with_password(lasting_desk, "petra")
    visitor = visit("")
    page = sign_in(visitor, lasting_desk.address("petra"))
    page.wait_for_url("**/ask")
    visitor.opens("/me/security")
    page.get_by_role("link", name="Set up an app").click()
    picture = page.get_by_alt_text("QR code for the authenticator app")
    assert picture.evaluate("img => img.naturalWidth") > 0, "the picture is allowed by the policy"
    page.get_by_text("You cannot scan it?").click()
    secret = page.locator("code.typed").inner_text().replace(" ", "")
    page.get_by_label("Type the six digits it shows.").fill(shown_by_app(secret))
    page.get_by_role("button", name="Set up").click()
    code = page.locator(".codes li").first.inner_text()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a file").click()
    assert code in saved.value.path().read_text()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out here").click()
    sign_in(visitor, lasting_desk.address("petra"))
    page.get_by_label("Code from your authenticator app").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/ask")


def test_a_mailed_code_without_script(visit: Visit, lasting_desk: Desk, at_home: str) -> None:
    """P26.3: nobody needs a password, nor JavaScript; the mail's link shows the code, the button signs in."""
    ticket = lasting_desk.ticket("petra")
    visitor = visit("", java_script_enabled=False)
    page = visitor.opens("/sign-in?next=/my-tickets")
    page.get_by_label("E-mail address").fill(lasting_desk.address("petra"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_text("is on its way").wait_for()
    code = mailed_code()
    visitor.opens(f"/sign-in/code?code={code}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/my-tickets")
    assert page.get_by_text(str(ticket.number)).first.is_visible()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])
def test_the_pages_have_no_barriers(
    visit: Visit, lasting_desk: Desk, at_home: str, device: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P42.1, P43.1, P44.1: each step, with what may be wrong on it."""
    wrong: list[str] = []

    def look(visitor: Visitor, where: str) -> None:
        visitor.page.wait_for_load_state("networkidle")
        faults = [*visitor.barriers(), *visitor.too_wide(), *visitor.complaints]
        # The browser notes every answer that refuses.
        wrong.extend(f"{where}: {fault}" for fault in faults if "Failed to load resource" not in fault)
        visitor.complaints.clear()
        if folder := os.environ.get("HAUSPOST_TEST_PICTURES"):
            width = visitor.page.viewport_size["width"]  # type: ignore[index]
            visitor.page.screenshot(path=f"{folder}/{where}-{width}.png", full_page=True)

    person, recovery = with_app(lasting_desk, "anna")
    Person.objects.filter(pk=person.pk).update(language=str(device["locale"])[:2])
    visitor = visit("", device)
    page = visitor.opens("/sign-in")
    look(visitor, "address")
    page.locator("input[name=address]").fill(lasting_desk.address("anna"))
    page.locator("form:not([data-passkey]) button[type=submit]").first.click()
    look(visitor, "ways")
    page.locator("input[name=password]").fill("wrong")
    page.locator("button[type=submit]").first.click()
    look(visitor, "ways-wrong")
    page.locator("button[value=code]").click()
    look(visitor, "code")
    code = mailed_code()
    other = visit("", device)
    other.opens(f"/sign-in/code?code={code}")
    look(other, "code-elsewhere")
    other.opens("/sign-in/code")
    look(other, "code-none")
    visitor.opens(f"/sign-in/code?code={code}")
    look(visitor, "code-prefilled")
    page.locator("button[type=submit]").first.click()
    look(visitor, "factor")
    page.locator("input[name=code]").fill(recovery[0])
    page.locator("form:not([data-passkey]) button[type=submit]").first.click()
    page.wait_for_url("**/desk/**")
    visitor.opens("/me/security")
    look(visitor, "security")
    visitor.opens("/me/security/password")
    look(visitor, "password")
    visitor.opens("/me/security/confirmation")
    look(visitor, "confirmation")
    visitor.opens("/me/security")
    page.locator("form[action$=recovery-codes] button").click()
    look(visitor, "codes")
    visitor.opens("/me/security")
    page.locator("form[action$=removal] button").click()
    visitor.opens("/me/security/authenticator")
    look(visitor, "app")
    configured(monkeypatch, second_factor="agents", public_url=at_home)
    fresh = visit("jonas", device)
    fresh.opens("/desk/mine")
    look(fresh, "security-demanded")
    fresh.opens("/me/security/confirmation")
    look(fresh, "confirmation-without-factor")
    assert not wrong, "\n".join(wrong)
