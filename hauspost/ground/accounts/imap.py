"""A connection to a mailbox by IMAP, signed in; every failure says in words what is wrong (P54.4)."""

import base64
import imaplib
import json
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.utils.translation import gettext as _

from hauspost.ground.accounts import signing_in
from hauspost.ground.accounts.connecting import words_of
from hauspost.ground.accounts.health import refuse_held
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountUnreachable, LoginRefused, NoSuchFolder
from hauspost.ground.accounts.sealed import oauthbearer, password_of, without_secrets, xoauth2

__all__ = ["IMAPClientAbortError", "IMAPClientError", "mailbox", "open_mailbox", "select"]

# As imapclient names them; a connection that is lost is the second one.
IMAPClientError, IMAPClientAbortError = imaplib.IMAP4.error, imaplib.IMAP4.abort

# P1.2: an unreachable mailbox costs no more than this.
CONNECT_SECONDS = 15.0
READ_SECONDS = 30.0

# Everything it would tell of a conversation stays out of our log, whatever level somebody sets (S21).
logging.getLogger("imapclient").setLevel(logging.CRITICAL)


@contextmanager
def mailbox(account: MailAccount) -> Iterator[Any]:
    """A signed-in connection for as long as this lasts. Raises AccountTrouble."""
    client = open_mailbox(account)
    try:
        with in_words(account):
            yield client
    finally:
        let_go(client)


@contextmanager
def in_words(account: MailAccount) -> Iterator[None]:
    """Let a server's no, and a lost connection, be AccountTrouble."""
    try:
        yield
    except IMAPClientError as error:
        raise AccountUnreachable(server=account.name, reason=_said(account, error)) from None
    except (OSError, UnicodeError) as error:
        raise AccountUnreachable(server=account.name, reason=words_of(error)) from None


def open_mailbox(account: MailAccount) -> Any:
    """Connect and sign in; perhaps asks the provider, so not inside a transaction. Raises AccountTrouble."""
    refuse_held(account)
    if not account.imap_host:
        raise AccountUnreachable(server=account.name, reason=_("no IMAP server is named"))
    token = ""
    if account.sign_in == MailAccount.SignIn.OAUTH:
        # Before connecting: a server need not wait for the provider.
        token = signing_in.access_token(account)
    try:
        return _opened(account, token)
    except LoginRefused:
        if not token:
            raise
        # It may have been taken back before its end; with a new one we know.
        return _opened(account, signing_in.access_token(account, instead_of=token))


def let_go(client: Any) -> None:
    """End a connection, politely where the other side still listens."""
    try:
        client.logout()
    except (IMAPClientError, OSError, ValueError):
        with suppress(OSError, AttributeError):
            client.shutdown()


def select(client: Any, account: MailAccount, folder: str, *, readonly: bool) -> dict[bytes, Any]:
    """Open a folder (EXAMINE when only to look). Raises NoSuchFolder, IMAPClientAbortError (connection lost)."""
    try:
        return dict(client.select_folder(folder, readonly=readonly))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        reason = _said(account, error)
        raise NoSuchFolder(server=account.name, folder=f'"{folder}"', reason=reason) from None


def _opened(account: MailAccount, token: str) -> Any:
    client = _connected(account)
    try:
        with in_words(account):
            client.normalise_times = False
            if account.imap_security == MailAccount.Security.STARTTLS:
                _encrypt(client, account)
            _sign_in(client, account, token)
        return client
    except BaseException:
        with suppress(OSError, IMAPClientError, AttributeError):
            client.shutdown()
        raise


def _connected(account: MailAccount) -> Any:
    # Late: nearly every process has this module, and few of them fetch.
    from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]

    is_tls = account.imap_security == MailAccount.Security.TLS
    with in_words(account):
        return IMAPClient(
            account.imap_host,
            port=account.imap_port,
            ssl=is_tls,
            ssl_context=tls() if is_tls else None,
            timeout=SocketTimeout(CONNECT_SECONDS, READ_SECONDS),
        )


def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _encrypt(client: Any, account: MailAccount) -> None:
    if not client.has_capability("STARTTLS"):
        reason = _("it offers no STARTTLS, and nothing is sent in the clear")
        raise AccountUnreachable(server=account.name, reason=reason)
    client.starttls(tls())
    client._cached_capabilities = None


