"""A connection to a mail server that takes our mail, signed in: the house's own one, or an account's."""

import ipaddress
import json
import smtplib
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.ground.accounts import signing_in
from hauspost.ground.accounts.connecting import words_of
from hauspost.ground.accounts.health import refuse_held
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountTrouble, AccountUnreachable, LoginRefused
from hauspost.ground.accounts.sealed import cleaned, oauthbearer, password_of, without_secrets, xoauth2
from hauspost.ground.config import Config

CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over, and as whom. `token` gives an access token, another one than that it is given."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: Callable[[str], str] | None = field(default=None, repr=False)
    # The account's name; "" for the server of hauspost.toml.
    account: str = ""
    # What was shown on this server, to be known again in its words.
    shown: set[str] = field(default_factory=set, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    def cleaned(self, said: bytes | str) -> str:
        """The server's words on one line, without what it was shown (S21)."""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return cleaned(words, self.user, (self.password, *self.shown))

    def where(self, *names: str) -> str:
        """Where somebody may change these settings."""
        return f"the mail server “{self.account}” in the settings" if self.account else " and ".join(names)


class NotSignedIn(Exception):
    """The server does not take our login; `code` and `said` are its answer."""

    def __init__(self, code: int, said: str) -> None:
        self.code, self.said = code, said
        super().__init__(f"{code} {said}")


def of_house(config: Config) -> SmtpServer:
    """The outgoing mail server of hauspost.toml."""
    return SmtpServer(
        host=config.outgoing_host,
        port=config.outgoing_port,
        security=config.outgoing_security,
        user=config.outgoing_user,
        password=config.outgoing_password,
    )


def of_account(account: MailAccount) -> SmtpServer:
    """The server of an account.

    Raises OnHold, AccountUnreachable (it does not send), NotAuthorised and SecretUnreadable.
    """
    refuse_held(account)
    if not account.smtp_host:
        raise AccountUnreachable(server=account.name, reason=_("no SMTP server is named"))
    is_oauth = account.sign_in == MailAccount.SignIn.OAUTH
    return SmtpServer(
        host=account.smtp_host,
        port=account.smtp_port,
        security=account.smtp_security,
        user=account.user,
        password="" if is_oauth else password_of(account),
        token=(lambda instead_of: signing_in.access_token(account, instead_of=instead_of)) if is_oauth else None,
        account=account.name,
    )


def connect(server: SmtpServer, *, ourselves: str, seconds: float = CONNECT_SECONDS) -> smtplib.SMTP:
    """Connect, encrypt and sign in. Raises OSError, ValueError (in words), NotSignedIn, AccountTrouble."""
    has_login = bool(server.password or server.token)
    if has_login and server.security == "none" and not is_loopback(server.host):
        where = server.where("outgoing_security")
        raise ValueError(f"gets no password over an open connection; set {where} to starttls or tls")
    # Before connecting: a server need not wait for the provider.
    token = server.token("") if server.token else ""
    smtp = _opened(server, ourselves, seconds)
    try:
        if token:
            _sign_in_with_token(smtp, server, token)
        elif server.user and server.password:
            _sign_in_with_password(smtp, server)
        if smtp.sock is None:
            raise ValueError("ended the connection")
        return smtp
    except BaseException:
        smtp.close()
        raise


def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def is_loopback(host: str) -> bool:
    """Whether a connection stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _opened(server: SmtpServer, ourselves: str, seconds: float) -> smtplib.SMTP:
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(local_hostname=ourselves, timeout=seconds, context=tls())
    else:
        smtp = smtplib.SMTP(local_hostname=ourselves, timeout=seconds)
    # smtplib keeps the name it checks a certificate for only when it is given to the constructor, which connects.
    smtp._host = server.host  # type: ignore[attr-defined]
    try:
        code, text = smtp.connect(server.host, server.port)
        if code != 220:
            raise ValueError(f"does not want to talk to us: {code} {server.cleaned(text)}")
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            if not smtp.has_extn("starttls"):
                where = server.where("outgoing_security")
                raise ValueError(f"offers no STARTTLS; nothing is sent in the clear. Check {where}")
            smtp.starttls(context=tls())
            smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    if smtp.sock is not None:
        # The last line goes alone; it must not wait for the acknowledgement of what went before.
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _sign_in_with_password(smtp: smtplib.SMTP, server: SmtpServer) -> None:
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        # No chained exception: its traceback would hold the login's arguments (S21).
        raise NotSignedIn(error.smtp_code, server.cleaned(error.smtp_error)) from None
    except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
        raise
    except smtplib.SMTPException:
        # What smtplib says itself, where it finds no AUTH or none that takes a password.
        where = server.where("outgoing_port", "outgoing_security")
        raise ValueError(f"offers no signing in with a password (SMTP AUTH); check {where}") from None


def _sign_in_with_token(smtp: smtplib.SMTP, server: SmtpServer, token: str) -> None:
    """XOAUTH2, or OAUTHBEARER where only that is offered; once more with a new token when the first is refused."""
    assert server.token is not None
    server.shown.add(token)
    code, said = _show(smtp, server.user, token)
    # 454 and the like are the server's own trouble, not the token's.
    if code in (334, 535, 530, 501):
        token = server.token(token)
        server.shown.add(token)
        code, said = _show(smtp, server.user, token)
    if code != 235:
        raise NotSignedIn(code, server.cleaned(said))


def _show(smtp: smtplib.SMTP, user: str, token: str) -> tuple[int, str]:
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if "XOAUTH2" in offered:
        name, first, after_no = "XOAUTH2", xoauth2(user, token), ""
    elif "OAUTHBEARER" in offered:
        name, first, after_no = "OAUTHBEARER", oauthbearer(user, token), "\x01"
    else:
        return 504, "offers no signing in with OAuth (XOAUTH2)"
    code, said = smtp.docmd("AUTH", f"{name} {_base64(first)}")
    reason = ""
    if code == 334:
        # It tells why, and wants an answer before its no (RFC 7628 3.2.2).
        reason = _reason_in(said)
        code, said = smtp.docmd(_base64(after_no)) if after_no else smtp.docmd("")
    return code, f"{said.decode('utf-8', 'replace')} {reason}".strip()


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _reason_in(challenge: bytes) -> str:
    try:
        told = json.loads(b64decode(challenge))
        return str(told.get("status", "")) if isinstance(told, dict) else ""
    except (ValueError, RecursionError):
        return ""


def open_account(account: MailAccount, *, seconds: float = CONNECT_SECONDS) -> smtplib.SMTP:
    """A connection by which an account sends, for a test. Raises AccountTrouble, in words."""
    server = of_account(account)
    try:
        ourselves = settings.HAUSPOST.mail_domain.encode("idna").decode("ascii")
        return connect(server, ourselves=ourselves, seconds=seconds)
    except NotSignedIn as error:
        raise LoginRefused(server=server.name, reason=refusal_in_words(account, error.code, error.said)) from None
    except smtplib.SMTPException as error:
        said = without_secrets(account, str(error)).rstrip(".")
        raise AccountTrouble(server=server.name, reason=said) from None
    except ValueError as error:
        # It is reached, and does not do.
        raise AccountTrouble(server=server.name, reason=_plain(str(error)).rstrip(".")) from None
    except OSError as error:
        raise AccountUnreachable(server=server.name, reason=words_of(error)) from None


def _plain(words: str) -> str:
    """What `connect` says in the words of its log, for a person."""
    if words.startswith("offers no STARTTLS"):
        return _("it offers no STARTTLS, and nothing is sent in the clear")
    if words.startswith("gets no password"):
        return _("a password is never sent without encryption")
    if words.startswith("offers no signing in"):
        return _("it offers no signing in with a password (SMTP AUTH); check port and encryption")
    return words


def is_sender_refused(code: int, said: str) -> bool:
    """Whether a server means that this login may not write as this sender."""
    low = said.lower()
    is_plain_no = code in (550, 551, 553, 554, 501) and ("sender" in low or "5.7.1" in said or "not owned" in low)
    return is_plain_no or "sendasdenied" in low.replace(" ", "") or "5.2.252" in said or "5.7.60" in said


def refusal_in_words(account: MailAccount, code: int, said: str) -> str:
    """What a server means by refusing login or letter, with its answer behind it (P31.2)."""
    low = said.lower()
    answer = without_secrets(account, f"{code} {said}")
    if "sendasdenied" in low.replace(" ", "") or "5.2.252" in said or "5.7.60" in said:
        hint = _("the mailbox that signs in may not send under this address (it needs “Send as” permission)")
    elif "smtpclientauthentication is disabled" in low or "5.7.139" in said:
        hint = _("sending by SMTP with a login is switched off for this mailbox or company (SMTP AUTH)")
    elif "application-specific password" in low or "5.7.9" in said:
        hint = _("it wants an app password, made in the settings of that account, or OAuth")
    elif code in (535, 530, 534, 334, 504, 538):
        hint = _("it does not accept our login")
    elif is_sender_refused(code, said):
        hint = _("it does not let this login send under this address")
    else:
        return answer
    return _("%(hint)s; its answer: %(answer)s") % {"hint": hint, "answer": answer}
