"""A real Dovecot and a real OAuth provider on loopback, started once; mailboxes of theirs that a desk fetches."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from itertools import count
from typing import Any

import pytest
from pytest_django import Settings

from hauspost.doors.listeners._imap_source import Difficult
from hauspost.doors.listeners._imap_taking import Taking
from hauspost.duties.intake.actions import keep
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground import clock
from hauspost.ground.accounts import imap
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.sealed import set_client_secret, set_password
from hauspost.records.people.models import Mailbox
from tests.imap.dovecot import PASSWORD, Dovecot, dovecot
from tests.imap.provider import CLIENT, SECRET, Provider, provider

_numbers = count(1)


@pytest.fixture(scope="session")
def _identities() -> Iterator[Provider]:
    with provider() as opened:
        yield opened


@pytest.fixture
def identities(_identities: Provider, settings: Settings) -> Provider:
    """The provider, that Hauspost may reach although it lies inside (S3)."""
    settings.HAUSPOST = replace(settings.HAUSPOST, http_allow_private=(ip_network("127.0.0.0/8"),))
    _identities.asked.clear()
    return _identities


@pytest.fixture(scope="session")
def post(_identities: Provider) -> Iterator[Dovecot]:
    """The mail server."""
    with dovecot(_identities.base) as opened:
        yield opened


@pytest.fixture
def user() -> str:
    """A mailbox that nobody used before."""
    return f"box-{next(_numbers)}@lindner.example"


def account_of(post: Dovecot, user: str, **more: Any) -> MailAccount:
    """A mail server as an administrator would enter it; unless told otherwise with its password."""
    fields: dict[str, Any] = {
        "name": user, "user": user, "imap_host": "127.0.0.1", "imap_port": post.port, "imap_security": "none",
        "created_at": clock.now(),
    }  # fmt: skip
    account = MailAccount(**(fields | more))
    set_password(account, PASSWORD)
    account.save()
    return account


def oauth_of(post: Dovecot, user: str, identities: Provider, **more: Any) -> MailAccount:
    """The same with OAuth at our provider; not authorised yet."""
    fields: dict[str, Any] = {
        "sign_in": "oauth", "client_id": CLIENT, "authorise_url": f"{identities.base}/authorise",
        "token_url": f"{identities.base}/token", "scopes": "imap offline_access",
    }  # fmt: skip
    account = account_of(post, user, **(fields | more))
    set_password(account, "")
    set_client_secret(account, SECRET)
    account.save()
    return account


def folder_of(account: MailAccount, team: str = "it", **more: Any) -> FetchedFolder:
    """A folder of it that is fetched for a team's mailbox; unless told otherwise with all that lies there."""
    box = Mailbox.objects.get(team__key=team, address__address__startswith=team)
    fields: dict[str, Any] = {"mailbox": box, "account": account, "takes": "all", "created_at": clock.now()}
    return FetchedFolder.objects.create(**(fields | more))


def fetch(
    row: FetchedFolder,
    *,
    difficult: Difficult | None = None,
    keeper: Callable[..., Any] = keep,
    wrapped: Callable[[Any], Any] = lambda client: client,
) -> Taking:
    """One look into the folder, as its thread takes it, but here and now."""
    row.refresh_from_db()
    client = imap.open_mailbox(row.account)
    try:
        found = imap.select(client, row.account, row.folder, readonly=False)
        taking = Taking(
            wrapped(client), row, found, keep=keeper, is_ours=lambda: True, difficult=difficult or Difficult()
        )
        taking.begin()
        taking.take_new()
        return taking
    finally:
        imap.let_go(client)