def _sign_in(client: Any, account: MailAccount, token: str) -> None:
    # What was said before encryption or login is not what holds after it.
    offered = {one.decode("ascii", "replace").upper() for one in client.capabilities()}
    talk = _Talk()
    try:
        if token:
            _with_token(client, account, token, offered, talk)
        else:
            _with_password(client, account, offered)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise LoginRefused(server=account.name, reason=_why_not(account, _said(account, error), talk)) from None


def _with_token(client: Any, account: MailAccount, token: str, offered: set[str], talk: "_Talk") -> None:
    if "AUTH=XOAUTH2" in offered:
        client.sasl_login("XOAUTH2", talk.of(xoauth2(account.user, token), b""))
    elif "AUTH=OAUTHBEARER" in offered:
        client.sasl_login("OAUTHBEARER", talk.of(oauthbearer(account.user, token), b"\x01"))
    else:
        raise LoginRefused(server=account.name, reason=_("it does not offer signing in with OAuth (XOAUTH2)"))


def _with_password(client: Any, account: MailAccount, offered: set[str]) -> None:
    password = password_of(account)
    if not password:
        raise signing_in.NotAuthorised(server=account.name)
    if account.imap_security == MailAccount.Security.NONE and not _is_here(account.imap_host):
        raise LoginRefused(server=account.name, reason=_("a password is never sent without encryption"))
    if "AUTH=PLAIN" in offered:
        # Takes any letter; LOGIN is only sure of ASCII.
        client.plain_login(account.user, password)
    elif "LOGINDISABLED" in offered:
        raise LoginRefused(server=account.name, reason=_("it takes no passwords; choose OAuth, or another encryption"))
    else:
        client.login(account.user, password)


class _Talk:
    """Our side of a SASL conversation, and the reason that a server gives before its no (RFC 7628 3.2.2)."""

    def __init__(self) -> None:
        self.reason = ""

    def of(self, said: str, after_no: bytes) -> Any:
        """What to answer: first ourselves, then to the error whatever lets the server go on to its no."""
        first = True

        def answer(challenge: bytes) -> bytes:
            nonlocal first
            if first:
                first = False
                return said.encode()
            self.reason = _reason_in(challenge)
            return after_no

        return answer


def _reason_in(challenge: bytes) -> str:
    try:
        told = json.loads(challenge if challenge[:1] == b"{" else base64.b64decode(challenge))
        return str(told.get("status", "")) if isinstance(told, dict) else ""
    except (ValueError, RecursionError):
        return ""


def _is_here(host: str) -> bool:
    with suppress(OSError, ValueError):
        found = socket.getaddrinfo(host, None)
        return all(str(row[4][0]).startswith("127.") or row[4][0] == "::1" for row in found)
    return False


def _why_not(account: MailAccount, said: str, talk: _Talk) -> str:
    low, oauth = said.lower(), account.sign_in == MailAccount.SignIn.OAUTH
    answer = f"{said} {talk.reason}".strip()
    if "application-specific password" in low or "app password" in low or "webloginrequired" in low.replace(" ", ""):
        hint = _("it wants an app password, made in the settings of that account, or OAuth")
    elif "disabled" in low or "basicauthblocked" in low or (not oauth and "outlook.office" in account.imap_host):
        hint = _("it takes no passwords (any more), or IMAP is switched off for this mailbox; choose OAuth")
    elif oauth and account.grant == MailAccount.Grant.APP:
        hint = _("this program has no permission for the mailbox %(user)s, or IMAP is switched off there") % {
            "user": account.user
        }
    elif oauth:
        hint = _("who authorised may not open the mailbox %(user)s, or IMAP is switched off there") % {
            "user": account.user
        }
    else:
        hint = _("user or password is wrong")
    return _("%(hint)s; its answer: %(answer)s") % {"hint": hint, "answer": answer}


def _said(account: MailAccount, error: Exception) -> str:
    """A server's words; imaplib gives some of them as bytes in a text."""
    text = str(error.args[0]) if error.args else str(error)
    if text.startswith(("b'", 'b"')) and text.endswith(("'", '"')):
        text = text[2:-1]
    return without_secrets(account, text) or _("it ended the connection")
