"""People who sign and encrypt their mails: a certificate authority, certificates, PGP keys, and what they send."""

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hauspost.ground.mail import _limited
from hauspost.ground.mail.sealed import PgpKey, SmimeKey, Trust

NOW = datetime.now(UTC)
WORDS = b"Content-Type: text/plain; charset=utf-8\r\n\r\nDer Zugangscode lautet 4711.\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Geheim ist <b>4711</b>.</p>\r\n"


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(arguments, cwd=folder, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass
class Post:
    """A certificate authority, a person with a certificate and a PGP key, and a mailbox with both."""

    folder: Path

    @property
    def trust(self) -> Trust:
        return Trust(self.folder / "ca.pem", (self.public("ada"),))

    def public(self, who: str) -> str:
        return run(self.folder, *GPG, "--armor", "--export", f"{who}@example.org").decode()

    @property
    def smime_key(self) -> SmimeKey:
        return SmimeKey((self.folder / "box.pem").read_text(), (self.folder / "box.key").read_text())

    @property
    def pgp_key(self) -> PgpKey:
        return PgpKey(run(self.folder, *GPG, "--armor", "--export-secret-keys", "box@example.org").decode())

    def smime_signature(self, content: bytes, *more: str, who: str = "ada") -> bytes:
        signing = (
            "openssl",
            "cms",
            "-sign",
            "-binary",
            "-outform",
            "DER",
            "-signer",
            f"{who}.pem",
            "-inkey",
            f"{who}.key",
        )
        return run(self.folder, *signing, *more, stdin=content)

    def smime_envelope(self, content: bytes, cipher: str = "-aes256") -> bytes:
        return run(
            self.folder, "openssl", "cms", "-encrypt", "-binary", "-outform", "DER", cipher, "box.pem", stdin=content
        )

    def pgp(self, content: bytes, *how: str) -> bytes:
        return run(self.folder, *GPG, "--armor", "--local-user", "ada@example.org", *how, stdin=content)


GPG = (
    "gpg",
    "--homedir",
    ".",
    "--batch",
    "--quiet",
    "--trust-model",
    "always",
    "--pinentry-mode",
    "loopback",
    "--passphrase",
    "",
)


@contextmanager
def post_room() -> Iterator[Post]:
    """Open one, with all its keys. Costs half a second."""
    # A path short enough for the socket of gpg's agent.
    with _limited.workplace() as folder:
        ca = certificate(folder, "ca", "Firma CA")
        certificate(folder, "ada", "Ada Brand", "ada@example.org", by=ca)
        certificate(folder, "box", "IT-Hilfe", "it@example.org", by=ca)
        certificate(folder, "old", "Ada Brand", "ada@example.org", by=ca, days=-10)
        certificate(folder, "alone", "Ada Brand", "ada@example.org")
        for who in ("Ada Brand <ada@example.org>", "IT-Hilfe <box@example.org>"):
            run(folder, *GPG, "--quick-gen-key", who, "future-default", "default", "1y")
        yield Post(folder)
        run(folder, "gpgconf", "--homedir", ".", "--kill", "gpg-agent")


Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(
    folder: Path, file: str, name: str, address: str = "", *, by: Authority | None = None, days: int = 30
) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1()) if file != "box" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not address, path_length=None), critical=True)
    )
    if address:
        made = made.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
    signed = made.sign(by[1] if by else key, hashes.SHA256())
    (folder / f"{file}.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / f"{file}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return signed, key  # type: ignore[return-value]


HEAD = b"From: Ada Brand <%s>\r\nTo: it@example.org\r\nSubject: Zugang\r\nMIME-Version: 1.0\r\n"


def mail(body: bytes, sender: bytes = b"ada@example.org") -> bytes:
    return HEAD % sender + body


def part(kind: bytes, content: bytes, more: bytes = b"") -> bytes:
    return (
        b"Content-Type: "
        + kind
        + b"\r\nContent-Transfer-Encoding: base64\r\n"
        + more
        + b"\r\n"
        + base64.encodebytes(content)
    )


def together(kind: bytes, *parts: bytes) -> bytes:
    return (
        b"Content-Type: multipart/"
        + kind
        + b"; boundary=b\r\n\r\n--b\r\n"
        + b"\r\n--b\r\n".join(parts)
        + b"\r\n--b--\r\n"
    )


def smime_signed(post: Post, content: bytes = WORDS, who: str = "ada") -> bytes:
    signature = part(b"application/pkcs7-signature; name=smime.p7s", post.smime_signature(content, who=who))
    return together(b'signed; protocol="application/pkcs7-signature"; micalg=sha-256', content, signature)


def smime_encrypted(post: Post, content: bytes = WORDS, cipher: str = "-aes256") -> bytes:
    return part(
        b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", post.smime_envelope(content, cipher)
    )


def pgp_signed(post: Post, content: bytes = WORDS) -> bytes:
    signature = b"Content-Type: application/pgp-signature\r\n\r\n" + post.pgp(content, "--detach-sign")
    return together(b'signed; protocol="application/pgp-signature"; micalg=pgp-sha512', content, signature)


def pgp_encrypted(post: Post, content: bytes = WORDS, *how: str, kind: bytes = b"encrypted") -> bytes:
    message = post.pgp(content, "--recipient", "box@example.org", *how, "--encrypt")
    version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    return together(kind, version, b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + message)
