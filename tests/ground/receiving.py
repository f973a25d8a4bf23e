"""A real receiving mail server on loopback, that answers as a test wants it to."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Received:
    sender: str
    recipients: list[str]
    content: bytes
    is_encrypted: bool
    connection: int


@dataclass
class PostOffice:
    """What the server was given, and what it shall answer: by recipient, or to MAIL and DATA in turn (then "250")."""

    port: int
    recipients: dict[str, str] = field(default_factory=dict)
    to_mail: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)
    # "drop" as an answer ends the connection instead; "hang" says nothing more; "keep and …" takes the letter first.
    received: list[Received] = field(default_factory=list)
    commands: Counter[str] = field(default_factory=Counter)
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str = ""
    connections: list[int] = field(default_factory=list)

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        if id(session) not in self.connections:
            self.connections.append(id(session))
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.commands["MAIL"] += 1
        answer = self.to_mail.pop(0) if self.to_mail else "250 OK"
        if answer == "drop":
            server.transport.abort()
        if answer.startswith("250"):
            envelope.mail_from, envelope.mail_options = address, options
        return answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.commands["RCPT"] += 1
        answer = self.recipients.get(address, "250 2.1.5 OK")
        if answer == "drop":
            server.transport.abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.commands["DATA"] += 1
        answer = self.to_data.pop(0) if self.to_data else "250 2.0.0 queued as ABC"
        if answer.startswith(("250", "keep")):
            number = self.connections.index(id(session)) if id(session) in self.connections else -1
            encrypted = session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None
            content = bytes(envelope.original_content)
            self.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), content, encrypted, number))
        if answer.endswith("drop"):
            server.transport.abort()
        if answer.endswith("hang"):
            await asyncio.Event().wait()
        return answer

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:
        self.commands["RSET"] += 1
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        self.commands["QUIT"] += 1
        return "221 Bye"

    def __call__(self, server: SMTP, session: Any, envelope: Any, mechanism: str, login: LoginPassword) -> AuthResult:
        """The authenticator; a bad server says aloud what it was told."""
        self.logins.append((login.login.decode(), login.password.decode()))
        if login.password.decode() == self.password:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 {login.password.decode()} is wrong")


@contextmanager
def post_office(
    *,
    certificate: ssl.SSLContext | None = None,
    tls_at_once: bool = False,
    password: str = "",
    utf8: bool = True,
) -> Iterator[PostOffice]:
    """Open one on a free port. With a certificate it offers STARTTLS, or speaks TLS at once."""
    office = PostOffice(_free_port(), password=password)
    arguments: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if certificate and not tls_at_once:
        arguments |= {"tls_context": certificate, "require_starttls": True}
    if password:
        arguments |= {"authenticator": office, "auth_required": True, "auth_require_tls": certificate is not None}
    if certificate and tls_at_once:
        arguments |= {"ssl_context": certificate}
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **arguments)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody trusts: its file, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    both = folder / "server.pem"
    both.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return both, context


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
