"""Signing in with OAuth: authorised in the browser, renewed by one worker at a time, told when it is lost (P10)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connections
from pytest_django import Settings

from hauspost.ground import clock
from hauspost.ground.accounts import oauth, signing_in
from hauspost.ground.accounts.checking import check_imap, check_smtp
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountUnreachable, ClientRefused, NotAuthorised, SignedOut
from hauspost.ground.accounts.sealed import refresh_token_of, set_client_secret, set_password
from tests.doors._running import until
from tests.imap.conftest import account_of, oauth_of
from tests.imap.dovecot import PASSWORD, Dovecot, dovecot
from tests.imap.provider import CLIENT, Provider
from tests.imap.sending import token_office

BACK = "https://help.lindner.example/desk/settings/mail-servers/authorised"


def authorise(account: MailAccount, identities: Provider, who: str) -> str:
    """What the person's browser does; answers the code it comes back with."""
    asked = oauth.authorisation_request(account, BACK)
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.url).query).items()}
    assert query["state"] == asked.state and asked.verifier not in asked.url
    back = urlsplit(identities.authorise(query, who))
    came = {name: values[0] for name, values in parse_qs(back.query).items()}
    assert came["state"] == asked.state
    oauth.take_code(account, came["code"], asked.verifier, BACK)
    return came["code"]


def now_of(account: MailAccount) -> MailAccount:
    return MailAccount.objects.get(pk=account.pk)


pytestmark = pytest.mark.django_db


def test_a_mailbox_authorised_in_the_browser_opens(post: Dovecot, identities: Provider, user: str) -> None:
    """The whole way: code with PKCE, tokens, XOAUTH2 at Dovecot; nothing secret stands readable in the row (S21)."""
    account = oauth_of(post, user, identities)
    with pytest.raises(NotAuthorised):
        signing_in.access_token(account)
    authorise(account, identities, user)
    stored = now_of(account)
    assert (stored.authorised_by, stored.state) == (user, "new") and stored.authorised_at is not None
    finding = check_imap(account)
    assert finding.ok, finding.words
    assert now_of(account).state == "working"
    row = repr(MailAccount.objects.values().get(pk=account.pk))
    for secret in (*identities.access, *identities.refresh, "s3cret-of-the-client"):
        assert secret not in row
    assert {"authorization_code"} == {form["grant_type"] for form in identities.asked}


def test_a_code_is_worth_nothing_without_its_verifier_or_twice(post: Dovecot, identities: Provider, user: str) -> None:
    account = oauth_of(post, user, identities)
    asked = oauth.authorisation_request(account, BACK)
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.url).query).items()}
    code = parse_qs(urlsplit(identities.authorise(query, user)).query)["code"][0]
    with pytest.raises(SignedOut, match="invalid_grant"):
        oauth.take_code(account, code, "another verifier", BACK)
    assert not now_of(account).refresh_token_sealed


def test_a_refresh_token_that_rotates_is_replaced_every_time(post: Dovecot, identities: Provider, user: str) -> None:
    """P10.1."""
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    seen = {refresh_token_of(account)}
    for hours in (2, 4, 6):
        with clock.standing_at(clock.now() + timedelta(hours=hours)):
            token = signing_in.access_token(account)
            assert signing_in.access_token(account) == token
        seen.add(refresh_token_of(now_of(account)))
    assert len(seen) == 4 and set(identities.refresh) & seen == {refresh_token_of(now_of(account))}
    assert now_of(account).renewing_until is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_lose_no_rotation(post: Dovecot, identities: Provider, user: str) -> None:
    """P10.1: one asks the provider, the other waits and takes what it got; a used token is shown to nobody."""
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    MailAccount.objects.update(access_ends_at=clock.now())
    identities.asked.clear()
    identities.gate.clear()

    def work() -> str:
        try:
            return signing_in.access_token(account)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as room:
        waiting = [room.submit(work) for _ in range(4)]
        until(lambda: now_of(account).renewing_until is not None, "somebody takes the turn")
        identities.gate.set()
        tokens = {one.result(20) for one in waiting}
    assert len(tokens) == 1 and len(identities.asked) == 1
    assert refresh_token_of(now_of(account)) in identities.refresh


