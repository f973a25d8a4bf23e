"""A real receiving mail server that signs in with the provider's tokens only, as Microsoft's and Google's do."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import create_server
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.ground.receiving import PostOffice
from tests.imap.provider import Provider


@dataclass
class TokenOffice(PostOffice):
    """Whoever signs in may send under their own address, and under what else is `permitted` for them."""

    provider: Provider = field(default_factory=Provider)
    permitted: set[str] = field(default_factory=set)
    signed_in: list[tuple[str, str]] = field(default_factory=list)
    refused: int = 0

    async def _sign_in(self, server: Any, mechanism: str, arguments: list[str], prefix: str) -> AuthResult:
        said = base64.b64decode(arguments[1]).decode()
        user = said.split("\x01")[0].partition(prefix)[2].rstrip(",")
        token = said.partition("auth=Bearer ")[2].rstrip("\x01")
        if self.provider.access.get(token) == user:
            self.signed_in.append((mechanism, user))
            server.session.login_user = user
            return AuthResult(success=True)
        # Tells why, and goes on to its no only after an answer (RFC 7628 3.2.2).
        answer = await server.challenge_auth('{"status":"401","schemes":"Bearer"}')
        assert answer in (b"", b"\x01"), answer
        return AuthResult(success=False, handled=False, message="535 5.7.3 Authentication unsuccessful")

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        user = getattr(session, "login_user", "")
        # As Exchange has it: neither an address with something behind a plus, nor nobody.
        if address not in {user, *self.permitted}:
            self.refused += 1
            return f"554 5.2.252 SendAsDenied; {user} not allowed to send as {address}"
        return await super().handle_MAIL(server, session, envelope, address, options)


class UsualOffice(TokenOffice):
    """Offers XOAUTH2."""

    async def auth_XOAUTH2(self, server: Any, arguments: list[str]) -> AuthResult:
        return await self._sign_in(server, "XOAUTH2", arguments, "user=")


class BearerOffice(TokenOffice):
    """Offers OAUTHBEARER alone."""

    async def auth_OAUTHBEARER(self, server: Any, arguments: list[str]) -> AuthResult:
        return await self._sign_in(server, "OAUTHBEARER", arguments, "n,a=")


@contextmanager
def token_office(provider: Provider, *, bearer: bool = False) -> Iterator[TokenOffice]:
    """Open one on a free port."""
    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    office = (BearerOffice if bearer else UsualOffice)(port, provider=provider)
    arguments: dict[str, Any] = {
        "authenticator": office, "auth_required": True, "auth_require_tls": False, "enable_SMTPUTF8": True,
        "auth_exclude_mechanism": ["LOGIN", "PLAIN"],
    }  # fmt: skip
    controller = Controller(office, hostname="127.0.0.1", port=port, **arguments)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
