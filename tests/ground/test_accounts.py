"""Mail servers with a login: what is said to them, what they say to us, and what of it may be kept."""

import base64
from datetime import timedelta

import pytest
from django.utils import translation

from hauspost.ground import clock
from hauspost.ground.accounts import smtp
from hauspost.ground.accounts.health import FETCHING, SENDING, fault_of, note_good, note_trouble
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountUnreachable, LoginRefused, SecretUnreadable, SignedOut
from hauspost.ground.accounts.sealed import (
    Tokens,
    keep_tokens,
    oauthbearer,
    password_of,
    refresh_token_of,
    set_client_secret,
    set_password,
    without_secrets,
    xoauth2,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> MailAccount:
    made = MailAccount(name="IT", user="it@lindner.example", created_at=clock.now())
    set_password(made, "canary-Pa55")
    set_client_secret(made, "canary-client")
    made.save()
    keep_tokens(made, Tokens("canary-access", clock.now() + timedelta(hours=1), "canary-refresh"))
    return made


def test_what_is_said_at_the_door_is_what_the_standards_want() -> None:
    assert xoauth2("it@lindner.example", "tok") == "user=it@lindner.example\x01auth=Bearer tok\x01\x01"
    assert oauthbearer("a=b,c", "tok") == "n,a=a=3Db=2Cc,\x01auth=Bearer tok\x01\x01"


def test_no_secret_stands_in_what_is_kept(account: MailAccount) -> None:
    """S21: in no spelling in which a server may repeat it; and nothing readable in the row or in a refusal."""
    row = repr(MailAccount.objects.values().get()) + repr(account) + repr(Tokens("canary-x", clock.now(), "canary-y"))
    assert "canary" not in row
    for secret in ("canary-Pa55", "canary-client", "canary-access", "canary-refresh"):
        for said in (secret, xoauth2(account.user, secret), f"\0{account.user}\0{secret}"):
            coded = base64.b64encode(said.encode()).decode()
            told = without_secrets(account, f"535 refused: {said} {coded}\r\nbye")
            assert secret not in told and coded not in told and "535 refused" in told and "\n" not in told
            note_trouble(account, f"535 {secret} {coded}", FETCHING)
            assert secret not in account.last_error and coded not in account.last_error


def test_secrets_of_another_key_are_said_to_be_so(account: MailAccount, settings: object) -> None:
    settings.SECRET_KEY = "another one"  # type: ignore[attr-defined]
    with pytest.raises(SecretUnreadable, match="django-secret"):
        password_of(account)
    assert without_secrets(account, "said") == "said"


def test_a_refresh_token_stays_where_no_new_one_came(account: MailAccount) -> None:
    keep_tokens(account, Tokens("next", clock.now()))
    assert refresh_token_of(MailAccount.objects.get()) == "canary-refresh"


def test_health_is_kept_from_the_first_trouble_to_the_first_good_sign(account: MailAccount) -> None:
    """P10.2: since when, and why; a lost authorisation is not covered up by what follows from it."""
    began = clock.now()
    with clock.standing_at(began):
        note_trouble(account, AccountUnreachable(server="IT", reason="away"), FETCHING)
    with clock.standing_at(began + timedelta(minutes=5)):
        note_trouble(account, AccountUnreachable(server="IT", reason="still away"), FETCHING)
    now = MailAccount.objects.get()
    assert (now.state, now.failing_since) == ("failing", began) and "still away" in now.last_error
    note_trouble(account, SignedOut(server="IT", reason="invalid_grant"), FETCHING)
    note_trouble(account, AccountUnreachable(server="IT", reason="away"), FETCHING)
    now = MailAccount.objects.get()
    assert now.state == "signed_out" and "invalid_grant" in now.last_error
    note_good(account, FETCHING)
    now = MailAccount.objects.get()
    assert (now.state, now.last_error, now.failing_since) == ("working", "", None)


def test_whether_fetching_or_sending_stands_still_is_said_and_each_ends_by_itself(account: MailAccount) -> None:
    """P10.2: so that nobody mends the one that works."""
    note_trouble(account, LoginRefused(server="smtp.x", reason="no AUTH"), SENDING)
    note_trouble(account, AccountUnreachable(server="imap.x", reason="away"), FETCHING)
    now = MailAccount.objects.get()
    assert now.last_error.splitlines() == [
        "IMAP: imap.x cannot be reached: away.",
        "SMTP: smtp.x does not let us in: no AUTH.",
    ]
    note_good(account, FETCHING)
    now = MailAccount.objects.get()
    assert (now.state, now.last_error) == ("failing", "SMTP: smtp.x does not let us in: no AUTH.")
    assert (fault_of(now, FETCHING), fault_of(now, SENDING)) == ("", now.last_error)
    note_good(account, SENDING)
    assert MailAccount.objects.get().state == "working"


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        (554, "5.2.252 SendAsDenied; it@x not allowed to send as boss@x", "may not send under this address"),
        (550, "5.7.60 SMTP; Client does not have permissions to send as this sender", "may not send under this address"),
        (553, "5.7.1 Sender address rejected: not owned by user it", "does not let this login send"),
        (535, "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant", "SMTP AUTH"),
        (534, "5.7.9 Application-specific password required", "app password"),
        (535, "5.7.8 Username and Password not accepted", "does not accept our login"),
        (452, "4.2.2 The mailbox is full", "452 4.2.2 The mailbox is full"),
    ],
)  # fmt: skip
def test_what_servers_refuse_is_said_in_words(account: MailAccount, code: int, said: str, hint: str) -> None:
    """P31.2."""
    with translation.override("en"):
        words = smtp.refusal_in_words(account, code, said)
    assert hint in words and said in words