def test_whoever_died_over_a_renewal_holds_nobody_up(post: Dovecot, identities: Provider, user: str) -> None:
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    MailAccount.objects.update(access_ends_at=clock.now(), renewing_until=clock.now() - timedelta(seconds=1))
    assert signing_in.access_token(account) in identities.access


def test_a_token_taken_back_before_its_end_is_asked_for_anew(post: Dovecot, identities: Provider, user: str) -> None:
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    identities.access.clear()
    assert check_imap(account).ok


def test_a_lost_authorisation_is_noted_and_given_again(post: Dovecot, identities: Provider, user: str) -> None:
    """P10.2, P10.4: red at once with the provider's reason, and not overwritten by a later fault; then mended."""
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    identities.revoke_everything()
    MailAccount.objects.update(access_ends_at=clock.now())
    with pytest.raises(SignedOut, match="invalid_grant"):
        signing_in.access_token(account)
    lost = now_of(account)
    assert lost.state == "signed_out" and lost.failing_since is not None
    assert "AADSTS700082" in lost.last_error and "Authorise again" in lost.last_error
    finding = check_imap(replace_port(lost, 1))
    assert not finding.ok and now_of(account).state == "signed_out"
    authorise(account, identities, user)
    mended = now_of(account)
    assert (mended.state, mended.last_error, mended.failing_since) == ("new", "", None)
    assert check_imap(mended).ok


def replace_port(account: MailAccount, port: int) -> MailAccount:
    account.imap_port = port
    return account


