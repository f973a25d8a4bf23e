"""Key files that an administrator gives for a mailbox: taken, described, or refused in words."""

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

from hauspost.ground.mail import _limited
from hauspost.ground.mail.sealed import open_letter, read_pgp_key, read_smime_key
from hauspost.ground.mail.sealed_words import NotAKey

from .signing import NOW, Post, mail, run, smime_encrypted


def p12(post: Post, password: bytes = b"geheim") -> bytes:
    key = post.smime_key
    loaded = x509.load_pem_x509_certificate(key.certificate_pem.encode())
    private = load_pem_private_key(key.private_key_pem.encode(), None)
    return pkcs12.serialize_key_and_certificates(b"box", private, loaded, None, BestAvailableEncryption(password))  # type: ignore[arg-type]


class TestKeys:
    def test_a_pkcs12_file_gives_the_key(self, post: Post):
        """S21: its password is needed once and is not kept."""
        key, told = read_smime_key(p12(post), "geheim")
        assert (told.kind, told.addresses, len(told.fingerprint)) == ("smime", ("it@example.org",), 64)
        assert told.not_after and told.public == post.smime_key.certificate_pem
        assert open_letter(mail(smime_encrypted(post)), [key]).decrypted == "smime"

    def test_an_old_pkcs12_file_of_windows(self, post: Post):
        old = run(
            post.folder,
            "openssl",
            "pkcs12",
            "-export",
            "-legacy",
            "-in",
            "box.pem",
            "-inkey",
            "box.key",
            "-passout",
            "pass:geheim",
        )
        assert read_smime_key(old, "geheim")[1].addresses == ("it@example.org",)
        assert refused(lambda: read_smime_key(old, "falsch")) == "wrong-password"

    def test_pem_in_any_order(self, post: Post):
        key = post.smime_key
        for text in (key.certificate_pem + key.private_key_pem, key.private_key_pem + key.certificate_pem):
            assert read_smime_key(text.encode())[0] == key

    def test_a_pgp_key_loses_its_password(self, post: Post):
        with _limited.workplace() as folder:
            (folder / "gpg-agent.conf").write_text("s2k-count 65536\n")
            protected = (
                "gpg",
                "--homedir",
                ".",
                "--batch",
                "--quiet",
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                "ge heim",
            )
            run(folder, *protected, "--quick-gen-key", "Lager <lager@example.org>", "future-default", "default", "1y")
            armoured = run(folder, *protected, "--armor", "--export-secret-keys")
            public = run(folder, *protected, "--armor", "--export")
            run(folder, "gpgconf", "--homedir", ".", "--kill", "gpg-agent")
        key, told = read_pgp_key(armoured, "ge heim")
        assert (told.kind, told.addresses, told.public[:36]) == (
            "pgp",
            ("lager@example.org",),
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
        )
        assert told.not_after and told.not_after > NOW
        assert read_pgp_key(key.armoured.encode())[1].fingerprint == told.fingerprint
        assert refused(lambda: read_pgp_key(armoured, "falsch")) == "wrong-password"
        assert refused(lambda: read_pgp_key(armoured)) == "needs-password"
        assert refused(lambda: read_pgp_key(public)) == "no-private-key"

    def test_what_is_no_key_is_refused_in_words(self, post: Post):
        """P54"""
        key = post.smime_key
        other = (post.folder / "ada.key").read_text()
        assert refused(lambda: read_smime_key(p12(post), "falsch")) == "wrong-password"
        assert refused(lambda: read_smime_key(p12(post))) == "needs-password"
        assert refused(lambda: read_smime_key(b"Hallo")) == "not-a-key"
        assert refused(lambda: read_smime_key(b"\x30\x82" + b"x" * 100)) == "not-a-key"
        assert refused(lambda: read_smime_key(key.certificate_pem.encode())) == "no-private-key"
        assert refused(lambda: read_smime_key(key.private_key_pem.encode())) == "no-certificate"
        assert refused(lambda: read_smime_key((key.certificate_pem + other).encode())) == "other-certificate"
        assert refused(lambda: read_pgp_key(b"Hallo")) == "not-a-key"
        assert str(NotAKey("wrong-password")) == "The password does not open this key. Check it and try again."


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(NotAKey) as told:
        do()
    return told.value.code
