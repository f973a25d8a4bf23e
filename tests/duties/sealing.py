"""Keys, certificates and sealed words for tests."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hauspost.ground import sealing
from hauspost.records.people.actions import KEY_PURPOSE
from hauspost.records.people.models import Mailbox, MailboxKey

NOW = datetime.now(UTC)


def certificate(folder: Path, name: str, address: str, issuer: str = "", *, is_ca: bool = False) -> Path:
    """A key and a certificate below a folder, signed by another one of it or by itself."""
    key: Any = ec.generate_private_key(ec.SECP256R1()) if is_ca else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    by, signing = subject, key
    if issuer:
        by = x509.load_pem_x509_certificate((folder / f"{issuer}.pem").read_bytes()).subject
        signing = load_pem_private_key((folder / f"{issuer}.key").read_bytes(), None)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    stem = name.lower()
    (folder / f"{stem}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / f"{stem}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / f"{stem}.pem"


def cms(keys: Path, *words: str, content: bytes) -> bytes:
    """What `openssl cms` makes of some words."""
    done = subprocess.run(["openssl", "cms", *words], cwd=keys, input=content, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def give_key(keys: Path, address: str) -> None:
    """Give a mailbox its key, which lies under the name that its address begins with."""
    stem = address.partition("@")[0]
    MailboxKey.objects.create(
        mailbox=Mailbox.objects.get(address__address=address),
        kind="smime",
        public=(keys / f"{stem}.pem").read_text(),
        private_sealed=sealing.seal((keys / f"{stem}.key").read_text(), KEY_PURPOSE),
        fingerprint="x",
        created_at=NOW,
    )