def test_authorising_again_while_the_old_one_is_refused_wins(
    post: Dovecot, identities: Provider, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person authorises at the very moment in which a worker is told invalid_grant: the new tokens stand."""
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    MailAccount.objects.update(access_ends_at=clock.now())
    identities.refresh.clear()
    whole, is_first = oauth.renew, [True]

    def renewed(row: MailAccount) -> oauth.Tokens:
        try:
            return whole(row)
        finally:
            if is_first.pop() if is_first else False:
                authorise(now_of(account), identities, user)

    monkeypatch.setattr(signing_in.oauth, "renew", renewed)
    assert signing_in.access_token(account) in identities.access
    assert now_of(account).state == "new"


def test_a_wrong_client_saved_before_is_mended_by_authorising_again(
    post: Dovecot, identities: Provider, user: str
) -> None:
    """P10.4: the way to the provider opens in every state, and a new client id and a new consent work."""
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    account.client_id = "misspelt"
    account.save()
    MailAccount.objects.update(access_ends_at=clock.now())
    with pytest.raises(ClientRefused, match="Check client id"):
        signing_in.access_token(account)
    assert "client_id=misspelt" in oauth.authorisation_request(account, BACK).url
    account.client_id = CLIENT
    account.save()
    authorise(account, identities, user)
    assert check_imap(account).ok
    account.client_id = ""
    with pytest.raises(ClientRefused, match="missing"):
        oauth.authorisation_request(account, BACK)
    set_client_secret(account, "expired")
    account.client_id = CLIENT
    account.save()
    MailAccount.objects.update(access_ends_at=clock.now())
    with pytest.raises(ClientRefused, match="AADSTS7000215"):
        signing_in.access_token(account)


def test_the_program_itself_opens_the_mailboxes_named_for_it(post: Dovecot, identities: Provider, user: str) -> None:
    """P10.6: client credentials; another mailbox is refused in words that name it and what is missing."""
    identities.apps[CLIENT] = user
    account = oauth_of(post, user, identities, grant="app", scopes="https://outlook.office365.com/.default")
    assert account.is_authorised and check_imap(account).ok
    [asked] = identities.asked
    assert (asked["grant_type"], asked["scope"]) == ("client_credentials", "https://outlook.office365.com/.default")
    other = oauth_of(post, f"other-{user}", identities, grant="app")
    finding = check_imap(other)
    assert not finding.ok and f"no permission for the mailbox other-{user}" in finding.words
    assert all(token not in finding.words for token in identities.access)


def test_a_provider_that_does_not_answer_is_no_lost_authorisation(
    post: Dovecot, identities: Provider, user: str, settings: Settings
) -> None:
    account = oauth_of(post, user, identities)
    authorise(account, identities, user)
    MailAccount.objects.update(access_ends_at=clock.now(), token_url="http://127.0.0.1:1/token")
    with pytest.raises(AccountUnreachable, match="refuses connections"):
        signing_in.access_token(account)
    settings.HAUSPOST = replace(settings.HAUSPOST, http_allow_private=())
    with pytest.raises(AccountUnreachable, match="http_allow_private"):
        signing_in.access_token(account)
    assert now_of(account).state != "signed_out"


def test_known_providers_are_asked_where_they_answer() -> None:
    account = MailAccount(kind="microsoft", tenant="firma.example", client_id="c-1", name="M365")
    asked = oauth.authorisation_request(account, BACK)
    assert asked.url.startswith("https://login.microsoftonline.com/firma.example/oauth2/v2.0/authorize?")
    query = parse_qs(urlsplit(asked.url).query)
    assert "offline_access" in query["scope"][0] and "IMAP.AccessAsUser.All" in query["scope"][0]
    assert query["redirect_uri"] == [BACK] and query["code_challenge_method"] == ["S256"]
    account.grant = "app"
    assert oauth.endpoints_of(account).scopes == "https://outlook.office365.com/.default"
    account.kind, account.grant = "google", "delegated"
    google = oauth.authorisation_request(account, BACK).url
    assert google.startswith("https://accounts.google.com/") and "access_type=offline" in google
    account.token_url = "https://login.partner.microsoftonline.cn/token"
    assert oauth.endpoints_of(account).token_url == account.token_url


@pytest.fixture(scope="module")
def bearer_post(_identities: Provider) -> Iterator[Dovecot]:
    with dovecot(_identities.base, "plain login oauthbearer") as opened:
        yield opened


def test_where_only_oauthbearer_is_offered_it_is_used(bearer_post: Dovecot, identities: Provider, user: str) -> None:
    account = oauth_of(bearer_post, user, identities)
    authorise(account, identities, user)
    assert check_imap(account).ok
    identities.access.clear()
    identities.refresh.clear()
    assert not check_imap(account).ok and now_of(account).state == "signed_out"


def test_wrong_logins_and_servers_are_said_in_words(post: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person can act on, never a password (S21)."""
    account = account_of(post, user)

    def said(**changes: object) -> str:
        row = now_of(account)
        for name, value in changes.items():
            setattr(row, name, value)
        finding = check_imap(row, str(changes.get("folder", "INBOX")))
        assert not finding.ok
        return finding.words

    set_password(account, "canary-Pa55")
    account.save()
    assert "user or password is wrong" in said()
    assert "canary" not in now_of(account).last_error
    set_password(account, PASSWORD)
    account.save()
    assert "“" not in said(folder="Nowhere") and "Nowhere" in said(folder="Nowhere")
    assert "not trusted" in said(imap_port=post.tls_port, imap_security="tls")
    assert "not trusted" in said(imap_security="starttls")
    assert "does not speak TLS" in said(imap_security="tls")
    assert "refuses connections" in said(imap_port=1)
    assert "no host of this name" in said(imap_host="no-such-host.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(post.base / "server.pem"))
    for security, port in (("tls", post.tls_port), ("starttls", post.port)):
        account.imap_security, account.imap_port = security, port
        assert check_imap(account).ok


def test_letters_leave_with_a_token_and_a_test_shows_every_address(
    post: Dovecot, identities: Provider, user: str
) -> None:
    """P31.2: really one mail from each address, and SendAsDenied in words; OAUTHBEARER where only that is offered."""
    for bearer in (False, True):
        with token_office(identities, bearer=bearer) as office:
            account = oauth_of(
                post, user, identities, smtp_host="127.0.0.1", smtp_port=office.port, smtp_security="none"
            )
            authorise(account, identities, user)
            good, bad = check_smtp(account, [user, "chef@lindner.example"], "karim@lindner.example")
            assert good.ok and user in good.words and good.detail.startswith("250")
            assert not bad.ok and "“Send as”" in bad.words and "5.2.252" in bad.detail
            [mail] = office.received
            assert mail.recipients == ["karim@lindner.example"] and b"Auto-Submitted: auto-generated" in mail.content
            assert office.signed_in == [("OAUTHBEARER" if bearer else "XOAUTH2", user)]
            identities.access.clear()
            assert check_smtp(account, [user], "karim@lindner.example")[0].ok
            identities.revoke_everything()
            [refused] = check_smtp(account, [user], "karim@lindner.example")
            assert not refused.ok and now_of(account).state == "signed_out"
            account.delete()
